/** All pages of the extension, by entity set. */
import { contacts, customers, items } from "./master_pages.ts";
import { deletedRecords, inventoryByLocation, salesOrders } from "./other_pages.ts";
import type { Page } from "./page.ts";
import { customerPriceGroups, priceListHeaders, priceListLines, salesPrices } from "./price_pages.ts";
import { itemUnitsOfMeasure, resources, resourceUnitsOfMeasure, shippingAgents, unitGroups } from "./resource_pages.ts";

/** Where the pages lie below the environment's address: `<route>/companies(<id>)/<entity set>`. */
export const route = { publisher: "tenging", group: "integration", version: "v1.0" } as const;

export const pages = {
  resources,
  customerPriceGroups,
  salesPrices,
  priceListHeaders,
  priceListLines,
  unitGroups,
  itemUnitsOfMeasure,
  resourceUnitsOfMeasure,
  shippingAgents,
  customers,
  contacts,
  items,
  salesOrders,
  inventoryByLocation,
  deletedRecords,
} as const satisfies Readonly<Record<string, Page>>;
