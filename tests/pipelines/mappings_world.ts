/** A pair of records that agree in every rule of a definition, and what one change to them brings about. */
import type { Fields, Value } from "../../connectors/connector.ts";
import { accessOf, type FieldRule, givenOf, rulesOf, writesTo } from "../../engine/rules.ts";
import type { Step } from "../../engine/step.ts";
import { agreedOn, type Coupled, created, merged } from "./rows.ts";

export type Side = "erp" | "crm";

/** The definition with its optional rules on. */
export function switchedOn(step: Step): Step {
  const on = (rule: unknown): unknown => {
    const { kind, rule: inner } = rule as { kind?: string; rule?: unknown };
    return kind === "optional" ? on(inner) : rule;
  };
  const all = (rules: object) => Object.fromEntries(Object.entries(rules).map(([field, rule]) => [field, on(rule)]));
  const entries = Object.entries(step.transform);
  const transform = entries.map(([name, rule]) => [name, name.startsWith("group ") ? all(rule as object) : on(rule)]);
  return { ...step, transform: Object.fromEntries(transform) };
}

/** Two values of an ERP field that are different in the CRM as well, whatever rule they go through. */
function samplesOf(step: Step, field: string): readonly [Value, Value] {
  const rules = rulesOf(step).filter((rule) => rule.erp === field);
  const { kind, values } = step.extract.erp.fields[field]!;
  const map = rules.find((rule) => rule.map !== null)?.map;
  if (map) {
    const [first, ...others] = Object.entries(map.values);
    return [first![0], others.find(([, value]) => value !== first![1])![0]];
  }
  if (kind === "boolean") return [false, true];
  if (kind === "integer") return [10, 20];
  if (kind === "decimal") return ["10", "20"];
  if (kind === "date") return ["2026-01-31", "2026-02-28"];
  if (kind !== "choice") return ["DK", "IS"];
  const made = (value: Value) => JSON.stringify(rules.map((rule) => rule.transform?.forward?.(value) ?? value));
  const [first, ...others] = values!;
  return [first!, others.find((value) => made(value) !== made(first!))!];
}

/** What the CRM has for a value of the ERP. */
function inCrm(rule: FieldRule, erp: Value): Value {
  if (rule.kind === "constant") return rule.value;
  if (rule.kind === "coupled") return `${erp} in ${rule.crm}`;
  if (rule.kind === "mapped") return rule.map!.values[String(erp)]!;
  return rule.transform?.forward ? rule.transform.forward(erp) : erp;
}

/** Values of both sides, all rules agreeing; `changed`: the ERP fields that have their other value. */
function rowsOf(step: Step, changed: readonly string[] = []): { readonly erp: Fields; readonly crm: Fields } {
  const rules = rulesOf(step);
  const given = [...givenOf(step, "crm").flatMap(({ from }) => from ?? [])];
  const fields = new Set([...rules.flatMap((rule) => rule.erp ?? []), ...given]);
  const erp = Object.fromEntries([...fields].map((field) => {
    return [field, samplesOf(step, field)[changed.includes(field) ? 1 : 0]];
  }));
  const crm = Object.fromEntries(
    rules.map((rule) => [rule.crm, inCrm(rule, rule.erp === null ? null : erp[rule.erp]!)]),
  );
  return { erp, crm };
}

function couplingsOf(step: Step): Coupled {
  const looked = rulesOf(step).filter((rule) => rule.kind === "coupled");
  return Object.fromEntries(looked.map((rule) => {
    return [rule.crm, Object.fromEntries(samplesOf(step, rule.erp!).map((value) => [value, inCrm(rule, value)]))];
  })) as Coupled;
}

function different(before: Fields, after: Fields): Fields {
  return Object.fromEntries(Object.entries(after).filter(([field, value]) => before[field] !== value));
}

export interface Effect {
  /** What is written that was not there. */
  readonly written: { readonly erp: Fields; readonly crm: Fields };
  /** What ought to be: the fields that the changed one leads to, with their values. */
  readonly wanted: { readonly erp: Fields; readonly crm: Fields };
  readonly reasons: readonly string[];
}

