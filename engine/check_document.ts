/** Whether steps that work together fit: documents with their parts, follow-ups, and what is said of a pair as a whole. */
import type { AnyEntity, Field, Value } from "../connectors/connector.ts";
import { checkChoice, hasField } from "./check_rules.ts";
import type { Report } from "./problem.ts";
import type { Step } from "./step.ts";

const sides = ["erp", "crm"] as const;

/** Reports parts without their head, heads that are none, and follow-ups that could not follow. */
export function checkTogether(step: Step, report: Report): void {
  const { under, of, extract } = step;
  const waitsFor = (other: Step) => step.dependsOn.some((needed) => needed.name === other.name);
  for (const side of sides) {
    const { name, partOf, partKey }: AnyEntity = extract[side];
    const where = `extract.${side}`;
    if (under === null && partOf !== null) {
      report("wrong_head", where, `"${name}" are parts of "${partOf}"; write under: the step that couples "${partOf}"`);
    } else if (under !== null && partOf !== under.extract[side].name) {
      const state = partOf === null ? `"${name}" are no parts` : `"${name}" are parts of "${partOf}"`;
      report("wrong_head", where, `${state}, and "${under.name}" couples "${under.extract[side].name}"; correct under`);
    } else if (under !== null && partKey === null) {
      report("wrong_head", where, `nothing says how a new part of "${name}" gets its key; give the handle a partKey`);
    }
    if (of !== null && of.extract[side].name !== name) {
      const other = of.extract[side].name;
      report("wrong_head", where, `the step follows "${of.name}", which couples "${other}", not "${name}"; correct of`);
    }
  }
  for (const [section, other] of [["under", under], ["of", of]] as const) {
    if (other === null) continue;
    if (!waitsFor(other)) {
      report("not_in_depends_on", section, `it does not wait for "${other.name}"; add that step to dependsOn`);
    }
    if (other.under !== null || (section === "under" && other.of !== null)) {
      report(
        "wrong_head",
        section,
        `"${other.name}" has no documents of its own; name the step that couples the heads`,
      );
    }
  }
  if (of === null) return;
  for (const key of ["toCrm", "fromCrm"] as const) {
    if (step.load[key]?.unmatched !== "insert") continue;
    report("not_creatable", `load.${key}`, `a step that follows "${of.name}" never creates; take it away`);
  }
  if (step.match.length > 0) {
    report("wrong_rule", "match", `a step that follows "${of.name}" couples nothing itself; take it away`);
  }
}

/** Reports conditions, decision tables and control totals that speak of fields or values that there are not. */
export function checkPolicies(step: Step, report: Report): void {
  const { erp, crm } = step.extract;
  for (const [key, from, side] of [["toCrm", erp, "erp"], ["fromCrm", crm, "crm"]] as const) {
    const { when = {}, unless } = step.load[key] ?? {};
    checkValues(from, side, when, `load.${key}.when`, report);
    if (unless !== undefined) hasField(from, side, unless, report, `load.${key}.unless`);
  }
  for (const [place, line] of step.authority.entries()) {
    for (const side of sides) {
      checkValues(step.extract[side], side, line[side] ?? {}, `authority.${place}.${side}`, report);
    }
    if (line.who !== "person" || line.why !== undefined) continue;
    report(
      "malformed",
      `authority.${place}`,
      `the person who decides is told nothing; write why: "what happened; what to do"`,
    );
  }
  for (const [name, from] of Object.entries(step.control)) {
    const known = [hasField(crm, "crm", name, report, "control"), hasField(erp, "erp", from, report, "control")];
    if (known.includes(false)) continue;
    for (const [entity, field] of [[crm, name], [erp, from]] as const) {
      const { kind }: Field = entity.fields[field]!;
      if (kind !== "decimal") {
        report("wrong_rule", `control.${name}`, `"${field}" is no amount; control compares amounts`);
      }
    }
  }
}

function checkValues(entity: AnyEntity, side: "erp" | "crm", values: object, where: string, report: Report): void {
  for (const [field, value] of Object.entries(values)) {
    if (hasField(entity, side, field, report, where)) checkChoice(value as Value, entity.fields[field]!, where, report);
  }
}
