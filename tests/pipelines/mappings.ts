/**
 * The field rules of Microsoft's own connector and what became of each here: data for docs/mappings.md and for a test of
 * each rule. Fields are called as Microsoft calls them: of Business Central's table, and of Dataverse's.
 */

/** toCrm: the CRM's field follows the ERP's. */
export type MappingDirection = "toCrm" | "fromCrm" | "both";

export interface FieldMapping {
  /** Null where a constant is written to the CRM. */
  readonly bc: string | null;
  /** Null where a constant is written to the ERP. */
  readonly crm: string | null;
  readonly direction: MappingDirection;
  /** The same fields in the same direction; something else that does more; or nothing. */
  readonly here: "same" | "better" | "left out";
  /** How it is better, or why it is left out. */
  readonly why: string;
  /** Our rule. */
  readonly rule: RuleName | null;
  /** Microsoft ships it switched off. */
  readonly optional?: true;
}
/** Where a rule stands: in the transform of a step by its CRM field, in its `create`, or in its `control`. */
export interface RuleName {
  readonly step: string;
  readonly field: string;
  readonly in: "transform" | "create.crm" | "create.erp" | "control";
}

export interface Mapping {
  /** Microsoft's name of the mapping. */
  readonly name: string;
  readonly rules: readonly FieldMapping[];
}

type Where = { readonly step?: string; readonly field?: string; readonly in?: RuleName["in"]; readonly why?: string };

/** The ways to write a row of a mapping whose rules stand in `step`. */
function rowsOf(step: string) {
  const row = (here: "same" | "better", direction: MappingDirection) => {
    return (bc: string | null, crm: string | null, where: Where = {}): FieldMapping => {
      const { why = "", field = crm ?? "" } = where;
      return { bc, crm, direction, here, why, rule: { step: where.step ?? step, field, in: where.in ?? "transform" } };
    };
  };
  const out = (direction: MappingDirection) => (bc: string | null, crm: string | null, why: string): FieldMapping => {
    return { bc, crm, direction, here: "left out", why, rule: null };
  };
  return {
    same: { toCrm: row("same", "toCrm"), fromCrm: row("same", "fromCrm"), both: row("same", "both") },
    better: { toCrm: row("better", "toCrm"), fromCrm: row("better", "fromCrm"), both: row("better", "both") },
    out: { toCrm: out("toCrm"), fromCrm: out("fromCrm"), both: out("both") },
  };
}
function optional(rule: FieldMapping): FieldMapping {
  return { ...rule, optional: true };
}

const country =
  "The ERP has the ISO code and the CRM the name: each side gets its own, whatever spelling the other has.";
const ownerKind = "The Web API takes the kind of owner from the record that `ownerid` points at.";
const granted = "The ERP decides it: what the CRM changes is put back and counted.";
const terms = "A value map in a file, which one edits; no choice of the CRM is added or renamed.";
const unitGroup = "A product keeps its unit group for life: a base unit that changes in the ERP is listed, " +
  "what the CRM changes is put back.";
const listCurrency = "The CRM gives a price the currency of its list and takes no other; a price in another is listed.";
const readOnlyNumber = "The Web API fills it from the product and takes no value.";
const billTo =
  "To the CRM only: the ERP takes the address from the customer who is billed, and its page takes no other. " +
  "Off as shipped: every new order would be opened for it in the CRM.";
const computed = "The CRM computes it from the lines and takes no value.";

const s = rowsOf("salespeople");
const salespeople: Mapping = {
  name: "SALESPEOPLE",
  rules: [
    s.same.fromCrm("E-Mail", "internalemailaddress"),
    s.same.fromCrm("Name", "fullname"),
    s.same.fromCrm("Phone No.", "mobilephone"),
    optional(
      s.better.both("Job Title", "jobtitle", { why: "From the CRM only, like the rest of a user; off as well." }),
    ),
    optional(s.out.both("E-Mail 2", "personalemailaddress", "A user's private address is no business of the ERP.")),
  ],
};

