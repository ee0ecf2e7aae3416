/** Decides what is to be done for the records of a step, and saves it as intended changes before anything is sent. */
import type { Fields, Value } from "../connectors/connector.ts";
import { authorityOf, controlled } from "./policy.ts";
import {
  decideParts,
  headOf,
  isAlive,
  marked,
  nextNumber,
  pairParts,
  type PartDecision,
  rulesOfPairs,
} from "./document.ts";
import type { Unclear } from "../matching/couple.ts";
import type { Base, Change, Coupling, Pair, Reason, Side, StoredRecord } from "../store/store.ts";
import { creationOf } from "./creation.ts";
import { readLookups } from "./lookups.ts";
import { pagesOf } from "./paging.ts";
import { derivedId } from "./record.ts";
import { type Decision, isBlank, type Lookups, reconcile, same } from "./reconcile.ts";
import { otherSide, type StepContext } from "./context.ts";
import { type Compiled, type FieldRule, writesTo } from "./rules.ts";
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
  if (erp === null || crm === null || gone !== "no") return decideGone(context, pair, saved, again);
  const line = authorityOf(step, { erp: erp.data, crm: crm.data });
  if (line?.who === "nobody" || line?.who === "person") {
    return leaveAlone(context, { coupling, erp, crm }, line, saved, again);
  }
  const policy = step.load.toCrm?.unless;
  if (policy !== undefined && !isBlank(erp.data[policy]) && step.load.left === "uncouple") {
    return uncouple(context, coupling, saved, again);
  }
  const base = context.knownBase(coupling);
  const { decision, rules, pairs } = decide(context, { erp, crm, base }, lookups, line?.who ?? null);
  const stops = (side: Side) =>
    (side === "crm" ? crm : erp).frozen !== null ||
    decision.reasons[side].some((one) => one.code === "waiting" || one.code === "refused");
  const writes = context.sides.filter((side) => Object.keys(decision[side]).length > 0 && !stops(side));
  for (const side of context.sides) {
    const target = side === "crm" ? crm : erp;
    const source = sourceOf(coupling, side);
    const reasons = decision.reasons[side];
    if (writes.includes(side)) {
      saved.changes.push(update(context, side, { coupling, erp, crm }, { decision, rules, pairs }));
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
    base: baseWith(compiled, base, valuesOf(rules, decision.agreed, { erp: erp.data, crm: crm.data }), {
      erp: erp.data,
      crm: crm.data,
    }),
    // What is written is seen only when the answer is there: a stop in between makes the pair a candidate again.
    seen: {
      erp: writes.includes("erp") ? null : erp.fingerprint,
      crm: writes.includes("crm") ? null : crm.fingerprint,
    },
    definition: compiled.hash,
  });
}

interface Decided {
  readonly decision: Decision;
  readonly rules: readonly FieldRule[];
  readonly pairs: PartDecision["pairs"];
}

/** What the rules say, for a document those of its parts too; `who`: the side that wins a conflict, if one does. */
function decide(
  context: StepContext,
  { erp, crm, base }: { erp: StoredRecord; crm: StoredRecord; base: Base | null },
  lookups: Lookups,
  who: "erp" | "crm" | null,
): Decided {
  const { step, compiled } = context;
  const met = { erp: erp.data, crm: crm.data, base };
  let parts: PartDecision | null = null;
  let rules = compiled.rules;
  if (compiled.parts !== null) {
    const found = pairParts(compiled, met, lookups);
    parts = decideParts(compiled, met, found, {
      lookups,
      sides: context.sides,
      winner: who,
      newKey: (side, part, taken) => newKey(context, { side, source: (side === "crm" ? erp : crm).id, part }, taken),
    });
    const standing = parts.pairs.filter((pair) => `${pair.erp}/` in erp.data && `${pair.crm}/` in crm.data);
    rules = [...rules, ...rulesOfPairs(compiled, standing)];
  }
  if (who !== null) rules = rules.map((rule) => rule.conflict === "stop" ? { ...rule, conflict: who } : rule);
  const decision = reconcile(rules, met, lookups);
  const control = controlled(step, met);
  const listed = context.sides.includes("erp") ? "erp" : "crm";
  const reasons = {
    crm: [...decision.reasons.crm, ...parts?.reasons.crm ?? [], ...listed === "crm" ? control : []],
    erp: [...decision.reasons.erp, ...parts?.reasons.erp ?? [], ...listed === "erp" ? control : []],
  };
  if (parts === null) return { decision: { ...decision, reasons }, rules, pairs: [] };
  return {
    decision: {
      crm: marked({ ...decision.crm, ...parts.crm }),
      erp: marked({ ...decision.erp, ...parts.erp }),
      agreed: decision.agreed,
      reasons,
    },
    rules: [...compiled.rules, ...rulesOfPairs(compiled, parts.pairs)],
    pairs: parts.pairs,
  };
}

