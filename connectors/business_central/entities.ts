/** What can be synchronized with Business Central: handles, data only. */
import type { z } from "zod";
import { entity } from "../connector.ts";
import { fieldsOf } from "../fields.ts";
import { extension } from "./extension.ts";
import { salesOrder, salesOrderLine } from "./order_schemas.ts";
import { company, currency, customer, item, person, salesperson, unitOfMeasure } from "./schemas.ts";

export interface Customer extends z.infer<typeof customer> {}
export interface Salesperson extends z.infer<typeof salesperson> {}
export interface Currency extends z.infer<typeof currency> {}
export interface UnitOfMeasure extends z.infer<typeof unitOfMeasure> {}
export interface Person extends z.infer<typeof person> {}
export interface Item extends z.infer<typeof item> {}
export interface Company extends z.infer<typeof company> {}
export interface SalesOrder extends z.infer<typeof salesOrder> {}
export interface SalesOrderLine extends z.infer<typeof salesOrderLine> {}

const never = "never";

/**
 * The handles of the standard API, and those of the extension. A number or code is written on creation only: a later one renames the record and
 * everything that refers to it.
 */
export const bc = {
  /** Customers, with codes where the API has ids. */
  customers: entity<Customer>()({
    name: "customers",
    key: "number",
    label: "displayName",
    fields: fieldsOf(customer),
    creation: "lookup",
    refs: {
      salespersonCode: { entity: "salespeoplePurchasers", by: "key" },
      currencyCode: { entity: "currencies", by: "key" },
      paymentTermsCode: { entity: "paymentTerms", by: "key" },
      shipmentMethodCode: { entity: "shipmentMethods", by: "key" },
      primaryContactNumber: { entity: "contacts", by: "key" },
      shippingAgentCode: { entity: "shippingAgents", by: "key" },
      customerPriceGroupCode: { entity: "customerPriceGroups", by: "key" },
    },
    access: { id: never, number: "create", balanceDue: never },
    inactive: { blocked: "All" },
  }),
  salespeople: entity<Salesperson>()({
    name: "salespeoplePurchasers",
    key: "code",
    label: "displayName",
    fields: fieldsOf(salesperson),
    creation: "natural key",
    initial: { blocked: false },
    access: { code: "create" },
  }),
  /** Currencies with the rate of the day, the local currency among them. */
  currencies: entity<Currency>()({
    name: "currencies",
    key: "code",
    label: "displayName",
    fields: fieldsOf(currency),
    creation: "natural key",
    access: { code: "create", exchangeRate: never }, // rates have a table of their own, read-only in the API
  }),
  unitsOfMeasure: entity<UnitOfMeasure>()({
    name: "unitsOfMeasure",
    key: "code",
    label: "displayName",
    fields: fieldsOf(unitOfMeasure),
    creation: "natural key",
    access: { code: "create" },
  }),
  /** Contacts of type Person. The display name follows from the parts; the customer stands behind the company. */
  persons: entity<Person>()({
    name: "contacts",
    key: "number",
    label: "displayName",
    fields: fieldsOf(person),
    creation: "lookup",
    refs: {
      customerId: { entity: "customers", by: "id" },
      salespersonCode: { entity: "salespeoplePurchasers", by: "key" },
      currencyCode: { entity: "currencies", by: "key" },
    },
    access: { id: never, number: "create", displayName: never, customerId: "create", companyNumber: never },
    deletable: true,
  }),
  /** Items. Writing `inventory` would post to the ledger, and costs are the service's own to compute. */
  items: entity<Item>()({
    name: "items",
    key: "number",
    label: "displayName",
    fields: fieldsOf(item),
    creation: "lookup",
    initial: { blocked: false },
    refs: {
      baseUnitOfMeasureCode: { entity: "unitsOfMeasure", by: "key" },
      currencyCode: { entity: "currencies", by: "key" },
      companyId: { entity: "companyInformation", by: "id" },
      lineObject: { entity: "items", by: "lineObject" },
      unitGroupCode: { entity: "unitGroups", by: "key" },
      baseUnit: { entity: "itemUnitsOfMeasure", by: "key" },
    },
    carries: ["lineObject"],
    access: {
      id: never,
      number: "create",
      unitCost: never,
      inventory: never,
      baseUnitOfMeasureCode: "create", // refused once the item has entries
      currencyCode: never,
      companyId: never,
      lineObject: never,
      unitGroupCode: never,
      baseUnit: never,
    },
    inactive: { blocked: true },
  }),
  /** The company itself, one record: what belongs to all of it hangs there. */
  company: entity<Company>()({
    name: "companyInformation",
    key: "displayName",
    label: "displayName",
    fields: fieldsOf(company),
    creation: "none",
    refs: { currencyCode: { entity: "currencies", by: "key" } },
    access: { id: never, displayName: never, currencyCode: never },
  }),
  /**
   * Sales orders, read and written with their lines ({@link bc.salesOrderLines}). A creation of ours is found again by
   * its external document number, or by Your Reference where the extension is there.
   */
  salesOrders: entity<SalesOrder>()({
    name: "salesOrders",
    key: "number",
    label: "customerName",
    fields: fieldsOf(salesOrder),
    creation: "correlation",
    foundBy: ["externalDocumentNumber", "yourReference"],
    initial: { state: "Draft", fullyShipped: false },
    refs: {
      customerId: { entity: "customers", by: "id" },
      currencyCode: { entity: "currencies", by: "key" },
      paymentTermsCode: { entity: "paymentTerms", by: "key" },
      shipmentMethodCode: { entity: "shipmentMethods", by: "key" },
      salespersonCode: { entity: "salespeoplePurchasers", by: "key" },
      companyId: { entity: "companyInformation", by: "id" },
      shippingAgentCode: { entity: "shippingAgents", by: "key" },
    },
    access: {
      number: never,
      customerName: never,
      billToName: never, // the address of another customer, chosen there
      billToAddressLine1: never,
      billToAddressLine2: never,
      billToCity: never,
      billToState: never,
      billToCountry: never,
      billToPostCode: never,
      totalAmountExcludingTax: never,
      totalAmountIncludingTax: never,
      fullyShipped: never,
      lastShipmentDate: never,
      state: never,
      companyId: never,
      quoteNumber: never,
    },
  }),
  /** Lines of sales orders. Comments that people or the service added are among them. */
  salesOrderLines: entity<SalesOrderLine>()({
    name: "salesOrderLines",
    key: "sequence",
    label: "sequence",
    fields: fieldsOf(salesOrderLine),
    creation: "natural key", // the sequence, within its order
    partOf: "salesOrders",
    partKey: "number",
    refs: {
      lineObject: { entity: "items", by: "lineObject" }, // or a resource, which carries the same field
      product: { entity: "items", by: "lineObject" },
      unit: { entity: "itemUnitsOfMeasure", by: "key" }, // or a resource's, which has the same key
      unitOfMeasureCode: { entity: "unitsOfMeasure", by: "key" },
      documentId: { entity: "salesOrders", by: "id" },
    },
    access: {
      sequence: "create",
      amountExcludingTax: never,
      shippedQuantity: never, // kept by the service, though its page would take it
      invoicedQuantity: never,
      documentId: "create",
      comment: never,
    },
  }),
  ...extension,
};
