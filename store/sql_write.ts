/** The writes of the store in SQL: set by set, and only rows that differ. Inside the caller's transaction. */
import { type RawBuilder, sql } from "kysely";
import { countCouplings, endCouplings, lastCouplings, writeCouplings } from "./sql_couplings.ts";
import { newestOf } from "./newest.ts";
import { isOpen, refuseSecondOpen, runEnded } from "./refusals.ts";
import { areKnown, begin, gather, isWhole } from "./sql_fresh.ts";
import { hold } from "./sql_hold.ts";
import { insertRecords, keepBases, mergeRecords } from "./sql_records.ts";
import { type Db, type Given, given, ids, json, lastOf, openOnes, pairJoins, unsettledOnes } from "./sql_rows.ts";
import { beginMatching, insertUncoupled, writeKeys, writeUncoupled } from "./sql_uncoupled.ts";
import type { Touched, Uncoupled, Work } from "./sql_work.ts";
import type { Change, PageSave, Run, Settlement, Side } from "./store.ts";
import { encode, storable, unescape } from "./text.ts";

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
  if (page.isNew) return await writeNewPage(work, { side, page });
  const { tx, connection, step } = work;
  const { hasFresh } = await hold(work, page.lease);
  if (hasFresh && isAboutRecords(page)) await gather(work);
  await sql`delete from met where connection = ${connection} and step = ${step} and side = ${side}
    and run <> ${page.run}`.execute(tx);
  const met = [...page.records.map((record) => record.id), ...page.met ?? []];
  if (met.length > 0) {
    await sql`insert into met (connection, step, side, run, ids) values (${connection}::text, ${step}::text,
      ${side}::text, ${page.run}::text, ${ids(met)})`.execute(tx);
  }
  const changed = await mergeRecords(work, { side, records: page.records, areRead: true });
  await writeRest(work, { side, page, changed });
  await writeKeys(work, side, page.keys ?? []);
  for (const table of ["records", "uncoupled"] as const) await work.grown(work, `${table} ${side}`, []);
}

function isAboutRecords({ records, left, deleted, merged = [], keys = [] }: PageSave): boolean {
  return records.length + left.length + deleted.length + merged.length + keys.length > 0;
}

/** Of a side that nothing was known of: all is met, and nothing is compared. */
async function writeNewPage(work: Work, { side, page }: { side: Side; page: PageSave }): Promise<void> {
  const records = lastOf(page.records);
  const { coupled, hasFresh } = await hold(work, page.lease);
  const own: Touched = { erp: [], crm: [], [side]: records.map(({ id }) => id) };
  const isMatched = records.length > 0 && page.keys !== undefined && page.lease !== undefined;
  const isFresh = isMatched && !await areKnown(work, side, page) && (hasFresh || await begin(work));
  if (hasFresh && !isFresh && isAboutRecords(page)) await gather(work);
  if (records.length > 0) {
    if (coupled > 0) await keepBases(work, own);
    await insertRecords(work, { side, records, areRead: true }).execute(work.tx);
    const into = isFresh ? "fresh" : null;
    await insertUncoupled(work, side, { records, keys: lastOf(page.keys ?? []), into }).execute(work.tx);
  }
  if (coupled > 0) await derive(work, own);
  await writeRest(work, { side, page, changed: [] });
  await countNew(work, side, { records, into: isFresh ? "fresh" : "uncoupled" });
}

/** Rows of a new side count, but need no statistics yet. */
export async function countNew(
  work: Work,
  side: Side,
  { records, into }: { readonly records: readonly unknown[]; readonly into: Uncoupled },
): Promise<void> {
  for (const table of ["records", ...into === "uncoupled" ? [into] : []] as const) {
    await work.grown(work, `${table} ${side}`, records, { isNew: true });
  }
}

/** What a page says beside its records. `changed`: those of them that are other than they were. */
async function writeRest(
  work: Work,
  { side, page, changed }: { side: Side; page: PageSave; changed: readonly string[] },
): Promise<void> {
  const { tx, connection, step } = work;
  const touched: Touched = { erp: [], crm: [], [side]: [...changed] };
  const gone = [
    { state: "left", rows: page.left.map((id) => ({ id, into: null })) },
    { state: "merged", rows: page.merged ?? [] },
    { state: "deleted", rows: page.deleted.map((id) => ({ id, into: null })) },
  ];
  for (const { state, rows } of gone) touched[side].push(...await writeGone(work, { side, state, rows }));
  await derive(work, touched);
  await writeUncoupled(work, side, { touched: touched[side], changed });
  const newest = newestOf([...page.newest === undefined ? [] : [page.newest], ...page.isNew ? [] : page.records]);
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
  const last = lastOf(rows);
  const written = await sql<{ id: string }>`update records r set state = ${state}::text, merged_into = i."into"
    from json_to_recordset(${json(last)}) as i(id text, "into" text)
    where r.connection = ${connection} and r.step = ${step} and r.side = ${side} and r.id = i.id
      and not (r.state = 'merged' and ${state}::text = 'deleted')
      and (r.state, r.merged_into) is distinct from (${state}::text, i."into") returning r.id`.execute(tx);
  return written.rows.map((row) => row.id);
}

