/** Deletions in Business Central as the extension's log tells of them. */
import { assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { Opened, Page } from "../../connectors/connector.ts";
import { startWorld } from "../extension/world.ts";

async function read(opened: Opened, since?: string): Promise<Page & { readonly all: readonly Page[] }> {
  const all = await Array.fromAsync(opened.read({ fields: [], ...(since === undefined ? {} : { since }) }));
  return { ...all.at(-1)!, all };
}

Deno.test("read() of changes tells what was deleted since the cursor, of its own table only, for one request", async () => {
  await using world = await startWorld();
  const [gone, stays] = await world.create("customers", { displayName: "Gone" }, { displayName: "Stays" });
  const agents = await world.create("shippingAgents", { code: "DHL" });
  const customers = world.connector.open(bc.customers);
  const first = await read(customers);
  assertEquals([first.tellsDeletions, first.deleted], [undefined, []]);
  world.clock.pass(7_200_000);
  await world.send("DELETE", `customers(${gone.id})`, undefined, "standard");
  const before = customers.requests().read;
  const second = await read(customers, first.cursor!);
  assertEquals([second.kind, second.tellsDeletions, second.deleted], ["delta", true, [gone.id]]);
  assertEquals(customers.requests().read - before, 2);
  const shipping = world.connector.open(bc.shippingAgents);
  const other = await read(shipping, (await read(shipping)).cursor!);
  assertEquals([other.tellsDeletions, other.deleted, agents.length], [true, [], 1]);

  world.clock.pass(7_200_000);
  const third = await read(customers, second.cursor!);
  assertEquals(third.deleted, [gone.id], "told again within the overlap of the log's newest entry");
  assertEquals(stays.displayName, "Stays");
});

Deno.test("read() tells no deletions with a cursor from before the log, and from then on it does", async () => {
  await using world = await startWorld();
  const [gone] = await world.create("customers", { displayName: "Gone" });
  const customers = world.connector.open(bc.customers);
  const old = JSON.stringify({ modified: gone.lastModifiedDateTime });
  await world.send("DELETE", `customers(${gone.id})`, undefined, "standard");
  const first = await read(customers, old);
  assertEquals([first.kind, first.tellsDeletions, first.deleted], ["delta", undefined, []]);
  assertEquals((await read(customers, first.cursor!)).tellsDeletions, true);
});

Deno.test("read() tells nothing as deleted that was made anew under its id", async () => {
  await using world = await startWorld();
  const [gone] = await world.create("customers", { displayName: "Twice" });
  const customers = world.connector.open(bc.customers);
  const { cursor } = await read(customers);
  await world.send("DELETE", `customers(${gone.id})`, undefined, "standard");
  await world.create("customers", { id: gone.id, displayName: "Twice" });
  const second = await read(customers, cursor!);
  assertEquals([second.deleted, second.rows.map(({ id }) => id)], [[], [gone.id]]);
});

Deno.test("read() without the extension, and of standard pages, asks for no log", async () => {
  await using world = await startWorld();
  for (
    const opened of [world.connect({ extension: false }).open(bc.customers), world.connector.open(bc.unitsOfMeasure)]
  ) {
    const { cursor } = await read(opened);
    assertEquals([(await read(opened, cursor!)).tellsDeletions, opened.requests().read], [undefined, 2]);
  }
});
