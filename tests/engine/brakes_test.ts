/** Each brake: where it stops a step before its first write, and how it passes. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Brake, brakesOf } from "../../engine/brakes.ts";
import { select } from "../../engine/plan.ts";
import { exitCodeOf, runPipeline } from "../../engine/run.ts";
import type { Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import { fakeService } from "./fake_service.ts";
import { customer, customers, plain, users, type World, world } from "./world.ts";

const few = 25;
const many = few + 1;
const steps: readonly Step[] = [users, customers];
const writes = (w: World) => w.erp.writes.length + w.crm.writes.length;
const policy = (load: Partial<Step["load"]>, more: Partial<Step> = {}): readonly Step[] => [
  users,
  { ...customers, ...more, load: { ...customers.load, ...load } } as Step,
];

function fill(put: World["erp"]["put"], count: number, table = "customers"): void {
  for (let n = 0; n < count; n++) put(table, `e${n}`, customer({ number: `C${n}`, name: `Name ${n}` }));
}

/** A world in which so many customers are coupled. */
async function coupled(count: number, own: readonly Step[] = steps): Promise<World> {
  const w = world();
  for (let n = 0; n < count; n++) {
    w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}`, city: `City ${n}` }));
  }
  await w.sync({ steps: own });
  return w;
}

interface Case {
  readonly brake: Brake;
  readonly own?: readonly Step[];
  readonly edit: (w: World) => void;
  readonly full?: boolean;
  readonly then?: readonly Step[];
  /** Writes when it passes. */
  readonly written: number;
}
const names = (w: World) => w.erp.all("customers").map(({ id }) => id);
const cases: readonly Case[] = [
  {
    brake: "creations",
    edit: (w) => {
      for (let n = 0; n <= few; n++) w.erp.put("customers", `n${n}`, customer({ number: `N${n}`, name: `New ${n}` }));
    },
    written: many,
  },
  {
    brake: "deletions",
    own: policy({ missing: { erp: "delete" } }, {
      extract: { ...customers.extract, crm: { ...customers.extract.crm, deletable: true } },
    }),
    edit: (w) => names(w).slice(0, many).forEach((id) => w.erp.remove("customers", id)),
    written: many,
  },
  {
    brake: "changes",
    edit: (w) => names(w).forEach((id) => w.erp.put("customers", id, { phone: "1" })),
    written: 30,
  },
  { brake: "empty", edit: (w) => names(w).forEach((id) => w.erp.remove("customers", id)), full: true, written: 0 },
  {
    brake: "filter",
    edit: (w) => w.erp.put("customers", "e0", { phone: "1" }),
    then: policy({}, { extract: { ...customers.extract, crm: customers.extract.crm.where({ terms: null }) } }),
    written: 1,
  },
  {
    brake: "candidates",
    edit: (w) => w.erp.put("customers", "double", customer({ number: "X", name: "NAME 1", city: "City 1" })),
    written: 1,
  },
];

Deno.test.each(cases)(
  "runPipeline() stops before the first write: $brake",
  async ({ brake, own = steps, edit, full, then, written }) => {
    const w = await coupled(30, own);
    const before = writes(w);
    edit(w);
    const next = { steps: then ?? own, full: full ?? false };
    for (let time = 0; time < 2; time++) {
      const run = await w.sync(next);
      const { status, error } = run.steps[1]!;
      assertEquals([status, error?.code, exitCodeOf(run), writes(w) - before], ["Error", "brake", 7, 0]);
      assertEquals(brakesOf(run), [brake]);
      assertEquals(run.steps[0]!.status, "Finished");
    }
    const passed = await w.sync({ ...next, allow: new Set([brake]) });
    assertEquals([passed.steps[1]!.error, writes(w) - before], [undefined, written]);
    await w.sync(next);
    assertEquals(writes(w) - before, written);
  },
);

Deno.test("runPipeline() holds back uncouplings in number like deletions", async () => {
  const own = policy({ missing: { erp: "uncouple" } });
  const w = await coupled(30, own);
  names(w).slice(0, many).forEach((id) => w.erp.remove("customers", id));
  assertEquals(exitCodeOf(await w.sync({ steps: own })), 7);
  const left = async () => (await w.store.step("c", "customers")).coupled;
  assertEquals(await left(), 30);
  await w.sync({ steps: own, allow: new Set<Brake>(["deletions"]) });
  assertEquals(await left(), 30 - few - 1);
});

Deno.test("runPipeline() holds back no first load, and nothing that is few", async () => {
  const w = await coupled(60);
  assertEquals(w.crm.writes.length, 60);
  for (let n = 0; n < few; n++) w.erp.put("customers", `n${n}`, customer({ number: `N${n}`, name: `New ${n}` }));
  names(w).slice(0, few).forEach((id) => w.erp.put("customers", id, { phone: "1" }));
  assertEquals(exitCodeOf(await w.sync({ steps })), 0);
});

Deno.test("runPipeline() holds no first load back that coupled only before", async () => {
  const w = world();
  for (let n = 0; n < many; n++) {
    w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}`, seller: "ANN" as never }));
    w.crm.put("accounts", `a${n}`, { accountnumber: `C${n}`, name: `Name ${n}`, kind: 3 });
  }
  await w.sync({ steps, onlyCoupled: true }); // all wait for their seller
  names(w).forEach((id) => w.erp.put("customers", id, { phone: "1", seller: null }));
  assertEquals(exitCodeOf(await w.sync({ steps })), 0);
  names(w).forEach((id) => w.erp.put("customers", id, { phone: "2" }));
  assertEquals(exitCodeOf(await w.sync({ steps })), 7);
});

