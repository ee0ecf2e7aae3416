/** Price lists and their lines. */
import { multiplyDecimals, roundDecimal } from "../decimal.ts";
import type { Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";
import { refuse } from "./refusal.ts";
import type { TableRules } from "./table_rules.ts";

/** What a product costs by a list, or why the service can't tell (a value of pricingerrorcode). */
export type Price = { readonly amount: string } | { readonly error: number };

export const priceListRules: TableRules = {
  prepare(crm, { before, row }) {
    if (before?.statecode === 0 && row.statecode === 1 && isDefault(crm, row.id)) {
      throw refuse.argument(
        "The price level cannot be deactivated: it is the default price level of an account, contact or product.",
      );
    }
    row.transactioncurrencyid ??= crm.baseCurrencyId;
    if (typeof row.begindate === "string" && typeof row.enddate === "string" && row.begindate > row.enddate) {
      throw refuse.argument("The price list ends before it begins.");
    }
  },
  removing(crm, row) {
    if (crm.tables.table("salesorders").where("pricelevelid", row.id).length > 0) {
      throw refuse.inUse("pricelevel", "salesorder");
    }
  },
};

function isDefault(crm: Crm, list: string): boolean {
  const users = { accounts: "defaultpricelevelid", contacts: "defaultpricelevelid", products: "pricelevelid" };
  return Object.entries(users).some(([set, column]) => crm.tables.table(set).where(column, list).length > 0);
}

export const priceItemRules: TableRules = {
  prepare(crm, { row, values }) {
    const list = crm.tables.table("pricelevels").get(String(row.pricelevelid));
    const product = crm.tables.table("products").get(String(row.productid));
    if (list === undefined || product === undefined) return; // refused as empty
    const given = values.transactioncurrencyid;
    if (given !== undefined && given !== list.transactioncurrencyid) {
      throw refuse.argument("The currency of the record does not match the currency of the price list.");
    }
    refuseForeignUnit(crm, { product, row });
    row.transactioncurrencyid = list.transactioncurrencyid!;
    row.productnumber = product.productnumber ?? null;
    row.uomscheduleid = product.defaultuomscheduleid!;
    row.organizationid = crm.organizationId;
    row.pricingmethodcode ??= 1;
    row.quantitysellingcode ??= 1;
    row.roundingpolicycode ??= 1;
    const needed = row.pricingmethodcode === 1 ? "amount" : "percentage";
    if (row[needed] == null) {
      throw refuse.argument(
        `The attribute '${needed}' of 'productpricelevel' cannot be empty with this pricing method.`,
      );
    }
  },
};

/** Throws Refusal when a row's unit isn't one of its product's unit group. */
export function refuseForeignUnit(crm: Crm, { product, row }: { product: Row; row: Values }): void {
  if (row.uomid == null) return;
  const unit = crm.tables.table("uoms").get(String(row.uomid));
  if (unit?.uomscheduleid !== product.defaultuomscheduleid) {
    throw refuse.argument("The specified unit is not valid for this product.");
  }
}

/** The price of a product in a unit by a list; methods that go by costs are not imitated. */
export function priceOf(crm: Crm, { list, product, unit }: { list: Row; product: Row; unit: string }): Price {
  if (list.statecode !== 0) return { error: 3 };
  const item = crm.tables.table("productpricelevels").where("productid", product.id)
    .find((row) => row.pricelevelid === list.id && row.uomid === unit);
  if (item === undefined) return { error: 11 };
  if (item.pricingmethodcode === 1) return item.amount == null ? { error: 12 } : { amount: String(item.amount) };
  if (item.pricingmethodcode !== 2) return { error: 9 };
  if (item.percentage == null || product.price == null) return { error: item.percentage == null ? 13 : 14 };
  const part = multiplyDecimals(String(product.price), multiplyDecimals(String(item.percentage), "0.01"));
  return { amount: roundDecimal(part, Number(crm.organization().pricingdecimalprecision)) };
}
