/** One invoice for the shipments of several orders. */
import { addDecimals, canonicalDecimal, compareDecimals } from "../decimal.ts";
import type { Cell, Row } from "../tables.ts";
import { linesOf, precisionOf, sum } from "./amounts.ts";
import { blankRow, wholeRow } from "./company.ts";
import { type Company, type Values, zeroGuid } from "./facts.ts";
import { checkBlock } from "./orders.ts";
import { noteInvoiced, nothingToPost, payerOf, portionOf, type Posted, putHead, putLine } from "./posting.ts";
import { ruleBroken } from "./refusal.ts";
import { put } from "./write.ts";

/**
 * Invoices what has been shipped of several orders of one customer on one invoice, which names none of them ("Get Shipment
 * Lines" on an invoice). The orders stay, even when nothing of them is left, until somebody deletes them.
 */
export function invoiceTogether(company: Company, orders: readonly Row[]): Posted {
  const first = orders[0]!;
  for (const name of ["billToCustomerId", "currencyId"]) {
    const other = orders.find((order) => (order[name] ?? zeroGuid) !== (first[name] ?? zeroGuid));
    if (other === undefined) continue;
    throw ruleBroken(`Orders ${first["number"]} and ${other["number"]} differ in ${name}: no invoice takes both.`);
  }
  checkBlock(payerOf(company, first), "invoice");
  const portions = orders.flatMap((order) => shippedPortions(company, order));
  if (portions.length === 0) throw nothingToPost();

  const total = sum(portions.map(({ portion }) => String(portion["netAmount"])));
  const head = putHead(company, "salesInvoices", first, {
    ...{ orderNumber: "", externalDocumentNumber: "", yourReference: "" },
    discountAmount: sum(portions.map(({ portion }) => String(portion["invoiceDiscountAllocation"]))),
    totalAmountExcludingTax: total,
    remainingAmount: total,
    status: "Open",
  });
  let sequence = 0;
  let shipment = "";
  for (const { line, portion, from } of portions) {
    const values = () => ({ documentId: head.id, sequence: sequence += 10_000 });
    if (from !== shipment) {
      const title = blankRow(company, "salesInvoiceLines", company.clock.uuid(), String(head["lastModifiedDateTime"]));
      put(company, "salesInvoiceLines", {
        ...title,
        ...values(),
        lineType: "Comment",
        description: `Shipment No. ${from}:`,
      });
      shipment = from;
    }
    putLine(company, "salesInvoiceLines", line, { ...portion, ...values() });
  }
  for (const line of orders.flatMap((order) => linesOf(company, order))) {
    noteInvoiced(company, wholeRow(company, "salesOrderLines", line));
  }
  return { invoice: String(head["number"]) };
}

/** What has been shipped of an order and not been invoiced, shipment by shipment. */
function shippedPortions(company: Company, order: Row): { line: Row; portion: Values; from: string }[] {
  const precision = precisionOf(company, order["currencyId"]);
  const lines = linesOf(company, order).map((line) => wholeRow(company, "salesOrderLines", line));
  const shipped = new Map<Cell | undefined, string>();
  return company.tables.table("salesShipments").where("orderNumber", order["number"]!).flatMap((shipment) => {
    const posted = company.tables.table("salesShipmentLines").where("documentId", shipment.id);
    return posted.flatMap(({ sequence, quantity }) => {
      const line = lines.find((one) => one["sequence"] === sequence)!;
      const before = shipped.get(sequence) ?? "0";
      const after = addDecimals(before, String(quantity ?? "0"));
      shipped.set(sequence, after);
      const invoiced = String(line["invoicedQuantity"]);
      if (line["lineType"] === "Comment" || compareDecimals(after, invoiced) <= 0) return [];
      const start = compareDecimals(before, invoiced) > 0 ? before : invoiced;
      const part = { ...line, invoicedQuantity: start, shippedQuantity: canonicalDecimal(after) };
      return [{ line, portion: portionOf(company, part, precision), from: String(shipment["number"]) }];
    });
  });
}
