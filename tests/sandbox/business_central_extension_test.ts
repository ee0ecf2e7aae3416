/** The extension's API in the imitation: its sets, their rules, and how they stand beside the standard ones. */
import { assert, assertEquals } from "@std/assert";
import { type Body, type Reply, values, withBusinessCentral, type World } from "./business_central_world.ts";

/** A world whose paths are those of the extension's API; `standard` has the others. */
interface Extended {
  readonly standard: World;
  get(path: string): Promise<Reply>;
  create(set: string, ...bodies: readonly Body[]): Promise<Body[]>;
  /** Creates and returns the reply, whatever it is. */
  post(set: string, body: Body): Promise<Reply>;
  patch(set: string, id: string, body: Body): Promise<Reply>;
  act(set: string, id: string, action: string): Promise<Reply>;
}

function withExtension(work: (world: Extended) => Promise<void>): Promise<void> {
  return withBusinessCentral(async (world) => {
    const company = world.company.replace("/api/v2.0/", "/api/tenging/integration/v1.0/");
    const all = { "If-Match": "*" };
    await world.create("unitsOfMeasure", { code: "PCS" }, { code: "BOX" }, { code: "HOUR" });
    await work({
      standard: world,
      get: (path) => world.send("GET", company + path),
      create: (set, ...bodies) => world.create(company + set, ...bodies),
      post: (set, body) => world.send("POST", company + set, { body }),
      patch: (set, id, body) => world.send("PATCH", `${company}${set}(${id})`, { body, headers: all }),
      act: (set, id, action) => world.send("POST", `${company}${set}(${id})/Microsoft.NAV.${action}`),
    });
  });
}
/** The code and status of a refusal. */
function refusal({ status, body }: Reply): unknown[] {
  return [status, body?.error?.code];
}
const broken = [400, "Application_DialogException"];

Deno.test("extension: its API is there unless the company lacks it, and the standard one stays as it is", async () => {
  await withExtension(async ({ standard, get }) => {
    assertEquals((await get("resources")).status, 200);
    assertEquals((await standard.send("GET", "resources")).status, 404);
    assertEquals((await get("unitsOfMeasure")).status, 404);
    await standard.configure({ extension: false });
    assertEquals(refusal(await get("resources")), [404, "BadRequest_ResourceNotFound"]);
    assertEquals((await standard.send("GET", "customers")).status, 200);
  });
});

Deno.test("extension: customers, contacts and items are the same records as on the standard pages, with more", async () => {
  await withExtension(async ({ standard, get, create, patch }) => {
    const id = "aaaaaaaa-0000-4000-8000-00000000000a";
    await create("customerPriceGroups", { code: "RETAIL" });
    await create("shippingAgents", { code: "DHL", name: "Carrier" });
    const [customer] = await create("customers", {
      id,
      displayName: "Ægir ehf.",
      customerPriceGroupCode: "RETAIL",
      shippingAgentCode: "DHL",
    });
    assertEquals([customer.id, customer.customerPriceGroupCode, customer.currencyCode], [id, "RETAIL", "ISK"]);
    const { body: seen } = await standard.send("GET", `customers(${id})`);
    assertEquals([seen.number, "customerPriceGroupCode" in seen], [customer.number, false]);
    assertEquals((await patch("customers", id, { displayName: "Ægir hf.", faxNumber: "123" })).status, 200);
    const { body: contacts } = await get("contacts");
    const [head] = contacts.value;
    assertEquals([head.displayName, head.customerId, head.type], ["Ægir hf.", id, "Company"]);

    const [person] = await create("contacts", {
      type: "Person",
      companyNumber: head.number,
      firstName: "Anna María",
      middleName: "",
      surname: "von Berg",
    });
    const parts = ({ displayName, firstName, middleName, surname, customerId }: Body) => {
      return [displayName, firstName, middleName, surname, customerId];
    };
    assertEquals(parts(person), ["Anna María von Berg", "Anna María", "", "von Berg", id]);
    const { body: renamed } = await patch("contacts", person.id, { surname: "Berg" });
    assertEquals(parts(renamed), ["Anna María Berg", "Anna María", "", "Berg", id]);

    const [item] = await create("items", { displayName: "Chair", baseUnitOfMeasureCode: "PCS", grossWeight: 4.25 });
    assertEquals([item.grossWeight, item.inventory], [4.25, 0]);
    assertEquals(refusal(await patch("items", item.id, { inventory: 5 })), [400, "BadRequest"]);
    assertEquals(refusal(await patch("items", item.id, { number: "X" })), broken);
  });
});

Deno.test("extension: an id that was chosen before is refused, and never changes", async () => {
  await withExtension(async ({ create, post, patch }) => {
    const id = "aaaaaaaa-0000-4000-8000-00000000000a";
    await create("items", { id, displayName: "Chair" });
    assertEquals(refusal(await post("items", { id, displayName: "Table" })), [400, "Internal_EntityWithSameKeyExists"]);
    assertEquals(refusal(await patch("items", id, { id: id.replace("a", "b") })), broken);
  });
});

