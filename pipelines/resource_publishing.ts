import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { convert, coupled, defineStep } from "../engine/step.ts";
import { productState } from "../transforms/product_types.ts";
import { resourcePrices } from "./resource_prices.ts";
import { resources } from "./resources.ts";
import { standardPriceList } from "./standard_price_list.ts";

/** As the publishing of items: a resource's product can be sold once it has a price, and is retired while blocked. */
export const resourcePublishing = defineStep({
  name: "resource publishing",
  dependsOn: [resources, resourcePrices, standardPriceList],
  of: resources,
  direction: "toCrm",
  extract: { erp: bc.resources, crm: dv.products.where({ productstructure: 1 }) },
  transform: {
    pricelevelid: coupled("companyId", standardPriceList),
    statecode: convert("blocked", productState),
  },
});
