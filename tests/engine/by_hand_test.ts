/** What people decide, and services refuse, holds as long as it should and no longer. */
import { assertEquals, assertThrows } from "@std/assert";
import { DefinitionError } from "../../errors.ts";
import { findRecord } from "../../engine/find_record.ts";
import { coupleByHand } from "../../engine/hand_couple.ts";
import { select } from "../../engine/plan.ts";
import { exitCodeOf } from "../../engine/run.ts";
import { skipRecord } from "../../engine/skip.ts";
import type { Step } from "../../engine/step.ts";
import { resolve } from "./resolving.ts";
import { account, customer, customers, lateFor, plain, users, type World, world } from "./world.ts";

const now = "2026-01-01T00:00:30Z";
const codes = async (w: World) => (await w.open()).flatMap((one) => one.codes);
const place = (w: World, steps: readonly Step[]) => ({ store: w.store, connection: "c", steps });

Deno.test("skipRecord() refuses a creation that nobody knows the end of, and coupleByHand() until it has one", async () => {
  const steps: Step[] = [users, { ...customers, match: [["accountnumber"]] } as Step];
  const w = world();
  w.crm.put("accounts", "a1", account({ name: "Solo", city: "Oslo" }));
  w.erp.put("customers", "e9", customer({ number: "N9", name: "Other", city: "Bergen" }));
  w.erp.next({ kind: "unknown", message: "no answer" });
  await w.sync({ steps });
  assertEquals(await codes(w), ["unknown_outcome"]);
  const row = await findRecord(place(w, steps), "customers/a1");
  const error = assertThrows(() => skipRecord(steps[1]!, row, { text: "later", now }), DefinitionError);
  assertEquals(error.code, "write_unsettled");
  await w.store.save("c", "customers", { parted: ["e9"] });
  const couple = (at: string) => coupleByHand(place(w, steps), "customers", { erp: "e9", crm: "a1", now: at });
  const refused = await couple(now).then(() => null, (thrown) => thrown.code);
  assertEquals(refused, "write_unsettled");
  const later = new Date(Date.parse(now) + 2 * lateFor).toISOString();
  assertEquals((await couple(later)).saved, true);
});

Deno.test("runPipeline() keeps the value that a person chose while another one is set aside", async () => {
  const steps: Step[] = [users, customers];
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync();
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { phone: "3" });
  await w.sync();
  await resolve(w, steps, { value: "9" });
  w.erp.put("customers", "e1", { name: "Two" });
  w.crm.next({ kind: "refused", code: "bad", message: "no number", field: "phone" });
  await w.sync();
  const chosen = async () => (await findRecord(place(w, steps), "customers/e1")).coupling!.resolution?.chosen;
  assertEquals([plain(w.crm, "accounts", ["name", "phone"]), await codes(w), await chosen()], [
    [{ name: "Two", phone: "3" }],
    ["refused"],
    { phone: "9" },
  ]);
});

Deno.test("runPipeline() lists, and does not count as failed, what a plan does not have", async () => {
  const steps = [users, { ...customers, load: { ...customers.load, conflict: "erp" } } as Step];
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync({ steps });
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", w.crm.all("accounts")[0]!.id, { phone: "3" });
  const run = await w.sync({ steps, guard: { allows: () => Promise.resolve(false) } });
  const { blocked, failed } = run.steps[1]!.toCrm.counts;
  assertEquals([blocked, failed, await codes(w)], [1, 0, ["not_planned"]]);
  assertEquals((await w.changes()).flatMap((change) => change.lost), []); // the CRM has its value still
});

Deno.test("runPipeline() holds a record back that looks like another one, also when it is asked for alone", async () => {
  const w = world();
  for (const n of [1, 2]) w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `N${n}`, city: "Oslo" }));
  await w.sync();
  w.erp.put("customers", "double", customer({ number: "D", name: "N1", city: "Oslo" }));
  assertEquals(exitCodeOf(await w.sync({ selection: select([users, customers], "customers/D") })), 7);
  assertEquals(w.crm.all("accounts").length, 2);
});

Deno.test("runPipeline() neither couples a skipped record with a match that appears, nor makes the match anew", async () => {
  const steps: Step[] = [users, {
    ...customers,
    load: { ...customers.load, toCrm: { unmatched: "leave" } },
  } as Step];
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync({ steps });
  const row = await findRecord(place(w, steps), "customers/C1");
  await w.store.save("c", "customers", skipRecord(steps[1]!, row, { text: "not yet", now }));
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "Other" }));
  await w.sync({ steps });
  const partner = async () => (await findRecord(place(w, steps), "customers/e1")).coupling?.crmId;
  assertEquals([w.erp.all("customers").length, await partner()], [1, undefined]);
  w.erp.put("customers", "e1", { phone: "2" }); // released
  await w.sync({ steps });
  assertEquals([w.erp.all("customers").length, await partner()], [1, "a1"]);
});

Deno.test.each([
  { field: "kind", why: "the filter asks for it" },
  { field: "street", why: "it can't be written later" },
])("runPipeline() makes no record without $field: $why", async ({ field }) => {
  const crm = { ...customers.extract.crm, access: { street: "create" } };
  const steps = [users, { ...customers, extract: { ...customers.extract, crm } } as unknown as Step];
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", street: "S" }));
  w.crm.next({ kind: "refused", code: "bad", message: "no such value", field });
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts").length, await codes(w)], [0, ["refused"]]);
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts")[0]!.data[field], await codes(w)], [field === "kind" ? 3 : "S", []]);
});
