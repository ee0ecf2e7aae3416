import { assertEquals } from "@std/assert";
import type { Key } from "../../connectors/connector.ts";
import { exitCodeOf } from "../../engine/run.ts";
import { toCrm } from "../../engine/step.ts";
import { account, customer, customers, plain, users, world } from "./world.ts";

Deno.test("runPipeline() creates on both sides, writes the number back, and a second run writes nothing", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "Bókabúð Akureyrar", phone: "555", city: "Akureyri" }));
  w.crm.put("accounts", "a9", account({ name: "Księgarnia Łódź", phone: "777" }));
  const run = await w.sync();
  assertEquals(run.mode, "first");
  assertEquals(plain(w.crm, "accounts", ["accountnumber", "name", "phone", "city", "kind"]), [
    { accountnumber: "N2", name: "Księgarnia Łódź", phone: "777", city: null, kind: 3 },
    { accountnumber: "C1", name: "Bókabúð Akureyrar", phone: "555", city: "Akureyri", kind: 3 },
  ]);
  assertEquals(plain(w.erp, "customers", ["number", "name"]), [
    { number: "C1", name: "Bókabúð Akureyrar" },
    { number: "N2", name: "Księgarnia Łódź" },
  ]);
  const step = run.steps.find((one) => one.step === "customers")!;
  assertEquals([step.coupled, step.uncoupled, step.listed], [2, 0, 0]);
  assertEquals([step.toCrm.counts.inserted, step.fromCrm.counts.inserted, step.toCrm.counts.modified], [1, 1, 1]);
  assertEquals(exitCodeOf(run), 0);
  const before = [w.erp.writes.length, w.crm.writes.length];
  const again = await w.sync();
  assertEquals([w.erp.writes.length, w.crm.writes.length], before);
  assertEquals(again.mode, "incremental");
  assertEquals(again.totals.read, 0);
});

Deno.test("runPipeline() merges different fields, lists a true conflict and writes nothing to that field", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", phone: "1", city: "X", street: "S" }));
  await w.sync();
  const id = w.crm.all("accounts")[0]!.id;
  w.erp.put("customers", "c1", { name: "B" });
  w.crm.put("accounts", id, { phone: "2" });
  await w.sync();
  assertEquals(plain(w.crm, "accounts", ["name", "phone"]), [{ name: "B", phone: "2" }]);
  assertEquals(plain(w.erp, "customers", ["name", "phone"]), [{ name: "B", phone: "2" }]);
  w.erp.put("customers", "c1", { street: "E" });
  w.crm.put("accounts", id, { city: "C" });
  const run = await w.sync();
  assertEquals(await w.open(), [{ side: "crm", source: "c1", codes: ["conflict"] }]);
  assertEquals(run.totals.conflict, 2);
  assertEquals(exitCodeOf(run), 3);
  assertEquals(plain(w.crm, "accounts", ["street", "city"]), [{ street: "S", city: "C" }]);
  assertEquals(plain(w.erp, "customers", ["street", "city"]), [{ street: "E", city: "X" }]);
  w.crm.put("accounts", id, { street: "E", city: "X" }); // a person makes them equal
  assertEquals(exitCodeOf(await w.sync()), 0);
  assertEquals(await w.open(), []);
});

Deno.test("runPipeline() couples by keys, leaves the ambiguous alone, and lists them", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "Adatum Ltd.", city: "Leeds", phone: "1" }));
  w.erp.put("customers", "c2", customer({ number: "C2", name: "Trey", city: "Bath" }));
  w.crm.put("accounts", "a1", account({ name: "ADATUM", city: "leeds", phone: null }));
  w.crm.put("accounts", "a2", account({ name: "Trey", city: "Bath" }));
  w.crm.put("accounts", "a3", account({ name: "trey", city: "Bath" }));
  const run = await w.sync({ onlyCoupled: true });
  assertEquals(w.crm.all("accounts").length, 3);
  assertEquals(w.crm.all("accounts")[0]!.data.phone, "1");
  assertEquals(w.crm.all("accounts")[0]!.data.name, "ADATUM");
  assertEquals((await w.open()).map((one) => `${one.side} ${one.source} ${one.codes}`).sort(), [
    "crm c1 conflict,conflict",
    "crm c2 ambiguous",
    "erp a2 ambiguous",
    "erp a3 ambiguous",
  ]);
  assertEquals(run.steps.find((one) => one.step === "customers")!.coupled, 1);
});

