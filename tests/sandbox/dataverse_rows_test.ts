import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openClient, refusal } from "./client.ts";

const json = (row: unknown, headers: Record<string, string> = {}) => ({
  method: "POST",
  body: JSON.stringify(row),
  headers,
});
const patch = (row: unknown, headers: Record<string, string> = {}) => ({
  method: "PATCH",
  body: JSON.stringify(row),
  headers,
});
const SOME_ID = "0a000000-0000-4000-8000-00000000000b";

Deno.test("POST answers 204 with the address, or 201 with the row and no address", async () => {
  await using client = await openClient();
  const plain = await client.crm("accounts", json({ name: "A" }));
  assertEquals([plain.status, await plain.text()], [204, ""]);
  assertStringIncludes(plain.headers.get("OData-EntityId")!, `${client.sandbox.crmUrl}accounts(`);
  const full = await client.crm("accounts?$select=name", json({ name: "B" }, { Prefer: "return=representation" }));
  assertEquals([full.status, full.headers.has("OData-EntityId")], [201, false]);
  const row = await full.json();
  assertEquals(Object.keys(row), ["@odata.context", "@odata.etag", "accountid", "name"]);
  assertEquals(row["@odata.etag"], full.headers.get("ETag"));
});

Deno.test("POST gives a row the service's defaults", async () => {
  await using client = await openClient();
  const me = (await client.get("WhoAmI")).UserId;
  const base = (await client.get("organizations?$select=name,_basecurrencyid_value")).value[0]._basecurrencyid_value;
  const id = await client.create("accounts", { name: "  A  ", accountnumber: "" });
  const row = await client.get(`accounts(${id})`);
  assertEquals(
    [row.name, row.accountnumber, row.statecode, row.statuscode, row.customertypecode, row.creditonhold],
    ["  A", null, 0, 1, null, false],
  );
  assertEquals([row._ownerid_value, row._owninguser_value, row._owningteam_value], [me, me, null]);
  assertEquals([row._transactioncurrencyid_value, row.creditlimit], [base, null]);
  assertMatch(row.modifiedon, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assertEquals(row["@odata.etag"], `W/"${row.versionnumber}"`);
});

Deno.test("PATCH creates a row that isn't there, unless If-Match says otherwise", async () => {
  await using client = await openClient();
  const never = await client.crm(`accounts(${SOME_ID})`, patch({ name: "A" }, { "If-Match": "*" }));
  assertEquals(await refusal(never), [404, "0x80040217"]);
  const created = await client.crm(`accounts(${SOME_ID})`, patch({ name: "A" }, { "If-None-Match": "*" }));
  assertEquals([created.status, created.headers.get("OData-EntityId")], [
    204,
    `${client.sandbox.crmUrl}accounts(${SOME_ID})`,
  ]);
  const changed = await client.crm(
    `accounts(${SOME_ID})`,
    patch({ telephone1: "1" }, { "Prefer": "return=representation", "If-None-Match": "null" }),
  );
  const row = await changed.json();
  assertEquals([changed.status, row.name, row.telephone1], [200, "A", "1"]);
  const twice = await client.crm(`accounts(${SOME_ID})`, patch({ name: "B" }, { "If-None-Match": "*" }));
  assertEquals(await refusal(twice), [412, "0x80040237"]);
});

Deno.test("PATCH and DELETE with If-Match refuse another version", async () => {
  await using client = await openClient();
  const id = await client.create("accounts", { name: "A" });
  const etag = (await client.get(`accounts(${id})`))["@odata.etag"];
  const first = await client.crm(`accounts(${id})`, patch({ name: "A" }, { "If-Match": etag }));
  assertEquals(first.status, 204); // equal values are a change, too
  assertEquals(await refusal(await client.crm(`accounts(${id})`, patch({ name: "C" }, { "If-Match": etag }))), [
    412,
    "0x80060882",
  ]);
  const gone = await client.crm(`accounts(${id})`, { method: "DELETE", headers: { "If-Match": etag } });
  assertEquals(await refusal(gone), [412, "0x80060882"]);
  assertEquals((await client.crm(`accounts(${id})`, { method: "DELETE" })).status, 204);
  assertEquals(await refusal(await client.crm(`accounts(${id})`)), [404, "0x80040217"]);
  assertEquals(await refusal(await client.crm(`accounts(${id})`, { method: "DELETE" })), [404, "0x80040217"]);
});

Deno.test("GET with If-None-Match answers 304 for the version that the client has", async () => {
  await using client = await openClient();
  const id = await client.create("accounts", { name: "A" });
  const etag = (await client.get(`accounts(${id})`))["@odata.etag"];
  assertEquals((await client.crm(`accounts(${id})`, { headers: { "If-None-Match": etag } })).status, 304);
  const annotated = { "If-None-Match": etag, "Prefer": 'odata.include-annotations="*"' };
  assertEquals((await client.get(`accounts(${id})`, annotated)).name, "A");
  assertEquals((await client.get(`accounts(${id})`, { "If-None-Match": "null" })).name, "A");
});

const refused: readonly [what: string, set: string, row: unknown, status: number, code: string][] = [
  ["an unknown property", "accounts", { name: "A", nome: "B" }, 400, "0x80048d19"],
  ["an unknown set", "accountz", { name: "A" }, 404, "0x8006088a"],
  ["text that is too long", "accounts", { name: "A".repeat(161) }, 400, "0x80044331"],
  ["a choice that isn't known", "accounts", { name: "A", customertypecode: 99 }, 400, "0x8004431a"],
  ["text for a number", "accounts", { name: "A", customertypecode: "3" }, 400, "0x80048d19"],
  ["a number for text", "accounts", { name: 5 }, 400, "0x80048d19"],
  ["an account without name", "accounts", { accountnumber: "1" }, 400, "0x80040203"],
  ["a contact without last name", "contacts", { firstname: "A" }, 400, "0x80040203"],
  ["a state in a creation", "accounts", { name: "A", statecode: 1 }, 400, "0x80048d19"],
  ["a column that is only read", "accounts", { name: "A", creditlimit_base: 1 }, 400, "0x80048d19"],
  ["a lookup by its reading name", "accounts", { name: "A", _ownerid_value: SOME_ID }, 400, "0x80048d19"],
  ["a lookup by its column", "accounts", { name: "A", transactioncurrencyid: SOME_ID }, 400, "0x80048d19"],
  [
    "a lookup to nothing",
    "accounts",
    {
      name: "A",
      "transactioncurrencyid@odata.bind": `/transactioncurrencies(${SOME_ID})`,
    },
    404,
    "0x80040217",
  ],
  [
    "a lookup to another table",
    "accounts",
    { name: "A", "primarycontactid@odata.bind": `/accounts(${SOME_ID})` },
    404,
    "0x80040217",
  ],
  ["negative money", "accounts", { name: "A", creditlimit: -1 }, 400, "0x80044330"],
  ["no owner", "accounts", { name: "A", "ownerid@odata.bind": null }, 400, "0x80040203"],
  [
    "a currency without symbol",
    "transactioncurrencies",
    {
      isocurrencycode: "EUR",
      currencyname: "Euro",
      currencyprecision: 2,
      currencytype: 0,
      exchangerate: 1,
    },
    400,
    "0x80040203",
  ],
  [
    "a currency without type",
    "transactioncurrencies",
    { isocurrencycode: "EUR", currencyname: "Euro", currencysymbol: "€", currencyprecision: 2, exchangerate: 1 },
    400,
    "0x80040203",
  ],
  [
    "a currency with rate 0",
    "transactioncurrencies",
    {
      isocurrencycode: "EUR",
      currencyname: "Euro",
      currencysymbol: "€",
      currencyprecision: 2,
      currencytype: 0,
      exchangerate: 0,
    },
    400,
    "0x80044330",
  ],
];
for (const [what, set, row, status, code] of refused) {
  Deno.test(`POST refuses ${what}`, async () => {
    await using client = await openClient();
    assertEquals(await refusal(await client.crm(set, json(row))), [status, code]);
  });
}

Deno.test("a lookup is bound, shown with annotations, moved to another table and cleared", async () => {
  await using client = await openClient();
  const account = await client.create("accounts", { name: "Fjall" });
  const boss = await client.create("contacts", { lastname: "Jónsdóttir", firstname: "Ása" });
  const person = await client.create("contacts", {
    lastname: "Þór",
    "parentcustomerid_account@odata.bind": `/accounts(${account})`,
  });
  const shown = await client.get(`contacts(${person})?$select=fullname,_parentcustomerid_value`, {
    Prefer: 'odata.include-annotations="*"',
  });
  assertEquals(shown._parentcustomerid_value, account);
  assertEquals(shown["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "account");
  assertEquals(
    shown["_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"],
    "parentcustomerid_account",
  );
  assertEquals(shown["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"], "Fjall");
  const bare = await client.get(`contacts(${person})?$select=_parentcustomerid_value`);
  assertEquals(Object.keys(bare).filter((name) => name.includes("_value@")), []);

  const url = `${client.sandbox.crmUrl}contacts(${boss})`;
  await client.crm(`contacts(${person})`, patch({ "parentcustomerid_contact@odata.bind": url }));
  const moved = await client.get(`contacts(${person})?$select=_parentcustomerid_value,_accountid_value`, {
    Prefer: 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"',
  });
  assertEquals([moved._parentcustomerid_value, moved._accountid_value], [boss, null]);
  assertEquals(moved["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "contact");

  assertEquals(
    (await client.crm(`contacts(${person})/parentcustomerid_contact/$ref`, { method: "DELETE" })).status,
    204,
  );
  assertEquals((await client.get(`contacts(${person})`))._parentcustomerid_value, null);
  await client.crm(`accounts(${account})`, patch({ "primarycontactid@odata.bind": `contacts(${boss})` }));
  assertEquals(
    (await client.get(`accounts(${account})?$expand=primarycontactid($select=fullname)`)).primarycontactid.fullname,
    "Ása Jónsdóttir",
  );
  await client.crm(`accounts(${account})`, patch({ "primarycontactid@odata.bind": null }));
  assertEquals((await client.get(`accounts(${account})`))._primarycontactid_value, null);
});

Deno.test("an owner is a user or a team", async () => {
  await using client = await openClient();
  const team = (await client.get("teams")).value[0].teamid;
  const id = await client.create("accounts", { name: "A", "ownerid@odata.bind": `/teams(${team})` });
  const row = await client.get(`accounts(${id})?$select=_ownerid_value,_owninguser_value,_owningteam_value`, {
    Prefer: 'odata.include-annotations="Microsoft.Dynamics.CRM.*"',
  });
  assertEquals([row._ownerid_value, row._owninguser_value, row._owningteam_value], [team, null, team]);
  assertEquals(row["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "team");
});

Deno.test("POST creates a nested parent together with the row, or neither", async () => {
  await using client = await openClient();
  const id = await client.create("accounts", { name: "A", primarycontactid: { lastname: "B" } });
  const row = await client.get(`accounts(${id})?$expand=primarycontactid($select=lastname)`);
  assertEquals(row.primarycontactid.lastname, "B");
  const failed = await client.crm("accounts", json({ primarycontactid: { lastname: "C" } }));
  assertEquals(failed.status, 400);
  await failed.body?.cancel();
  assertEquals((await client.get("contacts")).value.length, 1);
});

Deno.test("money is exact, with four digits, and has a value in base currency", async () => {
  await using client = await openClient();
  const euro = await client.create("transactioncurrencies", {
    isocurrencycode: "EUR",
    currencyname: "Euro",
    currencysymbol: "€",
    currencyprecision: 2,
    currencytype: 0,
    exchangerate: 0.9,
  });
  const answer = await client.crm("accounts?$select=creditlimit,creditlimit_base,exchangerate", {
    method: "POST",
    headers: { Prefer: "return=representation" },
    body:
      `{"name":"A","creditlimit":9999999999.995,"transactioncurrencyid@odata.bind":"/transactioncurrencies(${euro})"}`,
  });
  const text = await answer.text();
  assertStringIncludes(text, '"creditlimit":10000000000.0000,');
  assertStringIncludes(text, '"creditlimit_base":11111111111.1111,');
  assertStringIncludes(text, '"exchangerate":0.9000000000');
  assertStringIncludes(text, `"_transactioncurrencyid_value":"${euro}"`); // comes with amounts, asked for or not
});

Deno.test("an alternate key addresses rows, guards them, and creates", async () => {
  await using client = await openClient();
  const unknown = await client.crm("accounts(accountnumber='7')", patch({ name: "A" }));
  assertEquals(await refusal(unknown), [400, "0x80060888"]);
  await client.control("dataverse", { alternateKeys: { accounts: [["accountnumber"]] } });
  const created = await client.crm("accounts(accountnumber='7')", patch({ name: "A" }));
  assertEquals([created.status, created.headers.get("OData-EntityId")], [
    204,
    `${client.sandbox.crmUrl}accounts(accountnumber='7')`,
  ]);
  await client.crm("accounts(accountnumber='7')", patch({ name: "B", accountnumber: "8" }));
  assertEquals((await client.get("accounts(accountnumber='7')")).name, "B");
  assertEquals(await refusal(await client.crm("accounts", json({ name: "C", accountnumber: "7" }))), [
    412,
    "0x80060892",
  ]);
  assertEquals(await refusal(await client.crm("accounts(accountnumber='a%3Cb')")), [400, "0x80060888"]);
});

Deno.test("one property is read, set and cleared by its own address", async () => {
  await using client = await openClient();
  const id = await client.create("accounts", { name: "A" });
  const put = await client.crm(`accounts(${id})/fax`, { method: "PUT", body: '{"value":"123"}' });
  assertEquals([put.status, (await client.get(`accounts(${id})/fax`)).value], [204, "123"]);
  assertEquals((await client.crm(`accounts(${id})/fax`, { method: "DELETE" })).status, 204);
  assertEquals((await client.crm(`accounts(${id})/fax`)).status, 204);
  assertEquals(await refusal(await client.crm("accounts", patch({ fax: "1" }))), [405, "0x80060888"]);
});

Deno.test("CreateMultiple, UpdateMultiple and UpsertMultiple write all rows or none", async () => {
  await using client = await openClient();
  const type = { "@odata.type": "Microsoft.Dynamics.CRM.account" };
  const bulk = (set: string, name: string, Targets: unknown[]) =>
    client.crm(`${set}/Microsoft.Dynamics.CRM.${name}Multiple`, json({ Targets }));
  const created = await bulk("accounts", "Create", [{ ...type, name: "A" }, { ...type, name: "B" }]);
  const { Ids } = await created.json();
  assertEquals([created.status, Ids.length], [200, 2]);
  const half = await bulk("accounts", "Create", [{ ...type, name: "C" }, { ...type }]);
  assertEquals(await refusal(half), [400, "0x80040203"]);
  assertEquals(await refusal(await bulk("accounts", "Create", [{ name: "C" }])), [400, "0x80048d19"]);
  assertEquals((await bulk("accounts", "Update", [{ ...type, accountid: Ids[0], name: "Z" }])).status, 204);
  assertEquals(
    (await bulk("accounts", "Upsert", [{ ...type, accountid: SOME_ID, name: "D" }, {
      ...type,
      accountid: Ids[1],
      fax: "1",
    }]))
      .status,
    204,
  );
  const { value } = await client.get("accounts?$select=name");
  assertEquals(value.map((row: { name: string }) => row.name), ["Z", "B", "D"]);
  assertEquals(await refusal(await bulk("uoms", "Create", [type])), [404, "0x8006088a"]);
});
