/**
 * What is to be written to each side of one pair: a pure three-way decision, by field and by group.
 *
 * Each side is compared raw with its own base; the sides meet only through forward, in the CRM's domain. A field that
 * the base lacks is a first meeting for that field: there a blank never overwrites a value.
 */
import type { AnyEntity, Fields, Value } from "../connectors/connector.ts";
import type { Base, Lost, Reason } from "../store/store.ts";
import { fieldOf, type FieldRule, writesTo } from "./rules.ts";
import { isBlank, same } from "./same.ts";
import { isWritable, unwritable } from "./writable.ts";

/** What a rule makes of a value: the value, nothing to write (`leave`), or the reason why it can't be said. */
export type Looked = { readonly value: Value } | { readonly leave: true } | { readonly reason: Reason };
/** Answers of the couplings, looked up before, so that the decision stays pure. */
export interface Lookups {
  forward(rule: FieldRule, erp: string): Looked;
  backward(rule: FieldRule, crm: string): Looked;
}

export interface Decision {
  /** What to write to each side; empty where nothing is to be written. */
  readonly crm: Fields;
  readonly erp: Fields;
  /** Rules (by name) that agree now, or need nothing: their base is what both sides have. */
  readonly agreed: readonly string[];
  /** Of these the ones whose values differ, because a side keeps its own or made something else of it. */
  readonly differing: readonly Differing[];
  /** Why something is not written, by the side that it is not written to. */
  readonly reasons: { readonly crm: readonly Reason[]; readonly erp: readonly Reason[] };
  /** What a side's people wrote and the other side's value takes the place of, by the side that is written. */
  readonly lost: { readonly crm: readonly Lost[]; readonly erp: readonly Lost[] };
}

/** A rule with the value that each side has. */
export interface Differing {
  readonly rule: FieldRule;
  readonly erp: Value;
  readonly crm: Value;
}

/** The values of a pair; `base` null, or without a field, where the sides never met. */
export interface Met {
  readonly erp: Fields;
  readonly crm: Fields;
  readonly base: Base | null;
}

interface Member {
  readonly rule: FieldRule;
  readonly e: Value;
  readonly c: Value;
  readonly forward: Looked;
  readonly equal: boolean;
  readonly known: boolean;
  readonly erpChanged: boolean;
  readonly crmChanged: boolean;
}

