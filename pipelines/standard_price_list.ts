import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { convert, coupled, defineStep } from "../engine/step.ts";
import { standardListName } from "../transforms/price_lists.ts";
import { currencies } from "./currencies.ts";

/** One price list for the prices on the cards of items and resources, which are in the local currency. */
export const standardPriceList = defineStep({
  name: "standard price list",
  dependsOn: [currencies],
  direction: "toCrm",
  extract: { erp: bc.company, crm: dv.priceLists },
  match: [["name"]],
  transform: {
    name: convert("displayName", standardListName),
    transactioncurrencyid: coupled("currencyCode", currencies),
    tng_businesscentralid: "id", // needs the link column
  },
  load: { toCrm: { unmatched: "insert" } },
});
