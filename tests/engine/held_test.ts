/** What a service refuses: fields that are set aside, records that are tried again later, and records that wait. */
import { assertEquals } from "@std/assert";
import { retriesOf, retry, retryFilter } from "../../engine/retry.ts";
import { retryAt } from "../../engine/held.ts";
import type { Step } from "../../engine/step.ts";
import { customer, customers, plain, users, type World, world } from "./world.ts";

const refused = { kind: "refused", code: "Bad", message: "Cannot store the value; correct it" } as const;
const changesOf = async (w: World) =>
  (await w.store.changes("c", { states: ["open"] }, { limit: 9 })).map(({ op, attempts, retryAt, after, reasons }) => ({
    ...{ op, attempts, retryAt, after },
    reasons: reasons.map(({ code, field, sent }) => ({ code, field, sent })),
  }));

Deno.test("runPipeline() sends a record without the field that is refused, and not that value again", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  await w.sync();
  w.erp.put("customers", "e1", { phone: "letters", city: "Rome", street: "Via" });
  w.crm.next({ ...refused, field: "phone" });
  const run = await w.sync();
  const account = () => plain(w.crm, "accounts", ["phone", "city", "street"]);
  assertEquals(account(), [{ phone: null, city: "Rome", street: "Via" }]);
  assertEquals(run.steps[1]!.toCrm.counts.modified, 1);
  const aside = { code: "refused", field: "phone", sent: { phone: "letters" } };
  assertEquals((await changesOf(w)).map(({ reasons }) => reasons), [[aside]]);
  const before = w.crm.writes.length;
  await w.sync();
  assertEquals([w.crm.writes.length, (await changesOf(w))[0]!.reasons], [before, [aside]]);
  w.erp.put("customers", "e1", { phone: "123" });
  await w.sync();
  assertEquals([account()[0]!["phone"], await changesOf(w)], ["123", []]);
});

Deno.test("runPipeline() sets a refused group aside as one, also when it creates", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", city: "Nowhere", street: "Via", phone: "1" }));
  w.crm.next({ ...refused, field: "city" });
  await w.sync();
  assertEquals(plain(w.crm, "accounts", ["name", "phone", "city", "street"]), [
    { name: "One", phone: "1", city: null, street: null },
  ]);
  assertEquals((await changesOf(w))[0]!.reasons.map(({ field }) => field), ["group address"]);
  const before = w.crm.writes.length;
  await w.sync();
  assertEquals(w.crm.writes.length, before);
  const place = { store: w.store, connection: "c", steps: [users, customers] };
  for (const one of await retriesOf(place, retryFilter(place.steps, ["result:failed"]))) await retry(place, one);
  await w.sync();
  assertEquals([plain(w.crm, "accounts", ["city"]), await changesOf(w)], [[{ city: "Nowhere" }], []]);
});

Deno.test("runPipeline() creates a record without the field that is refused, and fills it in once it has another value", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "letters", city: "Rome" }));
  w.crm.next({ ...refused, field: "phone" });
  const { counts } = (await w.sync()).steps[1]!.toCrm;
  assertEquals([counts.inserted, counts.failed], [1, 0]);
  const account = () => plain(w.crm, "accounts", ["name", "phone", "city"]);
  assertEquals(account(), [{ name: "One", phone: null, city: "Rome" }]);
  const aside = [{ code: "refused", field: "phone", sent: { phone: "letters" } }];
  assertEquals((await changesOf(w)).map(({ reasons }) => reasons), [aside]);
  const before = w.crm.writes.length;
  await w.sync({ full: true });
  assertEquals([w.crm.writes.length, (await changesOf(w)).map(({ reasons }) => reasons)], [before, [aside]]);
  w.erp.put("customers", "e1", { phone: "123" });
  await w.sync();
  assertEquals([account(), await changesOf(w)], [[{ name: "One", phone: "123", city: "Rome" }], []]);
});

Deno.test("runPipeline() can't do without a required field: the record is refused", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  w.crm.next({ ...refused, field: "name" });
  await w.sync();
  assertEquals([w.crm.all("accounts").length, (await changesOf(w))[0]!.reasons[0]!.sent], [0, undefined]);
});

