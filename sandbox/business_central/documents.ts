/** Sales documents of the standard API: orders that are at work, and the invoices and shipments that posting leaves. */
import { allocationOf, invoiceDiscount, lineAmount, linesOf, netAmount, orderTotal } from "./amounts.ts";
import { currencyCodeOf, keyOf } from "./company.ts";
import {
  byId,
  byKey,
  choice,
  code,
  type Company,
  decimal,
  type FieldFact,
  flag,
  guid,
  listOnly,
  type Navigation,
  readOnly,
  set,
  type SetFact,
  shown,
  text,
  zeroGuid,
} from "./facts.ts";
import { lineRules } from "./order_lines.ts";
import { orderRules } from "./orders.ts";
import { postOrder } from "./posting.ts";

type Fields = Readonly<Record<string, FieldFact>>;

const id = readOnly(guid);
const modified = readOnly({ kind: "datetime" });
const date: FieldFact = { kind: "date" };
const address = (side: string): Fields => ({
  [`${side}AddressLine1`]: text(100),
  [`${side}AddressLine2`]: text(50),
  [`${side}City`]: text(30),
  [`${side}Country`]: code(10, { among: "countriesRegions" }),
  [`${side}State`]: text(30),
  [`${side}PostCode`]: code(20),
});
const onlyRead = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, fact]) => [name, readOnly(fact)]));
const currencyCode: FieldFact = { ...byKey("currencies", "currencyId", 10), value: currencyCodeOf };
const computed = (value: NonNullable<FieldFact["value"]>): FieldFact => ({ ...shown(decimal), value });
const none: FieldFact = computed(() => "0");
const same = (column: string): FieldFact => computed((_company, row) => row[column] ?? "0");

/** What orders, invoices and shipments have in common, but for the customer's id. */
const parties: Fields = {
  customerNumber: byKey("customers", "customerId", 20),
  customerName: readOnly(text(100)),
  billToName: readOnly(text(100)),
  billToCustomerNumber: byKey("customers", "billToCustomerId", 20),
  shipToName: text(100),
  shipToContact: text(100),
  ...address("sellTo"),
  ...onlyRead(address("billTo")),
  ...address("shipTo"),
};
const partyIds: Fields = {
  customerId: byId("customers", "customerId"),
  billToCustomerId: byId("customers", "billToCustomerId"),
};
const salesperson = byKey("salespeoplePurchasers", "salespersonId", 20);
const reach: Fields = { phoneNumber: text(30, { check: "phone" }), email: text(80, { check: "email" }) };
const lineType = choice("Comment", "Account", "Item", "Resource", "Fixed Asset", "Charge");

/** The id of what a line sells, when the line is of that type. */
const objectId = (type: string): FieldFact => ({
  ...guid,
  shown: true,
  value: (_company, row) => row["lineType"] === type ? row["objectId"] ?? zeroGuid : zeroGuid,
});
/** What a line of an order and of an invoice have in common, up to the amounts. */
const sold: Fields = {
  id,
  documentId: guid,
  sequence: { kind: "integer" },
  itemId: objectId("Item"),
  accountId: objectId("Account"),
  lineType,
  lineObjectNumber: code(20),
  description: text(100),
  description2: text(50),
  unitOfMeasureId: byId("unitsOfMeasure", "unitOfMeasureId"),
  unitOfMeasureCode: byKey("unitsOfMeasure", "unitOfMeasureId", 10),
  quantity: decimal,
  unitPrice: decimal,
  discountAmount: decimal,
  discountPercent: decimal,
  discountAppliedBeforeTax: readOnly(flag),
};

/** Lines of a document, listed under it or by its id. */
const within = "documentId";
function lines(name: string, parent?: string): Readonly<Record<string, Navigation>> {
  const rows = ({ tables }: Company, { id }: { readonly id: string }) =>
    tables.table(name).where(within, id).toSorted((a, b) => Number(a["sequence"]) - Number(b["sequence"]));
  return { [name]: { set: name, rows, ...(parent === undefined ? {} : { parent }) } };
}

