/** The rules of sales orders and of their states. */
import { compareDecimals, multiplyDecimals } from "../decimal.ts";
import type { Cell, Row } from "../tables.ts";
import { discountBase, grossOf, linesOf, precisionOf, priceIn, roundTo, shareOf } from "./amounts.ts";
import { changedRow, wholeRow } from "./company.ts";
import { type Company, noDate, type SetRules, type Values, zeroGuid } from "./facts.ts";
import { checkOpen, quantityPerUnit } from "./order_lines.ts";
import { ruleBroken } from "./refusal.ts";
import { find, put } from "./write.ts";

/** An order's columns of an address, and the customer's that they are taken from. */
const address: Readonly<Record<string, string>> = {
  AddressLine1: "addressLine1",
  AddressLine2: "addressLine2",
  City: "city",
  State: "state",
  Country: "country",
  PostCode: "postalCode",
};
/** Columns that an order has from its customer. */
const terms = ["currencyId", "paymentTermsId", "shipmentMethodId", "salespersonId", "phoneNumber", "email"];

export const orderRules: SetRules = {
  insert(company, order, input) {
    const today = new Date(company.clock.now()).toISOString().slice(0, 10);
    for (const day of ["orderDate", "postingDate"]) if (order[day] === noDate) order[day] = today;
    takeCustomer(company, order, input);
    roundDiscount(company, order);
    // The head is stored before lines that come along with it: there is nothing yet that could be discounted.
    if (order["discountAmount"] !== "0") {
      throw ruleBroken("An invoice discount can't be applied: the document has no lines that allow one.");
    }
  },
  update(company, before, values, input) {
    checkOpen(before);
    const order: Values = { ...before, ...values };
    const moved = ["customerId", "billToCustomerId"].some((name) => order[name] !== before[name]);
    if (moved) {
      refuseIfShipped(company, before, "The customer");
      takeCustomer(company, order, input, before);
    }
    if (order["currencyId"] !== before["currencyId"]) refuseIfShipped(company, before, "The currency");
    roundDiscount(company, order);
    for (const [name, value] of Object.entries(order)) if (value !== before[name]) values[name] = value;
  },
  updated(company, order, before) {
    if (order["currencyId"] !== before["currencyId"]) repriceLines(company, order);
    if (order["discountAmount"] !== before["discountAmount"]) checkDiscount(company, order);
    return order;
  },
  remove(company, order) {
    const lines = linesOf(company, order);
    if (lines.some((line) => (line["shippedQuantity"] ?? "0") !== (line["invoicedQuantity"] ?? "0"))) {
      throw ruleBroken(`Order ${order["number"]} can't be deleted: a part of it has been shipped and not invoiced.`);
    }
    for (const line of lines) company.tables.table("salesOrderLines").delete(line.id);
  },
};

/** Releases an order: from now on neither it nor its lines can be edited. Releasing it again does nothing. */
export function releaseOrder(company: Company, order: Row): void {
  if (order["status"] === "Open") return;
  if (order["status"] === "In Review") {
    throw ruleBroken(`Order ${order["number"]} can't be released: it waits for approval.`);
  }
  checkReleasable(company, order);
  setStatus(company, order, "Open");
}

/**
 * Opens a released order for editing. Reopening an open one does nothing. `forChange`: the extension's action does it,
 * which remembers it until the order is released.
 */
export function reopenOrder(company: Company, order: Row, forChange = false): void {
  if (order["status"] === "In Review") {
    throw ruleBroken(`Order ${order["number"]} can't be reopened: cancel or complete its approval first.`);
  }
  if (order["status"] === "Open") setStatus(company, order, "Draft", forChange);
}

/** Sends an open order to whoever approves it. */
export function requestApproval(company: Company, order: Row): void {
  if ((order["status"] ?? "Draft") !== "Draft") throw ruleBroken(`Order ${order["number"]} isn't open.`);
  checkReleasable(company, order);
  setStatus(company, order, "In Review");
}

/** Ends the approval of an order: approved ones are released, rejected ones open again. */
export function endApproval(company: Company, order: Row, isApproved: boolean): void {
  if (order["status"] !== "In Review") throw ruleBroken(`Order ${order["number"]} doesn't wait for approval.`);
  setStatus(company, order, isApproved ? "Open" : "Draft");
}

/** Throws a Refusal when the customer's block forbids this. */
export function checkBlock(customer: Row, doing: "order" | "ship" | "invoice"): void {
  const block = String(customer["blocked"] ?? " ");
  const forbids = block === "All" || (doing === "ship" && block === "Ship") ||
    (doing === "invoice" && block === "Invoice") || (doing === "order" && block !== " ");
  if (!forbids) return;
  throw ruleBroken(
    `You cannot ${doing === "order" ? "create this type of document" : doing} ` +
      `when Customer ${customer["number"]} is blocked with type ${block}.`,
  );
}

