import { assertEquals } from "@std/assert";
import { type Client, openClient, refusal } from "./client.ts";

const patch = (row: unknown) => ({ method: "PATCH", body: JSON.stringify(row), headers: { "If-Match": "*" } });
const post = (row: unknown) => ({ method: "POST", body: JSON.stringify(row) });

async function unitGroup(client: Client, name: string): Promise<{ group: string; unit: string }> {
  const group = await client.create("uomschedules", { name, baseuomname: name });
  const { value } = await client.get(`uoms?$filter=_uomscheduleid_value eq ${group}`);
  assertEquals(value.length, 1);
  return { group, unit: value[0].uomid };
}

const product = (number: string, { group, unit }: { group: string; unit: string }) => ({
  name: number,
  productnumber: number,
  quantitydecimal: 2,
  "defaultuomscheduleid@odata.bind": `/uomschedules(${group})`,
  "defaultuomid@odata.bind": `/uoms(${unit})`,
});

Deno.test("an empty environment holds organization, currency, unit, team, user and unit group", async () => {
  await using client = await openClient({ localCurrency: "PLN" });
  const me = await client.get("WhoAmI");
  const organization = (await client.get("organizations")).value;
  assertEquals([organization.length, organization[0].organizationid], [1, me.OrganizationId]);
  const currency = (await client.get("transactioncurrencies")).value;
  assertEquals(currency.map((row: Record<string, unknown>) => [row.isocurrencycode, row.exchangerate]), [["PLN", 1]]);
  assertEquals(organization[0]._basecurrencyid_value, currency[0].transactioncurrencyid);
  assertEquals((await client.get("businessunits")).value[0].businessunitid, me.BusinessUnitId);
  assertEquals((await client.get("teams")).value.map((row: { isdefault: boolean }) => row.isdefault), [true]);
  const users = (await client.get("systemusers")).value;
  assertEquals(users.map((row: Record<string, unknown>) => [row.systemuserid, row.ownerid, row.islicensed]), [
    [me.UserId, me.UserId, false],
  ]);
  assertEquals((await client.get("uomschedules")).value[0].name, "Default Unit");
  const unit = (await client.get("uoms")).value[0];
  assertEquals([unit.name, unit.isschedulebaseuom, unit.quantity], ["Primary Unit", true, 1]);
  assertEquals((await client.get("accounts")).value, []);
});

Deno.test("a unit group makes its base unit; names are unique", async () => {
  await using client = await openClient();
  const { group, unit } = await unitGroup(client, "Box");
  const base = await client.get(`uoms(${unit})`);
  assertEquals([base.name, base.isschedulebaseuom, base._baseuom_value], ["Box", true, null]);
  assertEquals(await refusal(await client.crm("uomschedules", post({ name: "BOX", baseuomname: "x" }))), [
    412,
    "0x80040237",
  ]);
  const twelve = { name: "Dozen", quantity: 12, "uomscheduleid@odata.bind": `/uomschedules(${group})` };
  const id = await client.create("uoms", twelve);
  assertEquals((await client.get(`uoms(${id})`))._baseuom_value, unit);
  assertEquals(await refusal(await client.crm("uoms", post(twelve))), [412, "0x80040237"]);
  assertEquals(await refusal(await client.crm(`uomschedules(${group})`, patch({ baseuomname: "y" }))), [
    400,
    "0x80048d19",
  ]);
});

Deno.test("a product is born as a draft, unique by number, and keeps its unit group", async () => {
  await using client = await openClient();
  const box = await unitGroup(client, "Box");
  const piece = await unitGroup(client, "Piece");
  const id = await client.create("products", product("P-1", box));
  const row = await client.get(`products(${id})`);
  assertEquals([row.statecode, row.statuscode, row.productstructure], [2, 0, 1]);
  assertEquals(await refusal(await client.crm("products", post(product("p-1", box)))), [412, "0x80040237"]);
  const mixed = { ...product("P-2", box), "defaultuomid@odata.bind": `/uoms(${piece.unit})` };
  assertEquals(await refusal(await client.crm("products", post(mixed))), [400, "0x80040203"]);
  const { name: _, ...nameless } = product("P-3", box);
  assertEquals(await refusal(await client.crm("products", post(nameless))), [400, "0x80040203"]);
  const other = {
    "defaultuomscheduleid@odata.bind": `/uomschedules(${piece.group})`,
    "defaultuomid@odata.bind": `/uoms(${piece.unit})`,
  };
  assertEquals(await refusal(await client.crm(`products(${id})`, patch(other))), [400, "0x80040203"]);
  assertEquals((await client.crm(`products(${id})`, patch({ statecode: 0, statuscode: 1 }))).status, 204);
  assertEquals(await refusal(await client.crm(`products(${id})`, patch({ statecode: 2, statuscode: 0 }))), [
    400,
    "0x80048408",
  ]);
});

