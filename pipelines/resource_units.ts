import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { coupled, defineStep } from "../engine/step.ts";
import { unitGroups } from "./unit_groups.ts";

/** Units that resources are counted in, each in the group of its resource; the base unit is there with the group. */
export const resourceUnits = defineStep({
  name: "resource units",
  dependsOn: [unitGroups],
  direction: "toCrm",
  extract: { erp: bc.resourceUnits, crm: dv.uoms },
  match: [["uomscheduleid", "name"]],
  transform: {
    uomscheduleid: coupled("unitGroupCode", unitGroups),
    name: "code",
    quantity: "quantityPerUnitOfMeasure",
  },
  load: { toCrm: { unmatched: "insert" } },
});
