/** Amounts of a row: kept to a precision, shown with four digits, and given in base currency as well. */
import { divideDecimals, roundDecimal } from "../decimal.ts";
import type { Cell } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";
import type { TableSchema } from "./schema.ts";
import { schemas } from "./tables.ts";

const amountsOf: ReadonlyMap<string, readonly string[]> = new Map(schemas.map(({ set, columns }) => {
  const found = Object.entries(columns).filter(([name, { kind }]) => kind === "money" && !name.endsWith("_base"));
  return [set, found.map(([name]) => name)];
}));

/** How many digits prices and amounts of a currency have behind the point. */
export function precisionsOf(
  crm: Crm,
  currency: Cell | undefined,
): { readonly price: number; readonly amount: number } {
  const row = crm.tables.table("transactioncurrencies").get(String(currency));
  return {
    price: Number(crm.organization().pricingdecimalprecision),
    amount: Number(row?.currencyprecision ?? 2),
  };
}

/** Rounds the amounts of a row and sets its rate and the columns in base currency: X_base = X / exchangerate. */
export function keepMoney(crm: Crm, schema: TableSchema, row: Values): void {
  const amounts = amountsOf.get(schema.set)!.filter((name) => row[name] !== undefined);
  if (row.transactioncurrencyid == null && amounts.some((name) => row[name] !== null)) {
    row.transactioncurrencyid = crm.baseCurrencyId;
  }
  const currency = crm.tables.table("transactioncurrencies").get(String(row.transactioncurrencyid));
  row.exchangerate = currency?.exchangerate ?? null;
  const { price, amount } = precisionsOf(crm, row.transactioncurrencyid);
  for (const name of amounts) {
    const value: Cell = row[name] ?? null;
    const precision = schema.columns[name]!.pricing === true ? price : amount;
    row[name] = value === null ? null : roundDecimal(roundDecimal(String(value), precision), 4);
    row[`${name}_base`] = value === null ? null : divideDecimals(String(row[name]), String(row.exchangerate), 4);
  }
}
