/** What the Web API needs to know of the tables behind the handles and no definition ever does. */

/** A lookup column: it is read as `_<field>_value` and written by binding a navigation property. */
export interface Lookup {
  /** The entity set whose ids the field holds. */
  readonly set: string;
  /** The table of that set, as the annotation of a value names it. */
  readonly logical: string;
  /** The navigation property that is bound; case-sensitive. */
  readonly nav: string;
  /** It can point at other tables too: what it holds is known by the annotation only. */
  readonly polymorphic: boolean;
}

export interface Table {
  readonly logical: string;
  /** The column with the primary key. */
  readonly id: string;
  readonly lookups: Readonly<Record<string, Lookup>>;
  /** The columns whose values together the service itself keeps apart; none where ids alone do. */
  readonly unique: readonly string[];
  /** Fields that no column of the table holds; the connector fills them in. */
  readonly derived: readonly string[];
}

function to(set: string, logical: string, nav: string, polymorphic = false): Lookup {
  return { set, logical, nav, polymorphic };
}
const currency = to("transactioncurrencies", "transactioncurrency", "transactioncurrencyid");
const owner = to("systemusers", "systemuser", "ownerid", true);
const unitGroup = to("uomschedules", "uomschedule", "uomscheduleid");
const unit = to("uoms", "uom", "uomid");
const product = to("products", "product", "productid");
const priceList = to("pricelevels", "pricelevel", "pricelevelid");

/** By the name of the handle, which is that of the entity set. */
export const tables: Readonly<Record<string, Table>> = {
  accounts: {
    logical: "account",
    id: "accountid",
    lookups: {
      transactioncurrencyid: currency,
      ownerid: owner,
      primarycontactid: to("contacts", "contact", "primarycontactid"),
    },
    unique: [],
    derived: [],
  },
  systemusers: { logical: "systemuser", id: "systemuserid", lookups: {}, unique: [], derived: [] },
  transactioncurrencies: {
    logical: "transactioncurrency",
    id: "transactioncurrencyid",
    lookups: {},
    unique: ["isocurrencycode"],
    derived: [],
  },
  uomschedules: {
    logical: "uomschedule",
    id: "uomscheduleid",
    lookups: {},
    unique: ["name"],
    derived: ["baseuomname", "baseuomid"],
  },
  uoms: {
    logical: "uom",
    id: "uomid",
    lookups: { uomscheduleid: unitGroup },
    unique: ["uomscheduleid", "name"],
    derived: ["baseuomid"],
  },
  contacts: {
    logical: "contact",
    id: "contactid",
    lookups: {
      parentcustomerid: to("accounts", "account", "parentcustomerid_account", true),
      transactioncurrencyid: currency,
      ownerid: owner,
    },
    unique: [],
    derived: ["parentcustomeridtype"],
  },
  products: {
    logical: "product",
    id: "productid",
    lookups: {
      defaultuomscheduleid: to("uomschedules", "uomschedule", "defaultuomscheduleid"),
      defaultuomid: to("uoms", "uom", "defaultuomid"),
      pricelevelid: priceList,
      transactioncurrencyid: currency,
    },
    unique: ["productnumber"],
    derived: [],
  },
  pricelevels: {
    logical: "pricelevel",
    id: "pricelevelid",
    lookups: { transactioncurrencyid: currency },
    unique: [],
    derived: [],
  },
  productpricelevels: {
    logical: "productpricelevel",
    id: "productpricelevelid",
    lookups: {
      pricelevelid: priceList,
      productid: product,
      uomid: unit,
      uomscheduleid: unitGroup,
      transactioncurrencyid: currency,
    },
    unique: ["pricelevelid", "productid", "uomid"],
    derived: [],
  },
  salesorders: {
    logical: "salesorder",
    id: "salesorderid",
    lookups: {
      customerid: to("accounts", "account", "customerid_account", true),
      pricelevelid: priceList,
      transactioncurrencyid: currency,
      ownerid: owner,
    },
    unique: ["ordernumber"],
    derived: ["totalexcludingtax"],
  },
  salesorderdetails: {
    logical: "salesorderdetail",
    id: "salesorderdetailid",
    lookups: { productid: product, uomid: unit },
    unique: [],
    derived: ["linediscount", "isfreight", "linetype"],
  },
};
