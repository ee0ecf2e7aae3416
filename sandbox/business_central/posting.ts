/** Posting: shipments and invoices of an order, which is gone when everything has been invoiced. */
import { addDecimals, canonicalDecimal, compareDecimals, multiplyDecimals } from "../decimal.ts";
import type { Row } from "../tables.ts";
import { allocationOf, less, lineAmount, linesOf, precisionOf, shareOf, sum } from "./amounts.ts";
import { blankRow, changedRow, nextNumber, wholeRow } from "./company.ts";
import { type Company, type Values, zeroGuid } from "./facts.ts";
import { isShipped, noteShipped, quantityPerUnit } from "./order_lines.ts";
import { checkBlock, releaseOrder } from "./orders.ts";
import { ruleBroken } from "./refusal.ts";
import { addLedgerEntry, find, put, removeRow } from "./write.ts";

/** Numbers of the documents that posting has made. */
export interface Posted {
  readonly shipment?: string;
  readonly invoice?: string;
}

/** Quantities by the sequence of their line; absent: what each line says is to be shipped. */
export type Quantities = ReadonlyMap<number, string>;

/** Ships and invoices all that is left of an order. */
export function postOrder(company: Company, order: Row): Posted {
  const left = linesOf(company, order).map((line): [number, string] => {
    return [Number(line["sequence"]), less(String(line["quantity"] ?? "0"), String(line["shippedQuantity"] ?? "0"))];
  });
  const shipment = isShipped(company, order) ? {} : shipOrder(company, order, new Map(left));
  return { ...shipment, ...invoiceOrder(company, company.tables.table("salesOrders").get(order.id)!) };
}

/** Ships lines of an order, and releases it where it is open. */
export function shipOrder(company: Company, order: Row, quantities?: Quantities): Posted {
  releaseOrder(company, order);
  checkBlock(payerOf(company, order), "ship");
  const wanted = linesOf(company, order).map((line): readonly [line: Row, quantity: string] => {
    const whole = wholeRow(company, "salesOrderLines", line);
    const quantity = quantities === undefined
      ? String(whole["shipQuantity"])
      : quantities.get(Number(whole["sequence"])) ?? "0";
    checkQuantity(whole, quantity);
    return [whole, quantity];
  });
  for (const sequence of quantities?.keys() ?? []) {
    if (wanted.some(([line]) => line["sequence"] === sequence)) continue;
    throw ruleBroken(`Order ${order["number"]} has no line ${sequence}.`);
  }
  if (wanted.every(([, quantity]) => compareDecimals(quantity, "0") === 0)) throw nothingToPost();

  const head = putHead(company, "salesShipments", order, {});
  for (const [line, quantity] of wanted) {
    const isComment = line["lineType"] === "Comment";
    if (!isComment && compareDecimals(quantity, "0") === 0) continue;
    putLine(company, "salesShipmentLines", line, { documentId: head.id, quantity });
    if (isComment) continue;
    const shippedQuantity = canonicalDecimal(addDecimals(String(line["shippedQuantity"]), quantity));
    const shipQuantity = less(String(line["quantity"]), shippedQuantity);
    put(company, "salesOrderLines", changedRow(company, line, { shippedQuantity, shipQuantity }));
    takeFromStock(company, { order, line, quantity, shipment: head });
  }
  noteShipped(company, company.tables.table("salesOrders").get(order.id)!);
  return { shipment: String(head["number"]) };
}

/** All that was shipped of a line counts as invoiced from now on. */
export function noteInvoiced(company: Company, line: Row): void {
  const invoicedQuantity = String(line["shippedQuantity"]);
  const invoiceQuantity = less(String(line["quantity"]), invoicedQuantity);
  put(company, "salesOrderLines", changedRow(company, line, { invoicedQuantity, invoiceQuantity }));
}

/** Invoices what has been shipped of an order and not been invoiced; an order of which nothing is left is removed. */
export function invoiceOrder(company: Company, order: Row): Posted {
  if (order["status"] === "In Review") throw ruleBroken(`Order ${order["number"]} waits for approval.`);
  checkBlock(payerOf(company, order), "invoice");
  const precision = precisionOf(company, order["currencyId"]);
  const lines = linesOf(company, order).map((line) => wholeRow(company, "salesOrderLines", line));
  const invoiced = lines.map((line) => portionOf(company, line, precision));
  if (invoiced.every((portion) => portion["quantity"] === "0")) throw nothingToPost();

  const total = sum(invoiced.map((portion) => String(portion["netAmount"])));
  const head = putHead(company, "salesInvoices", order, {
    orderId: order.id,
    discountAmount: sum(invoiced.map((portion) => String(portion["invoiceDiscountAllocation"]))),
    totalAmountExcludingTax: total,
    remainingAmount: total,
    status: "Open",
  });
  for (const [at, line] of lines.entries()) {
    const portion = invoiced[at]!;
    if (line["lineType"] !== "Comment" && portion["quantity"] === "0") continue;
    putLine(company, "salesInvoiceLines", line, { ...portion, documentId: head.id });
    noteInvoiced(company, line);
  }
  if (lines.every((line) => line["shippedQuantity"] === line["quantity"])) {
    for (const line of lines) company.tables.table("salesOrderLines").delete(line.id);
    removeRow(company, "salesOrders", order);
  }
  return { invoice: String(head["number"]) };
}

