/** What can be synchronized with Dataverse: handles, data only. */
import type { z } from "zod";
import { entity } from "../connector.ts";
import { fieldsOf } from "../fields.ts";
import { priceList, priceListItem, salesOrder, salesOrderLine } from "./order_schemas.ts";
import { account, contact, product, systemUser, transactionCurrency, unit, unitGroup } from "./schemas.ts";

export interface Account extends z.infer<typeof account> {}
export interface SystemUser extends z.infer<typeof systemUser> {}
export interface TransactionCurrency extends z.infer<typeof transactionCurrency> {}
export interface UnitGroup extends z.infer<typeof unitGroup> {}
export interface Unit extends z.infer<typeof unit> {}
export interface Contact extends z.infer<typeof contact> {}
export interface Product extends z.infer<typeof product> {}
export interface PriceList extends z.infer<typeof priceList> {}
export interface PriceListItem extends z.infer<typeof priceListItem> {}
export interface SalesOrder extends z.infer<typeof salesOrder> {}
export interface SalesOrderLine extends z.infer<typeof salesOrderLine> {}

const currencyRef = { entity: "transactioncurrencies", by: "id" } as const;
const ownerRef = { entity: "systemusers", by: "id" } as const; // a team as owner is no record of ours: null
/** Unit groups and units both carry the id of a unit under this name: definitions have one of the two. */
const unitRef = { entity: "uomschedules", by: "baseuomid" } as const;

/**
 * The handles. Where a new row has a state of its own, the state is written afterwards only; it brings the reason that
 * the service holds for its first.
 */
export const dv = {
  accounts: entity<Account>()({
    name: "accounts",
    key: "accountnumber",
    label: "name",
    fields: fieldsOf(account),
    creation: "derived id",
    initial: { statecode: 0 },
    refs: {
      transactioncurrencyid: currencyRef,
      ownerid: ownerRef,
      primarycontactid: { entity: "contacts", by: "id" },
    },
    access: { creditlimit_base: "never", statecode: "update" },
    inactive: { statecode: 1 },
  }),
  /** Users are made and switched off by administrators, never by us. */
  systemusers: entity<SystemUser>()({
    name: "systemusers",
    key: "internalemailaddress",
    label: "fullname",
    fields: fieldsOf(systemUser),
    creation: "none",
    access: { fullname: "never", isdisabled: "never", islicensed: "never", isintegrationuser: "never" },
  }),
  /** Currencies; the organization's base currency is among them and frozen. */
  transactioncurrencies: entity<TransactionCurrency>()({
    name: "transactioncurrencies",
    key: "isocurrencycode",
    label: "currencyname",
    fields: fieldsOf(transactionCurrency),
    creation: "derived id",
    initial: { statecode: 0 },
    access: { isocurrencycode: "create", currencytype: "create", statecode: "update" },
  }),
  /** Unit groups, each with its base unit. */
  unitGroups: entity<UnitGroup>()({
    name: "uomschedules",
    key: "name",
    label: "name",
    fields: fieldsOf(unitGroup),
    creation: "derived id",
    initial: { statecode: 0 },
    carries: ["baseuomid"],
    access: { baseuomname: "create", baseuomid: "never", statecode: "update" },
  }),
  /** Units, base units among them: those come into being with their unit groups. */
  uoms: entity<Unit>()({
    name: "uoms",
    key: "name",
    label: "name",
    fields: fieldsOf(unit),
    creation: "derived id",
    refs: { uomscheduleid: { entity: "uomschedules", by: "id" }, baseuomid: { entity: "uoms", by: "id" } },
    carries: ["baseuomid"],
    access: { uomscheduleid: "create", isschedulebaseuom: "never", baseuomid: "never" },
  }),
  /** Contacts. They have no number: the e-mail address is what comes closest to being one person's own. */
  contacts: entity<Contact>()({
    name: "contacts",
    key: "emailaddress1",
    label: "fullname",
    fields: fieldsOf(contact),
    creation: "derived id",
    initial: { statecode: 0 },
    refs: {
      parentcustomerid: { entity: "accounts", by: "id" },
      transactioncurrencyid: currencyRef,
      ownerid: ownerRef,
    },
    access: { fullname: "never", parentcustomeridtype: "create", statecode: "update" },
    inactive: { statecode: 1 },
    deletable: true,
  }),
  /** Products, families and bundles; `productstructure` tells them apart. They are born as drafts. */
  products: entity<Product>()({
    name: "products",
    key: "productnumber",
    label: "name",
    fields: fieldsOf(product),
    creation: "derived id",
    initial: { statecode: 2 },
    refs: {
      defaultuomscheduleid: { entity: "uomschedules", by: "id" },
      defaultuomid: unitRef,
      pricelevelid: { entity: "pricelevels", by: "id" },
      transactioncurrencyid: currencyRef,
    },
    access: { productstructure: "create", defaultuomscheduleid: "create", pricelevelid: "update", statecode: "update" },
    inactive: { statecode: 1 }, // retired
  }),
  /** Price lists. */
  priceLists: entity<PriceList>()({
    name: "pricelevels",
    key: "name",
    label: "name",
    fields: fieldsOf(priceList),
    creation: "derived id",
    initial: { statecode: 0 },
    refs: { transactioncurrencyid: currencyRef },
    access: { transactioncurrencyid: "create", statecode: "update" },
    inactive: { statecode: 1 },
  }),
  /** Prices; the service keeps one for each list, product and unit. */
  priceListItems: entity<PriceListItem>()({
    name: "productpricelevels",
    key: "productnumber",
    label: "productnumber",
    fields: fieldsOf(priceListItem),
    creation: "derived id",
    refs: {
      pricelevelid: { entity: "pricelevels", by: "id" },
      productid: { entity: "products", by: "id" },
      uomid: unitRef,
      uomscheduleid: { entity: "uomschedules", by: "id" },
      transactioncurrencyid: currencyRef,
    },
    access: {
      productnumber: "never",
      pricelevelid: "create",
      productid: "create",
      uomscheduleid: "create",
      transactioncurrencyid: "never",
    },
    deletable: true,
  }),
  /** Orders. Opened with their lines they are written as documents: head, lines and state at once. */
  salesOrders: entity<SalesOrder>()({
    name: "salesorders",
    key: "ordernumber",
    label: "name",
    fields: fieldsOf(salesOrder),
    creation: "derived id",
    initial: { statecode: 0 },
    refs: {
      customerid: { entity: "accounts", by: "id" },
      pricelevelid: { entity: "pricelevels", by: "id" },
      transactioncurrencyid: currencyRef,
      ownerid: ownerRef,
    },
    access: {
      ordernumber: "create",
      transactioncurrencyid: "create",
      totaldiscountamount: "never",
      totallineitemamount: "never",
      totalamountlessfreight: "never",
      totaltax: "never",
      totalamount: "never",
      totalexcludingtax: "never",
    },
  }),
  /** Lines of orders, and the freight of an order as its last line. */
  salesOrderLines: entity<SalesOrderLine>()({
    name: "salesorderdetails",
    key: "salesorderdetailid",
    label: "productdescription",
    fields: fieldsOf(salesOrderLine),
    creation: "derived id",
    partOf: "salesorders",
    partKey: "derived id",
    refs: { productid: { entity: "products", by: "id" }, uomid: unitRef },
    access: {
      salesorderdetailid: "never",
      isproductoverridden: "create",
      linediscount: "never",
      baseamount: "never",
      extendedamount: "never",
      isfreight: "never",
      linetype: "never",
    },
  }),
};
