/** Runs after a person said that a record is to be left alone. */
import { assertEquals, assertThrows } from "@std/assert";
import { findRecord } from "../../engine/find_record.ts";
import { coupleByHand } from "../../engine/hand_couple.ts";
import { exitCodeOf } from "../../engine/run.ts";
import { compile } from "../../engine/compile.ts";
import { skipRecord } from "../../engine/skip.ts";
import type { Step } from "../../engine/step.ts";
import { DefinitionError } from "../../errors.ts";
import { account, customer, customers, lateFor, plain, users, type World, world } from "./world.ts";

const steps = [users, customers];
const writes = (w: World) => w.erp.writes.length + w.crm.writes.length;
const codes = async (w: World) => (await w.open()).map(({ side, codes }) => [side, ...codes]);

const place = (w: World, own: readonly Step[] = steps) => ({ store: w.store, connection: "c", steps: own });
const now = "2026-01-01T00:00:30Z";

async function skip(w: World, record: string): Promise<void> {
  const row = await findRecord(place(w), record);
  await w.store.save("c", row.step, skipRecord(compile(customers), row, { text: "known", now }));
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

Deno.test("skipRecord() refuses a creation that nobody knows the end of, and coupleByHand() until it has one", async () => {
  const steps: Step[] = [users, { ...customers, match: [["accountnumber"]] } as Step];
  const w = world();
  w.crm.put("accounts", "a1", account({ name: "Solo", city: "Oslo" }));
  w.erp.put("customers", "e9", customer({ number: "N9", name: "Other", city: "Bergen" }));
  w.erp.next({ kind: "unknown", message: "no answer" });
  await w.sync({ steps });
  assertEquals(await codes(w), [["erp", "unknown_outcome"]]);
  const row = await findRecord(place(w, steps), "customers/a1");
  const error = assertThrows(() => skipRecord(compile(steps[1]!), row, { text: "later", now }), DefinitionError);
  assertEquals(error.code, "write_unsettled");
  await w.store.save("c", "customers", { parted: ["e9"] });
  const couple = (at: string) => coupleByHand(place(w, steps), "customers", { erp: "e9", crm: "a1", now: at });
  const refused = await couple(now).then(() => null, (thrown) => thrown.code);
  assertEquals(refused, "write_unsettled");
  const later = new Date(Date.parse(now) + 2 * lateFor).toISOString();
  assertEquals((await couple(later)).saved, true);
});

Deno.test("runPipeline() neither couples a skipped record with a match that appears, nor makes the match anew", async () => {
  const steps: Step[] = [users, {
    ...customers,
    load: { ...customers.load, toCrm: { unmatched: "leave" } },
  } as Step];
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync({ steps });
  await skip(w, "customers/C1");
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "Other" }));
  await w.sync({ steps });
  const partner = async () => (await findRecord(place(w, steps), "customers/e1")).coupling?.crmId;
  assertEquals([w.erp.all("customers").length, await partner()], [1, undefined]);
  w.erp.put("customers", "e1", { phone: "2" }); // released
  await w.sync({ steps });
  assertEquals([w.erp.all("customers").length, await partner()], [1, "a1"]);
});