Deno.test("runPipeline() lets a record wait for its lookup and sends it in the run that couples the target", async () => {
  const w = world();
  w.erp.put("sellers", "s1", { code: "JO", email: "jo@x.is" });
  w.erp.put(
    "customers",
    "c1",
    customer({ number: "C1", name: "A", seller: "JO" as Key<"sellers">, terms: "14D" as Key<"paymentTerms"> }),
  );
  const run = await w.sync();
  assertEquals(w.crm.all("accounts"), []);
  assertEquals(run.totals.blocked, 1);
  w.crm.put("users", "u1", { email: "JO@x.is", nick: null });
  const second = await w.sync();
  assertEquals(plain(w.crm, "accounts", ["owner", "terms"]), [{ owner: "u1", terms: null }]);
  assertEquals(await w.open(), [{ side: "crm", source: "c1", codes: ["unmapped"] }]);
  assertEquals(exitCodeOf(second), 3);
});

Deno.test("runPipeline() decides again when a record changed before the write, and never forces it", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", phone: "1" }));
  await w.sync();
  const id = w.crm.all("accounts")[0]!.id;
  w.erp.put("customers", "c1", { phone: "2" });
  w.crm.meanwhile(() => w.crm.put("accounts", id, { name: "Z" }));
  const run = await w.sync();
  assertEquals(plain(w.crm, "accounts", ["name", "phone"]), [{ name: "Z", phone: "2" }]);
  assertEquals(plain(w.erp, "customers", ["name", "phone"]), [{ name: "Z", phone: "2" }]);
  assertEquals([run.totals.modified, run.totals.read], [2, 2]);
});

Deno.test("runPipeline() makes no double when a creation's answer is lost, by id or by its values", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A" }));
  w.crm.put("accounts", "a1", account({ name: "B" }));
  w.erp.next({ kind: "unknown", message: "connection closed" }, true);
  w.crm.next({ kind: "unknown", message: "connection closed" }, true);
  await w.sync();
  await w.sync();
  assertEquals(w.erp.all("customers").length, 2);
  assertEquals(w.crm.all("accounts").length, 2);
  assertEquals(await w.open(), []);
});

Deno.test("runPipeline() keeps a refused record and its reason, and tries again", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A" }));
  w.crm.next({ kind: "refused", code: "0x80040203", message: "no", field: "phone" });
  const run = await w.sync();
  assertEquals([run.totals.failed, run.totals.read], [1, 1]);
  assertEquals(await w.open(), [{ side: "crm", source: "c1", codes: ["refused"] }]);
  await w.sync();
  assertEquals(await w.open(), []);
  assertEquals(w.crm.all("accounts").length, 1);
});

Deno.test("runPipeline() reports a deleted record and creates nothing", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A" }));
  await w.sync();
  const id = w.crm.all("accounts")[0]!.id;
  w.crm.remove("accounts", id);
  const run = await w.sync({ full: true });
  assertEquals(w.crm.all("accounts"), []);
  assertEquals(await w.open(), [{ side: "crm", source: "c1", codes: ["missing"] }]);
  assertEquals(exitCodeOf(run), 3);
});

