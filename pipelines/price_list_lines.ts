import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, coupled, defineStep } from "../engine/step.ts";
import { items } from "./items.ts";
import { priceLists } from "./price_lists.ts";
import { resources } from "./resources.ts";
import { units } from "./units.ts";

/**
 * Prices of price lists. The CRM has one price for a list, product and unit, without days, variants and quantities:
 * what it can't hold is listed with the reason. What it no longer can gives way to the line that takes its place.
 */
export const priceListLines = defineStep({
  name: "price list lines",
  dependsOn: [priceLists, items, resources, units],
  direction: "toCrm",
  extract: { erp: bc.priceListLines.where({ priceType: "Sale" }), crm: dv.priceListItems },
  match: [["pricelevelid", "productid", "uomid"]],
  transform: {
    pricelevelid: coupled("priceListCode", priceLists),
    productid: coupled("lineObject", items, resources),
    "group price": { // a price is for its unit; where the line names none, for the base unit of what it prices
      uomid: coupled("unitCode", units),
      uomscheduleid: coupled("unitCode", units),
      amount: "unitPrice",
    },
    pricingmethodcode: constant(1), // an amount of money
  },
  create: { crm: { quantitysellingcode: constant(1) } },
  load: { toCrm: { unmatched: "insert", unless: "unfit" } },
});
