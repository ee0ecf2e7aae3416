/** The pipeline: its steps in the order of declaration. What a step depends on decides when it runs. */
import type { Step } from "../engine/step.ts";
import { contacts } from "./contacts.ts";
import { currencies } from "./currencies.ts";
import { customers } from "./customers.ts";
import { itemPrices } from "./item_prices.ts";
import { itemUnits } from "./item_units.ts";
import { items } from "./items.ts";
import { orderLines } from "./order_lines.ts";
import { orders } from "./orders.ts";
import { priceGroups } from "./price_groups.ts";
import { priceListLines } from "./price_list_lines.ts";
import { priceLists } from "./price_lists.ts";
import { primaryContacts } from "./primary_contacts.ts";
import { publishing } from "./publishing.ts";
import { resourcePrices } from "./resource_prices.ts";
import { resourcePublishing } from "./resource_publishing.ts";
import { resourceUnits } from "./resource_units.ts";
import { resources } from "./resources.ts";
import { salesPrices } from "./sales_prices.ts";
import { salespeople } from "./salespeople.ts";
import { standardPriceList } from "./standard_price_list.ts";
import { unitGroups } from "./unit_groups.ts";
import { withUnitGroups } from "./unit_model.ts";
import { units } from "./units.ts";

export { contacts, currencies, customers, itemPrices, items, orderLines, orders, publishing, salespeople, units };

/** All steps. A new step is added here. */
export const steps: readonly Step[] = [
  ...[salespeople, currencies, units, unitGroups, itemUnits, resourceUnits],
  ...[customers, contacts, primaryContacts],
  ...[standardPriceList, items, itemPrices, publishing, resources, resourcePrices, resourcePublishing],
  ...[priceLists, priceListLines, priceGroups, salesPrices],
  ...[orders, orderLines],
];

/** Models of which a company uses one: the steps of `use`, or those of `or` once tenging.json switches one of them on. */
export const models = [
  { use: ["units"], or: ["unit groups", "item units", "resource units"], rules: withUnitGroups },
  { use: ["price lists", "price list lines"], or: ["price groups", "sales prices"] },
];
