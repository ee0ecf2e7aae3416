/** Orders: who may change them when, and what follows from what. */
import type { Cell, Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";
import { linesOf, priceLines, totalAfterLine, totalOrder } from "./order_amounts.ts";
import { refuse } from "./refusal.ts";
import type { TableRules } from "./table_rules.ts";

const [ACTIVE, SUBMITTED, CANCELED, FULFILLED, INVOICED] = [0, 1, 2, 3, 4];
/** States that an update may set, by the state before. Fulfilled and canceled come by an action only. */
const next: Readonly<Record<number, readonly number[]>> = {
  [ACTIVE]: [SUBMITTED],
  [SUBMITTED]: [ACTIVE],
  [CANCELED]: [],
  [FULFILLED]: [INVOICED],
  [INVOICED]: [],
};

export const orderRules: TableRules = {
  prepare(crm, { before, row, values }) {
    if (before !== undefined) refuseUpdate(before, row, values);
    row.ordernumber ??= nextNumber(crm);
    row.ispricelocked ??= false;
    const kind = row["customerid@set"];
    row.accountid = kind === "accounts" ? row.customerid ?? null : null;
    row.contactid = kind === "contacts" ? row.customerid ?? null : null;
    chooseCurrency(crm, { before, row, values });
    totalOrder(crm, row);
  },
  stored(crm, { before, row }) {
    if (before === undefined) return;
    if (before.pricelevelid !== row.pricelevelid) {
      priceLines(crm, row);
      totalAfterLine(crm, row.id);
    }
    if (inherited.some(({ order }) => before[order] !== row[order])) passDown(crm, row);
  },
};

export const closeRules: TableRules = {
  prepare(crm, { row }) {
    row.ordernumber ??= crm.tables.table("salesorders").get(String(row.salesorderid))?.ordernumber ?? null;
  },
};

/** Throws Refusal unless the order is active. */
export function refuseInactive(order: Row): void {
  if (order.statecode !== ACTIVE) throw refuse.readOnly("salesorder", order.id);
}

/** Columns of a line that are its order's. */
const inherited: readonly { readonly order: string; readonly line: string }[] = [
  { order: "statecode", line: "salesorderstatecode" },
  { order: "ispricelocked", line: "salesorderispricelocked" },
  { order: "ownerid", line: "ownerid" },
  { order: "ownerid@set", line: "ownerid@set" },
  { order: "owninguser", line: "owninguser" },
  { order: "owningbusinessunit", line: "owningbusinessunit" },
];

/** What a line shows of its order. */
export function inheritedFrom(order: Row): Values {
  return Object.fromEntries(inherited.map(({ order: from, line }) => [line, order[from] ?? null]));
}

/** The lines show it at once; they are not changed by it. */
function passDown(crm: Crm, order: Row): void {
  const table = crm.tables.table("salesorderdetails");
  for (const line of linesOf(crm, order.id)) table.put({ ...line, ...inheritedFrom(order), id: line.id });
}

function refuseUpdate(before: Row, row: Values, values: Values): void {
  const others = Object.keys(values).filter((name) => name !== "statecode" && name !== "statuscode");
  if (others.length > 0) refuseInactive(before);
  const [from, to] = [Number(before.statecode), Number(row.statecode)];
  if (from === to || next[from]!.includes(to)) return;
  if (to === FULFILLED || to === CANCELED) {
    const action = to === FULFILLED ? "FulfillSalesOrder" : "CancelSalesOrder";
    throw refuse.wrongState("salesorder", to, `use the action ${action}, from Active or Submitted`);
  }
  throw refuse.wrongState("salesorder", to, `it can't follow state code ${from}`);
}

/** The currency of an order is chosen once: the given one, the list's or the base currency; a list must have the same. */
function chooseCurrency(
  crm: Crm,
  { before, row, values }: { before: Row | undefined; row: Values; values: Values },
): void {
  const list = crm.tables.table("pricelevels").get(String(row.pricelevelid));
  row.transactioncurrencyid ??= list?.transactioncurrencyid ?? crm.baseCurrencyId;
  if (list === undefined || (before !== undefined && values.pricelevelid === undefined)) return;
  if (list.statecode !== 0) throw refuse.argument("The price list of the order is inactive.");
  if (list.transactioncurrencyid !== row.transactioncurrencyid) {
    throw refuse.argument("The currency of the record does not match the currency of the price list.");
  }
}

/** As the service's own numbers look: a count, and letters and digits that no other order has. */
function nextNumber(crm: Crm): Cell {
  const count = 1000 + crm.tables.table("salesorders").size;
  return `ORD-${String(count).padStart(5, "0")}-${crm.clock.uuid().replaceAll("-", "").slice(-6).toUpperCase()}`;
}