Deno.test("runPipeline() keeps what was refused with its attempts, and tries it again after ever longer pauses", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  await w.sync();
  w.erp.put("customers", "e1", { phone: "2" });
  const attempts: (readonly [number, boolean])[] = [];
  for (let time = 0; time < 3; time++) {
    const before = w.crm.writes.length;
    w.crm.next(refused);
    await w.sync();
    const [change] = await changesOf(w);
    assertEquals([change!.op, change!.after], ["update", { phone: "2" }]);
    attempts.push([change!.attempts, w.crm.writes.length > before]);
  }
  // At once, in the next run, and then not before its time.
  assertEquals(attempts, [[1, true], [2, true], [2, false]]);
  w.erp.put("customers", "e1", { phone: "3" });
  await w.sync(); // the fault that was left answers this one, which is another write
  assertEquals((await changesOf(w))[0]!.attempts, 1);
  await w.sync();
  assertEquals([plain(w.crm, "accounts", ["phone"]), await changesOf(w)], [[{ phone: "3" }], []]);
});

Deno.test("runPipeline() tries what was refused again when its time has come, also what it was to create", async () => {
  for (const isNew of [false, true]) {
    const w = world();
    if (!isNew) {
      w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
      await w.sync();
    }
    w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "2" }));
    for (let time = 0; time < 2; time++) {
      w.crm.next(refused);
      await w.sync();
    }
    const before = w.crm.writes.length;
    await w.sync();
    assertEquals([w.crm.writes.length, (await changesOf(w)).map(({ attempts }) => attempts)], [before, [2]]);
    w.later(); // longer than the quarter of an hour after the second time
    await w.sync();
    assertEquals([plain(w.crm, "accounts", ["phone"]), await changesOf(w)], [[{ phone: "2" }], []]);
  }
});

Deno.test.each([
  { attempts: 1, at: null },
  { attempts: 2, at: "2026-01-01T00:15:00.000Z" },
  { attempts: 3, at: "2026-01-01T01:00:00.000Z" },
  { attempts: 4, at: "2026-01-01T04:00:00.000Z" },
  { attempts: 5, at: "2026-01-01T16:00:00.000Z" },
  { attempts: 6, at: "2026-01-02T00:00:00.000Z" },
  { attempts: 60, at: "2026-01-02T00:00:00.000Z" },
])("retryAt() after $attempts attempts", ({ attempts, at }) => {
  assertEquals(retryAt(attempts, "2026-01-01T00:00:00.000Z"), at);
});

Deno.test("runPipeline() sends all that waited for a record in the run that couples it", async () => {
  const w = world();
  for (let n = 0; n < 25; n++) w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}` }));
  await w.sync();
  w.erp.put("sellers", "s1", { code: "ANN", email: "ann@sales.example" });
  for (let n = 0; n < 50; n++) {
    w.erp.put("customers", `e${n}`, customer({ number: `C${n}`, name: `Name ${n}`, seller: "ANN" as never }));
  }
  const run = await w.sync();
  assertEquals([run.steps[1]!.toCrm.counts.blocked, run.steps[1]!.toCrm.counts.failed], [50, 0]);
  const open = await w.store.changes("c", { states: ["open"], side: "crm" }, { limit: 100 });
  assertEquals(open.flatMap(({ reasons }) => reasons.map(({ about }) => about)), Array(50).fill(["users/ANN"]));
  w.crm.put("users", "u1", { email: "ann@sales.example", nick: null });
  await w.sync();
  assertEquals(plain(w.crm, "accounts", ["owner"]), Array(50).fill({ owner: "u1" }));
  assertEquals(await w.open(), []);
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
  assertEquals([w.crm.all("accounts").length, (await w.open()).flatMap(({ codes }) => codes)], [0, ["refused"]]);
  await w.sync({ steps });
  assertEquals([w.crm.all("accounts")[0]!.data[field], (await w.open()).flatMap(({ codes }) => codes)], [
    field === "kind" ? 3 : "S",
    [],
  ]);
});
