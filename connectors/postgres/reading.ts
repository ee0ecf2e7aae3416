/** Reading a table: everything by pages of ids, what changed where rows have the time of their change, or some ids. */
import { ServiceError } from "../../errors.ts";
import type { Page, ReadOptions, Row } from "../connector.ts";
import { liesIn } from "../odata.ts";
import { among, narrowed, quotedName, readFields, rowsOf, type Table } from "./table.ts";
import { service } from "./refusals.ts";

/** A change is seen when it is committed, with the time of its beginning: a reading starts this much earlier. */
const overlap = "10 minutes";

/** How a reading ends where rows have no times: the next one reads everything. */
const everything = "everything";

/** Pages as {@link Opened.read} promises them; each is one statement, so no transaction stays open between them. */
export async function* read(table: Table, options: ReadOptions): AsyncGenerator<Page> {
  if (options.ids !== undefined) return yield await readSome(table, options, options.ids);
  const from = options.since === undefined ? null : timeOf(table, options.since);
  yield* from === null ? readAll(table, options) : readSince(table, options, from);
}

async function* readAll(table: Table, options: ReadOptions): AsyncGenerator<Page> {
  const { only, signal } = options;
  const begun = table.isStamped && only !== "ids" ? await nowIn(table) : null;
  let latest: string | null = null;
  let after: string | null = null;
  for (let isLast = false; !isLast;) {
    signal?.throwIfAborted();
    const id: string = `t.${quotedName(table.id)}`;
    const rows: readonly Row[] = await rowsOf(table.database.query, table, {
      fields: readFields(table, options.fields),
      rest: `${after === null ? "" : `where ${id} > $1 `}order by ${id} limit ${table.pageSize}`,
      parameters: after === null ? [] : [after],
    });
    after = rows.at(-1)?.id ?? null;
    isLast = rows.length < table.pageSize;
    for (const { modifiedAt } of rows) latest = later(latest, modifiedAt);
    const { inside } = judged(table, options, rows);
    const told = only === "ids"
      ? { rows: [], met: inside.map(({ id, modifiedAt }) => ({ id, modifiedAt })) }
      : { rows: inside };
    const next = begun === null ? everything : cursorOf(latest, begun);
    yield { ...told, deleted: [], left: [], kind: "full", cursor: isLast && only !== "ids" ? next : null };
  }
}

/** By time and id, so that a row which changes meanwhile comes again. Deletions are for a sweep to find. */
async function* readSince(table: Table, options: ReadOptions, from: string): AsyncGenerator<Page> {
  const id = `t.${quotedName(table.id)}`;
  const order = `order by t.modified_at, ${id} limit ${table.pageSize}`;
  const begun = await nowIn(table);
  let latest: string | null = from;
  let last: Row | null = null;
  for (let isLast = false; !isLast;) {
    options.signal?.throwIfAborted();
    const rows: readonly Row[] = await rowsOf(table.database.query, table, {
      fields: readFields(table, options.fields),
      rest: last === null
        ? `where t.modified_at >= $1::text::timestamptz - interval '${overlap}' ${order}`
        : `where (t.modified_at, ${id}) > ($1::text::timestamptz, $2) ${order}`,
      parameters: last === null ? [from] : [last.modifiedAt!, last.id],
    });
    last = rows.at(-1) ?? null;
    isLast = rows.length < table.pageSize;
    latest = later(latest, last?.modifiedAt ?? null);
    const { inside, left } = judged(table, options, rows);
    yield { rows: inside, left, deleted: [], kind: "delta", cursor: isLast ? cursorOf(latest, begun) : null };
  }
}

async function readSome(table: Table, options: ReadOptions, ids: readonly string[]): Promise<Page> {
  options.signal?.throwIfAborted();
  const rows = await rowsOf(table.database.query, table, {
    fields: readFields(table, options.fields),
    rest: `where ${among(table.id, 1)}`,
    parameters: [JSON.stringify(ids)],
  });
  const there = new Set(rows.map(({ id }) => id));
  const { inside, left } = judged(table, options, rows);
  return { rows: inside, left, deleted: ids.filter((id) => !there.has(id)), kind: "some", cursor: null };
}

/** Rows in the handle's filter, with the fields that are wanted, and the ids of the others. */
function judged({ entity }: Table, { fields }: ReadOptions, rows: readonly Row[]): { inside: Row[]; left: string[] } {
  const inside: Row[] = [];
  const left: string[] = [];
  for (const row of rows) {
    if (liesIn(entity.filter, row.data)) inside.push(narrowed(row, fields));
    else left.push(row.id);
  }
  return { inside, left };
}

async function nowIn({ database }: Table): Promise<string> {
  const utc = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  const [row] = await database.query<{ now: string }>(`select ${utc} as now`);
  return row!.now;
}

function later(one: string | null, other: string | null): string | null {
  return one === null || (other !== null && other > one) ? other : one;
}

/** The latest time that was met, at most that of the reading's beginning: what changed since may have been passed. */
function cursorOf(latest: string | null, begun: string): string {
  return JSON.stringify({ modified: latest === null || latest > begun ? begun : latest });
}

/** The time in a cursor; null where everything is read each time. */
function timeOf(table: Table, cursor: string): string | null {
  if (!table.isStamped && cursor === everything) return null;
  const modified = table.isStamped ? /^\{"modified":"(\d{4}-\d\d-\d\dT[\d:.]+Z)"\}$/.exec(cursor)?.[1] : undefined;
  if (modified !== undefined) return modified;
  throw new ServiceError(
    `Cannot go on reading ${table.name}: it did not give that cursor, or gained or lost its column "modified_at"; ` +
      "read everything again",
    { service, code: "cursor_expired" },
  );
}
