/** Posted invoices and shipments, with their lines. */
import { pages, queryOf, type RawRow } from "../odata.ts";
import { withAllLines } from "./expanded.ts";
import { objectOf } from "./order_view.ts";
import type { Table } from "./table.ts";

export type DocumentSet = "salesInvoices" | "salesShipments";
const linesIn = { salesInvoices: "salesInvoiceLines", salesShipments: "salesShipmentLines" } as const;
const decimals = new Set(["quantity", "totalAmountExcludingTax", "totalAmountIncludingTax"]);

export async function documentsOf(
  head: Table,
  set: DocumentSet,
  filters: readonly string[],
  signal: AbortSignal | undefined,
): Promise<RawRow[]> {
  const found: RawRow[] = [];
  for (const $filter of filters) found.push(...await documents(head, set, $filter, signal));
  return found;
}

async function documents(
  head: Table,
  set: DocumentSet,
  $filter: string,
  signal: AbortSignal | undefined,
): Promise<RawRow[]> {
  const own = set === "salesInvoices"
    ? ["orderId", "totalAmountExcludingTax", "totalAmountIncludingTax"]
    : ["postingDate"];
  const query = queryOf({
    $select: [
      ...["id", "number", "orderNumber", "externalDocumentNumber", "customerPurchaseOrderReference"],
      ...["customerName", "customerNumber", "lastModifiedDateTime", ...own],
    ].join(),
    $expand: `${linesIn[set]}($select=sequence,lineType,lineObjectNumber,quantity)`,
    $filter,
  });
  const found: RawRow[] = [];
  const options = { decimals, signal };
  for await (const { rows } of pages(head.http, `${head.standard}${set}${query}`, options)) {
    for (const raw of rows) found.push(await withAllLines(head.http, raw, { ...options, lines: linesIn[set] }));
  }
  return found;
}

/** A line of a posted document. `key`: its sequence, which is that of the order's line. `object`: null for a comment. */
export interface PostedLine {
  readonly key: string;
  readonly object: string | null;
  readonly quantity: string;
}

export function linesOf(documents: readonly RawRow[]): PostedLine[] {
  return documents.flatMap((document) => {
    const lines = document[linesIn.salesInvoices] ?? document[linesIn.salesShipments];
    return (Array.isArray(lines) ? lines as RawRow[] : []).map((line): PostedLine => {
      return { key: String(line["sequence"]), object: objectOf(line), quantity: String(line["quantity"]) };
    });
  });
}

/**
 * Lines of shipments, those of an undone one by the line that they take back: the service gives them a sequence of their
 * own, behind that line's. A negative line with one of the `known` sequences is the order's own.
 */
export function withoutUndone(shipments: readonly RawRow[], known: ReadonlySet<string>): PostedLine[] {
  return shipments.flatMap((shipment) => {
    const lines = linesOf([shipment]).toSorted((one, other) => Number(one.key) - Number(other.key));
    const standing: PostedLine[] = [];
    return lines.map((line) => {
      const isUndoing = Number(line.quantity) < 0 && !known.has(line.key);
      const at = isUndoing ? standing.findLastIndex((one) => isOpposite(one, line)) : -1;
      if (at < 0) {
        standing.push(line);
        return line;
      }
      const [undone] = standing.splice(at, 1);
      return { ...line, key: undone!.key };
    });
  });
}

function isOpposite(one: PostedLine, other: PostedLine): boolean {
  return one.object === other.object && Number(one.quantity) === -Number(other.quantity);
}
