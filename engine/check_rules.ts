/** Whether a step's rules fit the fields they stand between. */
import type { AnyEntity, Field, Value } from "../connectors/connector.ts";
import type { Side } from "../store/store.ts";
import { hasShape } from "./check_shape.ts";
import { didYouMean } from "./did_you_mean.ts";
import type { Report } from "./problem.ts";
import { accessOf, type Conversion, type FieldRule, rulesOf, writesTo } from "./rules.ts";
import type { Step } from "./step.ts";

const sides: readonly Side[] = ["erp", "crm"];

/** Reports rules that can't work, those that are switched off included. */
export function checkRules(step: Step, report: Report): void {
  for (const rule of rulesOf(switchedOn(step))) {
    const { erp, crm } = step.extract;
    const known = [
      hasField(crm, "crm", rule.crm, report),
      rule.erp === null || hasField(erp, "erp", rule.erp, report, rule.crm),
    ];
    if (known.includes(false)) continue;
    for (const side of sides) if (writesTo(rule, side)) checkAccess(step, rule, side, report);
    checkKind(step, rule, report);
  }
  const on = rulesOf(step);
  checkTwice(step, on, report);
  checkGroups(on, report);
  checkMatch(step, on, report);
}

/** Whether the entity has the field; reports it under `where` if not. */
export function hasField(entity: AnyEntity, side: Side, field: string, report: Report, where = field): boolean {
  if (Object.hasOwn(entity.fields, field)) return true;
  const of = `"${entity.name}" of the ${side.toUpperCase()}`;
  if (side === "crm" && field === "ownerid") {
    report("owner_of_organization", where, `${of} belongs to the organization and has no owner; take the rule away`);
    return false;
  }
  const near = didYouMean(field, Object.keys(entity.fields));
  report(
    "unknown_field",
    where,
    `${of} has no field "${field}"; ` +
      (near === null ? `it has ${Object.keys(entity.fields).join(", ")}` : `did you mean "${near}"?`),
  );
  return false;
}

/** The step as if every optional rule were on. */
function switchedOn(step: Step): Step {
  const on = (rule: unknown): unknown => {
    if (typeof rule !== "object" || rule === null) return rule;
    const wrapper = rule as { kind?: string; rule?: unknown };
    if (wrapper.kind === "optional") return on(wrapper.rule);
    return "rule" in wrapper ? { ...wrapper, rule: on(wrapper.rule) } : rule;
  };
  const all = (rules: object) => Object.fromEntries(Object.entries(rules).map(([field, rule]) => [field, on(rule)]));
  const entries = Object.entries(step.transform);
  const transform = entries.map(([name, rule]) => [name, name.startsWith("group ") ? all(rule as object) : on(rule)]);
  return { ...step, transform: Object.fromEntries(transform) };
}

function checkAccess(step: Step, rule: FieldRule, side: Side, report: Report): void {
  const field = rule[side];
  if (field === null || accessOf(step.extract[side], field) !== "never") return;
  const remedy = step.direction === "both" ? `wrap it in ${side === "crm" ? "fromCrm" : "toCrm"}()` : "take it away";
  report("not_writable", rule.crm, `"${field}" can never be written in the ${side.toUpperCase()}; ${remedy}`);
}

function checkKind(step: Step, rule: FieldRule, report: Report): void {
  const crm = step.extract.crm.fields[rule.crm]!;
  const erp = rule.erp === null ? null : step.extract.erp.fields[rule.erp]!;
  const toCrm = writesTo(rule, "crm");
  const toErp = writesTo(rule, "erp");
  if (erp === null) {
    if (!toCrm) report("wrong_rule", rule.crm, "a constant would be read from the CRM only; take it away");
    checkChoice(rule.value, crm, rule.crm, report);
    return;
  }
  if (rule.kind === "copy") {
    if (toCrm) checkCopy(erp, crm, rule.crm, report);
    if (toErp) checkCopy(crm, erp, rule.crm, report);
  } else if (rule.kind === "convert") {
    checkConversion(rule.transform, { forward: toCrm, backward: toErp }, rule.crm, report);
  } else if (rule.kind === "mapped") checkMap(step, rule, report);
  else checkLookup(step, rule, report);
  const kind = rule.kind === "mapped" || rule.kind === "coupled" || rule.kind === "copy";
  if (kind && toCrm) checkBlank(erp, crm, rule.crm, "CRM", report);
  if (kind && toErp) checkBlank(crm, erp, rule.crm, "ERP", report);
}

/** Reports a copy whose value the other field could not hold as it is. Lengths are looked at value by value. */
export function checkCopy(from: Field, to: Field, where: string, report: Report): void {
  const strings = from.values?.every((value) => typeof value === "string") ?? false;
  const readable = ["text", "decimal", "date", "datetime", "lookup"].includes(from.kind) ||
    (from.kind === "choice" && strings);
  if (to.kind === "text" && readable) return;
  if (from.kind !== to.kind) {
    report("narrowing", where, `a ${from.kind} can't be copied into a ${to.kind}; use convert()`);
  } else if (from.kind === "lookup") {
    report("wrong_rule", where, "the two services call one record by different ids; use coupled()");
  } else for (const value of from.values ?? []) checkChoice(value, to, where, report);
}

export function checkChoice(value: Value, field: Field, where: string, report: Report): void {
  if (value === null ? field.nullable : field.values?.includes(value) ?? true) return;
  const known = field.values === undefined ? "it is never blank" : `its values are ${field.values.join(", ")}`;
  report("unknown_choice", where, `the field can't hold ${JSON.stringify(value)}; ${known}`);
}

