/** Records of the store in SQL: merged set by set, and only where they differ. */
import { type RawBuilder, sql } from "kysely";
import { baseColumn, isAsSeen } from "./sql_bases.ts";
import { type Given, given, ids } from "./sql_rows.ts";
import type { Touched, Work } from "./sql_work.ts";
import type { Side, StoredRecord } from "./store.ts";
import { encode, storable } from "./text.ts";

type SidedRecord = StoredRecord & { readonly side: Side };

const recordColumns: readonly Given[] = [
  ...["side", "id", "key", "label"].map((name): Given => [name, "text"]),
  ["data", "json"],
  ...["version", "modified_at", "fingerprint", "frozen", "state", "merged_into"].map((name): Given => [name, "text"]),
];

/** Returns the ids of those that are new or other than they were. */
export async function mergeRecords(work: Work, records: readonly SidedRecord[]): Promise<Touched> {
  const touched: Touched = { erp: [], crm: [] };
  if (records.length === 0) return touched;
  const last = [...new Map(records.map((record) => [`${record.side} ${record.id}`, record])).values()];
  const different = await differentOf(work, last);
  if (different.length === 0) return touched;
  for (const { side, id } of different) touched[side].push(id);
  await keepBases(work, touched);
  await insertRecords(work, different).execute(work.tx);
  for (const side of ["erp", "crm"] as const) await work.grown(work, `records ${side}`, touched[side]);
  return touched;
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

/**
 * The statement that inserts or replaces records, each given once; where `isGiven` holds. `isAnew`: it refuses all if one is
 * there.
 */
export function insertRecords(
  { connection, step }: Omit<Work, "tx">,
  records: readonly SidedRecord[],
  { isGiven = sql`true`, isAnew = false }: {
    readonly isGiven?: RawBuilder<unknown>;
    readonly isAnew?: boolean;
  } = {},
): RawBuilder<unknown> {
  const rows = records.map((record) => rowOf(record, encode(record.data)));
  const filled = sql`insert into records
      (connection, step, side, id, key, label, data, version, modified_at, fingerprint, frozen, state, merged_into)
    select ${connection}::text, ${step}::text, i.* from ${given(rows, recordColumns)} i where ${isGiven}`;
  if (isAnew) return filled;
  return sql`${filled} on conflict (connection, step, side, id) do update set key = excluded.key,
      label = excluded.label, data = excluded.data, version = excluded.version, modified_at = excluded.modified_at,
      fingerprint = excluded.fingerprint, frozen = excluded.frozen, state = excluded.state,
      merged_into = excluded.merged_into`;
}

async function differentOf(work: Work, records: readonly SidedRecord[]): Promise<SidedRecord[]> {
  const query = differentOnes(work, seen(records)) as RawBuilder<{ at: number }>;
  const { rows } = await query.execute(work.tx);
  return rows.map(({ at }) => records[at]!);
}

/**
 * Records as a table, with their places `at` and without the data, which most records of a full reading need not be sent
 * with: the fingerprint stands for it.
 */
export function seen(records: readonly SidedRecord[]): RawBuilder<unknown> {
  const rows = records.map((record, at) => rowOf(record, String(at)));
  return given(rows, recordColumns.map((column): Given => column[0] === "data" ? ["at", "int"] : column));
}

/** The query for the places of those of {@link seen} that are new or other than they were. */
export function differentOnes({ connection, step }: Work, table: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select i.at from ${table} i left join lateral (
      select * from records r where r.connection = ${connection} and r.step = ${step} and r.side = i.side
        and r.id = i.id limit 1
    ) r on true
    where r.id is null or (r.key, r.label, r.version, r.modified_at, r.fingerprint, r.frozen, r.state, r.merged_into)
      is distinct from (i.key, i.label, i.version, i.modified_at, i.fingerprint, i.frozen, i.state, i.merged_into)`;
}

/** `data` is what stands in the place of the data. */
function rowOf(record: SidedRecord, data: string): (string | null)[] {
  const { side, id, key, label, version, modifiedAt, fingerprint, frozen, state, mergedInto } = record;
  // One list, not several joined: there is one for each row that is read.
  return [
    side,
    storable(id),
    storable(key),
    storable(label),
    data,
    storable(version),
    storable(modifiedAt),
    storable(fingerprint),
    storable(frozen),
    state,
    storable(mergedInto),
  ];
}
