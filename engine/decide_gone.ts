/** Decides a pair of which a record was deleted, was merged into another one, or left the filter. */
import type { Fields } from "../connectors/connector.ts";
import type { Change, Coupling, Lost, Pair, Side, StoredRecord } from "../store/store.ts";
import { decidedNow, listing, type Saved, sourceOf, targetOf } from "./changes.ts";
import { otherSide, type StepContext } from "./context.ts";
import { decideCreation } from "./decide_creation.ts";
import { type Fate, fateOf, type Standing } from "./fate.ts";
import { intend } from "./held.ts";
import { authorityOf } from "./policy.ts";
import { deletedAndChanged, left, mergedAway, missing } from "./reasons.ts";
import type { Lookups } from "./reconcile.ts";
import { writesTo } from "./rules.ts";
import { isBlank, same } from "./same.ts";
import type { Step } from "./step.ts";
import { outcomeOf } from "./tally.ts";

/** A record that others were merged into, and what it is coupled with; null where it never was read. */
export interface Winner {
  readonly id: string;
  readonly record: StoredRecord | null;
  readonly partner: string | null;
}

export interface Deciding {
  readonly lookups: Lookups;
  /** By id: what the merged records of these pairs went into. */
  readonly winners: ReadonlyMap<string, Winner>;
  readonly saved: Saved;
  /** A later round of the same run. */
  readonly again: boolean;
}

/** Whether something is to be decided here: a record is neither present nor completed. */
export function isGone({ erp, crm }: Pair): boolean {
  return [erp, crm].some((record) => record === null || ["deleted", "left", "merged"].includes(record.state));
}

/** Adds to `saved` what becomes of the pair. */
export function decideGone(context: StepContext, pair: Pair, deciding: Deciding): void {
  const { step, compiled } = context;
  const { coupling } = pair;
  const merged = (["crm", "erp"] as const).find((side) => pair[side]?.state === "merged");
  if (merged !== undefined && !isOverFor(pair, merged, deciding)) return decideMerged(context, pair, merged, deciding);
  const standing = { erp: standingOf(context, pair, "erp"), crm: standingOf(context, pair, "crm") };
  const isOver = compiled.parts !== null && isDone(step, pair);
  const fate: Fate = isOver && standing.erp !== standing.crm
    ? { action: "end", side: null, code: null }
    : fateOf(standing, policiesOf(context, pair));
  const named = (["erp", "crm"] as const).find((side) => standing[side] === "missing") ?? "erp";
  if (fate.action === "end") return end(context, coupling, deciding);
  // What was never read may be there; and of what follows another step, that one tells.
  if (fate.action === "merge" || step.of !== null) return quiet(context, coupling, deciding);
  // What was told on the other side before is over, whatever is told or done now.
  if (fate.code !== "left") {
    for (const side of context.sides) deciding.saved.close.push({ side, source: sourceOf(coupling, side) });
  }
  if (fate.action === "uncouple") return uncouple(context, pair, deciding);
  const isEnding = fate.code === null && (fate.action === "delete" || fate.action === "deactivate");
  // What nobody knows of may have been edited: as of an edit, a policy or a person says which side counts.
  const isOpen = resolvedOf(pair) === null && step.load.conflict !== named;
  const isUnsure = isEnding && isOpen && unknownFields(context, pair, fate.side!).length > 0;
  if (fate.side !== null && !isUnsure && act(context, pair, fate, deciding)) return;
  if (fate.code === "left") return note(context, pair, deciding);
  const reason = fate.code === "conflict" || isUnsure
    ? deletedAndChanged(context, pair, named, changedFields(context, pair, otherSide(named)))
    : missing(context, pair, named);
  const listed = context.sides.includes(named) ? named : otherSide(named);
  const change = listing(context, listed, sourceOf(coupling, listed), [reason]);
  deciding.saved.changes.push({ ...change, target: targetOf(coupling, listed) });
  if (coupling.definition !== compiled.hash) deciding.saved.couplings.push(decidedNow(context, coupling));
  for (const side of context.sides) {
    context.count(side, sourceOf(coupling, side), outcomeOf([reason]) ?? "blocked", { again: deciding.again });
  }
}

