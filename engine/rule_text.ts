/** A rule in words. Pure. */
import type { FieldRule } from "./rules.ts";

const ways = { both: "both ways", toCrm: "to the CRM only", fromCrm: "to the ERP only" };

/** "address1_city ← city, both ways, conflict: stop"; `hasMet`: the two sides have agreed on it before. */
export function ruleText(rule: FieldRule, hasMet = true): string {
  const { crm, erp, kind, direction, transform, lookup, unit, name, conflict, first, value } = rule;
  const from = erp ?? `constant ${JSON.stringify(value)}`;
  const how = kind === "convert"
    ? [`through ${transform!.name}`]
    : kind === "mapped"
    ? ["by a value map"]
    : kind === "coupled"
    ? [`through the couplings of ${lookup!.steps.map((step) => step.name).join(", ")}`]
    : [];
  const group = unit === name ? [] : [unit.slice(unit.lastIndexOf("/") + 1)];
  const policy = direction !== "both" ? [] : [hasMet ? `conflict: ${conflict}` : `first meeting: ${first}`];
  return [`${crm} ← ${from}`, ...how, ...group, ways[direction], ...policy].join(", ");
}
