/** Each brake: where it stops a step before its first write, and how it passes. */
import { assertEquals } from "@std/assert";
import { type Brake, brakesOf } from "../../engine/brakes.ts";
import { exitCodeOf } from "../../engine/run.ts";
import type { Step } from "../../engine/step.ts";
import { customer, customers, users, type World, world } from "./world.ts";

const few = 25;
const steps: readonly Step[] = [users, customers];
const writes = (w: World) => w.erp.writes.length + w.crm.writes.length;
const policy = (load: Partial<Step["load"]>, more: Partial<Step> = {}): readonly Step[] => [
  users,
  { ...customers, ...more, load: { ...customers.load, ...load } } as Step,
];

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
    written: few + 1,
  },
  {
    brake: "deletions",
    own: policy({ missing: { erp: "delete" } }, {
      extract: { ...customers.extract, crm: { ...customers.extract.crm, deletable: true } },
    }),
    edit: (w) => names(w).slice(0, few + 1).forEach((id) => w.erp.remove("customers", id)),
    written: few + 1,
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
  names(w).slice(0, few + 1).forEach((id) => w.erp.remove("customers", id));
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
