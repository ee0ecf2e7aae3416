/** Runs after a person said that a record is to be left alone. */
import { assertEquals } from "@std/assert";
import { findRecord } from "../../engine/find_record.ts";
import { exitCodeOf } from "../../engine/run.ts";
import { skipRecord } from "../../engine/skip.ts";
import type { Step } from "../../engine/step.ts";
import { account, customer, customers, plain, users, type World, world } from "./world.ts";

const steps = [users, customers];
const writes = (w: World) => w.erp.writes.length + w.crm.writes.length;
const codes = async (w: World) => (await w.open()).map(({ side, codes }) => [side, ...codes]);

async function skip(w: World, record: string): Promise<void> {
  const row = await findRecord({ store: w.store, connection: "c", steps }, record);
  const now = "2026-02-01T00:00:00Z";
  await w.store.save("c", row.step, skipRecord(customers, row, { text: "known", now }));
}

/** Two runs, the second one reading everything again: nothing is written and nobody is wanted. */
async function assertLeftAlone(w: World): Promise<void> {
  const before = writes(w);
  for (const full of [false, true]) {
    const run = await w.sync({ full });
    const { conflict, blocked, failed, inserted, modified } = run.totals;
    assertEquals([conflict, blocked, failed, inserted, modified], [0, 0, 0, 0, 0]);
    assertEquals([exitCodeOf(run), run.steps[1]!.listed, await codes(w), writes(w)], [0, 0, [], before]);
  }
}

/** A pair whose phone is in conflict. */
async function inConflict(): Promise<{ w: World; id: string }> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync();
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { phone: "3" });
  await w.sync();
  assertEquals(await codes(w), [["crm", "conflict"]]);
  return { w, id };
}

Deno.test.each([{ side: "erp" }, { side: "crm" }])(
  "runPipeline() leaves a skipped pair alone until somebody edits it in the $side",
  async ({ side }) => {
    const { w, id } = await inConflict();
    await skip(w, "customers/C1");
    await assertLeftAlone(w);
    // Another definition has every pair decided anew.
    const decided: Step = { ...customers, transform: { ...customers.transform, name: "name" } };
    const before = writes(w);
    const { toCrm, fromCrm } = (await w.sync({ steps: [users, decided] })).steps[1]!;
    assertEquals([toCrm.counts.skipped, fromCrm.counts.skipped, writes(w)], [1, 1, before]);
    // Another field: it merges, and the conflict is told again.
    if (side === "erp") w.erp.put("customers", "e1", { city: "Oslo" });
    else w.crm.put("accounts", id, { city: "Oslo" });
    await w.sync();
    assertEquals([plain(w.erp, "customers", ["city", "phone"]), plain(w.crm, "accounts", ["city", "phone"])], [
      [{ city: "Oslo", phone: "2" }],
      [{ city: "Oslo", phone: "3" }],
    ]);
    assertEquals(await codes(w), [["crm", "conflict"]]);
  },
);

Deno.test("runPipeline() leaves a skipped record without a partner alone until somebody edits it", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "One" }));
  w.crm.put("accounts", "a2", account({ accountnumber: "C1", name: "Two" }));
  await w.sync();
  for (const record of ["customers/e1", "customers/a1", "customers/a2"]) await skip(w, record);
  await assertLeftAlone(w);
  w.crm.put("accounts", "a2", { phone: "5" });
  await w.sync();
  assertEquals((await codes(w)).filter(([side]) => side === "erp"), [["erp", "ambiguous"]]);
  w.crm.put("accounts", "a2", { accountnumber: "C2" });
  w.erp.put("customers", "e1", { phone: "6" });
  await w.sync();
  const couplings = async () => (await w.store.step("c", "customers")).coupled;
  assertEquals([await couplings(), w.erp.all("customers").length], [1, 2]); // C2, which the ERP got
  w.crm.put("accounts", "a1", { phone: "7" });
  await w.sync();
  assertEquals([await couplings(), w.erp.all("customers").length], [2, 2]); // the same keys, and neither is skipped any more
});

Deno.test("runPipeline() leaves a skipped pair alone whose record is missing, until the other one is edited", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync();
  w.crm.remove("accounts", w.crm.all("accounts")[0]!.id);
  await w.sync();
  assertEquals(await codes(w), [["crm", "missing"]]);
  await skip(w, "customers/C1");
  await assertLeftAlone(w);
  w.erp.put("customers", "e1", { phone: "2" });
  await w.sync();
  assertEquals(await codes(w), [["crm", "conflict"]]);
});

Deno.test("runPipeline() releases a skipped pair when one of its records is deleted, and leaves alone one that was", async () => {
  const { w, id } = await inConflict();
  await skip(w, "customers/C1");
  w.crm.remove("accounts", id);
  await w.sync();
  assertEquals((await codes(w)).map(([, code]) => code), ["conflict"]);
  await skip(w, "customers/e1");
  await assertLeftAlone(w);
});
