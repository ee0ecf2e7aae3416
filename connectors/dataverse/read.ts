/** Reading a table: by delta links where it keeps track of changes, else by the time of the last change, or by ids. */
import { ServiceError } from "../../errors.ts";
import type { Field, Fields, Page, ReadOptions, Row, Value } from "../connector.ts";
import type { Answer, Counted, Http } from "../http.ts";
import { later } from "../later.ts";
import { chained, guid, pages, queryOf, quoted, type RawPage, type RawRow } from "../odata.ts";
import { columnMissing } from "./column_missing.ts";
import type { Context } from "./context.ts";
import { mergeColumns, withoutMerged } from "./merged.ts";
import { type Columns, columnsOf } from "./rows.ts";
import { completionOf } from "./views.ts";

/** Milliseconds: rows get their time of change before they can be seen, so a reading starts this much earlier. */
const overlap = 120_000;

/** Rows of a table as they came, and what became of others. */
export interface Chunk {
  readonly raws: readonly RawRow[];
  readonly deleted: readonly string[];
  readonly kind: Page["kind"];
  /** See {@link Page.tellsDeletions}. */
  readonly tellsDeletions?: true;
  readonly cursor: string | null;
}
export interface Reading {
  readonly context: Context;
  readonly columns: Columns;
  readonly signal?: AbortSignal | undefined;
  /** What its requests are counted as; reads, if not given. */
  readonly counts?: Counted;
  /** Whether long pages of everything come as several chunks. */
  readonly isSliced?: boolean;
}

/** Pages as {@link Opened.read} promises them, of rows. */
export async function* read(
  context: Context,
  entity: Columns["entity"],
  options: ReadOptions,
): AsyncGenerator<Page> {
  const columns = columnsOf(entity, options.fields, { timeZone: context.timeZone, also: mergeColumns(entity) });
  const { ids, signal } = options;
  const reading: Reading = { context, columns, signal, isSliced: true };
  const complete = completionOf(context, columns, { signal, each: ids !== undefined });
  const found = ids === undefined ? chunksSince(reading, options.since ?? null) : chunksById(reading, ids);
  for await (const { raws, ...chunk } of found) {
    const { own, merged } = withoutMerged(raws, columns.idOf);
    yield { ...await complete(own), ...(merged.length === 0 ? {} : { merged }), ...chunk };
  }
}

/** Everything, or what changed since a cursor; the last chunk has the next cursor. */
export async function* chunksSince(reading: Reading, since: string | null): AsyncGenerator<Chunk> {
  const { context, columns, signal } = reading;
  if (since?.startsWith("{")) return yield* byTime(reading, timeOf(since, columns));
  if (since !== null) return yield* byLink(reading, since);
  const tracked = await context.environment.tracked(signal);
  yield* tracked.has(columns.table.logical) ? byLink(reading, null) : byTime(reading, null);
}

/** Rows of a page: more of them take more memory, since two are under way at once, and save little time. */
const recordsAPage = 2_500;

/** Of a request for rows; `most` on a page. */
export function headersOf(
  { context, columns }: Reading,
  { more = [], most = recordsAPage }: { readonly more?: readonly string[]; readonly most?: number } = {},
): Record<string, string> {
  const size = Math.min(context.pageSize, most);
  return {
    Prefer: [...more, `odata.maxpagesize=${size}`, ...columns.prefer].join(","),
    "If-None-Match": "null", // the service's own word against caches on the way
  };
}

function rawPages(
  { context, columns, signal, counts = "read", isSliced = false }: Reading,
  path: string,
  headers: Readonly<Record<string, string>>,
): AsyncGenerator<RawPage> {
  const refusal = (answer: Answer) => columnMissing(answer, columns);
  return pages(context.http, path, { headers, decimals: columns.decimals, signal, counts, refusal, isSliced });
}

/** Pages of changes are short, and counted one by one. */
function ofEverything(reading: Reading, since: unknown): Reading {
  return since === null ? reading : { ...reading, isSliced: false };
}

/** With change tracking. The filter is ours to decide: the service tracks whole tables. */
async function* byLink(reading: Reading, link: string | null): AsyncGenerator<Chunk> {
  const { context, columns } = reading;
  if (link !== null && !liesBelow(context.http, link)) throw expired(columns, undefined);
  const path = link ?? `${columns.entity.name}${queryOf({ $select: columns.select })}`;
  const headers = headersOf(reading, link === null ? { more: ["odata.track-changes"] } : {});
  const found = rawPages(ofEverything(reading, link), path, headers);
  for await (const page of link === null ? found : orExpired(found, columns)) {
    if (page.last && page.deltaLink === null) throw noDeltaLink(columns);
    const deleted = page.rows.filter(isDeleted);
    yield {
      raws: page.rows.filter((raw) => !isDeleted(raw)),
      deleted: deleted.map((entry) => guid(String(entry["id"]))),
      ...(link === null ? { kind: "full" } : { kind: "delta", tellsDeletions: true }),
      cursor: page.last ? page.deltaLink : null,
    };
  }
}

function isDeleted(raw: RawRow): boolean {
  return raw["reason"] === "deleted" && typeof raw["id"] === "string";
}

/** The service keeps a delta link for some days only, and then refuses it. */
async function* orExpired(found: AsyncGenerator<RawPage>, columns: Columns): AsyncGenerator<RawPage> {
  try {
    yield* found;
  } catch (error) {
    const refused = error instanceof ServiceError && error.code === "request_refused" && error.status < 500;
    throw refused ? expired(columns, error) : error;
  }
}

