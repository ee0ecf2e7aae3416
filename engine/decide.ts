/** Decides what is to be done for the records of a step, and saves it as intended changes before anything is sent. */
import type { Fields, Value } from "../connectors/connector.ts";
import type { Unclear } from "../matching/couple.ts";
import type { Base, Change, Coupling, Pair, Reason, Side, StoredRecord } from "../store/store.ts";
import { creationOf } from "./creation.ts";
import { readLookups } from "./lookups.ts";
import { pagesOf } from "./paging.ts";
import { derivedId } from "./record.ts";
import { type Decision, type Lookups, reconcile } from "./reconcile.ts";
import { otherSide, type StepContext } from "./context.ts";
import { writesTo } from "./rules.ts";
import { outcomeOf } from "./tally.ts";

/** Pairs and records are decided in pages of this many. */
const page = 500;

type Saved = { couplings: Coupling[]; changes: Change[]; close: { side: Side; source: string }[] };

/**
 * Decides the coupled pairs that may need something. `again`: a later round of the same run, which decides only what
 * the round before left undecided. Returns how many pairs were looked at.
 */
export async function decidePairs(context: StepContext, again: boolean): Promise<number> {
  const { store, connection, step, compiled } = context;
  let looked = 0;
  const pages = pagesOf<Pair>(
    page,
    (pair) => pair.coupling.erpId,
    (keyset) => store.pairs(connection, step.name, { ...keyset, definition: compiled.hash }),
  );
  for await (const pairs of pages) {
    context.signal?.throwIfAborted();
    const wanted = pairs.filter((pair) => context.selects(pair.erp, pair.crm) && (!again || !isSeen(pair)));
    if (wanted.length > 0) {
      const rows = wanted.map((pair) => ({ erp: pair.erp?.data ?? null, crm: pair.crm?.data ?? null }));
      const lookups = await readLookups(store, connection, compiled, rows);
      const saved: Saved = { couplings: [], changes: [], close: [] };
      for (const pair of wanted) decidePair(context, pair, lookups, saved, again);
      await store.save(connection, step.name, saved);
      context.progress();
    }
    looked += wanted.length;
  }
  return looked;
}

/** Nothing about it changed since the last complete decision: it is only here because something waits. */
function isSeen({ coupling, erp, crm }: Pair): boolean {
  return erp?.fingerprint === coupling.seen.erp && crm?.fingerprint === coupling.seen.crm &&
    erp?.state === "present" && crm?.state === "present";
}

function decidePair(context: StepContext, pair: Pair, lookups: Lookups, saved: Saved, again: boolean): void {
  const { step, compiled } = context;
  const { coupling, erp, crm } = pair;
  const gone = goneOf(pair);
  if (erp === null || crm === null || gone !== "no") {
    if (gone === "both") {
      saved.couplings.push({ ...coupling, state: "tombstone" });
      for (const side of context.sides) saved.close.push({ side, source: sourceOf(coupling, side) });
    } else if (gone === "erp" || gone === "crm") {
      const listed = context.sides.includes(gone) ? gone : otherSide(gone);
      const change = listing(context, listed, sourceOf(coupling, listed), [missing(context, pair, gone)]);
      saved.changes.push({ ...change, target: targetOf(coupling, listed) });
    }
    for (const side of context.sides) {
      const outcome = gone === "erp" || gone === "crm" ? "blocked" : "skipped";
      context.count(side, sourceOf(coupling, side), outcome, { again });
    }
    return;
  }
  const base = context.knownBase(coupling);
  const decision = reconcile(step, compiled.rules, { erp: erp.data, crm: crm.data, base }, lookups);
  const stops = (side: Side) =>
    (side === "crm" ? crm : erp).frozen !== null ||
    decision.reasons[side].some((one) => one.code === "waiting" || one.code === "refused");
  const writes = context.sides.filter((side) => Object.keys(decision[side]).length > 0 && !stops(side));
  for (const side of context.sides) {
    const target = side === "crm" ? crm : erp;
    const source = sourceOf(coupling, side);
    const reasons = decision.reasons[side];
    if (writes.includes(side)) {
      saved.changes.push(update(context, side, { coupling, erp, crm }, decision));
      continue;
    }
    if (reasons.length > 0 && target.frozen === null) {
      saved.changes.push({ ...listing(context, side, source, reasons), target: target.id });
    } else saved.close.push({ side, source });
    const counted = [...reasons, ...decision.reasons.crm.filter((one) => one.code === "conflict")];
    const quiet = target.frozen !== null && Object.keys(decision[side]).length > 0 ? "skipped" : "unchanged";
    context.count(side, source, outcomeOf(counted) ?? quiet, { again, revisited: writes.length > 0 });
  }
  saved.couplings.push({
    ...coupling,
    base: baseWith(context, base, valuesOf(context, decision.agreed, { erp: erp.data, crm: crm.data })),
    // What is written is seen only when the answer is there: a stop in between makes the pair a candidate again.
    seen: {
      erp: writes.includes("erp") ? null : erp.fingerprint,
      crm: writes.includes("crm") ? null : crm.fingerprint,
    },
    definition: compiled.hash,
  });
}

