/** The connector against the sandbox's imitation of Dataverse. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { noRequests } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { ServiceError } from "../../errors.ts";
import { chosen, create, openWorld, readAll, rowIn, update, type World, writeOne } from "./dataverse_world.ts";

const customers = dv.accounts.where({ customertypecode: 3 });

Deno.test("identity() names the organization; baseCurrency() its currency", async () => {
  await using world = await openWorld();
  const who = await world.api("GET", "WhoAmI");
  const { service, parts } = await world.crm.identity();
  assertEquals([service, parts["organization"]], ["dataverse", who["OrganizationId"]]);
  assertEquals(await world.crm.baseCurrency(), "USD");
});

Deno.test("read() goes on from a delta link: changed, left the filter, deleted, and nothing more", async () => {
  await using world = await openWorld();
  const [stays, leaves, goes] = [
    await world.add("accounts", { name: "Árvakur hf.", customertypecode: 3 }),
    await world.add("accounts", { name: "Łódź Sp. z o.o.", customertypecode: 3 }),
    await world.add("accounts", { name: "Gone Ltd.", customertypecode: 3 }),
  ];
  const stranger = await world.add("accounts", { name: "Prospect", customertypecode: 8 });
  const accounts = world.crm.open(customers);

  const first = await readAll(accounts, { fields: ["name"] });
  assertEquals([first.kind, first.left], ["full", [stranger]]);
  assertEquals(first.rows.map(({ id, data }) => [id, data]), [
    [stays, { name: "Árvakur hf." }],
    [leaves, { name: "Łódź Sp. z o.o." }],
    [goes, { name: "Gone Ltd." }],
  ]);
  assert(first.rows.every(({ version, modifiedAt }) => version.startsWith('W/"') && modifiedAt?.endsWith("Z")));

  await world.api("PATCH", `accounts(${stays})`, { name: "Árvakur" });
  await world.api("PATCH", `accounts(${leaves})`, { customertypecode: 12 });
  await world.api("DELETE", `accounts(${goes})`);
  const second = await readAll(accounts, { fields: ["name"], since: first.cursor! });
  assertEquals(second.rows.map(({ id, data }) => [id, data]), [[stays, { name: "Árvakur" }]]);
  assertEquals([second.kind, second.left, second.deleted], ["delta", [leaves], [goes]]);

  const third = await readAll(accounts, { fields: ["name"], since: second.cursor! });
  assertEquals([third.rows, third.left, third.deleted, third.pages], [[], [], [], 1]);
});

Deno.test("read() says cursor_expired when the service forgot the delta link", async () => {
  await using world = await openWorld();
  const accounts = world.crm.open(customers);
  const { cursor } = await readAll(accounts, { fields: ["name"] });
  await world.set("dataverse", { expireDeltaTokens: true });
  const error = await assertRejects(() => readAll(accounts, { fields: ["name"], since: cursor! }), ServiceError);
  assertEquals(error.code, "cursor_expired");
});

Deno.test("read() without change tracking goes by the time of change and sees what left the filter", async () => {
  await using world = await openWorld();
  await world.set("dataverse", { changeTracking: { accounts: false } });
  const old = await world.add("accounts", { name: "Old", customertypecode: 3 });
  await world.add("accounts", { name: "Prospect", customertypecode: 8 });
  world.clock.pass(600_000);
  const near = await world.add("accounts", { name: "A minute earlier", customertypecode: 3 });
  world.clock.pass(60_000);
  const leaves = await world.add("accounts", { name: "Leaves", customertypecode: 3 });
  const accounts = world.crm.open(customers);

  const first = await readAll(accounts, { fields: ["name"] });
  assertEquals([first.kind, first.rows.map(({ id }) => id), first.left], ["full", [old, near, leaves], []]);

  world.clock.pass(60_000);
  const soon = await readAll(accounts, { fields: ["name"], since: first.cursor! });
  assertEquals([soon.kind, soon.rows.map(({ id }) => id)], ["delta", [near, leaves]]); // two minutes are read again

  world.clock.pass(600_000);
  await world.api("PATCH", `accounts(${leaves})`, { customertypecode: 12 });
  const later = await readAll(accounts, { fields: ["name"], since: soon.cursor! });
  assertEquals([later.rows.map(({ id }) => id), later.left, later.deleted], [[near], [leaves], []]);

  world.clock.pass(600_000);
  await world.api("PATCH", `accounts(${old})`, { name: "Older" });
  const last = await readAll(accounts, { fields: ["name"], since: later.cursor! });
  assertEquals(last.rows.map(({ id, data }) => [id, data["name"]]), [[old, "Older"]]);
});

Deno.test("read() of an empty table without change tracking can go on", async () => {
  await using world = await openWorld();
  await world.set("dataverse", { changeTracking: { accounts: false } });
  const accounts = world.crm.open(customers);
  const first = await readAll(accounts, { fields: ["name"] });
  assertEquals(first.rows, []);
  const id = await world.add("accounts", { name: "New", customertypecode: 3 });
  const second = await readAll(accounts, { fields: ["name"], since: first.cursor! });
  assertEquals(second.rows.map((row) => row.id), [id]);
});

for (const tracking of [true, false]) {
  Deno.test(`read() gives every row once in small pages, change tracking ${tracking ? "on" : "off"}`, async () => {
    await using world = await openWorld();
    await world.set("dataverse", { changeTracking: { accounts: tracking } });
    const ids: string[] = [];
    for (let n = 0; n < 7; n++) ids.push(await world.add("accounts", { name: `Company ${n}`, customertypecode: 3 }));
    const { rows, pages, cursor } = await readAll(world.connect({ pageSize: 3 }).open(customers), { fields: ["name"] });
    assertEquals(rows.map(({ id }) => id), ids);
    assertEquals(pages, 3);
    assert(cursor !== null);
  });
}

Deno.test("read() counts pages that hold only what the overlap repeats apart", async () => {
  await using world = await openWorld();
  await world.set("dataverse", { changeTracking: { accounts: false } });
  for (let n = 0; n < 5; n++) await world.add("accounts", { name: `Company ${n}`, customertypecode: 3 });
  const crm = world.connect({ pageSize: 2 });
  const { cursor } = await readAll(crm.open(customers), { fields: ["name"] });
  const before = crm.requests();
  await readAll(crm.open(customers), { fields: ["name"], since: cursor! });
  const after = crm.requests();
  assertEquals([after.read - before.read, after.overlap - before.overlap, after.write], [1, 2, 0]);
});

Deno.test("read() by ids gives what is there, names what is not, and keeps to the filter", async () => {
  await using world = await openWorld();
  const customer = await world.add("accounts", { name: "Customer", customertypecode: 3 });
  const vendor = await world.add("accounts", { name: "Vendor", customertypecode: 11 });
  const ids = [customer.toUpperCase(), vendor, ...Array.from({ length: 200 }, (_, n) => chosen(n))];
  const page = await readAll(world.crm.open(customers), { fields: ["name"], ids });
  assertEquals(page.rows.map(({ id }) => id), [customer]);
  assertEquals(page.left, [vendor]);
  assertEquals(page.deleted, ids.slice(2));
  assertEquals([page.kind, page.cursor], ["some", null]);
});

Deno.test("read() gives lookups as ids of the table they are declared for, else null", async () => {
  await using world = await openWorld();
  const [team] = (await world.api("GET", "teams"))["value"] as { teamid: string }[];
  const user = await world.add("systemusers", { firstname: "Anna", lastname: "Jóns", domainname: "anna@example.is" });
  const account = await world.add("accounts", { name: "Company", "ownerid@odata.bind": `/systemusers(${user})` });
  const boss = await world.add("contacts", {
    lastname: "Boss",
    "parentcustomerid_account@odata.bind": `/accounts(${account})`,
    "ownerid@odata.bind": `/teams(${team!.teamid})`,
  });
  const aide = await world.add("contacts", {
    lastname: "Aide",
    "parentcustomerid_contact@odata.bind": `/contacts(${boss})`,
    "ownerid@odata.bind": `/systemusers(${user})`,
  });
  const alone = await world.add("contacts", { lastname: "Alone", "ownerid@odata.bind": `/systemusers(${user})` });
  const fields = ["parentcustomerid", "parentcustomeridtype", "ownerid"];
  const all = await readAll(world.crm.open(dv.contacts), { fields });
  assertEquals(all.rows.map(({ id, data }) => [id, data]), [
    [boss, { parentcustomerid: account, parentcustomeridtype: "account", ownerid: null }],
    [aide, { parentcustomerid: null, parentcustomeridtype: "contact", ownerid: user }],
    [alone, { parentcustomerid: null, parentcustomeridtype: null, ownerid: user }],
  ]);
  const behindAccounts = world.crm.open(dv.contacts.where({ statecode: 0, parentcustomeridtype: "account" }));
  const some = await readAll(behindAccounts, { fields: ["lastname"] });
  assertEquals([some.rows.map(({ id }) => id), some.left], [[boss], [aide, alone]]);
});

Deno.test("read() gives a unit group with its base unit, and the base currency frozen", async () => {
  await using world = await openWorld();
  const group = await world.add("uomschedules", { name: "Pieces", baseuomname: "Piece" });
  const groups = await readAll(world.crm.open(dv.unitGroups), { fields: ["name", "baseuomname"] });
  const pieces = groups.rows.find(({ id }) => id === group)!;
  const units = (await world.api("GET", `uoms?$filter=_uomscheduleid_value eq ${group}`))["value"] as {
    uomid: string;
  }[];
  assertEquals(pieces.data, { name: "Pieces", baseuomname: "Piece", baseuomid: units[0]!.uomid });

  await addCurrency(world, "ISK");
  const currencies = await readAll(world.crm.open(dv.transactioncurrencies), {
    fields: ["isocurrencycode", "exchangerate"],
  });
  assertEquals(currencies.rows.map(({ data, frozen }) => [data, frozen === undefined]), [
    [{ isocurrencycode: "USD", exchangerate: "1" }, false],
    [{ isocurrencycode: "ISK", exchangerate: "138.5" }, true],
  ]);
});

function addCurrency(world: World, isocurrencycode: string): Promise<string> {
  return world.add("transactioncurrencies", {
    isocurrencycode,
    currencyname: isocurrencycode,
    currencysymbol: isocurrencycode,
    exchangerate: 138.5,
    currencyprecision: 0,
    currencytype: 0,
  });
}

Deno.test("write() creates with our id and gives the row as the service has it", async () => {
  await using world = await openWorld();
  const fields = { name: "Þórðar sláturhús ", creditlimit: "1234567.05", customertypecode: 3, fax: null };
  const outcome = rowIn(await writeOne(world.crm, customers, create(chosen(1), fields), Object.keys(fields)));
  assertEquals(outcome.id, chosen(1));
  assertEquals(outcome.data, { ...fields, name: "Þórðar sláturhús" });
  const again = rowIn(await writeOne(world.crm, customers, create(chosen(1), fields), ["name"]), "exists");
  assertEquals([again.version, again.data], [outcome.version, { name: "Þórðar sláturhús" }]);
  assertEquals(((await world.api("GET", "accounts"))["value"] as unknown[]).length, 1);
});

Deno.test("write() updates the version that was decided on, and no other", async () => {
  await using world = await openWorld();
  const made = rowIn(
    await writeOne(world.crm, customers, create(chosen(1), { name: "One", telephone1: "123" }), ["name"]),
  );
  const changed = rowIn(
    await writeOne(world.crm, customers, update(chosen(1), made.version, { telephone1: null }), [
      "telephone1",
    ]),
  );
  assertEquals(changed.data, { telephone1: null });
  const late = update(chosen(1), made.version, { telephone1: "456" });
  assertEquals(await writeOne(world.crm, customers, late, []), { kind: "moved" });
  const gone = update(chosen(2), made.version, { telephone1: "456" });
  assertEquals(await writeOne(world.crm, customers, gone, []), { kind: "missing" });
});

Deno.test("write() answers each write for itself: a refusal undoes nothing else and names its field", async () => {
  await using world = await openWorld();
  const crm = world.connect({ batchSize: 2 });
  const outcomes = await crm.open(customers).write([
    create(chosen(1), { name: "One" }),
    create(chosen(2), { name: "Two", accountnumber: "x".repeat(21) }),
    create(chosen(3), { name: "Three", primarycontactid: chosen(99) }),
    create(chosen(4), { name: "Four" }),
    create(chosen(5), { name: "Five", customertypecode: 77 }),
  ], { fields: ["name"] });
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "refused", "refused", "ok", "refused"]);
  const [, long, , , choice] = outcomes;
  assertEquals(long?.kind === "refused" && [long.code, long.field], ["0x80044331", "accountnumber"]);
  assertEquals(choice?.kind === "refused" && choice.field, "customertypecode");
  assertEquals(crm.requests().write, 3);
});

Deno.test("write() finds the row that has the key which the service keeps apart", async () => {
  await using world = await openWorld();
  const theirs = await addCurrency(world, "ISK");
  const values = {
    currencyname: "Króna",
    currencysymbol: "kr",
    exchangerate: "140",
    currencyprecision: 0,
    currencytype: 0,
  };
  const outcomes = await world.crm.open(dv.transactioncurrencies).write([
    create(chosen(1), { isocurrencycode: "isk", ...values }),
    create(chosen(2), { isocurrencycode: "DKK", ...values }),
  ], { fields: ["isocurrencycode", "exchangerate"] });
  const [there, made] = [rowIn(outcomes[0], "exists"), rowIn(outcomes[1])];
  assertEquals([there.id, there.data["exchangerate"]], [theirs, "138.5"]);
  assertEquals([made.id, made.data["exchangerate"]], [chosen(2), "140"]);
});

Deno.test("write() adopts no row outside the filter that has the key, and says which it is", async () => {
  await using world = await openWorld();
  const made = await world.add("uomschedules", { name: "BOX", baseuomname: "BOX" });
  const units = (await world.api("GET", `uoms?$filter=_uomscheduleid_value eq ${made}`))["value"] as {
    uomid: string;
  }[];
  const family = await world.add("products", {
    productnumber: "1000",
    name: "Bikes",
    productstructure: 2,
    quantitydecimal: 2,
    "defaultuomscheduleid@odata.bind": `/uomschedules(${made})`,
    "defaultuomid@odata.bind": `/uoms(${units[0]!.uomid})`,
  });
  const fields = {
    productnumber: "1000",
    name: "Hjól",
    quantitydecimal: 2,
    productstructure: 1,
    defaultuomscheduleid: made,
    defaultuomid: units[0]!.uomid,
  };
  const items = dv.products.where({ productstructure: 1 });
  const outcome = await writeOne(world.crm, items, create(chosen(1), fields), ["name"]);
  assertEquals(outcome.kind === "refused" && [outcome.code, outcome.field], ["outside_filter", "productnumber"]);
  assert(outcome.kind === "refused" && outcome.message.includes('"1000"'));
  const there = rowIn(await writeOne(world.crm, dv.products, create(chosen(1), fields), ["name"]), "exists");
  assertEquals([there.id, there.data], [family, { name: "Bikes" }]);
});

Deno.test("write() creates a unit group with its base unit and a product in it, born as a draft", async () => {
  await using world = await openWorld();
  const group = rowIn(
    await writeOne(
      world.crm,
      dv.unitGroups,
      create(chosen(1), { name: "BOX", baseuomname: "BOX" }),
      ["name", "baseuomname"],
    ),
  );
  const { baseuomid } = group.data;
  assertEquals(typeof baseuomid, "string");
  assertEquals(group.data, { name: "BOX", baseuomname: "BOX", baseuomid });
  const fields = {
    productnumber: "1000",
    name: "Hjól",
    price: "99.9",
    quantitydecimal: 2,
    productstructure: 1,
    defaultuomscheduleid: chosen(1),
    defaultuomid: baseuomid!,
  };
  const product = rowIn(
    await writeOne(world.crm, dv.products, create(chosen(2), fields), [
      ...Object.keys(fields),
      "statecode",
    ]),
  );
  assertEquals(product.data, { ...fields, statecode: 2 });
});

Deno.test("write() binds a contact to its account, clears a lookup, and gives rows without owner to the team", async () => {
  await using world = await openWorld();
  const [team] = (await world.api("GET", "teams"))["value"] as { teamid: string }[];
  const crm = world.connect({ ownerTeam: team!.teamid });
  const account = await world.add("accounts", { name: "Company" });
  const given = { lastname: "Þór", parentcustomerid: account, parentcustomeridtype: "account" };
  const fields = [...Object.keys(given), "ownerid"];
  const made = rowIn(await writeOne(crm, dv.contacts, create(chosen(1), given), fields));
  assertEquals(made.data, { ...given, ownerid: null });
  assertEquals((await world.api("GET", `contacts(${chosen(1)})`))["_ownerid_value"], team!.teamid);
  const cleared = rowIn(
    await writeOne(
      crm,
      dv.contacts,
      update(chosen(1), made.version, { parentcustomerid: null }),
      fields,
    ),
  );
  assertEquals(cleared.data, { ...given, parentcustomerid: null, parentcustomeridtype: null, ownerid: null });
});

Deno.test("write() after a lost reply finds out what became of it: nothing double, nothing lost", async () => {
  await using world = await openWorld();
  const made = rowIn(await writeOne(world.crm, customers, create(chosen(1), { name: "One" }), ["name"]));
  await world.set("faults", [{ service: "dataverse", match: "$batch", kind: "lost_reply" }]);
  const outcomes = await world.crm.open(customers).write([
    create(chosen(2), { name: "Two", creditlimit: "10.50" }),
    update(chosen(1), made.version, { name: "One more" }),
  ], { fields: ["name"] });
  assertEquals(outcomes.map((outcome) => rowIn(outcome).data["name"]), [
    "Two",
    "One more",
  ]);
  assertEquals(((await world.api("GET", "accounts"))["value"] as unknown[]).length, 2);
});

const faults = [{ kind: "429", retryAfter: 3 }, { kind: "503" }, { kind: "expired_token" }, { kind: "reset" }];
for (const fault of faults) {
  Deno.test(`write() and read() live through "${fault.kind}"`, async () => {
    await using world = await openWorld();
    await world.set("faults", [{ service: "dataverse", ...fault, match: "$batch" }]);
    const write = create(chosen(1), { name: "One", customertypecode: 3 });
    assertEquals(rowIn(await writeOne(world.crm, customers, write, [])).id, chosen(1));
    await world.set("faults", [{ service: "dataverse", ...fault, match: "accounts" }]);
    const { rows } = await readAll(world.crm.open(customers), { fields: ["name"] });
    assertEquals(rows.map(({ data }) => data["name"]), ["One"]);
  });
}

Deno.test("recall() finds what an earlier attempt left under our id", async () => {
  await using world = await openWorld();
  const write = create(chosen(1), { name: "One" });
  const accounts = world.crm.open(customers);
  const options = { since: "2026-01-01T00:00:00Z", fields: ["name"] };
  assertEquals((await accounts.recall([write], options))[0]!, []);
  await writeOne(world.crm, customers, write, []);
  assertEquals(((await accounts.recall([write], options))[0]!).map(({ id, data }) => [id, data]), [[chosen(1), {
    name: "One",
  }]]);
});

Deno.test("recall() of many creations asks for all of them at once, and gives each its own", async () => {
  await using world = await openWorld();
  const crm = world.connect({});
  const accounts = crm.open(customers);
  const writes = Array.from({ length: 90 }, (_, at) => create(chosen(at), { name: `Company ${at}` }));
  await accounts.write(writes.filter((_, at) => at % 3 === 0), { fields: [] });
  const before = crm.requests().read;
  const found = await accounts.recall(writes, { since: "2026-01-01T00:00:00Z", fields: ["name"] });
  assertEquals(crm.requests().read - before, 1);
  assertEquals(
    found.map((rows) => rows.map(({ id, data }) => [id, data["name"]])),
    writes.map(({ id, fields }, at) => at % 3 === 0 ? [[id, fields["name"]]] : []),
  );
});

Deno.test("requests() of a reading without changes: one for each table", async () => {
  await using world = await openWorld();
  await world.add("accounts", { name: "Company", customertypecode: 3 });
  const { cursor } = await readAll(world.crm.open(customers), { fields: ["name", "ownerid"] });
  const fresh = world.connect({});
  await readAll(fresh.open(customers), { fields: ["name", "ownerid"], since: cursor! });
  assertEquals(fresh.requests(), { ...noRequests, read: 1, token: 1 });
});
