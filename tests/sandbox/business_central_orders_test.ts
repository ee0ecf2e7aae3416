/** Sales orders and their lines on the standard pages of the Business Central imitation. */
import { assertEquals, assertMatch } from "@std/assert";
import { linesOf, order, patch, withShop } from "./business_central_shop.ts";
import { type Body, type Reply, values } from "./business_central_world.ts";

const ZERO = "00000000-0000-0000-0000-000000000000";
const amounts = (line: Body) => [line.discountPercent, line.discountAmount, line.amountExcludingTax];

Deno.test("a sales order takes what it isn't told from its customer, and its number from the series", () =>
  withShop(async (world) => {
    const made = await order(world, { externalDocumentNumber: "ord-01", requestedDeliveryDate: "2026-04-01" });
    assertEquals([made.number, made.externalDocumentNumber, made.status], ["S-ORD101001", "ORD-01", "Draft"]);
    assertEquals([made.customerId, made.customerName], [world.customer.id, "Bláfell ehf."]);
    assertEquals([made.billToCustomerNumber, made.billToName, made.billToCity], ["C00010", "Bláfell ehf.", "Vík"]);
    assertEquals([made.sellToAddressLine1, made.sellToPostCode, made.shipToName], [
      "Aðalgata 1",
      "870",
      "Bláfell ehf.",
    ]);
    assertEquals([made.paymentTermsId, made.shipmentMethodId, made.salesperson], [
      world.customer.paymentTermsId,
      world.customer.shipmentMethodId,
      "ÞG",
    ]);
    assertEquals([made.currencyId, made.currencyCode, made.orderDate], [ZERO, "ISK", "2026-03-01"]);
    assertEquals([made.phoneNumber, made.email, made.fullyShipped], ["555 0101", "post@blafell.example", false]);
    const own = await order(world, { shipToName: "Vöruhús", shipToCity: "Höfn", currencyCode: "EUR", salesperson: "" });
    assertEquals([own.number, own.shipToName, own.shipToCity, own.shipToPostCode], [
      "S-ORD101002",
      "Vöruhús",
      "Höfn",
      "870",
    ]);
    assertEquals([own.currencyCode, own.salesperson], ["EUR", ""]);
    assertEquals((await order(world, { currencyCode: "isk" })).currencyId, ZERO);
    const found = await world.send("GET", "salesOrders?$filter=externalDocumentNumber eq 'ORD-01'&$select=number");
    assertEquals(values(found, "number"), ["S-ORD101001"]);
  }));

Deno.test.each([
  [{ customerNumber: undefined }, "Application_DialogException"],
  [{ customerNumber: "C00099" }, "Internal_InvalidTableRelation"],
  [{ number: "MINE" }, "BadRequest"],
  [{ status: "Open" }, "BadRequest"],
  [{ totalAmountExcludingTax: 5 }, "BadRequest"],
  [{ fullyShipped: true }, "BadRequest"],
  [{ currencyCode: "XXX" }, "Internal_InvalidTableRelation"],
  [{ discountAmount: -1 }, "Application_DialogException"],
  [{ discountAmount: 1 }, "Application_DialogException"], // there are no lines that it could lower
])(
  "a sales order is refused with %j",
  (body: Body, code: string) =>
    withShop(async ({ send }) => {
      const reply = await send("POST", "salesOrders", { body: { customerNumber: "C00010", ...body } });
      assertEquals([reply.status, reply.body.error.code], [400, code]);
      assertEquals((await send("GET", "salesOrders/$count")).text, "0");
    }),
);

Deno.test.each(["Ship", "Invoice", "All"])(
  "a customer blocked with %s gets no new order",
  (blocked: string) =>
    withShop(async (world) => {
      await patch(world, `customers(${world.customer.id})`, { blocked });
      const reply = await world.send("POST", "salesOrders", { body: { customerId: world.customer.id } });
      assertEquals([reply.status, reply.body.error.code], [400, "Application_DialogException"]);
    }),
);

