import { assertEquals, assertStringIncludes } from "@std/assert";
import { openClient, refusal } from "./client.ts";
import { line, openShop, order } from "./dataverse_shop.ts";

const track = { Prefer: "odata.track-changes" };
const patch = (row: unknown) => ({ method: "PATCH", body: JSON.stringify(row) });

Deno.test("changes since a delta link: new and changed rows first, then deleted ones", async () => {
  await using client = await openClient();
  const a = await client.create("accounts", { name: "A" });
  const b = await client.create("accounts", { name: "B" });
  await client.create("accounts", { name: "C" });
  const first = await client.get("accounts?$select=name", track);
  assertEquals([first.value.length, "@odata.nextLink" in first], [3, false]);
  const d = await client.create("accounts", { name: "D" });
  const e = await client.create("accounts", { name: "E" });
  for (const id of [b, e]) await client.crm(`accounts(${id})`, { method: "DELETE" });
  await client.crm(`accounts(${a})`, patch({ name: "A2" }));
  const link = first["@odata.deltaLink"];
  assertStringIncludes(link, `${client.sandbox.crmUrl}accounts?$select=name&$deltatoken=`);
  const delta = await client.get(link);
  assertStringIncludes(delta["@odata.context"], "$metadata#accounts(name)/$delta");
  const shown = delta.value.map((row: Record<string, unknown>) =>
    row.accountid ? [row.accountid, row.name] : [row.id, row.reason]
  );
  assertEquals(shown, [[d, "D"], [a, "A2"], [b, "deleted"], [e, "deleted"]]);
  assertStringIncludes(delta.value[2]["@odata.context"], "$metadata#accounts/$deletedEntity");
  const count = link.replace("accounts?", "accounts/$count?");
  assertEquals(await (await client.crm(count)).text(), "4");
  const again = await client.get(delta["@odata.deltaLink"]);
  assertEquals([again.value, typeof again["@odata.deltaLink"]], [[], "string"]);
});

Deno.test("pages of changes: the link is on the last page, and misses nothing written meanwhile", async () => {
  await using client = await openClient();
  const ids = [];
  for (const name of ["A", "B", "C"]) ids.push(await client.create("accounts", { name }));
  const two = { Prefer: "odata.track-changes,odata.maxpagesize=2" };
  const first = await client.get("accounts?$select=name", two);
  assertEquals([first.value.length, "@odata.deltaLink" in first], [2, false]);
  await client.crm(`accounts(${ids[0]})`, patch({ name: "A2" })); // already read
  const second = await client.get(first["@odata.nextLink"], two);
  const delta = await client.get(second["@odata.deltaLink"], two);
  assertEquals(delta.value.map((row: { name: string }) => row.name), ["A2"]);

  for (const id of ids) await client.crm(`accounts(${id})`, patch({ name: "X" }));
  await client.crm(`accounts(${ids[2]})`, { method: "DELETE" });
  const d = await client.create("accounts", { name: "D" });
  await client.crm(`accounts(${d})`, { method: "DELETE" });
  const seen: string[] = [];
  let page = await client.get(delta["@odata.deltaLink"], two);
  for (let n = 0;; n++) {
    seen.push(...page.value.map((row: Record<string, string>) => row.accountid ?? `${row.id} gone`));
    if (n === 0) await client.crm(`accounts(${ids[0]})`, patch({ name: "Y" }));
    if (page["@odata.nextLink"] === undefined) break;
    page = await client.get(page["@odata.nextLink"], two);
  }
  assertEquals(seen, [ids[1], `${ids[2]} gone`, `${d} gone`].toSpliced(0, 0, ids[0]!));
  const rest = await client.get(page["@odata.deltaLink"], two);
  assertEquals(rest.value.map((row: { name: string }) => row.name), ["Y"]);
});

for (const query of ["$filter=name eq 'A'", "$orderby=name", "$top=1", "$expand=primarycontactid"]) {
  Deno.test(`change tracking refuses ${query}`, async () => {
    await using client = await openClient();
    assertEquals(await refusal(await client.crm(`accounts?${query}`, { headers: track })), [400, "0x80060888"]);
  });
}

Deno.test("change tracking is refused where the table doesn't have it", async () => {
  await using client = await openClient();
  assertEquals(await refusal(await client.crm("uoms", { headers: track })), [400, "0x80060888"]);
  await client.control("dataverse", { changeTracking: { uoms: true, accounts: false } });
  assertEquals((await client.get("uoms", track)).value.length, 1);
  assertEquals(await refusal(await client.crm("accounts", { headers: track })), [400, "0x80060888"]);
});

Deno.test("a delta token expires by age and on request", async () => {
  const clock = { at: Date.UTC(2026, 0, 1) };
  await using client = await openClient({ clock: { now: () => clock.at, uuid: () => crypto.randomUUID() } });
  await client.control("tokens", { expiresIn: 1e9 });
  const fresh = await client.get("accounts", track);
  await client.control("dataverse", { expireDeltaTokens: true });
  assertEquals(await refusal(await client.crm(fresh["@odata.deltaLink"])), [400, "0x80044352"]);
  const next = (await client.get("accounts", track))["@odata.deltaLink"];
  assertEquals((await client.get(next)).value, []);
});

Deno.test("a delta token that was given after a restart is good, whatever expired before", async () => {
  const dir = Deno.makeTempDirSync();
  {
    await using client = await openClient({ dir });
    await (await client.control("dataverse", { expireDeltaTokens: true })).body?.cancel();
  }
  {
    await using client = await openClient({ dir });
    const link = (await client.get("accounts", track))["@odata.deltaLink"];
    assertEquals((await client.get(link)).value, []);
  }
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("a delta token is refused after the days that the organization keeps changes", async () => {
  const dir = Deno.makeTempDirSync();
  const day = 86_400_000;
  const at = (now: number) => ({ dir, clock: { now: () => now, uuid: () => crypto.randomUUID() } });
  let path: string;
  {
    await using client = await openClient(at(0));
    const link = new URL((await client.get("accounts", track))["@odata.deltaLink"]);
    path = link.pathname + link.search;
  }
  {
    await using client = await openClient(at(6.9 * day));
    assertEquals((await client.get(path)).value, []);
  }
  {
    await using client = await openClient(at(7.1 * day));
    assertEquals(await refusal(await client.crm(path)), [400, "0x80044352"]);
  }
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("lines of orders have changes of their own; a state of the order isn't one of them", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const lines = [line(shop, null), line(shop, null), line(shop, null)];
  const id = await client.create("salesorders", order(shop, { order_details: lines }));
  const first = await client.get("salesorderdetails?$select=quantity", track);
  const [a, b] = first.value.map((row: { salesorderdetailid: string }) => row.salesorderdetailid);
  await client.crm(`salesorderdetails(${a})`, patch({ quantityshipped: 1 }));
  await client.crm(`salesorderdetails(${b})`, { method: "DELETE" });
  await client.crm(`salesorders(${id})`, patch({ statecode: 1 }));
  const delta = await client.get(first["@odata.deltaLink"]);
  assertEquals(delta.value.map((row: Record<string, unknown>) => row.salesorderdetailid ?? row.id), [a, b]);
  assertEquals(await refusal(await client.crm("productpricelevels", { headers: track })), [400, "0x80060888"]);
  await client.control("dataverse", { changeTracking: { productpricelevels: true, salesorderdetails: false } });
  assertEquals((await client.crm("productpricelevels", { headers: track })).status, 200);
  assertEquals((await client.crm("salesorderdetails", { headers: track })).status, 400);
});