/** The key of a part that we make. */
function newKey(
  context: StepContext,
  { side, source, part }: { side: Side; source: string; part: string },
  taken: Iterable<string>,
): string {
  const { step } = context.compiled.parts!;
  if (step.extract[side].partKey === "number") return nextNumber(taken);
  return derivedId(context.outside, step.name, `${source}/${part}`);
}

/** A pair of which a record is missing, was deleted, or left the filter. */
function decideGone(context: StepContext, pair: Pair, saved: Saved, again: boolean): void {
  const { step } = context;
  const { coupling } = pair;
  const gone = goneOf(pair);
  const met = { erp: pair.erp?.data ?? {}, crm: pair.crm?.data ?? {} };
  const settled = (gone === "erp" || gone === "crm") && authorityOf(step, met)?.who === "person";
  if (gone === "both" || settled || (gone === "left" && step.load.left === "uncouple")) {
    return uncouple(context, coupling, saved, again);
  }
  if (gone === "erp" || gone === "crm") {
    const listed = context.sides.includes(gone) ? gone : otherSide(gone);
    const change = listing(context, listed, sourceOf(coupling, listed), [missing(context, pair, gone)]);
    saved.changes.push({ ...change, target: targetOf(coupling, listed) });
  }
  for (const side of context.sides) {
    const outcome = gone === "erp" || gone === "crm" ? "blocked" : "skipped";
    context.count(side, sourceOf(coupling, side), outcome, { again });
  }
}

/** The two records no longer belong together; a tombstone keeps the survivor from being created again. */
function uncouple(context: StepContext, coupling: Coupling, saved: Saved, again: boolean): void {
  saved.couplings.push({ ...coupling, state: "tombstone" });
  for (const side of context.sides) {
    saved.close.push({ side, source: sourceOf(coupling, side) });
    context.count(side, sourceOf(coupling, side), "skipped", { again });
  }
}

/** A pair that is in nobody's hands, or in a person's: nothing is written, and what it agreed on stays. */
function leaveAlone(
  context: StepContext,
  { coupling, erp, crm }: { coupling: Coupling; erp: StoredRecord; crm: StoredRecord },
  line: { readonly who: string; readonly why?: string },
  saved: Saved,
  again: boolean,
): void {
  const name = crm.label ?? crm.key ?? erp.label ?? erp.id;
  for (const side of context.sides) {
    const source = sourceOf(coupling, side);
    if (line.who === "nobody") saved.close.push({ side, source });
    else if (side === context.sides[0]) {
      const reason: Reason = { code: "held", message: `Cannot synchronize "${name}": ${line.why}` };
      saved.changes.push({ ...listing(context, side, source, [reason]), target: targetOf(coupling, side) });
    }
    context.count(side, source, line.who === "nobody" ? "skipped" : "blocked", { again });
  }
  const seen = { erp: erp.fingerprint, crm: crm.fingerprint };
  saved.couplings.push({ ...coupling, seen });
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
      } else if (lookups === null || record.frozen !== null || !isInside(load?.when, record)) {
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
  const creation = creationOf(compiled, side, headOf(source.data), lookups);
  const parts = compiled.parts === null ? null : newParts(context, side, source, lookups);
  const reasons = [...creation.reasons, ...parts?.reasons ?? [], ...unfit(context, side, source)];
  if (creation.stops || parts?.stops || reasons.some((reason) => reason.code === "unfit")) {
    saved.changes.push(listing(context, side, source.id, reasons));
    context.count(side, source.id, outcomeOf(reasons) ?? "blocked", { again });
    return;
  }
  const derived = step.extract[side].creation === "derived id";
  const rules = [...compiled.rules, ...rulesOfPairs(compiled, parts?.pairs ?? [])];
  const agreed = [...creation.agreed, ...parts?.agreed ?? []];
  const met = valuesOf(rules, agreed, { erp: source.data, crm: source.data });
  saved.changes.push({
    ...listing(context, side, source.id, reasons),
    id: context.changeId(),
    op: "insert",
    basis: side === "crm" ? met.erp : met.crm,
    target: derived ? derivedId(context.outside, step.name, source.id) : null,
    after: { ...creation.fields, ...parts?.fields },
    state: "intended",
  });
}

