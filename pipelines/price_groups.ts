import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { coupled, defineStep } from "../engine/step.ts";
import { currencies } from "./currencies.ts";

/** Customer price groups are price lists, in the currency of their prices. For companies with the old sales prices. */
export const priceGroups = defineStep({
  name: "price groups",
  dependsOn: [currencies],
  direction: "toCrm",
  extract: { erp: bc.priceGroups, crm: dv.priceLists },
  match: [["name"]],
  transform: {
    name: "code",
    description: "description",
    transactioncurrencyid: coupled("currencyCode", currencies), // blank where its prices are in several: not created
    tng_businesscentralid: "id", // needs the link column
  },
  load: { toCrm: { unmatched: "insert" } },
});
