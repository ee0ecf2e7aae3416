/** Reading a table: everything, what changed since a cursor, or some ids. */
import { ServiceError } from "../../errors.ts";
import type { Page, ReadOptions } from "../connector.ts";
import type { Counted } from "../http.ts";
import { encodeName } from "../blanks.ts";
import { later } from "../later.ts";
import { anyOf, guid, pages, queryOf, quoted, type RawRow } from "../odata.ts";
import { deletedSince, isLogged, newestDeletion } from "./deletions.ts";
import { dayFilters, dayIn, type Days, withDay } from "./extension_days.ts";
import { isKnown, since } from "./stamps.ts";
import { isStock, itemFilters, movedSince, newestEntry } from "./stock.ts";
import { decimalsIn, idOf, listOf, mapRows, modifiedAt, selectOf, service, type Table, withFilter } from "./table.ts";

/**
 * Pages as the contract asks. Changes are those with `lastModifiedDateTime ge` the cursor less the overlap: the stamp
 * is set before the row is committed, so a row can appear behind the cursor. The cursor is the latest stamp that the
 * service stated, never a time of ours.
 */
export function read(table: Table, options: ReadOptions): AsyncGenerator<Page> {
  if (options.ids === undefined || table.view.whole === true) table.forget();
  if (table.view.whole === true) return readWhole(table, options);
  if (options.ids !== undefined) return readSome(table, options, options.ids);
  const { days } = table.view;
  return days !== undefined && options.fields.includes(days.field)
    ? readWithDays(table, options, days)
    : readPages(table, options);
}

/** What changed, and what became valid or expired since the day of the last reading; that counts as overlap. */
async function* readWithDays(table: Table, options: ReadOptions, days: Days): AsyncGenerator<Page> {
  const today = table.lookups().today();
  const filters = options.since === undefined ? [] : dayFilters(days, dayIn(options.since), today);
  for await (const page of readPages(table, options)) {
    if (page.cursor === null) {
      yield page;
      continue;
    }
    for (const $filter of filters) {
      for await (const { rows } of rawPages(table, options, $filter)) {
        table.http.countAs("overlap");
        const told = page.tellsDeletions === undefined ? {} : { tellsDeletions: page.tellsDeletions };
        yield { ...await mapRows(table, rows, options.fields), deleted: [], ...told, kind: page.kind, cursor: null };
      }
    }
    yield { ...page, cursor: withDay(page.cursor, today) };
  }
}

/** Changes, with what the extension's log says of deletions where it does; a cursor from before the log tells none. */
async function* readPages(table: Table, options: ReadOptions): AsyncGenerator<Page> {
  if (!isLogged(table)) return yield* readRows(table, options);
  const from = options.since === undefined ? undefined : parseCursor(options.since).deletions;
  const newest = from === undefined ? await newestDeletion(table, options.signal) : null;
  const there = new Set<string>();
  for await (const page of readRows(table, options)) {
    if (from !== undefined) { for (const id of [...page.rows.map((row) => row.id), ...page.left]) there.add(id); }
    const cursor = page.cursor === null ? null : parseCursor(page.cursor);
    if (from === undefined) {
      yield { ...page, cursor: cursor === null ? null : cursorOf({ ...cursor, deletions: newest }) };
    } else if (cursor === null) {
      yield { ...page, tellsDeletions: true };
    } else {
      const { ids, log } = await deletedSince(table, from, options.signal);
      const deleted = ids.filter((id) => !there.has(id)); // one can be made anew under its id
      yield { ...page, deleted, tellsDeletions: true, cursor: cursorOf({ ...cursor, deletions: log }) };
    }
  }
}

