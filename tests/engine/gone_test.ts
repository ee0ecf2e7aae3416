/** Pairs of which a record was deleted, was merged, or left the filter, in a small world. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { problemsOf } from "../../engine/check.ts";
import { exitCodeOf } from "../../engine/run.ts";
import type { Step } from "../../engine/step.ts";
import { resolve } from "./resolving.ts";
import { account, customer, customers, plain, users, type World, world } from "./world.ts";

const accounts = { ...customers.extract.crm, deletable: true, inactive: { kind: 9 } };
const kept = customers.extract.erp.where({ city: null });
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
/** And "Two" beside it. */
async function twoCoupled(steps: readonly Step[]): Promise<{ w: World; id: string; other: string }> {
  const { w, id } = await coupled(steps);
  w.erp.put("customers", "e2", customer({ number: "C2", name: "Two" }));
  await w.sync({ steps });
  return { w, id, other: w.crm.all("accounts").find((one) => one.id !== id)!.id };
}
async function couplings(w: World): Promise<string[]> {
  const lines = (await Array.fromAsync(w.store.report("c", ["customers"]))).flat();
  return lines.flatMap(({ coupling }) => coupling?.state ?? []);
}
const writes = (w: World) => w.erp.writes.length + w.crm.writes.length;
const codes = async (w: World) => (await w.open()).flatMap((one) => one.codes);
const lost = async (w: World) => (await w.changes()).flatMap((change) => change.lost.map(({ values }) => values));

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

