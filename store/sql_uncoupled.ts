/**
 * Records that no coupling of their step names, with the keys that they are matched by: kept in a table of their own, so
 * that what a run asks of them costs nothing where there are none, and coupled set by set.
 */
import { type RawBuilder, sql } from "kysely";
import { free, type Given, given, ids, json, rowsOf, unnamed, unsettledOnes } from "./sql_rows.ts";
import type { Work } from "./sql_work.ts";
import type { Matched, Matching, RecordKeys, Side, StoredRecord } from "./store.ts";
import { encode, listOf, storable } from "./text.ts";

/** Has the right records of these in the table; those of `changed` have no keys any more. */
export async function writeUncoupled(
  { tx, connection, step }: Work,
  side: Side,
  { touched, changed }: { readonly touched: readonly string[]; readonly changed: readonly string[] },
): Promise<void> {
  if (touched.length === 0) return;
  const place = sql`u.connection = ${connection} and u.step = ${step} and u.side = ${side}`;
  if (changed.length > 0) {
    await sql`delete from uncoupled u where ${place} and u.id = any(${ids(changed)})`.execute(tx);
  }
  await sql`delete from uncoupled u where ${place} and u.id = any(${ids(touched)}) and not (${unnamed("u", side)}
    and exists (select from records r where r.connection = ${connection} and r.step = ${step} and r.side = ${side}
      and r.id = u.id and r.state = 'present'))`.execute(tx);
  await sql`insert into uncoupled (connection, step, side, id, fingerprint)
    select r.connection, r.step, r.side, r.id, r.fingerprint from records r
    where r.connection = ${connection} and r.step = ${step} and r.side = ${side} and r.id = any(${ids(touched)})
      and r.state = 'present' and ${unnamed("r", side)}
    on conflict do nothing`.execute(tx);
}

const keyColumns: readonly Given[] = [
  ...[["id", "text"], ["fingerprint", "text"], ["keys", "list"], ["run", "text"]] as const,
  ...[["agrees", "list"], ["base", "text"]] as const,
];

function rowOf({ id, fingerprint, keys, run, meets }: RecordKeys): (string | null)[] {
  const own = [storable(id), storable(fingerprint), listOf(keys), storable(run)];
  return [...own, ...meets === null ? [null, null] : [listOf(meets.agrees), encode(meets.base)]];
}

/** Keys of records that are in the table as they were when the keys were made. */
export async function writeKeys(work: Work, side: Side, keys: readonly RecordKeys[]): Promise<void> {
  if (keys.length === 0) return;
  const { tx, connection, step } = work;
  const last = [...new Map(keys.map((entry) => [entry.id, entry])).values()];
  await sql`update uncoupled u set keys = i.keys, run = i.run, agrees = i.agrees, base = i.base
    from ${given(last.map(rowOf), keyColumns)} i
    where u.connection = ${connection} and u.step = ${step} and u.side = ${side} and u.id = i.id
      and u.fingerprint = i.fingerprint`.execute(tx);
  await work.grown(work, `uncoupled ${side}`, last);
}

/**
 * The statement that puts records of a side that nothing was known of into the table, each given once; where `isGiven`
 * holds. `isAnew`: none of them is there, nor does any coupling name one; else it refuses them all.
 */
export function insertUncoupled(
  { connection, step }: Omit<Work, "tx">,
  side: Side,
  { records, keys, isGiven = sql`true`, isAnew = false }: {
    readonly records: readonly StoredRecord[];
    readonly keys: readonly RecordKeys[];
    readonly isGiven?: RawBuilder<unknown>;
    readonly isAnew?: boolean;
  },
): RawBuilder<unknown> {
  const byId = new Map(keys.map((entry) => [entry.id, entry]));
  const rows = records.map(({ id, fingerprint }) => {
    const entry = byId.get(id);
    return entry === undefined ? [storable(id), storable(fingerprint), null, null, null, null] : rowOf(entry);
  });
  const filled = sql`insert into uncoupled (connection, step, side, id, fingerprint, keys, run, agrees, base)
    select * from (select ${connection}::text as connection, ${step}::text as step, ${side}::text as side, i.*
      from ${given(rows, keyColumns)} i) k where ${isGiven}`;
  if (isAnew) return filled;
  return sql`${filled} and ${unnamed("k", side)}
    on conflict (connection, step, side, id) do update set fingerprint = excluded.fingerprint, keys = excluded.keys,
      run = excluded.run, agrees = excluded.agrees, base = excluded.base`;
}

