/** A released order that a stopped run was changing: it is given back its state, and only if that run had opened it. */
import { assertEquals, assertMatch } from "@std/assert";
import { erpOrder, openShop, submit } from "./order_shop.ts";
import type { World } from "./order_world.ts";

/** Orders alone; returns what was sent that writes. */
async function sync(world: World): Promise<readonly string[]> {
  return (await world.sync({ steps: "orders" })).sent;
}
const actionsIn = (sent: readonly string[]) => sent.flatMap((one) => /Microsoft\.NAV\.(\w+)$/.exec(one)?.[1] ?? []);
const reasons = async (world: World, id: string) => (await world.listed()).filter((one) => one.id === id);

/** An order that is released in the ERP, and got another address in the CRM since. */
async function changed(world: World, number: string): Promise<string> {
  const id = await submit(world, number);
  await sync(world);
  world.sandbox.erpOrders.release((await erpOrder(world, number)).number);
  await sync(world);
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 0 });
  await world.asCrmUser("PATCH", `salesorders(${id})`, { shipto_city: "Vík" });
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 1 });
  return id;
}

Deno.test("an order that a stopped run had not opened yet, and a person did since, is left open", async () => {
  await using world = await openShop();
  const id = await changed(world, "MINE");
  const stopped = await world.sync({ steps: "orders", stop: { at: 1, when: "before", fate: "dies" } });
  assertEquals([stopped.isCut, actionsIn(stopped.sent)], [true, []]);
  world.sandbox.erpOrders.reopen((await erpOrder(world, "MINE")).number);
  assertEquals(actionsIn(await sync(world)), []);
  const order = await erpOrder(world, "MINE");
  assertEquals([order["status"], order["shipToCity"]], ["Draft", "Vík"]);
  assertEquals(await reasons(world, id), []);
});

Deno.test("an order that a stopped run left open is listed until it can be released", async () => {
  await using world = await openShop();
  const id = await changed(world, "OPENED");
  const stopped = await world.sync({ steps: "orders", stop: { at: 1, when: "after", fate: "dies" } });
  assertEquals(actionsIn(stopped.sent), ["reopen"]);
  const before = await erpOrder(world, "OPENED");
  assertEquals(before["status"], "Draft");
  for (const line of before.lines) await world.asErpUser("DELETE", `salesOrderLines(${line["id"]})`);
  for (let run = 1; run <= 3; run++) {
    await sync(world);
    const listed = await reasons(world, id);
    assertEquals(listed.map(({ code }) => code).filter((code) => code === "not_restored"), ["not_restored"], `${run}`);
    assertMatch(
      listed[0]!.message,
      /Cannot release the order "S-ORD\d+" again .*nothing to release.*order_not_released/,
    );
  }
  const line = { lineType: "Item", lineObjectNumber: "V101", quantity: 12 };
  await world.asErpUser("POST", `salesOrders(${before["id"]})/salesOrderLines`, line);
  const sent = await sync(world);
  assertEquals([actionsIn(sent), (await erpOrder(world, "OPENED"))["status"]], [["release"], "Open"]);
  await sync(world);
  assertEquals((await reasons(world, id)).map(({ code }) => code), []);
});