/** A document that one side has completed, or that is done with by its states, needs the other one no more. */
function isDone(step: Step, { erp, crm }: Pair): boolean {
  if (crm?.state === "deleted" && (erp?.frozen ?? null) !== null) return true;
  const met = { erp: erp?.data ?? {}, crm: crm?.data ?? {} };
  return erp?.state === "deleted" && crm !== null && authorityOf(step, met)?.over === true;
}

function standingOf(context: StepContext, pair: Pair, side: Side): Standing {
  const record = pair[side];
  if (isMissing(record)) return "missing";
  if (record?.state === "left") return "left";
  return changedFields(context, pair, side).length > 0 ? "changed" : "same";
}

/** Whether the record is deleted; one that was merged counts here where what it was merged into is deleted as well. */
function isMissing(record: StoredRecord | null): boolean {
  return record?.state === "deleted" || record?.state === "merged";
}

/** Whether nothing goes on for a merged record. */
function isOverFor(pair: Pair, side: Side, { winners }: Deciding): boolean {
  return winners.get(pair[side]!.mergedInto ?? "")?.record?.state === "deleted";
}

/** Fields of `side` that the other side takes from it and that are not what both agreed on. */
function changedFields(context: StepContext, pair: Pair, side: Side): readonly string[] {
  const record = pair[side];
  const base = context.knownBase(pair.coupling)?.[side];
  if (record === null || base === undefined || context.compiled.parts !== null) return [];
  return context.compiled.rules.flatMap((rule) => {
    const field = rule[side];
    if (field === null || !writesTo(rule, otherSide(side)) || !(rule.name in base)) return [];
    return same(record.data[field], base[rule.name]) ? [] : [field];
  });
}

/** Fields of `side` that the other side takes from it and of which nobody knows what both agreed on. */
function unknownFields(context: StepContext, pair: Pair, side: Side): readonly string[] {
  const base = context.knownBase(pair.coupling)?.[side] ?? {};
  return context.compiled.rules.flatMap((rule) => {
    const field = rule[side];
    const isTaken = field !== null && writesTo(rule, otherSide(side)) && !(rule.name in base);
    return isTaken && !isBlank(pair[side]?.data[field] ?? null) ? [field] : [];
  });
}

/** The side that counts, as a person said; that a deletion does, of what the survivor was then. */
function resolvedOf(pair: Pair): Side | null {
  const { keep = null, seen = null } = pair.coupling.resolution ?? {};
  if (keep === null || !isMissing(pair[keep])) return keep;
  return pair[otherSide(keep)]?.fingerprint === seen ? keep : null;
}

function policiesOf({ step, compiled }: StepContext, pair: Pair): Parameters<typeof fateOf>[1] {
  const { missing = {}, left = {}, conflict = "stop" } = step.load;
  // A document is left to its service's own way of ending one.
  const policies = compiled.parts === null ? { missing, left } : { missing: {}, left: {} };
  return { ...policies, direction: step.direction, conflict, resolved: resolvedOf(pair) };
}

/** Carries a fate out on a side; false where that can't be, so that it is listed instead. */
function act(context: StepContext, pair: Pair, { action, side }: Fate, deciding: Deciding): boolean {
  const { coupling } = pair;
  const entity = context.step.extract[side!];
  if (action === "restore") {
    const survivor = pair[otherSide(side!)];
    if (survivor === null || survivor.state !== "present" || entity.creation === "none") return false;
    if (context.onlyCoupled) return false; // nothing is created
    const { lookups, saved, again } = deciding;
    const replaces = { id: targetOf(coupling, side!), had: pair[side!]?.data ?? null };
    decideCreation(context, side!, survivor, { lookups, saved, again, replaces });
    return true;
  }
  const target = pair[side!];
  if (target === null || target.frozen !== null) return false;
  const { saved, again } = deciding;
  const plain: Change = {
    ...listing(context, side!, sourceOf(coupling, side!), []),
    id: context.changeId(),
    target: target.id,
    version: target.version,
    before: target.data,
    lost: lostOf(context, pair, side!),
    state: "intended",
  };
  if (action === "delete") {
    intend(context, { ...plain, op: "delete" }, saved, again);
    forget(coupling, saved);
    return true;
  }
  const inactive = (entity.inactive ?? {}) as Fields;
  const after = Object.fromEntries(
    Object.entries(inactive).filter(([field, value]) => !same(target.data[field], value)),
  );
  if (Object.keys(after).length > 0) {
    const before = Object.fromEntries(Object.keys(after).map((field) => [field, target.data[field] ?? null]));
    context.intended.deletions++;
    intend(context, { ...plain, op: "update", after, before, lost: [] }, saved, again);
    forget(coupling, saved);
    return true;
  }
  if (pair[otherSide(side!)]?.state === "left") return false;
  uncouple(context, pair, deciding);
  return true;
}

