/**
 * Records that no coupling of their step names, with the keys that they are matched by: kept in a table of their own, so
 * that what a run asks of them costs nothing where there are none, and coupled set by set.
 */
import { type RawBuilder, sql } from "kysely";
import { asSeen } from "./sql_bases.ts";
import { move } from "./sql_fresh.ts";
import { free, type Given, given, ids, json, lastOf, rowsOf, unnamed, unsettledOnes } from "./sql_rows.ts";
import type { Uncoupled, Work } from "./sql_work.ts";
import type { Matched, Matching, RecordKeys, Settlement, Side, StoredRecord } from "./store.ts";
import { listOf, storable } from "./text.ts";

/**
 * Has the right records of these in the table; those of `changed` have no keys any more, and those of `named` were just
 * named by a coupling.
 */
export async function writeUncoupled(
  { tx, connection, step }: Work,
  side: Side,
  { touched, changed, named = [] }: {
    readonly touched: readonly string[];
    readonly changed: readonly string[];
    readonly named?: readonly string[];
  },
): Promise<void> {
  const place = sql`u.connection = ${connection} and u.step = ${step} and u.side = ${side}`;
  const out = new Set([...changed, ...named]);
  if (out.size > 0) await sql`delete from uncoupled u where ${place} and u.id = any(${ids([...out])})`.execute(tx);
  const isNamed = new Set(named);
  const open = touched.filter((id) => !isNamed.has(id));
  if (open.length === 0) return;
  await sql`delete from uncoupled u where ${place} and u.id = any(${ids(open)}) and not (${unnamed("u", side)}
    and exists (select from records r where r.connection = ${connection} and r.step = ${step} and r.side = ${side}
      and r.id = u.id and r.state = 'present'))`.execute(tx);
  await sql`insert into uncoupled (connection, step, side, id, fingerprint)
    select r.connection, r.step, r.side, r.id, r.fingerprint from records r
    where r.connection = ${connection} and r.step = ${step} and r.side = ${side} and r.id = any(${ids(open)})
      and r.state = 'present' and ${unnamed("r", side)}
    on conflict do nothing`.execute(tx);
}

const keyColumns: readonly Given[] = [
  ...[["id", "text"], ["fingerprint", "text"], ["keys", "list"], ["made", "text"], ["agrees", "list"]] as const,
];

function rowOf({ id, fingerprint, keys, made, agrees }: RecordKeys): (string | null)[] {
  return [storable(id), storable(fingerprint), listOf(keys), storable(made), agrees === null ? null : listOf(agrees)];
}

/** Keys of records that are in the table as they were when the keys were made. */
export async function writeKeys(work: Work, side: Side, keys: readonly RecordKeys[]): Promise<void> {
  if (keys.length === 0) return;
  const { tx, connection, step } = work;
  const last = lastOf(keys);
  await sql`update uncoupled u set keys = i.keys, made = i.made, agrees = i.agrees
    from ${given(last.map(rowOf), keyColumns)} i
    where u.connection = ${connection} and u.step = ${step} and u.side = ${side} and u.id = i.id
      and u.fingerprint = i.fingerprint`.execute(tx);
  await work.grown(work, `uncoupled ${side}`, last);
}

/**
 * The statement that puts records of a side that nothing was known of into the table, each given once; where `isGiven`
 * holds. `into`: the caller knows that no coupling names any of them, and that none is in this table.
 */
export function insertUncoupled(
  { connection, step }: Omit<Work, "tx">,
  side: Side,
  { records, keys, isGiven = sql`true`, into = null }: {
    readonly records: readonly StoredRecord[];
    readonly keys: readonly RecordKeys[];
    readonly isGiven?: RawBuilder<unknown>;
    readonly into?: Uncoupled | null;
  },
): RawBuilder<unknown> {
  // As a rule they come in the order of their records, and as often.
  let byId: ReadonlyMap<string, RecordKeys> | null = null;
  const rows = records.map(({ id, fingerprint }, at) => {
    const entry = keys[at]?.id === id ? keys[at] : (byId ??= new Map(keys.map((one) => [one.id, one]))).get(id);
    return entry === undefined ? [storable(id), storable(fingerprint), null, null, null] : rowOf(entry);
  });
  const filled = sql`insert into ${
    sql.table(into ?? "uncoupled")
  } (connection, step, side, id, fingerprint, keys, made, agrees)
    select * from (select ${connection}::text as connection, ${step}::text as step, ${side}::text as side, i.*
      from ${given(rows, keyColumns)} i) k where ${isGiven}`;
  if (into !== null) return filled;
  return sql`${filled} and ${unnamed("k", side)}
    on conflict (connection, step, side, id) do update set fingerprint = excluded.fingerprint, keys = excluded.keys,
      made = excluded.made, agrees = excluded.agrees`;
}

/** Forgets what was unclear, and keeps by which pairs get their bases. */
export async function beginMatching(
  { tx, connection, step }: Work,
  { definition, base }: NonNullable<Settlement["matching"]>,
): Promise<void> {
  const place = sql`connection = ${connection} and step = ${step}`;
  await sql`delete from unclear where ${place}`.execute(tx);
  await sql`update uncoupled set unclear = null where ${place} and unclear is not null`.execute(tx);
  // Names are to be the same as in the data, where those of properties stand as they are.
  const fields = sql`${JSON.stringify(base)}::text::jsonb`;
  await sql`update steps set bases = bases || jsonb_build_object(${definition}::text, ${fields})
    where ${place}`.execute(tx);
}

