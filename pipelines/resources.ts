import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, convert, coupled, defineStep } from "../engine/step.ts";
import { atLeastZero } from "../transforms/amounts.ts";
import { currencies } from "./currencies.ts";
import { units } from "./units.ts";

/**
 * Resources in Business Central are products of type service. A number that an item has too leads to the item's
 * product, which is the item's: the resource is listed.
 */
export const resources = defineStep({
  name: "resources",
  dependsOn: [units, currencies],
  direction: "toCrm",

  extract: {
    erp: bc.resources,
    crm: dv.products.where({ productstructure: 1 }),
  },

  match: [["productnumber"]],

  transform: {
    productnumber: "number",
    name: "name",
    producttypecode: constant(3), // services
    price: convert("unitPrice", atLeastZero),
    standardcost: "unitCost",
    currentcost: "unitCost",
    quantityonhand: convert("capacity", atLeastZero),
    vendorid: "vendorNumber",
    "group unit": { // as with items: a product can't change its unit group
      defaultuomscheduleid: coupled("baseUnitOfMeasureCode", units),
      defaultuomid: coupled("baseUnitOfMeasureCode", units),
    },
    transactioncurrencyid: coupled("currencyCode", currencies),
    tng_businesscentralid: "id", // needs the link column
  },

  create: { crm: { productstructure: constant(1), quantitydecimal: constant(2) } },

  load: { toCrm: { unmatched: "insert" } },
});
