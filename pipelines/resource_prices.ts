import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, convert, coupled, defineStep } from "../engine/step.ts";
import { atLeastZero } from "../transforms/amounts.ts";
import { resources } from "./resources.ts";
import { standardPriceList } from "./standard_price_list.ts";
import { units } from "./units.ts";

/** The price on a resource's card is its price on the standard price list. */
export const resourcePrices = defineStep({
  name: "resource prices",
  dependsOn: [resources, standardPriceList, units],
  direction: "toCrm",
  extract: { erp: bc.resources, crm: dv.priceListItems },
  match: [["pricelevelid", "productid", "uomid"]],
  transform: {
    pricelevelid: coupled("companyId", standardPriceList),
    productid: coupled("lineObject", resources),
    uomid: coupled("baseUnitOfMeasureCode", units),
    amount: convert("unitPrice", atLeastZero),
    pricingmethodcode: constant(1), // an amount of money
  },
  create: { crm: { quantitysellingcode: constant(1) } },
  load: { toCrm: { unmatched: "insert" } },
});