Deno.test("runPipeline() restores with what goes one way to the survivor, and wipes nothing there", async () => {
  const steps = withLoad({ missing: { erp: "restore" } });
  const { w, id } = await coupled(steps);
  w.erp.put("customers", "e1", { terms: "60D" });
  await w.sync({ steps });
  const terms = () => [plain(w.erp, "customers", ["terms"]), plain(w.crm, "accounts", ["terms", "phone"])];
  w.erp.remove("customers", "e1");
  w.crm.put("accounts", id, { phone: "5" });
  const { lines } = await w.rehearse({ steps });
  const planned = lines.map(({ side, op, after }) => [side, op, "terms" in after ? after["terms"] : null]);
  assertEquals(planned, [["erp", "insert", "60D"], ["crm", "update", null]]);
  await w.sync({ steps });
  assertEquals(terms(), [[{ terms: "60D" }], [{ terms: 2, phone: "5" }]]);
  const before = writes(w);
  await w.sync({ steps });
  assertEquals(writes(w), before);
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

Deno.test("a plan names the policy that ends a pair, and not that a record is merely changed", async () => {
  const { name } = customers.extract.erp;
  for (const [policy, op] of [["deactivate", "update"], ["delete", "delete"]] as const) {
    const { w } = await coupled(withLoad({}));
    w.erp.remove(name, "e1");
    const { lines, run } = await w.rehearse({ steps: withLoad({ missing: { erp: policy } }) });
    const said = `missing.erp: ${policy}`;
    assertEquals(lines.map((line) => [line.op, line.key, line.policy]), [[op, "C1", said]]);
    assertEquals(lines[0]!.rules, policy === "delete" ? {} : { kind: said });
    assertEquals(run.steps[1]!.coupled, 0);
  }
  const steps = withLoad({ left: { erp: "deactivate" } }).map((step) =>
    step.name === "customers" ? { ...step, extract: { ...step.extract, erp: kept } } : step
  ) as readonly Step[];
  const { w } = await coupled(steps);
  w.erp.put(name, "e1", { city: "gone" });
  assertEquals((await w.rehearse({ steps })).lines.map(({ policy }) => policy), ["left.erp: deactivate"]);
  for (const section of ["missing", "left"] as const) {
    const parting = steps.map((step) =>
      step.name === "customers" ? { ...step, load: { ...step.load, left: {}, [section]: { erp: "uncouple" } } } : step
    ) as readonly Step[];
    if (section === "missing") w.erp.remove(name, "e1");
    else w.erp.put(name, "e1", { city: "gone" });
    const { lines } = await w.rehearse({ steps: parting });
    assertEquals(lines.map(({ op, policy }) => [op, policy]), [["uncouple", `${section}.erp: uncouple`]]);
    w.erp.put(name, "e1", { city: "gone" });
  }
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

Deno.test("runPipeline() deletes nothing of which it lost what both sides agreed on, until a person says so", async () => {
  const steps = withLoad({ missing: { erp: "delete" } });
  const { w, id } = await coupled(steps);
  w.erp.remove("customers", "e1");
  w.crm.put("accounts", id, { phone: "2" });
  await w.sync({ steps, rebase: true });
  assertEquals([w.crm.all("accounts").length, await codes(w)], [1, ["conflict"]]);
  await resolve(w, steps, { keep: "erp" });
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts").length, await codes(w)], [0, []]);
  assertEquals(await lost(w), [{ name: "One", phone: "2" }]);
});

Deno.test("runPipeline() lets a deletion stand only for the record that a person saw", async () => {
  const steps = withLoad({ missing: { erp: "delete" } });
  const { w, id } = await coupled(steps);
  w.erp.remove("customers", "e1");
  w.crm.put("accounts", id, { phone: "2" });
  await w.sync({ steps });
  await resolve(w, steps, { keep: "erp" });
  w.crm.put("accounts", id, { phone: "3" });
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts").length, await codes(w)], [1, ["conflict"]]);
  await resolve(w, steps, { keep: "erp" });
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts").length, await codes(w), await lost(w)], [0, [], [{ phone: "3" }]]);
});

Deno.test("resolveConflict() says that nothing is lost where a pair only parts", async () => {
  const steps = withLoad({});
  const { w, id } = await coupled(steps);
  w.erp.remove("customers", "e1");
  w.crm.put("accounts", id, { phone: "2" });
  await w.sync({ steps });
  await resolve(w, steps, { keep: "erp" });
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts").length, await codes(w), await lost(w)], [1, [], []]);
});

Deno.test("runPipeline() restores nothing where only coupled records are wanted", async () => {
  const steps = withLoad({ missing: { crm: "restore" } });
  const { w, id } = await coupled(steps);
  w.crm.remove("accounts", id);
  await w.sync({ steps, onlyCoupled: true });
  assertEquals([w.crm.all("accounts").length, await codes(w)], [0, ["missing"]]);
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts").length, await codes(w)], [1, []]);
});

Deno.test("runPipeline() reads a record again that was edited while it was being deleted", async () => {
  const steps = withLoad({ missing: { erp: "delete" } });
  const { w, id } = await coupled(steps);
  w.erp.remove("customers", "e1");
  w.crm.meanwhile(() => w.crm.put("accounts", id, { phone: "9" }));
  await w.sync({ steps });
  const deletions = w.crm.writes.filter(({ write }) => write.op === "delete").length;
  assertEquals([deletions, w.crm.all("accounts").length, await codes(w)], [1, 1, ["conflict"]]);
});

Deno.test("runPipeline() forgets that a record left the filter once it is deleted", async () => {
  const [first, step] = withLoad({});
  const inside = (step!.extract.erp as typeof customers.extract.erp).where({ street: null });
  const steps = [first!, { ...step!, extract: { ...step!.extract, erp: inside } } as Step];
  const { w } = await coupled(steps);
  const told = async () =>
    (await w.store.changes("c", { states: ["open", "noted"] }, { limit: 9 }))
      .flatMap(({ reasons }) => reasons.map(({ code }) => code));
  w.erp.put("customers", "e1", { street: "out" });
  await w.sync({ steps });
  assertEquals(await told(), ["left"]);
  w.erp.remove("customers", "e1");
  await w.sync({ steps });
  assertEquals(await told(), ["missing"]);
});

Deno.test("problemsOf() refuses to put out of use by a field that the rules write", () => {
  const [first, step] = withLoad({ left: { erp: "deactivate" } });
  const problems = problemsOf([first!, step!]).map(({ code, field }) => [code, field]);
  assertEquals(problems, [["written_twice", "load.left.erp"]]);
});

Deno.test("runPipeline() follows a merge to the record that goes on after further merges", async () => {
  const steps = withLoad({});
  for (const isMiddleKnown of [true, false]) {
    const { w, id } = await coupled(steps);
    for (const name of ["B", "C"]) w.crm.put("accounts", name, account({ name }));
    if (isMiddleKnown) await w.sync({ steps });
    const before = w.erp.all("customers").length;
    w.crm.merge("accounts", id, "B");
    w.crm.merge("accounts", "B", "C");
    await w.sync({ steps });
    assertEquals(w.erp.all("customers").length, before);
    // With partners of their own nobody tells which customers are one.
    if (isMiddleKnown) assertEquals(await codes(w), ["merged", "merged"]);
    else assertEquals((await w.store.lookup("c", "customers", "erp", "id", ["e1"]))[0]!.pair.coupling.crmId, "C");
  }
});

Deno.test("runPipeline() restores no merged record that is deleted as well", async () => {
  const steps = withLoad({ missing: { crm: "restore" } });
  const { w, id, other } = await twoCoupled(steps);
  w.crm.merge("accounts", id, other);
  await w.sync({ steps });
  assertEquals(await codes(w), ["merged"]);
  w.crm.remove("accounts", id);
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts").map((one) => one.id), await codes(w)], [[other], ["merged"]]);
});

Deno.test("runPipeline() leaves the pair of a merged record behind the partner of what it was merged into", async () => {
  const steps = withLoad({});
  const { w, id, other } = await twoCoupled(steps);
  w.crm.merge("accounts", id, other);
  await w.sync({ steps });
  w.crm.put("accounts", "on", account({ accountnumber: "C2", name: "Two" }));
  w.crm.merge("accounts", other, "on");
  const before = writes(w);
  await w.sync({ steps });
  const partner = async (erp: string) =>
    (await w.store.lookup("c", "customers", "erp", "id", [erp]))[0]!.pair.coupling.crmId;
  assertEquals([await partner("e1"), await partner("e2"), await codes(w)], [id, "on", ["merged"]]);
  assertEquals(writes(w), before);
});

Deno.test("runPipeline() takes a merged record for missing once what it was merged into is deleted", async () => {
  const steps = withLoad({ missing: { crm: "restore" } });
  const { w, id, other } = await twoCoupled(steps);
  w.crm.merge("accounts", id, other);
  for (const gone of [id, other]) w.crm.remove("accounts", gone);
  for (let time = 0; time < 2; time++) await w.sync({ steps });
  assertEquals([w.crm.all("accounts").map(({ data }) => data["name"]).sort(), await codes(w)], [["One", "Two"], []]);
});

Deno.test("runPipeline() restores a record once, however long its service takes", async () => {
  const steps = withLoad({ missing: { erp: "restore" } });
  for (const stops of [false, true]) {
    const { w } = await coupled(steps);
    w.erp.remove("customers", "e1");
    const before = w.erp.writes.length;
    w.erp.next({ kind: "unknown", message: "no answer" });
    if (stops) w.stopAfterWrite("erp");
    await w.sync({ steps }).catch(() => {});
    await w.sync({ steps });
    assertEquals([w.erp.writes.length - before, await codes(w)], [1, ["unknown_outcome"]]);
    w.later();
    await w.sync({ steps });
    assertEquals([w.erp.all("customers").length, await codes(w)], [1, []]);
  }
});

Deno.test("runPipeline() lets a policy decide of what may have been edited as of what was", async () => {
  const steps = withLoad({ missing: { erp: "delete" }, conflict: "erp" });
  const { w, id } = await coupled(steps);
  w.erp.remove("customers", "e1");
  w.crm.put("accounts", id, { phone: "2" });
  await w.sync({ steps, rebase: true });
  assertEquals([w.crm.all("accounts").length, await codes(w)], [0, []]);
  assertEquals(await lost(w), [{ name: "One", phone: "2" }]);
});