Deno.test("a price has the organization's precision, a stock two digits and no sign", async () => {
  await using client = await openClient();
  const id = await client.create("products", { ...product("P-1", await unitGroup(client, "Box")), price: 1.23456 });
  const text = await (await client.crm(`products(${id})?$select=price,price_base`)).text();
  assertEquals(/"price":([\d.]+),"price_base":([\d.]+)/.exec(text)!.slice(1), ["1.2300", "1.2300"]);
  await client.crm(`products(${id})`, patch({ quantityonhand: 5.678 }));
  assertEquals((await client.get(`products(${id})`)).quantityonhand, 5.68);
  assertEquals(await refusal(await client.crm(`products(${id})`, patch({ quantityonhand: -1 }))), [400, "0x80044330"]);
});

Deno.test("a state brings its first reason, and takes no other state's", async () => {
  await using client = await openClient();
  const id = await client.create("accounts", { name: "A" });
  assertEquals(await refusal(await client.crm(`accounts(${id})`, patch({ statuscode: 2 }))), [400, "0x80048408"]);
  await client.crm(`accounts(${id})`, patch({ statecode: 1 }));
  const row = await client.get(`accounts(${id})`);
  assertEquals([row.statecode, row.statuscode], [1, 2]);
});

Deno.test("a currency is unique by code and keeps it; the base currency keeps its rate", async () => {
  await using client = await openClient();
  const euro = {
    isocurrencycode: "EUR",
    currencyname: "Euro",
    currencysymbol: "€",
    currencyprecision: 2,
    currencytype: 0,
    exchangerate: 0.9,
  };
  const id = await client.create("transactioncurrencies", euro);
  assertEquals(await refusal(await client.crm("transactioncurrencies", post(euro))), [412, "0x80040237"]);
  assertEquals(await refusal(await client.crm(`transactioncurrencies(${id})`, patch({ isocurrencycode: "EUX" }))), [
    400,
    "0x80048d19",
  ]);
  assertEquals((await client.crm(`transactioncurrencies(${id})`, patch({ exchangerate: 0.91 }))).status, 204);
  const base = (await client.get("organizations")).value[0]._basecurrencyid_value;
  assertEquals(await refusal(await client.crm(`transactioncurrencies(${base})`, patch({ exchangerate: 2 }))), [
    400,
    "0x80040203",
  ]);
});

Deno.test("a deletion takes persons along, lets lookups go, and is refused where something needs the row", async () => {
  await using client = await openClient();
  const account = await client.create("accounts", { name: "A" });
  const child = await client.create("accounts", { name: "B", "parentaccountid@odata.bind": `/accounts(${account})` });
  await client.create("contacts", { lastname: "C", "parentcustomerid_account@odata.bind": `/accounts(${account})` });
  assertEquals((await client.crm(`accounts(${account})`, { method: "DELETE" })).status, 204);
  assertEquals((await client.get("contacts")).value, []);
  assertEquals((await client.get(`accounts(${child})`))._parentaccountid_value, null);
  const box = await unitGroup(client, "Box");
  await client.create("products", product("P-1", box));
  assertEquals(await refusal(await client.crm(`uomschedules(${box.group})`, { method: "DELETE" })), [
    405,
    "0x80040227",
  ]);
  const me = (await client.get("WhoAmI")).UserId;
  assertEquals(await refusal(await client.crm(`systemusers(${me})`, { method: "DELETE" })), [405, "0x80060888"]);
});

Deno.test("Sandbox.addCrmRow() stores a file's row with defaults, and names the column that is wrong", async () => {
  await using client = await openClient();
  const { sandbox } = client;
  const user = sandbox.addCrmRow("systemusers", {
    fullname: "Ása Þórsdóttir",
    isdisabled: "false",
    internalemailaddress: "a@x.is",
  });
  const id = sandbox.addCrmRow("accounts", {
    accountid: "0A000000-0000-4000-8000-00000000000B",
    name: "Fjall",
    accountnumber: "",
    creditlimit: "30000.5",
    customertypecode: "3",
    statecode: "1",
    ownerid: user,
    modifiedon: "2026-01-01T00:00:00Z",
  });
  const row = await client.get(`accounts(${id})`);
  assertEquals([id, row.creditlimit, row.customertypecode, row.statecode, row.statuscode, row._ownerid_value], [
    "0a000000-0000-4000-8000-00000000000b",
    30000.5,
    3,
    1,
    2,
    user,
  ]);
  assertEquals([row.accountnumber, row.modifiedon], [null, "2026-01-01T00:00:00Z"]);
  const shown = await client.get(`systemusers(${user})`);
  assertEquals([shown.fullname, shown.isdisabled, shown.islicensed], ["Ása Þórsdóttir", false, true]);
  const failed = (values: Record<string, string>) => {
    try {
      sandbox.addCrmRow("accounts", values);
    } catch (error) {
      return (error as Error).message.split(":")[0];
    }
  };
  assertEquals(failed({ name: "A", customertypecode: "abc" }), "customertypecode");
  assertEquals(failed({ name: "A", ownerid: "0a000000-0000-4000-8000-0000000000ff" }), "ownerid");
  assertEquals(failed({ name: "A", colour: "red" }), "colour");
});