/** Store.save. */
export async function writeSettlement(work: Work, settlement: Settlement): Promise<void> {
  const { records = [], parted = [], changes = [], turned = [], close = [], definition } = settlement;
  const couplings = lastCouplings(settlement.couplings ?? []);
  refuseSecondOpen(work.step, settlement);
  const { coupled, hasFresh } = await hold(work, settlement.lease);
  // What matching begins with leaves them where they are; after all else each is looked for by itself.
  if (hasFresh && !(settlement.matching !== undefined && await isWhole(work))) await gather(work);
  const changed: Touched = { erp: [], crm: [] };
  for (const side of ["erp", "crm"] as const) {
    const own = records.filter((one) => one.side === side).map(({ record }) => record);
    changed[side] = await mergeRecords(work, { side, records: own, areRead: false });
  }
  const touched = { erp: [...changed.erp], crm: [...changed.crm] };
  const told = await writeChanges(work, { changes, turned, close });
  const ended = [...await endCouplings(work, parted), ...await writeCouplings(work, couplings)];
  // What a coupling that was written twice named before, and names no more, is looked up as well.
  for (const { erpId, crmId } of [...ended, ...settlement.couplings ?? []]) {
    touched.erp.push(erpId);
    touched.crm.push(crmId);
  }
  await countCouplings(work, { ended, couplings });
  const named = { erp: couplings.map(({ erpId }) => erpId), crm: couplings.map(({ crmId }) => crmId) };
  // A coupling that was just written is found by its record of the ERP.
  const isFound = new Set(couplings.flatMap(({ state, crmId }) => state === "coupled" ? [crmId] : []));
  const waiting = { erp: [...touched.erp], crm: touched.crm.filter((id) => !isFound.has(id)) };
  // A change stands on the side that is written, its source is a record of the other.
  for (const { side, source } of told) waiting[side === "erp" ? "crm" : "erp"].push(source);
  if (coupled > 0 || couplings.length > 0) await derive(work, waiting); // without couplings there is nothing to say it of
  for (const side of ["erp", "crm"] as const) {
    await writeUncoupled(work, side, { touched: touched[side], changed: changed[side], named: named[side] });
    await writeKeys(work, side, settlement.keys?.[side] ?? []);
  }
  if (definition !== undefined) await writeDefinition(work, definition);
  if (settlement.matching !== undefined) await beginMatching(work, settlement.matching);
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

/** Returns of what side and source these are, where it may make a difference to what waits. */
async function writeChanges(
  work: Work,
  { changes, turned, close }: Required<Pick<Settlement, "changes" | "turned" | "close">>,
): Promise<readonly { readonly side: Side; readonly source: string }[]> {
  const { tx, connection, step } = work;
  const closing = [...close, ...changes.filter(isOpen)].map(({ side, source }) => ({ side, source }));
  if (closing.length > 0) {
    await sql`update changes h set state = 'closed'
      from (select distinct * from json_to_recordset(${json(closing)}) as i(side text, source text)) i
      where h.connection = ${connection} and h.step = ${step} and h.side = i.side and h.source = i.source
        and h.state in ${openOnes}`.execute(tx);
  }
  const told: { side: Side; source: string }[] = [...changes, ...close];
  if (turned.length > 0) {
    const rows = turned.map(({ id, state, attempts, at }) => [storable(id), state, String(attempts), storable(at)]);
    const columns: readonly Given[] = [["id", "text"], ["state", "text"], ["attempts", "int"], ["at", "text"]];
    const known = await sql<{ side: Side; source: string; state: string }>`update changes h
      set state = i.state, attempts = i.attempts, at = i.at from ${given(rows, columns)} i
      where h.connection = ${connection} and h.step = ${step} and h.id = i.id
      returning h.side, h.source, h.state`.execute(tx);
    told.push(
      ...known.rows.filter(({ state }) => state === "done").map((one) => ({ ...one, source: unescape(one.source) })),
    );
  }
  if (changes.length === 0) return told;
  const last = lastOf(changes);
  await sql`
    insert into changes (connection, step, id, run, side, op, source, target, after, before, basis, version, state, reasons,
      lost, attempts, retry_at, at)
    select ${connection}::text, ${step}::text, i.* from ${given(last.map(changeRow), changeColumns)} i
    on conflict (connection, id) do update set step = excluded.step, run = excluded.run, side = excluded.side,
      op = excluded.op, source = excluded.source, target = excluded.target, after = excluded.after,
      before = excluded.before, basis = excluded.basis, version = excluded.version, state = excluded.state, reasons = excluded.reasons,
      lost = excluded.lost, attempts = excluded.attempts, retry_at = excluded.retry_at, at = excluded.at`.execute(tx);
  await work.grown(work, "changes", last);
  return told;
}

const changeColumns: readonly Given[] = [
  ...["id", "run", "side", "op", "source", "target"].map((name): Given => [name, "text"]),
  ...["after", "before", "basis"].map((name): Given => [name, "json"]),
  ...["version", "state"].map((name): Given => [name, "text"]),
  ...["reasons", "lost"].map((name): Given => [name, "jsonb"]),
  ...[["attempts", "int"], ["retry_at", "text"], ["at", "text"]] as const,
];

function changeRow(change: Change): (string | null)[] {
  const { id, run, side, op, source, target, after, before, basis, version, state, reasons, lost, attempts } = change;
  return [
    ...[storable(id), storable(run), side, op, storable(source), storable(target)],
    ...[after, before, basis].map(encode),
    ...[storable(version), state, encode(reasons), encode(lost), String(attempts)],
    ...[storable(change.retryAt), storable(change.at)],
  ];
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
      bases = ${usedOf("bases")},
      rules = ${usedOf("rules")} || ${own}
    where connection = ${connection} and step = ${step}`.execute(tx);
}

/** What a column of the step s has of definitions that some coupling's base was made with. */
function usedOf(column: "bases" | "rules"): RawBuilder<unknown> {
  return sql.raw(`coalesce((select jsonb_object_agg(known.key, known.value) from jsonb_each(s.${column}) known
    where exists (select from couplings c where c.connection = s.connection and c.step = s.step
      and c.definition = known.key)), '{}')`);
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
