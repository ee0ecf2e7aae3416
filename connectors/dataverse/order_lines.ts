/** The lines of orders, by their orders and in their order; an order's freight is the last of them. */
import { createHash } from "node:crypto";
import type { AnyEntity, Fields, Part, Row, Value } from "../connector.ts";
import { guid, pages, queryOf, type RawRow, someOf } from "../odata.ts";
import type { Context } from "./context.ts";
import { chains, chunksSince, rawsBy, type Reading, timeCursor } from "./read.ts";
import { type Columns, columnsOf } from "./rows.ts";

/** A head and its parts, as they are opened together. */
export interface Document {
  readonly head: AnyEntity;
  readonly parts: AnyEntity;
}
export interface DocumentFields {
  readonly fields: readonly string[];
  readonly partFields?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** The key of the part that stands for an order's freight, and the head's field behind it. */
export const freightKey = "freight";
export const freightField = "freightamount";
const headOfLine = "_salesorderid_value";
const places = ["lineitemnumber", "sequencenumber", "createdon"];

/** Pages of lines that a reading without change tracking takes at most, to find those of some orders among all. */
const mostPages = 10;

export interface Line {
  readonly part: Part;
  readonly version: string;
  readonly place: readonly (number | string)[];
}
export type LinesByHead = ReadonlyMap<string, readonly Line[]>;

interface First {
  readonly byHead: LinesByHead;
  readonly cursor: string;
}

export interface Lines {
  of(heads: readonly Row[]): Promise<LinesByHead>;
  /** The same of the first page of heads, with a cursor from which on to look for changes of any line. */
  first(heads: readonly Row[]): Promise<First>;
  /**
   * The heads of lines that changed since. A deleted line says no more than its own id: its head is found all the same,
   * because its totals changed; a line that cost nothing is missed when its head is next read.
   */
  changed(since: string): Promise<{ readonly heads: Set<string>; readonly cursor: string }>;
}

const nothing = { byHead: new Map(), cursor: null } as const;

export function linesOf(context: Context, parts: AnyEntity, options: DocumentFields): Lines {
  const { timeZone } = context;
  const also = [headOfLine, ...places];
  const columns = columnsOf(parts, options.partFields ?? [], { timeZone, everything: true, also });
  const reading: Reading = { context, columns, signal: options.signal };

  async function of(heads: readonly Row[]): Promise<LinesByHead> {
    const found = new Map<string, readonly Line[]>();
    for await (const raws of rawsBy({ ...reading, counts: "documents" }, heads.map(termOf))) {
      for (const raw of raws) keep(columns, raw, found);
    }
    return found;
  }

  /** A delta link comes at the end of all lines only, so all are read then, and those of the heads are kept. */
  async function firstTracked(heads: readonly Row[]): Promise<First> {
    const { byHead, cursor } = await among(heads, Infinity);
    return { byHead, cursor: cursor! };
  }

  /** All lines are read where those of the heads are found in fewer requests than by their heads. */
  async function firstByTime(heads: readonly Row[]): Promise<First> {
    const requests = chains(reading, heads.map(termOf)).length;
    const { byHead, cursor } = requests < 2 ? nothing : await among(heads, Math.min(requests, mostPages));
    if (cursor !== null) return { byHead, cursor };
    const latest = await latestChange(); // before the lines are read: one that changes from now on is newer
    return { byHead: await of(heads), cursor: latest };
  }

  /** The lines of some heads among all lines; without a cursor where those are more than this many pages. */
  async function among(heads: readonly Row[], most: number): Promise<{ byHead: LinesByHead; cursor: string | null }> {
    const wanted = new Set(heads.map(({ id }) => id));
    const found = new Map<string, readonly Line[]>();
    let count = 0;
    for await (const chunk of chunksSince(reading, null)) {
      for (const raw of chunk.raws) if (wanted.has(headIn(raw) ?? "")) keep(columns, raw, found);
      if (chunk.cursor !== null) return { byHead: found, cursor: chunk.cursor };
      if (++count === most) break;
    }
    return nothing;
  }

  /** The cursor behind the line that changed last. */
  async function latestChange(): Promise<string> {
    const path = parts.name + queryOf({ $select: "modifiedon", $orderby: "modifiedon desc", $top: "1" });
    for await (const { rows: [row] } of pages(context.http, path, { signal: options.signal })) {
      return timeCursor(typeof row?.["modifiedon"] === "string" ? row["modifiedon"] : null);
    }
    return timeCursor(null);
  }

  return {
    of,
    async first(heads) {
      const tracked = await context.environment.tracked(options.signal);
      return tracked.has(columns.table.logical) ? await firstTracked(heads) : await firstByTime(heads);
    },
    async changed(since) {
      const heads = new Set<string>();
      let cursor = since;
      for await (const chunk of chunksSince(reading, since)) {
        for (const raw of chunk.raws) heads.add(headIn(raw) ?? "");
        cursor = chunk.cursor ?? cursor;
      }
      heads.delete("");
      return { heads, cursor };
    },
  };
}

function termOf({ id }: Row): string {
  return `${headOfLine} eq ${guid(id)}`;
}
function headIn(raw: RawRow): string | null {
  const head = raw[headOfLine];
  return typeof head === "string" ? head.toLowerCase() : null;
}

function keep(columns: Columns, raw: RawRow, into: Map<string, readonly Line[]>): void {
  const head = headIn(raw);
  if (head === null) return;
  const { row } = columns.rowOf(raw);
  const [item, sequence, created] = places.map((place) => raw[place] ?? null);
  const place = [Number(item ?? Infinity), Number(sequence ?? Infinity), String(created), row.id];
  const line = { part: { key: row.id, data: row.data }, version: row.version, place };
  const others = into.get(head)?.filter(({ part }) => part.key !== row.id) ?? []; // one that changes comes twice
  into.set(head, [...others, line]);
}

/** A head with its lines; the head's data as they were asked for. */
export function withParts(
  row: Row,
  lines: LinesByHead,
  { document, options }: { document: Document; options: DocumentFields },
): Row {
  const sorted = (lines.get(row.id) ?? []).toSorted((one, other) => compared(one.place, other.place));
  const parts = sorted.map(({ part }) => part);
  const freight = row.data[freightField] ?? null;
  if (freight !== null && freight !== "0") {
    parts.push({ key: freightKey, data: someOf(options.partFields ?? [], freightLine(document.parts, freight)) });
  }
  const data = someOf([...new Set([...options.fields, ...document.head.carries])], row.data);
  return { ...row, version: versionOf(row.version, lines.get(row.id) ?? []), data, parts };
}

/** The version of an order covers its lines: a line can change while the head stays as it is. */
export function versionOf(head: string, lines: readonly Pick<Line, "part" | "version">[]): string {
  const all = lines.map(({ part, version }) => `${part.key} ${version}`).sort().join("\n");
  return `${head} ${createHash("md5").update(all).digest("hex")}`;
}
/** The head's own part of an order's version. */
export function headVersionIn(version: string): string {
  return version.slice(0, version.lastIndexOf(" "));
}

function compared(one: Line["place"], other: Line["place"]): number {
  const at = one.findIndex((value, position) => value !== other[position]);
  return at < 0 ? 0 : one[at]! < other[at]! ? -1 : 1;
}

/** The freight of an order as a line: one of it, for its amount. */
function freightLine({ fields }: AnyEntity, amount: Value): Fields {
  const blank = Object.entries(fields).map(([field, { kind }]) => [field, kind === "boolean" ? false : null]);
  return {
    ...Object.fromEntries(blank),
    salesorderdetailid: freightKey,
    productdescription: "Freight",
    quantity: "1",
    priceperunit: amount,
    linediscount: "0",
    baseamount: amount,
    extendedamount: amount,
    isfreight: true,
    linetype: "freight",
  };
}