Deno.test("extension: items and resources have a unit group and a base unit from the start", async () => {
  await withExtension(async ({ standard, get, create, post, patch }) => {
    const [item] = await standard.create("items", { displayName: "Chair", baseUnitOfMeasureCode: "PCS" });
    await create("resources", { number: "LINA", name: "Lina", baseUnitOfMeasureCode: "HOUR" });
    const groups = await get("unitGroups");
    assertEquals(values(groups, "name"), [`ITEM ${item.number} UOM GR`, "RESOURCE LINA UOM GR"]);
    assertEquals(values(groups, "baseUnitOfMeasureCode"), ["PCS", "HOUR"]);
    assertEquals(values(groups, "sourceId")[0], item.id);

    await create("itemUnitsOfMeasure", { itemNumber: item.number, code: "BOX", quantityPerUnitOfMeasure: 12 });
    const units = await get("itemUnitsOfMeasure");
    assertEquals(values(units, "code"), ["PCS", "BOX"]);
    assertEquals(values(units, "quantityPerUnitOfMeasure"), [1, 12]);
    const [base, box] = values(units, "id") as string[];
    assertEquals(refusal(await post("itemUnitsOfMeasure", { itemNumber: item.number, code: "BOX" })), broken);
    assertEquals(refusal(await patch("itemUnitsOfMeasure", base!, { quantityPerUnitOfMeasure: 2 })), broken);
    assertEquals((await patch("itemUnitsOfMeasure", box!, { quantityPerUnitOfMeasure: 10 })).status, 200);
    assertEquals(values(await get("resourceUnitsOfMeasure"), "resourceNumber"), ["LINA"]);

    assertEquals((await standard.send("DELETE", `items(${item.id})`)).status, 204);
    assertEquals(values(await get("unitGroups"), "sourceNumber"), ["LINA"]);
    assertEquals(values(await get("itemUnitsOfMeasure"), "code"), []);
  });
});

Deno.test("extension: a price list is written while it is a draft, and its lines follow it", async () => {
  await withExtension(async ({ standard, get, create, post, patch }) => {
    await standard.create("currencies", { code: "EUR", displayName: "Euro" });
    await create("items", { displayName: "Chair", baseUnitOfMeasureCode: "PCS" });
    const [list] = await create("priceListHeaders", {
      code: "S1",
      description: "Retail",
      sourceType: "All Customers",
      currencyCode: "EUR",
      startingDate: "2026-01-01",
      amountType: "Price",
    });
    assertEquals([list.status, list.priceType], ["Draft", "Sale"]);
    const line = { priceListCode: "S1", assetType: "Item", assetNumber: "I00010", unitPrice: 12.345 };
    const [first] = await create("priceListLines", line);
    assertEquals(
      [first.lineNumber, first.currencyCode, first.listCurrencyCode, first.unitCode, first.unitOfMeasureCode],
      [10000, "EUR", "EUR", "PCS", ""],
    );
    assertEquals([first.description, first.startingDate, first.status], ["Chair", "2026-01-01", "Draft"]);
    assertEquals(
      refusal(await post("priceListLines", { ...line, assetNumber: "I00099" })),
      [400, "Internal_InvalidTableRelation"],
    );

    await create("priceListLines", { ...line, minimumQuantity: 10, unitPrice: 11 });
    assertEquals((await patch("priceListHeaders", list.id, { status: "Active" })).status, 200);
    assertEquals(values(await get("priceListLines"), "status"), ["Active", "Active"]);
    assertEquals(refusal(await patch("priceListLines", first.id, { unitPrice: 13 })), broken);
    assertEquals(refusal(await post("priceListLines", { ...line, minimumQuantity: 20 })), broken);
    assertEquals(refusal(await patch("priceListHeaders", list.id, { currencyCode: "" })), broken);

    await standard.configure({ editActivePrices: true });
    assertEquals((await patch("priceListLines", first.id, { unitPrice: 13 })).body.unitPrice, 13);
    assertEquals((await patch("priceListHeaders", list.id, { status: "Draft", currencyCode: "" })).status, 200);
    assertEquals(values(await get("priceListLines"), "currencyCode"), ["ISK", "ISK"]);
    await create("priceListLines", line);
    assertEquals(refusal(await patch("priceListHeaders", list.id, { status: "Active" })), broken, "two equal lines");
  });
});

Deno.test("extension: a line is a price or a discount, as its amount type says", async () => {
  await withExtension(async ({ create }) => {
    await create("items", { displayName: "Chair", baseUnitOfMeasureCode: "PCS" });
    await create("priceListHeaders", { code: "S1", sourceType: "All Customers" });
    const line = {
      priceListCode: "S1",
      assetType: "Item",
      assetNumber: "I00010",
      unitPrice: 5,
      lineDiscountPercent: 10,
    };
    const lines = await create(
      "priceListLines",
      { ...line, amountType: "Price" },
      { ...line, amountType: "Discount" },
      { ...line, amountType: "Any" },
    );
    assertEquals(lines.map((one) => [one.unitPrice, one.lineDiscountPercent]), [[5, 0], [0, 10], [5, 10]]);
  });
});

