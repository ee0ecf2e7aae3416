/** The writes of the store in SQL: set by set, and only rows that differ. All run inside the caller's transaction. */
import { sql } from "kysely";
import { couplingTaken, isOpen, leaseAfter, refuseSecondOpen, runEnded } from "./refusals.ts";
import { newestOf } from "./newest.ts";
import { type Db, type Given, given, ids, json, openOnes, pairJoins, rowsOf, unsettledOnes } from "./sql_rows.ts";
import { writeKeys, writeUncoupled } from "./sql_uncoupled.ts";
import type { Change, Coupling, Lease, PageSave, Run, Settlement, Side, StoredRecord } from "./store.ts";
import { encode, storable } from "./text.ts";

/** A transaction, and where what it writes belongs. */
export interface Work {
  readonly tx: Db;
  readonly connection: string;
  readonly step: string;
  /** Told of rows of a table (and side) that are new or changed; makes new statistics where that is due. */
  readonly grown: (work: Work, table: Table, rows: { readonly length: number }) => Promise<void>;
}
/** A table whose rows are counted, and the side where it holds both. */
export type Table = "couplings" | "changes" | `${"records" | "uncoupled"} ${Side}`;
/** Ids of records of each side that a write may have changed something for. */
type Touched = Record<Side, string[]>;

/**
 * Makes the step known, refuses who lost it, and lets one transaction at a time write to it: what is derived (`dirty`) is
 * only right when nobody else changes what it is derived from.
 */
export async function hold({ tx, connection, step }: Work, taken: Lease | undefined): Promise<void> {
  await sql`insert into steps (connection, step) values (${connection}::text, ${step}::text)
    on conflict do nothing`.execute(tx);
  const { rows } = await sql<{ lease: string | null }>`select lease::text as lease from steps
    where connection = ${connection} and step = ${step} for update`.execute(tx);
  const last: Lease | null = JSON.parse(rows[0]?.lease ?? "null");
  const lease = leaseAfter(step, last, taken);
  if (lease === last) return;
  await sql`update steps set lease = ${json(lease)}::jsonb where connection = ${connection} and step = ${step}`
    .execute(tx);
}

/** Store.saveRun. */
export async function writeRun(tx: Db, connection: string, run: Run): Promise<void> {
  const id = storable(run.runId);
  const { rows } = await sql`insert into runs (connection, run_id, started_at, run)
    values (${connection}::text, ${id}::text, ${run.startedAt}::text, ${json(run)}::jsonb)
    on conflict (connection, run_id) do update set started_at = excluded.started_at, run = excluded.run
      where runs.run ->> 'status' in ('In Process', excluded.run ->> 'status') returning 1 as saved`.execute(tx);
  if (rows.length > 0) return;
  const last = await sql<{ run: string }>`select run::text as run from runs
    where connection = ${connection} and run_id = ${id}`.execute(tx);
  for (const { run } of last.rows) throw runEnded(JSON.parse(run));
}

