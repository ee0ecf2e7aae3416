/** Orders with all of their lines: what changed in either, read as one. */
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Page, ReadOptions, Row } from "../connector.ts";
import type { Context } from "./context.ts";
import {
  type Document,
  type DocumentFields,
  freightField,
  type LinesByHead,
  linesOf,
  withParts,
} from "./order_lines.ts";
import { read, rowsBy } from "./read.ts";
import { columnsOf } from "./rows.ts";

/** Checks that two handles are one document; throws TypeError otherwise. */
export function documentOf(head: AnyEntity, parts: AnyEntity): Document {
  if (parts.partOf === head.name && head.name === "salesorders") return { head, parts };
  throw new TypeError(`Cannot open "${head.name}" with "${parts.name}": these are no parts of it`);
}

/**
 * Pages as {@link Opened.read} promises them, with parts. Heads are read before their lines, and given when the lines
 * are there: a line may be newer than its head, which the next reading finds out, but none is left out.
 */
export async function* readDocuments(
  context: Context,
  document: Document,
  options: ReadOptions,
): AsyncGenerator<Page> {
  const { ids, since } = options;
  const lines = linesOf(context, document.parts, options);
  if (ids !== undefined) {
    const pages = await headsOf(context, document, { ...options, ids });
    return yield* given(pages, { byHead: await lines.of(rowsIn(pages)), cursor: null });
  }
  if (since === undefined) {
    const pages = await headsOf(context, document, options);
    const found = await lines.all(rowsIn(pages));
    return yield* given(pages, { byHead: found.byHead, cursor: { heads: endOf(pages), lines: found.cursor } });
  }
  const from = cursorOf(since);
  const pages = await headsOf(context, document, { ...options, since: from.heads });
  const changed = await lines.changed(from.lines);
  const cursor: Cursor = { heads: endOf(pages), lines: changed.cursor };
  for (const { left, deleted } of pages) for (const id of [...left, ...deleted]) changed.heads.delete(id);
  for (const { id } of rowsIn(pages)) changed.heads.delete(id);
  if (changed.heads.size > 0) {
    const { since: _, ...rest } = options;
    const more = await headsOf(context, document, { ...rest, ids: [...changed.heads] });
    pages.push(...more.map((page) => ({ ...page, kind: "delta" as const })));
  }
  yield* given(pages, { byHead: await lines.of(rowsIn(pages)), cursor });

  function* given(
    all: readonly Page[],
    { byHead, cursor }: { byHead: LinesByHead; cursor: Cursor | null },
  ): Generator<Page> {
    for (const [position, page] of all.entries()) {
      const isLast = position === all.length - 1;
      yield {
        ...page,
        rows: page.rows.map((row) => withParts(row, byHead, { document, options })),
        cursor: isLast && cursor !== null ? JSON.stringify(cursor) : null,
      };
    }
  }
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

async function headsOf(context: Context, { head }: Document, options: ReadOptions): Promise<Page[]> {
  return await Array.fromAsync(read(context, head, { ...options, fields: headFields(options) }));
}
function headFields({ fields }: DocumentFields): string[] {
  return [...new Set([...fields, freightField])];
}
function rowsIn(pages: readonly Page[]): Row[] {
  return pages.flatMap(({ rows }) => rows);
}
function endOf(pages: readonly Page[]): string {
  return pages.at(-1)!.cursor!;
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
