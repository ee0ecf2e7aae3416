/** Listing a table: filter, order, pages, and the changes since a delta token. */
import { compileFilter } from "../filter.ts";
import { comparator, type Query } from "../odata.ts";
import type { Answer } from "../service.ts";
import type { Row, Table } from "../tables.ts";
import type { Crm } from "./crm.ts";
import { filterRules, present, type Shape, shapeOf } from "./present.ts";
import { refuse } from "./refusal.ts";
import type { TableSchema } from "./schema.ts";

export interface Listing {
  readonly query: Query;
  readonly prefer: ReadonlyMap<string, string>;
  /** The address as it was asked for, for the links of the answer. */
  readonly url: URL;
  /** "http://127.0.0.1:5002/api/data/v9.2/" */
  readonly base: string;
}

/** No answer has more rows. */
const PAGE = 5000;
/** $count says no more than this. */
const COUNT = 5000;

/** Where the next page goes on, inside the opaque text of a $skiptoken. */
interface Place {
  /** Behind this place of the table (or of the sorted rows). */
  readonly after: number;
  /** Change tracking: the version at which the first page was read. */
  readonly version?: number;
  /** Changes: from this version on; `after` is then a version, too. */
  readonly since?: number;
  /** Changes: the pages of deleted rows have begun. */
  readonly deleted?: true;
}

/** Answers GET on an entity set. Throws Refusal or QueryError. */
export function list(crm: Crm, schema: TableSchema, listing: Listing): Answer {
  const { query, prefer } = listing;
  if (query.skip !== null) throw refuse.query("The query option '$skip' is not supported.");
  for (const name of query.others.keys()) {
    if (name.startsWith("$")) throw refuse.query(`The query option '${name}' is not supported.`);
  }
  const tracking = prefer.has("odata.track-changes") || query.deltatoken !== null;
  if (tracking) refuseWithTracking(crm, schema, query);
  const shape = shapeOf(schema, query, prefer);
  const place = query.skiptoken === null ? null : placeOf(query.skiptoken);
  const asked = Number(prefer.get("odata.maxpagesize") ?? PAGE);
  const size = Number.isInteger(asked) && asked > 0 ? Math.min(asked, PAGE) : PAGE;
  if (place?.since !== undefined || query.deltatoken !== null) {
    const from = place ?? { after: sinceOf(crm, query.deltatoken!), since: sinceOf(crm, query.deltatoken!) };
    return changes(crm, schema, { listing, shape, size, from });
  }

  // A page size makes the service forget $top.
  const limit = query.top !== null && !prefer.has("odata.maxpagesize") ? Math.min(query.top, PAGE) : size;
  const test = query.filter === null ? () => true : compileFilter(query.filter, filterRules(schema));
  const start = place?.after ?? 0;
  const found: Row[] = [];
  let last = start;
  let more = false;
  for (const [at, row] of rows(crm, schema, { query, start, test })) {
    if (found.length === limit) {
      more = query.top === null || prefer.has("odata.maxpagesize");
      break;
    }
    found.push(row);
    last = at;
  }
  const body: Record<string, unknown> = { "@odata.context": contextOf(schema, listing) };
  if (query.count) body["@odata.count"] = counted(crm, schema, test);
  body.value = found.map((row) => present(crm, schema, { row, shape }));
  const version = tracking ? place?.version ?? crm.version() : undefined;
  const isLast = version !== undefined && !more;
  const dated = () => ({ "@odata.deltaLink": deltaLink(crm, listing, version!) });
  if (more) {
    body["@odata.nextLink"] = nextLink(listing, { after: last, ...(version === undefined ? {} : { version }) });
  } else if (isLast) {
    Object.assign(body, dated());
  }
  return answered(schema, { body, rows: found.length, prefer, ...(isLast ? { dated } : {}) });
}

/** Answers GET on <set>/$count: the number of rows, or of changes, as text. */
export function count(crm: Crm, schema: TableSchema, listing: Listing): Answer {
  const { query } = listing;
  const test = query.filter === null ? () => true : compileFilter(query.filter, filterRules(schema));
  const number = query.deltatoken === null
    ? counted(crm, schema, test)
    : changed(crm, schema, { since: sinceOf(crm, query.deltatoken), until: crm.version() }).length;
  return { status: 200, headers: { "Content-Type": "text/plain" }, body: String(number), entity: schema.set, rows: 0 };
}

function refuseWithTracking(crm: Crm, schema: TableSchema, query: Query): void {
  const given = [
    query.filter === null ? null : "$filter",
    query.orderby === null ? null : "$orderby",
    query.top === null ? null : "$top",
    query.expand.length === 0 ? null : "$expand",
  ].find((name) => name !== null);
  if (given != null) {
    throw refuse.query(`The ${given} query parameter isn't supported when Change Tracking is enabled.`);
  }
  if (crm.settings().changeTracking[schema.set] !== true) {
    throw refuse.query(`Entity '${schema.logical}' doesn't have change tracking enabled.`);
  }
}

function* rows(
  crm: Crm,
  schema: TableSchema,
  { query, start, test }: { query: Query; start: number; test: (row: Row) => boolean },
): Generator<readonly [number, Row]> {
  if (query.orderby === null) {
    for (const entry of crm.rows(schema).after(start)) {
      if (test(entry[1])) yield entry;
    }
    return;
  }
  const sorted = [...crm.rows(schema).all()].filter(test).sort(comparator(query.orderby, filterRules(schema)));
  for (let at = start; at < sorted.length; at++) yield [at + 1, sorted[at]!];
}

