/** Orders against the sandbox's Business Central: documents that are created, changed, shipped, posted and deleted. */
import { assert, assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { AnyEntity, Fields, Opened, Outcome, Page, PartWrite, Row, Write } from "../../connectors/connector.ts";
import { okRow, startWorld as startCompany, type World } from "./business_central_world.ts";

const head: AnyEntity = bc.salesOrders;
const standard = Object.keys(head.fields).filter((field) => head.fields[field]!.needs === undefined);
const lineFields = Object.keys(bc.salesOrderLines.fields);
const wanted = { fields: standard, partFields: lineFields };

interface Shop extends World {
  readonly orders: Opened;
  readonly customerId: string;
  readonly item: Record<string, unknown>;
}

/** A company with a customer, an item for 12.345 a box, and G/L account 6110. */
async function startShop(options: { extension?: boolean } = {}): Promise<Shop> {
  const world = await startCompany(options);
  await world.post("unitsOfMeasure", { code: "BOX", displayName: "Box" });
  const customer = await world.post("customers", { displayName: "Sól ehf.", city: "Akureyri" });
  const item = await world.post("items", { displayName: "Chair", unitPrice: 12.345, baseUnitOfMeasureCode: "BOX" });
  return Object.assign(world, {
    orders: world.connector.open(bc.salesOrders, bc.salesOrderLines),
    customerId: String(customer["id"]),
    item,
  });
}

function line(key: number, fields: Fields): PartWrite {
  return { op: "create", key: String(key), fields };
}
function order(fields: Fields, parts: readonly PartWrite[] = []): Write {
  return { op: "create", id: null, version: null, fields, parts };
}
function change(row: Row, fields: Fields, parts: readonly PartWrite[] = []): Write {
  return { op: "update", id: row.id, version: row.version, fields, parts };
}
async function create(shop: Shop, fields: Fields = {}, parts?: readonly PartWrite[]): Promise<Row> {
  const chairs = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3" })];
  const [outcome] = await shop.orders.write(
    [order({ customerId: shop.customerId, ...fields }, parts ?? chairs)],
    wanted,
  );
  return okRow(outcome);
}
async function some(shop: Shop, ...ids: readonly string[]): Promise<Page> {
  const pages = await Array.fromAsync(shop.orders.read({ ...wanted, ids }));
  return {
    rows: pages.flatMap(({ rows }) => rows),
    deleted: pages.flatMap(({ deleted }) => deleted),
    left: pages.flatMap(({ left }) => left),
    archived: pages.flatMap(({ archived = [] }) => archived),
    kind: pages[0]!.kind,
    cursor: null,
  };
}
function partsOf(row: Row | undefined): Record<string, Fields> {
  return Object.fromEntries((row?.parts ?? []).map(({ key, data }) => [key, data]));
}
function refusedBy(outcome: Outcome | undefined): readonly [string, string | undefined] {
  if (outcome?.kind !== "refused") throw new Error(`not refused: ${JSON.stringify(outcome)}`);
  return [outcome.code, outcome.field];
}
void refusedBy;

Deno.test("write() creates an order with lines of every kind, in local currency", async () => {
  await using shop = await startShop();
  const item = `Item ${shop.item["number"]}`;
  const row = await create(shop, { externalDocumentNumber: "SO-1", currencyCode: "USD", discountAmount: "1.5" }, [
    line(10000, { lineObject: item, quantity: "2.5", unitPrice: "10.12345", unitOfMeasureCode: "BOX" }),
    line(20000, { lineObject: null, description: "As agreed by phone", quantity: "1", unitPrice: "5" }),
    line(30000, { lineObject: "Account 6110", description: "Freight", quantity: "1", unitPrice: "7" }),
  ]);
  assertEquals(
    ["externalDocumentNumber", "customerName", "shipToCity", "currencyCode", "state", "discountAmount"].map((field) =>
      row.data[field]
    ),
    ["SO-1", "Sól ehf.", "Akureyri", "USD", "Draft", "1.5"],
  );
  const lines = partsOf(row);
  assertEquals(Object.keys(lines), ["10000", "20000", "30000"]);
  assertEquals(
    [lines["10000"]!["lineObject"], lines["10000"]!["quantity"], lines["10000"]!["unitPrice"]],
    [item, "2.5", "10.12345"],
  );
  assertEquals(
    [lines["20000"]!["lineObject"], lines["20000"]!["description"], lines["20000"]!["comment"]],
    [null, "As agreed by phone", true],
  );
  assertEquals([lines["30000"]!["lineObject"], lines["30000"]!["comment"]], ["Account 6110", false]);
});
