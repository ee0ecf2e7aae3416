/** Amounts of a sales order and its lines: computed exactly from what is stored, each time they are asked for. */
import {
  addDecimals,
  canonicalDecimal,
  compareDecimals,
  divideDecimals,
  multiplyDecimals,
  subtractDecimals,
} from "../decimal.ts";
import type { Row } from "../tables.ts";
import { type Company, type Values, zeroGuid } from "./facts.ts";

/** Digits behind the point of a unit price. */
const PRICE_DIGITS = 5;
/** Lines over which an invoice discount is spread; accounts and charges don't take part. */
const discounted = ["Item", "Resource"];

/** The least amount of a document's currency, "0.01". */
export function precisionOf(company: Company, currencyId: unknown): string {
  const currency = company.tables.table("currencies").get(String(currencyId ?? zeroGuid));
  const precision = String(currency?.["amountRoundingPrecision"] ?? "0");
  if (compareDecimals(precision, "0") > 0) return precision;
  const digits = Number(/\d+$/.exec(String(currency?.["amountDecimalPlaces"] ?? ""))?.[0] ?? "2");
  return digits === 0 ? "1" : `0.${"1".padStart(digits, "0")}`;
}

/** The nearest multiple of a currency's least amount, halves away from zero. */
export function roundTo(amount: string, precision: string): string {
  return canonicalDecimal(multiplyDecimals(divideDecimals(amount, precision, 0), precision));
}

/** a × b ÷ c, rounded to a currency. */
export function shareOf(a: string, [b, c]: readonly [string, string], precision: string): string {
  return roundTo(divideDecimals(multiplyDecimals(a, b), c, 12), precision);
}

/** A price of the local currency in another one, by the rate of the day; undefined where there is no rate. */
export function priceIn(company: Company, localPrice: string, currencyId: string, day: string): string | undefined {
  if (currencyId === zeroGuid) return canonicalDecimal(localPrice);
  const [rate] = company.tables.table("currencyExchangeRates").where("currencyId", currencyId)
    .filter((row) => String(row["startingDate"] ?? "") <= day && row["relationalExchangeRateAmount"] !== undefined)
    .sort((a, b) => String(a["startingDate"] ?? "") < String(b["startingDate"] ?? "") ? 1 : -1);
  if (rate === undefined) return undefined;
  const units = multiplyDecimals(localPrice, String(rate["exchangeRateAmount"] ?? "1"));
  return canonicalDecimal(divideDecimals(units, String(rate["relationalExchangeRateAmount"]), PRICE_DIGITS));
}

/** Quantity × price of a line, before any discount. */
export function grossOf(line: Readonly<Values>, precision: string): string {
  return roundTo(multiplyDecimals(String(line["quantity"] ?? "0"), String(line["unitPrice"] ?? "0")), precision);
}

/** The amount of a line, less its own discount. */
export function lineAmount(company: Company, line: Row): string {
  const precision = precisionOf(company, headOf(company, line)?.["currencyId"]);
  return less(grossOf(line, precision), String(line["discountAmount"] ?? "0"));
}

/** The part of the order's invoice discount that falls to a line. */
export function allocationOf(company: Company, line: Row): string {
  const head = headOf(company, line);
  return head === undefined ? "0" : allocations(company, head).get(line.id) ?? "0";
}

/** What a line's amount is after the invoice discount. */
export function netAmount(company: Company, line: Row): string {
  return less(lineAmount(company, line), allocationOf(company, line));
}

/** The invoice discount that is in force: the one given, as far as there are amounts that it may lower. */
export function invoiceDiscount(company: Company, order: Row): string {
  const wanted = String(order["discountAmount"] ?? "0");
  if (wanted === "0") return wanted;
  const most = discountBase(company, order);
  return compareDecimals(wanted, most) > 0 ? compareDecimals(most, "0") > 0 ? most : "0" : canonicalDecimal(wanted);
}

/** The sum of the line amounts that an invoice discount lowers. */
export function discountBase(company: Company, order: Row): string {
  const lines = linesOf(company, order).filter((line) => discounted.includes(String(line["lineType"] ?? "Comment")));
  return sum(lines.map((line) => lineAmount(company, line)));
}

/** What the customer pays for an order. */
export function orderTotal(company: Company, order: Row): string {
  const amounts = linesOf(company, order).map((line) => lineAmount(company, line));
  return less(sum(amounts), invoiceDiscount(company, order));
}

/** The lines of an order by their sequence. */
export function linesOf(company: Company, order: Row): readonly Row[] {
  const lines = company.tables.table("salesOrderLines").where("documentId", order.id);
  return lines.toSorted((a, b) => Number(a["sequence"]) - Number(b["sequence"]));
}

/** The order of a line. */
export function headOf(company: Company, line: Readonly<Values>): Row | undefined {
  return company.tables.table("salesOrders").get(String(line["documentId"]));
}

/** The exact sum. */
export function sum(amounts: readonly string[]): string {
  return canonicalDecimal(amounts.reduce(addDecimals, "0"));
}

/** The exact difference. */
export function less(a: string, b: string): string {
  return canonicalDecimal(subtractDecimals(a, b));
}

/** The invoice discount by line: in proportion to the amounts, and together exactly the discount. */
function allocations(company: Company, order: Row): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const discount = invoiceDiscount(company, order);
  if (compareDecimals(discount, "0") === 0) return found;
  const base = discountBase(company, order);
  const precision = precisionOf(company, order["currencyId"]);
  let amounts = "0";
  let given = "0";
  for (const line of linesOf(company, order)) {
    if (!discounted.includes(String(line["lineType"] ?? "Comment"))) continue;
    amounts = addDecimals(amounts, lineAmount(company, line));
    const upTo = shareOf(discount, [amounts, base], precision);
    found.set(line.id, less(upTo, given));
    given = upTo;
  }
  return found;
}