Deno.test("runPipeline() takes what was listed before for no mistake when it is written", async () => {
  const w = await coupled(30);
  const count = () => w.crm.all("accounts").length;
  w.erp.put("sellers", "s1", { code: "ANN", email: "ann@sales.example" });
  for (let n = 100; n < 150; n++) {
    w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `New ${n}`, seller: "ANN" as never }));
  }
  assertEquals([exitCodeOf(await w.sync({ steps })), count()], [3, 30]);
  w.crm.put("users", "u1", { email: "ann@sales.example", nick: null });
  assertEquals([exitCodeOf(await w.sync({ steps })), count()], [0, 80]);
  names(w).slice(0, 30).forEach((id) => w.erp.remove("customers", id));
  assertEquals(exitCodeOf(await w.sync({ steps })), 3);
  const deleting = policy({ missing: { erp: "delete" } });
  assertEquals([exitCodeOf(await w.sync({ steps: deleting })), count()], [7, 80]); // but deletions always count
});

Deno.test("runPipeline() counts a listed pair, and looks at a listed creation, like any other", async () => {
  const w = await coupled(30);
  w.erp.put("customers", "e0", { name: "Erp" });
  w.crm.put("accounts", w.crm.all("accounts").find(({ data }) => data["accountnumber"] === "C0")!.id, { name: "Crm" });
  assertEquals(exitCodeOf(await w.sync({ steps })), 3);
  for (const id of names(w)) w.erp.put("customers", id, { phone: "1" });
  const before = writes(w);
  assertEquals([exitCodeOf(await w.sync({ steps })), writes(w)], [7, before]);
  await w.sync({ steps, allow: new Set<Brake>(["changes"]) });

  w.erp.put("sellers", "s1", { code: "ANN", email: "ann@sales.example" });
  w.erp.put("customers", "like", customer({ number: "X", name: "Name 1", city: "City 1", seller: "ANN" as never }));
  assertEquals(exitCodeOf(await w.sync({ steps })), 3);
  w.crm.put("users", "u1", { email: "ann@sales.example", nick: null });
  assertEquals([exitCodeOf(await w.sync({ steps })), w.crm.all("accounts").length], [7, 30]);
});

Deno.test("runPipeline() knows after a run of coupled records what they are, and that nothing was created yet", async () => {
  const w = world();
  const put = (n: number) =>
    w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}`, city: `City ${n}` }));
  for (let n = 0; n < 30; n++) {
    put(n);
    w.crm.put("accounts", `a${n}`, { accountnumber: `C${n}`, name: `Name ${n}`, city: `City ${n}`, kind: 3 });
  }
  await w.sync({ steps, onlyCoupled: true });
  w.erp.put("customers", "double", customer({ number: "X", name: "Name 1", city: "City 1" }));
  assertEquals(exitCodeOf(await w.sync({ steps })), 7);
  w.erp.remove("customers", "double");
  for (let n = 30; n < 60; n++) put(n);
  assertEquals([exitCodeOf(await w.sync({ steps })), w.crm.all("accounts").length], [0, 60]);
  for (let n = 60; n < 90; n++) put(n);
  assertEquals(exitCodeOf(await w.sync({ steps })), 7);
});

Deno.test("runPipeline() holds a record back that looks like another one, also when it is asked for alone", async () => {
  const w = world();
  for (const n of [1, 2]) w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `N${n}`, city: "Oslo" }));
  await w.sync();
  w.erp.put("customers", "double", customer({ number: "D", name: "N1", city: "Oslo" }));
  assertEquals(exitCodeOf(await w.sync({ selection: select([users, customers], "customers/D") })), 7);
  assertEquals(w.crm.all("accounts").length, 2);
});

Deno.test("runPipeline() holds back putting out of use in number like deletions, again and again, and then does it once", async () => {
  const crm = { ...customers.extract.crm, inactive: { kind: 9 } };
  const steps = policy({ missing: { erp: "deactivate" } }, { extract: { ...customers.extract, crm } });
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
  const steps = policy({}, { sweepEvery: "run" });
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
    ({ ...customers, name, dependsOn, extract: renamed(name), ...more }) as Step;
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
