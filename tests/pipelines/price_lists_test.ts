import { assertEquals } from "@std/assert";
import { priceGroups } from "../../pipelines/price_groups.ts";
import { priceListLines } from "../../pipelines/price_list_lines.ts";
import { priceLists } from "../../pipelines/price_lists.ts";
import { salesPrices } from "../../pipelines/sales_prices.ts";
import { agreedOn, created, merged } from "./rows.ts";

const list = {
  code: "RETAIL",
  description: "Retail customers",
  startingDate: "2026-01-01",
  endingDate: null,
  currencyCode: "EUR",
  status: "Active",
  priceType: "Sale",
};
const inEuro = { transactioncurrencyid: { EUR: "eur-id", USD: "usd-id" } };

Deno.test("price lists makes a list in one currency", () => {
  assertEquals(created(priceLists, "crm", { source: list, coupled: inEuro }).fields, {
    name: "RETAIL",
    description: "Retail customers",
    begindate: "2026-01-01",
    transactioncurrencyid: "eur-id",
  }); // a new list is active; one that is not gets its state afterwards
});

Deno.test("price lists reads lists for sales only", () => {
  assertEquals(priceLists.extract.erp.filter, { priceType: "Sale" });
  assertEquals(priceListLines.extract.erp.filter, { priceType: "Sale" });
});

Deno.test("price lists takes a list out of use that is no longer active, and ends it on its day", () => {
  const crm = {
    name: "RETAIL",
    description: "Retail customers",
    begindate: "2026-01-01",
    enddate: null,
    transactioncurrencyid: "eur-id",
    statecode: 0,
  };
  const now = { ...list, status: "Inactive", endingDate: "2026-12-31" };
  const decided = merged(priceLists, { erp: now, crm, base: agreedOn(list, crm), coupled: inEuro });
  assertEquals(decided.crm, { enddate: "2026-12-31", statecode: 1 });
});

Deno.test("price groups makes a list of a group, and none where its prices have several currencies", () => {
  const group = { code: "DEALER", description: "Dealers", currencyCode: "USD" };
  assertEquals(created(priceGroups, "crm", { source: group, coupled: inEuro }).fields, {
    name: "DEALER",
    description: "Dealers",
    transactioncurrencyid: "usd-id",
  });
  const { stops, reasons } = created(priceGroups, "crm", { source: { ...group, currencyCode: null }, coupled: inEuro });
  assertEquals([stops, reasons.map(({ code, field }) => [code, field])], [true, [[
    "required_blank",
    "transactioncurrencyid",
  ]]]);
  assertEquals(reasons[0]!.message.includes("several currencies"), true);
});

const line = {
  priceListCode: "RETAIL",
  priceGroupCode: "RETAIL",
  lineObject: "Resource LINA",
  unitCode: "HOUR",
  unitPrice: "80",
  unfit: null,
};
const coupled = {
  pricelevelid: { RETAIL: "retail-id" },
  productid: { "Resource LINA": "lina-id" },
  uomid: { HOUR: "hour-id", DAY: "day-id" },
  uomscheduleid: { HOUR: "hours-id", DAY: "days-id" },
};

for (const step of [priceListLines, salesPrices]) {
  Deno.test(`${step.name} makes a price of a list, product and unit`, () => {
    const { fields, stops } = created(step, "crm", { source: line, coupled });
    assertEquals(fields, {
      pricelevelid: "retail-id",
      productid: "lina-id",
      uomid: "hour-id",
      uomscheduleid: "hours-id",
      amount: "80",
      pricingmethodcode: 1,
      quantitysellingcode: 1,
    });
    assertEquals(stops, false);
  });

  Deno.test(`${step.name} writes a new amount, but not that of another unit, which is listed`, () => {
    const crm = {
      pricelevelid: "retail-id",
      productid: "lina-id",
      uomid: "hour-id",
      uomscheduleid: "hours-id",
      amount: "80",
      pricingmethodcode: 1,
    };
    const dearer = merged(step, { erp: { ...line, unitPrice: "85" }, crm, base: agreedOn(line, crm), coupled });
    assertEquals(dearer.crm["amount"], "85");
    const now = { ...line, unitPrice: "640", unitCode: "DAY" };
    const decided = merged(step, { erp: now, crm, base: agreedOn(line, crm), coupled });
    assertEquals(decided.crm, {});
    assertEquals(decided.reasons.crm.map(({ code, field }) => [code, field]), [["not_writable", "group price"]]);
  });
}

Deno.test("sales prices reads those of customer price groups", () => {
  assertEquals(salesPrices.extract.erp.filter, { salesType: "Customer Price Group" });
});
