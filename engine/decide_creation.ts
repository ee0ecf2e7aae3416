/** Decides what becomes of an uncoupled record whose counterpart would stand on the other side. */
import type { Fields } from "../connectors/connector.ts";
import type { Change, Reason, Side, StoredRecord } from "../store/store.ts";
import { valuesOf } from "./bases.ts";
import { listing, newKey, type Saved } from "./changes.ts";
import { otherSide, type StepContext } from "./context.ts";
import { creationOf } from "./creation.ts";
import { decideParts, pairParts, type PartDecision, rulesOfPairs } from "./document.ts";
import { headOf } from "./parts.ts";
import { nameOf } from "./reasons.ts";
import { derivedId } from "./record.ts";
import type { Lookups } from "./reconcile.ts";
import { isBlank } from "./same.ts";
import { accessOf, writesTo } from "./rules.ts";
import { intend, withoutRefused } from "./held.ts";
import { outcomeOf } from "./tally.ts";

export interface Creating {
  readonly lookups: Lookups;
  readonly saved: Saved;
  /** A later round of the same run. */
  readonly again: boolean;
  /** The record that was deleted, where it is made anew; `had`: its values, where they are known. */
  readonly replaces: { readonly id: string; readonly had: Fields | null } | null;
}

/** Adds to `saved` the creation on `side`, or why there is none. */
export function decideCreation(
  context: StepContext,
  side: Side,
  source: StoredRecord,
  { lookups, saved, again, replaces }: Creating,
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
  const fields = { ...creation.fields, ...ownOf(context, side, replaces?.had ?? null, creation.fields) };
  const held = withoutRefused(context, { side, source: source.id }, fields, compiled.rules);
  const isOut = (name: string) => held.units.has(compiled.rules.find((rule) => rule.name === name)?.unit ?? "");
  const agreed = [...creation.agreed.filter((name) => !isOut(name)), ...parts?.agreed ?? []];
  const met = valuesOf(rules, agreed, { erp: source.data, crm: source.data });
  const change: Change = {
    ...listing(context, side, source.id, [...reasons, ...held.reasons]),
    id: context.changeId(),
    op: "insert",
    basis: side === "crm" ? met.erp : met.crm,
    target: derived ? nextId(context, source.id, replaces?.id ?? null) : null,
    after: { ...held.fields, ...parts?.fields },
    state: "intended",
  };
  if (context.rebuilt && replaces === null) {
    saved.changes.push(unconfirmed(context, source, change));
    context.count(side, source.id, "blocked", { again });
  } else intend(context, change, saved, again);
}

/**
 * Not sent until a person confirms. What is found again by a correlation is kept as it would be sent, so that the next run
 * looks for it among completed documents, which no reading brings.
 */
function unconfirmed(context: StepContext, source: StoredRecord, change: Change): Change {
  const { name, creation } = context.step.extract[change.side];
  const message =
    `Cannot create a record of "${name}" for "${nameOf(context.compiled, source)}": the store was rebuilt, ` +
    `and it may have had a partner that nothing names; couple the two if it has one, then let the rest be created with ` +
    `deno task rebuild --confirm`;
  const reasons = [...change.reasons, { code: "unconfirmed" as const, message }];
  const held = listing(context, change.side, source.id, reasons);
  return creation === "correlation" ? { ...change, id: held.id, reasons, state: "open" } : held;
}

/** What a record had that goes from it to the other side only: made anew without that, it would wipe it there. */
function ownOf({ step, compiled }: StepContext, side: Side, had: Fields | null, given: Fields): Fields {
  const entity = step.extract[side];
  const own = compiled.rules.flatMap((rule) => {
    const field = rule[side];
    if (field === null || field === entity.key || field in given || writesTo(rule, side)) return [];
    const access = accessOf(entity, field);
    return access === "never" || access === "update" || isBlank(had?.[field]) ? [] : [[field, had![field]!] as const];
  });
  return Object.fromEntries(own);
}

/** The id that we choose: another one than that of the record which it replaces. */
function nextId({ outside, step }: StepContext, source: string, replaces: string | null): string {
  for (let generation = 0;; generation++) {
    const id = derivedId(outside, step.name, source, generation);
    if (replaces === null) return id;
    if (id === replaces) return derivedId(outside, step.name, source, generation + 1);
    if (generation === mostGenerations) return derivedId(outside, step.name, source);
  }
}
/** More often than this nobody makes a record anew; an id that is none of these was not chosen by us. */
const mostGenerations = 100;

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
  const message = `Cannot create a record of "${where}" for "${nameOf(context.compiled, source)}": it has no place ` +
    `there (${source.data[field]}); nothing is to be done unless it should have one`;
  return [{ code: "unfit", field, message }];
}
