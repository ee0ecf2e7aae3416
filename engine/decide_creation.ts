/** Decides what becomes of an uncoupled record whose counterpart would stand on the other side. */
import type { Fields } from "../connectors/connector.ts";
import type { Reason, Side, StoredRecord } from "../store/store.ts";
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
import { writesTo } from "./rules.ts";
import { outcomeOf } from "./tally.ts";

/** Adds to `saved` the creation on `side`, or why there is none; `again`: a later round of the same run. */
export function decideCreation(
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
  const message = `Cannot create a record of "${where}" for "${nameOf(context.compiled, source)}": it has no place ` +
    `there (${source.data[field]}); nothing is to be done unless it should have one`;
  return [{ code: "unfit", field, message }];
}
