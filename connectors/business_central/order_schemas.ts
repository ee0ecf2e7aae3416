/** Rows of orders and their lines as the connector gives them; conventions as in schemas.ts. */
import { z } from "zod";
import { date, decimal, flag, integer, key, name, ref, state, text } from "../fields.ts";

/**
 * A sales order. The local currency has its code here, codes stand in place of the API's ids. `state` puts the page's
 * status (whose "Open" means released), shipping and posting into one; "Pending Prepayment" is told by the extension
 * alone, without it such an order counts as released.
 */
export const salesOrder = z.object({
  number: name(20, { match: "code", required: false }), // the number series gives one, always
  /** By it a creation of ours is found again, so there is none without it. */
  externalDocumentNumber: text(35, { match: "code", required: true, blank: "The order has no number that fits" }),
  orderDate: date(),
  requestedDeliveryDate: date(),
  customerId: ref("customers", { required: true, blank: "The order has no customer; choose one on its page" }),
  customerName: text(100),
  currencyCode: key("currencies"),
  paymentTermsCode: key("paymentTerms"),
  shipmentMethodCode: key("shipmentMethods"),
  salespersonCode: key("salespeoplePurchasers"),
  shipToName: text(100),
  shipToAddressLine1: text(100),
  shipToAddressLine2: text(50),
  shipToCity: text(30),
  shipToState: text(30),
  shipToCountry: text(10, { match: "code" }),
  shipToPostCode: text(20, { match: "postal" }),
  billToName: text(100),
  billToAddressLine1: text(100),
  billToAddressLine2: text(50),
  billToCity: text(30),
  billToState: text(30),
  billToCountry: text(10, { match: "code" }),
  billToPostCode: text(20, { match: "postal" }),
  /** The invoice discount of the whole order; the lines have discounts of their own. */
  discountAmount: decimal(2),
  totalAmountExcludingTax: decimal(2, { currency: "currencyCode" }),
  totalAmountIncludingTax: decimal(2, { currency: "currencyCode" }),
  fullyShipped: flag(),
  /** The day of the last posted shipment, once everything is shipped. */
  lastShipmentDate: date(),
  state: state(["Draft", "In Review", "Pending Prepayment", "Released", "Shipped", "Invoiced", "Partly Invoiced"]),
  companyId: ref("companyInformation"),
  yourReference: text(35, { match: "code", needs: "extension" }),
  workDescription: text(2000, { needs: "extension" }),
  shippingAgentCode: key("shippingAgents", { needs: "extension" }),
  quoteNumber: text(20, { match: "code", needs: "extension" }),
});

/** What the service chooses a line's unit, price and discount by, and chooses anew when it changes. */
const sold = ["lineObject", "product"];
const priced = [...sold, "unitOfMeasureCode", "unit", "quantity"];

/** A line of a sales order, told apart by its sequence. */
export const salesOrderLine = z.object({
  sequence: integer(),
  /** What is sold: "Item 1896-S", "Resource LINA", "Account 6110", "Charge FREIGHT"; null is a comment. */
  lineObject: key(["items", "resources"]),
  /** The same where it is an item or a resource; null for accounts, charges and comments. */
  product: key(["items", "resources"]),
  description: text(100),
  unitOfMeasureCode: key("unitsOfMeasure", { follows: sold }),
  /** The unit among those of the item or resource: "Item 1896-S PCS". */
  unit: key(["itemUnitsOfMeasure", "resourceUnitsOfMeasure"], { follows: sold }),
  quantity: decimal(5),
  unitPrice: decimal(5, { follows: priced }),
  discountAmount: decimal(2, { follows: [...priced, "unitPrice"] }), // the per cent stay, the amount does not
  amountExcludingTax: decimal(2),
  shipmentDate: date(),
  shippedQuantity: decimal(5),
  invoicedQuantity: decimal(5),
  documentId: ref("salesOrders"),
  /** A line of type Comment: it says something and sells nothing. */
  comment: flag(),
});
