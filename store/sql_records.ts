/** Records of the store in SQL: merged set by set, and only where they differ. */
import { type RawBuilder, sql } from "kysely";
import { baseColumn, isAsSeen } from "./sql_bases.ts";
import { type Given, given, ids, lastOf } from "./sql_rows.ts";
import type { Touched, Work } from "./sql_work.ts";
import type { Side, StoredRecord } from "./store.ts";
import { encode, storable } from "./text.ts";

/** Records of a side. `areRead`: those of a page, which are present whatever they say. */
export interface SideRecords {
  readonly side: Side;
  readonly records: readonly StoredRecord[];
  readonly areRead: boolean;
}

const texts = (...names: string[]) => names.map((name): Given => [name, "text"]);
const before = texts("id", "key", "label");
const after = texts("version", "modified_at", "fingerprint", "frozen");
/** What {@link rowOf} gives, `data` or another column among it. */
function columnsOf(data: Given, areRead: boolean): readonly Given[] {
  return [...before, data, ...after, ...(areRead ? [] : texts("state", "merged_into"))];
}

/** `data` is what stands in the place of the data. */
function rowOf(record: StoredRecord, data: string, areRead: boolean): (string | null)[] {
  const { id, key, label, version, modifiedAt, fingerprint, frozen } = record;
  const row = [
    storable(id),
    storable(key),
    storable(label),
    data,
    storable(version),
    storable(modifiedAt),
    storable(fingerprint),
    storable(frozen),
  ];
  if (!areRead) row.push(record.state, storable(record.mergedInto));
  return row;
}

/** The last two columns of rows i. */
function stateOf(areRead: boolean): RawBuilder<unknown> {
  return areRead ? sql`'present', null` : sql`i.state, i.merged_into`;
}

/** Returns the ids of those that are new or other than they were. */
export async function mergeRecords(work: Work, { side, records, areRead }: SideRecords): Promise<string[]> {
  if (records.length === 0) return [];
  const last = lastOf(records);
  const query = differentOnes(work, { side, areRead }, seen({ records: last, areRead }));
  const { rows } = await (query as RawBuilder<{ at: number }>).execute(work.tx);
  if (rows.length === 0) return [];
  const different = rows.map(({ at }) => last[at]!);
  const touched: Touched = { erp: [], crm: [], [side]: different.map(({ id }) => id) };
  await keepBases(work, touched);
  await insertRecords(work, { side, records: different, areRead }).execute(work.tx);
  await work.grown(work, `records ${side}`, touched[side]);
  return touched[side];
}

/** Writes the bases of couplings out before these records become other ones. */
export async function keepBases({ tx, connection, step }: Work, touched: Readonly<Touched>): Promise<void> {
  for (const side of ["erp", "crm"] as const) {
    if (touched[side].length === 0) continue;
    await sql`update couplings c set base = ${baseColumn} where c.connection = ${connection} and c.step = ${step}
      and c.state <> 'tombstone' and ${sql.raw(`c.${side}_id`)} = any(${ids(touched[side])}) and ${isAsSeen}`.execute(
      tx,
    );
  }
}

/** The statement that inserts or replaces records, of each id one; where `isGiven` holds. `isAnew`: it refuses all if one is there. */
export function insertRecords(
  { connection, step }: Omit<Work, "tx">,
  { side, records, areRead }: SideRecords,
  { isGiven = sql`true`, isAnew = false }: {
    readonly isGiven?: RawBuilder<unknown>;
    readonly isAnew?: boolean;
  } = {},
): RawBuilder<unknown> {
  const rows = records.map((record) => rowOf(record, encode(record.data), areRead));
  const filled = sql`insert into records
      (connection, step, side, id, key, label, data, version, modified_at, fingerprint, frozen, state, merged_into)
    select ${connection}::text, ${step}::text, ${side}::text, i.id, i.key, i.label, i.data, i.version, i.modified_at,
      i.fingerprint, i.frozen, ${stateOf(areRead)}
    from ${given(rows, columnsOf(["data", "json"], areRead))} i where ${isGiven}`;
  if (isAnew) return filled;
  return sql`${filled} on conflict (connection, step, side, id) do update set key = excluded.key,
      label = excluded.label, data = excluded.data, version = excluded.version, modified_at = excluded.modified_at,
      fingerprint = excluded.fingerprint, frozen = excluded.frozen, state = excluded.state,
      merged_into = excluded.merged_into`;
}

/**
 * Records as a table, with their places `at` and without the data, which most records of a full reading need not be sent
 * with: the fingerprint stands for it.
 */
export function seen({ records, areRead }: Omit<SideRecords, "side">): RawBuilder<unknown> {
  const rows = records.map((record, at) => rowOf(record, String(at), areRead));
  return given(rows, columnsOf(["at", "int"], areRead));
}

/** The query for the places of those of {@link seen} that are new or other than they were. */
export function differentOnes(
  { connection, step }: Work,
  { side, areRead }: Omit<SideRecords, "records">,
  table: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`select i.at from ${table} i left join lateral (
      select * from records r where r.connection = ${connection} and r.step = ${step} and r.side = ${side}
        and r.id = i.id limit 1
    ) r on true
    where r.id is null or (r.key, r.label, r.version, r.modified_at, r.fingerprint, r.frozen, r.state, r.merged_into)
      is distinct from (i.key, i.label, i.version, i.modified_at, i.fingerprint, i.frozen, ${stateOf(areRead)})`;
}
