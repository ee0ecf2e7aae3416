/** Many creations in one message: what is sent, what the answers mean, and what the sandbox's CRM makes of it. */
import { assertEquals, assertRejects } from "@std/assert";
import { openDataverse } from "../../connectors/dataverse/client.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { ServiceError } from "../../errors.ts";
import { chosen, create, openWorld, readAll } from "./dataverse_world.ts";
import { openGate, serveStub, testClock, tokenOf } from "./stub.ts";

/** A service that gives these answers to its messages, the last one for good. */
function serve(...answers: readonly (() => Response)[]) {
  const bodies: string[] = [];
  const stub = serveStub(async (request) => {
    bodies.push(await request.text());
    return answers[Math.min(bodies.length, answers.length) - 1]!();
  });
  const crm = openDataverse({ baseUrl: stub.url, token: tokenOf(stub), limiter: openGate(), clock: testClock() });
  return { stub, bodies, accounts: crm.open(dv.accounts) };
}
const refusing = (status: number, code: string) => () => Response.json({ error: { code, message: "no" } }, { status });
const two = [create(chosen(1), { name: "A" }), create(chosen(2), { name: "B" })];

Deno.test("createMany() sends all rows in one message, with their ids and exact decimals", async () => {
  const { stub, bodies, accounts } = serve(() => Response.json({ Ids: [chosen(1)] }));
  await using _ = stub;
  const write = create(chosen(1).toUpperCase(), {
    name: "Ægir",
    creditlimit: "12345678901234567.89",
    ownerid: chosen(7),
  });
  assertEquals(await accounts.createMany!([write, ...two.slice(1)]), "made");
  assertEquals(stub.seen.slice(1), ["POST /api/data/v9.2/accounts/Microsoft.Dynamics.CRM.CreateMultiple"]);
  assertEquals(
    bodies[0],
    `{"Targets":[{"@odata.type":"Microsoft.Dynamics.CRM.account","accountid":"${chosen(1)}","name":"Ægir",` +
      `"creditlimit":12345678901234567.89,"ownerid@odata.bind":"/systemusers(${chosen(7)})"},` +
      `{"@odata.type":"Microsoft.Dynamics.CRM.account","accountid":"${chosen(2)}","name":"B"}]}`,
  );
  const { write: requests, units } = accounts.requests();
  assertEquals([requests, units], [1, 2]);
});

Deno.test("createMany() tells what the service refused from what may have taken effect", async () => {
  const about: readonly (readonly [string, () => Response])[] = [
    ["refused", refusing(400, "0x80040203")],
    ["refused", refusing(412, "0x80040237")],
    ["refused", refusing(403, "0x80040220")],
    ["refused", refusing(404, "0x80040217")],
    ["unknown", refusing(500, "0x80040216")],
    ["unknown", () => new Response("<html>", { headers: { "Content-Type": "text/html" } })],
  ];
  for (const [expected, answer] of about) {
    const { stub, accounts, bodies } = serve(answer);
    await using _ = stub;
    assertEquals([await accounts.createMany!(two), bodies.length], [expected, 1]);
    await accounts.createMany!(two);
    assertEquals(bodies.length, 2, `asked again after ${expected}`);
  }
});

Deno.test("createMany() waits where the service asks for patience, and throws when nothing was done", async () => {
  const busy = () => new Response(null, { status: 429, headers: { "Retry-After": "1" } });
  const patient = serve(busy, () => Response.json({ Ids: [] }));
  await using _ = patient.stub;
  assertEquals([await patient.accounts.createMany!(two), patient.bodies.length], ["made", 2]);
  assertEquals(patient.accounts.requests().units, 2);
  const never = serve(busy);
  await using __ = never.stub;
  const error = await assertRejects(() => never.accounts.createMany!(two), ServiceError);
  assertEquals(error.code, "too_many_requests");
});

Deno.test("createMany() is not tried again where the table has no such message", async () => {
  const absent = [
    refusing(404, "0x8006088a"),
    refusing(405, "0x80060888"),
    refusing(400, "0x80040800"),
    refusing(501, "0x80060888"),
  ];
  for (const answer of absent) {
    const { stub, accounts, bodies } = serve(answer);
    await using _ = stub;
    const told = [await accounts.createMany!(two), await accounts.createMany!(two)];
    assertEquals([told, bodies.length], [["refused", "refused"], 1]);
  }
});