/** Decides one coupled pair. Units of more than one field (groups) are decided as one. */
export function reconcile(rules: readonly FieldRule[], met: Met, lookups: Lookups): Decision {
  const out = { crm: {} as Record<string, Value>, erp: {} as Record<string, Value> };
  const agreed: string[] = [];
  const reasons = { crm: [] as Reason[], erp: [] as Reason[] };
  const lost = { crm: [] as Lost[], erp: [] as Lost[] };
  const units = unitsOf(rules).map((unit) => unit.map(member));
  for (const members of units) decide(members);
  const standing = new Set(agreed);
  const stand = units.flat().filter((one) => standing.has(one.rule.name));
  for (const one of stand) keep(one);
  const differing = stand.filter((one) => !one.equal).map(({ rule, e, c }) => ({ rule, erp: e, crm: c }));
  return { ...out, agreed, differing, reasons, lost };

  function member(rule: FieldRule): Member {
    const e = rule.erp === null ? rule.value : met.erp[rule.erp] ?? null;
    const c = met.crm[rule.crm] ?? null;
    const forward = toCrm(rule, e, lookups);
    const known = met.base !== null && rule.name in met.base.crm && rule.name in met.base.erp;
    return {
      rule,
      e,
      c,
      forward,
      equal: meets(rule, forward, e, c, lookups),
      known,
      erpChanged: known && !same(e, met.base!.erp[rule.name]),
      crmChanged: known && !same(c, met.base!.crm[rule.name]),
    };
  }

  function decide(members: readonly Member[]): void {
    const wants = new Set(members.filter((one) => !one.equal).map(wantOf));
    wants.delete("nothing");
    if (wants.size === 0) agree(members);
    else if (wants.size > 1 || wants.has("conflict")) conflict(members);
    else write(wants.has("crm") ? "crm" : "erp", members);
  }

  function agree(members: readonly Member[]): void {
    agreed.push(...members.map((one) => one.rule.name));
  }

  function conflict(members: readonly Member[]): void {
    const { conflict: policy, first, keeps } = members[0]!.rule;
    const met = members.every((one) => one.known);
    const winner = !met ? first : policy === "stop" ? keeps ?? policy : policy;
    if (winner !== "stop") {
      const by = !met
        ? `the sides met for the first time, and the ${winner.toUpperCase()} counts then`
        : policy === "stop"
        ? `in this state of the pair the ${winner.toUpperCase()} counts`
        : `the policy is "${winner}"`;
      return write(winner === "erp" ? "crm" : "erp", members, by);
    }
    // Of a group what both sides have alike is agreed on, whatever becomes of the rest.
    agree(members.filter((one) => one.equal));
    const differing = members.filter((one) => !one.equal);
    const values = differing.map(({ rule, e, c }) =>
      `"${fieldOf(rule, "crm")}" is ${shown(e)} in the ERP and ${shown(c)} in the CRM`
    );
    const state = met ? "both sides changed it" : "the two sides differ";
    reasons.crm.push({
      code: "conflict",
      field: members[0]!.rule.unit,
      message: `Cannot merge a field: ${state}, ${values.join(", ")}; ` +
        `say which counts (conflicts resolve), or make the values equal on either side`,
    });
  }

  /**
   * Writes all members of a unit to one side, or none of them and says why. `won`: why the other side counts where both
   * have something to say; its blanks count then too, or the unit would be of both sides.
   */
  function write(side: "erp" | "crm", members: readonly Member[], won?: string): void {
    const values: Record<string, Value> = {};
    for (const one of members) {
      const entity: AnyEntity = one.rule.of.extract[side];
      const field = fieldOf(one.rule, side);
      if (field === null) continue;
      const looked = side === "crm" ? one.forward : toErp(one.rule, one.c, lookups);
      if ("leave" in looked) {
        agreed.push(one.rule.name);
        continue;
      }
      // Where a member meets for the first time, its blank never wipes a value.
      const isWiping = "value" in looked && isBlank(looked.value) && !isBlank(side === "crm" ? one.c : one.e);
      if (!one.known && isWiping && won === undefined) continue;
      const reason = "reason" in looked ? looked.reason : unwritable(entity, field, looked.value, one.equal);
      if (reason !== null) {
        reasons[side].push({ ...reason, field: one.rule.unit });
        return;
      }
      if ("value" in looked && isWritable(entity, field)) values[one.rule[side]!] = looked.value;
    }
    Object.assign(out[side], values);
    const over = members.filter((one) =>
      one.rule[side] !== null && one.rule[side]! in values && !one.equal &&
      (one.known
        ? (side === "crm" ? one.crmChanged : one.erpChanged)
        : one.rule.direction === "both" && !isBlank(side === "crm" ? one.c : one.e))
    );
    if (over.length === 0) return;
    const old = over.map((one): [string, Value] => [one.rule[side]!, side === "crm" ? one.c : one.e]);
    const by = won ?? "the rule goes one way";
    lost[side].push({ side, unit: members[0]!.rule.unit, values: Object.fromEntries(old), by });
  }

  /** What stands is written beside what the service would choose it anew by: its choice would be nobody's change. */
  function keep({ rule, e, c }: Member): void {
    if (isBlank(e) || isBlank(c)) return;
    for (const side of ["erp", "crm"] as const) {
      const name = rule[side];
      if (name === null || !writesTo(rule, side)) continue;
      const entity: AnyEntity = rule.of.extract[side];
      const own = fieldOf(rule, side)!;
      const before = name.slice(0, name.length - own.length);
      const isChosen = entity.fields[own]?.follows?.some((field: string) => before + field in out[side]) ?? false;
      if (isChosen && isWritable(entity, own)) out[side][name] = side === "erp" ? e : c;
    }
  }
}

/** A value for people; long ones are cut. */
export function shown(value: Value): string {
  if (isBlank(value)) return "blank";
  const text = String(value);
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
}