Deno.test("an order comes with its lines in one request, or not at all", () =>
  withShop(async (world) => {
    const made = await order(world, {}, [
      { quantity: 3 },
      { lineType: "Comment", lineObjectNumber: undefined, description: "Takk fyrir" },
      { sequence: 25000, lineType: "Account", lineObjectNumber: "6910", quantity: 1, unitPrice: 5.5 },
      { lineType: "Charge", lineObjectNumber: "FREIGHT", quantity: 1, unitPrice: 2 },
    ]);
    const lines = await linesOf(world, made.id);
    assertEquals(lines.map((line) => line.sequence), [10000, 20000, 25000, 35000]);
    assertEquals(lines.map((line) => line.lineType), ["Item", "Comment", "Account", "Charge"]);
    assertEquals(lines.map((line) => line.lineObjectNumber), ["I00010", "", "6910", "FREIGHT"]);
    assertEquals(lines.map((line) => line.description), ["Ufsi", "Takk fyrir", "Freight", "Freight"]);
    assertEquals(lines.map((line) => line.itemId), [world.item.id, ZERO, ZERO, ZERO]);
    assertEquals(lines[2]!.accountId === ZERO, false);
    assertEquals(lines.map((line) => line.unitOfMeasureCode), ["PCS", "", "", ""]);
    assertEquals(lines.map((line) => line.amountExcludingTax), [37.05, 0, 5.5, 2]);
    assertEquals((await world.send("GET", `salesOrders(${made.id})`)).body.totalAmountExcludingTax, 44.55);
    const expanded =
      (await world.send("GET", "salesOrders?$expand=salesOrderLines($select=sequence)&$select=number")).body;
    assertEquals(expanded.value[0].salesOrderLines.map((line: Body) => line.sequence), [10000, 20000, 25000, 35000]);

    const salesOrderLines = [{ lineType: "Item", lineObjectNumber: "I00010", quantity: 1 }, {
      lineType: "Item",
      lineObjectNumber: "I00020",
    }];
    const discounted = { customerNumber: "C00010", discountAmount: 1, salesOrderLines: salesOrderLines.slice(0, 1) };
    const early = await world.send("POST", "salesOrders", { body: discounted }); // the head comes before its lines
    assertEquals([early.status, early.body.error.code], [400, "Application_DialogException"]);
    const refused = await world.send("POST", "salesOrders", { body: { customerNumber: "C00010", salesOrderLines } });
    assertEquals([refused.status, refused.body.error.code], [400, "Application_DialogException"]);
    assertEquals((await world.send("GET", "salesOrders/$count")).text, "1");
    assertEquals(world.tables.table("salesOrderLines").size, 4);
  }));

Deno.test.each([
  [{ lineObjectNumber: "I00020" }, "Application_DialogException"], // blocked
  [{ lineObjectNumber: "I00099" }, "Internal_InvalidTableRelation"],
  [{ lineType: "Account", lineObjectNumber: "6100" }, "Application_DialogException"], // a heading
  [{ lineType: "Account", lineObjectNumber: "6950" }, "Application_DialogException"], // no direct posting
  [{ lineType: "Account", lineObjectNumber: "6190" }, "Application_DialogException"], // blocked
  [{ lineType: "Resource", lineObjectNumber: "LINA" }, "Internal_InvalidTableRelation"],
  [{ unitOfMeasureCode: "BOX" }, "Internal_InvalidTableRelation"], // no unit of the item
  [{ unitOfMeasureCode: "XXX" }, "Internal_InvalidTableRelation"],
  [{ sequence: 10000 }, "Internal_EntityWithSameKeyExists"],
  [{ discountPercent: 100.1 }, "Application_DialogException"],
  [{ discountAmount: 13 }, "Application_DialogException"],
  [{ shippedQuantity: 1 }, "BadRequest"],
  [{ amountExcludingTax: 1 }, "BadRequest"],
  [{ lineType: "Comment", lineObjectNumber: "", quantity: 1 }, "Application_DialogException"],
  [{ lineType: "Comment" }, "Internal_InvalidTableRelation"],
])(
  "a line is refused with %j",
  (body: Body, code: string) =>
    withShop(async (world) => {
      const { id } = await order(world, {}, [{ quantity: 1 }]);
      const line = { lineType: "Item", lineObjectNumber: "I00010", quantity: 1, ...body };
      const reply = await world.send("POST", `salesOrders(${id})/salesOrderLines`, { body: line });
      assertEquals([reply.status, reply.body.error.code], [400, code], reply.text);
      assertEquals((await linesOf(world, id)).length, 1);
    }),
);

Deno.test("a line names an item by id or number, but not an item and an account", () =>
  withShop(async (world) => {
    const { id } = await order(world, {});
    const add = (body: Body) => world.send("POST", "salesOrderLines", { body: { documentId: id, ...body } });
    assertEquals((await add({ itemId: world.item.id, quantity: 1 })).body.lineObjectNumber, "I00010");
    const accounts = (await world.send("GET", "accounts?$filter=number eq '6110'")).body.value;
    assertEquals((await add({ accountId: accounts[0].id, quantity: 1 })).body.lineType, "Account");
    assertEquals((await add({ itemId: world.item.id, accountId: accounts[0].id })).status, 400);
    assertEquals((await add({ itemId: world.item.id, lineType: "Account" })).status, 400);
    assertEquals((await add({ itemId: world.item.id, lineObjectNumber: "I00020" })).status, 400);
    assertEquals((await world.send("POST", "salesOrderLines", { body: { itemId: world.item.id } })).status, 400);
  }));

