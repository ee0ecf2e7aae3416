/** The connector against the sandbox's Business Central: what it reads, what becomes of its writes. */
import { assert, assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { AnyEntity, Fields } from "../../connectors/connector.ts";
import { creation, okRow, readAll, rowsOf, startWorld, update } from "./business_central_world.ts";

Deno.test("read() gives customers with codes for ids, blanks as null and exact decimals", async () => {
  await using world = await startWorld();
  const terms = await world.post("paymentTerms", { code: "30 DAYS", displayName: "30 days" });
  await world.post("customers", { displayName: "Ærleg ehf.", creditLimit: 12.5, paymentTermsId: terms["id"] });
  const pages = await readAll(world, bc.customers, {
    fields: [
      "displayName",
      "paymentTermsCode",
      "shipmentMethodCode",
      "creditLimit",
      "blocked",
      "email",
      "currencyCode",
    ],
  });
  assertEquals(rowsOf(pages).map((row) => row.data), [{
    displayName: "Ærleg ehf.",
    paymentTermsCode: "30 DAYS",
    shipmentMethodCode: null,
    creditLimit: "12.5",
    blocked: " ",
    email: null,
    currencyCode: "USD",
  }]);
  assertEquals([pages.length, pages[0]?.kind, pages[0]?.left, pages[0]?.deleted], [1, "full", [], []]);
});

Deno.test("read() knows every field of every handle that the standard API has", async () => {
  await using world = await startWorld();
  await world.post("salespeoplePurchasers", { code: "AB", displayName: "Anna" });
  await world.post("unitsOfMeasure", { code: "BOX", displayName: "Box" });
  const customer = await world.post("customers", { displayName: "Sól ehf." });
  await world.post("contacts", { displayName: "Anna Jónsdóttir", type: "Person" });
  await world.post("salesOrders", { customerId: customer["id"] });
  await world.post("items", { displayName: "Chair", type: "Non_x002D_Inventory", baseUnitOfMeasureCode: "BOX" });
  for (const entity of Object.values<AnyEntity>(bc)) {
    if (entity.needs === "extension" || entity.partOf !== null) continue; // lines are read under their orders
    const fields = Object.keys(entity.fields).filter((field) => entity.fields[field]!.needs !== "extension");
    const [row] = rowsOf(await readAll(world, entity, { fields }));
    assertEquals(Object.keys(row?.data ?? {}), fields, entity.name);
  }
});

Deno.test("read() follows absolute and relative links to the last page, which may be empty", async () => {
  await using world = await startWorld({ pageSize: 2 });
  for (const code of ["A", "B", "C", "D"]) await world.post("unitsOfMeasure", { code, displayName: code });
  for (const style of [{}, { relativeLinks: true }, { emptyLastPage: true }]) {
    await world.setting(style);
    const pages = await readAll(world, bc.unitsOfMeasure, { fields: ["code"] });
    assertEquals(rowsOf(pages).map((row) => row.data["code"]), ["A", "B", "C", "D"]);
    assertEquals(pages.map((page) => page.cursor !== null), pages.map((_, at) => at === pages.length - 1));
  }
});

Deno.test("read() with a cursor gives what changed since, the overlap again, and counts its pages apart", async () => {
  await using world = await startWorld({ pageSize: 2 });
  const { clock } = world;
  await world.post("unitsOfMeasure", { code: "OLD", displayName: "old" });
  clock.pass(7_200_000);
  for (const code of ["A", "B", "C"]) await world.post("unitsOfMeasure", { code, displayName: code });
  const opened = world.connector.open(bc.unitsOfMeasure);
  const full = await Array.fromAsync(opened.read({ fields: ["code"] }));
  const since = full.at(-1)!.cursor!;
  const before = world.connector.requests();
  const again = await Array.fromAsync(opened.read({ fields: ["code"], since }));
  assertEquals(rowsOf(again).map((row) => row.data["code"]), ["A", "B", "C"]);
  assertEquals(again.map((page) => page.kind), ["delta", "delta"]);
  assertEquals(again.at(-1)!.cursor, since);
  const after = world.connector.requests();
  assertEquals([after.read - before.read, after.overlap - before.overlap], [1, 1]);
  clock.pass(1_000);
  await world.post("unitsOfMeasure", { code: "NEW", displayName: "new" });
  const delta = await Array.fromAsync(opened.read({ fields: ["code"], since }));
  assertEquals(rowsOf(delta).map((row) => row.data["code"]), ["A", "B", "C", "NEW"]);
  assertEquals(world.connector.requests().overlap, after.overlap);
  assert(Date.parse(JSON.parse(delta.at(-1)!.cursor!).modified) > Date.parse(JSON.parse(since).modified));
});

Deno.test("read() reports rows outside the handle's filter as left", async () => {
  await using world = await startWorld();
  const stays = await world.post("items", { displayName: "stays", type: "Service" });
  const goes = await world.post("items", { displayName: "goes", type: "Service" });
  const services = world.connector.open(bc.items.where({ blocked: false, type: "Service" }));
  const fields = ["displayName", "currencyCode"];
  const full = await Array.fromAsync(services.read({ fields }));
  assertEquals(rowsOf(full).map((row) => row.data), [
    { displayName: "stays", currencyCode: "USD" },
    { displayName: "goes", currencyCode: "USD" },
  ]);
  await world.patch("items", goes, { blocked: true });
  const delta = await Array.fromAsync(services.read({ fields, since: full.at(-1)!.cursor! }));
  assertEquals([rowsOf(delta).map((row) => row.id), delta[0]?.left], [[stays["id"]], [goes["id"]]]);
  const some = await Array.fromAsync(services.read({ fields, ids: [String(goes["id"])] }));
  assertEquals(some.flatMap((page) => page.left), [goes["id"]]);
});

Deno.test("read() gives many ids in few requests and reports those that are gone as deleted", async () => {
  await using world = await startWorld();
  const row = await world.post("unitsOfMeasure", { code: "A", displayName: "A" });
  const gone = Array.from({ length: 300 }, (_, n) => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, "0")}`);
  const before = world.connector.requests().read;
  const pages = await readAll(world, bc.unitsOfMeasure, { fields: ["code"], ids: [...gone, String(row["id"])] });
  assertEquals(rowsOf(pages).map(({ id }) => id), [row["id"]]);
  assertEquals(pages.flatMap((page) => page.deleted), gone);
  assert(pages.every((page) => page.kind === "some"));
  const requests = world.connector.requests().read - before;
  assert(requests > 1 && requests < 5, String(requests));
});

Deno.test("read() gives persons with split names and the customer behind their company", async () => {
  await using world = await startWorld();
  const customer = await world.post("customers", { displayName: "Sól ehf." });
  const opened = world.connector.open(bc.persons);
  const fields = ["displayName", "firstName", "middleName", "lastName", "customerId"];
  const [outcome] = await opened.write([
    creation({ firstName: "Anna", lastName: "Sigurðardóttir", customerId: String(customer["id"]), jobTitle: null }),
  ], { fields });
  const written = okRow(outcome);
  assertEquals(written.data, {
    displayName: "Anna Sigurðardóttir",
    firstName: "Anna",
    middleName: null,
    lastName: "Sigurðardóttir",
    customerId: String(customer["id"]),
  });
  await world.post("contacts", { type: "Person", displayName: "Jón Þór Ægir Ólafsson" });
  const read = await Array.fromAsync(opened.read({ fields }));
  assertEquals(rowsOf(read).find((row) => row.id === written.id)?.data, written.data);
  assertEquals(rowsOf(read).find((row) => row.id !== written.id)?.data, {
    displayName: "Jón Þór Ægir Ólafsson",
    firstName: "Jón Þór",
    middleName: "Ægir",
    lastName: "Ólafsson",
    customerId: null,
  });
  // The company contact is no person: it is never a row, and in a delta it has left.
  assertEquals(rowsOf(read).length, 2);
  const delta = await Array.fromAsync(opened.read({ fields, since: read.at(-1)!.cursor! }));
  assertEquals([rowsOf(delta).length, delta[0]?.left.length], [2, 1]);
});

Deno.test("write() keeps the parts of a name that are not sent", async () => {
  await using world = await startWorld();
  await world.post("contacts", { type: "Person", displayName: "Jón Þór Ólafsson" });
  const opened = world.connector.open(bc.persons);
  const fields = ["displayName", "firstName", "middleName", "lastName"];
  const [row] = rowsOf(await Array.fromAsync(opened.read({ fields })));
  const [first] = await opened.write([update(row!, { lastName: "Ægisson" })], { fields });
  assertEquals(okRow(first).data["displayName"], "Jón Þór Ægisson");
  const [second] = await opened.write([update(okRow(first), { middleName: null })], { fields });
  assertEquals(okRow(second).data["displayName"], "Jón Ægisson");
});

Deno.test("read() gives currencies with the rate of the day, the local currency among them", async () => {
  await using world = await startWorld();
  await world.post("currencies", { code: "EUR", displayName: "Euro", symbol: "€" });
  const pages = await readAll(world, bc.currencies, { fields: ["code", "displayName", "exchangeRate"] });
  assertEquals(rowsOf(pages).map((row) => row.data), [
    { code: "EUR", displayName: "Euro", exchangeRate: null },
    { code: "USD", displayName: "USD", exchangeRate: "1" },
  ]);
  assert(pages.at(-1)!.cursor !== null);
});

Deno.test("write() stores creations and updates, each with the row as the service has it", async () => {
  await using world = await startWorld();
  await world.post("shipmentMethods", { code: "EXW", displayName: "Ex works" });
  const opened = world.connector.open(bc.customers);
  const fields = ["number", "displayName", "shipmentMethodCode", "creditLimit", "city"];
  const [created] = await opened.write(
    [creation({ displayName: "Żabka  ", shipmentMethodCode: "EXW", creditLimit: "0.10", city: null })],
    { fields },
  );
  const row = okRow(created);
  assertEquals(row.data["shipmentMethodCode"], "EXW");
  assertEquals(row.data["creditLimit"], "0.1");
  assert(row.data["number"] !== null && row.modifiedAt !== null);
  const [changed] = await opened.write(
    [update(row, { shipmentMethodCode: null, creditLimit: null, city: "Łódź" })],
    { fields },
  );
  const { shipmentMethodCode, creditLimit, city } = okRow(changed).data;
  assertEquals([shipmentMethodCode, creditLimit, city], [null, "0", "Łódź"]);
  assert(okRow(changed).version !== row.version);
  const [stale] = await opened.write([update(row, { city: "Kraków" })], { fields });
  assertEquals(stale, { kind: "moved" });
  const nobody = { ...row, id: "00000000-0000-4000-8000-000000000000" };
  assertEquals(await opened.write([update(nobody, { city: "Kraków" })], { fields }), [{ kind: "missing" }]);
});

Deno.test("write() goes on behind a refusal, over several batches, and names the field", async () => {
  await using world = await startWorld();
  const opened = world.connector.open(bc.customers);
  const writes = Array.from({ length: 250 }, (_, n) => creation({ displayName: `Customer ${n}` }));
  writes[3] = creation({ displayName: "Letters", phoneNumber: "call me" });
  writes[120] = creation({ displayName: "Terms", paymentTermsCode: "NEVER" });
  writes[200] = creation({ displayName: "Nobody", salespersonCode: "NOBODY" });
  const outcomes = await opened.write(writes, { fields: ["displayName"] });
  const kinds = outcomes.map((outcome) => outcome.kind);
  assertEquals(kinds.filter((kind) => kind === "ok").length, 247);
  const refused = [3, 120, 200].map((at) => outcomes[at]!);
  assertEquals(refused.map((outcome) => outcome.kind === "refused" ? [outcome.code, outcome.field] : outcome), [
    ["Application_FieldValidationException", "phoneNumber"],
    ["unknown_code", "paymentTermsCode"],
    ["Internal_InvalidTableRelation", "salespersonCode"],
  ]);
  assert(refused.every((outcome) => outcome.kind === "refused" && !outcome.message.includes("CorrelationId")));
  okRow(outcomes[249]);
  assertEquals(
    outcomes.map((outcome, at) => outcome.kind === "ok" ? outcome.row.data["displayName"] : at)[248],
    "Customer 248",
  );
  assertEquals(world.connector.requests().write, 3);
});

Deno.test("write() gives the row that has the key already", async () => {
  await using world = await startWorld();
  const there = await world.post("unitsOfMeasure", { code: "BOX", displayName: "Box" });
  const opened = world.connector.open(bc.unitsOfMeasure);
  const [outcome] = await opened.write([creation({ code: "BOX", displayName: "Another" })], {
    fields: ["displayName"],
  });
  const row = outcome?.kind === "exists" ? outcome.row : null;
  assertEquals([row?.id, row?.data], [there["id"], { displayName: "Box" }]);
});

Deno.test("write() adopts no row outside the filter that has the key, and says which it is", async () => {
  await using world = await startWorld();
  await world.setting({ manualNumbers: { items: true } });
  await world.post("items", { number: "1000", displayName: "Advice", type: "Service" });
  const stock = world.connector.open(bc.items.where({ type: "Inventory" }));
  const [outcome] = await stock.write([creation({ number: "1000", displayName: "Chair", type: "Inventory" })], {
    fields: ["displayName"],
  });
  assertEquals(outcome?.kind === "refused" && [outcome.code, outcome.field], ["outside_filter", "number"]);
  assert(outcome?.kind === "refused" && outcome.message.includes('"1000"'));
});

Deno.test("write() changes country and city together", async () => {
  await using world = await startWorld();
  const opened = world.connector.open(bc.customers);
  const fields = ["city", "postalCode", "country"];
  const [created] = await opened.write([creation({ displayName: "A", city: "Selfoss", country: "IS" })], { fields });
  const moved = { city: "Łódź", postalCode: "90-001", country: "PL" };
  const [changed] = await opened.write([update(okRow(created), moved)], { fields });
  assertEquals(okRow(changed).data, moved);
});

Deno.test("recall() finds the creation whose answer was lost", async () => {
  await using world = await startWorld();
  const customer = await world.post("customers", { displayName: "Sól ehf." });
  const since = new Date(world.clock.now()).toISOString();
  const cases: [AnyEntity, Fields, Fields][] = [
    [bc.customers, { displayName: "Óðinn & Co", city: "Vík" }, { displayName: "Óðinn & Co", city: "Höfn" }],
    [bc.persons, { firstName: "A B", lastName: "C D", customerId: String(customer["id"]) }, {
      firstName: "A",
      lastName: "C",
    }],
    [bc.unitsOfMeasure, { code: "BOX", displayName: "Box" }, { code: "CAN", displayName: "Can" }],
  ];
  for (const [entity, fields, others] of cases) {
    const opened = world.connector.open(entity);
    await world.fault({ service: "business_central", match: "$batch", kind: "lost_reply" });
    const wanted = { fields: [entity.key] };
    const [lost] = await opened.write([creation(fields)], wanted).catch((error) => [error]);
    assertEquals(lost.kind, "unknown", Deno.inspect(lost));
    const found = (await opened.recall([creation(fields)], { since, ...wanted }))[0]!;
    assertEquals(found.map((row) => Object.keys(row.data)), [[entity.key]], entity.name);
    assertEquals((await opened.recall([creation(others)], { since, ...wanted }))[0]!, []);
    const later = new Date(world.clock.now() + 1_000).toISOString();
    assertEquals((await opened.recall([creation(fields)], { since: later, ...wanted }))[0]!, []);
  }
});

Deno.test("recall() of many creations asks for their names or keys at once, and gives each its own", async () => {
  await using world = await startWorld();
  const customer = await world.post("customers", { displayName: "Sól ehf." });
  const since = new Date(world.clock.now()).toISOString();
  const cases: [AnyEntity, (at: number) => Fields][] = [
    [bc.customers, (at) => ({ displayName: `O'Brien ${at >> 1}`, city: `City ${at}` })],
    [bc.persons, (at) => ({ firstName: "A", lastName: `B${at}`, customerId: String(customer["id"]) })],
    [bc.unitsOfMeasure, (at) => ({ code: `U${at}`, displayName: `Unit ${at}` })],
  ];
  for (const [entity, fields] of cases) {
    const opened = world.connector.open(entity);
    const writes = Array.from({ length: 40 }, (_, at) => creation(fields(at)));
    const made = await opened.write(writes.filter((_, at) => at % 2 === 0), { fields: [] });
    const before = opened.requests().read;
    const found = await opened.recall(writes, { since, fields: [entity.key] });
    assertEquals(opened.requests().read - before, 1, entity.name);
    const expected = writes.map((_, at) => at % 2 === 0 ? [okRow(made[at / 2]).id] : []);
    assertEquals(found.map((rows) => rows.map(({ id }) => id)), expected, entity.name);
  }
});

Deno.test("identity() names tenant, environment and company", async () => {
  await using world = await startWorld();
  const identity = await world.connector.identity();
  assertEquals([identity.service, Object.keys(identity.parts)], [
    "business_central",
    ["tenant", "environment", "company"],
  ]);
  assertEquals([identity.parts["environment"], identity.name], ["sandbox", "SANDBOX"]);
});