/** Store.savePage. */
export async function writePage(work: Work, { side, page }: { side: Side; page: PageSave }): Promise<void> {
  const { tx, connection, step } = work;
  await hold(work, page.lease);
  await sql`delete from met where connection = ${connection} and step = ${step} and side = ${side}
    and run <> ${page.run}`.execute(tx);
  const { isNew = false } = page;
  // Of a side that nothing was known of all is met.
  const met = isNew ? [] : [...page.records.map((record) => record.id), ...page.met ?? []];
  if (met.length > 0) {
    await sql`insert into met (connection, step, side, run, ids) values (${connection}::text, ${step}::text,
      ${side}::text, ${page.run}::text, ${ids(met)})`.execute(tx);
  }
  const records = page.records.map((record) => ({ ...record, side, state: "present" as const, mergedInto: null }));
  const changed = await mergeRecords(work, records, { isNew });
  const touched = { erp: [...changed.erp], crm: [...changed.crm] };
  const gone = [
    { state: "left", rows: page.left.map((id) => ({ id, into: null })) },
    { state: "merged", rows: page.merged ?? [] },
    { state: "deleted", rows: page.deleted.map((id) => ({ id, into: null })) },
  ];
  for (const { state, rows } of gone) touched[side].push(...await writeGone(work, { side, state, rows }));
  await derive(work, touched);
  const { keys } = page;
  if (!isNew || keys === undefined) {
    await writeUncoupled(work, side, { touched: touched[side], changed: changed[side] });
  }
  if (keys !== undefined) await writeKeys(work, side, { keys, isNew });
  const newest = newestOf(page.records);
  if (newest !== null) {
    const column = sql.raw(`newest_${side}`);
    await sql`update steps set ${column} = ${json(newest)}::jsonb
      where connection = ${connection} and step = ${step}
        and coalesce(${column} ->> 'modifiedAt', '') collate "C" < ${newest.modifiedAt}::text`.execute(tx);
  }
  const places = [["cursor", page.cursor], ["swept", page.swept], ["whole", page.whole]] as const;
  for (const [column, value] of places) {
    if (value === undefined) continue;
    await sql`update steps set ${sql.raw(`${column}_${side}`)} = ${value}::text
      where connection = ${connection} and step = ${step}`.execute(tx);
  }
}

/** Gives records another state; ids of those that have it only now. A merged record that is deleted as well stays merged. */
async function writeGone(
  { tx, connection, step }: Work,
  { side, state, rows }: { side: Side; state: string; rows: readonly { id: string; into: string | null }[] },
): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  const last = [...new Map(rows.map((row) => [row.id, row])).values()];
  const written = await sql<{ id: string }>`update records r set state = ${state}::text, merged_into = i."into"
    from json_to_recordset(${json(last)}) as i(id text, "into" text)
    where r.connection = ${connection} and r.step = ${step} and r.side = ${side} and r.id = i.id
      and not (r.state = 'merged' and ${state}::text = 'deleted')
      and (r.state, r.merged_into) is distinct from (${state}::text, i."into") returning r.id`.execute(tx);
  return written.rows.map((row) => row.id);
}

/** Store.save. */
export async function writeSettlement(work: Work, settlement: Settlement): Promise<void> {
  const { records = [], parted = [], couplings = [], changes = [], close = [], definition } = settlement;
  refuseSecondOpen(work.step, settlement);
  await hold(work, settlement.lease);
  const changed = await mergeRecords(work, records.map(({ side, record }) => ({ ...record, side })));
  const touched = { erp: [...changed.erp], crm: [...changed.crm] };
  await writeChanges(work, { changes, close });
  // A change stands on the side that is written, its source is a record of the other.
  for (const { side, source } of [...changes, ...close]) touched[side === "erp" ? "crm" : "erp"].push(source);
  const ended = [...await endCouplings(work, parted), ...await writeCouplings(work, couplings)];
  for (const { erpId, crmId } of [...ended, ...couplings]) {
    touched.erp.push(erpId);
    touched.crm.push(crmId);
  }
  await count(work, { ended, couplings });
  await derive(work, touched);
  for (const side of ["erp", "crm"] as const) {
    await writeUncoupled(work, side, { touched: touched[side], changed: changed[side] });
    await writeKeys(work, side, { keys: settlement.keys?.[side] ?? [] });
  }
  if (definition !== undefined) await writeDefinition(work, definition);
  if (settlement.ended !== undefined) {
    await sql`update steps set ended = ${settlement.ended.definition}::text,
        loaded = loaded or ${settlement.ended.loaded}::boolean
      where connection = ${work.connection} and step = ${work.step}`.execute(work.tx);
  }
  if (settlement.rebuilt !== undefined) {
    await sql`update steps set rebuilt = ${settlement.rebuilt}::boolean,
        restored = restored or ${settlement.rebuilt}::boolean
      where connection = ${work.connection} and step = ${work.step}`.execute(work.tx);
  }
  if (settlement.rebase) await writeRebase(work);
}