/** Decides the uncoupled records whose counterpart would stand on `side`; `again` as for {@link decidePairs}. */
export async function decideUncoupled(
  context: StepContext,
  side: Side,
  { ambiguous, again }: { ambiguous: readonly Unclear[]; again: boolean },
): Promise<void> {
  const { store, connection, step, compiled } = context;
  const from = otherSide(side);
  const load = side === "crm" ? step.load.toCrm : step.load.fromCrm;
  const inserts = load?.unmatched === "insert" && !context.onlyCoupled;
  const candidates = new Map(ambiguous.filter((one) => one.side === from).map((one) => [one.id, one.candidates]));
  const pages = pagesOf<StoredRecord>(
    page,
    (record) => record.id,
    (keyset) => store.records(connection, step.name, from, { uncoupled: true }, keyset),
  );
  for await (const records of pages) {
    context.signal?.throwIfAborted();
    const wanted = records.filter((record) =>
      context.selects(record, null) && (!again || context.isUndecided(side, record.id))
    );
    const rows = wanted.map((record) => ({ erp: null, crm: null, [from]: record.data }));
    const lookups = inserts && wanted.length > 0 ? await readLookups(store, connection, compiled, rows) : null;
    const saved: Saved = { couplings: [], changes: [], close: [] };
    for (const record of wanted) {
      const several = candidates.get(record.id);
      const unsettled = context.unsettled.get(`${side} ${record.id}`);
      if (unsettled !== undefined) context.count(side, record.id, unsettled, { again });
      else if (several !== undefined) {
        saved.changes.push(listing(context, side, record.id, [ambiguity(context, side, record, several)]));
        context.count(side, record.id, "blocked", { again });
      } else if (lookups === null || record.frozen !== null) {
        saved.close.push({ side, source: record.id });
        context.count(side, record.id, "skipped", { again });
      } else decideCreation(context, side, record, lookups, saved, again);
    }
    await store.save(connection, step.name, saved);
    context.progress();
  }
}

function decideCreation(
  context: StepContext,
  side: Side,
  source: StoredRecord,
  lookups: Lookups,
  saved: Saved,
  again: boolean,
): void {
  const { step, compiled } = context;
  const { fields, agreed, reasons, stops } = creationOf(compiled, side, source.data, lookups);
  if (stops) {
    saved.changes.push(listing(context, side, source.id, reasons));
    context.count(side, source.id, outcomeOf(reasons) ?? "blocked", { again });
    return;
  }
  const derived = step.extract[side].creation === "derived id";
  const met = valuesOf(context, agreed, { erp: source.data, crm: source.data });
  saved.changes.push({
    ...listing(context, side, source.id, reasons),
    id: context.changeId(),
    op: "insert",
    basis: side === "crm" ? met.erp : met.crm,
    target: derived ? derivedId(context.outside, step.name, source.id) : null,
    after: fields,
    state: "intended",
  });
}