function setStatus(company: Company, order: Row, status: string, openedForChange = false): void {
  put(
    company,
    "salesOrders",
    changedRow(company, wholeRow(company, "salesOrders", order), { status, openedForChange }),
  );
}

function checkReleasable(company: Company, order: Row): void {
  const sells = linesOf(company, order).some((line) =>
    (line["objectId"] ?? zeroGuid) !== zeroGuid && compareDecimals(String(line["quantity"] ?? "0"), "0") !== 0
  );
  if (!sells) {
    throw ruleBroken(`There is nothing to release for the document of type Order with the number ${order["number"]}.`);
  }
}

/** What follows from the customer and wasn't given itself. */
function takeCustomer(company: Company, order: Values, input: ReadonlyMap<string, Cell>, before?: Row): void {
  const customer = find(company, "customers", order["customerId"]!);
  if (customer === undefined) throw ruleBroken("A customerNumber or a customerId must be provided.");
  checkBlock(customer, "order");
  const isOther = customer.id !== before?.["customerId"];
  const isGiven = (name: string) => input.has(name);
  if (isOther) {
    order["customerName"] = customer["displayName"]!;
    if (!isGiven("billToCustomerId") && !isGiven("billToCustomerNumber")) order["billToCustomerId"] = customer.id;
    const seen: Readonly<Record<string, readonly string[]>> = {
      currencyId: ["currencyId", "currencyCode"],
      salespersonId: ["salesperson"],
    };
    for (const name of terms) if (!(seen[name] ?? [name]).some(isGiven)) order[name] = customer[name] ?? zeroGuid;
    for (const [part, from] of Object.entries(address)) {
      for (const side of ["sellTo", "shipTo"]) {
        if (!isGiven(`${side}${part}`)) order[`${side}${part}`] = customer[from] ?? "";
      }
    }
    if (!isGiven("shipToName")) order["shipToName"] = customer["displayName"]!;
  }
  if (order["billToCustomerId"] === before?.["billToCustomerId"]) return;
  const payer = find(company, "customers", order["billToCustomerId"]!) ?? customer;
  checkBlock(payer, "order");
  order["billToCustomerId"] = payer.id;
  order["billToName"] = payer["displayName"]!;
  for (const [part, from] of Object.entries(address)) order[`billTo${part}`] = payer[from] ?? "";
}

function roundDiscount(company: Company, order: Values): void {
  const discount = roundTo(String(order["discountAmount"] ?? "0"), precisionOf(company, order["currencyId"]));
  if (discount.startsWith("-")) throw ruleBroken("The invoice discount can't be less than 0.");
  order["discountAmount"] = discount;
}

function checkDiscount(company: Company, order: Row): void {
  const discount = String(order["discountAmount"] ?? "0");
  if (compareDecimals(discount, "0") > 0 && compareDecimals(discount, discountBase(company, order)) > 0) {
    throw ruleBroken(`The invoice discount of ${discount} is more than the lines that it may lower.`);
  }
}

function refuseIfShipped(company: Company, order: Row, what: string): void {
  if (linesOf(company, order).every((line) => (line["shippedQuantity"] ?? "0") === "0")) return;
  throw ruleBroken(`${what} of order ${order["number"]} can't be changed: a part of it has been shipped.`);
}

/** Another currency: lines of items and resources get their prices anew. */
function repriceLines(company: Company, order: Row): void {
  const precision = precisionOf(company, order["currencyId"]);
  for (const stored of linesOf(company, order)) {
    const line = wholeRow(company, "salesOrderLines", stored);
    const table = { Item: "items", Resource: "resources" }[String(line["lineType"])];
    const object = table === undefined ? undefined : company.tables.table(table).get(String(line["objectId"]));
    if (object === undefined) continue;
    const local = multiplyDecimals(String(object["unitPrice"] ?? "0"), quantityPerUnit(company, line));
    const unitPrice = priceIn(company, local, String(order["currencyId"]), String(order["postingDate"]));
    if (unitPrice === undefined) throw ruleBroken("There is no exchange rate of the new currency on the posting date.");
    const priced = { ...line, unitPrice };
    const gross = grossOf(priced, precision);
    const discountAmount = shareOf(gross, [String(line["discountPercent"]), "100"], precision);
    put(company, "salesOrderLines", changedRow(company, line, { unitPrice, discountAmount }));
  }
}
