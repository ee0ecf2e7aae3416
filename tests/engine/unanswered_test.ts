/** Writes whose answer was lost with the run, while people went on working. */
import { assertEquals } from "@std/assert";
import { type Entity, entity } from "../../connectors/connector.ts";
import { coupleByHand } from "../../engine/hand_couple.ts";
import { retriesOf, retry, retryFilter } from "../../engine/retry.ts";
import { defineStep } from "../../engine/step.ts";
import { account, customer, customers, users, type World, world } from "./world.ts";

const steps = [users, customers];
const codes = async (w: World) => (await w.open()).map(({ side, source, codes }) => `${side} ${source} ${codes}`);
const told = async (w: World) =>
  (await w.store.changes("c", { states: ["done", "closed", "open"], lost: true }, { limit: 9 })).flatMap(({ lost }) =>
    lost.map(({ values }) => values)
  );
const place = (w: World) => ({ store: w.store, connection: "c", steps });

/** One pair, coupled and alike. */
async function pair(): Promise<World> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "Anna", city: "Oslo", phone: "1" }));
  await w.sync();
  return w;
}
const stopped = async (w: World) => await w.sync().catch(() => {});
const theAccount = (w: World) => w.crm.all("accounts")[0]!;

Deno.test("runPipeline() takes over what people wrote into a record between an unanswered write and the next run", async () => {
  const w = await pair();
  w.crm.put("accounts", theAccount(w).id, { city: "Bergen" });
  w.stopAfterWrite("erp");
  await stopped(w);
  w.erp.put("customers", "e1", { phone: "2" });
  await w.sync();
  const { city, phone } = theAccount(w).data;
  assertEquals([w.erp.all("customers")[0]!.data.city, city, phone], ["Bergen", "Bergen", "2"]);
});

Deno.test("runPipeline() reports a deletion after an unanswered write instead of parting the pair", async () => {
  const w = await pair();
  w.crm.put("accounts", theAccount(w).id, { city: "Bergen" });
  w.stopAfterWrite("erp");
  await stopped(w);
  w.crm.remove("accounts", theAccount(w).id);
  await w.sync();
  const { coupled } = await w.store.step("c", "customers");
  assertEquals([coupled, (await w.open()).flatMap((one) => one.codes)], [1, ["missing"]]);
});

Deno.test("runPipeline() tells what an unanswered write overwrote of a record that left since", async () => {
  const w = await pair();
  const erpCounts = [users, { ...customers, load: { ...customers.load, conflict: "erp" as const } }];
  await w.sync({ steps: erpCounts });
  w.erp.put("customers", "e1", { city: "Tromsø" });
  w.crm.put("accounts", theAccount(w).id, { city: "Bergen" });
  w.stopAfterWrite("crm");
  await w.sync({ steps: erpCounts }).catch(() => {});
  assertEquals(theAccount(w).data.city, "Tromsø");
  w.crm.put("accounts", theAccount(w).id, { kind: 1 });
  await w.sync({ steps: erpCounts });
  assertEquals(await told(w), [{ city: "Bergen" }]);
});

/** The CRM's record was created in the ERP, the answer was lost, and somebody renamed the new customer. */
async function renamed(): Promise<World> {
  const w = world();
  w.crm.put("accounts", "a1", account({ name: "Łukasz", phone: "7", street: "Main" }));
  w.stopAfterWrite("erp");
  await stopped(w);
  w.erp.put("customers", w.erp.all("customers")[0]!.id, { name: "Lucas" });
  w.later();
  await w.sync();
  return w;
}

Deno.test("runPipeline() makes no second record where people changed what an unanswered creation left", async () => {
  const w = await renamed();
  const made = w.erp.all("customers")[0]!.id;
  assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length], [1, 1]);
  assertEquals(await codes(w), [`crm ${made} unknown_outcome`, "erp a1 unknown_outcome"]);
  w.later();
  await w.sync();
  assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length], [1, 1]);
  await coupleByHand(place(w), "customers", { erp: made, crm: "a1", now: "2030-01-01T00:00:00.000Z" });
  await w.sync();
  assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length], [1, 1]);
});

Deno.test("retry() makes it where a person says that the record is another one", async () => {
  const w = await renamed();
  w.later();
  await w.sync();
  const filter = retryFilter(steps, ["customers", "reason:unknown_outcome"]);
  for (const one of await retriesOf(place(w), filter)) await retry(place(w), one);
  await w.sync();
  const names = (rows: readonly { data: { name?: unknown } }[]) => rows.map(({ data }) => data.name).sort();
  assertEquals(names(w.erp.all("customers")), ["Lucas", "Łukasz"]);
  assertEquals(names(w.crm.all("accounts")), ["Lucas", "Łukasz"]);
});