async function* readRows(table: Table, options: ReadOptions): AsyncGenerator<Page> {
  const cursor = options.since === undefined ? null : parseCursor(options.since);
  const kind = cursor === null ? "full" : "delta";
  const followsStock = isStock(table, options.fields);
  // A cursor from before the ledger was followed: stock may have moved unseen, so all items are read once more.
  const isBlind = followsStock && cursor !== null && cursor.ledger === undefined;
  const from = isBlind ? null : cursor?.modified ?? null;
  let ledger = followsStock && (cursor === null || isBlind) ? await newestEntry(table, options.signal) : cursor?.ledger;
  const met = new Set<string>();
  let latest = cursor?.modified ?? null;
  let isFirst = true;
  const $filter = cursor === null ? filterOf(table) : from === null ? undefined : since(from, table.overlapMs);
  for await (const page of rawPages(table, options, $filter, { isSliced: cursor === null })) {
    for (const raw of page.rows) {
      latest = later(latest, modifiedAt(raw));
      if (followsStock) met.add(String(raw["number"]));
    }
    // The first page would be asked for without an overlap, too.
    if (!isFirst && page.rows.every((raw) => isKnown(from, modifiedAt(raw)))) table.http.countAs("overlap");
    isFirst = false;
    const isEnd = page.last && !(followsStock && cursor !== null && !isBlind);
    const next = isEnd ? cursorOf({ modified: latest, ...(ledger === undefined ? {} : { ledger }) }) : null;
    yield { ...await mapRows(table, page.rows, options.fields), deleted: [], kind, cursor: next };
  }
  if (!followsStock || cursor === null || isBlind) return;
  const moved = await movedSince(table, cursor.ledger ?? null, options);
  ledger = moved.ledger;
  for (const group of ["fresh", "overlapping"] as const) {
    const numbers = moved[group].filter((number) => !met.has(number));
    for (const $filter of itemFilters(numbers, lengthAround(table, options))) {
      for await (const page of rawPages(table, options, $filter)) {
        if (group === "overlapping") table.http.countAs("overlap");
        yield { ...await mapRows(table, page.rows, options.fields), deleted: [], kind, cursor: null };
      }
    }
  }
  yield { rows: [], left: [], deleted: [], kind, cursor: cursorOf({ modified: latest, ledger }) };
}

/** Small tables whose rows change without a stamp: all of it each time, the cursor is for form. */
export async function* readWhole(table: Table, options: ReadOptions, counts: Counted = "read"): AsyncGenerator<Page> {
  const raws: RawRow[] = [];
  for await (const page of rawPages(table, options, undefined, { counts })) raws.push(...page.rows);
  raws.push(...await table.view.more?.(raws, table.lookups()) ?? []);
  const wanted = options.ids === undefined ? null : new Set(options.ids.map((id) => id.toLowerCase()));
  const found = new Set(raws.map(idOf));
  const chosen = wanted === null ? raws : raws.filter((raw) => wanted.has(idOf(raw)));
  yield {
    ...await mapRows(table, chosen, options.fields),
    deleted: [...wanted ?? []].filter((id) => !found.has(id)),
    kind: wanted !== null ? "some" : "full",
    cursor: wanted !== null ? null : cursorOf({ modified: raws.map(modifiedAt).reduce(later, null) }),
  };
}

async function* readSome(table: Table, options: ReadOptions, ids: readonly string[]): AsyncGenerator<Page> {
  const missing = new Set(ids.map(guid));
  const chains = anyOf("id", [...missing], lengthAround(table, options));
  for (const chain of chains) {
    for await (const page of rawPages(table, options, chain)) {
      for (const raw of page.rows) missing.delete(idOf(raw));
      yield { ...await mapRows(table, page.rows, options.fields), deleted: [], kind: "some", cursor: null };
    }
  }
  yield { rows: [], left: [], deleted: [...missing], kind: "some", cursor: null };
}

/** How long the address of a page is without its filter. */
export function lengthAround(table: Table, options: Pick<ReadOptions, "fields">): number {
  return `${table.http.root}${table.company}${table.entity.name}?$select=`.length +
    encodeURIComponent(selectOf(table, withFilter(table, options.fields))).length;
}