/** What goes with a deletion although somebody wrote it since. */
function lostOf(context: StepContext, pair: Pair, side: Side): readonly Lost[] {
  const fields = [...changedFields(context, pair, side), ...unknownFields(context, pair, side)];
  if (fields.length === 0) return [];
  const values = Object.fromEntries(fields.map((field) => [field, pair[side]!.data[field] ?? null]));
  return [{ side, unit: "record", values, by: `it was deleted in the ${otherSide(side).toUpperCase()}, which counts` }];
}

/** The two records no longer belong together; a tombstone keeps the survivor from being created again. */
function uncouple(context: StepContext, { coupling }: Pair, { saved, again }: Deciding): void {
  const side = context.sides[0]!;
  const change = listing(context, side, sourceOf(coupling, side), []);
  const target = targetOf(coupling, side);
  intend(context, { ...change, id: context.changeId(), op: "uncouple", target, state: "intended" }, saved, again);
  forget(coupling, saved);
}

/** What was told of the pair is over. Not seen, so that it is told again where this comes to nothing and all is as before. */
function forget(coupling: Coupling, saved: Saved): void {
  if (coupling.seen.erp === null && coupling.seen.crm === null) return;
  saved.couplings.push({ ...coupling, seen: { erp: null, crm: null } });
}

/** Both are gone, or nobody needs the one that is left. */
function end(context: StepContext, coupling: Coupling, { saved, again }: Deciding): void {
  saved.couplings.push({ ...coupling, state: "tombstone" });
  for (const side of context.sides) {
    saved.close.push({ side, source: sourceOf(coupling, side) });
    context.count(side, sourceOf(coupling, side), "skipped", { again });
  }
}

function quiet(context: StepContext, coupling: Coupling, { again }: Deciding): void {
  for (const side of context.sides) context.count(side, sourceOf(coupling, side), "skipped", { again });
}

/** Reported, and nobody is wanted. Not seen, so that it is decided as soon as it is back. */
function note(context: StepContext, pair: Pair, deciding: Deciding): void {
  const { coupling } = pair;
  const { saved } = deciding;
  const side = context.sides[0]!;
  const change = listing(context, side, sourceOf(coupling, side), [left(context, pair)]);
  saved.changes.push({ ...change, target: targetOf(coupling, side), state: "noted" });
  if (coupling.seen.erp !== null || coupling.seen.crm !== null || coupling.definition !== context.compiled.hash) {
    saved.couplings.push({ ...decidedNow(context, coupling), seen: { erp: null, crm: null } });
  }
  quiet(context, coupling, deciding);
}

/** The coupling moves to the record that goes on for both, unless that one has a partner of its own. */
function decideMerged(context: StepContext, pair: Pair, side: Side, { winners, saved, again }: Deciding): void {
  const { coupling } = pair;
  const first = pair[side]!.mergedInto ?? "";
  const { id: into, record, partner } = winners.get(first) ?? { id: first, record: null, partner: null };
  if (record?.state === "present" && partner === null && !context.moved.has(into)) {
    context.moved.add(into);
    const ids = side === "crm" ? { crmId: into } : { erpId: into };
    saved.parted.push(coupling.erpId);
    for (const written of context.sides) saved.close.push({ side: written, source: sourceOf(coupling, written) });
    const moved = { ...coupling, ...ids, base: null, seen: { erp: null, crm: null }, resolution: null };
    saved.couplings.push({ ...moved, how: `merged into the record of "${context.step.extract[side].name}"` });
    for (const written of context.sides) context.undecided(written, sourceOf(moved, written));
    return;
  }
  const listed = context.sides[0]!;
  const reason = mergedAway(context, pair, side, { into, partner });
  const change = listing(context, listed, sourceOf(coupling, listed), [reason]);
  saved.changes.push({ ...change, target: targetOf(coupling, listed) });
  for (const written of context.sides) context.count(written, sourceOf(coupling, written), "blocked", { again });
}
