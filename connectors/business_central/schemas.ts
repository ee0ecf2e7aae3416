/**
 * Rows of Business Central's API v2.0 as its connector gives them: names, lengths and choices are the service's, blank
 * text is null. Numbers and codes are never blank there; a name can be, when somebody left a card half filled in.
 */
import { z } from "zod";
import { pages } from "../../extension/pages.ts";
import { decimal, flag, id, key, name, ref, state, text } from "../fields.ts";
import { addedByPage } from "./extension_fields.ts";
import { extensionSchemas } from "./extension_schemas.ts";
import { salesOrder, salesOrderLine } from "./order_schemas.ts";

const number = name(20, { match: "code", required: false }); // the number series gives one
const address = {
  addressLine1: text(100),
  addressLine2: text(50),
  city: text(30),
  state: text(30),
  country: text(10, { match: "code" }),
  postalCode: text(20, { match: "postal" }),
};

/** A customer, with the codes of its payment terms and shipment method in place of the API's ids. */
export const customer = z.object({
  id: id(),
  number,
  displayName: text(100, { required: true, blank: "The customer has no name; give it one on its card" }),
  type: state(["Company", "Person"]),
  ...address,
  phoneNumber: text(30, { match: "phone" }),
  email: text(80, { match: "email" }),
  website: text(255, { match: "url" }),
  salespersonCode: key("salespeoplePurchasers"),
  creditLimit: decimal(2),
  currencyCode: key("currencies"),
  paymentTermsCode: key("paymentTerms"),
  shipmentMethodCode: key("shipmentMethods"),
  taxRegistrationNumber: text(50, { match: "code" }),
  blocked: state([" ", "Ship", "Invoice", "All"]),
  balanceDue: decimal(2),
  ...addedByPage(pages.customers, [
    ...["contactName", "faxNumber", "mobilePhoneNumber", "primaryContactNumber", "shippingAgentCode"] as const,
    "customerPriceGroupCode",
  ], { faxNumber: { match: "phone" }, mobilePhoneNumber: { match: "phone" } }),
});

/** A salesperson or purchaser. */
export const salesperson = z.object({
  code: name(20, { match: "code" }),
  displayName: text(50),
  email: text(80, { match: "email" }),
  email2: text(80, { match: "email" }),
  phoneNo: text(30, { match: "phone" }),
  jobTitle: text(30),
  blocked: flag(),
});

/** A currency with the rate of the day; the local currency is a row like the others. */
export const currency = z.object({
  code: name(10, { match: "code" }),
  displayName: text(30, { blank: "The currency has no description; give it one on the Currencies page" }),
  symbol: text(10, { match: "exact", blank: "The currency has no symbol; give it one on the Currencies page" }),
  /** How many decimals amounts have, least and most: "2:2". */
  amountDecimalPlaces: text(5, { match: "exact" }),
  /** Units of this currency for one unit of the currency that the CRM counts in. */
  exchangeRate: decimal(10, {
    blank: "No exchange rate is valid today; enter one on the Exchange Rates page of the currency",
  }),
});

/** A unit of measure. */
export const unitOfMeasure = z.object({
  code: name(10, { match: "code" }),
  displayName: text(50),
  internationalStandardCode: text(10, { match: "code" }),
  symbol: text(10, { match: "exact" }),
});

/** A contact of type Person, its name split as the service splits it, with the customer behind its company contact. */
export const person = z.object({
  id: id(),
  number,
  displayName: text(100),
  firstName: text(30),
  middleName: text(30),
  lastName: text(30, { required: true, blank: "The contact has no name; give it one on its card" }),
  jobTitle: text(30),
  ...address,
  phoneNumber: text(30, { match: "phone" }),
  mobilePhoneNumber: text(30, { match: "phone" }),
  email: text(80, { match: "email" }),
  website: text(255, { match: "url" }),
  customerId: ref("customers", {
    required: true,
    elsewhere: true,
    blank: "The person hangs under no company that is a customer; give the contact a Company No. whose company is one",
  }),
  /** The number of the company contact, not of the customer. */
  companyNumber: text(20, { match: "code" }),
  ...addedByPage(pages.contacts, ["faxNumber", "pager", "salespersonCode", "currencyCode"], {
    faxNumber: { match: "phone" },
    pager: { match: "phone" },
  }),
});

/** An item; its prices are in the local currency. */
export const item = z.object({
  id: id(),
  number,
  displayName: text(100, { blank: "The item has no description; give it one on its card" }),
  displayName2: text(50),
  type: state(["Inventory", "Service", "Non-Inventory"]),
  blocked: flag(),
  gtin: text(14, { match: "code" }),
  unitPrice: decimal(5),
  unitCost: decimal(5),
  inventory: decimal(5),
  itemCategoryCode: text(20, { match: "code" }),
  baseUnitOfMeasureCode: key("unitsOfMeasure", {
    blank: "The item has no base unit of measure; choose one on its card",
  }),
  currencyCode: key("currencies"),
  companyId: ref("companyInformation"),
  /** What a document's line calls the item: "Item 1896-S". It points at itself, for steps that need its counterpart. */
  lineObject: key("items"),
  ...addedByPage(pages.items, ["unitVolume", "grossWeight", "vendorNumber", "vendorItemNumber"]),
  unitGroupCode: key("unitGroups", { needs: "extension" }),
  /** The base unit among those of the item: "Item 1896-S PCS". */
  baseUnit: key("itemUnitsOfMeasure", { needs: "extension" }),
});

/** The company itself, with its local currency. */
export const company = z.object({
  id: id(),
  displayName: text(100, { blank: "The company has no name; give it one on the Company Information page" }),
  currencyCode: key("currencies", {
    blank: "The company has no local currency; choose LCY Code on the General Ledger Setup page",
  }),
});

/** The schema of each handle, by its name. */
export const schemas: Readonly<Record<string, z.ZodObject>> = {
  customers: customer,
  salespeoplePurchasers: salesperson,
  currencies: currency,
  unitsOfMeasure: unitOfMeasure,
  contacts: person,
  items: item,
  companyInformation: company,
  salesOrders: salesOrder,
  salesOrderLines: salesOrderLine,
  ...extensionSchemas,
};