/** Only this rule's field is changed on the side that it comes from, in a pair that agreed. */
export function changeOf(step: Step, rule: FieldRule, to: Side): Effect {
  const before = rowsOf(step);
  const coupled = couplingsOf(step);
  const meet = (erp: Fields, crm: Fields) =>
    merged(step, { erp, crm, base: agreedOn(before.erp, before.crm), coupled });
  if (rule.kind === "constant") { // put back where somebody changed it
    const decided = meet(before.erp, { ...before.crm, [rule.crm]: null });
    return effect(decided, { erp: {}, crm: { [rule.crm]: rule.value } });
  }
  const after = rowsOf(step, [rule.erp!]);
  if (to === "crm") {
    const led = rulesOf(step).filter((one) => one.erp === rule.erp && writesTo(one, "crm"));
    const decided = meet(after.erp, before.crm);
    return effect(decided, { erp: {}, crm: Object.fromEntries(led.map(({ crm }) => [crm, after.crm[crm]!])) });
  }
  const decided = meet(before.erp, { ...before.crm, [rule.crm]: after.crm[rule.crm]! });
  return effect(decided, { erp: { [rule.erp!]: after.erp[rule.erp!]! }, crm: {} });

  function effect(decided: ReturnType<typeof merged>, wanted: Effect["wanted"]): Effect {
    const reasons = [...decided.reasons.erp, ...decided.reasons.crm].map(({ code }) => code);
    const crm = rule.kind === "constant" ? decided.crm : different(before.crm, decided.crm);
    return { written: { erp: different(before.erp, decided.erp), crm }, wanted, reasons };
  }
}

/** Only this field of the source is another in a creation on `to`: the fields of the new record that are then others. */
export function creationWith(step: Step, from: string, to: Side, target: string): readonly string[] {
  const sources = [rowsOf(step), rowsOf(step, [from])].map(({ erp, crm }) => {
    const source: Record<string, Value> = to === "crm" ? { ...erp } : { ...crm };
    for (const { erp: field, crm: other } of rulesOf(step)) {
      // A rule for the same field comes before what `create` says, unless it has nothing to say.
      const mine = to === "crm" ? other : field;
      const theirs = to === "crm" ? field : other;
      if (mine === target && theirs !== null && theirs !== from) source[theirs] = null;
    }
    return source;
  });
  if (to === "erp" && sources[0]![from] === sources[1]![from]) sources[1]![from] = "IS";
  const [one, two] = sources.map((source) => created(step, to, { source, coupled: couplingsOf(step) }).fields);
  return Object.keys({ ...one, ...two }).filter((field) => one![field] !== two![field]).sort();
}

/** The fields of a new record of `to` that this field of the source leads to, `target` being tested. */
export function ledTo(step: Step, from: string, to: Side, target: string): readonly string[] {
  const rules = rulesOf(step).filter((rule) => {
    const field = rule[to];
    const source = rule[to === "crm" ? "erp" : "crm"];
    return source === from && field !== null && writesTo(rule, to) && isGiven(step, to, field);
  });
  // What `create` says is for a field that its rule, if it has one, left blank.
  const ruled = new Set(
    rulesOf(step).filter((rule) => writesTo(rule, to) && rule[to] !== target).map((rule) => rule[to]),
  );
  const given = givenOf(step, to).filter((one) => one.from === from && !ruled.has(one.field));
  return [...new Set([...rules.map((rule) => rule[to]!), ...given.map(({ field }) => field)])].sort();
}

/** Whether the rule, or one that is written with it, can only be given to a new record. */
export function isOfCreation(step: Step, rule: FieldRule, to: Side): boolean {
  const unit = rulesOf(step).filter((one) => one.unit === rule.unit);
  return unit.some((one) => one[to] !== null && accessOf(step.extract[to], one[to]!) === "create");
}

function isGiven(step: Step, to: Side, field: string): boolean {
  return ["always", "create"].includes(accessOf(step.extract[to], field));
}
