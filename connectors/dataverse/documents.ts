/** Orders with all of their lines: what changed in either, read as one. */
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Page, ReadOptions, Row } from "../connector.ts";
import type { Context } from "./context.ts";
import {
  type Document,
  type DocumentFields,
  freightField,
  type Lines,
  type LinesByHead,
  linesOf,
  withParts,
} from "./order_lines.ts";
import { read, rowsBy } from "./read.ts";
import { readIds } from "./read_ids.ts";
import { columnsOf } from "./rows.ts";

/** Checks that two handles are one document; throws TypeError otherwise. */
export function documentOf(head: AnyEntity, parts: AnyEntity): Document {
  if (parts.partOf === head.name && head.name === "salesorders") return { head, parts };
  throw new TypeError(`Cannot open "${head.name}" with "${parts.name}": these are no parts of it`);
}

/**
 * Pages as {@link Opened.read} promises them, with parts: each is given before the next page of heads is asked for, so
 * that no more is held than a page of heads and its lines. Heads are read before their lines: a line may be newer than
 * its head, which the next reading finds out, but none is left out.
 */
export function readDocuments(context: Context, document: Document, options: ReadOptions): AsyncGenerator<Page> {
  if (options.only === "ids") return readIds(context, document.head, options);
  const reading: Documents = { context, document, options, lines: linesOf(context, document.parts, options) };
  if (options.ids !== undefined) return someOf(reading, options.ids);
  return options.since === undefined ? everything(reading) : changes(reading, cursorOf(options.since));
}

/** A reading of orders with their lines. */
interface Documents {
  readonly context: Context;
  readonly document: Document;
  readonly options: ReadOptions;
  readonly lines: Lines;
}

async function* someOf(reading: Documents, ids: readonly string[]): AsyncGenerator<Page> {
  for await (const page of headsOf(reading, { ids })) yield given(reading, page, await reading.lines.of(page.rows));
}

async function* everything(reading: Documents): AsyncGenerator<Page> {
  let cursor: string | null = null;
  for await (const page of headsOf(reading, {})) {
    if (cursor === null) {
      const first = await reading.lines.first(page.rows);
      cursor = first.cursor;
      yield given(reading, page, first.byHead, { heads: page.cursor, lines: cursor });
    } else {
      yield given(reading, page, await reading.lines.of(page.rows), { heads: page.cursor, lines: cursor });
    }
  }
}

/**
 * Changed lines come first, so that one which changes while orders are read is found by the next reading. Of them only
 * the ids of their heads are held.
 */
async function* changes(reading: Documents, from: Cursor): AsyncGenerator<Page> {
  const { heads: others, cursor: lines } = await reading.lines.changed(from.lines);
  let heads: string | null = null;
  let told: Pick<Page, "tellsDeletions"> = {};
  for await (const page of headsOf(reading, { since: from.heads })) {
    for (const { id } of page.rows) others.delete(id);
    for (const id of [...page.left, ...page.deleted]) others.delete(id);
    heads = page.cursor;
    told = page.tellsDeletions === undefined ? {} : { tellsDeletions: page.tellsDeletions };
    const cursor = others.size === 0 ? { heads, lines } : undefined;
    yield given(reading, page, await reading.lines.of(page.rows), cursor);
  }
  if (others.size === 0) return;
  for await (const page of someOf(reading, [...others])) yield { ...page, ...told, kind: "delta" };
  const end: Page = { rows: [], deleted: [], left: [], ...told, kind: "delta", cursor: null };
  yield given(reading, end, new Map(), { heads, lines });
}

/** A page of heads with their lines; it ends the reading where both cursors are known. */
function given(
  { document, options }: Documents,
  page: Page,
  byHead: LinesByHead,
  { heads, lines }: { readonly heads: string | null; readonly lines: string } = { heads: null, lines: "" },
): Page {
  return {
    ...page,
    rows: page.rows.map((row) => withParts(row, byHead, { document, options })),
    cursor: heads === null ? null : JSON.stringify({ heads, lines } satisfies Cursor),
  };
}

/** Orders by the terms of a filter, with their lines, whatever the handle's filter says. */
export async function documentsBy(
  context: Context,
  document: Document,
  options: DocumentFields & { readonly terms: readonly string[] },
): Promise<Row[]> {
  const { terms, signal } = options;
  const { timeZone } = context;
  const columns = columnsOf(document.head, headFields(options), { timeZone, everything: true });
  const rows = await rowsBy(context, columns, { terms, signal });
  const byHead = await linesOf(context, document.parts, options).of(rows);
  return rows.map((row) => withParts(row, byHead, { document, options }));
}

function headsOf(
  { context, document, options }: Documents,
  which: Pick<ReadOptions, "ids" | "since">,
): AsyncGenerator<Page> {
  const { ids: _, since: __, ...rest } = options;
  return read(context, document.head, { ...rest, ...which, fields: headFields(options) });
}
function headFields({ fields }: DocumentFields): string[] {
  return [...new Set([...fields, freightField])];
}

/** Where both readings go on. */
interface Cursor {
  readonly heads: string;
  readonly lines: string;
}
function cursorOf(since: string): Cursor {
  const { heads, lines } = since.startsWith("{") ? JSON.parse(since) as Partial<Cursor> : {};
  if (typeof heads === "string" && typeof lines === "string") return { heads, lines };
  throw new ServiceError(
    'Cannot go on reading orders of "dataverse": the last reading was one without their lines; read everything again',
    { service: "dataverse", code: "cursor_expired" },
  );
}
