/** What things are sold for: rows of price lists and of sales orders, as schemas.ts describes rows. */
import { z } from "zod";
import { choice, date, decimal, flag, integer, name, ref, state, text } from "../fields.ts";

/** A column that a company may add to its tables: the id of the ERP's record that a row is coupled with. */
export const linkColumn = { tng_businesscentralid: text(36, { match: "exact", needs: "link column" }) } as const;

/** A price list: its prices are in one currency. */
export const priceList = z.object({
  name: name(100),
  description: text(2000),
  begindate: date(),
  enddate: date(),
  transactioncurrencyid: ref("transactioncurrencies", { required: true, blank: "The price list has no currency" }),
  /** 0 active, 1 inactive. */
  statecode: state([0, 1]),
  ...linkColumn,
});

/** The price of one product in one unit on one price list. */
export const priceListItem = z.object({
  productnumber: text(100, { match: "code" }),
  pricelevelid: ref("pricelevels", { required: true, blank: "The price belongs to no price list" }),
  productid: ref("products", { required: true, blank: "The price is for no product" }),
  uomid: ref(["uomschedules", "uoms"], { required: true, blank: "The price is for no unit" }),
  uomscheduleid: ref("uomschedules"),
  amount: decimal(2, { required: true, blank: "There is no price" }),
  /** 1 currency amount, 2 per cent of list, 3 and 4 by current cost, 5 and 6 by standard cost. */
  pricingmethodcode: choice([1, 2, 3, 4, 5, 6]),
  /** 1 no control, 2 whole, 3 whole and fractional. */
  quantitysellingcode: choice([1, 2, 3]),
  /** That of the list. */
  transactioncurrencyid: ref("transactioncurrencies"),
});

/** An order. Its dates are days in the zone of the account's user. */
export const salesOrder = z.object({
  ordernumber: text(100, { match: "code" }),
  name: text(300, { required: true, blank: "The order has no name" }),
  /** null where the order is for a person instead of an account. */
  customerid: ref("accounts", { required: true, blank: "The order is for no account; choose one for it" }),
  pricelevelid: ref("pricelevels"),
  transactioncurrencyid: ref("transactioncurrencies"),
  ownerid: ref("systemusers"),
  /** 0 active, 1 submitted, 2 canceled, 3 fulfilled, 4 invoiced. */
  statecode: state([0, 1, 2, 3, 4]),
  submitdate: date(),
  datefulfilled: date(),
  requestdeliveryby: date(),
  ...address("shipto"),
  ...address("billto"),
  discountamount: decimal(2),
  discountpercentage: decimal(2),
  freightamount: decimal(2),
  totaldiscountamount: decimal(2),
  totallineitemamount: decimal(2),
  totalamountlessfreight: decimal(2),
  totaltax: decimal(2),
  totalamount: decimal(2),
  /** The total less its tax. */
  totalexcludingtax: decimal(2),
  /** 1 net 30, 2 2 % 10 net 30, 3 net 45, 4 net 60. */
  paymenttermscode: choice([1, 2, 3, 4]),
  /** 1 FOB, 2 no charge. */
  freighttermscode: choice([1, 2]),
  /** 1 airborne, 2 DHL, 3 FedEx, 4 UPS, 5 postal mail, 6 full load, 7 will call. */
  shippingmethodcode: choice([1, 2, 3, 4, 5, 6, 7]),
  description: text(2000),
});

function address<const P extends "shipto" | "billto">(prefix: P) {
  const lines = {
    name: text(200),
    line1: text(250),
    line2: text(250),
    city: text(80),
    stateorprovince: text(50),
    postalcode: text(20, { match: "postal" }),
    country: text(80),
  };
  const named = Object.fromEntries(Object.entries(lines).map(([line, type]) => [`${prefix}_${line}`, type]));
  return named as unknown as { [L in keyof typeof lines as `${P}_${L & string}`]: (typeof lines)[L] };
}

/** A line of an order. The order's freight is one too, the last. */
export const salesOrderLine = z.object({
  salesorderdetailid: text(36, { match: "exact" }),
  /** null for a line that is written in by hand, and for freight. */
  productid: ref("products"),
  /** It is written in by hand: what it is stands in its description. */
  isproductoverridden: flag(),
  productdescription: text(250),
  uomid: ref(["uomschedules", "uoms"]),
  quantity: decimal(5, { required: true, blank: "The line has no quantity" }),
  priceperunit: decimal(2),
  /** Its price is its own, not that of the price list. */
  ispriceoverridden: flag(),
  manualdiscountamount: decimal(2),
  /** The whole discount: by hand, and by volume for each unit. */
  linediscount: decimal(2),
  baseamount: decimal(2),
  tax: decimal(2),
  extendedamount: decimal(2),
  quantityshipped: decimal(5),
  requestdeliveryby: date(),
  lineitemnumber: integer(),
  sequencenumber: integer(),
  description: text(2000),
  /** It stands for the freight of the order: its price is the head's `freightamount`. */
  isfreight: flag(),
  /** What kind of line it is; a comment is written in by hand and costs nothing. */
  linetype: choice(["product", "write-in", "comment", "freight"]),
});
