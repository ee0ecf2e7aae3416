import { assertEquals } from "@std/assert";
import { lineBody, salesOrderLines, soldBy } from "../../connectors/business_central/order_view.ts";
import type { PartWrite } from "../../connectors/connector.ts";

const read = async (row: Record<string, unknown>) => {
  const fields = new Set(["lineObject", "product", "unit", "comment"]);
  const made = await salesOrderLines.fill!({ fields, rows: [row], lookups: undefined as never });
  return made(row);
};

const rows: readonly (readonly [string, string, string, Record<string, unknown>])[] = [
  ["Item", "1896-S", "PCS", { lineObject: "Item 1896-S", product: "Item 1896-S", unit: "Item 1896-S PCS" }],
  ["Resource", "LINA", "HOUR", { lineObject: "Resource LINA", product: "Resource LINA", unit: "Resource LINA HOUR" }],
  ["Item", "1896-S", "", { lineObject: "Item 1896-S", product: "Item 1896-S", unit: null }],
  ["Account", "6110", "PCS", { lineObject: "Account 6110", product: null, unit: null }],
  ["Charge", "FREIGHT", "", { lineObject: "Charge FREIGHT", product: null, unit: null }],
  ["Comment", "", "", { lineObject: null, product: null, unit: null }],
];
for (const [lineType, lineObjectNumber, unitOfMeasureCode, wanted] of rows) {
  Deno.test(`salesOrderLines: a line of type ${lineType}, unit "${unitOfMeasureCode}", shows what is a product`, async () => {
    const { comment, ...shown } = await read({ lineType, lineObjectNumber, unitOfMeasureCode });
    assertEquals(shown, wanted as typeof shown);
    assertEquals(comment, lineType === "Comment");
  });
}

const writes: readonly (readonly [string, PartWrite["fields"], Record<string, unknown>])[] = [
  ["a product", { product: "Item 1896-S" }, { lineType: "Item", lineObjectNumber: "1896-S" }],
  ["an account, where the product is blank", { product: null, lineObject: "Account 6110" }, {
    lineType: "Account",
    lineObjectNumber: "6110",
  }],
  ["a unit of the product", { product: "Item RED CHAIR", unit: "Item RED CHAIR BIG BOX" }, {
    lineType: "Item",
    lineObjectNumber: "RED CHAIR",
    unitOfMeasureCode: "BIG BOX",
  }],
];
for (const [name, fields, wanted] of writes) {
  Deno.test(`lineBody() writes ${name}`, () => {
    assertEquals(lineBody({ op: "create", key: "10000", fields }), { body: { sequence: 10000, ...wanted } });
  });
}

Deno.test("lineBody() changes the unit alone, and clears it", () => {
  const body = (unit: string | null) => lineBody({ op: "update", key: "10000", fields: { unit } });
  assertEquals(body("Item 1896-S BOX"), { body: { unitOfMeasureCode: "BOX" } });
  assertEquals(body(null), { body: { unitOfMeasureCode: "" } });
});

Deno.test("soldBy() is undefined where a write leaves the object as it is", () => {
  assertEquals(soldBy({ quantity: "2" }), undefined);
  assertEquals(soldBy({ product: null }), null);
  assertEquals(soldBy({ product: "Item A", lineObject: "Account 1" }), "Item A");
});