Deno.test("runPipeline() re-reads after a changed definition, fills the new field and nothing else", async () => {
  const w = world();
  const transform: Record<string, unknown> = { ...customers.transform };
  delete transform.phone;
  const without = { ...customers, transform };
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", phone: "1" }));
  await w.sync({ steps: [users, without] });
  assertEquals(w.crm.all("accounts")[0]!.data.phone, null);
  const writes = w.crm.writes.length;
  const run = await w.sync();
  assertEquals(run.steps.find((one) => one.step === "customers")!.note, "definition changed: phone added");
  assertEquals(w.crm.writes.slice(writes).map((one) => one.write.fields), [{ phone: "1" }]);
  assertEquals(w.erp.writes, []);
  const after = w.crm.writes.length;
  await w.sync({ steps: [users, without] });
  assertEquals(w.crm.writes.length, after);
});

Deno.test("runPipeline() forgets the base of the changed field only: an edit of another one is still merged", async () => {
  const w = world();
  const transform: Record<string, unknown> = { ...customers.transform };
  delete transform.phone;
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", phone: "1" }));
  await w.sync({ steps: [users, { ...customers, transform }] });
  w.erp.put("customers", "c1", { name: "B" });
  const run = await w.sync();
  assertEquals(plain(w.crm, "accounts", ["name", "phone"]), [{ name: "B", phone: "1" }]);
  assertEquals([exitCodeOf(run), await w.open()], [0, []]);
});

Deno.test("runPipeline() leaves out a text that is too long for the other side, and says so", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", phone: "1234567890123" }));
  await w.sync();
  assertEquals(plain(w.crm, "accounts", ["name", "phone"]), [{ name: "A", phone: null }]);
  assertEquals(await w.open(), [{ side: "crm", source: "c1", codes: ["too_long"] }]);
});

Deno.test("runPipeline() writes the base from what it decided on, not from an edit that came between", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A1", phone: "1" }));
  await w.sync();
  const id = w.crm.all("accounts")[0]!.id;
  w.erp.put("customers", "c1", { name: "A2" });
  w.crm.put("accounts", id, { phone: "2" }); // both sides are written
  w.erp.meanwhile(() => w.erp.put("customers", "c1", { name: "A3" })); // and the ERP's write is overtaken
  await w.sync();
  await w.sync();
  assertEquals(plain(w.erp, "customers", ["name", "phone"]), [{ name: "A3", phone: "2" }]);
  assertEquals(plain(w.crm, "accounts", ["name", "phone"]), [{ name: "A3", phone: "2" }]);
});

for (const side of ["erp", "crm"] as const) {
  Deno.test(`runPipeline() keeps an edit made after a stop that lost the answer of a creation (${side})`, async () => {
    const w = world();
    const [service, table, other, otherTable] = side === "erp"
      ? [w.erp, "customers", w.crm, "accounts"] as const
      : [w.crm, "accounts", w.erp, "customers"] as const;
    const made = side === "erp"
      ? account({ name: "A", phone: "1" })
      : customer({ number: "C1", name: "A", phone: "1" });
    other.put(otherTable, "x1", made);
    w.stopAfterWrite(side);
    await w.sync().catch(() => {});
    assertEquals(service.all(table).length, 1);
    other.put(otherTable, "x1", { phone: "2", name: "Other" });
    await w.sync();
    await w.sync();
    assertEquals(plain(service, table, ["name", "phone"]), [{ name: "Other", phone: "2" }]);
    assertEquals(other.all(otherTable).length, 1, "no double");
    assertEquals(await w.open(), []);
  });
}

Deno.test("runPipeline() makes no third record where two may be what a stopped creation left", async () => {
  const w = world();
  w.crm.put("accounts", "a1", account({ name: "A" }));
  w.stopAfterWrite("erp");
  await w.sync().catch(() => {});
  const { data } = w.erp.all("customers")[0]!;
  w.erp.put("customers", "twin", data);
  for (let run = 1; run <= 2; run++) {
    const { totals } = await w.sync();
    assertEquals([w.erp.all("customers").length, w.crm.all("accounts").length], [2, 1]);
    assertEquals([totals.failed, totals.blocked], [1, 2]);
    assertEquals((await w.open()).filter((one) => one.side === "erp").map((one) => one.codes), [["unknown_outcome"]]);
  }
});

