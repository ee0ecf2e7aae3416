/** Decides one coupled pair: what is written to each side, or why nothing is. */
import type { Base, Change, Coupling, Pair, Reason, Resolution, Side, StoredRecord } from "../store/store.ts";
import { baseWith, valuesOf } from "./bases.ts";
import { decidedNow, listing, newKey, notRestored, type Saved, sourceOf, targetOf } from "./changes.ts";
import type { StepContext } from "./context.ts";
import { decideGone, type Deciding, isGone } from "./decide_gone.ts";
import { decideParts, marked, pairParts, type PartDecision, rulesOfPairs } from "./document.ts";
import { headOf } from "./parts.ts";
import { authorityOf, controlled } from "./policy.ts";
import { type Decision, type Lookups, reconcile } from "./reconcile.ts";
import { intend, leavesAlone, withoutRefused } from "./held.ts";
import { nameOf, tooLate, unfit } from "./reasons.ts";
import { isBlank, same } from "./same.ts";
import { type FieldRule, writesTo } from "./rules.ts";
import type { Step } from "./step.ts";
import { outcomeOf } from "./tally.ts";

/** Adds to `saved` what becomes of the pair. */
export function decidePair(context: StepContext, pair: Pair, deciding: Deciding): void {
  const { step, compiled } = context;
  const { coupling, erp, crm } = pair;
  const { lookups, saved, again } = deciding;
  if (leavesAlone(context, pair, saved, again)) return;
  if (erp === null || crm === null || isGone(pair)) return decideGone(context, pair, deciding);
  const line = authorityOf(step, { erp: erp.data, crm: crm.data });
  if (line?.who === "nobody" || line?.who === "person") {
    return leaveAlone(context, { coupling, erp, crm }, line, saved, again);
  }
  if (unfitField(step, erp) !== null) return listUnfit(context, { coupling, erp, crm }, saved, again);
  const base = context.knownBase(coupling);
  const found = decide(context, { erp, crm, base }, lookups, line?.who ?? null);
  const { rules, pairs } = found;
  const decision = withoutHeld(context, coupling, withChosen(found, { coupling, erp, crm }), rules);
  const stops = (side: Side) =>
    (side === "crm" ? crm : erp).frozen !== null ||
    decision.reasons[side].some((one) => one.code === "waiting" || (one.code === "refused" && one.sent === undefined));
  const writes = context.sides.filter((side) => Object.keys(decision[side]).length > 0 && !stops(side));
  if (writes.length > 0 && base !== null && !again) context.intended.changes++;
  // What is written changes the totals: they are compared when it is done, and a refusal says enough.
  const isFrozen = erp.frozen !== null || crm.frozen !== null;
  const told = { name: nameOf(compiled, erp, crm), isFrozen, differing: decision.differing };
  const control = writes.length > 0 ? [] : controlled(step, { erp: erp.data, crm: crm.data }, told);
  const listed = context.sides.includes("erp") ? "erp" : "crm";
  for (const side of context.sides) {
    const target = side === "crm" ? crm : erp;
    const source = sourceOf(coupling, side);
    const checked = side === listed ? control : [];
    // What nobody can write any more is only listed where somebody wanted it: in a document, which was open once.
    const late = compiled.parts !== null && Object.keys(decision[side]).length > 0
      ? [tooLate(context, pair, target)]
      : [];
    const reasons = target.frozen === null ? [...decision.reasons[side], ...checked] : [...late, ...checked];
    if (writes.includes(side)) {
      intend(context, update(context, side, { coupling, erp, crm }, { decision, rules, pairs }), saved, again);
      continue;
    }
    if (reasons.length > 0) {
      saved.changes.push({ ...listing(context, side, source, reasons), target: target.id });
    } else saved.close.push({ side, source });
    const left = notRestored(context, side, source);
    const counted = [...reasons, ...left, ...decision.reasons.crm.filter((one) => one.code === "conflict")];
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
    resolution: remaining(coupling, { erp, crm }, rules),
  });
}

/** What of a resolution is still to be carried out; where somebody wrote another value since, that is newer. */
function remaining(
  { resolution, base }: Coupling,
  { erp, crm }: { erp: StoredRecord; crm: StoredRecord },
  rules: readonly FieldRule[],
): Resolution | null {
  const open = Object.entries(resolution?.chosen ?? {}).filter(([name, value]) => {
    const rule = rules.find((one) => one.name === name);
    return rule !== undefined && rule.erp !== null && !same(crm.data[rule.crm], value) &&
      same(erp.data[rule.erp], base?.erp[name]) && same(crm.data[rule.crm], base?.crm[name]);
  });
  return open.length === 0 ? null : { chosen: Object.fromEntries(open), keep: null };
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
  const { compiled } = context;
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
  if (who !== null) rules = rules.map((rule) => ({ ...rule, keeps: who }));
  const decision = reconcile(rules, met, lookups);
  const reasons = {
    crm: [...decision.reasons.crm, ...parts?.reasons.crm ?? []],
    erp: [...decision.reasons.erp, ...parts?.reasons.erp ?? []],
  };
  if (parts === null) return { decision: { ...decision, reasons }, rules, pairs: [] };
  return {
    decision: {
      crm: marked({ ...decision.crm, ...parts.crm }),
      erp: marked({ ...decision.erp, ...parts.erp }),
      agreed: decision.agreed,
      differing: decision.differing,
      reasons,
      lost: decision.lost,
    },
    rules: [...compiled.rules, ...rulesOfPairs(compiled, parts.pairs)],
    pairs: parts.pairs,
  };
}