type SidedRecord = StoredRecord & { readonly side: Side };

const recordColumns: readonly Given[] = [
  ...["side", "id", "key", "label"].map((name): Given => [name, "text"]),
  ["data", "json"],
  ...["version", "modified_at", "fingerprint", "frozen", "state", "merged_into"].map((name): Given => [name, "text"]),
];

/** Returns the ids of those that are new or other than they were. `isNew`: that need not be looked for. */
async function mergeRecords(
  work: Work,
  records: readonly SidedRecord[],
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<Touched> {
  const { tx, connection, step } = work;
  const touched: Touched = { erp: [], crm: [] };
  if (records.length === 0) return touched;
  const last = [...new Map(records.map((record) => [`${record.side} ${record.id}`, record])).values()];
  const different = isNew ? last : await differentOf(work, last);
  if (different.length === 0) return touched;
  const rows = different.map((
    record,
  ) => [...seenOf(record, encode(record.data)), record.state, text(record.mergedInto)]);
  await sql`insert into records
      (connection, step, side, id, key, label, data, version, modified_at, fingerprint, frozen, state, merged_into)
    select ${connection}::text, ${step}::text, i.* from ${given(rows, recordColumns)} i
    on conflict (connection, step, side, id) do update set key = excluded.key, label = excluded.label,
      data = excluded.data, version = excluded.version, modified_at = excluded.modified_at,
      fingerprint = excluded.fingerprint, frozen = excluded.frozen, state = excluded.state,
      merged_into = excluded.merged_into`.execute(tx);
  for (const { side, id } of different) touched[side].push(id);
  await work.grown(work, "records erp", touched.erp);
  await work.grown(work, "records crm", touched.crm);
  return touched;
}

/** Without the data, which most records of a full reading need not be sent with: the fingerprint stands for it. */
async function differentOf({ tx, connection, step }: Work, records: readonly SidedRecord[]): Promise<SidedRecord[]> {
  const rows = records.map((record, at) => [...seenOf(record, String(at)), record.state, text(record.mergedInto)]);
  const columns = recordColumns.map((column): Given => column[0] === "data" ? ["at", "int"] : column);
  const found = await sql<{ at: number }>`select i.at from ${given(rows, columns)} i left join lateral (
      select * from records r where r.connection = ${connection} and r.step = ${step} and r.side = i.side
        and r.id = i.id limit 1
    ) r on true
    where r.id is null or (r.key, r.label, r.version, r.modified_at, r.fingerprint, r.frozen, r.state, r.merged_into)
      is distinct from (i.key, i.label, i.version, i.modified_at, i.fingerprint, i.frozen, i.state, i.merged_into)`
    .execute(tx);
  return found.rows.map(({ at }) => records[at]!);
}

/** The first columns; `data` is what stands in the place of the data. */
function seenOf(record: SidedRecord, data: string): (string | null)[] {
  const { side, id, key, label, version, modifiedAt, fingerprint, frozen } = record;
  return [
    ...[side, storable(id), text(key), text(label), data],
    ...[storable(version), text(modifiedAt), storable(fingerprint), text(frozen)],
  ];
}

function text(value: string | null): string | null {
  return value === null ? null : storable(value);
}

async function writeChanges(
  work: Work,
  { changes, close }: { changes: readonly Change[]; close: NonNullable<Settlement["close"]> },
): Promise<void> {
  const { tx, connection, step } = work;
  const closing = [...close, ...changes.filter(isOpen)].map(({ side, source }) => ({ side, source }));
  if (closing.length > 0) {
    await sql`update changes h set state = 'closed'
      from (select distinct * from json_to_recordset(${json(closing)}) as i(side text, source text)) i
      where h.connection = ${connection} and h.step = ${step} and h.side = i.side and h.source = i.source
        and h.state in ${openOnes}`.execute(tx);
  }
  if (changes.length === 0) return;
  const last = [...new Map(changes.map((change) => [change.id, change])).values()];
  await sql`
    insert into changes (connection, step, id, run, side, op, source, target, after, before, basis, version, state, reasons,
      lost, attempts, retry_at, at)
    select ${connection}::text, ${step}::text, i.* from json_to_recordset(${json(last)}) as i(id text, run text,
      side text, op text, source text, target text, after jsonb, before jsonb, basis jsonb, version text, state text,
      reasons jsonb, lost jsonb, attempts int, "retryAt" text, at text)
    on conflict (connection, id) do update set step = excluded.step, run = excluded.run, side = excluded.side,
      op = excluded.op, source = excluded.source, target = excluded.target, after = excluded.after,
      before = excluded.before, basis = excluded.basis, version = excluded.version, state = excluded.state, reasons = excluded.reasons,
      lost = excluded.lost, attempts = excluded.attempts, retry_at = excluded.retry_at, at = excluded.at`.execute(tx);
  await work.grown(work, "changes", last);
}

interface Ended {
  readonly erpId: string;
  readonly crmId: string;
  readonly state: Coupling["state"];
}

/** Ends couplings without a tombstone; those that were there. */
async function endCouplings({ tx, connection, step }: Work, erpIds: readonly string[]): Promise<readonly Ended[]> {
  if (erpIds.length === 0) return [];
  return await rowsOf<Ended>(
    tx,
    sql`delete from couplings where connection = ${connection} and step = ${step} and erp_id = any(${ids(erpIds)})
      returning json_build_object('erpId', erp_id, 'crmId', crm_id, 'state', state)::text as row`,
  );
}

/** Returns those that they take the place of. */
async function writeCouplings(work: Work, couplings: readonly Coupling[]): Promise<readonly Ended[]> {
  const { tx, connection, step } = work;
  if (couplings.length === 0) return [];
  const last = lastOf(couplings);
  // Replaced as a set, so that two pairs may exchange their CRM records.
  const ended = await endCouplings(work, last.map((coupling) => coupling.erpId));
  await refuseTaken(work, last);
  const rows = last.map(({ erpId, crmId, state, base, seen, definition, how, written, resolution }) => [
    ...[storable(erpId), storable(crmId), state, base === null ? null : encode(base), text(seen.erp), text(seen.crm)],
    ...[storable(definition), storable(how), written === null ? null : encode(written)],
    resolution === null ? null : encode(resolution),
  ]);
  await sql`
    insert into couplings (connection, step, erp_id, crm_id, state, base, seen_erp, seen_crm, definition, how, written,
      resolution)
    select ${connection}::text, ${step}::text, i.* from ${
    given(rows, [
      ...["erp_id", "crm_id", "state"].map((name): Given => [name, "text"]),
      ["base", "json"],
      ...["seen_erp", "seen_crm", "definition", "how"].map((name): Given => [name, "text"]),
      ["written", "json"],
      ["resolution", "json"],
    ])
  } i`.execute(tx);
  await work.grown(work, "couplings", last);
  return ended;
}

function lastOf(couplings: readonly Coupling[]): Coupling[] {
  return [...new Map(couplings.map((coupling) => [coupling.erpId, coupling])).values()];
}

/** Keeps the step's number of couplings. */
async function count(
  { tx, connection, step }: Work,
  { ended, couplings }: { readonly ended: readonly Ended[]; readonly couplings: readonly Coupling[] },
): Promise<void> {
  const coupled = (some: readonly { readonly state: Coupling["state"] }[]) =>
    some.filter(({ state }) => state === "coupled").length;
  const more = coupled(lastOf(couplings)) - coupled(ended);
  if (more === 0) return;
  await sql`update steps set coupled = coupled + ${more}::int where connection = ${connection} and step = ${step}`
    .execute(tx);
}

/** The unique index refuses the same; this names the records. */
async function refuseTaken({ tx, connection, step }: Work, couplings: readonly Coupling[]): Promise<void> {
  const taken = new Map<string, string>();
  for (const { erpId, crmId, state } of couplings) {
    if (state === "tombstone") continue;
    const other = taken.get(crmId);
    if (other !== undefined) throw couplingTaken(step, { crmId, erpIds: [other, erpId] });
    taken.set(crmId, erpId);
  }
  const { rows } = await sql<{ crm: string; erp: string }>`select crm_id as crm, erp_id as erp from couplings
    where connection = ${connection} and step = ${step} and state <> 'tombstone'
      and crm_id = any(${ids([...taken.keys()])}) order by crm_id limit 1`.execute(tx);
  for (const { crm, erp } of rows) throw couplingTaken(step, { crmId: crm, erpIds: [erp, taken.get(crm) ?? ""] });
}

async function writeDefinition(
  { tx, connection, step }: Work,
  { hash, rules, entities, alone = false }: NonNullable<Settlement["definition"]>,
): Promise<void> {
  const own = sql`jsonb_build_object(${hash}::text, ${json(rules)}::jsonb)`;
  if (alone) {
    await sql`update steps set entities = ${json(entities)}::jsonb, rules = rules || ${own}
      where connection = ${connection} and step = ${step}`.execute(tx);
    return;
  }
  await sql`update steps s set
      definition = ${hash}::text,
      cursor_erp = case when definition = ${hash} then cursor_erp end,
      cursor_crm = case when definition = ${hash} then cursor_crm end,
      entities = ${json(entities)}::jsonb,
      rules = coalesce((select jsonb_object_agg(known.key, known.value) from jsonb_each(s.rules) known
        where exists (select from couplings c where c.connection = s.connection and c.step = s.step
          and c.definition = known.key)), '{}') || ${own}
    where connection = ${connection} and step = ${step}`.execute(tx);
}

async function writeRebase({ tx, connection, step }: Work): Promise<void> {
  await sql`update steps set cursor_erp = null, cursor_crm = null, newest_erp = null, newest_crm = null
    where connection = ${connection} and step = ${step}`
    .execute(tx);
  await sql`update couplings set base = null, seen_erp = null, seen_crm = null, resolution = null, dirty = true
    where connection = ${connection} and step = ${step} and state = 'coupled'`.execute(tx);
}

/** Says again of each coupling of these records whether it needs a look; what Store.pairs goes by. */
async function derive({ tx, connection, step }: Work, { erp, crm }: Touched): Promise<void> {
  if (erp.length === 0 && crm.length === 0) return;
  await sql`
    with touched as (
      select erp_id from couplings where connection = ${connection} and step = ${step} and erp_id = any(${ids(erp)})
      union
      select erp_id from couplings where connection = ${connection} and step = ${step} and crm_id = any(${ids(crm)})
        and state <> 'tombstone'
    ), derived as (
      select c.erp_id, c.state = 'coupled' and (
        coalesce(e.state, '') not in ('present', 'completed') or e.fingerprint is distinct from c.seen_erp or
        coalesce(r.state, '') not in ('present', 'completed') or r.fingerprint is distinct from c.seen_crm or
        exists (select from changes h where h.connection = c.connection and h.step = c.step and h.side = 'crm'
          and h.source = c.erp_id and h.state in ${unsettledOnes}) or
        exists (select from changes h where h.connection = c.connection and h.step = c.step and h.side = 'erp'
          and h.source = c.crm_id and h.state in ${unsettledOnes})) as dirty
      from touched join couplings c on c.connection = ${connection} and c.step = ${step} and c.erp_id = touched.erp_id
      ${pairJoins}
    )
    update couplings c set dirty = derived.dirty from derived
    where c.connection = ${connection} and c.step = ${step} and c.erp_id = derived.erp_id
      and c.dirty <> derived.dirty`.execute(tx);
}