for (const how of ["lost its answer", "was stopped"]) {
  Deno.test(`runPipeline() waits while a creation that ${how} may still be under way, and makes it once`, async () => {
    for (const fate of ["never", "late", "in time"]) {
      const w = world();
      w.crm.put("accounts", "a1", account({ name: "A" }));
      w.erp.next({ kind: "unknown", message: "no answer came" });
      if (how === "was stopped") w.stopAfterWrite("erp");
      await w.sync().catch(() => {});
      const sent = w.erp.writes[0]!.write.fields;
      const arrives = () => w.erp.put("customers", "late", { ...customer({ name: "A" }), ...sent, number: "N1" });
      if (fate === "in time") arrives();
      const run = await w.sync();
      if (fate !== "in time") {
        assertEquals([run.totals.failed, (await w.open()).map((one) => one.codes)], [1, [["unknown_outcome"]]]);
        const [change] = (await w.changes()).filter(({ state }) => state === "open");
        assertEquals(change!.reasons[0]!.message.includes(change!.reasons[0]!.until!), true);
        assertEquals(exitCodeOf(await w.sync()), 3);
      }
      assertEquals(w.erp.writes.length, 1, `nothing is sent again, ${fate}`);
      if (fate === "late") arrives();
      w.later();
      assertEquals(exitCodeOf(await w.sync()), 0);
      assertEquals([w.erp.writes.length, await w.open()], [fate === "never" ? 2 : 1, []]);
      assertEquals(plain(w.erp, "customers", ["name"]), [{ name: "A" }]);
      assertEquals(w.crm.all("accounts").length, 1);
    }
  });
}

Deno.test("runPipeline() leaves in doubt only what was on its way when it was stopped", async () => {
  const w = world();
  for (let n = 100; n < 700; n++) w.crm.put("accounts", `a${n}`, account({ name: `A${n}` }));
  w.stopAfterWrite("erp");
  await w.sync().catch(() => {});
  const states = (await w.changes()).map(({ state }) => state);
  const count = (state: string) => states.filter((one) => one === state).length;
  assertEquals([count("intended") + count("sent"), count("sent") > 0 && count("sent") <= 400], [600, true]);
});

Deno.test("runPipeline() counts no change where the service had no place for any of it", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", phone: "1" }));
  await w.sync();
  const [{ id, data }] = w.crm.all("accounts") as [ReturnType<typeof w.crm.all>[number]];
  w.erp.put("customers", "c1", { phone: "2" });
  const unchanged = { id, version: "v1", modifiedAt: null, data };
  w.crm.next({ kind: "ok", row: unchanged });
  const { steps } = await w.sync();
  const { modified, unchanged: left } = steps.find(({ step }) => step === "customers")!.toCrm.counts;
  assertEquals([w.crm.writes.at(-1)!.write.version, modified, left], ["v1", 0, 1]);
});

Deno.test("runPipeline() sends a refused update once in a run and counts it once", async () => {
  const w = world();
  for (const id of ["c1", "c2"]) w.erp.put("customers", id, customer({ number: id, name: id }));
  await w.sync();
  w.erp.put("customers", "c1", { phone: "1" });
  w.crm.next({ kind: "refused", code: "bad", message: "no" });
  const writes = w.crm.writes.length;
  const run = await w.sync({ full: true });
  assertEquals(w.crm.writes.length, writes + 1);
  const { read, failed, unchanged } = run.steps.find((one) => one.step === "customers")!.toCrm.counts;
  assertEquals([read, failed, unchanged], [2, 1, 1]);
});

Deno.test("runPipeline() leaves a required field alone that was cleared on the other side, and sends the rest", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A" }));
  await w.sync();
  w.erp.put("customers", "c1", { name: "", phone: "2" });
  await w.sync();
  assertEquals(plain(w.crm, "accounts", ["name", "phone"]), [{ name: "A", phone: "2" }]);
  assertEquals(await w.open(), [{ side: "crm", source: "c1", codes: ["required_blank"] }]);
});

