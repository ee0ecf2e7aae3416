import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { convert, coupled, defineStep } from "../engine/step.ts";
import { productState } from "../transforms/product_types.ts";
import { itemPrices } from "./item_prices.ts";
import { items } from "./items.ts";
import { standardPriceList } from "./standard_price_list.ts";

/**
 * A product is a draft until the step of prices has ended: then it gets its default price list and can be sold. A
 * blocked item is a retired product, as long as it is blocked.
 */
export const publishing = defineStep({
  name: "publishing",
  dependsOn: [items, itemPrices, standardPriceList],
  of: items,
  direction: "toCrm",
  extract: { erp: bc.items, crm: dv.products.where({ productstructure: 1 }) },
  transform: {
    pricelevelid: coupled("companyId", standardPriceList),
    statecode: convert("blocked", productState),
  },
});
