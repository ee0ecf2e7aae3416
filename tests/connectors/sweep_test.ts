/** What is told of deletions: sweeps of ids on both sides, and readings that tell of them by themselves. */
import { assert, assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { Opened, Page } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { startWorld } from "./business_central_world.ts";
import { openWorld, readAll } from "./dataverse_world.ts";

async function sweep(opened: Opened): Promise<Page[]> {
  return await Array.fromAsync(opened.read({ fields: [], only: "ids" }));
}
function metIn(pages: readonly Page[]): string[] {
  assert(pages.every(({ rows, deleted, left, kind, cursor }) => {
    return rows.length + deleted.length + left.length === 0 && kind === "full" && cursor === null;
  }));
  return pages.flatMap(({ met }) => met!.map(({ id }) => id)).sort();
}
async function lastQuery(get: (path: string) => Promise<unknown>): Promise<string> {
  const log = await get("/sandbox/requests") as { path: string; operation: string }[];
  return decodeURIComponent(log.filter(({ operation }) => operation === "read").at(-1)!.path.replace(/^.*\?/, ""));
}

Deno.test("read() of only ids gives those in the filter of an account's table, and asks for nothing else", async () => {
  await using world = await openWorld();
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push(await world.add("accounts", { name: `Company ${n}`, customertypecode: 3 }));
  const stranger = await world.add("accounts", { name: "Prospect", customertypecode: 8 });
  const crm = world.connect({ pageSize: 2 });
  const pages = await sweep(crm.open(dv.accounts.where({ customertypecode: 3, statecode: 0 })));
  assertEquals([metIn(pages), pages.length, crm.requests().sweep], [ids, 2, 2]);
  const asked = await lastQuery((path) => world.api("GET", path));
  assert(
    asked.startsWith(
      "$select=accountid,merged,_masterid_value,modifiedon&$filter=customertypecode eq 3 and statecode eq 0",
    ),
    asked,
  );
  assertEquals(metIn(await sweep(crm.open(dv.accounts))), [...ids, stranger].sort());
  await world.api("DELETE", `accounts(${ids[0]})`);
  assertEquals(metIn(await sweep(crm.open(dv.accounts.where({ customertypecode: 3 })))), ids.slice(1));
});

Deno.test("read() of only ids decides a filter that Dataverse can't, without regard to change tracking", async () => {
  await using world = await openWorld();
  const account = await world.add("accounts", { name: "Sól ehf." });
  const bind = { "parentcustomerid_account@odata.bind": `/accounts(${account})` };
  const person = await world.add("contacts", { lastname: "Jónsdóttir", ...bind });
  await world.add("contacts", { lastname: "Alone" });
  assertEquals(metIn(await sweep(world.crm.open(dv.contacts.where({ parentcustomeridtype: "account" })))), [person]);
  assertEquals(metIn(await sweep(world.crm.open(dv.salesOrders, dv.salesOrderLines))), []);
});

Deno.test("read() of only ids gives those of items in one request, with the service's own filter", async () => {
  await using world = await startWorld();
  const ids: unknown[] = [];
  for (const type of ["Service", "Service", "Inventory"]) {
    ids.push((await world.post("items", { displayName: type, type }))["id"]);
  }
  const before = world.connector.requests();
  const opened = world.connector.open(bc.items.where({ type: "Service", blocked: false }));
  assertEquals(metIn(await sweep(opened)), ids.slice(0, 2).sort());
  const { read, sweep: swept } = world.connector.requests();
  assertEquals([read - before.read, swept - before.sweep], [0, 1]);
  const asked = await lastQuery((path) => world.get(path));
  assertEquals(asked, "$select=id,lastModifiedDateTime&$filter=type eq 'Service' and blocked eq false");
});

Deno.test("read() of only ids knows persons from companies, the local currency, and orders by their heads", async () => {
  await using world = await startWorld({ pageSize: 2 });
  const customer = await world.post("customers", { displayName: "Sól ehf." });
  const person = await world.post("contacts", { displayName: "Anna Jónsdóttir", type: "Person" });
  const orders: unknown[] = [];
  for (let n = 0; n < 3; n++) orders.push((await world.post("salesOrders", { customerId: customer["id"] }))["id"]);
  const { connector } = world;
  assertEquals(metIn(await sweep(connector.open(bc.persons))), [person["id"]]);
  assertEquals(metIn(await sweep(connector.open(bc.currencies))).length, 1);
  const pages = await sweep(connector.open(bc.salesOrders, bc.salesOrderLines));
  assertEquals([metIn(pages), pages.length], [orders.sort(), 2]);
  assertEquals(await lastQuery((path) => world.get(path)).then((asked) => asked.includes("$expand")), false);
  assertEquals(metIn(await sweep(connector.open(bc.salesOrders.where({ state: "Draft" })))), orders);
  assertEquals(metIn(await sweep(connector.open(bc.salesOrders.where({ state: "Released" })))), []);
});

Deno.test("read() by delta link tells all deletions; by time of change, and of everything, it doesn't", async () => {
  await using world = await openWorld();
  const id = await world.add("accounts", { name: "Gone" });
  const accounts = world.crm.open(dv.accounts);
  const first = await readAll(accounts, { fields: ["name"] });
  assertEquals(first.tellsDeletions, undefined);
  await world.api("DELETE", `accounts(${id})`);
  const second = await readAll(accounts, { fields: ["name"], since: first.cursor! });
  assertEquals([second.tellsDeletions, second.deleted], [true, [id]]);

  await world.set("dataverse", { changeTracking: { contacts: false } });
  const contacts = world.connect({}).open(dv.contacts);
  const { cursor } = await readAll(contacts, { fields: ["lastname"] });
  const changes = await readAll(contacts, { fields: ["lastname"], since: cursor! });
  assertEquals([changes.kind, changes.tellsDeletions], ["delta", undefined]);
});

Deno.test("read() of orders by delta links tells deletions, too; Business Central's readings never do", async () => {
  await using world = await openWorld();
  const orders = world.crm.open(dv.salesOrders, dv.salesOrderLines);
  const { cursor } = await readAll(orders, { fields: ["name"] });
  assertEquals((await readAll(orders, { fields: ["name"], since: cursor! })).tellsDeletions, true);

  await using erp = await startWorld();
  const units = erp.connector.open(bc.unitsOfMeasure);
  const [full] = await Array.fromAsync(units.read({ fields: ["code"] }));
  const [delta] = await Array.fromAsync(units.read({ fields: ["code"], since: full!.cursor! }));
  assertEquals([delta?.kind, delta?.tellsDeletions], ["delta", undefined]);
});

Deno.test("read() of only ids states when records were modified as their readings do", async () => {
  await using erp = await startWorld();
  await erp.post("items", { displayName: "Bolt", type: "Inventory" });
  await erp.post("contacts", { displayName: "Anna Jónsdóttir", type: "Person" });
  await using crm = await openWorld();
  const account = await crm.add("accounts", { name: "Sól ehf." });
  const bind = { "parentcustomerid_account@odata.bind": `/accounts(${account})` };
  await crm.add("contacts", { lastname: "Jónsdóttir", ...bind });
  const handles = [
    ...[bc.items, bc.persons].map((entity) => erp.connector.open(entity)), // a filter that it decides, and one of ours
    ...[dv.accounts, dv.contacts.where({ parentcustomeridtype: "account" })].map((entity) => crm.crm.open(entity)),
  ];
  for (const opened of handles) {
    const { rows } = await readAll(opened, { fields: [] });
    assertEquals(
      (await sweep(opened)).flatMap(({ met }) => met),
      rows.map(({ id, modifiedAt }) => ({ id, modifiedAt })),
    );
    assert(rows.length === 1 && rows[0]!.modifiedAt !== null);
  }
});
