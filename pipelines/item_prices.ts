import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, convert, coupled, defineStep } from "../engine/step.ts";
import { atLeastZero } from "../transforms/amounts.ts";
import { items } from "./items.ts";
import { standardPriceList } from "./standard_price_list.ts";
import { units } from "./units.ts";

/** The price on an item's card is its price on the standard price list: a product without a price can't be sold. */
export const itemPrices = defineStep({
  name: "item prices",
  dependsOn: [items, standardPriceList, units],
  direction: "toCrm",
  extract: { erp: bc.items, crm: dv.priceListItems },
  match: [["pricelevelid", "productid", "uomid"]],
  transform: {
    pricelevelid: coupled("companyId", standardPriceList),
    productid: coupled("lineObject", items),
    uomid: coupled("baseUnitOfMeasureCode", units), // the base unit of the unit's group
    amount: convert("unitPrice", atLeastZero),
    pricingmethodcode: constant(1), // an amount of money
  },
  create: { crm: { quantitysellingcode: constant(1) } },
  load: { toCrm: { unmatched: "insert" } },
});
