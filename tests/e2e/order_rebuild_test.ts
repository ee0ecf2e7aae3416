/** Orders whose store was lost: none is sent a second time. */
import { assertEquals } from "@std/assert";
import { confirmRebuild } from "../../engine/rebuild.ts";
import { crmOrder, erpOrders, openShop, submit } from "./order_shop.ts";
import type { World } from "./order_world.ts";

const orders = { steps: "orders" } as const;
const inErp = async (world: World, number: string) => [
  (await erpOrders(world, number)).length,
  (await world.erp(`salesInvoices?$filter=externalDocumentNumber eq '${number}'`)).length,
];
/** Owners differ from the start, and without a base nobody knows that both sides agreed on it: a conflict is no concern here. */
const listed = async (world: World) =>
  (await world.listed()).filter(({ code }) => code !== "conflict").map(({ code, id }) => `${code} ${id}`).sort();

Deno.test("orders that are open, posted or new when the store is lost are in the ERP once each in the end", async () => {
  await using world = await openShop();
  for (const number of ["OPEN", "POSTED"]) await submit(world, number);
  await world.sync(orders);
  const [order] = await erpOrders(world, "POSTED");
  world.sandbox.erpOrders.post(String(order!["number"]));
  const fresh = await submit(world, "NEW");
  const posted = (await world.crm("salesorders?$filter=ordernumber eq 'POSTED'"))[0]!["salesorderid"];

  assertEquals((await world.sync({ rebuild: true })).sent, []);
  assertEquals((await world.sync()).sent.filter((one) => one.startsWith("POST salesOrders")), []);
  assertEquals(await listed(world), [`unconfirmed ${fresh}`, `unconfirmed ${posted}`].sort());
  await world.sync(orders); // looks among what is posted
  assertEquals(await listed(world), [`unconfirmed ${fresh}`]);
  assertEquals((await crmOrder(world, String(posted)))["statecode"], 4);
  assertEquals(await inErp(world, "NEW"), [0, 0]);

  await confirmRebuild(world.store, "default");
  await world.sync(orders);
  assertEquals(await listed(world), []);
  assertEquals([await inErp(world, "OPEN"), await inErp(world, "POSTED"), await inErp(world, "NEW")], [
    [1, 0],
    [0, 1],
    [1, 0],
  ]);
});

Deno.test("an order that was posted with other lines is a person's, also once creations were confirmed", async () => {
  await using world = await openShop();
  const id = await submit(world, "EDITED");
  await world.sync(orders);
  const [order] = await erpOrders(world, "EDITED");
  const line = order!.lines.find((one) => one["lineObjectNumber"] === "V102")!;
  await world.asErpUser("PATCH", `salesOrderLines(${line["id"]})`, { lineObjectNumber: "V101" });
  world.sandbox.erpOrders.post(String(order!["number"]));
  await world.sync({ rebuild: true });
  await world.sync();
  await confirmRebuild(world.store, "default");
  for (const later of [false, true]) {
    await world.sync({ ...orders, later });
    assertEquals((await world.listed()).filter((one) => one.code === "unknown_outcome").map((one) => one.id), [id]);
    assertEquals(await inErp(world, "EDITED"), [0, 1]);
  }
});