const c = rowsOf("customers");
const customer: Mapping = {
  name: "CUSTOMER",
  rules: [
    c.out.toCrm(null, "owneridtype", ownerKind),
    c.same.toCrm("Salesperson Code", "ownerid"),
    c.same.both("Name", "name"),
    c.same.both("Contact", "address1_primarycontactname"),
    c.same.both("Address", "address1_line1"),
    c.same.both("Address 2", "address1_line2"),
    c.same.both("Post Code", "address1_postalcode"),
    c.same.both("City", "address1_city"),
    c.better.both("Country/Region Code", "address1_country", { why: country }),
    c.same.both("County", "address1_stateorprovince"),
    c.better.both("Currency Code", "transactioncurrencyid", { why: granted }),
    c.same.both("E-Mail", "emailaddress1"),
    c.same.both("Fax No.", "fax"),
    c.same.both("Home Page", "websiteurl"),
    c.same.both("Phone No.", "telephone1"),
    c.better.both("Shipment Method Code", "address1_freighttermscode", { why: granted }),
    c.better.both("Shipping Agent Code", "address1_shippingmethodcode", { why: granted }),
    c.better.both("Payment Terms Code", "paymenttermscode", { why: granted }),
    c.same.toCrm("Credit Limit (LCY)", "creditlimit"),
    c.better.both("Primary Contact No.", "primarycontactid", {
      step: "primary contacts",
      why: "A step of its own after the contacts; somebody who is not coupled leaves the other side as it is, " +
        "instead of clearing it.",
    }),
    optional(c.better.toCrm("No.", "accountnumber", { why: "On, and the first thing that customers are matched by." })),
    optional(c.same.both("Mobile Phone No.", "telephone2")),
  ],
};

const p = rowsOf("contacts");
const contact: Mapping = {
  name: "CONTACT",
  rules: [
    p.out.toCrm(null, "owneridtype", ownerKind),
    p.same.toCrm("Salesperson Code", "ownerid"),
    p.better.both("Currency Code", "transactioncurrencyid", { why: granted }),
    p.same.both("Address", "address1_line1"),
    p.same.both("Address 2", "address1_line2"),
    p.same.both("Post Code", "address1_postalcode"),
    p.same.both("City", "address1_city"),
    p.better.both("Country/Region Code", "address1_country", { why: country }),
    p.same.both("County", "address1_stateorprovince"),
    p.same.both("E-Mail", "emailaddress1"),
    p.same.both("Fax No.", "fax"),
    p.same.both("First Name", "firstname"),
    p.same.both("Middle Name", "middlename"),
    p.same.both("Surname", "lastname"),
    p.same.both("Home Page", "websiteurl"),
    p.same.both("Mobile Phone No.", "mobilephone"),
    p.same.both("Pager", "pager"),
    p.same.both("Phone No.", "telephone1"),
    p.out.fromCrm("Type", null, "The entity `persons` has nothing but contacts of type Person and makes no others."),
    p.same.toCrm(null, "parentcustomeridtype", { in: "create.crm" }),
    optional(p.out.both("Salutation Code", "salutation", "Neither API page has it, and the CRM's is free text.")),
  ],
};

const m = rowsOf("currencies");
const currency: Mapping = {
  name: "CURRENCY",
  rules: [
    m.same.toCrm("Code", "isocurrencycode"),
    m.better.toCrm("Symbol", "currencysymbol", {
      why: "Where the ERP has none, the usual symbol of the code: the CRM refuses a blank one.",
    }),
    m.same.toCrm("Description", "currencyname"),
  ],
};

const valueMaps: readonly Mapping[] = [
  {
    name: "PAYMENT TERMS",
    rules: [c.better.toCrm("Code", "paymenttermscode", { why: terms })],
  },
  {
    name: "SHIPMENT METHOD",
    rules: [c.better.fromCrm("Code", "address1_freighttermscode", { why: terms })],
  },
  {
    name: "SHIPPING AGENT",
    rules: [c.better.fromCrm("Code", "address1_shippingmethodcode", { why: terms })],
  },
];

