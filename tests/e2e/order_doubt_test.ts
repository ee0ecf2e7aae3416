/** Orders of which nobody can tell whether they are the same: a person tells, and until then nothing is written. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { crmOrder, erpOrder, erpOrders, linesOf, openShop, submit } from "./order_shop.ts";
import type { World } from "./order_world.ts";

const orders = { steps: "orders" } as const;
const codes = async (world: World) => (await world.listed()).map(({ code }) => code);

/** An order whose creation took effect and got no answer; a person in the ERP then changed one of its lines. */
async function edited(world: World, number: string) {
  const id = await submit(world, number);
  await world.sync({ ...orders, stop: { at: 1, when: "after", fate: "dies" } });
  const order = await erpOrder(world, number);
  const line = order.lines.find((one) => one["lineObjectNumber"] === "V101")!;
  await world.asErpUser("PATCH", `salesOrderLines(${line["id"]})`, { quantity: 7 });
  return { id, order, line };
}

Deno.test("an order that a person changed before we knew of it is left alone until the person says what it is", async () => {
  await using world = await openShop();
  const { id, order, line } = await edited(world, "DOUBT");
  const before = [linesOf(await erpOrder(world, "DOUBT")), linesOf(await crmOrder(world, id))];
  for (const later of [false, true, true]) {
    assertEquals((await world.sync({ ...orders, later })).sent, []);
    assertEquals(await codes(world), ["unknown_outcome", "unknown_outcome"]); // at both orders
    assertEquals([linesOf(await erpOrder(world, "DOUBT")), linesOf(await crmOrder(world, id))], before);
  }
  assertStringIncludes(
    (await world.listed())[0]!.message,
    `the order "${order.number}" has the number and other lines`,
  );
  await world.asErpUser("PATCH", `salesOrderLines(${line["id"]})`, { quantity: 10 });
  await world.sync(orders);
  assertEquals([await codes(world), (await erpOrders(world, "DOUBT")).length], [[], 1]);
  assertEquals((await erpOrder(world, "DOUBT")).lines.length, before[0]!.length);
});

Deno.test("an order whose number a person gave away is made anew, once", async () => {
  await using world = await openShop();
  const { order } = await edited(world, "AWAY");
  await world.sync(orders);
  await world.asErpUser("PATCH", `salesOrders(${order["id"]})`, { externalDocumentNumber: "ANOTHER" });
  await world.sync({ ...orders, later: true });
  await world.sync({ ...orders, later: true });
  assertEquals([(await erpOrders(world, "AWAY")).length, (await erpOrders(world, "ANOTHER")).length], [1, 1]);
  assertEquals(await codes(world), []);
});

Deno.test("a posted order of which nobody can tell is listed until the CRM's is canceled, or deleted", async () => {
  await using world = await openShop();
  for (const [number, end] of [["CANCEL", "cancel"], ["DELETE", "delete"]] as const) {
    const { id, order } = await edited(world, number);
    const line = order.lines.find((one) => one["lineObjectNumber"] === "V102")!;
    await world.asErpUser("PATCH", `salesOrderLines(${line["id"]})`, { lineObjectNumber: "V101" });
    world.sandbox.erpOrders.post(order.number);
    for (const later of [false, true]) {
      assertEquals((await world.sync({ ...orders, later })).sent, []);
      assertEquals(await codes(world), ["unknown_outcome"], end);
    }
    assertStringIncludes((await world.listed())[0]!.message, "cancel the one of the CRM");
    if (end === "delete") await world.asCrmUser("DELETE", `salesorders(${id})`);
    else {
      const close = { subject: "Mine", "salesorderid@odata.bind": `/salesorders(${id})` };
      await world.asCrmUser("POST", "CancelSalesOrder", { OrderClose: close, Status: 4 });
    }
    for (let run = 1; run <= 2; run++) {
      assertEquals((await world.sync({ ...orders, later: true })).sent, []);
      assertEquals(await codes(world), [], end);
    }
  }
});

Deno.test("an order that was entered on both sides gets no lines of the other while they differ", async () => {
  await using world = await openShop();
  const id = await submit(world, "HAND");
  const [customer] = await world.erp("customers?$filter=number eq 'K101'");
  const sold = (lineObjectNumber: string, quantity: number, unitPrice: number) => {
    return { lineType: "Item", lineObjectNumber, quantity, unitPrice };
  };
  const order = await world.asErpUser("POST", "salesOrders", {
    ...{ customerId: customer!["id"], externalDocumentNumber: "HAND" },
    salesOrderLines: [sold("V101", 10, 12.5), sold("V102", 5, 13.5)],
  });
  const before = [linesOf(await erpOrder(world, "HAND")), linesOf(await crmOrder(world, id))];
  for (let run = 1; run <= 3; run++) {
    await world.sync(orders);
    assertEquals([linesOf(await erpOrder(world, "HAND")), linesOf(await crmOrder(world, id))], before, `run ${run}`);
    assertEquals((await codes(world)).includes("conflict"), true, `run ${run}`);
  }
  assertEquals((await erpOrders(world, "HAND")).map((one) => one["id"]), [order]);
});
