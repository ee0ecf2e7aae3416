/** What a new record is given: the rules of its direction and the definition's `create`. Pure. */
import type { Fields, Value } from "../connectors/connector.ts";
import type { Reason, Side } from "../store/store.ts";
import { type Looked, type Lookups, toCrm, toErp } from "./reconcile.ts";
import type { Compiled } from "./compile.ts";
import { accessOf, type FieldRule, givenOf, writesTo } from "./rules.ts";
import { isBlank } from "./same.ts";
import { tooLong } from "./writable.ts";

export interface Creation {
  readonly fields: Fields;
  /** CRM names of the rules that need nothing more once the record stands: their base is what both sides have then. */
  readonly agreed: readonly string[];
  /** Those that stop the creation come with `stops`; the others only leave a field out. */
  readonly reasons: readonly Reason[];
  readonly stops: boolean;
}

/** Decides what the record on `side` that corresponds to `source` is created with. */
export function creationOf(compiled: Compiled, side: Side, source: Fields, lookups: Lookups): Creation {
  const { step, rules } = compiled;
  const entity = step.extract[side];
  const fields: Record<string, Value> = {};
  const agreed: string[] = [];
  const reasons: Reason[] = [];
  const left = new Set<string>();

  for (const rule of rules) {
    const field = side === "crm" ? rule.crm : rule.erp;
    if (!writesTo(rule, side) || field === null) continue;
    const access = accessOf(entity, field);
    if (access === "update" || access === "never") continue; // a later decision writes it, or nobody
    const looked = lookedUp(rule);
    if ("leave" in looked) agreed.push(rule.crm);
    else {
      const reason = "reason" in looked ? looked.reason : tooLong(entity, field, looked.value);
      if (reason !== null) {
        reasons.push({ ...reason, field: rule.unit });
        left.add(rule.unit);
      } else {
        if ("value" in looked && !isBlank(looked.value)) fields[field] = looked.value;
        agreed.push(rule.crm);
      }
    }
  }
  for (const rule of rules) { // a group is written as one: what stops one member leaves them all out
    const field = side === "crm" ? rule.crm : rule.erp;
    if (left.has(rule.unit) && field !== null) delete fields[field];
  }
  for (const given of givenOf(step, side)) {
    if (!isBlank(fields[given.field])) continue; // what a rule says counts; this is for what it left blank
    const from = given.from === null ? given.value : source[given.from] ?? null;
    const value = given.transform?.forward ? given.transform.forward(from) : from;
    const reason = tooLong(entity, given.field, value);
    if (reason !== null) reasons.push(reason);
    else if (!isBlank(value)) fields[given.field] = value;
  }
  for (const [field, facts] of Object.entries(entity.fields)) {
    const failed = reasons.some((reason) => reason.code === "waiting");
    if (facts.required && isBlank(fields[field]) && !failed) reasons.push(requiredBlank(field));
  }
  const kept = agreed.filter((crm) => !left.has(rules.find((rule) => rule.crm === crm)!.unit));
  const stops = reasons.some((one) => ["waiting", "required_blank", "refused"].includes(one.code));
  return { fields, agreed: kept, reasons, stops };

  function lookedUp(rule: FieldRule): Looked {
    if (side === "crm") return toCrm(rule, rule.erp === null ? rule.value : source[rule.erp] ?? null, lookups);
    return toErp(rule, source[rule.crm] ?? null, lookups);
  }

  function requiredBlank(field: string): Reason {
    const other = step.extract[side === "crm" ? "erp" : "crm"];
    const rule = rules.find((one) => (side === "crm" ? one.crm : one.erp) === field);
    const from = rule === undefined ? null : side === "crm" ? rule.erp : rule.crm;
    const hint = (from === null ? undefined : other.fields[from]?.blank) ?? entity.fields[field]?.blank ??
      `give it a value${from === null ? "" : ` in "${from}" of "${other.name}"`}`;
    const message =
      `Cannot create a record of "${entity.name}": "${field}" is required and there is no value for it; ` +
      hint.charAt(0).toLowerCase() + hint.slice(1);
    return { code: "required_blank", field, message };
  }
}
