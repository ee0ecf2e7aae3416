/** The rules of each table; called by records.ts. */
import { currencyRules, groupRules, productRules, unitRules } from "./catalog_rules.ts";
import { lineRules } from "./line_rules.ts";
import { closeRules, orderRules } from "./order_rules.ts";
import { priceItemRules, priceListRules } from "./price_rules.ts";
import type { TableRules } from "./table_rules.ts";

const rules: Readonly<Record<string, TableRules>> = {
  transactioncurrencies: currencyRules,
  uomschedules: groupRules,
  uoms: unitRules,
  products: productRules,
  pricelevels: priceListRules,
  productpricelevels: priceItemRules,
  salesorders: orderRules,
  salesorderdetails: lineRules,
  ordercloses: closeRules,
};

/** The rules of a table; none of its own: an empty object. */
export function rulesOf(set: string): TableRules {
  return Object.hasOwn(rules, set) ? rules[set]! : {};
}
