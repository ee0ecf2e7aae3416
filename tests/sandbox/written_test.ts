/** What the request log says of single writes, by themselves and in batches. */
import { assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { Fields } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import type { LogEntry } from "../../sandbox/log.ts";
import { creation, okRow, startWorld, update } from "../connectors/business_central_world.ts";
import { chosen, create, openWorld, update as change } from "../connectors/dataverse_world.ts";

function writesIn(log: unknown): unknown[][] {
  const all = (log as LogEntry[]).flatMap(({ writes = [] }) => writes);
  return all.map(({ method, entity, id, fields, status }) => [method, entity, id, fields, status]);
}

Deno.test("the log tells single writes and readings of Business Central apart, without a token's secret", async () => {
  await using world = await startWorld();
  const unit = await world.post("unitsOfMeasure", { code: "BOX" });
  await world.patch("unitsOfMeasure", unit, { displayName: "Box" });
  await world.remove("unitsOfMeasure", await world.get(`unitsOfMeasure(${unit["id"]})`));
  const log = await world.get("/sandbox/requests") as unknown as LogEntry[];
  assertEquals(writesIn(log), [
    ["POST", "unitsOfMeasure", unit["id"], { code: "BOX" }, 201],
    ["PATCH", "unitsOfMeasure", unit["id"], { displayName: "Box" }, 200],
    ["DELETE", "unitsOfMeasure", unit["id"], null, 204],
  ]);
  assertEquals(
    log.filter(({ operation }) => operation === "read" || operation === "token").map(({ writes }) => writes),
    [
      ...Array(log.length - 3),
    ],
  );
});

Deno.test("the log tells each write of a batch of Business Central, refused ones as well", async () => {
  await using world = await startWorld();
  const opened = world.connector.open(bc.unitsOfMeasure);
  const [made] = await opened.write([creation({ code: "BOX" })], { fields: ["code"] });
  const { id } = okRow(made);
  const long: Fields = { code: "X".repeat(11) };
  await opened.write([update(okRow(made), { displayName: "Box" }), creation(long)], { fields: [] });
  assertEquals(writesIn(await world.get("/sandbox/requests")), [
    ["POST", "unitsOfMeasure", id, { code: "BOX" }, 201],
    ["PATCH", "unitsOfMeasure", id, { displayName: "Box" }, 200],
    ["POST", "unitsOfMeasure", null, long, 400],
  ]);
});

Deno.test("the log tells each write of Dataverse's batches, with the status of a change set that failed", async () => {
  await using world = await openWorld();
  const accounts = world.crm.open(dv.accounts);
  await accounts.write([create(chosen(1), { name: "One" }), change(chosen(2), 'W/"1"', { name: "Two" })], {
    fields: [],
  });
  await world.set("faults", [{ service: "dataverse", kind: "503", match: "$batch" }]);
  await accounts.write([create(chosen(3), { name: "Three" })], { fields: [] });
  const order = { "@odata.type": "Microsoft.Dynamics.CRM.account", accountid: chosen(1) };
  const merge = { Target: order, Subordinate: { ...order, accountid: chosen(3) } };
  await world.api("POST", "Merge", merge);
  assertEquals(writesIn(await world.api("GET", "/sandbox/requests")), [
    ["PATCH", "accounts", chosen(1), { name: "One" }, 201],
    ["PATCH", "accounts", chosen(2), { name: "Two" }, 404],
    ["PATCH", "accounts", chosen(3), { name: "Three" }, 201],
    ["POST", "Merge", null, merge, 204],
  ]);
});

Deno.test("a write whose answer was lost is in the log with its own status", async () => {
  await using world = await startWorld();
  await world.fault({ service: "business_central", kind: "lost_reply", match: "$batch" });
  await world.connector.open(bc.unitsOfMeasure).write([creation({ code: "BOX" })], { fields: [] });
  const log = await world.get("/sandbox/requests") as unknown as LogEntry[];
  const [entry] = log.filter(({ operation }) => operation === "batch");
  assertEquals([entry!.status, entry!.writes!.map(({ status }) => status)], [0, [201]]);
});
