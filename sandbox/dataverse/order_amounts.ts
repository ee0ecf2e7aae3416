/** What lines of an order cost, and what the order costs in all: exact, rounded as the service rounds. */
import { addDecimals, canonicalDecimal, multiplyDecimals, roundDecimal, subtractDecimals } from "../decimal.ts";
import type { Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";
import { keepMoney, precisionsOf } from "./money.ts";
import { salesorderdetails, salesorders } from "./order_tables.ts";
import { priceOf } from "./price_rules.ts";
import { stamped } from "./stamped.ts";

const totals = [
  ...["totallineitemamount", "totallineitemdiscountamount", "totaldiscountamount", "totalamountlessfreight"],
  ...["totaltax", "totalamount", "pricingerrorcode"],
];

/** True when amounts are kept as they were given: the switch of the environment, or of one order. */
export function keepsGivenAmounts(crm: Crm, order: Values): boolean {
  return !crm.settings().priceCalculation || order.ispricelocked === true;
}

/** Sets a line's price, amounts and pricing error; `isNew`: a line that is kept as given has amounts nevertheless. */
export function priceLine(crm: Crm, { order, line }: { order: Row; line: Values }): void {
  const { price, amount } = precisionsOf(crm, order.transactioncurrencyid);
  line.pricingerrorcode = 0;
  const isGiven = line.isproductoverridden === true || line.ispriceoverridden === true;
  if (!isGiven && !keepsGivenAmounts(crm, order)) {
    const found = listPrice(crm, order, line);
    line.priceperunit = "amount" in found ? found.amount : "0";
    if ("error" in found) line.pricingerrorcode = found.error;
  } else if (line.priceperunit == null) {
    line.pricingerrorcode = 5;
  }
  if (line.quantity == null) line.pricingerrorcode = 4;
  const each = roundDecimal(text(line.priceperunit), price);
  const base = roundDecimal(multiplyDecimals(each, text(line.quantity)), amount);
  const discounted = subtractDecimals(base, roundDecimal(text(line.manualdiscountamount), amount));
  line.volumediscountamount = "0";
  line.baseamount = base;
  line.extendedamount = addDecimals(discounted, roundDecimal(text(line.tax), amount));
}

function listPrice(crm: Crm, order: Row, line: Values): ReturnType<typeof priceOf> {
  const list = crm.tables.table("pricelevels").get(String(order.pricelevelid));
  const product = crm.tables.table("products").get(String(line.productid));
  if (list === undefined) return { error: 2 };
  if (product === undefined) return { error: 6 };
  return priceOf(crm, { list, product, unit: String(line.uomid) });
}

/** Sets the totals of an order from its lines, its discounts and its freight, unless they are kept as given. */
export function totalOrder(crm: Crm, order: Values & { id: string }): void {
  if (keepsGivenAmounts(crm, order)) return;
  const { amount } = precisionsOf(crm, order.transactioncurrencyid);
  let [sum, discounts, tax, hasError] = ["0", "0", "0", false];
  for (const line of linesOf(crm, order.id)) {
    const taxed = text(line.tax);
    sum = addDecimals(sum, subtractDecimals(text(line.extendedamount), taxed));
    discounts = addDecimals(discounts, text(line.manualdiscountamount));
    tax = addDecimals(tax, taxed);
    hasError ||= Number(line.pricingerrorcode) !== 0;
  }
  const percent = multiplyDecimals(sum, multiplyDecimals(text(order.discountpercentage), "0.01"));
  const discount = roundDecimal(addDecimals(roundDecimal(text(order.discountamount), amount), percent), amount);
  order.totallineitemamount = sum;
  order.totallineitemdiscountamount = discounts;
  order.totaldiscountamount = discount;
  order.totalamountlessfreight = subtractDecimals(sum, discount);
  order.totaltax = tax;
  const freight = roundDecimal(text(order.freightamount), amount);
  order.totalamount = addDecimals(addDecimals(order.totalamountlessfreight, freight), tax);
  order.pricingerrorcode = hasError ? 1 : 0;
}

/** Totals the order once more after a change of its lines; it is changed only when a total is. */
export function totalAfterLine(crm: Crm, id: string): void {
  const table = crm.tables.table("salesorders");
  const order = table.get(id);
  if (order === undefined) return;
  const row: Values & { id: string } = { ...order };
  totalOrder(crm, row);
  keepMoney(crm, salesorders, row);
  const isSame = totals.every((name) => canonical(row[name]) === canonical(order[name]));
  if (!isSame) table.put(stamped(crm, row));
}

/** Gives the lines of an order the prices of the list that it has now. */
export function priceLines(crm: Crm, order: Row): void {
  for (const before of linesOf(crm, order.id)) {
    const line: Values & { id: string } = { ...before };
    priceLine(crm, { order, line });
    keepMoney(crm, salesorderdetails, line);
    const isSame = ["priceperunit", "pricingerrorcode"].every((name) => line[name] === before[name]);
    if (!isSame) crm.tables.table("salesorderdetails").put(stamped(crm, line));
  }
}

/** The lines of an order. */
export function linesOf(crm: Crm, order: string): readonly Row[] {
  return crm.tables.table("salesorderdetails").where("salesorderid", order);
}

function text(amount: unknown): string {
  return amount == null ? "0" : String(amount);
}

function canonical(value: unknown): string {
  return value == null ? "" : canonicalDecimal(String(value));
}