function update(
  context: StepContext,
  side: Side,
  { coupling, erp, crm }: { coupling: Coupling; erp: StoredRecord; crm: StoredRecord },
  decision: Decision,
): Change {
  const target = side === "crm" ? crm : erp;
  const after = decision[side];
  const before = Object.fromEntries(Object.keys(after).map((field) => [field, target.data[field] ?? null]));
  const written = context.compiled.rules.filter((rule) => {
    const field = side === "crm" ? rule.crm : rule.erp;
    return field !== null && field in after && writesTo(rule, side);
  });
  const met = valuesOf(context, written.map((rule) => rule.crm), { erp: erp.data, crm: crm.data });
  return {
    ...listing(context, side, sourceOf(coupling, side), decision.reasons[side]),
    id: context.changeId(),
    op: "update",
    target: target.id,
    after,
    before,
    basis: side === "crm" ? met.erp : met.crm,
    version: target.version,
    state: "intended",
  };
}

/** A change that writes nothing: it only says why. It has one id for its side and source, so it is replaced, not piled up. */
export function listing(context: StepContext, side: Side, source: string, reasons: readonly Reason[]): Change {
  return {
    id: `open ${context.step.name} ${side} ${source}`,
    run: context.run,
    step: context.step.name,
    side,
    op: "none",
    source,
    target: null,
    after: {},
    before: {},
    basis: {},
    version: null,
    state: "open",
    reasons,
    attempts: 0,
    at: context.now(),
  };
}

/** Both sides' values of these rules, by CRM field. */
export function valuesOf(
  context: StepContext,
  names: readonly string[],
  data: { readonly erp: Fields; readonly crm: Fields },
): Base {
  const wanted = new Set(names);
  const values = { erp: {} as Record<string, Value>, crm: {} as Record<string, Value> };
  for (const rule of context.compiled.rules.filter((one) => wanted.has(one.crm))) {
    values.erp[rule.crm] = rule.erp === null ? rule.value : data.erp[rule.erp] ?? null;
    values.crm[rule.crm] = data.crm[rule.crm] ?? null;
  }
  return values;
}

/** The base with these values; fields that no rule names any more are dropped. */
export function baseWith(context: StepContext, base: Base | null, values: Base): Base {
  const kept = new Set(context.compiled.rules.map((rule) => rule.crm).filter((name) => !(name in values.crm)));
  const keep = (fields: Fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => kept.has(name)));
  return { erp: { ...keep(base?.erp ?? {}), ...values.erp }, crm: { ...keep(base?.crm ?? {}), ...values.crm } };
}

function goneOf({ erp, crm }: Pair): "no" | "erp" | "crm" | "both" | "left" {
  const deleted = { erp: erp?.state === "deleted", crm: crm?.state === "deleted" };
  if (deleted.erp && deleted.crm) return "both";
  if (deleted.erp) return "erp";
  if (deleted.crm) return "crm";
  return erp?.state === "left" || crm?.state === "left" ? "left" : "no";
}

function missing(context: StepContext, pair: Pair, gone: Side): Reason {
  const { step } = context;
  const name = pair[gone]?.label ?? pair[gone]?.key ?? targetOf(pair.coupling, gone);
  const other = gone === "erp" ? "CRM" : "ERP";
  const message = `Cannot synchronize "${name}": it was deleted from "${step.extract[gone].name}"; ` +
    `delete it in the ${other} as well, or bring it back in its own service`;
  return { code: "missing", message, about: [targetOf(pair.coupling, gone)] };
}

function ambiguity(context: StepContext, side: Side, record: StoredRecord, candidates: readonly string[]): Reason {
  const name = record.label ?? record.key ?? record.id;
  const { name: entity } = context.step.extract[side];
  const why = candidates.length === 1
    ? `the one record of "${entity}" with its keys is that of others too`
    : `${candidates.length} records of "${entity}" have its keys`;
  const message = `Cannot couple "${name}": ${why}; make the keys of the right one unique`;
  return { code: "ambiguous", message, about: candidates };
}

/** The record that a change to `side` comes from stands on the other side. */
export function sourceOf(coupling: Coupling, side: Side): string {
  return side === "crm" ? coupling.erpId : coupling.crmId;
}
function targetOf(coupling: Coupling, side: Side): string {
  return side === "crm" ? coupling.crmId : coupling.erpId;
}
