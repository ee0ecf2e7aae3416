import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { findRecord } from "../../engine/find_record.ts";
import { coupleByHand, uncoupleByHand } from "../../engine/hand_couple.ts";
import { defineStep, type Step } from "../../engine/step.ts";
import { DefinitionError } from "../../errors.ts";
import { account, customer, customers, plain, users, type World, world } from "./world.ts";

/** Works on the pairs of customers. */
const cities = defineStep({
  name: "cities",
  dependsOn: [customers],
  direction: "toCrm",
  extract: { erp: customers.extract.erp, crm: customers.extract.crm },
  of: customers as never,
  transform: {},
});
const steps: readonly Step[] = [users, customers, cities];
const now = "2026-02-01T00:00:00Z";
const placeOf = (w: World) => ({ store: w.store, connection: "c", steps });

/** Two customers and two accounts with the same keys: nobody can tell which are the same. */
async function alike(): Promise<World> {
  const w = world();
  for (const n of ["1", "2"]) {
    w.erp.put("customers", `e${n}`, customer({ number: "C1", name: "One", phone: n }));
    w.crm.put("accounts", `a${n}`, account({ accountnumber: "C1", name: "One" }));
  }
  await w.sync({ steps });
  return w;
}

Deno.test("coupleByHand() settles what keys can't tell, and the next run fills the pair", async () => {
  const w = await alike();
  assertEquals((await w.open()).length, 4);
  const { saved, row } = await coupleByHand(placeOf(w), "customers", { erp: "e1", crm: "a2", now });
  assertEquals([saved, row.coupling?.how, row.coupling?.base], [true, "by hand", null]);
  assertEquals((await coupleByHand(placeOf(w), "customers", { erp: "e1", crm: "a2", now })).saved, false);
  await w.sync({ steps });
  assertEquals(w.crm.all("accounts").find(({ id }) => id === "a2")!.data["phone"], "1");
  assertEquals(await w.open(), []);
  assertEquals(plain(w.crm, "accounts", ["phone"]).length, 2);
});

Deno.test("coupleByHand() couples a record of the ERP that another step has coupled with something else of the CRM", async () => {
  const labels = { ...customers.extract.crm, name: "labels" };
  const labelled = {
    ...customers,
    name: "labelled",
    direction: "toCrm",
    extract: { ...customers.extract, crm: labels },
  };
  const own = [users, customers, { ...labelled, load: { toCrm: { unmatched: "insert" } } } as unknown as Step];
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  await w.sync({ steps: own });
  const place = { ...placeOf(w), steps: own };
  const [pair] = await w.store.lookup("c", "customers", "erp", "id", ["e1"]);
  const { erpId, crmId } = pair!.pair.coupling;
  await uncoupleByHand(place, "customers/C1");
  assertEquals((await coupleByHand(place, "customers", { erp: erpId, crm: crmId, now })).saved, true);
});

Deno.test.each<{ keys: { erp: string; crm: string }; step?: string; code: string; said: string }>([
  { keys: { erp: "e9", crm: "a1" }, code: "no_such_record", said: 'Cannot find "e9" in the ERP' },
  { keys: { erp: "e1", crm: "C1" }, code: "several_records", said: "name one by its id: a1, a2" },
  {
    keys: { erp: "e2", crm: "a2" },
    code: "coupled_elsewhere",
    said: '"C1" of the CRM: it is coupled with "C1" of the ERP (e1)',
  },
  { keys: { erp: "e2", crm: "a3" }, code: "record_gone", said: "it is deleted; bring it back" },
  { keys: { erp: "e1", crm: "a1" }, step: "cities", code: "follows_another", said: 'step "customers"' },
])("coupleByHand() refuses $keys with $code", async ({ keys, step = "customers", code, said }) => {
  const w = await alike();
  w.crm.put("accounts", "a3", account({ accountnumber: "C1", name: "One" }));
  await w.sync({ steps });
  w.crm.remove("accounts", "a3");
  await w.sync({ steps, full: true });
  if (code === "coupled_elsewhere") await coupleByHand(placeOf(w), "customers", { erp: "e1", crm: "a2", now });
  const error = await assertRejects(() => coupleByHand(placeOf(w), step, { ...keys, now }), DefinitionError);
  assertEquals(error.code, code, error.message);
  assertStringIncludes(error.message, said);
});

Deno.test("coupleByHand() ends a doubt about a creation of either record", async () => {
  const w = await alike();
  const [open] = await w.store.changes("c", { states: ["open"], sources: ["e1"] }, { limit: 9 });
  const doubt = {
    ...open!,
    id: "x",
    op: "insert" as const,
    reasons: [{ code: "unknown_outcome" as const, message: "?" }],
  };
  await w.store.save("c", "customers", { changes: [doubt] });
  await coupleByHand(placeOf(w), "customers", { erp: "e1", crm: "a1", now });
  assertEquals((await findRecord(placeOf(w), "customers/e1")).open, []);
});

Deno.test("uncoupleByHand() parts a pair for good, also for the steps that follow, until it is coupled again", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  await w.sync({ steps });
  const crm = w.crm.all("accounts")[0]!.id;
  assertEquals((await uncoupleByHand(placeOf(w), "customers/C1")).saved, true);
  assertEquals((await uncoupleByHand(placeOf(w), "customers/C1")).saved, false);
  w.erp.put("customers", "e1", { phone: "7" });
  await w.sync({ steps, full: true });
  assertEquals(plain(w.crm, "accounts", ["phone"]), [{ phone: null }]);
  const standing = async () => {
    const lines = (await Array.fromAsync(w.store.report("c", ["customers", "cities"]))).flat();
    return lines.map(({ coupling }) => coupling?.state ?? "none");
  };
  assertEquals(await standing(), ["tombstone", "tombstone"]);
  await coupleByHand(placeOf(w), "customers", { erp: "C1", crm, now });
  await w.sync({ steps });
  assertEquals(await standing(), ["coupled", "coupled"]);
  assertEquals(plain(w.crm, "accounts", ["phone"]), [{ phone: "7" }]);
});

Deno.test("uncoupleByHand() refuses what is not coupled", async () => {
  const w = await alike();
  const error = await assertRejects(() => uncoupleByHand(placeOf(w), "customers/e1"), DefinitionError);
  assertEquals(error.code, "not_coupled");
});
