/** Reading: filters, pages, links, and rows as JSON. */
import { compileFilter, type FilterKind, QueryError } from "../filter.ts";
import { rawNumber } from "../json.ts";
import { comparator, preferences, type Query } from "../odata.ts";
import type { Asked } from "../service.ts";
import type { Row } from "../tables.ts";
import { etagOf, isIn, rowsOf, shownValue, singleRow, tableOf } from "./company.ts";
import type { Company, Kind } from "./facts.ts";
import { badRequest, Refusal, ruleBroken } from "./refusal.ts";

/** How pages are linked; settable, because services and gateways differ. */
export interface PageStyle {
  readonly relativeLinks: boolean;
  readonly emptyLastPage: boolean;
}
/** What is read: a whole set, or those of its rows that belong to a row of another one. */
export interface Source {
  readonly set: string;
  readonly rows?: readonly Row[];
}
/** A page as the body of an answer. */
export interface PageBody {
  readonly "@odata.context": string;
  readonly "@odata.count"?: number;
  readonly value: readonly Readonly<Record<string, unknown>>[];
  readonly "@odata.nextLink"?: string;
}
type Placed = readonly [place: number, row: Row];

const MAX_PAGE = 20_000;
/** Fields that are stored under their own name and looked up by an index. */
const indexed = ["id", "number", "code", "externalDocumentNumber"];
const filterKinds: Readonly<Record<Kind, FilterKind>> = {
  text: "text",
  code: "text",
  enum: "text",
  decimal: "decimal",
  integer: "integer",
  boolean: "boolean",
  date: "date",
  datetime: "datetime",
  guid: "guid",
};

/** One page of what was asked for. Throws QueryError or Refusal. */
export function readPage(
  company: Company,
  source: Source,
  how: { readonly asked: Asked; readonly query: Query; readonly style: PageStyle; readonly context: string },
): PageBody {
  const { asked, query, style } = how;
  checkNames(company, source.set, query);
  checkWithin(company, source, query.filter);
  const token = tokenOf(query.skiptoken);
  const left = token?.left ?? query.top ?? Infinity;
  const most = Number(preferences(asked.headers).get("odata.maxpagesize") ?? MAX_PAGE);
  if (most > MAX_PAGE) throw new Refusal(413, "RequestEntityTooLarge", `A page holds at most ${MAX_PAGE} entities.`);
  const size = Math.min(left, most);
  if (!Number.isInteger(size) || (size < 1 && left > 0)) throw badRequest("odata.maxpagesize isn't a positive number.");

  const candidates = candidatesOf(company, source, query);
  const page: Placed[] = [];
  let more = false;
  let skip = token === null ? query.skip ?? 0 : 0;
  for (const placed of candidates.after(token?.after ?? 0)) {
    if (page.length >= size) {
      more = true;
      break;
    }
    if (skip > 0) skip--;
    else page.push(placed);
  }
  const full = page.length === size && size > 0;
  const goesOn = left > page.length && (more || (style.emptyLastPage && full));
  const after = page.at(-1)?.[0] ?? 0;
  const next = { after, ...(left === Infinity ? {} : { left: left - page.length }) };
  return {
    "@odata.context": how.context,
    ...(query.count ? { "@odata.count": count(candidates.after(0)) } : {}),
    value: page.map(([, row]) => shownRow(company, source.set, row, query)),
    ...(goesOn ? { "@odata.nextLink": nextLink(asked.url, next, style) } : {}),
  };
}

/** How many rows the query's filter lets through. */
export function countRows(company: Company, source: Source, query: Query): number {
  checkWithin(company, source, query.filter);
  return count(candidatesOf(company, source, query).after(0));
}

/** A row as it goes into an answer, with its ETag and what was asked to be expanded. */
export function shownRow(company: Company, set: string, row: Row, query?: Query): Readonly<Record<string, unknown>> {
  const { fields, navigation } = company.sets[set]!;
  const shown: Record<string, unknown> = { "@odata.etag": etagOf(row) };
  for (const name of query?.select ?? Object.keys(fields)) {
    if (!Object.hasOwn(fields, name)) continue; // a navigation property; $expand shows it
    const value = shownValue(company, set, name, row);
    shown[name] = fields[name]!.kind === "decimal" ? rawNumber(String(value)) : value;
  }
  for (const { name, query: inner } of query?.expand ?? []) {
    const { set: part, rows } = navigation![name]!;
    const found = candidatesOf(company, { set: part, rows: rows(company, row) }, inner).after(0);
    shown[name] = [...found].map(([, one]) => shownRow(company, part, one, inner));
  }
  return shown;
}

