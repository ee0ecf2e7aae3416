/** The connector on the extension's pages: what it makes of their rows, and what becomes of its writes. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openBusinessCentral } from "../../connectors/business_central/client.ts";
import { dayFilters, dayIn, withDay } from "../../connectors/business_central/extension_days.ts";
import { bc } from "../../connectors/business_central/entities.ts";
import type { AnyEntity, Connector, Fields, Outcome, Page, Row } from "../../connectors/connector.ts";
import { ServiceError } from "../../errors.ts";
import { startWorld } from "../extension/world.ts";
import { sharedData, sharedTest } from "../shared.ts";
import { openGate, serveStub, testClock, tokenOf } from "./stub.ts";

async function pagesOf(connector: Connector, entity: AnyEntity, fields: readonly string[]): Promise<Page[]> {
  return await Array.fromAsync(connector.open(entity).read({ fields }));
}
async function dataOf(connector: Connector, entity: AnyEntity, fields: readonly string[]): Promise<Fields[]> {
  return (await pagesOf(connector, entity, fields)).flatMap(({ rows }) => rows.map((row) => row.data));
}
function okRow(outcome: Outcome | undefined): Row {
  if (outcome?.kind !== "ok") throw new Error(`not ok: ${JSON.stringify(outcome)}`);
  return outcome.row;
}
function creation(fields: Fields) {
  return { op: "create", id: null, version: null, fields } as const;
}
function update({ id, version }: Row, fields: Fields) {
  return { op: "update", id, version, fields } as const;
}
const item = { displayName: "Chair", baseUnitOfMeasureCode: "PCS" };

Deno.test("read() knows every field of every handle on the extension's pages", async () => {
  await using world = await startWorld();
  await world.standard("unitsOfMeasure", { code: "PCS" });
  await world.create("resources", { number: "LINA", name: "Lina", baseUnitOfMeasureCode: "PCS" });
  await world.create("shippingAgents", { code: "DHL" });
  await world.create("customerPriceGroups", { code: "RETAIL" });
  await world.create("customers", { displayName: "Sól ehf." });
  await world.create("contacts", { type: "Person", surname: "Jónsdóttir" });
  await world.create("items", item);
  await world.create("salesPrices", { itemNumber: "I00010", salesType: "All_x0020_Customers", unitPrice: 1 });
  await world.create("priceListHeaders", { code: "S1" });
  await world.create("priceListLines", { priceListCode: "S1", assetType: "Item", assetNumber: "I00010" });
  const handles = Object.values<AnyEntity>(bc).filter(({ name, needs }) => {
    return needs === "extension" || ["customers", "contacts", "items"].includes(name);
  });
  assertEquals(handles.length, 12);
  for (const entity of handles) {
    const fields = Object.keys(entity.fields);
    const [row] = await dataOf(world.connector, entity, fields);
    assertEquals(Object.keys(row ?? {}), fields, entity.name);
  }
});

Deno.test("read() says why the CRM can't hold a price, the first reason that applies", async () => {
  await using world = await startWorld(); // 20 May 2026
  await world.standard("unitsOfMeasure", { code: "PCS" }, { code: "HOUR" });
  await world.standard("currencies", { code: "EUR", displayName: "Euro" });
  await world.create("items", item);
  await world.create("resources", { number: "LINA", baseUnitOfMeasureCode: "HOUR" });
  await world.create(
    "priceListHeaders",
    { code: "S1", description: "Retail", allowUpdatingDefaults: true },
    { code: "S2", description: "Draft" },
  );
  const line = { priceListCode: "S1", assetType: "Item", assetNumber: "I00010", unitPrice: 9.5 };
  await world.create(
    "priceListLines",
    line,
    { ...line, assetType: "Resource", assetNumber: "LINA" },
    { ...line, startingDate: "2026-05-20", endingDate: "2026-05-20" },
    { ...line, startingDate: "2026-05-21" },
    { ...line, endingDate: "2026-05-19" },
    { ...line, minimumQuantity: 10, variantCode: "RED" },
    { ...line, amountType: "Discount", lineDiscountPercent: 5, variantCode: "RED" },
    { ...line, unitOfMeasureCode: "PCS", unitPrice: 0, lineDiscountPercent: 5 },
    { ...line, variantCode: "RED", endingDate: "2026-05-19" },
    { ...line, assetType: "G_x002F_L_x0020_Account", assetNumber: "6110" },
    { ...line, currencyCode: "EUR", minimumQuantity: 0 },
    { ...line, priceListCode: "S2" },
  );
  const { body } = await world.send("GET", "priceListHeaders?$filter=code eq 'S1'");
  await world.send("PATCH", `priceListHeaders(${body.value[0].id})`, { status: "Active" });
  const rows = await dataOf(world.connector, bc.priceListLines, ["line", "lineObject", "unit", "unitCode", "unfit"]);
  assertEquals(rows.map((row) => row["unfit"]), [
    ...[null, null, null, "not yet valid", "expired", "minimum quantity", "discount only", "discount only", "variant"],
    ...["not an item or resource", "other currency", "not active"],
  ]);
  assertEquals(rows[0], {
    line: "S1 10000",
    lineObject: "Item I00010",
    unit: "Item I00010 PCS",
    unitCode: "PCS",
    unfit: null,
  });
  assertEquals([rows[1]?.["lineObject"], rows[1]?.["unit"]], ["Resource LINA", "Resource LINA HOUR"]);
  assertEquals([rows[9]?.["lineObject"], rows[9]?.["unit"]], [null, null]);
});

Deno.test("read() judges sales prices of the first model alike and names their group", async () => {
  await using world = await startWorld();
  await world.standard("unitsOfMeasure", { code: "PCS" });
  await world.create("items", item);
  await world.create("customerPriceGroups", { code: "RETAIL", description: "Retail" });
  const group = { itemNumber: "I00010", salesType: "Customer_x0020_Price_x0020_Group", salesCode: "RETAIL" };
  await world.create(
    "salesPrices",
    { ...group, unitPrice: 9.5 },
    { ...group, minimumQuantity: 5, unitPrice: 9 },
    { ...group, startingDate: "2026-06-01", unitPrice: 8 },
    { ...group, salesType: "Customer", salesCode: "C00010", endingDate: "2026-05-01", unitPrice: 8 },
  );
  const fields = ["line", "priceGroupCode", "lineObject", "unit", "unfit"];
  const rows = await dataOf(world.connector, bc.salesPrices, fields);
  assertEquals(rows.map((row) => [row["priceGroupCode"], row["unfit"]]), [
    ["RETAIL", null],
    ["RETAIL", "minimum quantity"],
    ["RETAIL", "not yet valid"],
    [null, "expired"],
  ]);
  assertEquals(
    rows.map((row) => row["line"]),
    [
      "I00010 RETAIL ISK",
      "I00010 RETAIL ISK 5",
      "I00010 RETAIL ISK 2026-06-01",
      "I00010 C00010 ISK",
    ].map((line) => line.replace("ISK", String(localCurrency(rows)))),
  );
  assertEquals(await dataOf(world.connector, bc.priceGroups, ["code", "description", "currencyCode"]), [
    { code: "RETAIL", description: "Retail", currencyCode: localCurrency(rows) },
  ]);
});
function localCurrency(rows: readonly Fields[]): string {
  return String(rows[0]?.["line"]).split(" ").at(-1)!;
}

Deno.test("read() with a cursor brings prices that became valid or expired, counted as overlap", async () => {
  await using world = await startWorld();
  const { clock } = world;
  await world.standard("unitsOfMeasure", { code: "PCS" });
  await world.create("items", item);
  await world.create("priceListHeaders", { code: "S1", allowUpdatingDefaults: true });
  const line = { priceListCode: "S1", assetType: "Item", assetNumber: "I00010" };
  await world.create(
    "priceListLines",
    { ...line, unitPrice: 1, endingDate: "2026-05-20" },
    { ...line, unitPrice: 2, startingDate: "2026-05-21" },
    { ...line, unitPrice: 3, startingDate: "2026-05-23" },
    { ...line, unitPrice: 4, startingDate: "2026-05-01", endingDate: "2026-05-10" },
  );
  const { body } = await world.send("GET", "priceListHeaders");
  await world.send("PATCH", `priceListHeaders(${body.value[0].id})`, { status: "Active" });
  clock.pass(3 * 3_600_000);
  await world.create("priceListHeaders", { code: "S2" });
  await world.create("priceListLines", { ...line, priceListCode: "S2", unitPrice: 5 });

  const opened = world.connector.open(bc.priceListLines);
  const fields = ["unitPrice", "unfit"];
  const read = async (since: string) => {
    const pages = await Array.fromAsync(opened.read({ fields, since }));
    return { rows: pages.flatMap(({ rows }) => rows.map(({ data }) => [data["unitPrice"], data["unfit"]])), pages };
  };
  const first = (await Array.fromAsync(opened.read({ fields }))).at(-1)!.cursor!;
  assertEquals((await read(first)).rows, [["5", "not active"]], "the same day: only the overlap");
  clock.pass(86_400_000);
  const before = world.connector.requests();
  const next = await read(first);
  assertEquals(next.rows, [["2", null], ["1", "expired"], ["5", "not active"]]);
  assertEquals(next.pages.map(({ kind }) => kind), ["delta", "delta", "delta"]);
  const after = world.connector.requests();
  assertEquals([after.read - before.read, after.overlap - before.overlap], [2, 2], "one for the log of deletions");
  clock.pass(2 * 86_400_000);
  assertEquals((await read(next.pages.at(-1)!.cursor!)).rows, [["3", null], ["5", "not active"]]);
  const [{ cursor }] = await pagesOf(world.connector, bc.priceListLines, ["unitPrice"]) as [Page];
  assertEquals("day" in JSON.parse(cursor!), false, "who doesn't ask for the reason needs no days");
});

Deno.test("read() gives units with their groups, and what they are units of", async () => {
  await using world = await startWorld();
  await world.standard("unitsOfMeasure", { code: "PCS" }, { code: "BOX" }, { code: "HOUR" });
  await world.create("items", item);
  await world.create("resources", { number: "LINA", name: "Lina", baseUnitOfMeasureCode: "HOUR", unitPrice: 100 });
  await world.create("itemUnitsOfMeasure", { itemNumber: "I00010", code: "BOX", quantityPerUnitOfMeasure: 12 });
  const { connector } = world;
  assertEquals(await dataOf(connector, bc.unitGroups, ["code", "name", "baseUnitOfMeasureCode", "baseUnit"]), [
    { code: "Item I00010", name: "ITEM I00010 UOM GR", baseUnitOfMeasureCode: "PCS", baseUnit: "Item I00010 PCS" },
    {
      code: "Resource LINA",
      name: "RESOURCE LINA UOM GR",
      baseUnitOfMeasureCode: "HOUR",
      baseUnit: "Resource LINA HOUR",
    },
  ]);
  const unitFields = ["unit", "code", "quantityPerUnitOfMeasure", "unitGroupCode", "isBaseUnit"];
  assertEquals(await dataOf(connector, bc.itemUnits, unitFields), [
    {
      unit: "Item I00010 PCS",
      code: "PCS",
      quantityPerUnitOfMeasure: "1",
      unitGroupCode: "Item I00010",
      isBaseUnit: true,
    },
    {
      unit: "Item I00010 BOX",
      code: "BOX",
      quantityPerUnitOfMeasure: "12",
      unitGroupCode: "Item I00010",
      isBaseUnit: false,
    },
  ]);
  assertEquals((await dataOf(connector, bc.resourceUnits, ["unit"]))[0], { unit: "Resource LINA HOUR" });
  const made = ["lineObject", "unitGroupCode", "baseUnit"];
  assertEquals(await dataOf(connector, bc.items, made), [
    { lineObject: "Item I00010", unitGroupCode: "Item I00010", baseUnit: "Item I00010 PCS" },
  ]);
  const [resource] = await dataOf(connector, bc.resources, [...made, "currencyCode", "companyId", "unitPrice"]);
  const [company] = await pagesOf(connector, bc.company, ["currencyCode"]);
  assertEquals(resource, {
    lineObject: "Resource LINA",
    unitGroupCode: "Resource LINA",
    baseUnit: "Resource LINA HOUR",
    currencyCode: company?.rows[0]?.data["currencyCode"] ?? "",
    companyId: company?.rows[0]?.id ?? "",
    unitPrice: "100",
  });
});

Deno.test("write() creates and changes customers with what only the extension's page has", async () => {
  await using world = await startWorld();
  await world.create("customerPriceGroups", { code: "RETAIL" });
  await world.create("shippingAgents", { code: "DHL" });
  const opened = world.connector.open(bc.customers);
  const fields = ["displayName", "customerPriceGroupCode", "shippingAgentCode", "faxNumber", "contactName"];
  const wanted = { displayName: "Sól ehf.", customerPriceGroupCode: "RETAIL", shippingAgentCode: "DHL" };
  const row = okRow((await opened.write([creation({ ...wanted, faxNumber: "123" })], { fields }))[0]);
  assertEquals(row.data, { ...wanted, faxNumber: "123", contactName: null });
  const changed = await opened.write([update(row, { customerPriceGroupCode: null, contactName: "Anna" })], { fields });
  assertEquals(okRow(changed[0]).data, { ...row.data, customerPriceGroupCode: null, contactName: "Anna" });
});

Deno.test("write() keeps the parts of a person's name as they were given, under the customer's company", async () => {
  await using world = await startWorld();
  const [customer] = await world.create("customers", { displayName: "Sól ehf." });
  const opened = world.connector.open(bc.persons);
  const fields = ["displayName", "firstName", "middleName", "lastName", "customerId", "pager"];
  const name = { firstName: "Anna María", lastName: "von Berg" };
  const created = okRow(
    (await opened.write([creation({ ...name, customerId: customer.id, pager: "7" })], { fields }))[0],
  );
  const whole = { ...name, middleName: null, customerId: customer.id, pager: "7" };
  assertEquals(created.data, { displayName: "Anna María von Berg", ...whole });
  const changed = okRow((await opened.write([update(created, { lastName: "Berg" })], { fields }))[0]);
  assertEquals(changed.data, { displayName: "Anna María Berg", ...whole, lastName: "Berg" });

  await world.create("contacts", { type: "Person", displayName: "Madonna" });
  const [pages] = [await pagesOf(world.connector, bc.persons, fields)];
  const alone = pages.flatMap(({ rows }) => rows).find(({ data }) => data["displayName"] === "Madonna")!;
  assertEquals([alone.data["firstName"], alone.data["lastName"]], [null, "Madonna"]);
  const renamed = okRow((await opened.write([update(alone, { firstName: "Louise" })], { fields }))[0]);
  assertEquals(renamed.data["displayName"], "Louise Madonna");
});

Deno.test("write() recalls a person that an earlier attempt created", async () => {
  await using world = await startWorld();
  const [customer] = await world.create("customers", { displayName: "Sól ehf." });
  const opened = world.connector.open(bc.persons);
  const sent = creation({ firstName: "Anna", lastName: "Berg", customerId: customer.id });
  const row = okRow((await opened.write([sent], { fields: ["lastName"] }))[0]);
  const since = "2026-05-20T11:00:00.000Z";
  const found = (await opened.recall([sent], { fields: ["lastName"], since }))[0]!;
  assertEquals(found.map(({ id }) => id), [row.id]);
});

Deno.test("a missing extension is an error of its own, whoever says so, and the standard pages work on", async () => {
  await using world = await startWorld();
  await world.create("customers", { displayName: "Sól ehf." });
  const fields = ["displayName"];
  const missing = async (connector: Connector, entity: AnyEntity) => {
    const error = await assertRejects(
      () => pagesOf(connector, entity, entity === bc.resources ? ["name"] : fields),
      ServiceError,
    );
    assertEquals([error.code, error.status], ["extension_missing", 404]);
    assert(error.message.includes("permission set"), error.message);
  };
  const without = world.connect({ extension: false });
  await missing(without, bc.resources);
  assertEquals(without.requests().read, 0, "nothing is sent");
  assertEquals(await dataOf(without, bc.customers, fields), [{ displayName: "Sól ehf." }]);
  await assertRejects(
    () => without.open(bc.priceGroups).write([creation({ code: "A" })], { fields: ["code"] }),
    ServiceError,
  );

  await world.setting({ extension: false });
  await missing(world.connector, bc.resources);
  await missing(world.connector, bc.customers);
  const error = await assertRejects(
    () => world.connector.open(bc.customers).write([creation({ displayName: "A" })], { fields }),
    ServiceError,
  );
  assertEquals(error.code, "extension_missing");
});

Deno.test("another refusal of the extension's API stays what it is", async () => {
  await using stub = serveStub(() =>
    Response.json({ error: { code: "Authorization_X", message: "" } }, { status: 403 })
  );
  const connector = openBusinessCentral({
    baseUrl: `${stub.url}/v2.0/tenant/production`,
    companyId: "cccccccc-0000-4000-8000-000000000001",
    token: tokenOf(stub),
    limiter: openGate(),
    clock: testClock(),
    extension: true,
  });
  const error = await assertRejects(() => pagesOf(connector, bc.resources, ["name"]), ServiceError);
  assert(error.code !== "extension_missing", error.code);
  assert(stub.seen.some((line) => line.includes("/api/tenging/integration/v1.0/companies(")), stub.seen.join());
});

sharedTest("read() judges the price lines of adventureworks as a count of the file does", async () => {
  const [header = "", ...lines] = Deno.readTextFileSync(`${sharedData}/adventureworks/priceListLines.csv`).trim().split(
    "\n",
  );
  const columns = header.split(",");
  const expected = new Map<string, number>();
  for (const line of lines) {
    const cell = (name: string) => line.split(",")[columns.indexOf(name)] ?? "";
    const ended = cell("endingDate") !== "" && cell("endingDate") < "2026-05-20";
    const reason = cell("minimumQuantity") !== "0"
      ? "minimum quantity"
      : cell("unitPrice") === ""
      ? "discount only"
      : ended
      ? "expired"
      : "none";
    expected.set(reason, (expected.get(reason) ?? 0) + 1);
  }
  await using world = await startWorld();
  world.load(`${sharedData}/adventureworks`);
  const found = new Map<string, number>();
  for (const { unfit } of await dataOf(world.connector, bc.priceListLines, ["unfit"])) {
    found.set(String(unfit ?? "none"), (found.get(String(unfit ?? "none")) ?? 0) + 1);
  }
  assertEquals(found, expected);
  assertEquals(found.size, 4, "every reason is there, and lines that fit");
});

Deno.test("dayFilters() asks for what began or ended between two days, and for nothing on the same day", () => {
  const days = { field: "unfit", starts: "startingDate", ends: "endingDate" };
  assertEquals(dayFilters(days, "2026-05-20", "2026-05-20"), []);
  assertEquals(dayFilters(days, "2026-05-21", "2026-05-20"), [], "a clock that went back");
  assertEquals(dayFilters(days, "2026-05-18", "2026-05-20"), [
    "startingDate gt 2026-05-18 and startingDate le 2026-05-20",
    "endingDate ge 2026-05-18 and endingDate lt 2026-05-20", // it is valid on its last day
  ]);
  assertEquals([dayIn(withDay('{"modified":null}', "2026-05-20")), dayIn("no cursor")], ["2026-05-20", "0001-01-01"]);
});