/** More of them take more memory, since two pages are under way at once, and save little time. */
const recordsAPage = 2_500;

function rawPages(
  table: Table,
  options: ReadOptions,
  $filter: string | undefined,
  { counts = "read", isSliced = false }: { readonly counts?: Counted; readonly isSliced?: boolean } = {},
): ReturnType<typeof pages> {
  const $select = selectOf(table, withFilter(table, options.fields));
  return pages(table.http, table.company + table.entity.name + queryOf({ $select, $filter }), {
    headers: { Prefer: `odata.maxpagesize=${Math.min(table.pageSize, recordsAPage)}` },
    decimals: decimalsIn(table),
    signal: options.signal,
    counts,
    isSliced,
  });
}

/**
 * What the service can decide of the handle's filter; all of it is decided by us again. Lookups are left to us, since
 * some pages compute their codes, and so are values that would need escapes.
 */
export function filterOf(table: Table): string | undefined {
  const { only, made } = table.view;
  const parts = only === undefined ? [] : [`${only.property} eq ${quoted(only.value)}`];
  for (const [name, value] of Object.entries(table.entity.filter)) {
    const kind = Object.hasOwn(made, name) ? undefined : table.fields[name]?.kind;
    if (kind === "boolean" && typeof value === "boolean") parts.push(`${name} eq ${value}`);
    const isWord = typeof value === "string" && encodeName(value) === value;
    if ((kind === "text" || kind === "choice") && isWord) {
      parts.push(`${name} eq ${quoted(value)}`);
    }
  }
  return parts.length === 0 ? undefined : parts.join(" and ");
}

/** Rows that fit a filter, mapped; for looking up what a write met or left. */
export async function find(
  table: Table,
  $filter: string,
  options: { fields: readonly string[]; signal?: AbortSignal | undefined },
): ReturnType<typeof mapRows> {
  const raws: RawRow[] = [];
  const { fields, signal } = options;
  for await (const page of rawPages(table, { fields, ...(signal && { signal }) }, $filter)) raws.push(...page.rows);
  return await mapRows(table, raws, fields);
}

/** Page rows by id, as they are now. */
export async function current(
  table: Table,
  ids: readonly string[],
  properties: readonly string[],
): Promise<ReadonlyMap<string, RawRow>> {
  const list = listOf(table.http, table.company, { pageSize: table.pageSize, counts: "read" });
  const found = new Map<string, RawRow>();
  for (const $filter of anyOf("id", [...new Set(ids.map(guid))], 600)) {
    const query = queryOf({ $select: ["id", ...properties].join(), $filter });
    for (const raw of await list(table.entity.name + query)) found.set(idOf(raw), raw);
  }
  return found;
}

/** Where a reading stands. */
export interface Cursor {
  readonly modified: string | null;
  /** Items with their stock: the latest stamp of the ledger. Absent in cursors of other readings. */
  readonly ledger?: string | null;
  /** Where the extension tells of deletions: the latest stamp of its log. */
  readonly deletions?: string | null;
}
/** A cursor as the text that the engine keeps. */
export function cursorOf(cursor: Cursor): string {
  return JSON.stringify(cursor);
}
/** The way back. Throws ServiceError "cursor_expired" for text of another kind. */
export function parseCursor(text: string): Cursor {
  try {
    const { modified, ledger, deletions } = JSON.parse(text) as Cursor;
    const isStamp = (stamp: string | null) => stamp === null || !Number.isNaN(Date.parse(stamp));
    const others = { ...(ledger === undefined ? {} : { ledger }), ...(deletions === undefined ? {} : { deletions }) };
    if ([modified, ...Object.values(others)].every(isStamp)) return { modified, ...others };
  } catch {
    // the same error as for JSON of another shape
  }
  throw new ServiceError(`Cannot go on reading "${service}": the cursor is not one of its own; read everything`, {
    service,
    code: "cursor_expired",
  });
}