const g = rowsOf("unit groups");
const unit = (step: string): readonly FieldMapping[] => {
  const u = rowsOf(step);
  return [u.same.toCrm("Code", "name"), u.same.toCrm("Qty. per Unit of Measure", "quantity")];
};
const units: readonly Mapping[] = [
  {
    name: "UNIT OF MEASURE",
    rules: [
      rowsOf("units").better.toCrm("Code", "baseuomname", {
        in: "create.crm",
        why:
          "Given with the group, whose name has the code too; the base unit of products that exist is never renamed.",
      }),
    ],
  },
  {
    name: "UNIT GROUP",
    rules: [
      g.same.toCrm("Source No.", "name"),
      g.better.toCrm("Source No.", "baseuomname", {
        in: "create.crm",
        why: "The base unit gets the code of the base unit, by which it is found again among the units.",
      }),
    ],
  },
  { name: "ITEM UOM", rules: unit("item units") },
  { name: "RESOURCE UOM", rules: unit("resource units") },
];

const described = "The ERP's text is printed on its documents: what the CRM changes is put back and counted.";
const i = rowsOf("items");
const r = rowsOf("resources");
const products: readonly Mapping[] = [
  {
    name: "ITEM-PRODUCT",
    rules: [
      i.same.toCrm("No.", "productnumber"),
      i.better.both("Description", "name", { why: described }),
      i.same.toCrm("Unit Price", "price"),
      i.same.toCrm("Unit Cost", "standardcost"),
      i.same.toCrm("Unit Cost", "currentcost"),
      i.same.toCrm("Unit Volume", "stockvolume"),
      i.same.toCrm("Gross Weight", "stockweight"),
      i.same.toCrm("Vendor No.", "vendorid"),
      i.same.toCrm("Vendor Item No.", "vendorpartnumber"),
      i.same.toCrm("Inventory", "quantityonhand"),
      i.better.both("Base Unit of Measure", "defaultuomid", { why: unitGroup }),
      i.better.both("Base Unit of Measure", "defaultuomscheduleid", { why: unitGroup }),
    ],
  },
  {
    name: "RESOURCE-PRODUCT",
    rules: [
      r.same.toCrm("No.", "productnumber"),
      r.better.both("Name", "name", { why: described }),
      r.same.toCrm("Unit Price", "price"),
      r.same.toCrm("Unit Cost", "standardcost"),
      r.same.toCrm("Unit Cost", "currentcost"),
      r.same.toCrm("Vendor No.", "vendorid"),
      r.same.toCrm("Capacity", "quantityonhand"),
      r.same.toCrm("Base Unit of Measure", "defaultuomid"),
    ],
  },
];

const sp = rowsOf("sales prices");
const pl = rowsOf("price lists");
const ll = rowsOf("price list lines");
const prices: readonly Mapping[] = [
  { name: "CUSTPRCGRP-PRICE", rules: [rowsOf("price groups").same.toCrm("Code", "name")] },
  {
    name: "SALESPRC-PRODPRICE",
    rules: [
      sp.same.toCrm("Sales Code", "pricelevelid"),
      sp.same.toCrm("Item No.", "productid"),
      sp.out.toCrm("Item No.", "productnumber", readOnlyNumber),
      sp.out.toCrm("Currency Code", "transactioncurrencyid", listCurrency),
      sp.same.toCrm(null, "pricingmethodcode"),
      sp.same.toCrm("Unit Price", "amount"),
    ],
  },
  {
    name: "PLHEADER-PRICE",
    rules: [
      pl.same.toCrm("Code", "name"),
      pl.same.toCrm("Description", "description"),
      pl.same.toCrm("Currency Code", "transactioncurrencyid"),
      pl.same.toCrm("Starting Date", "begindate"),
      pl.same.toCrm("Ending Date", "enddate"),
    ],
  },
  {
    name: "PLLINE-PRODPRICE",
    rules: [
      ll.same.toCrm("Price List Code", "pricelevelid"),
      ll.same.toCrm("Asset No.", "productid"),
      ll.out.toCrm("Asset No.", "productnumber", readOnlyNumber),
      ll.out.toCrm("Currency Code", "transactioncurrencyid", listCurrency),
      ll.same.toCrm(null, "pricingmethodcode"),
      ll.better.toCrm("Unit of Measure Code", "uomid", { why: "A line that names no unit has the base unit's price." }),
      ll.better.toCrm("Unit of Measure Code", "uomscheduleid", {
        why: "A line that names no unit has the base unit's price.",
      }),
      ll.same.toCrm("Unit Price", "amount"),
    ],
  },
];

