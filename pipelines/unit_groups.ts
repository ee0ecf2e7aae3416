import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { defineStep } from "../engine/step.ts";

/** The units of an item or a resource are a unit group. In use instead of `units`, with the units below the groups. */
export const unitGroups = defineStep({
  name: "unit groups",
  direction: "toCrm",
  extract: { erp: bc.unitGroups, crm: dv.unitGroups },
  match: [["name"]],
  transform: { name: "name" },
  create: { crm: { baseuomname: "baseUnitOfMeasureCode" } }, // the CRM makes the base unit with the group
  load: { toCrm: { unmatched: "insert" } },
});