Deno.test("runPipeline() brings back nothing that was deleted after a creation for it, until a person decides", async () => {
  const w = await renamed();
  w.crm.remove("accounts", "a1");
  for (let run = 0; run < 2; run++) {
    w.later();
    await w.sync();
    assertEquals(w.crm.all("accounts").map(({ data }) => data.name), []);
  }
  const made = w.erp.all("customers")[0]!.id;
  assertEquals(await codes(w), [`crm ${made} unknown_outcome`, "erp a1 unknown_outcome"]);
  const filter = retryFilter(steps, ["customers", "reason:unknown_outcome"]);
  for (const one of await retriesOf(place(w), filter)) await retry(place(w), one);
  await w.sync();
  assertEquals(w.crm.all("accounts").map(({ data }) => data.name), ["Lucas"]);
  assertEquals(await codes(w), []);
});

Deno.test("runPipeline() knows what a creation left late although it was for a record that was deleted since", async () => {
  const w = world();
  w.crm.put("accounts", "a1", account({ name: "Anna" }));
  w.erp.next({ kind: "unknown", message: "closed" }, false);
  await w.sync();
  w.erp.put("customers", "late", customer({ number: "C1", name: "Anna" }));
  w.crm.remove("accounts", "a1");
  w.later();
  await w.sync();
  assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length], [1, 0]);
  assertEquals((await w.open()).flatMap((one) => one.codes), ["missing"]);
});

Deno.test("runPipeline() doubles no record that matches while another creation may have left it", async () => {
  const w = await renamed();
  w.erp.put("customers", w.erp.all("customers")[0]!.id, { name: "Lucas", city: "Oslo" });
  w.crm.put("accounts", "a2", account({ name: "Lucas", city: "Oslo" }));
  await w.sync();
  assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length], [1, 2]);
});

Deno.test("runPipeline() couples what an earlier creation left late, whatever people made of it since", async () => {
  const first = world();
  first.erp.put("customers", "e1", customer({ number: "C1", name: "Anna" }));
  await first.sync();
  const { id } = theAccount(first);
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "Anna" }));
  w.crm.put("accounts", id, account({ name: "Annie" }));
  await w.sync();
  assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length], [1, 1]);
  assertEquals((await w.store.step("c", "customers")).coupled, 1);
});

interface Region {
  code: string;
  name: string | null;
}
const handle = <const N extends string>(name: N, creation: "natural key" | "derived id"): Entity<Region, N> =>
  entity<Region>()({
    ...{ name, creation, key: "code", label: "code" },
    fields: {
      code: { kind: "text", nullable: false, required: true, match: "code" },
      name: { kind: "text", nullable: true },
    },
  });
const regions = defineStep({
  ...{ name: "regions", direction: "both" },
  extract: { erp: handle("regions", "natural key"), crm: handle("territories", "derived id") },
  match: [["code"]],
  transform: { code: "code", name: "name" },
  load: { toCrm: { unmatched: "insert" }, fromCrm: { unmatched: "insert" } },
});

Deno.test("runPipeline() takes who has the key of an unanswered creation for somebody else's record", async () => {
  const w = world();
  w.crm.put("territories", "t1", { code: "N", name: null });
  // The answer says nothing, and what is found under the key was made by a person.
  w.erp.meanwhile(() => w.erp.put("regions", "r1", { code: "N", name: "North" }));
  w.erp.next({ kind: "unknown", message: "No answer" });
  await w.sync({ steps: [regions] });
  await w.sync({ steps: [regions] });
  assertEquals(w.crm.all("territories").map(({ data }) => data.name), ["North"]);
});

Deno.test("runPipeline() holds what nobody can tell of two creations with the same values, and makes no third", async () => {
  const w = world();
  for (const id of ["a1", "a2"]) w.crm.put("accounts", id, account({ name: "Info" }));
  w.erp.next({ kind: "unknown", message: "closed" }, true);
  w.erp.next({ kind: "unknown", message: "closed" }, false);
  await w.sync();
  assertEquals((await w.open()).map((one) => one.codes), [["unknown_outcome"]]);
  await w.sync(); // the service may be at work on the other one
  assertEquals(w.erp.all("customers").length, 1);
  w.erp.put("customers", "late", { ...w.erp.all("customers")[0]!.data, number: "N99" });
  await w.sync();
  w.later();
  await w.sync();
  assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length, await w.open()], [2, 2, []]);
});

Deno.test("runPipeline() writes nothing to what a stopped creation left once it has left the filter", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "Anna" }));
  w.stopAfterWrite("crm");
  await stopped(w);
  w.crm.put("accounts", theAccount(w).id, { kind: 1 });
  const sent = w.crm.writes.length;
  await w.sync();
  w.erp.put("customers", "e1", { phone: "7" });
  await w.sync();
  assertEquals([w.crm.writes.length, theAccount(w).data.kind], [sent, 1]);
  const { coupled } = await w.store.step("c", "customers");
  assertEquals([coupled, w.crm.all("accounts").length], [1, 1]);
});