const o = rowsOf("orders");
const l = rowsOf("order lines");
const owner = "Both ways: an order of the CRM brings its owner as salesperson; somebody who is not coupled is left.";
const alsoBack = "Both ways, as in the bidirectional mapping.";
const discount = "From the CRM, where it is given: the whole discount of the order, by amount and by per cent.";
const orders: readonly Mapping[] = [
  {
    name: "SALESORDER-ORDER (legacy integration)",
    rules: [
      o.better.toCrm("No.", "ordernumber", {
        in: "create.crm",
        why: "Of an order that the ERP begins and that has no external number; an order of the CRM keeps its own.",
      }),
      o.out.toCrm(null, "owneridtype", ownerKind),
      o.better.toCrm("Salesperson Code", "ownerid", { why: owner }),
      o.better.toCrm("Currency Code", "transactioncurrencyid", { why: alsoBack }),
      o.better.toCrm("Ship-to Name", "shipto_name", { why: alsoBack }),
      o.better.toCrm("Ship-to Address", "shipto_line1", { why: alsoBack }),
      o.better.toCrm("Ship-to Address 2", "shipto_line2", { why: alsoBack }),
      o.better.toCrm("Ship-to City", "shipto_city", { why: alsoBack }),
      o.better.toCrm("Ship-to Country/Region Code", "shipto_country", { why: country }),
      o.better.toCrm("Ship-to Post Code", "shipto_postalcode", { why: alsoBack }),
      o.better.toCrm("Ship-to County", "shipto_stateorprovince", { why: alsoBack }),
      o.same.toCrm("Last Shipment Date", "datefulfilled"),
      o.better.toCrm("Bill-to Name", "billto_name", { why: billTo }),
      o.better.toCrm("Bill-to Address", "billto_line1", { why: billTo }),
      o.better.toCrm("Bill-to Address 2", "billto_line2", { why: billTo }),
      o.better.toCrm("Bill-to City", "billto_city", { why: billTo }),
      o.better.toCrm("Bill-to Country/Region Code", "billto_country", { why: billTo }),
      o.better.toCrm("Bill-to Post Code", "billto_postalcode", { why: billTo }),
      o.better.toCrm("Bill-to County", "billto_stateorprovince", { why: billTo }),
      o.better.toCrm("Amount", "totalamountlessfreight", {
        field: "totalexcludingtax",
        in: "control",
        why: "The CRM computes its totals: the two are compared, freight included, and a difference is listed.",
      }),
      o.out.toCrm("Amount Including VAT", "totalamount", `${computed} The total without tax is compared.`),
      o.better.toCrm("Invoice Discount Amount", "discountamount", { field: "totaldiscountamount", why: discount }),
      o.better.toCrm("Shipping Agent Code", "shippingmethodcode", { why: alsoBack }),
      o.better.toCrm("Payment Terms Code", "paymenttermscode", { why: alsoBack }),
      o.better.toCrm("Requested Delivery Date", "requestdeliveryby", { why: alsoBack }),
    ],
  },
  {
    name: "SALESORDER-ORDER (bidirectional)",
    rules: [
      o.out.toCrm(null, "owneridtype", ownerKind),
      o.better.toCrm("Salesperson Code", "ownerid", { why: owner }),
      o.out.fromCrm("Document Type", null, "The entity `salesOrders` has nothing but orders."),
      o.out.toCrm(
        "No.",
        "bcbi_businesscentralordernumber",
        "A column of Microsoft's solution: the coupling has the number, and the report shows it.",
      ),
      o.better.fromCrm("Your Reference", "ordernumber", {
        field: "yourReference",
        in: "create.erp",
        why: "Given with the order, and the external document number too, which works without the extension.",
      }),
      o.out.toCrm(null, "customeridtype", "The Web API takes the kind of customer from the record that is bound."),
      o.same.both("Sell-to Customer No.", "customerid"),
      o.same.both("Currency Code", "transactioncurrencyid"),
      o.same.both("Ship-to Name", "shipto_name"),
      o.same.both("Ship-to Address", "shipto_line1"),
      o.same.both("Ship-to Address 2", "shipto_line2"),
      o.same.both("Ship-to Post Code", "shipto_postalcode"),
      o.same.both("Ship-to City", "shipto_city"),
      o.better.both("Ship-to Country/Region Code", "shipto_country", { why: country }),
      o.same.both("Ship-to County", "shipto_stateorprovince"),
      o.same.toCrm("Last Shipment Date", "datefulfilled"),
      o.better.both("Bill-to Address", "billto_line1", { why: billTo }),
      o.better.both("Bill-to Address 2", "billto_line2", { why: billTo }),
      o.better.both("Bill-to Post Code", "billto_postalcode", { why: billTo }),
      o.better.both("Bill-to City", "billto_city", { why: billTo }),
      o.better.both("Bill-to Country/Region Code", "billto_country", { why: billTo }),
      o.better.both("Bill-to County", "billto_stateorprovince", { why: billTo }),
      o.better.toCrm("Invoice Discount Amount", "discountamount", { field: "totaldiscountamount", why: discount }),
      o.same.both("Shipping Agent Code", "shippingmethodcode"),
      o.same.both("Payment Terms Code", "paymenttermscode"),
      o.same.both("Shipment Method Code", "freighttermscode"),
      o.same.both("Requested Delivery Date", "requestdeliveryby"),
      o.out.both(
        "Payment Discount %",
        "discountpercentage",
        "One is a discount for paying early, the other one on the order: that one arrives as an amount.",
      ),
      o.same.both("Work Description", "description"),
    ],
  },
  {
    name: "SOLINE-ORDERDETAIL",
    rules: [
      l.out.fromCrm("Document Type", null, "The lines of `salesOrders` are lines of orders."),
      l.out.toCrm(null, "producttypecode", "The CRM sets it itself for a line that is no part of a bundle."),
      l.same.both("No.", "productid"),
      l.out.both(
        "Line No.",
        "bcbi_businesscentrallinenumber",
        "A column of Microsoft's solution: the coupling of the order says which lines are the same.",
      ),
      l.same.both("Quantity", "quantity"),
      l.better.both("Quantity Shipped", "quantityshipped", {
        why: "To the CRM only: a number written to the ERP would ship nothing.",
      }),
      l.same.toCrm(null, "ispriceoverridden", { in: "create.crm" }),
      l.same.both("Unit Price", "priceperunit"),
      l.out.both("Currency Code", "transactioncurrencyid", "The order has it; the service gives it to its lines."),
      l.out.both("Amount", "baseamount", computed),
      l.out.both("Amount Including VAT", "extendedamount", computed),
      l.out.both(
        "Requested Delivery Date",
        "requestdeliveryby",
        "The page of lines lacks it; the order's own date is synchronized, and the ERP gives it to its lines.",
      ),
    ],
  },
];

/** All mappings, in the order of the page. */
export const mappings: readonly Mapping[] = [
  salespeople,
  customer,
  contact,
  currency,
  ...valueMaps,
  ...units,
  ...products,
  ...prices,
  ...orders,
];