Deno.test("createMany() is offered where the table lists the message and a row is all there is", async () => {
  await using world = await openWorld();
  const offered = Object.values(dv).filter((handle) => world.crm.open(handle).createMany !== undefined);
  assertEquals(offered.map(({ name }) => name), ["accounts", "contacts", "products", "pricelevels"]);
  assertEquals(world.crm.open(dv.salesOrders, dv.salesOrderLines).createMany, undefined);
});

Deno.test("createMany() makes the rows that single creations make", async () => {
  await using world = await openWorld();
  const fields = Object.keys(dv.accounts.fields);
  const opened = world.crm.open(dv.accounts);
  const values = { name: "A", creditlimit: "10.50", telephone1: "1", transactioncurrencyid: null };
  await opened.write([create(chosen(1), values)], { fields });
  assertEquals(await opened.createMany!([create(chosen(2), values), create(chosen(3), values)]), "made");
  const { rows } = await readAll(opened, { fields });
  const plain = rows.map(({ id, data }) => [id, data]).toSorted();
  assertEquals(plain.map(([id]) => id), [chosen(1), chosen(2), chosen(3)]);
  for (const [, data] of plain) assertEquals(data, plain[0]![1]);
});

Deno.test("createMany() makes none where one id or key is taken, or one row is bad", async () => {
  await using world = await openWorld();
  const opened = world.crm.open(dv.accounts);
  assertEquals(await opened.createMany!([create(chosen(1), { name: "A" })]), "made");
  assertEquals(
    await opened.createMany!([create(chosen(2), { name: "B" }), create(chosen(1), { name: "A" })]),
    "refused",
  );
  assertEquals(
    await opened.createMany!([create(chosen(2), { name: "B" }), create(chosen(3), { name: "x".repeat(999) })]),
    "refused",
  );
  const { rows } = await readAll(opened, { fields: ["name"] });
  assertEquals(rows.map(({ id }) => id), [chosen(1)]);
  const lists = world.crm.open(dv.products);
  const unit = await world.add("uomschedules", { name: "G", baseuomname: "PC" });
  const { value } = await world.api("GET", `uoms?$filter=_uomscheduleid_value eq ${unit}`) as {
    value: { uomid: string }[];
  };
  const item = {
    name: "P",
    productnumber: "1",
    quantitydecimal: 2,
    defaultuomscheduleid: unit,
    defaultuomid: value[0]!.uomid,
  };
  const made = await lists.createMany!([create(chosen(5), item)]);
  assertEquals([made, await lists.createMany!([create(chosen(6), item)])], ["made", "refused"]);
});

Deno.test("createMany() that was not answered is recalled by its ids", async () => {
  await using world = await openWorld();
  const opened = world.crm.open(dv.accounts);
  await world.set("faults", [{ service: "dataverse", match: "CreateMultiple", kind: "lost_reply" }]);
  const told = await opened.createMany!(two);
  const found = await opened.recall(two, { fields: ["name"], since: "2026-01-01T00:00:00Z" });
  assertEquals([told, found.map((rows) => rows.map(({ data }) => data["name"]))], ["unknown", [["A"], ["B"]]]);
  assertEquals(opened.requests().units, 2);
});

Deno.test("changes and recall() tell whether a row was modified since it was created", async () => {
  for (const changeTracking of [{ accounts: true }, { accounts: false }]) {
    await using world = await openWorld();
    await world.set("dataverse", { changeTracking });
    const opened = world.crm.open(dv.accounts);
    const { cursor } = await readAll(opened, { fields: ["name"] });
    await opened.createMany!(two);
    world.clock.pass(1_000);
    await world.api("PATCH", `accounts(${chosen(2)})`, { telephone1: "1" });
    const { rows } = await readAll(opened, { fields: ["name"], since: cursor! });
    const told = rows.toSorted((a, b) => a.id < b.id ? -1 : 1);
    const found = await opened.recall(two, { fields: ["name"], since: "2026-01-01T00:00:00Z" });
    for (const each of [told, found.flat()]) assertEquals(each.map(({ untouched }) => untouched), [true, false]);
    const whole = await readAll(opened, { fields: ["name"] });
    assertEquals(whole.rows.map(({ untouched }) => untouched), [undefined, undefined]);
  }
});
