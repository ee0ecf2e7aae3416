/** A definition that says something else than in the run before: what is told of it, and what it decides anew. */
import { assertEquals } from "@std/assert";
import { select } from "../../engine/plan.ts";
import { compile } from "../../engine/compile.ts";
import { constant, onConflict, type Step } from "../../engine/step.ts";
import { whyOf } from "../../reports/why.ts";
import { account, customer, customers, plain, users, world } from "./world.ts";

const { "group address": _, ...ungrouped } = customers.transform;
/** What a step may be given beside what `customers` has. */
const changed: Readonly<Record<string, Partial<Step>>> = {
  "load.conflict added": { load: { ...customers.load, conflict: "crm" } },
  "load.first added": { load: { ...customers.load, first: "erp" } },
  "load.missing.erp added": { load: { ...customers.load, missing: { erp: "deactivate" } } },
  "load.left.crm added": { load: { ...customers.load, left: { crm: "uncouple" } } },
  "load.toCrm removed": { load: { fromCrm: { unmatched: "insert" } } },
  "load.fromCrm changed": { load: { ...customers.load, fromCrm: { unmatched: "insert", when: { kind: 3 } } } },
  "load.fromCrm removed": { load: { ...customers.load, fromCrm: { unmatched: "leave" } } },
  "group address removed": { transform: { ...ungrouped, ...(customers.transform["group address"] as object) } },
  "onConflict of phone added": { transform: { ...customers.transform, phone: onConflict("erp", "phone") } },
  "create.crm added": { create: { erp: {}, crm: { kind: constant(3) } } },
  "match changed": { match: [["accountnumber"]] },
  "control added": { control: { kind: "city" } },
  "authority added": { authority: [{ who: "erp" }] },
};

Deno.test.each(Object.entries(changed).map(([said, change]) => ({ said, change })))(
  "runPipeline() tells of a definition whose policies changed: $said",
  async ({ said, change }) => {
    const w = world();
    w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
    await w.sync();
    const step = { ...customers, ...change } as Step;
    const run = await w.sync({ steps: [users, step] });
    assertEquals(run.steps[1]!.note, `definition changed: ${said}`);
    assertEquals((await w.sync({ steps: [users, step] })).steps[1]!.note, undefined);
  },
);

Deno.test("compile() knows a definition again that says the same in another order, or says what is the default", () => {
  const hashOf = (more: Partial<Step>) => compile({ ...customers, ...more } as Step).hash;
  const { toCrm, fromCrm } = customers.load as Step["load"];
  const usual = { first: "fill", conflict: "stop", missing: { erp: "report" }, left: { crm: "keep" } } as const;
  assertEquals(hashOf({ load: { fromCrm, ...usual, toCrm } as Step["load"] }), hashOf({}));
  const match = (...group: string[]) => hashOf({ match: [["accountnumber"], group] });
  assertEquals([match("city", "name"), match("name", "city")], [hashOf({}), hashOf({})]);
  const line = (more: object) => hashOf({ authority: [{ who: "person", ...more }] });
  const [a, b] = [{ name: "x", city: "y" }, { city: "y", name: "x" }];
  assertEquals(line({ erp: a, why: "one" }), line({ erp: b, why: "another" }));
});

Deno.test("runPipeline() tells which rule has a conflict policy of its own, whatever the step's is", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  const transform = { ...customers.transform, phone: onConflict("erp", "phone") };
  const having = (
    conflict: "erp" | "crm",
  ) => [users, { ...customers, transform, load: { ...customers.load, conflict } } as Step];
  await w.sync({ steps: having("erp") });
  const run = await w.sync({ steps: having("crm") });
  assertEquals(run.steps[1]!.note, "definition changed: load.conflict changed");
});

Deno.test("runPipeline() tells what changed until a run was not of one record alone, which confirms nothing", async () => {
  const w = world();
  for (const n of [1, 2]) w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}`, phone: "1" }));
  await w.sync();
  const steps = [users, { ...customers, load: { ...customers.load, conflict: "erp" } } as Step];
  const selection = select(steps, "customers/C1");
  const said: (string | undefined)[] = [];
  for (const how of [{ selection }, { selection }, {}, {}]) {
    for (const n of [1, 2]) w.erp.put("customers", `e${n}`, { phone: `${said.length}` });
    said.push((await w.sync({ steps, ...how })).steps.at(-1)!.note);
    const written = plain(w.crm, "accounts", ["phone"]).map(({ phone }) => phone);
    assertEquals(written, [`${said.length - 1}`, "selection" in how ? "1" : `${said.length - 1}`]);
  }
  const note = "definition changed: load.conflict added";
  assertEquals(said, [note, note, note, undefined]);
});

Deno.test.each([{ what: "missing" }, { what: "held" }, { what: "left" }] as const)(
  "runPipeline() decides a pair by the definition that it has now, also where nothing is written: $what",
  async ({ what }) => {
    const w = world();
    w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
    await w.sync();
    if (what === "missing") w.erp.remove("customers", "e1");
    if (what === "left") w.crm.put("accounts", w.crm.all("accounts")[0]!.id, { kind: 1 });
    const authority = what === "held" ? [{ who: "person", why: "wait; wait" }] : [];
    const steps = [users, { ...customers, authority, load: { ...customers.load, conflict: "erp" } } as Step];
    await w.sync({ steps });
    const why = await whyOf({ store: w.store, connection: "c", steps }, "customers/e1");
    assertEquals([why.redefined, why.fields.find(({ field }) => field.crm === "phone")!.base?.crm], [false, "1"]);
  },
);

Deno.test("runPipeline() keeps what both agreed on when a policy changes, and decides open conflicts by it", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1", city: "Rome" }));
  await w.sync();
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { phone: "3" });
  await w.sync();
  w.erp.put("customers", "e1", { city: "Oslo" });
  const steps = [users, { ...customers, load: { ...customers.load, conflict: "crm" } } as Step];
  const run = await w.sync({ steps });
  assertEquals(plain(w.erp, "customers", ["phone", "city"]), [{ phone: "3", city: "Oslo" }]);
  assertEquals(plain(w.crm, "accounts", ["phone", "city"]), [{ phone: "3", city: "Oslo" }]);
  assertEquals(run.steps[1]!.listed, 0);
});

Deno.test("runPipeline() leaves a conflict of two that never agreed to a person, whatever counts where both changed", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "One", phone: "2" }));
  const load = { ...customers.load, conflict: "crm" } as const;
  for (const steps of [[users, customers], [users, { ...customers, load } as Step]]) {
    await w.sync({ steps });
    assertEquals([plain(w.erp, "customers", ["phone"]), plain(w.crm, "accounts", ["phone"])], [[{ phone: "1" }], [
      { phone: "2" },
    ]]);
    assertEquals((await w.open()).flatMap(({ codes }) => codes), ["conflict"]);
  }
  await w.sync({ steps: [users, { ...customers, load: { ...load, first: "erp" } } as Step] });
  assertEquals(plain(w.crm, "accounts", ["phone"]), [{ phone: "1" }]);
  assertEquals(await w.open(), []);
});
