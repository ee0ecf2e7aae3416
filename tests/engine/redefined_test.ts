/** A definition that says something else than in the run before: what is told of it, and what it decides anew. */
import { assertEquals } from "@std/assert";
import { constant, onConflict, type Step } from "../../engine/step.ts";
import { account, customer, customers, plain, users, world } from "./world.ts";

/** What a step may be given beside what `customers` has. */
const changed: Readonly<Record<string, Partial<Step>>> = {
  "load.conflict added": { load: { ...customers.load, conflict: "crm" } },
  "load.first added": { load: { ...customers.load, first: "erp" } },
  "load.missing.erp added": { load: { ...customers.load, missing: { erp: "deactivate" } } },
  "load.left.crm added": { load: { ...customers.load, left: { crm: "uncouple" } } },
  "load.toCrm removed": { load: { fromCrm: { unmatched: "insert" } } },
  "load.fromCrm changed": { load: { ...customers.load, fromCrm: { unmatched: "leave" } } },
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