function counted(crm: Crm, schema: TableSchema, test: (row: Row) => boolean): number {
  let number = 0;
  for (const row of crm.rows(schema).all()) {
    if (test(row) && ++number === COUNT) break;
  }
  return number;
}

function versionOf(row: Row): number {
  return Number(row.versionnumber);
}

/** Changed rows by version, then deleted ones by version. */
function changed(
  crm: Crm,
  schema: TableSchema,
  { since, until }: { since: number; until: number },
): { row: Row; deleted: boolean }[] {
  const within = (table: Table, deleted: boolean) =>
    table.from(versionOf, since + 1).map(([, row]) => row).filter((row) => versionOf(row) <= until)
      .sort((a, b) => versionOf(a) - versionOf(b))
      .map((row) => ({ row, deleted }));
  return [...within(crm.rows(schema), false), ...within(crm.deleted(schema), true)];
}

function changes(crm: Crm, schema: TableSchema, how: {
  listing: Listing;
  shape: Shape;
  size: number;
  from: Place;
}): Answer {
  const { listing, from } = how;
  const version = from.version ?? crm.version();
  const all = changed(crm, schema, { since: from.since!, until: version });
  const rest = all.filter(({ row, deleted }) =>
    from.deleted ? deleted && Number(row.versionnumber) > from.after : deleted || Number(row.versionnumber) > from.after
  );
  const page = rest.slice(0, how.size);
  const body: Record<string, unknown> = {
    "@odata.context": `${contextOf(schema, listing)}/$delta`,
    value: page.map(({ row, deleted }) =>
      deleted
        ? {
          "@odata.context": `${listing.base}$metadata#${schema.set}/$deletedEntity`,
          id: row.id,
          reason: "deleted",
        }
        : present(crm, schema, { row, shape: how.shape })
    ),
  };
  const last = page.at(-1);
  if (last !== undefined && page.length < rest.length) {
    const place = { after: Number(last.row.versionnumber), version, since: from.since! };
    body["@odata.nextLink"] = nextLink(listing, last.deleted ? { ...place, deleted: true } : place);
  } else {
    body["@odata.deltaLink"] = deltaLink(crm, listing, version);
  }
  // A token is refused when it is too old, whatever was answered to it before.
  return answered(schema, { body, rows: page.length, prefer: listing.prefer, dated: "all" });
}

function answered(
  schema: TableSchema,
  { prefer, ...answer }: Pick<Answer, "dated" | "rows"> & {
    readonly body: Readonly<Record<string, unknown>>;
    readonly prefer: ReadonlyMap<string, string>;
  },
): Answer {
  const applied = [...prefer].filter(([name]) => name.startsWith("odata."))
    .map(([name, value]) => value === "" ? name : `${name}=${/^\d+$/.test(value) ? value : `"${value}"`}`);
  return {
    status: 200,
    headers: {
      "Content-Type": "application/json; odata.metadata=minimal",
      "OData-Version": "4.0",
      ...(applied.length === 0 ? {} : { "Preference-Applied": applied.join(",") }),
    },
    entity: schema.set,
    ...answer,
  };
}

function contextOf(schema: TableSchema, { query, base }: Listing): string {
  return `${base}$metadata#${schema.set}${query.select === null ? "" : `(${query.select.join(",")})`}`;
}

/** The same address with other options; those that go on hold the opaque text. */
function linkWith({ url, base }: Listing, option: string): string {
  const kept = url.search.replace(/^\?/, "").split("&")
    .filter((part) => part !== "" && !/^(\$|%24)(skiptoken|deltatoken)=/i.test(part));
  const path = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  return `${base}${path}?${[...kept, option].join("&")}`;
}

/** Like the service's: XML with encoded text inside, encoded once more, so that only a verbatim copy works. */
function nextLink(listing: Listing, place: Place): string {
  const cookie = `<cookie pagenumber="2" pagingcookie="${encodeURIComponent(JSON.stringify(place))}" />`;
  return linkWith(listing, `$skiptoken=${encodeURIComponent(cookie)}`);
}

function placeOf(token: string): Place {
  const cookie = /^<cookie pagenumber="\d+" pagingcookie="([^"]*)" \/>$/.exec(token)?.[1];
  if (cookie === undefined) throw refuse.query("Malformed $skiptoken; use the link of the last answer as it is.");
  return JSON.parse(decodeURIComponent(cookie)) as Place;
}

function deltaLink(crm: Crm, listing: Listing, version: number): string {
  return linkWith(listing, `$deltatoken=${encodeURIComponent(`${version}!${crm.stamp()}`)}`);
}

/** The version that a delta token stands for; refused when it is older than the organization keeps changes. */
function sinceOf(crm: Crm, token: string): number {
  const match = /^(\d+)!(.+)$/.exec(token);
  if (match === null) throw refuse.query("Malformed $deltatoken.");
  const days = (crm.clock.now() - Date.parse(match[2]!)) / 86_400_000;
  const expired = days > Number(crm.organization().expirechangetrackingindays);
  if (expired || Number(match[1]) < crm.settings().deltaTokensFrom) throw refuse.expiredChanges();
  return Number(match[1]);
}
