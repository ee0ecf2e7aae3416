/** Orders whose store was lost: none is sent a second time. */
import { assertEquals } from "@std/assert";
import { compiledOf, findRecord } from "../../engine/find_record.ts";
import { confirmRebuild } from "../../engine/rebuild.ts";
import { retriesOf, retry, retryFilter } from "../../engine/retry.ts";
import { skipRecord } from "../../engine/skip.ts";
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

/** An order that was sent and posted before the store is lost. */
async function posted(world: World): Promise<string> {
  const id = await submit(world, "POSTED");
  await world.sync(orders);
  const [order] = await erpOrders(world, "POSTED");
  world.sandbox.erpOrders.post(String(order!["number"]));
  return id;
}

Deno.test("a posted order is not sent again although a person skipped it while creations were held", async () => {
  await using world = await openShop();
  const id = await posted(world);
  await world.sync({ rebuild: true });
  await world.sync();
  const place = placeOf(world);
  const row = await findRecord(place, `orders/${id}`);
  const now = "2026-01-01T00:00:00Z";
  await world.store.save(
    "default",
    "orders",
    skipRecord(compiledOf(place.steps, "orders"), row, { text: "later", now }),
  );
  await confirmRebuild(place);
  await world.sync(orders);
  for (const one of await retriesOf(place, retryFilter(place.steps, [`orders/${id}`]))) await retry(place, one);
  await world.sync(orders);
  await world.sync(orders);
  assertEquals([await inErp(world, "POSTED"), (await crmOrder(world, id))["statecode"]], [[0, 1], 4]);
});

Deno.test("a posted order is not sent again although it was open in the CRM when creations were confirmed", async () => {
  await using world = await openShop();
  const id = await posted(world);
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 0 });
  await world.sync({ rebuild: true });
  await world.sync();
  await confirmRebuild(placeOf(world));
  await world.sync(orders);
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 1 });
  await world.sync(orders);
  await world.sync(orders);
  assertEquals([await inErp(world, "POSTED"), (await crmOrder(world, id))["statecode"]], [[0, 1], 4]);
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
