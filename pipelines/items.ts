import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, convert, coupled, defineStep, mapped } from "../engine/step.ts";
import { atLeastZero } from "../transforms/amounts.ts";
import { productType } from "../transforms/product_types.ts";
import { currencies } from "./currencies.ts";
import { units } from "./units.ts";

/** Items in Business Central are products in Dynamics 365 Sales. A new product is a draft. */
export const items = defineStep({
  name: "items",
  dependsOn: [units, currencies],
  direction: "toCrm",

  extract: {
    erp: bc.items,
    crm: dv.products.where({ productstructure: 1 }), // families and bundles have no item
  },

  match: [["productnumber"]],

  transform: {
    productnumber: "number",
    name: "displayName",
    producttypecode: mapped("type", productType),
    price: convert("unitPrice", atLeastZero),
    standardcost: "unitCost",
    currentcost: "unitCost",
    quantityonhand: convert("inventory", atLeastZero),
    stockvolume: "unitVolume", // this and the next three need the extension
    stockweight: "grossWeight",
    vendorid: "vendorNumber",
    vendorpartnumber: "vendorItemNumber",
    "group unit": { // a product can't change its unit group: then its unit stays as well, and both are listed
      defaultuomscheduleid: coupled("baseUnitOfMeasureCode", units),
      defaultuomid: coupled("baseUnitOfMeasureCode", units), // the group's base unit
    },
    transactioncurrencyid: coupled("currencyCode", currencies), // prices of items are in the local currency
    tng_businesscentralid: "id", // needs the link column
  },

  create: { crm: { productstructure: constant(1), quantitydecimal: constant(2) } },

  load: { toCrm: { unmatched: "insert" } },
});