/** The parts of a document that is made, or why it can't be. */
function newParts(
  context: StepContext,
  side: Side,
  source: StoredRecord,
  lookups: Lookups,
): { fields: Fields; reasons: readonly Reason[]; stops: boolean; pairs: PartDecision["pairs"]; agreed: string[] } {
  const { compiled } = context;
  const from = otherSide(side);
  const met = { erp: {}, crm: {}, [from]: source.data, base: null };
  const found = pairParts(compiled, met, lookups);
  const decided = decideParts(compiled, met, found, {
    lookups,
    sides: [side],
    winner: null,
    newKey: (to, part, taken) => newKey(context, { side: to, source: source.id, part }, taken),
  });
  const reasons = decided.reasons[side];
  const stops = reasons.some((reason) => ["waiting", "required_blank", "refused"].includes(reason.code));
  const left = new Set(reasons.map((reason) => reason.field));
  const agreed = decided.pairs.flatMap((pair) =>
    rulesOfPairs(compiled, [pair]).filter((rule) =>
      writesTo(rule, side) && !left.has(`${pair[from]}/${baseOf(rule.unit)}`)
    )
      .map((rule) => rule.name)
  );
  return { fields: decided[side], reasons, stops, pairs: decided.pairs, agreed };
}

function baseOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Why the other side can't hold the record, where the definition has a field that says so. */
function unfit(context: StepContext, side: Side, source: StoredRecord): readonly Reason[] {
  const field = (side === "crm" ? context.step.load.toCrm : context.step.load.fromCrm)?.unless;
  if (field === undefined || isBlank(source.data[field])) return [];
  const where = context.step.extract[side].name;
  const message =
    `Cannot create a record of "${where}" for "${source.label ?? source.key ?? source.id}": it has no place ` +
    `there (${source.data[field]}); nothing is to be done unless it should have one`;
  return [{ code: "unfit", field, message }];
}

function isInside(when: Partial<Fields> | undefined, record: StoredRecord): boolean {
  return Object.entries(when ?? {}).every(([field, value]) => same(record.data[field], value));
}

function update(
  context: StepContext,
  side: Side,
  { coupling, erp, crm }: { coupling: Coupling; erp: StoredRecord; crm: StoredRecord },
  { decision, rules }: Decided,
): Change {
  const target = side === "crm" ? crm : erp;
  const after = decision[side];
  // A document's whole head is kept: its state says what a sequence that was stopped has to give back.
  const kept = context.compiled.parts === null ? {} : headOf(target.data);
  const touched = Object.keys(after).map((field) => [field, target.data[field] ?? null]);
  const written = rules.filter((rule) => rule[side] !== null && rule[side]! in after && writesTo(rule, side));
  const met = valuesOf(rules, written.map((rule) => rule.name), { erp: erp.data, crm: crm.data });
  return {
    ...listing(context, side, sourceOf(coupling, side), decision.reasons[side]),
    id: context.changeId(),
    op: "update",
    target: target.id,
    after,
    before: { ...kept, ...Object.fromEntries(touched) },
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

/** Both sides' values of these rules, by name. */
export function valuesOf(
  rules: readonly FieldRule[],
  names: readonly string[],
  data: { readonly erp: Fields; readonly crm: Fields },
): Base {
  const wanted = new Set(names);
  const values = { erp: {} as Record<string, Value>, crm: {} as Record<string, Value> };
  for (const rule of rules.filter((one) => wanted.has(one.name))) {
    values.erp[rule.name] = rule.erp === null ? rule.value : data.erp[rule.erp] ?? null;
    values.crm[rule.name] = data.crm[rule.crm] ?? null;
  }
  return values;
}

/** The base with these values; what no rule and no part names any more is dropped. */
export function baseWith(
  compiled: Compiled,
  base: Base | null,
  values: Base,
  data: { readonly erp: Fields; readonly crm: Fields },
): Base {
  const keep = (fields: Fields) =>
    Object.fromEntries(
      Object.entries(fields).filter(([name]) => !(name in values.crm) && isAlive(compiled, name, data)),
    );
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