Deno.test("runPipeline() does not point a new record at one that left its step's filter", async () => {
  const w = world();
  w.erp.put("sellers", "s1", { code: "JO", email: "jo@x.is" });
  w.crm.put("users", "u1", { email: "jo@x.is", nick: null });
  await w.sync();
  w.crm.remove("users", "u1");
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", seller: "JO" as Key<"sellers"> }));
  await w.sync();
  assertEquals(w.crm.all("accounts"), []);
  assertEquals((await w.open()).filter((one) => one.source === "c1").map((one) => one.codes), [["waiting"]]);
});

Deno.test("runPipeline() no longer lists a record that is gone", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", seller: "JO" as Key<"sellers"> }));
  assertEquals(exitCodeOf(await w.sync()), 3);
  w.erp.remove("customers", "c1");
  assertEquals(exitCodeOf(await w.sync({ full: true })), 0);
  assertEquals(await w.open(), []);
});

Deno.test("runPipeline() keeps one change for what is listed run after run", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", seller: "JO" as Key<"sellers"> }));
  for (let run = 1; run <= 4; run++) await w.sync();
  assertEquals((await w.changes()).length, 1);
});

Deno.test("runPipeline() writes a change to every field that one field of the other side feeds", async () => {
  const w = world();
  const both = { ...customers, transform: { ...customers.transform, street: toCrm("phone") } };
  const transform: Record<string, unknown> = { ...both.transform };
  delete transform["group address"];
  const steps = [users, { ...both, transform, match: [["accountnumber"]] }];
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", phone: "1" }));
  await w.sync({ steps });
  const id = w.crm.all("accounts")[0]!.id;
  for (const phone of ["2", "3"]) {
    w.crm.put("accounts", id, { phone });
    assertEquals(exitCodeOf(await w.sync({ steps })), 0);
    assertEquals(plain(w.crm, "accounts", ["phone", "street"]), [{ phone, street: phone }]);
    assertEquals(plain(w.erp, "customers", ["phone"]), [{ phone }]);
  }
});

Deno.test("runPipeline() lists two records that the service has as one", async () => {
  const w = world();
  for (const id of ["c1", "c2"]) w.erp.put("customers", id, customer({ number: id, name: id }));
  w.crm.put("accounts", "family", account({ name: "F", kind: 3 }));
  const [row] = w.crm.all("accounts");
  const exists = { kind: "exists", row: { id: "family", version: "v1", modifiedAt: null, data: row!.data } } as const;
  w.crm.next(exists);
  w.crm.next(exists);
  await w.sync({ steps: [users, { ...customers, load: { toCrm: { unmatched: "insert" } } }] });
  assertEquals((await w.open()).filter((one) => one.codes.includes("ambiguous")).length, 1);
});

Deno.test("runPipeline() keeps with each write the version that it was decided on, and what its fields had before", async () => {
  const w = world();
  w.erp.put("customers", "c1", customer({ number: "C1", name: "A", phone: "1" }));
  await w.sync();
  const { id } = w.crm.all("accounts")[0]!;
  w.erp.put("customers", "c1", { phone: "2" });
  w.crm.put("accounts", id, { city: "Oslo" });
  await w.sync();
  const updates = (await w.changes()).filter(({ op, state }) => op === "update" && state === "done");
  assertEquals(updates.map(({ side, before, after }) => [side, before.phone, after.phone, before.city, after.city]), [
    ["crm", "1", "2", undefined, undefined],
    ["erp", undefined, undefined, null, "Oslo"],
  ]);
  const sent = [...w.crm.writes, ...w.erp.writes].filter(({ write }) => write.op === "update");
  assertEquals(sent.map(({ write }) => write.version), updates.map(({ version }) => version));
  assertEquals(updates.every(({ version }) => version !== null), true);
});