/** A link that was kept from another address of the service, before it moved. */
function liesBelow(http: Http, link: string): boolean {
  try {
    http.resolve(link);
    return true;
  } catch (error) {
    if (error instanceof ServiceError && error.code === "foreign_address") return false;
    throw error;
  }
}

function expired({ entity }: Columns, cause: unknown): ServiceError {
  return new ServiceError(
    `Cannot go on reading "${entity.name}" of "dataverse": the service no longer knows where the last reading ` +
      "ended; read everything again",
    { service: "dataverse", code: "cursor_expired", cause },
  );
}

function noDeltaLink({ entity }: Columns): ServiceError {
  return new ServiceError(
    `Cannot read changes of "${entity.name}" of "dataverse": the service gave no delta link; run it again, and give ` +
      "the account organization-level read access to the table if it stays so",
    { service: "dataverse", code: "no_delta_link" },
  );
}

/**
 * Without change tracking. The first reading lets the service filter; later ones must see what left the filter.
 * In order of time, so that a row that changes meanwhile comes again instead of getting lost between two pages.
 */
async function* byTime(reading: Reading, since: { readonly modifiedon: string | null } | null): AsyncGenerator<Chunk> {
  const { context, columns } = reading;
  const from = since?.modifiedon ?? null;
  const path = columns.entity.name + queryOf({
    $select: columns.select,
    $filter: from !== null
      ? `modifiedon ge ${new Date(Date.parse(from) - overlap).toISOString()}`
      : since === null
      ? filterOf(reading)
      : undefined,
    $orderby: `modifiedon asc,${columns.table.id} asc`,
  });
  const headers = headersOf(reading);
  let latest = from;
  for await (const page of rawPages(ofEverything(reading, since), path, headers)) {
    const before = latest;
    for (const { modifiedon } of page.rows) if (typeof modifiedon === "string") latest = later(latest, modifiedon);
    if (from !== null && latest === from && before === from && !page.last) context.http.countAs("overlap");
    yield {
      raws: page.rows,
      deleted: [],
      kind: since === null ? "full" : "delta",
      cursor: page.last ? timeCursor(latest) : null,
    };
  }
}

/** Where a reading goes on that goes by the time of the last change; null: with everything. */
export function timeCursor(modifiedon: string | null): string {
  return JSON.stringify({ modifiedon });
}
function timeOf(cursor: string, columns: Columns): { readonly modifiedon: string | null } {
  try {
    const { modifiedon } = JSON.parse(cursor) as { modifiedon: string | null };
    if (modifiedon === null || !Number.isNaN(Date.parse(modifiedon))) return { modifiedon };
  } catch (error) {
    throw expired(columns, error);
  }
  throw expired(columns, undefined);
}
/** The part of the handle's filter that the service decides; days are left to the row, which shows how it holds them. */
export function filterOf({ columns: { entity, table } }: Reading): string {
  return Object.entries(entity.filter as Fields)
    .filter(([field]) => !table.derived.includes(field) && entity.fields[field]!.kind !== "date")
    .map(([field, value]) =>
      `${Object.hasOwn(table.lookups, field) ? `_${field}_value` : field} eq ${literal(entity.fields[field]!, value)}`
    )
    .join(" and ");
}
function literal({ kind }: Field, value: Value): string {
  if (typeof value !== "string") return String(value);
  return kind === "lookup" ? guid(value) : kind === "text" || kind === "choice" ? quoted(value) : value;
}

async function* chunksById(reading: Reading, ids: readonly string[]): AsyncGenerator<Chunk> {
  const { idOf, table } = reading.columns;
  let asked = 0;
  for (const terms of chains(reading, ids.map((id) => `${table.id} eq ${guid(id)}`))) {
    const raws = await all(reading, terms.join(" or "));
    const there = new Set(raws.map(idOf));
    const here = ids.slice(asked, asked += terms.length).map(guid);
    yield { raws, deleted: here.filter((id) => !there.has(id)), kind: "some", cursor: null };
  }
}

/** Rows for which one of the terms of a filter holds. */
export async function rowsBy(
  context: Context,
  columns: Columns,
  by: { readonly terms: readonly string[]; readonly signal?: AbortSignal | undefined },
): Promise<Row[]> {
  const complete = completionOf(context, columns, { signal: by.signal, each: true });
  const rows: Row[] = [];
  for await (const raws of rawsBy({ context, columns, signal: by.signal }, by.terms)) {
    rows.push(...(await complete(raws)).rows);
  }
  return rows;
}

/** The same rows as they came, those of each request together. */
export async function* rawsBy(reading: Reading, terms: readonly string[]): AsyncGenerator<readonly RawRow[]> {
  for (const chain of chains(reading, terms)) yield await all(reading, chain.join(" or "));
}

async function all(reading: Reading, $filter: string): Promise<RawRow[]> {
  const { columns } = reading;
  const path = columns.entity.name + queryOf({ $select: columns.select, $filter });
  const raws: RawRow[] = [];
  for await (const page of rawPages(reading, path, headersOf(reading))) raws.push(...page.rows);
  return raws;
}

/** Terms in groups that are each short enough for an address: a request for each. */
export function chains({ context, columns }: Reading, terms: readonly string[]): string[][] {
  return chained(terms, `${context.http.root}${columns.entity.name}${queryOf({ $select: columns.select })}`.length);
}