/** Store.match. `hasFresh`: what is matched stands in the table `fresh`; what is left of it moves to the others. */
export async function writeMatches(
  work: Work,
  { matching, hasFresh }: { readonly matching: Matching; readonly hasFresh: boolean },
): Promise<Matched> {
  const { tx, connection, step } = work;
  const { group, share, definition, how, except } = matching;
  const place = sql`connection = ${connection} and step = ${step}`;
  // Sorts and hashes of a whole share stay in memory.
  await sql`select set_config('work_mem', '64MB', true)`.execute(tx);
  const table = sql.table(hasFresh ? "fresh" : "uncoupled");
  const key = sql.raw(`u.keys[${group + 1}]`);
  const inShare = sql`(${share.of} = 1 or mod(hashtext(${key})::bigint + 2147483648, ${share.of}) = ${share.nth})`;
  const open = sql`u.connection = ${connection} and u.step = ${step} and u.unclear is null and ${key} is not null
    and ${inShare} and ${free("u", work)}`;
  const onBothSides = sql.raw(`bool_or(u.side = 'erp') and bool_or(u.side = 'crm')`);
  const of = (side: Side, value: string) => sql.raw(`${value} filter (where u.side = '${side}') as ${side}`);
  const held = (side: Side) => sql`${sql.raw(side)}.id in (select json_array_elements_text(${json(except[side])}))`;
  const unsettled = (side: Side, source: string) =>
    sql`exists (select from changes h where h.connection = ${connection} and h.step = ${step} and h.side = ${side}
      and h.source = ${sql.raw(source)} and h.state in ${unsettledOnes})`;
  type Found = { coupled: number; agreed: number; doubtful: number; except: Matched["except"] };
  const [found] = await rowsOf<Found>(
    tx,
    sql`with met as materialized (
      select ${of("erp", "count(*)")}_count, ${of("crm", "count(*)")}_count,
        ${of("erp", "min(u.ctid)")}_at, ${of("crm", "min(u.ctid)")}_at
      from ${table} u where ${open} group by ${key} having ${onBothSides}
    ), pairs as materialized (
      select erp.id as erp_id, crm.id as crm_id, erp_at, crm_at, erp.fingerprint as seen_erp,
        crm.fingerprint as seen_crm,
        coalesce(erp.agrees && crm.agrees, false) and not ${unsettled("crm", "erp.id")}
          and not ${unsettled("erp", "crm.id")} as agreed,
        ${held("erp")} or ${held("crm")} as held
      from met join ${table} erp on erp.ctid = erp_at join ${table} crm on crm.ctid = crm_at
      where erp_count = 1 and crm_count = 1
      order by erp.id -- an index takes them faster in its order
    ), made as (
      insert into couplings (connection, step, erp_id, crm_id, state, base, seen_erp, seen_crm, definition, how, dirty)
      select ${connection}::text, ${step}::text, erp_id, crm_id, 'coupled',
        case when agreed then ${asSeen} end,
        case when agreed then seen_erp end, case when agreed then seen_crm end, ${definition}::text, ${how}::text,
        not agreed
      from pairs where not held
    ), gone as (
      delete from ${table} u using (select erp_at as at from pairs where not held
        union all select crm_at from pairs where not held) p where u.ctid = p.at
    ), marked as (
      update ${table} u set unclear = ${group}::int from (select erp_at as at from pairs where held
        union all select crm_at from pairs where held) p where u.ctid = p.at
    )
    select json_build_object('coupled', (select count(*) from pairs where not held),
      'agreed', (select count(*) from pairs where not held and agreed),
      'doubtful', (select count(*) from met where erp_count > 1 or crm_count > 1),
      'except', coalesce((select json_agg(json_build_object('erp', erp_id, 'crm', crm_id) order by erp_id)
        from pairs where held), '[]'))::text as row`,
  );
  const { doubtful, ...matched } = found!;
  if (doubtful > 0) {
    await sql`with several as materialized (
        select ${key} as key, ${of("erp", "array_agg(u.id order by u.id)")}, array_agg(u.ctid) as places,
          ${of("crm", "array_agg(u.id order by u.id)")}
        from ${table} u where ${open} group by ${key}
        having ${onBothSides} and count(*) > 2
      ), listed as (
        insert into unclear (connection, step, position, key, erp, crm)
        select ${connection}::text, ${step}::text, ${group}::int, key, erp, crm from several
      )
      update ${table} u set unclear = ${group}::int from (select unnest(places) as at from several) m
        where u.ctid = m.at`.execute(tx);
  }
  // Those without a key are of no share, and go with the first.
  const isLeft = sql`(case when ${key} is null then ${share.nth} = 0 else ${inShare} end)`;
  if (hasFresh) await move(work, isLeft);
  if (matched.coupled > 0) {
    await sql`update steps set coupled = coupled + ${matched.coupled}::int where ${place}`.execute(tx);
    await work.grown(work, "couplings", { length: matched.coupled });
  }
  return matched;
}