export const documentSets: Readonly<Record<string, SetFact>> = {
  salesOrders: set("salesOrder", {
    id,
    number: readOnly(code(20)),
    externalDocumentNumber: code(35),
    orderDate: date,
    postingDate: date,
    ...partyIds,
    ...parties,
    shortcutDimension1Code: code(20),
    shortcutDimension2Code: code(20),
    currencyId: byId("currencies", "currencyId"),
    currencyCode,
    pricesIncludeTax: flag,
    paymentTermsId: byId("paymentTerms", "paymentTermsId"),
    shipmentMethodId: byId("shipmentMethods", "shipmentMethodId"),
    salesperson,
    partialShipping: flag,
    requestedDeliveryDate: date,
    discountAmount: { ...decimal, value: invoiceDiscount },
    discountAppliedBeforeTax: readOnly(flag),
    totalAmountExcludingTax: computed(orderTotal),
    totalTaxAmount: none,
    totalAmountIncludingTax: computed(orderTotal),
    fullyShipped: readOnly(flag),
    status: readOnly(choice("Draft", "In Review", "Open")),
    lastModifiedDateTime: modified,
    ...reach,
  }, {
    navigation: { salesOrderLines: { ...lines("salesOrderLines", within)["salesOrderLines"]!, rows: linesOf } },
    rules: { ...orderRules, actions: { shipAndInvoice: (company, order) => void postOrder(company, order) } },
    hidden: { yourReference: "", openedForChange: false },
  }),
  salesOrderLines: set("salesOrderLine", {
    ...sold,
    amountExcludingTax: computed(lineAmount),
    taxCode: code(50),
    taxPercent: none,
    totalTaxAmount: none,
    amountIncludingTax: computed(lineAmount),
    invoiceDiscountAllocation: computed(allocationOf),
    netAmount: computed(netAmount),
    netTaxAmount: none,
    netAmountIncludingTax: computed(netAmount),
    shipmentDate: date,
    shippedQuantity: readOnly(decimal),
    invoicedQuantity: readOnly(decimal),
    invoiceQuantity: decimal,
    shipQuantity: decimal,
    itemVariantId: guid,
    locationId: guid,
  }, { key: null, series: false, within, rules: lineRules, hidden: { objectId: zeroGuid } }),
  salesInvoices: set("salesInvoice", {
    id,
    number: readOnly(code(20)),
    externalDocumentNumber: code(35),
    invoiceDate: { ...date, value: (_company, row) => row["orderDate"] ?? "0001-01-01" },
    postingDate: date,
    dueDate: date,
    promisedPayDate: date,
    customerPurchaseOrderReference: { ...text(35), value: (_company, row) => row["yourReference"] ?? "" },
    ...partyIds,
    ...parties,
    currencyId: byId("currencies", "currencyId"),
    shortcutDimension1Code: code(20),
    shortcutDimension2Code: code(20),
    currencyCode,
    orderId: readOnly(guid),
    orderNumber: readOnly(code(20)),
    paymentTermsId: byId("paymentTerms", "paymentTermsId"),
    shipmentMethodId: byId("shipmentMethods", "shipmentMethodId"),
    salesperson,
    disputeStatusId: guid,
    disputeStatus: code(10),
    pricesIncludeTax: readOnly(flag),
    remainingAmount: readOnly(decimal),
    discountAmount: decimal,
    discountAppliedBeforeTax: readOnly(flag),
    totalAmountExcludingTax: readOnly(decimal),
    totalTaxAmount: none,
    totalAmountIncludingTax: same("totalAmountExcludingTax"),
    status: readOnly(choice(" ", "Draft", "In Review", "Open", "Paid", "Canceled", "Corrective")),
    lastModifiedDateTime: modified,
    ...reach,
  }, {
    ...listOnly,
    key: "number",
    series: true,
    navigation: lines("salesInvoiceLines"),
    hidden: { yourReference: "", orderDate: "0001-01-01" },
  }),
  salesInvoiceLines: set("salesInvoiceLine", {
    ...sold,
    amountExcludingTax: readOnly(decimal),
    taxCode: code(50),
    taxPercent: none,
    totalTaxAmount: none,
    amountIncludingTax: same("amountExcludingTax"),
    invoiceDiscountAllocation: readOnly(decimal),
    netAmount: readOnly(decimal),
    netTaxAmount: none,
    netAmountIncludingTax: same("netAmount"),
    shipmentDate: date,
    itemVariantId: guid,
    locationId: guid,
  }, { ...listOnly, within, hidden: { objectId: zeroGuid } }),
  salesShipments: set("salesShipment", {
    id,
    number: readOnly(code(20)),
    externalDocumentNumber: code(35),
    invoiceDate: { ...date, value: (_company, row) => row["orderDate"] ?? "0001-01-01" },
    postingDate: date,
    dueDate: date,
    customerPurchaseOrderReference: { ...text(35), value: (_company, row) => row["yourReference"] ?? "" },
    ...parties,
    currencyCode: byKey("currencies", "currencyId", 10), // the page shows the code itself: blank for the local currency
    orderNumber: readOnly(code(20)),
    paymentTermsCode: byKey("paymentTerms", "paymentTermsId", 10),
    shipmentMethodCode: byKey("shipmentMethods", "shipmentMethodId", 10),
    salesperson,
    pricesIncludeTax: readOnly(flag),
    lastModifiedDateTime: modified,
    ...reach,
  }, {
    ...listOnly,
    key: "number",
    series: true,
    navigation: lines("salesShipmentLines"),
    hidden: { yourReference: "", orderDate: "0001-01-01" },
  }),
  salesShipmentLines: set("salesShipmentLine", {
    id,
    documentId: readOnly(guid),
    documentNo: {
      ...shown(code(20)),
      value: (company, row) => keyOf(company, "salesShipments", String(row[within] ?? zeroGuid)),
    },
    sequence: readOnly({ kind: "integer" }),
    lineType,
    lineObjectNumber: code(20),
    description: text(100),
    description2: text(50),
    unitOfMeasureCode: byKey("unitsOfMeasure", "unitOfMeasureId", 10),
    unitPrice: decimal,
    quantity: decimal,
    discountPercent: decimal,
    taxPercent: none,
    shipmentDate: date,
  }, listOnly),
};
