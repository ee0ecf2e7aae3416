import { assertEquals } from "@std/assert";
import { itemPrices } from "../../pipelines/item_prices.ts";
import { items } from "../../pipelines/items.ts";
import { publishing } from "../../pipelines/publishing.ts";
import { resourcePrices } from "../../pipelines/resource_prices.ts";
import { resourcePublishing } from "../../pipelines/resource_publishing.ts";
import { resources } from "../../pipelines/resources.ts";
import { standardPriceList } from "../../pipelines/standard_price_list.ts";
import { agreedOn, created, merged } from "./rows.ts";

const company = { displayName: "CRONUS", currencyCode: "USD" };
const item = {
  number: "1896-S",
  lineObject: "Item 1896-S",
  companyId: "company-id",
  baseUnitOfMeasureCode: "PCS",
  unitPrice: "649.4",
  blocked: false,
};
const coupled = {
  pricelevelid: { "company-id": "list-id" },
  productid: { "Item 1896-S": "athens-id", "Resource LINA": "lina-id" },
  uomid: { PCS: "piece-id", HOUR: "hour-id" },
};

Deno.test("standard price list makes one list of the company in its currency", () => {
  const { fields, stops } = created(standardPriceList, "crm", {
    source: company,
    coupled: { transactioncurrencyid: { USD: "usd-id" } },
  });
  assertEquals(fields, { name: "Business Central CRONUS", transactioncurrencyid: "usd-id" });
  assertEquals(stops, false);
});

Deno.test("standard price list follows the company's name and lists a currency that became another", () => {
  const now = { ...company, displayName: "CRONUS ehf.", currencyCode: "ISK" };
  const crm = { name: "Business Central CRONUS", transactioncurrencyid: "usd-id" };
  const decided = merged(standardPriceList, {
    erp: now,
    crm,
    base: agreedOn(company, crm),
    coupled: { transactioncurrencyid: { USD: "usd-id", ISK: "isk-id" } },
  });
  assertEquals(decided.crm, { name: "Business Central CRONUS ehf." });
  assertEquals(decided.reasons.crm.map(({ code, field }) => [code, field]), [[
    "not_writable",
    "transactioncurrencyid",
  ]]);
});

Deno.test("item prices puts an item's price on the standard list, for its product and base unit", () => {
  const { fields, stops } = created(itemPrices, "crm", { source: item, coupled });
  assertEquals(fields, {
    pricelevelid: "list-id",
    productid: "athens-id",
    uomid: "piece-id",
    amount: "649.4",
    pricingmethodcode: 1,
    quantitysellingcode: 1,
  });
  assertEquals(stops, false);
});

Deno.test("item prices waits for the product and never goes below zero", () => {
  const waiting = created(itemPrices, "crm", { source: { ...item, lineObject: "Item NEW" }, coupled });
  assertEquals([waiting.stops, waiting.reasons.map(({ code }) => code)], [true, ["waiting"]]);
  const credit = created(itemPrices, "crm", { source: { ...item, unitPrice: "-1" }, coupled });
  assertEquals(credit.fields.amount, "0");
});

Deno.test("item prices writes a new price and nothing else", () => {
  const crm = {
    pricelevelid: "list-id",
    productid: "athens-id",
    uomid: "piece-id",
    amount: "649.4",
    pricingmethodcode: 1,
  };
  const now = { ...item, unitPrice: "700" };
  assertEquals(merged(itemPrices, { erp: now, crm, base: agreedOn(item, crm), coupled }).crm, { amount: "700" });
});

Deno.test("publishing gives a draft its list and makes it active, and retires what is blocked", () => {
  const draft = { pricelevelid: null, statecode: 2 };
  const first = merged(publishing, { erp: item, crm: draft, base: null, coupled });
  assertEquals(first.crm, { pricelevelid: "list-id", statecode: 0 });
  const active = { pricelevelid: "list-id", statecode: 0 };
  const blocked = merged(publishing, {
    erp: { ...item, blocked: true },
    crm: active,
    base: agreedOn(item, active),
    coupled,
  });
  assertEquals(blocked.crm, { statecode: 1 });
});

Deno.test("publishing follows items after their prices and creates nothing", () => {
  assertEquals([publishing.of, publishing.load], [items, {}]);
  assertEquals(publishing.dependsOn.includes(itemPrices), true);
  assertEquals([resourcePublishing.of, resourcePublishing.load], [resources, {}]);
  assertEquals(resourcePublishing.dependsOn.includes(resourcePrices), true);
});

const resource = {
  number: "LINA",
  name: "Lina Townsend",
  lineObject: "Resource LINA",
  companyId: "company-id",
  baseUnitOfMeasureCode: "HOUR",
  unitPrice: "77.2",
  unitCost: "40",
  capacity: "8",
  vendorNumber: "V00010",
  blocked: true,
  currencyCode: "USD",
};

Deno.test("resources creates a product of type service from a resource", () => {
  const { fields, stops, reasons } = created(resources, "crm", {
    source: resource,
    coupled: {
      defaultuomscheduleid: { HOUR: "group-id" },
      defaultuomid: { HOUR: "hour-id" },
      transactioncurrencyid: { USD: "usd-id" },
    },
  });
  assertEquals(fields, {
    productnumber: "LINA",
    name: "Lina Townsend",
    producttypecode: 3,
    price: "77.2",
    standardcost: "40",
    currentcost: "40",
    quantityonhand: "8",
    vendorid: "V00010",
    defaultuomscheduleid: "group-id",
    defaultuomid: "hour-id",
    transactioncurrencyid: "usd-id",
    productstructure: 1,
    quantitydecimal: 2,
  });
  assertEquals([stops, reasons], [false, []]);
});

Deno.test("resource prices and resource publishing do for resources what those of items do", () => {
  assertEquals(created(resourcePrices, "crm", { source: resource, coupled }).fields, {
    pricelevelid: "list-id",
    productid: "lina-id",
    uomid: "hour-id",
    amount: "77.2",
    pricingmethodcode: 1,
    quantitysellingcode: 1,
  });
  const draft = { pricelevelid: null, statecode: 2 };
  const decided = merged(resourcePublishing, { erp: resource, crm: draft, base: null, coupled });
  assertEquals(decided.crm, { pricelevelid: "list-id", statecode: 1 });
});
