/** The other unit model: units are found in the groups of items and resources, instead of through the step `units`. */
import { coupled } from "../engine/step.ts";
import { itemUnits } from "./item_units.ts";
import { resourceUnits } from "./resource_units.ts";
import { unitGroups } from "./unit_groups.ts";

const group = coupled("unitGroupCode", unitGroups); // for a unit: the group's base unit
const unit = coupled("unit", itemUnits, resourceUnits, unitGroups);
const price = { "group price": { uomid: unit, amount: "unitPrice" } };
const product = { "group unit": { defaultuomscheduleid: group, defaultuomid: group } };

/** Rules of other steps while unit groups are in use; they stand in the place of those with the same names. */
export const withUnitGroups = {
  dependsOn: [unitGroups, itemUnits, resourceUnits],
  rules: {
    "items": product,
    "resources": product,
    "item prices": { uomid: group },
    "resource prices": { uomid: group },
    "price list lines": price,
    "sales prices": price,
    "order lines": { uomid: unit },
  },
};
