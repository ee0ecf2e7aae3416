/**
 * Rows of Dataverse's tables as its connector gives them: names, lengths and choices are the service's, a lookup is
 * called by its field and holds the id of a record of the named table, or null where it points at another table.
 */
import { z } from "zod";
import { choice, decimal, fieldsOf, flag, integer, name, ref, state, text } from "../fields.ts";
import { linkColumn, priceList, priceListItem, salesOrder, salesOrderLine } from "./order_schemas.ts";

const address = {
  address1_line1: text(250),
  address1_line2: text(250),
  address1_city: text(80),
  address1_stateorprovince: text(50),
  address1_postalcode: text(20, { match: "postal" }),
  address1_country: text(80),
};
const active = state([0, 1]); // 0 active, 1 inactive

/** A company that one does business with. */
export const account = z.object({
  accountnumber: text(20, { match: "code" }),
  name: text(160, { required: true, blank: "The account has no name; give it one" }),
  telephone1: text(50, { match: "phone" }),
  telephone2: text(50, { match: "phone" }),
  fax: text(50, { match: "phone" }),
  emailaddress1: text(100, { match: "email" }),
  websiteurl: text(200, { match: "url" }),
  ...address,
  address1_primarycontactname: text(100),
  /** 1 FOB, 2 no charge. */
  address1_freighttermscode: choice([1, 2]),
  /** 1 airborne, 2 DHL, 3 FedEx, 4 UPS, 5 postal mail, 6 full load, 7 will call. */
  address1_shippingmethodcode: choice([1, 2, 3, 4, 5, 6, 7]),
  /** 1 net 30, 2 2 % 10 net 30, 3 net 45, 4 net 60. */
  paymenttermscode: choice([1, 2, 3, 4]),
  creditlimit: decimal(2),
  creditlimit_base: decimal(2),
  /** 3 is customer. */
  customertypecode: choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
  transactioncurrencyid: ref("transactioncurrencies"),
  ownerid: ref("systemusers"),
  primarycontactid: ref("contacts"),
  statecode: active,
  ...linkColumn,
});

/** Somebody who works with the CRM. */
export const systemUser = z.object({
  fullname: text(200),
  internalemailaddress: text(100, { match: "email" }),
  mobilephone: text(64, { match: "phone" }),
  jobtitle: text(100),
  domainname: text(250, { match: "email" }),
  isdisabled: flag(),
  islicensed: flag(),
  isintegrationuser: flag(),
});

/** A currency; its rate is in units of it for one unit of the organization's base currency. */
export const transactionCurrency = z.object({
  isocurrencycode: name(5, { match: "code" }),
  currencyname: text(100, { required: true, blank: "The currency has no name" }),
  currencysymbol: text(10, { required: true, match: "exact", blank: "The currency has no symbol" }),
  exchangerate: decimal(10, { required: true, blank: "The currency has no exchange rate" }),
  currencyprecision: integer({ required: true, blank: "The currency has no precision" }),
  /** 0 system, 1 custom. */
  currencytype: choice([0, 1], { required: true, blank: "The currency has no type" }),
  statecode: active,
});

/** A unit group with the id of its base unit. */
export const unitGroup = z.object({
  name: name(200, { match: "exact" }),
  description: text(2000),
  /** Of a new group: the name of the base unit that the service makes with it. */
  baseuomname: text(100, { required: true, blank: "The unit group's base unit has no name" }),
  baseuomid: ref("uoms"),
  statecode: active,
});

/** A unit of a unit group. */
export const unit = z.object({
  name: name(100, { match: "exact" }),
  /** How many of the group's base unit one of it is. */
  quantity: decimal(5, { required: true, blank: "The unit has no quantity" }),
  uomscheduleid: ref("uomschedules", { required: true, blank: "The unit belongs to no unit group" }),
  isschedulebaseuom: flag(),
  /** Its own id, under the name that unit groups have it by: a lookup goes the same way through either. */
  baseuomid: ref("uoms"),
});

/** A person behind an account. */
export const contact = z.object({
  firstname: text(50),
  middlename: text(50),
  lastname: text(50, { required: true, blank: "The contact has no last name; give it one" }),
  fullname: text(160),
  jobtitle: text(100),
  telephone1: text(50, { match: "phone" }),
  mobilephone: text(50, { match: "phone" }),
  fax: text(50, { match: "phone" }),
  pager: text(50, { match: "phone" }),
  emailaddress1: text(100, { match: "email" }),
  websiteurl: text(200, { match: "url" }),
  ...address,
  /** The service would store a contact without one, but then it lies outside every filter on the parent's type. */
  parentcustomerid: ref("accounts", { required: true, blank: "The contact hangs under no account; choose one for it" }),
  /** The table that the parent is in; null where there is no parent. */
  parentcustomeridtype: choice(["account", "contact"]),
  transactioncurrencyid: ref("transactioncurrencies"),
  ownerid: ref("systemusers"),
  statecode: active,
  ...linkColumn,
});

/** What is sold. */
export const product = z.object({
  productnumber: name(100, { match: "code" }),
  name: text(100, { required: true, blank: "The product has no name; give it one" }),
  description: text(2000),
  /** 1 sales inventory, 2 miscellaneous charges, 3 services, 4 flat fees. */
  producttypecode: choice([1, 2, 3, 4]),
  /** 1 product, 2 family, 3 bundle. */
  productstructure: choice([1, 2, 3]),
  price: decimal(2),
  standardcost: decimal(2),
  currentcost: decimal(2),
  quantityonhand: decimal(2),
  quantitydecimal: integer({ required: true }),
  stockvolume: decimal(2),
  stockweight: decimal(2),
  suppliername: text(100),
  /** Text: the vendor's number, no lookup. */
  vendorid: text(100, { match: "code" }),
  vendorname: text(100),
  vendorpartnumber: text(100, { match: "code" }),
  defaultuomscheduleid: ref("uomschedules", { required: true, blank: "The product has no unit group" }),
  /** The id of a unit, found by itself or through the unit group whose base unit it is. */
  defaultuomid: ref(["uomschedules", "uoms"], { required: true, blank: "The product has no default unit" }),
  /** The list that its price is taken from where nobody says which. */
  pricelevelid: ref("pricelevels"),
  transactioncurrencyid: ref("transactioncurrencies"),
  /** 0 active, 1 retired, 2 draft, 3 under revision. */
  statecode: state([0, 1, 2, 3]),
  ...linkColumn,
});

/**
 * Customizers give choices values of their own. Such a row is read as it is: a value map lists what it does not know.
 * Only the service's own values are ever written.
 */
function withOwnChoices(schema: z.ZodObject): z.ZodObject {
  const choices = Object.entries(fieldsOf(schema)).filter(([, { kind, nullable, values }]) => {
    return kind === "choice" && nullable && typeof values?.[0] === "number";
  });
  return schema.extend(Object.fromEntries(choices.map(([field]) => [field, z.number().int().nullable()])));
}

/** What a row of each handle is checked against, by the handle's name. */
export const schemas: Readonly<Record<string, z.ZodObject>> = {
  accounts: withOwnChoices(account),
  systemusers: withOwnChoices(systemUser),
  transactioncurrencies: withOwnChoices(transactionCurrency),
  uomschedules: withOwnChoices(unitGroup),
  uoms: withOwnChoices(unit),
  contacts: withOwnChoices(contact),
  products: withOwnChoices(product),
  pricelevels: withOwnChoices(priceList),
  productpricelevels: withOwnChoices(priceListItem),
  salesorders: withOwnChoices(salesOrder),
  salesorderdetails: withOwnChoices(salesOrderLine),
};
