/** How the mappings stand in docs/mappings.md. */
import { givenOf, rulesOf } from "../../engine/rules.ts";
import { steps } from "../../pipelines/mod.ts";
import type { FieldMapping, Mapping, MappingDirection, RuleName } from "./mappings.ts";
import { switchedOn } from "./mappings_world.ts";

const arrows: Readonly<Record<MappingDirection, string>> = { toCrm: "→", fromCrm: "←", both: "↔" };

/** The table of one mapping, as it stands on the page. */
export function tableOf({ name, rules }: Mapping): string {
  const rows = rules.map((rule) => `| ${cellsOf(rule).join(" | ")} |`);
  return [`## ${name}`, "", "| Microsoft | here | rule | how, or why not |", "| --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

function cellsOf({ bc, crm, direction, here, why, rule, optional }: FieldMapping): readonly string[] {
  const pair = `${bc ?? "constant"} ${arrows[direction]} ${crm === null ? "constant" : `\`${crm}\``}`;
  return [`${pair}${optional ? " (off)" : ""}`, here, rule === null ? "" : described(rule), why];
}

/** Step, ERP field, direction and CRM field of one of our rules. */
function described({ step: name, field, in: place }: RuleName): string {
  const shipped = steps.find((one) => one.name === name)!;
  const step = switchedOn(shipped);
  if (place === "control") return `${name}: \`${step.control[field]}\` = \`${field}\``;
  if (place === "transform") {
    const { erp, direction } = rulesOf(step).find((rule) => rule.crm === field)!;
    const isOn = rulesOf(shipped).some((rule) => rule.crm === field);
    return `${name}: ${named(erp)} ${arrows[direction]} \`${field}\`${isOn ? "" : " (off)"}`;
  }
  const side = place === "create.crm" ? "crm" : "erp";
  const { from } = givenOf(step, side).find((given) => given.field === field)!;
  const arrow = side === "crm" ? "→" : "←";
  const [erp, crm] = side === "crm" ? [named(from), `\`${field}\``] : [`\`${field}\``, named(from)];
  return `${name}, new: ${erp} ${arrow} ${crm}`;
}

function named(field: string | null): string {
  return field === null ? "constant" : `\`${field}\``;
}