/** Refuses names that the set doesn't have, and options that the service doesn't offer. */
export function checkNames(company: Company, set: string, query: Query): void {
  const { entity, fields, navigation = {} } = company.sets[set]!;
  for (const name of query.select ?? []) {
    if (Object.hasOwn(fields, name) || Object.hasOwn(navigation, name)) continue;
    throw badRequest(`Could not find a property named '${name}' on type 'Microsoft.NAV.${entity}'.`);
  }
  for (const { name, query: inner } of query.expand) {
    if (!Object.hasOwn(navigation, name)) {
      throw badRequest(`Could not find a navigation property named '${name}' on type 'Microsoft.NAV.${entity}'.`);
    }
    checkNames(company, navigation[name]!.set, inner);
  }
  for (const name of query.others.keys()) {
    if (name.startsWith("$") && name !== "$schemaversion") {
      throw badRequest(`The query option '${name}' isn't supported.`);
    }
  }
}

/** Lines are listed within their document only. */
function checkWithin(company: Company, { set, rows }: Source, filter: string | null): void {
  const { entity, within } = company.sets[set]!;
  if (within === undefined || rows !== undefined) return;
  if (new RegExp(`\\b(?:${within}|id) eq `).test(filter ?? "")) return;
  throw ruleBroken(`A list of ${entity} must be narrowed by "${within}" or "id".`);
}

/** The rows that pass the filter, in their order; a place is where a next page goes on. */
function candidatesOf(company: Company, source: Source, query: Query): { after(place: number): Iterable<Placed> } {
  const { set } = source;
  const kind = (property: string) => {
    const { fields } = company.sets[set]!;
    const fact = Object.hasOwn(fields, property) ? fields[property] : undefined;
    return fact === undefined ? undefined : filterKinds[fact.kind];
  };
  const value = (row: Row, property: string) => shownValue(company, set, property, row);
  const passes = query.filter === null
    ? () => true
    : compileFilter(query.filter, { kind, value, orAcrossFields: false });
  let rows = few(company, source, query.filter);
  if (query.orderby !== null) {
    rows = [...rows ?? [...rowsOf(company, set)].map(([, row]) => row)].sort(
      comparator(query.orderby, { kind, value }),
    );
  }
  const listed = rows;
  const recent = listed === null ? changedSince(company, set, query.filter) : null;
  return {
    *after(place) {
      if (listed === null) {
        const all = recent?.filter(([at]) => at > place) ?? rowsOf(company, set, place);
        for (const placed of all) if (passes(placed[1])) yield placed;
        return;
      }
      for (let at = place; at < listed.length; at++) if (passes(listed[at]!)) yield [at + 1, listed[at]!];
    },
  };
}

/** When a row changed last, in milliseconds since 1970. */
function modifiedAt(row: Row): number {
  return Date.parse(String(row["lastModifiedDateTime"]));
}

/** The rows to look at where all that is asked for has changed since some time; else null. */
function changedSince(company: Company, set: string, filter: string | null): readonly Placed[] | null {
  const { fields, rows } = company.sets[set]!;
  const since = /^lastModifiedDateTime ge (\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(filter ?? "")?.[1];
  const isStored = rows === undefined && fields["lastModifiedDateTime"]?.value === undefined;
  if (since === undefined || !isStored) return null;
  const found = company.tables.table(tableOf(company, set)).from(modifiedAt, Date.parse(since));
  return found.filter(([, row]) => isIn(company, set, row));
}

/** The rows to look at when they are known to be few (a document's lines, "id eq … or id eq …"); else null. */
function few(company: Company, source: Source, filter: string | null): readonly Row[] | null {
  const { set } = source;
  if (source.rows !== undefined) return source.rows;
  const { single, within } = company.sets[set]!;
  if (single !== undefined) return [singleRow(company, set)];
  if (filter === null) return null;
  const table = tableOf(company, set);
  const found = new Map<string, Row>();
  for (const part of filter.split(/ or /)) {
    const match = /^\(?\s*(\w+) eq (?:'([^']*)'|([0-9a-fA-F-]{36}))\s*\)?$/.exec(part.trim());
    if (match === null || (match[1] !== within && !indexed.includes(match[1]!))) return null;
    for (const row of company.tables.table(table).where(match[1]!, (match[2] ?? match[3]!).toLowerCase())) {
      if (isIn(company, set, row)) found.set(row.id, row);
    }
  }
  return [...found.values()];
}

function count(rows: Iterable<unknown>): number {
  let total = 0;
  for (const _row of rows) total++;
  return total;
}

interface Token {
  readonly after: number;
  /** What is still to come of $top. */
  readonly left?: number;
}

function tokenOf(text: string | null): Token | null {
  if (text === null) return null;
  try {
    const token = JSON.parse(atob(text)) as Token;
    if (Number.isInteger(token.after)) return token;
  } catch {
    // the same answer as for text of another shape
  }
  throw new QueryError("syntax", "The skip token isn't valid.");
}

function nextLink(url: URL, token: Token, style: PageStyle): string {
  const kept = url.search.slice(1).split("&").filter((part) => part !== "" && !/^(\$|%24)skiptoken=/i.test(part));
  const search = [...kept, `$skiptoken=${encodeURIComponent(btoa(JSON.stringify(token)))}`].join("&");
  // A relative link stands against the address that was asked for, so its last segment is enough.
  const path = style.relativeLinks ? url.pathname.split("/").at(-1) : `${url.origin}${url.pathname}`;
  return `${path}?${search}`;
}