Deno.test("extension: what tells a sales price apart stays, and a group's currency is that of its prices", async () => {
  await withExtension(async ({ standard, get, create, post, patch }) => {
    await standard.create("currencies", { code: "EUR", displayName: "Euro" });
    await create("items", { displayName: "Chair", baseUnitOfMeasureCode: "PCS" });
    await create("customerPriceGroups", { code: "RETAIL" });
    const price = { itemNumber: "I00010", salesType: "Customer Price Group", salesCode: "RETAIL", unitPrice: 5 };
    const currency = async () => values(await get("customerPriceGroups"), "currencyCode");
    assertEquals(await currency(), ["ISK"]);
    const [first] = await create("salesPrices", { ...price, currencyCode: "EUR" });
    assertEquals([await currency(), first.unitCode], [["EUR"], "PCS"]);
    assertEquals(refusal(await post("salesPrices", { ...price, currencyCode: "EUR" })), broken);
    assertEquals(refusal(await patch("salesPrices", first.id, { minimumQuantity: 5 })), broken);
    assertEquals((await patch("salesPrices", first.id, { unitPrice: 6 })).body.unitPrice, 6);
    await create("salesPrices", price);
    assertEquals(await currency(), [""], "several currencies are none");
  });
});

Deno.test("extension: what is deleted is noted, and stock is summed by location", async () => {
  await withExtension(async ({ standard, get }) => {
    const [unit] = await standard.create("unitsOfMeasure", { code: "GONE" });
    const [chair] = await standard.create("items", {
      displayName: "Chair",
      baseUnitOfMeasureCode: "PCS",
      inventory: 7,
    });
    assertEquals((await get("deletedRecords")).body.value, []);
    assertEquals((await standard.send("DELETE", `unitsOfMeasure(${unit.id})`)).status, 204);
    const { body: { value: [noted] } } = await get("deletedRecords");
    assertEquals([noted.entryNumber, noted.tableNumber, noted.recordSystemId, noted.number], [1, 204, unit.id, "GONE"]);
    assert(noted.deletedAt > unit.lastModifiedDateTime);
    const { body: { value: [stock] } } = await get("inventoryByLocation");
    assertEquals([stock.itemNumber, stock.locationCode, stock.inventory], [chair.number, "", 7]);
  });
});

Deno.test("extension: an order has its status in the table's words, and is released and reopened", async () => {
  await withExtension(async ({ standard, get, create, patch, act }) => {
    await create("shippingAgents", { code: "DHL" });
    await standard.create("items", { displayName: "Chair", baseUnitOfMeasureCode: "PCS" });
    const [customer] = await standard.create("customers", { displayName: "Sól ehf." });
    const [seen] = await standard.create("salesOrders", { customerNumber: customer.number });
    const { id } = seen;
    const { body: order } = await patch("salesOrders", id, { yourReference: "ORD-1" });
    assertEquals([order.id, order.status, order.yourReference], [id, "Open", "ORD-1"]);
    assertEquals([seen.status, seen.number, order.customerNumber], ["Draft", order.number, customer.number]);
    const { status, body } = await patch("salesOrders", id, {
      workDescription: "x".repeat(300),
      shippingAgentCode: "DHL",
    });
    assertEquals([status, body.workDescription.length, body.shippingAgentCode], [200, 300, "DHL"]);

    assertEquals(refusal(await act("salesOrders", id, "release")), broken, "there is nothing to release");
    await standard.create(`salesOrders(${id})/salesOrderLines`, {
      lineType: "Item",
      lineObjectNumber: "I00010",
      quantity: 1,
    });
    assertEquals((await act("salesOrders", id, "release")).status, 204);
    assertEquals(values(await get("salesOrders"), "status"), ["Released"]);
    assertEquals(refusal(await patch("salesOrders", id, { yourReference: "ORD-2" })), broken);
    const isOpened = async () => values(await get("salesOrders"), "openedForChange");
    assertEquals((await act("salesOrders", id, "reopen")).status, 204);
    assertEquals(await isOpened(), [true]);
    await act("salesOrders", id, "release");
    assertEquals(await isOpened(), [false]);
    await standard.send("POST", `/sandbox/business_central/orders/${order.number}/reopen`);
    assertEquals(await isOpened(), [false], "a person did");
    await act("salesOrders", id, "reopen");
    assertEquals(await isOpened(), [false], "it was open");
    assertEquals((await patch("salesOrders", id, { yourReference: "ORD-2" })).body.status, "Open");
    assertEquals((await act("salesOrders", id, "cancel")).status, 404);
  });
});