export function nothingToPost() {
  return ruleBroken("There is nothing to post.");
}

function checkQuantity(line: Row, quantity: string): void {
  const most = less(String(line["quantity"]), String(line["shippedQuantity"]));
  if (compareDecimals(quantity, "0") < 0 || compareDecimals(quantity, most) > 0) {
    throw ruleBroken(`You can't ship ${quantity} of line ${line["sequence"]}: ${most} are left.`);
  }
}

export function payerOf(company: Company, order: Row): Row {
  return find(company, "customers", order["customerId"]!)!;
}

/** What of a line is invoiced now: amounts are shared so that all parts together are the whole to the last cent. */
export function portionOf(company: Company, line: Row, precision: string): Values {
  const from = String(line["invoicedQuantity"]);
  const to = String(line["shippedQuantity"]);
  const quantity = less(to, from);
  const all = String(line["quantity"]);
  const part = (amount: string): string => {
    if (quantity === "0") return "0";
    return less(shareOf(amount, [to, all], precision), shareOf(amount, [from, all], precision));
  };
  const amountExcludingTax = part(lineAmount(company, line));
  const invoiceDiscountAllocation = part(allocationOf(company, line));
  return {
    quantity,
    discountAmount: part(String(line["discountAmount"])),
    amountExcludingTax,
    invoiceDiscountAllocation,
    netAmount: less(amountExcludingTax, invoiceDiscountAllocation),
  };
}

/** The head of a posted document, with everything that it has in common with the order. */
export function putHead(company: Company, set: "salesShipments" | "salesInvoices", order: Row, values: Values): Row {
  const now = new Date(company.clock.now()).toISOString();
  const head = blankRow(company, set, company.clock.uuid(), now);
  return put(company, set, {
    ...head,
    ...common(head, wholeRow(company, "salesOrders", order)),
    number: nextNumber(company, set),
    orderNumber: order["number"]!,
    postingDate: now.slice(0, 10),
    dueDate: dueDate(company, order, now),
    ...values,
  });
}

export function putLine(
  company: Company,
  set: "salesShipmentLines" | "salesInvoiceLines",
  line: Row,
  values: Values,
): void {
  const now = new Date(company.clock.now()).toISOString();
  const posted = blankRow(company, set, company.clock.uuid(), now);
  put(company, set, { ...posted, ...common(posted, line), ...values });
}

/** The columns that both rows have, but those that each row has for itself. */
function common(to: Row, from: Row): Values {
  const own = ["id", "version", "status", "lastModifiedDateTime"];
  return Object.fromEntries(Object.entries(from).filter(([name]) => Object.hasOwn(to, name) && !own.includes(name)));
}

/** The day on which an invoice of today is due by the order's terms ("30D"; others: at once). */
function dueDate(company: Company, order: Row, now: string): string {
  const terms = company.tables.table("paymentTerms").get(String(order["paymentTermsId"] ?? zeroGuid));
  const days = Number(/^(\d+)D$/i.exec(String(terms?.["dueDateCalculation"] ?? ""))?.[1] ?? "0");
  return new Date(Date.parse(now) + days * 86_400_000).toISOString().slice(0, 10);
}

function takeFromStock(
  company: Company,
  { order, line, quantity, shipment }: { order: Row; line: Row; quantity: string; shipment: Row },
): void {
  const item = line["lineType"] === "Item" ? find(company, "items", line["objectId"]!) : undefined;
  if (item === undefined || item["type"] !== "Inventory") return;
  const base = multiplyDecimals(quantity, quantityPerUnit(company, line));
  addLedgerEntry(company, item, {
    entryType: "Sale",
    quantity: less("0", base),
    postingDate: String(shipment["postingDate"]),
    sourceType: "Customer",
    sourceNumber: payerOf(company, order)["number"]!,
    documentType: "Sales Shipment",
    documentNumber: shipment["number"]!,
    description: line["description"]!,
  });
}
