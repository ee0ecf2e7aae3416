/** Brakes together with policies, sweeps and the steps around the one that stops. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Brake } from "../../engine/brakes.ts";
import { exitCodeOf, runPipeline } from "../../engine/run.ts";
import type { Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import { fakeService } from "./fake_service.ts";
import { customer, customers, plain, users, type World, world } from "./world.ts";

/** One more than is always few. */
const many = 26;
const stepWith = (more: Partial<Step>) => ({ ...customers, ...more }) as Step;

function fill(put: World["erp"]["put"], count: number, table = "customers"): void {
  for (let n = 0; n < count; n++) put(table, `e${n}`, customer({ number: `C${n}`, name: `Name ${n}` }));
}

Deno.test("runPipeline() holds back putting out of use in number like deletions, again and again, and then does it once", async () => {
  const crm = { ...customers.extract.crm, inactive: { kind: 9 } };
  const load = { ...customers.load, missing: { erp: "deactivate" } } as Step["load"];
  const steps = [users, stepWith({ extract: { ...customers.extract, crm }, load })];
  const w = world();
  fill(w.erp.put, many + 1);
  await w.sync({ steps });
  for (let n = 0; n < many; n++) w.erp.remove("customers", `e${n}`);
  const before = w.crm.writes.length;
  for (const full of [false, true, false]) {
    const run = await w.sync({ steps, full });
    assertEquals([exitCodeOf(run), w.crm.writes.length - before], [7, 0]);
    assertStringIncludes(run.steps[1]!.error!.message, `${many} records would be deleted, put out of use or uncoupled`);
  }
  await w.sync({ steps, allow: new Set<Brake>(["deletions"]) });
  const kinds = plain(w.crm, "accounts", ["kind"]).map(({ kind }) => kind);
  assertEquals([kinds.filter((kind) => kind === 9).length, kinds.length], [many, many + 1]);
  await w.sync({ steps });
  assertEquals([w.crm.writes.length - before, await w.open()], [many, []]);
});

Deno.test("runPipeline() takes a sweep that finds nothing at all for a mistake, and tells nobody that a record is missing", async () => {
  const erp = fakeService("business_central", { silent: true });
  const crm = fakeService("dataverse", { silent: true });
  const store = memoryStore();
  const steps = [users, stepWith({ sweepEvery: "run" })];
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now += 1000, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run ${now}` };
  const sync = (allow = new Set<Brake>()) =>
    runPipeline({ connection: "c", kind: "sandbox", steps, store, erp, crm, clock, allow });
  const listed = async () =>
    (await store.changes("c", { states: ["open"] }, { limit: 99 })).flatMap(({ reasons }) =>
      reasons.map(({ code }) => code)
    );
  fill(erp.put, many);
  await sync();
  for (let n = 0; n < many; n++) erp.remove("customers", `e${n}`);
  for (let time = 0; time < 2; time++) {
    const run = await sync();
    assertEquals([run.steps[1]!.error?.code, await listed()], ["brake", []]);
    assertStringIncludes(run.steps[1]!.error!.message, '"customers" lists no record at all');
  }
  assertEquals((await sync(new Set(["empty"]))).steps[1]!.error, undefined);
  assertEquals(await listed(), Array(many).fill("missing"));
});

Deno.test("runPipeline() runs what does not depend on a step that a brake stopped, and nothing that does", async () => {
  const named = (name: string, dependsOn: readonly Step[], more: Partial<Step> = {}) =>
    stepWith({ name, dependsOn, extract: renamed(name), ...more });
  // Each works on tables of its own; the last one depends on the step that stops through another one.
  const stopped = named("stopped", [users]);
  const next = named("next", [stopped]);
  const last = named("last", [next]);
  const later = named("later", [users]);
  const latest = named("latest", [later]);
  const steps = [users, stopped, next, last, later, latest];
  const w = world();
  const tables = steps.slice(1).map(({ name }) => name);
  for (const table of tables) w.erp.put(table, "e0", customer({ number: "C0", name: "Name 0" }));
  assertEquals(exitCodeOf(await w.sync({ steps })), 0);
  fill(w.erp.put, many + 1, "stopped");
  for (const table of tables.slice(1)) w.erp.put(table, "e0", { phone: "1" });
  const states = async (allow: readonly Brake[] = []) => {
    const before = w.crm.writes.length;
    const run = await w.sync({ steps, allow: new Set(allow) });
    const written = new Set(w.crm.writes.slice(before).map(({ entity }) => entity));
    return [exitCodeOf(run), run.steps.map(({ status, error }) => error?.code ?? status), [...written].sort()];
  };
  const blocked = "blocked_by_step";
  assertEquals(await states(), [
    7,
    ["Finished", "brake", blocked, blocked, "Finished", "Finished"],
    ["later accounts", "latest accounts"],
  ]);
  assertEquals(await states(), [7, ["Finished", "brake", blocked, blocked, "Finished", "Finished"], []]);
  assertEquals(await states(["creations"]), [
    0,
    Array(6).fill("Finished"),
    ["last accounts", "next accounts", "stopped accounts"],
  ]);
});

function renamed(name: string): Step["extract"] {
  const { erp, crm } = customers.extract;
  return { erp: { ...erp, name }, crm: { ...crm, name: `${name} accounts` } };
}
