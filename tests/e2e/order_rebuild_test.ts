/** Orders whose store was lost: none is sent a second time. */
import { assertEquals } from "@std/assert";
import { confirmRebuild } from "../../engine/rebuild.ts";
import { orders as definition } from "../../pipelines/orders.ts";
import { crmOrder, erpOrders, openShop, submit } from "./order_shop.ts";
import type { World } from "./order_world.ts";

const placeOf = ({ store }: World) => ({ store, connection: "default", steps: [definition] });
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

  await confirmRebuild(placeOf(world));
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
  await confirmRebuild(placeOf(world));
  for (const later of [false, true]) {
    await world.sync({ ...orders, later });
    assertEquals((await world.listed()).filter((one) => one.code === "unknown_outcome").map((one) => one.id), [id]);
    assertEquals(await inErp(world, "EDITED"), [0, 1]);
  }
});

Deno.test("orders are confirmed only once none waits: a posted one is found when its customer has a partner again", async () => {
  await using world = await openShop();
  await submit(world, "WAITS");
  await world.sync(orders);
  const [order] = await erpOrders(world, "WAITS");
  world.sandbox.erpOrders.post(String(order!["number"]));
  const [account] = await world.crm("accounts?$filter=accountnumber eq 'K101'");
  const path = `accounts(${account!["accountid"]})`;
  const { name, address1_postalcode } = account!;
  await world.asCrmUser("PATCH", path, { accountnumber: "?", name: "Another", address1_postalcode: "?" });
  await world.sync({ rebuild: true });
  await world.sync();
  assertEquals((await confirmRebuild(placeOf(world))).held, ["orders"]);
  await world.asCrmUser("PATCH", path, { accountnumber: "K101", name, address1_postalcode });
  await world.sync();
  assertEquals((await confirmRebuild(placeOf(world))).held, []);
  await world.sync();
  assertEquals(await inErp(world, "WAITS"), [0, 1]);
});
