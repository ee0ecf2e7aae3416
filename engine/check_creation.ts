/** Whether what a step creates is complete, allowed and inside its own filter; and policies that can't be kept. */
import type { AnyEntity, Field, Value } from "../connectors/connector.ts";
import type { Side } from "../store/store.ts";
import { checkChoice, checkConversion, checkCopy, hasField } from "./check_rules.ts";
import type { Report } from "./problem.ts";
import { accessOf, type FieldRule, givenOf, rulesOf, writesTo } from "./rules.ts";
import type { Step } from "./step.ts";

/** Reports filters and creations that can't work. */
export function checkCreation(step: Step, report: Report): void {
  const rules = rulesOf(step);
  for (const side of ["erp", "crm"] as const) {
    for (const [field, value] of Object.entries(step.extract[side].filter)) {
      const where = `extract.${side}`;
      if (!hasField(step.extract[side], side, field, report, where)) continue;
      checkChoice(value as Value, step.extract[side].fields[field]!, where, report);
    }
    checkGiven(step, side, report);
    if (mayInsert(step, side)) checkInsert(step, side, rules, report);
  }
}

/** Reports policies that make no sense together. */
export function checkLoad(step: Step, report: Report): void {
  for (const [key, against] of [["toCrm", "fromCrm"], ["fromCrm", "toCrm"]] as const) {
    if (step.load[key] === undefined || step.direction !== against) continue;
    const side = key === "toCrm" ? "CRM" : "ERP";
    report("wrong_direction", `load.${key}`, `the step never writes to the ${side}; take it away`);
  }
  checkEnding(step, report);
}

/** Policies for what is gone act on the other side, so the step must write there and the service must allow it. */
function checkEnding(step: Step, report: Report): void {
  for (const gone of ["erp", "crm"] as const) {
    const other = gone === "erp" ? "crm" : "erp";
    const entity: AnyEntity = step.extract[other];
    for (const section of ["missing", "left"] as const) {
      const policy = step.load[section]?.[gone];
      const where = `load.${section}.${gone}`;
      if (policy === undefined || policy === "report" || policy === "keep" || policy === "uncouple") continue;
      const written = policy === "restore" ? gone : other;
      if (!writes(step, written)) {
        const state = `"${policy}" writes to the ${written.toUpperCase()}, and the step never does`;
        report("wrong_direction", where, `${state}; write "${section === "left" ? "keep" : "report"}"`);
      } else if (policy === "restore" && step.extract[gone].creation === "none") {
        report("not_creatable", where, `"${step.extract[gone].name}" can't be created by us; write "report"`);
      } else if (policy === "delete" && !entity.deletable) {
        const remedy = entity.inactive === null ? `write "report"` : `write "deactivate", or "report"`;
        report("not_deletable", where, `records of "${entity.name}" are never deleted by us; ${remedy}`);
      } else if (policy === "deactivate" && entity.inactive === null) {
        report("not_deletable", where, `"${entity.name}" has no state that puts a record out of use; write "report"`);
      } else if (policy === "deactivate" && section === "left") {
        const mapped = Object.keys(entity.inactive!).find((field) =>
          rulesOf(step).some((rule) => rule[other] === field)
        );
        const state = `it writes "${mapped}", which transform maps as well: the two would overwrite each other`;
        if (mapped !== undefined) report("written_twice", where, `${state}; write "keep"`);
      }
    }
  }
}

function writes({ direction }: Step, side: Side): boolean {
  return direction === "both" || direction === (side === "crm" ? "toCrm" : "fromCrm");
}

function mayInsert(step: Step, side: Side): boolean {
  const key = side === "crm" ? "toCrm" : "fromCrm";
  return writes(step, side) && (step.load[key] as { unmatched: string } | undefined)?.unmatched === "insert";
}

function checkGiven(step: Step, side: Side, report: Report): void {
  const entity: AnyEntity = step.extract[side];
  const other = side === "crm" ? "erp" : "crm";
  for (const given of givenOf(step, side)) {
    const where = `create.${side}.${given.field}`;
    if (!hasField(entity, side, given.field, report, where)) continue;
    const field: Field = entity.fields[given.field]!;
    const access = accessOf(entity, given.field);
    if (access === "never" || access === "update") {
      const remedy = access === "never" ? "take it away" : "write it by a rule of transform, after the creation";
      report("not_writable", where, `it can not be written when a record is created; ${remedy}`);
    }
    if (given.from === null) checkChoice(given.value, field, where, report);
    else if (!hasField(step.extract[other], other, given.from, report, where)) continue;
    else if (given.transform === null) checkCopy(step.extract[other].fields[given.from]!, field, where, report);
    else checkConversion(given.transform, { forward: true, backward: false }, where, report);
  }
}

/** What a new record would be without: required fields, and the values that put it into the step's own filter. */
function checkInsert(step: Step, side: Side, rules: readonly FieldRule[], report: Report): void {
  const entity: AnyEntity = step.extract[side];
  const key = side === "crm" ? "toCrm" : "fromCrm";
  if (entity.creation === "none") {
    const state = `"${entity.name}" can't be created by us`;
    report("not_creatable", `load.${key}`, `${state}; write { unmatched: "leave" }`);
    return;
  }
  const set = new Map<string, Value | undefined>(Object.entries(entity.initial));
  for (const rule of rules) {
    const field = rule[side];
    if (field === null || !writesTo(rule, side) || !["always", "create"].includes(accessOf(entity, field))) continue;
    set.set(field, rule.kind === "constant" ? rule.value : undefined);
  }
  for (const { field, from, value } of givenOf(step, side)) set.set(field, from === null ? value : undefined);

  for (const [field, { required }] of Object.entries<Field>(entity.fields)) {
    if (!required || set.has(field)) continue;
    const remedy = "give it a rule in transform or in create";
    report("required_missing", field, `a new record of "${entity.name}" needs it, and nothing gives it; ${remedy}`);
  }
  if (entity.foundBy.length > 0 && !entity.foundBy.some((field) => set.has(field))) {
    const state = `a new record of "${entity.name}" can't be found again after a lost answer`;
    report(
      "not_found_again",
      `load.${key}`,
      `${state}; give it ${entity.foundBy.join(" or ")} in transform or in create`,
    );
  }
  for (const [field, wanted] of Object.entries(entity.filter)) {
    const given = set.get(field);
    if (set.has(field) && (given === undefined || given === wanted)) continue;
    const state = set.has(field) ? `gets ${JSON.stringify(given)}` : "does not get it";
    const remedy = `write ${field}: constant(${JSON.stringify(wanted)}) in transform or in create.${side}`;
    report(
      "filter_not_set",
      field,
      `the filter wants ${JSON.stringify(wanted)}, and a new record of "${entity.name}" ${state}; ${remedy}`,
    );
  }
}
