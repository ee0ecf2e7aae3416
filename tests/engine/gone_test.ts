/** Pairs of which a record was deleted, was merged, or left the filter, in a small world. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { exitCodeOf } from "../../engine/run.ts";
import type { Step } from "../../engine/step.ts";
import { customer, customers, users, type World, world } from "./world.ts";

const accounts = { ...customers.extract.crm, deletable: true, inactive: { kind: 9 } };
/** The definition of customers with these policies. */
function withLoad(load: Partial<Step["load"]>): readonly Step[] {
  const step = { ...customers, extract: { ...customers.extract, crm: accounts }, load: { ...customers.load, ...load } };
  return [users, step as Step];
}

async function coupled(steps: readonly Step[]): Promise<{ w: World; id: string }> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync({ steps });
  return { w, id: w.crm.all("accounts")[0]!.id };
}
async function couplings(w: World): Promise<string[]> {
  const rows: string[] = [];
  for await (const { coupling } of w.store.report("c", ["customers"])) if (coupling !== null) rows.push(coupling.state);
  return rows;
}
const writes = (w: World) => w.erp.writes.length + w.crm.writes.length;
const codes = async (w: World) => (await w.open()).flatMap((one) => one.codes);

Deno.test("runPipeline() uncouples a pair where the policy says so, and never creates the survivor again", async () => {
  for (const side of ["erp", "crm"] as const) {
    const steps = withLoad({ missing: { erp: "uncouple", crm: "uncouple" } });
    const { w, id } = await coupled(steps);
    if (side === "erp") w.erp.remove("customers", "e1");
    else w.crm.remove("accounts", id);
    const before = writes(w);
    await w.sync({ steps });
    assertEquals([await couplings(w), await w.open(), writes(w) - before], [["tombstone"], [], 0]);
    await w.sync({ steps, full: true });
    assertEquals([writes(w) - before, w.erp.all("customers").length + w.crm.all("accounts").length], [0, 1]);
  }
});

Deno.test("runPipeline() restores a deleted record under another id, as often as it is deleted", async () => {
  const steps = withLoad({ missing: { crm: "restore" } });
  const { w, id } = await coupled(steps);
  const ids = [id];
  for (let time = 0; time < 2; time++) {
    w.crm.remove("accounts", ids.at(-1)!);
    await w.sync({ steps });
    const [account, ...more] = w.crm.all("accounts");
    assertEquals([more, account!.data["name"], await w.open()], [[], "One", []]);
    ids.push(account!.id);
  }
  assertEquals(new Set(ids).size, 3);
  w.crm.put("accounts", ids.at(-1)!, { phone: "7" });
  await w.sync({ steps });
  assertEquals(w.erp.all("customers")[0]!.data["phone"], "7");
  const before = writes(w);
  await w.sync({ steps });
  assertEquals([writes(w), await couplings(w)], [before, ["coupled"]]);
});

Deno.test("runPipeline() deletes the survivor only where the policy names it, with its version", async () => {
  const { w, id } = await coupled(withLoad({}));
  w.erp.remove("customers", "e1");
  await w.sync({ steps: withLoad({}) });
  assertEquals([w.crm.all("accounts").length, await codes(w)], [1, ["missing"]]);
  const run = await w.sync({ steps: withLoad({ missing: { erp: "delete" } }) });
  const deleted = w.crm.writes.at(-1)!.write;
  assertEquals([deleted.op, deleted.id], ["delete", id]);
  assertNotEquals(deleted.version, null);
  assertEquals(run.steps[1]!.toCrm.counts.deleted, 1);
  assertEquals([w.crm.all("accounts").length, await w.open(), await couplings(w)], [0, [], ["tombstone"]]);
});

Deno.test("runPipeline() puts the survivor out of use, once, and the pair is over", async () => {
  const steps = withLoad({ missing: { erp: "deactivate" } });
  const { w } = await coupled(steps);
  w.erp.remove("customers", "e1");
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts")[0]!.data["kind"], await couplings(w)], [9, ["tombstone"]]);
  const before = writes(w);
  await w.sync({ steps });
  assertEquals([writes(w), await w.open()], [before, []]);
});

Deno.test("runPipeline() takes a deletion against an edit for a conflict, unless a side counts", async () => {
  for (const [conflict, left] of [["stop", 1], ["crm", 1], ["erp", 0]] as const) {
    const steps = withLoad({ missing: { erp: "delete" }, conflict });
    const { w, id } = await coupled(steps);
    w.erp.remove("customers", "e1");
    w.crm.put("accounts", id, { phone: "9" });
    await w.sync({ steps });
    assertEquals(w.crm.all("accounts").length, left, conflict);
    assertEquals(await codes(w), conflict === "stop" ? ["conflict"] : conflict === "crm" ? ["missing"] : []);
    const lost = (await w.changes()).flatMap((change) => change.lost);
    assertEquals(lost.map(({ values }) => values), conflict === "erp" ? [{ phone: "9" }] : []);
  }
});

Deno.test("runPipeline() reports what left the filter, wants nobody, and goes on when it is back", async () => {
  const steps = withLoad({});
  const { w, id } = await coupled(steps);
  w.crm.put("accounts", id, { kind: 5 });
  const run = await w.sync({ steps });
  assertEquals([exitCodeOf(run), await w.open()], [0, []]);
  const noted = (await w.store.changes("c", { states: ["noted"] }, { limit: 9 })).map((change) =>
    change.reasons[0]!.code
  );
  assertEquals(noted, ["left"]);
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { city: "Rome" });
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts")[0]!.data["phone"], w.erp.all("customers")[0]!.data["city"]], ["1", null]);
  w.crm.put("accounts", id, { kind: 3 });
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts")[0]!.data["phone"], w.erp.all("customers")[0]!.data["city"]], ["2", "Rome"]);
  assertEquals(await w.store.changes("c", { states: ["noted"] }, { limit: 9 }), []);
});

Deno.test("runPipeline() gives the partner of a merged record to the one that goes on for both", async () => {
  const steps = withLoad({ fromCrm: { unmatched: "leave" } });
  const { w, id } = await coupled(steps);
  w.crm.put("accounts", "b", { ...w.crm.all("accounts")[0]!.data, accountnumber: null, name: "Both", city: "Rome" });
  await w.sync({ steps });
  w.crm.merge("accounts", id, "b");
  await w.sync({ steps });
  const [pair] = await w.store.lookup("c", "customers", "erp", "id", ["e1"]);
  assertEquals([pair!.pair.coupling.crmId, w.erp.all("customers")[0]!.data["city"]], ["b", "Rome"]);
  assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length], [1, 2]);
});

Deno.test("runPipeline() lists a merged record whose winner has a partner of its own, and creates nothing", async () => {
  const steps = withLoad({});
  const { w, id } = await coupled(steps);
  w.erp.put("customers", "e2", customer({ number: "C2", name: "Two" }));
  await w.sync({ steps });
  const other = w.crm.all("accounts").find((account) => account.id !== id)!.id;
  w.crm.merge("accounts", id, other);
  const before = writes(w);
  await w.sync({ steps });
  assertEquals([await codes(w), writes(w)], [["merged"], before]);
});
