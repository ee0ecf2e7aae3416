import { assertEquals } from "@std/assert";
import { items } from "../../pipelines/items.ts";
import { agreedOn, created, merged } from "./rows.ts";

const erp = {
  number: "1896-S",
  displayName: "ATHENS Desk",
  type: "Inventory",
  unitPrice: "649.4",
  unitCost: "506.6",
  inventory: "-3",
  baseUnitOfMeasureCode: "PCS",
  currencyCode: "USD",
};
const crm = {
  productnumber: "1896-S",
  name: "ATHENS Desk",
  producttypecode: 1,
  price: "649.4",
  standardcost: "506.6",
  currentcost: "506.6",
  quantityonhand: "0",
  defaultuomscheduleid: "group-id",
  defaultuomid: "base-unit-id",
  transactioncurrencyid: "usd-id",
};
const coupled = {
  defaultuomscheduleid: { PCS: "group-id", BOX: "box-id" },
  defaultuomid: { PCS: "base-unit-id", BOX: "box-base-id" },
  transactioncurrencyid: { USD: "usd-id" },
};

Deno.test("items creates a product with its unit group, base unit and currency, and no quantity below zero", () => {
  const { fields, reasons, stops } = created(items, "crm", { source: erp, coupled });
  assertEquals(fields, { ...crm, productstructure: 1, quantitydecimal: 2 });
  assertEquals([reasons, stops], [[], false]);
});

Deno.test("items gives each type of item its product type", () => {
  const types = ["Inventory", "Non-Inventory", "Service"];
  const given = types.map((type) =>
    created(items, "crm", { source: { ...erp, type }, coupled }).fields.producttypecode
  );
  assertEquals(given, [1, 2, 3]);
});

Deno.test("items creates none without a unit and says what to do, nor before its unit is coupled", () => {
  const none = created(items, "crm", { source: { ...erp, baseUnitOfMeasureCode: null }, coupled });
  assertEquals(none.stops, true);
  assertEquals(none.reasons.map((one) => one.code).includes("required_blank"), true);
  assertEquals(none.reasons[0]!.message.includes("no base unit of measure"), true);
  const waiting = created(items, "crm", { source: { ...erp, baseUnitOfMeasureCode: "KG" }, coupled });
  assertEquals([waiting.stops, waiting.reasons[0]!.code], [true, "waiting"]);
});

Deno.test("items puts back what was changed in the CRM and never writes to the ERP", () => {
  const now = { ...crm, price: "1", quantityonhand: "7" };
  const decided = merged(items, { erp, crm: now, base: agreedOn(erp, crm), coupled });
  assertEquals([decided.crm, decided.erp], [{ price: "649.4", quantityonhand: "0" }, {}]);
});

Deno.test("items lists a product whose unit group would have to change", () => {
  const now = { ...erp, baseUnitOfMeasureCode: "BOX" };
  const decided = merged(items, { erp: now, crm, base: agreedOn(erp, crm), coupled });
  assertEquals(decided.crm.defaultuomscheduleid, undefined);
  assertEquals(decided.reasons.crm.map(({ code, field }) => [code, field]), [["not_writable", "group unit"]]);
});
