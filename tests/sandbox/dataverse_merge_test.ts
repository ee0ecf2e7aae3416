import { assertEquals } from "@std/assert";
import { refusal } from "./client.ts";
import { bind, openShop, patch, post } from "./dataverse_shop.ts";

const account = (accountid: string) => ({ "@odata.type": "Microsoft.Dynamics.CRM.account", accountid });
const zero = "00000000-0000-0000-0000-000000000000";

Deno.test("Merge deactivates the subordinate, names its master, and moves contacts and orders to the target", async () => {
  await using shop = await openShop();
  const { client, account: target } = shop;
  const other = await client.create("accounts", { name: "Fjall ehf.", telephone1: "555" });
  const person = await client.create("contacts", {
    lastname: "Jónsdóttir",
    "parentcustomerid_account@odata.bind": bind("accounts", other),
  });
  const order = await client.create("salesorders", {
    name: "Order",
    "customerid_account@odata.bind": bind("accounts", other),
    "pricelevelid@odata.bind": bind("pricelevels", shop.list),
  });
  assertEquals((await client.crm(`salesorders(${order})`, patch({ statecode: 1 }))).status, 204);
  const answer = await client.crm(
    "Merge",
    post({
      Target: { ...account(target), name: "Fjall" },
      Subordinate: account(other),
      UpdateContent: { ...account(zero), telephone1: "555" },
      PerformParentingChecks: false,
    }),
  );
  assertEquals(answer.status, 204);
  const gone = await client.get(`accounts(${other})`);
  assertEquals([gone.statecode, gone.statuscode, gone.merged, gone._masterid_value], [1, 2, true, target]);
  const kept = await client.get(`accounts(${target})`);
  assertEquals([kept.name, kept.telephone1, kept.statecode, kept.merged ?? false], ["Fjall", "555", 0, false]);
  const contact = await client.get(`contacts(${person})`);
  assertEquals([contact._parentcustomerid_value, contact._accountid_value], [target, target]);
  const moved = await client.get(`salesorders(${order})`);
  assertEquals([moved._customerid_value, moved.statecode], [target, 1]);
});

Deno.test("Merge refuses what can't be merged", async () => {
  await using shop = await openShop();
  const { client, account: target } = shop;
  const other = await client.create("accounts", { name: "Other" });
  const child = await client.create("accounts", {
    name: "Child",
    "parentaccountid@odata.bind": bind("accounts", other),
  });
  const merge = (Target: unknown, Subordinate: unknown, checks = false) =>
    client.crm("Merge", post({ Target, Subordinate, PerformParentingChecks: checks }));
  assertEquals((await merge(account(target), account(target))).status, 400);
  assertEquals(await refusal(await merge(account(target), account(zero))), [404, "0x80040217"]);
  assertEquals((await merge({ accountid: target }, account(other))).status, 400);
  assertEquals((await merge(account(target), account(child), true)).status, 400);
  assertEquals((await merge(account(target), account(child))).status, 204);
  assertEquals((await merge(account(target), account(child))).status, 400, "it is merged already");
  assertEquals((await client.crm("Merge")).status, 405);
});
