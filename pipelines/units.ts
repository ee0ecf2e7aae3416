import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { convert, defineStep } from "../engine/step.ts";
import { unitGroupName } from "../transforms/units.ts";

/**
 * Each unit of measure is a unit group of its own, whose base unit has the unit's code: "PCS" is the base unit of
 * "NAV PCS". The CRM makes the base unit with the group.
 */
export const units = defineStep({
  name: "units",
  direction: "toCrm",
  extract: { erp: bc.unitsOfMeasure, crm: dv.unitGroups },
  match: [["name"]],
  transform: { name: convert("code", unitGroupName) },
  create: { crm: { baseuomname: "code" } },
  load: { toCrm: { unmatched: "insert" } },
});
