import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, convert, coupled, defineStep, fromCrm, toCrm } from "../engine/step.ts";
import { aboveZero } from "../transforms/amounts.ts";
import { bookedOn, isWriteIn } from "../transforms/orders.ts";
import { items } from "./items.ts";
import { orders } from "./orders.ts";
import { resources } from "./resources.ts";
import { units } from "./units.ts";

/** Accounts of the chart of accounts that lines without a product are booked on. */
const account = bookedOn({ writeIn: "6110", freight: "6910" });

/**
 * Lines of orders. Freight of the CRM and what was written in by hand are lines with an account in the ERP, a line
 * that costs nothing is a comment. Comments of the ERP stay there.
 */
export const orderLines = defineStep({
  name: "order lines",
  dependsOn: [orders, items, resources, units],
  under: orders,
  direction: "both",
  extract: { erp: bc.salesOrderLines, crm: dv.salesOrderLines },
  match: [["productid", "uomid", "quantity", "priceperunit"], ["productdescription", "quantity", "priceperunit"]],
  transform: {
    productid: coupled("product", items, resources), // blank where the ERP has an account or a charge
    productdescription: "description",
    uomid: coupled("unitOfMeasureCode", units),
    quantity: "quantity",
    priceperunit: "unitPrice",
    linediscount: fromCrm("discountAmount"), // by hand and by volume
    quantityshipped: toCrm(convert("shippedQuantity", aboveZero)), // shipping is the ERP's: nothing is ever posted by us
  },
  create: {
    erp: { lineObject: convert("linetype", account) },
    crm: {
      isproductoverridden: convert("product", isWriteIn),
      ispriceoverridden: constant(true), // the ERP's price, not that of the price list
      manualdiscountamount: "discountAmount", // compared as a part of linediscount
      lineitemnumber: "sequence",
    },
  },
  load: {
    fromCrm: { unmatched: "insert" },
    toCrm: { unmatched: "insert", when: { comment: false } },
  },
});
