import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, coupled, defineStep } from "../engine/step.ts";
import { items } from "./items.ts";
import { priceGroups } from "./price_groups.ts";
import { units } from "./units.ts";

/** Sales prices of customer price groups; what the CRM can't hold is listed, as with lines of price lists. */
export const salesPrices = defineStep({
  name: "sales prices",
  dependsOn: [priceGroups, items, units],
  direction: "toCrm",
  extract: { erp: bc.salesPrices.where({ salesType: "Customer Price Group" }), crm: dv.priceListItems },
  match: [["pricelevelid", "productid", "uomid"]],
  transform: {
    pricelevelid: coupled("priceGroupCode", priceGroups),
    productid: coupled("lineObject", items),
    "group price": {
      uomid: coupled("unitCode", units),
      uomscheduleid: coupled("unitCode", units),
      amount: "unitPrice",
    },
    pricingmethodcode: constant(1), // an amount of money
  },
  create: { crm: { quantitysellingcode: constant(1) } },
  load: { toCrm: { unmatched: "insert", unless: "unfit" } },
});