/** The field that says why the CRM can't hold a record any more; null where it can. */
export function unfitField(step: Step, erp: StoredRecord | null): string | null {
  const field = step.load.toCrm?.unless;
  return field === undefined || isBlank(erp?.data[field]) ? null : field;
}

function listUnfit(
  context: StepContext,
  { coupling, erp, crm }: { coupling: Coupling; erp: StoredRecord; crm: StoredRecord },
  saved: Saved,
  again: boolean,
): void {
  const field = unfitField(context.step, erp)!;
  const source = sourceOf(coupling, "crm");
  saved.changes.push({
    ...listing(context, "crm", source, [unfit(context, crm, field, erp.data[field])]),
    target: crm.id,
  });
  const seen = { erp: erp.fingerprint, crm: crm.fingerprint };
  saved.couplings.push({ ...decidedNow(context, coupling), seen });
  for (const side of context.sides) context.count(side, sourceOf(coupling, side), "skipped", { again });
}

/** A pair that is in nobody's hands, or in a person's: nothing is written, and what it agreed on stays. */
function leaveAlone(
  context: StepContext,
  { coupling, erp, crm }: { coupling: Coupling; erp: StoredRecord; crm: StoredRecord },
  line: { readonly who: string; readonly why?: string },
  saved: Saved,
  again: boolean,
): void {
  const name = nameOf(context.compiled, crm, erp);
  for (const side of context.sides) {
    const source = sourceOf(coupling, side);
    if (line.who === "nobody") saved.close.push({ side, source });
    else if (side === context.sides[0]) {
      const reason: Reason = { code: "held", message: `Cannot synchronize "${name}": ${line.why}` };
      saved.changes.push({ ...listing(context, side, source, [reason]), target: targetOf(coupling, side) });
    }
    const left = outcomeOf(notRestored(context, side, source));
    context.count(side, source, left ?? (line.who === "nobody" ? "skipped" : "blocked"), { again });
  }
  const seen = { erp: erp.fingerprint, crm: crm.fingerprint };
  saved.couplings.push({ ...decidedNow(context, coupling), seen });
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
  // All of a part goes with it.
  const gone = Object.entries(target.data).filter(([name]) =>
    !name.endsWith("/") && after[name.slice(0, name.lastIndexOf("/") + 1)] === "delete"
  );
  // The value that a person chose is nobody's yet: the base stays what it was until the ERP follows.
  const chosen = coupling.resolution?.chosen ?? {};
  const written = rules.filter((rule) =>
    rule[side] !== null && rule[side]! in after && writesTo(rule, side) && !(rule.name in chosen)
  );
  const met = valuesOf(rules, written.map((rule) => rule.name), { erp: erp.data, crm: crm.data });
  return {
    ...listing(context, side, sourceOf(coupling, side), decision.reasons[side]),
    id: context.changeId(),
    op: "update",
    target: target.id,
    after,
    before: { ...kept, ...Object.fromEntries([...gone, ...touched]) },
    basis: side === "crm" ? met.erp : met.crm,
    version: target.version,
    lost: decision.lost[side],
    state: "intended",
  };
}

/** With the values that a person chose for both sides: the CRM gets them, and the ERP follows like after any edit there. */
function withChosen(
  { decision, rules }: Decided,
  { coupling, erp, crm }: { coupling: Coupling; erp: StoredRecord; crm: StoredRecord },
): Decision {
  const chosen = Object.entries(remaining(coupling, { erp, crm }, rules)?.chosen ?? {}).map(([name, value]) =>
    [rules.find((one) => one.name === name)!.crm, value] as const
  );
  if (chosen.length === 0) return decision;
  return { ...decision, crm: { ...decision.crm, ...Object.fromEntries(chosen) } };
}

/** Without the values that the services refused before. */
function withoutHeld(
  context: StepContext,
  coupling: Coupling,
  decision: Decision,
  rules: readonly FieldRule[],
): Decision {
  const of = (side: Side) => withoutRefused(context, { side, source: sourceOf(coupling, side) }, decision[side], rules);
  const [erp, crm] = [of("erp"), of("crm")];
  const reasons = {
    erp: [...decision.reasons.erp, ...erp.reasons],
    crm: [...decision.reasons.crm, ...crm.reasons],
  };
  const lost = {
    erp: decision.lost.erp.filter(({ unit }) => !erp.units.has(unit)),
    crm: decision.lost.crm.filter(({ unit }) => !crm.units.has(unit)),
  };
  return { ...decision, erp: erp.fields, crm: crm.fields, reasons, lost };
}