export function checkConversion(
  transform: Conversion | null,
  needed: { readonly forward: boolean; readonly backward: boolean },
  where: string,
  report: Report,
): void {
  for (const half of ["forward", "backward"] as const) {
    if (!needed[half] || typeof transform?.[half] === "function") continue;
    const remedy = half === "backward"
      ? "give it one, or limit the rule with toCrm()"
      : "give it one, or limit the rule with fromCrm()";
    report("missing_inverse", where, `the conversion "${transform?.name}" has no "${half}"; ${remedy}`);
  }
}

function checkMap(step: Step, rule: FieldRule, report: Report): void {
  const { entity, values } = rule.map!;
  const erp = step.extract.erp;
  const refers = (erp.refs as Readonly<Record<string, { entity: string }>>)[rule.erp!]?.entity ?? null;
  if (entity !== refers) {
    const holds = refers === null ? "the value itself" : `codes of "${refers}"`;
    const wanted = refers === null ? "valueMap()" : `codeMap("${refers}", …)`;
    report("wrong_rule", rule.crm, `"${rule.erp}" holds ${holds}, the value map is of others; use ${wanted}`);
  } else if (entity === null) {
    for (const value of Object.keys(values)) checkChoice(value, erp.fields[rule.erp!]!, rule.crm, report);
  }
  const seen = new Map<Value, string>();
  for (const [from, to] of Object.entries(values)) {
    checkChoice(to, step.extract.crm.fields[rule.crm]!, rule.crm, report);
    const other = seen.get(to);
    if (other !== undefined && writesTo(rule, "erp")) {
      report(
        "not_injective",
        rule.crm,
        `the value map gives ${JSON.stringify(to)} for both "${other}" and "${from}", so it can't be read backwards; ` +
          "take one away, or limit the rule with toCrm()",
      );
    }
    seen.set(to, from);
  }
}

function checkLookup(step: Step, rule: FieldRule, report: Report): void {
  const { steps } = rule.lookup!;
  for (const side of sides) {
    const field = side === "crm" ? rule.crm : rule.erp!;
    const entity = step.extract[side];
    const refers = (entity.refs as Readonly<Record<string, { entity: string }>>)[field]?.entity;
    const where = `"${field}" of the ${side.toUpperCase()}`;
    if (entity.fields[field]!.kind !== "lookup" || refers === undefined) {
      report("wrong_rule", rule.crm, `${where} does not refer to records; use another rule than coupled()`);
    } else if (steps.every(hasShape) && !steps.some((to) => to.extract[side].name === refers)) {
      const through = steps.map((to) => `"${to.name}"`).join(" and ");
      const remedy = `name a step that couples "${refers}"`;
      report("wrong_rule", rule.crm, `${where} refers to "${refers}", which ${through} does not couple; ${remedy}`);
    }
  }
  const waitsFor = new Set(step.dependsOn.map((needed) => needed.name));
  for (const to of steps) {
    if (waitsFor.has(to.name) || to.name === step.name) continue; // a record can refer to one of its own kind
    report(
      "not_in_depends_on",
      rule.crm,
      `the lookup goes through "${to.name}", which the step does not wait for; add it to dependsOn`,
    );
  }
}

function checkBlank(from: Field, to: Field, where: string, side: string, report: Report): void {
  if (!from.nullable || to.nullable) return;
  const remedy = "convert it, or limit the rule to the other direction";
  report("blank_into_required", where, `a blank could reach a field of the ${side} that is never blank; ${remedy}`);
}

function checkTwice(step: Step, rules: readonly FieldRule[], report: Report): void {
  for (const side of sides) {
    const seen = new Map<string, string>();
    for (const rule of rules) {
      const field = rule[side];
      if (field === null || (side === "erp" && !writesTo(rule, "erp"))) continue; // several may read one ERP field
      const other = seen.get(field);
      if (other !== undefined && (side === "crm" || other !== rule.crm)) {
        const remedy = side === "crm" ? "take one away" : "limit all but one with toCrm(), or take them away";
        report("written_twice", field, `two rules of "${step.name}" give "${field}" a value; ${remedy}`);
      }
      seen.set(field, rule.crm);
    }
  }
}

function checkGroups(rules: readonly FieldRule[], report: Report): void {
  const policies = new Map<string, Set<string>>();
  for (const { unit, conflict } of rules) policies.set(unit, (policies.get(unit) ?? new Set()).add(conflict));
  for (const [unit, { size }] of policies) {
    if (size === 1) continue;
    report(
      "mixed_group",
      unit,
      "its members have different conflict policies, but are decided as one; give all the same",
    );
  }
}

function checkMatch(step: Step, rules: readonly FieldRule[], report: Report): void {
  if (step.match.length === 0 && step.of === null && step.under === null) {
    report("match_missing", "match", "nothing says which records are the same; name the fields that they agree in");
  }
  for (const field of new Set(step.match.flat())) {
    if (!hasField(step.extract.crm, "crm", field, report, "match")) continue;
    const rule = rules.find((one) => one.crm === field);
    if (rule === undefined || rule.kind === "constant") {
      const remedy = "give it a rule, or match by another field";
      report("match_unmapped", field, `no rule says which ERP field it corresponds to; ${remedy}`);
    } else if (rule.kind === "convert" && typeof rule.transform?.forward !== "function") {
      const remedy = "give it one, or match by another field";
      report("missing_inverse", field, `matching needs the conversion's "forward", which it lacks; ${remedy}`);
    }
  }
}