Deno.test("lines are listed within their order only", () =>
  withShop(async (world) => {
    const first = await order(world, {}, [{ quantity: 1 }]);
    await order(world, {}, [{ quantity: 2 }, { quantity: 3 }]);
    const all = await world.send("GET", "salesOrderLines");
    assertEquals([all.status, all.body.error.code], [400, "Application_DialogException"]);
    assertEquals((await world.send("GET", "salesOrderLines?$filter=quantity gt 1")).status, 400);
    const filtered = await world.send("GET", `salesOrderLines?$filter=documentId eq ${first.id}`);
    assertEquals(values(filtered, "quantity"), [1]);
    const [line] = filtered.body.value;
    assertEquals((await world.send("GET", `salesOrderLines(${line.id})`)).body.sequence, 10000);
    assertEquals((await world.send("GET", `salesOrders(${first.id})/salesOrderLines(${line.id})`)).status, 200);
    assertEquals((await world.send("GET", `salesOrders(${first.id})/salesOrderLines/$count`)).text, "1");
  }));

Deno.test("discount and percent of a line follow from each other, in the decimals of the currency", () =>
  withShop(async (world) => {
    const { id } = await order(world, {}, [
      { quantity: 3, discountPercent: 10 }, // 37.05
      { quantity: 3, discountAmount: 3.71 },
      { quantity: 0.333, unitPrice: 0.005 }, // 0.001665
      { quantity: 1, unitPrice: 0.125, discountPercent: 50 }, // 0.13, half of it 0.065
    ]);
    const lines = await linesOf(world, id);
    assertEquals(lines.map(amounts), [[10, 3.71, 33.34], [10.01350, 3.71, 33.34], [0, 0, 0], [50, 0.07, 0.06]]);
    const [line] = lines as [Body];
    const change = async (body: Body) => amounts((await patch(world, `salesOrderLines(${line.id})`, body)).body);
    assertEquals(await change({ quantity: 4 }), [10, 4.94, 44.46]);
    assertEquals(await change({ discountAmount: 9.4 }), [19.02834, 9.4, 40]);
    assertEquals(await change({ description: "Ufsi, flök" }), [19.02834, 9.4, 40]);
    assertEquals(await change({ discountPercent: 0 }), [0, 0, 49.4]);
    const yen = await order(world, { currencyCode: "JPY" }, [{ quantity: 3, unitPrice: 33.5, discountPercent: 1 }]);
    assertEquals((await linesOf(world, yen.id)).map(amounts), [[1, 1, 100]]);
  }));

Deno.test("a price that isn't given is the item's, in the currency of the order and for the unit of the line", () =>
  withShop(async (world) => {
    world.tables.table("itemUnitsOfMeasure").put({
      id: "a box of it",
      itemId: world.item.id,
      unitId: (await world.send("GET", "unitsOfMeasure?$filter=code eq 'BOX'")).body.value[0].id,
      quantityPerUnitOfMeasure: "12",
    });
    const local = await order(world, {}, [{ quantity: 1, unitOfMeasureCode: "BOX" }, { quantity: 1, unitPrice: 0 }]);
    assertEquals((await linesOf(world, local.id)).map((line) => line.unitPrice), [148.2, 0]);
    const euro = await order(world, { currencyCode: "EUR" }, [{ quantity: 1 }]);
    assertEquals((await linesOf(world, euro.id)).map((line) => line.unitPrice), [0.08821]); // 12.35 / 140
    await patch(world, `salesOrders(${euro.id})`, { currencyCode: "ISK" });
    assertEquals((await linesOf(world, euro.id)).map((line) => line.unitPrice), [12.35]);
  }));