/** What one field asks for: a write to a side, a person's decision, or nothing. */
function wantOf(one: Member): "crm" | "erp" | "conflict" | "nothing" {
  const { direction } = one.rule;
  const erpBlank = isBlank("value" in one.forward ? one.forward.value : one.e);
  const crmBlank = isBlank(one.c);
  if (one.known) {
    if (!one.erpChanged && !one.crmChanged) return "nothing"; // differs only by what a side made of it
    if (direction !== "both") {
      // A change on the target is put back, unless it is the target's to make, or the source never had anything to say.
      const target = direction === "toCrm" ? "crm" : "erp";
      const untouched = direction === "toCrm" ? !one.erpChanged : !one.crmChanged;
      const silent = untouched && (one.rule.keeps === target || (direction === "toCrm" ? erpBlank : crmBlank));
      return silent ? "nothing" : direction === "toCrm" ? "crm" : "erp";
    }
    if (one.erpChanged && one.crmChanged) return "conflict";
    return one.erpChanged ? "crm" : "erp";
  }
  if (direction === "toCrm") return erpBlank ? "nothing" : "crm";
  if (direction === "fromCrm") return crmBlank ? "nothing" : "erp";
  if (erpBlank) return "erp";
  return crmBlank ? "crm" : "conflict";
}

/** The rules by what is decided as one, in order; members of one group that go different ways are apart. */
function unitsOf(rules: readonly FieldRule[]): readonly (readonly FieldRule[])[] {
  const units = new Map<string, FieldRule[]>();
  for (const rule of rules) {
    const name = `${rule.unit} ${rule.direction}`;
    const unit = units.get(name);
    if (unit === undefined) units.set(name, [rule]);
    else unit.push(rule);
  }
  return [...units.values()];
}

/** What the rule gives for the CRM field, from the ERP's value. */
export function toCrm(rule: FieldRule, erp: Value, lookups: Lookups): Looked {
  if (rule.kind === "constant") return { value: rule.value };
  if (rule.kind === "coupled") {
    if (isBlank(erp)) return rule.lookup!.options.blank === "leave" ? { leave: true } : { value: null };
    return lookups.forward(rule, String(erp));
  }
  if (rule.kind === "mapped") return mappedTo(rule, erp);
  return { value: rule.transform?.forward ? rule.transform.forward(erp) : erp };
}

/** What the rule gives for the ERP field, from the CRM's value. */
export function toErp(rule: FieldRule, crm: Value, lookups: Lookups): Looked {
  if (rule.kind === "coupled") {
    if (isBlank(crm)) return rule.lookup!.options.blank === "leave" ? { leave: true } : { value: null };
    return lookups.backward(rule, String(crm));
  }
  if (rule.kind === "mapped") return mappedFrom(rule, crm);
  return { value: rule.transform?.backward ? rule.transform.backward(crm) : crm };
}

function mappedTo(rule: FieldRule, erp: Value): Looked {
  if (isBlank(erp)) return { value: null };
  const { values } = rule.map!;
  const code = String(erp);
  return Object.hasOwn(values, code) ? { value: values[code]! } : { reason: unmapped(rule, code) };
}

function mappedFrom(rule: FieldRule, crm: Value): Looked {
  if (isBlank(crm)) return { value: null };
  const found = Object.entries(rule.map!.values).find(([, value]) => same(value, crm));
  return found !== undefined ? { value: found[0] } : { reason: unmapped(rule, String(crm)) };
}

function unmapped(rule: FieldRule, value: string): Reason {
  const message = `Cannot map "${value}" of field "${fieldOf(rule, "erp")}": the value map has no entry for it; ` +
    `add it to the map that the definition names for "${fieldOf(rule, "crm")}"`;
  return { code: "unmapped", field: rule.name, message, about: [value] };
}

/** Whether the two values are the same thing, as the rule has them; `forward`: what it makes of the ERP's. */
export function meets(rule: FieldRule, forward: Looked, e: Value, c: Value, lookups: Lookups): boolean {
  if (rule.direction === "fromCrm" && rule.kind === "convert" && !rule.transform?.forward) {
    const back = toErp(rule, c, lookups);
    return "value" in back && same(back.value, e);
  }
  if (!("value" in forward)) return false;
  const normal = rule.transform?.normal;
  return same(forward.value, c) || (normal !== undefined && same(normal(forward.value), normal(c)));
}
