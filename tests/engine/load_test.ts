/** The first load of a step, many creations in a message. */
import { assert, assertEquals } from "@std/assert";
import type { Pair } from "../../store/store.ts";
import { stopEverywhere } from "./crashing.ts";
import { account, customer, plain, type World, world } from "./world.ts";

/** Customers without accounts; of the last one a code has no mapping. */
const many = 250;
/** Those, and one with an account that matches. */
function filled(takesMany: boolean): World {
  const w = world();
  w.crm.takesMany = takesMany;
  for (let n = 0; n < many - 1; n++) {
    const number = `N${String(n).padStart(3, "0")}`;
    w.erp.put("customers", `e${n}`, customer({ number, name: ` Name ${n}`, city: n % 2 === 0 ? "Oslo" : null }));
  }
  w.erp.put("customers", "e-matched", customer({ number: "M1", name: "Matched", phone: "1" }));
  w.crm.put("accounts", "a-matched", account({ accountnumber: "M1", name: "Matched" }));
  w.erp.put("customers", "f-listed", customer({ number: "L1", name: "Listed", terms: "99D" as never }));
  return w;
}
/** Happens when the first message took effect; before it goes a batch with the record that matches. */
function afterMessage(w: World, action: () => void): void {
  w.crm.afterwards(() => {});
  w.crm.afterwards(action);
}
const pairsOf = (w: World): Promise<readonly Pair[]> =>
  w.store.pairs("c", "customers", { definition: "", limit: 1000 });
/** What is known of the pairs, apart from when and by which run it came to be. */
async function known(w: World) {
  return (await pairsOf(w)).map(({ coupling, erp, crm }) => {
    const { written, ...rest } = coupling;
    return { ...rest, written: written?.side, erp, crm: { ...crm, version: "" } };
  });
}
const countsOf = async (w: World) => {
  const { steps } = await w.sync();
  const { toCrm, fromCrm } = steps.find(({ step }) => step === "customers")!;
  return { toCrm: toCrm.counts, fromCrm: fromCrm.counts };
};
const sent = (w: World) => [w.erp.writes.length, w.crm.writes.length, w.crm.messages.length];
/** A further run has nothing to do. */
async function assertDone(w: World): Promise<void> {
  const before = sent(w);
  await w.sync();
  assertEquals(sent(w), before);
  assertEquals(await w.store.changes("c", { states: ["sent", "intended"] }, { limit: 9 }), []);
}

Deno.test("runPipeline() comes to the same by messages of many creations as one by one", async () => {
  const [one, all] = [filled(false), filled(true)];
  const counts = await countsOf(one);
  assertEquals(await countsOf(all), counts);
  assertEquals([counts.toCrm.inserted, all.crm.messages.length], [many, 3]);
  assertEquals(all.crm.writes.filter(({ write }) => write.op === "create"), []);
  assertEquals([(await known(all)).length, await known(all)], [many + 1, await known(one)]);
  assertEquals(await all.open(), await one.open());
  assertEquals(plain(all.crm, "accounts", ["accountnumber", "name", "city"]).length, many + 1);
  await assertDone(all);
  await assertDone(one);
});

Deno.test("runPipeline() sends no more messages once a step was loaded", async () => {
  const w = filled(true);
  await w.sync();
  w.erp.put("customers", "e-new", customer({ number: "X1", name: "New" }));
  const [, , messages] = sent(w);
  await w.sync();
  assertEquals(w.crm.messages.length, messages);
  assertEquals(w.crm.writes.at(-1)!.write.op, "create");
});

Deno.test("runPipeline() writes the records of a refused message one by one", async () => {
  const w = filled(true);
  w.crm.refuses = ({ name }) => name === "Name 120";
  const { toCrm } = await countsOf(w);
  assertEquals([toCrm.inserted, toCrm.failed, w.crm.messages.length], [many - 1, 1, 3]);
  assertEquals((await w.changes()).filter(({ state }) => state === "closed"), []); // none was decided anew
  assertEquals((await w.open()).find(({ source }) => source === "e120")?.codes, ["refused"]);
  assertEquals(w.crm.writes.filter(({ write }) => write.op === "create").length, 100);
});

Deno.test("runPipeline() finds out what a message did that was not answered", async () => {
  for (const when of ["after", "before"] as const) {
    const w = filled(true);
    w.crm.loses(when);
    const { toCrm } = await countsOf(w);
    const created = w.crm.writes.filter(({ write }) => write.op === "create").length;
    assertEquals([toCrm.inserted, created], [many, when === "after" ? 0 : 100], when);
    assertEquals(await known(w), await known(await loaded()), when);
    await assertDone(w);
  }
});
async function loaded(): Promise<World> {
  const w = filled(false);
  await w.sync();
  return w;
}