Deno.test("the invoice discount is spread over items to the last cent, and totals follow", () =>
  withShop(async (world) => {
    const made = await order(world, { discountAmount: 10 }, [
      { quantity: 1, unitPrice: 10 },
      { quantity: 1, unitPrice: 10 },
      { quantity: 1, unitPrice: 10 },
      { lineType: "Account", lineObjectNumber: "6910", quantity: 1, unitPrice: 7 },
    ]);
    assertEquals([made.discountAmount, made.totalAmountExcludingTax, made.totalAmountIncludingTax], [10, 27, 27]);
    const lines = await linesOf(world, made.id);
    assertEquals(lines.map((line) => line.invoiceDiscountAllocation), [3.33, 3.34, 3.33, 0]);
    assertEquals(lines.map((line) => line.netAmount), [6.67, 6.66, 6.67, 7]);
    const path = `salesOrders(${made.id})`;
    assertEquals((await patch(world, path, { discountAmount: 30.01 })).status, 400);
    assertEquals((await patch(world, path, { discountAmount: 12.345 })).body.discountAmount, 12.35);
    for (const line of lines.slice(0, 2)) await world.send("DELETE", `salesOrderLines(${line.id})`);
    const left = (await world.send("GET", path)).body;
    assertEquals([left.discountAmount, left.totalAmountExcludingTax], [10, 7]); // no more than there is to lower
  }));

Deno.test("the time stamp of an order moves with its head and new lines, not with changed or deleted ones", () =>
  withShop(async (world) => {
    const { id } = await order(world, {}, [{ quantity: 1 }, { quantity: 2 }]);
    const path = `salesOrders(${id})`;
    let seen = "";
    const moved = async (work: () => Promise<Reply>) => {
      const { status } = await work();
      const { lastModifiedDateTime, ["@odata.etag"]: etag } = (await world.send("GET", path)).body;
      const now = `${lastModifiedDateTime} ${etag}`;
      const isOther = now !== seen;
      seen = now;
      return [status, isOther];
    };
    const [line, other] = await linesOf(world, id) as [Body, Body];
    await moved(() => world.send("GET", path));
    assertEquals(await moved(() => patch(world, `salesOrderLines(${line.id})`, { quantity: 5 })), [200, false]);
    assertEquals((await world.send("GET", path)).body.totalAmountExcludingTax, 86.45);
    assertEquals(await moved(() => world.send("DELETE", `salesOrderLines(${other.id})`)), [204, false]);
    const body = { lineType: "Item", lineObjectNumber: "I00010", quantity: 1 };
    assertEquals(await moved(() => world.send("POST", `${path}/salesOrderLines`, { body })), [201, true]);
    assertEquals(await moved(() => patch(world, path, { shipToCity: "Höfn" })), [200, true]);
  }));

Deno.test("a line keeps its order and sequence; another item gives it that item's description, unit and price", () =>
  withShop(async (world) => {
    await world.create("items", { displayName: "Ýsa", baseUnitOfMeasureCode: "BOX", unitPrice: 99 });
    const { id } = await order(world, {}, [{ quantity: 2 }]);
    const [line] = await linesOf(world, id) as [Body];
    const path = `salesOrderLines(${line.id})`;
    const stale = await world.send("PATCH", path, { body: { quantity: 3 }, headers: { "If-Match": 'W/"old"' } });
    assertEquals([stale.status, stale.body.error.code], [409, "Request_EntityChanged"]);
    for (const body of [{ sequence: 5 }, { documentId: world.item.id }]) {
      assertEquals((await patch(world, path, body)).status, 400);
    }
    assertEquals((await patch(world, path, { sequence: 10000, documentId: id })).status, 200);
    assertEquals((await patch(world, path, { unitPrice: 11 })).body.amountExcludingTax, 22);
    assertEquals((await patch(world, path, { quantity: 3 })).body.unitPrice, 11); // a price once given stays
    const { body } = await patch(world, path, { lineObjectNumber: "I00030" });
    assertEquals([body.description, body.unitOfMeasureCode, body.unitPrice], ["Ýsa", "BOX", 99]);
    assertEquals([body.quantity, body.amountExcludingTax], [3, 297]);
    const comment = await patch(world, path, { lineType: "Comment", quantity: 0, unitPrice: 0, unitOfMeasureCode: "" });
    assertEquals([comment.status, comment.body.lineObjectNumber], [200, ""]);
  }));

Deno.test("what an order needs isn't deleted, and deleting an order takes its lines along", () =>
  withShop(async (world) => {
    const [item] = await world.create("items", { displayName: "Ýsa", baseUnitOfMeasureCode: "PCS" }) as [Body];
    const { id } = await order(world, {}, [{ lineObjectNumber: item.number, quantity: 2 }]);
    assertEquals((await world.send("DELETE", `customers(${world.customer.id})`)).status, 400);
    assertMatch((await world.send("DELETE", `items(${item.id})`)).text, /salesOrderLines use it/);
    assertEquals((await world.send("DELETE", `salesOrders(${id})`)).status, 204);
    assertEquals(world.tables.table("salesOrderLines").size, 0);
    assertEquals((await world.send("GET", `salesOrders(${id})`)).status, 404);
    assertEquals((await world.send("DELETE", `items(${item.id})`)).status, 204);
  }));