/** Store.match. */
export async function writeMatches(work: Work, matching: Matching): Promise<Matched> {
  const { tx, connection, step } = work;
  const { group, share, definition, how, except } = matching;
  const place = sql`connection = ${connection} and step = ${step}`;
  if (group === 0 && share.nth === 0) {
    await sql`delete from unclear where ${place}`.execute(tx);
    await sql`update uncoupled set unclear = null where ${place} and unclear is not null`.execute(tx);
  }
  // Sorts and hashes of a whole share stay in memory.
  await sql`select set_config('work_mem', '64MB', true)`.execute(tx);
  const key = sql.raw(`u.keys[${group + 1}]`);
  const open = sql`u.connection = ${connection} and u.step = ${step} and u.unclear is null and ${key} is not null
    and (${share.of} = 1 or mod(hashtext(${key})::bigint + 2147483648, ${share.of}) = ${share.nth}) and ${free("u")}`;
  const of = (side: Side, value: string) => sql.raw(`${value} filter (where u.side = '${side}') as ${side}`);
  const held = (side: Side) => sql`p.${sql.raw(side)}_id in (select json_array_elements_text(${json(except[side])}))`;
  const unsettled = (side: Side, source: string) =>
    sql`exists (select from changes h where h.connection = ${connection} and h.step = ${step} and h.side = ${side}
      and h.source = ${sql.raw(source)} and h.state in ${unsettledOnes})`;
  const [found] = await rowsOf<{ coupled: number; agreed: number; except: Matched["except"] }>(
    tx,
    sql`with met as materialized (
      select ${key} as key, ${of("erp", "count(*)")}_count, ${of("crm", "count(*)")}_count,
        ${of("erp", "min(u.ctid)")}_at, ${of("crm", "min(u.ctid)")}_at
      from uncoupled u where ${open} group by 1
      having count(*) filter (where u.side = 'erp') > 0 and count(*) filter (where u.side = 'crm') > 0
    ), pairs as materialized (
      select e.id as erp_id, c.id as crm_id, erp_at, crm_at, e.fingerprint as seen_erp, c.fingerprint as seen_crm,
        e.base as base_erp, c.base as base_crm, coalesce(e.agrees && c.agrees, false) as agreed
      from met join uncoupled e on e.ctid = erp_at join uncoupled c on c.ctid = crm_at
      where erp_count = 1 and crm_count = 1
    ), excepted as materialized (
      select erp_id, crm_id, erp_at, crm_at from pairs p where ${held("erp")} or ${held("crm")}
    ), made as (
      insert into couplings (connection, step, erp_id, crm_id, state, base, seen_erp, seen_crm, definition, how, dirty)
      select ${connection}::text, ${step}::text, erp_id, crm_id, 'coupled',
        case when agreed then ('{"erp":' || base_erp || ',"crm":' || base_crm || '}')::json end,
        case when agreed then seen_erp end, case when agreed then seen_crm end, ${definition}::text, ${how}::text,
        not agreed
      from (select erp_id, crm_id, seen_erp, seen_crm, base_erp, base_crm,
          agreed and not ${unsettled("crm", "p.erp_id")} and not ${unsettled("erp", "p.crm_id")} as agreed
        from pairs p where not (${held("erp")} or ${held("crm")})) p
      returning erp_id, dirty
    ), gone as (
      delete from uncoupled u using (select erp_at as at from pairs p where not (${held("erp")} or ${held("crm")})
        union all select crm_at from pairs p where not (${held("erp")} or ${held("crm")})) p
      where u.ctid = p.at
    ), doubtful as materialized (
      select key from met where erp_count > 1 or crm_count > 1
    ), several as materialized (
      select u.ctid as at, u.side, u.id, key from uncoupled u join doubtful on key = ${key} where ${open}
    ), listed as (
      insert into unclear (connection, step, position, key, erp, crm)
      select ${connection}::text, ${step}::text, ${group}::int, key, ${of("erp", "array_agg(u.id order by u.id)")},
        ${of("crm", "array_agg(u.id order by u.id)")}
      from several u group by key
    ), marked as (
      update uncoupled u set unclear = ${group}::int from (
        select at from several union all select erp_at from excepted union all select crm_at from excepted) m
      where u.ctid = m.at
    )
    select json_build_object('coupled', (select count(*) from made),
      'agreed', (select count(*) from made where not dirty),
      'except', coalesce((select json_agg(json_build_object('erp', erp_id, 'crm', crm_id) order by erp_id)
        from excepted), '[]'))::text as row`,
  );
  if (found!.coupled > 0) {
    await sql`update steps set coupled = coupled + ${found!.coupled}::int where ${place}`.execute(tx);
    await work.grown(work, "couplings", { length: found!.coupled });
  }
  return found!;
}
