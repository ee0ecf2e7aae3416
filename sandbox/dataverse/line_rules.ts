/** Lines of orders: a product, or written in by hand. */
import type { Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";
import { linesOf, priceLine, totalAfterLine } from "./order_amounts.ts";
import { inheritedFrom, refuseInactive } from "./order_rules.ts";
import { refuseForeignUnit } from "./price_rules.ts";
import { refuse } from "./refusal.ts";
import type { TableRules } from "./table_rules.ts";

export const lineRules: TableRules = {
  prepare(crm, { before, row, values }) {
    const order = orderOf(crm, row);
    if (order === undefined) return; // refused as empty
    refuseInactive(order);
    row.isproductoverridden ??= false;
    row.ispriceoverridden ??= false;
    row.producttypecode ??= 1;
    row.propertyconfigurationstatus ??= 2;
    row.transactioncurrencyid = order.transactioncurrencyid!;
    Object.assign(row, inheritedFrom(order));
    if (row.isproductoverridden === true) checkWriteIn(row);
    else checkProduct(crm, { row, values });
    if (before === undefined) number(crm, { order, row });
    priceLine(crm, { order, line: row });
  },
  stored(crm, { row }) {
    totalAfterLine(crm, String(row.salesorderid));
  },
  removing(crm, row) {
    const order = orderOf(crm, row);
    if (order !== undefined) refuseInactive(order);
  },
  removed(crm, row) {
    totalAfterLine(crm, String(row.salesorderid));
  },
};

function orderOf(crm: Crm, line: Values): Row | undefined {
  return crm.tables.table("salesorders").get(String(line.salesorderid));
}

function checkWriteIn(row: Values): void {
  if (row.productid != null) {
    throw refuse.argument("You cannot set both 'productid' and 'productdescription' for the same record.");
  }
  if (row.uomid != null) {
    throw refuse.argument("You cannot set both 'uomid' and 'productdescription' for the same record.");
  }
  if (row.productdescription == null) throw refuse.argument("The product description is missing.");
}

/** A product must be active when it comes onto the line, not for as long as it stays there. */
function checkProduct(crm: Crm, { row, values }: { row: Values; values: Values }): void {
  const product = crm.tables.table("products").get(String(row.productid));
  if (product === undefined) throw refuse.argument("The product id is missing.");
  if (row.uomid == null) throw refuse.argument("The unit id is missing.");
  if (row.productdescription != null) {
    throw refuse.argument("You cannot set both 'productid' and 'productdescription' for the same record.");
  }
  if (values.productid !== undefined && product.statecode !== 0) {
    throw refuse.argument(`The product ${product.productnumber} isn't active; it can't be put on an order.`);
  }
  refuseForeignUnit(crm, { product, row });
}

/** Lines that say nothing of their place come last. */
function number(crm: Crm, { order, row }: { order: Row; row: Values }): void {
  const lines = linesOf(crm, order.id);
  for (const name of ["lineitemnumber", "sequencenumber"]) {
    row[name] ??= Math.max(0, ...lines.map((line) => Number(line[name] ?? 0))) + 1;
  }
}