Deno.test("runPipeline() couples in the next run what a message made before the run was stopped", async () => {
  const w = filled(true);
  w.crm.afterwards(() => {});
  w.stopAfterWrite("crm");
  await w.sync().catch(() => {});
  assert(w.crm.all("accounts").length > 1);
  await w.sync();
  assertEquals(w.crm.all("accounts").length, many + 1);
  assertEquals(w.crm.messages.flat().length, many);
  await assertDone(w);
});

Deno.test("runPipeline() loses nothing of a first load in messages, wherever it is stopped", async () => {
  const stops = await stopEverywhere((wrap) => {
    const w = world(wrap);
    w.crm.takesMany = true;
    for (const n of [1, 2]) w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}` }));
    return { ...w, writes: () => sent(w) };
  }, (w, when) => assertEquals(plain(w.crm, "accounts", ["name"]), [{ name: "Name 1" }, { name: "Name 2" }], when));
  assert(stops > 60, `${stops} stops`);
});

Deno.test("runPipeline() loses no edit of a record right after a message made it", async () => {
  for (const tellsUntouched of [true, false]) await assertTaken(tellsUntouched);
});
async function assertTaken(tellsUntouched: boolean): Promise<void> {
  const w = filled(true);
  w.crm.tellsUntouched = tellsUntouched;
  const idOf = (name: string) => w.crm.all("accounts").find(({ data }) => data.name === name)!.id;
  afterMessage(w, () => {
    w.crm.put("accounts", idOf("Name 10"), { phone: "33" });
    w.crm.put("accounts", idOf("Name 100"), { city: "Bergen" });
    w.crm.remove("accounts", idOf("Name 101"));
    w.crm.put("accounts", idOf("Name 102"), { kind: 1 });
  });
  await w.sync();
  await w.sync();
  const at = (id: string) => w.erp.all("customers").find((row) => row.id === id)!.data;
  assertEquals([at("e10").phone, at("e100").city], ["33", "Bergen"]);
  assertEquals((await w.open()).map(({ source }) => source), ["f-listed"]);
  assertEquals((await pairsOf(w)).find(({ coupling }) => coupling.erpId === "e102")?.crm?.state, "left");
  await assertDone(w);
}

Deno.test("runPipeline() tells of values that a message without an answer may not have brought", async () => {
  const w = filled(true);
  w.crm.loses("after");
  const idOf = (name: string) => w.crm.all("accounts").find(({ data }) => data.name === name)!.id;
  afterMessage(w, () => w.crm.put("accounts", idOf("Name 100"), { city: "Bergen" }));
  await w.sync();
  assertEquals((await w.open()).find(({ source }) => source === "e100")?.codes, ["conflict"]);
  await assertDone(w);
});

Deno.test("runPipeline() takes what the service makes of the values of a message for agreed", async () => {
  for (const tellsUntouched of [true, false]) await assertAgreed(tellsUntouched);
});
async function assertAgreed(tellsUntouched: boolean): Promise<void> {
  const [one, all] = [filled(false), filled(true)];
  all.crm.tellsUntouched = tellsUntouched;
  for (const { crm } of [one, all]) {
    crm.forms = (fields) => ({ ...fields, city: String(fields["city"] ?? "none").toUpperCase() });
  }
  assertEquals(await countsOf(all), await countsOf(one));
  assertEquals(await known(all), await known(one));
  assertEquals(await all.open(), await one.open());
  await assertDone(all);
}

Deno.test("runPipeline() leaves to the next run, and its brakes, what others did while a step was loaded", async () => {
  const w = filled(true);
  afterMessage(w, () => {
    w.crm.remove("accounts", "a-matched");
    w.crm.put("accounts", "a-theirs", account({ accountnumber: null, name: "Theirs" }));
  });
  await w.sync();
  const stateOf = async () => (await pairsOf(w)).find(({ coupling }) => coupling.erpId === "e-matched")!.crm?.state;
  assertEquals([await stateOf(), w.erp.all("customers").length], ["present", many + 1]);
  await w.sync();
  assertEquals([await stateOf(), w.erp.all("customers").length], ["deleted", many + 2]);
});

Deno.test("runPipeline() does not read again what a first load created", async () => {
  const w = filled(true);
  await w.sync();
  const read: number[] = [];
  const open = w.crm.open;
  w.crm.open = (entity, parts) => {
    const opened = open(entity, parts);
    return {
      ...opened,
      async *read(options) {
        for await (const page of opened.read(options)) {
          if (entity.name === "accounts") read.push(page.rows.length);
          yield page;
        }
      },
    };
  };
  await w.sync();
  assertEquals(read, [0]);
});
