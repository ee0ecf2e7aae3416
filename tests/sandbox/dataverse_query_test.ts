import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Client, openClient, refusal } from "./client.ts";

async function withAccounts(names: readonly string[]): Promise<Client> {
  const client = await openClient();
  client.sandbox.crm.transaction(() => {
    for (const name of names) client.sandbox.addCrmRow("accounts", { name });
  });
  return client;
}
const many = (count: number) => Array.from({ length: count }, (_, at) => `A ${String(at).padStart(5, "0")}`);
// deno-lint-ignore no-explicit-any
const namesOf = (page: any): string[] => page.value.map((row: { name: string }) => row.name);

Deno.test("GET pages by maxpagesize, the links are absolute and hold together", async () => {
  await using client = await withAccounts(many(7));
  const prefer = { Prefer: "odata.maxpagesize=3" };
  const sizes = [];
  const names = [];
  let next = "accounts?$select=name&$filter=startswith(name,'a ')&$top=1"; // $top is forgotten with a page size
  while (next) {
    const page = await client.get(next, prefer);
    sizes.push(page.value.length);
    names.push(...namesOf(page));
    next = page["@odata.nextLink"];
    if (next) assertStringIncludes(next, `${client.sandbox.crmUrl}accounts?$select=name&$filter=startswith`);
  }
  assertEquals([sizes, names], [[3, 3, 1], many(7)]);
});

Deno.test("GET's page token works only as it was given", async () => {
  await using client = await withAccounts(many(3));
  const page = await client.get("accounts", { Prefer: "odata.maxpagesize=2" });
  const link = page["@odata.nextLink"];
  assertEquals((await client.get(link)).value.length, 1);
  assertEquals(await refusal(await client.crm(decodeURIComponent(link))), [400, "0x80060888"]);
});

Deno.test("GET gives at most 5,000 rows, and counts no further", async () => {
  await using client = await withAccounts(many(5003));
  for (const prefer of ["", "odata.maxpagesize=20000"]) {
    const page = await client.get("accounts?$select=name&$count=true", { Prefer: prefer });
    assertEquals([page.value.length, page["@odata.count"]], [5000, 5000]);
    assertEquals(namesOf(await client.get(page["@odata.nextLink"])), many(5003).slice(5000));
  }
  assertEquals(await (await client.crm("accounts/$count")).text(), "5000");
});

Deno.test("GET filters, orders and limits; text in any case", async () => {
  await using client = await withAccounts(["Beta", "alfa", "Gamma"]);
  assertEquals(namesOf(await client.get("accounts?$filter=name eq 'ALFA'")), ["alfa"]);
  assertEquals(namesOf(await client.get("accounts?$orderby=name desc&$top=2")), ["Gamma", "Beta"]);
  const { accountid, modifiedon } = (await client.get("accounts?$top=1")).value[0];
  assertEquals(namesOf(await client.get(`accounts?$filter=accountid eq ${accountid}`)), ["Beta"]);
  assertEquals((await client.get(`accounts?$filter=modifiedon ge ${modifiedon} and statecode eq 0`)).value.length, 3);
  const sorted = await client.get("accounts?$orderby=name", { Prefer: "odata.maxpagesize=2" });
  assertEquals(namesOf(await client.get(sorted["@odata.nextLink"])), ["Gamma"]);
});

for (
  const [what, query, status] of [
    ["$skip", "$skip=1", 400],
    ["$search", "$search=a", 400],
    ["an unknown property in $select", "$select=nome", 400],
    ["an unknown property in $filter", "$filter=nome eq 'a'", 400],
    ["a lookup by its column in $select", "$select=ownerid", 400],
    ["in", "$filter=statecode in (0,1)", 501],
  ] as const
) {
  Deno.test(`GET refuses ${what}`, async () => {
    await using client = await openClient();
    assertEquals(await refusal(await client.crm(`accounts?${query}`)), [status, "0x80060888"]);
  });
}

Deno.test("GET echoes the preferences that it applied", async () => {
  await using client = await openClient();
  const answer = await client.crm("accounts", {
    headers: { Prefer: 'odata.include-annotations="*",odata.maxpagesize=5,odata.track-changes' },
  });
  await answer.body?.cancel();
  assertEquals(
    answer.headers.get("Preference-Applied"),
    'odata.include-annotations="*",odata.maxpagesize=5,odata.track-changes',
  );
});

Deno.test("EntityDefinitions tells which tables have change tracking", async () => {
  await using client = await openClient();
  const query = "EntityDefinitions?$filter=ChangeTrackingEnabled eq true&$select=LogicalName,ChangeTrackingEnabled";
  const names = async () => (await client.get(query)).value.map((row: { LogicalName: string }) => row.LogicalName);
  const orders = ["pricelevel", "salesorder", "salesorderdetail"];
  assertEquals(await names(), ["account", "contact", "product", ...orders]);
  await client.control("dataverse", { changeTracking: { accounts: false, uoms: true } });
  assertEquals(await names(), ["contact", "product", "uom", ...orders]);
  assertEquals((await client.crm("EntityDefinitions?$select=constructor")).status, 400);
  const one = await client.get("EntityDefinitions(LogicalName='account')?$select=EntitySetName,ChangeTrackingEnabled");
  assertEquals([one.EntitySetName, one.ChangeTrackingEnabled, one.LogicalName], ["accounts", false, undefined]);
});

Deno.test("EntityDefinitions tells which time stamps mean a day of the user's zone", async () => {
  await using client = await openClient();
  const dates = async (table: string) => {
    const path =
      `EntityDefinitions(LogicalName='${table}')/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata`;
    const { value } = await client.get(`${path}?$select=LogicalName,Format,DateTimeBehavior`);
    return Object.fromEntries(
      value.map((row: { LogicalName: string; Format: string; DateTimeBehavior: { Value: string } }) => [
        row.LogicalName,
        [row.Format, row.DateTimeBehavior.Value],
      ]),
    );
  };
  const { requestdeliveryby, submitdate, datefulfilled, createdon, name } = await dates("salesorder");
  const day = ["DateOnly", "UserLocal"];
  assertEquals([requestdeliveryby, submitdate, datefulfilled, createdon, name], [
    ...[day, day, day, ["DateAndTime", "UserLocal"], undefined],
  ]);
  const { begindate, enddate } = await dates("pricelevel");
  assertEquals([begindate, enddate], [day, day]);
  assertEquals((await dates("product")).validfromdate, ["DateOnly", "DateOnly"]);
  const { value } = await client.get("EntityDefinitions(LogicalName='salesorder')/Attributes");
  const number = value.find((row: { LogicalName: string }) => row.LogicalName === "ordernumber");
  assertEquals([number.AttributeType, number.IsValidForCreate, number.IsValidForUpdate], ["String", true, false]);
});
