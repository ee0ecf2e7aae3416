import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { convert, coupled, defineStep } from "../engine/step.ts";
import { priceListState } from "../transforms/price_lists.ts";
import { currencies } from "./currencies.ts";

/** Price lists for sales, each in one currency; one that is a draft or out of use is inactive. */
export const priceLists = defineStep({
  name: "price lists",
  dependsOn: [currencies],
  direction: "toCrm",
  extract: { erp: bc.priceLists.where({ priceType: "Sale" }), crm: dv.priceLists },
  match: [["name"]],
  transform: {
    name: "code",
    description: "description",
    begindate: "startingDate",
    enddate: "endingDate",
    transactioncurrencyid: coupled("currencyCode", currencies), // that of a list can't change in the CRM
    statecode: convert("status", priceListState),
    tng_businesscentralid: "id", // needs the link column
  },
  load: { toCrm: { unmatched: "insert" } },
});
