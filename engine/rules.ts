/** A definition's rules as a flat list. */
import type { Access, AnyEntity, Value } from "../connectors/connector.ts";
import type { ValueMap } from "../transforms/transform.ts";
import type { CoupledOptions, Direction, Step, Winner } from "./step.ts";

/** A transform as the engine uses it; which halves it has was checked at load. */
export interface Conversion {
  readonly name: string;
  readonly forward?: (value: Value) => Value;
  readonly backward?: (value: Value) => Value;
  /** Values with an equal normal form are the same value, in the CRM's domain. */
  readonly normal?: (value: Value) => Value;
}

/** One CRM field and where its value comes from. */
export interface FieldRule {
  /** What bases, reasons and decisions call it: the CRM field, of a part with its pair of keys before it. */
  readonly name: string;
  /** The step that says it: its entities have the fields. */
  readonly of: Step;
  /** The field; of a part in a document with the part's key before it. */
  readonly crm: string;
  /** Null for a constant. */
  readonly erp: string | null;
  readonly kind: "copy" | "convert" | "mapped" | "coupled" | "constant";
  /** The step's direction, or the one direction that the rule was limited to. */
  readonly direction: Direction;
  /** What is written, merged and in conflict as one: a group's name, or the field itself. */
  readonly unit: string;
  readonly conflict: Winner;
  /** What the rule itself says of conflicts; null where the step's policy counts. */
  readonly ownConflict: Winner | null;
  /** Who wins where the two sides meet for the first time and both have a value. */
  readonly first: Winner;
  /** The side that the pair's state leaves it to: what was changed there alone is not put back. */
  readonly keeps: "erp" | "crm" | null;
  readonly transform: Conversion | null;
  readonly map: ValueMap<unknown, Value> | null;
  readonly lookup: { readonly steps: readonly Step[]; readonly options: CoupledOptions } | null;
  readonly value: Value;
}

/** What a creation is given beside the rules: field of the new record → constant, copy or conversion. */
export interface GivenRule {
  readonly field: string;
  readonly from: string | null;
  readonly transform: Conversion | null;
  readonly value: Value;
}

type Raw = { readonly kind: string; readonly [key: string]: unknown };

/** The rules that are on, in the order of the definition. Optional rules are off. */
export function rulesOf(step: Step): readonly FieldRule[] {
  const rules: FieldRule[] = [];
  for (const [name, entry] of Object.entries(step.transform)) {
    if (name.startsWith("group ")) {
      for (const [field, raw] of Object.entries(entry as Record<string, unknown>)) add(field, raw, name);
    } else add(name, entry, name);
  }
  return rules;

  function add(crm: string, raw: unknown, unit: string): void {
    let direction = step.direction;
    let ownConflict: Winner | null = null;
    const { first = "fill" } = step.load;
    let rule = raw;
    while (typeof rule === "object" && rule !== null) {
      const wrapper = rule as Raw;
      if (wrapper.kind === "optional") return;
      else if (wrapper.kind === "toCrm" || wrapper.kind === "fromCrm") direction = wrapper.kind;
      else if (wrapper.kind === "onConflict") ownConflict = wrapper.winner as Winner;
      else break;
      rule = wrapper.rule;
    }
    const plain = {
      name: crm,
      of: step,
      crm,
      unit,
      conflict: ownConflict ?? step.load.conflict ?? "stop",
      ownConflict,
      first: first === "fill" ? "stop" as const : first,
      keeps: null,
      transform: null,
      map: null,
      lookup: null,
      value: null,
    };
    if (typeof rule === "string") rules.push({ ...plain, erp: rule, kind: "copy", direction });
    else {
      const { kind, field, transform, map, steps, options, value } = rule as Raw;
      if (kind === "constant") {
        const written = direction === "both" ? "toCrm" : direction;
        rules.push({ ...plain, erp: null, kind, direction: written, value: value as Value });
      } else if (kind === "convert") {
        rules.push({ ...plain, erp: field as string, kind, direction, transform: transform as Conversion });
      } else if (kind === "mapped") {
        rules.push({ ...plain, erp: field as string, kind, direction, map: map as ValueMap<unknown, Value> });
      } else if (kind === "coupled") {
        const lookup = { steps: steps as readonly Step[], options: options as CoupledOptions };
        rules.push({ ...plain, erp: field as string, kind, direction, lookup });
      } else throw new TypeError(`Cannot read rule "${crm}" of step "${step.name}": unknown kind "${String(kind)}"`);
    }
  }
}

/** What `create` of the definition gives to a new record of `side`. */
export function givenOf(step: Step, side: "erp" | "crm"): readonly GivenRule[] {
  return Object.entries(step.create[side]).map(([field, raw]) => {
    if (typeof raw === "string") return { field, from: raw, transform: null, value: null };
    const rule = raw as Raw;
    if (rule.kind === "constant") return { field, from: null, transform: null, value: rule.value as Value };
    return { field, from: rule.field as string, transform: rule.transform as Conversion, value: null };
  });
}

export function writesTo(rule: FieldRule, side: "erp" | "crm"): boolean {
  return rule.direction === "both" || rule.direction === (side === "crm" ? "toCrm" : "fromCrm");
}

/** The entity's field that a rule names on a side: without the key of a part before it. */
export function fieldOf(rule: FieldRule, side: "erp" | "crm"): string | null {
  const field = rule[side];
  return field === null ? null : field.slice(field.lastIndexOf("/") + 1);
}

export function accessOf(entity: AnyEntity, field: string): Access | "always" {
  return (entity.access as Readonly<Record<string, Access>>)[field] ?? "always";
}
