import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { conflictsOf } from "../../engine/conflicts.ts";
import { changesOf, compiledOf, findRecord } from "../../engine/find_record.ts";
import { readLookups } from "../../engine/lookups.ts";
import { type Answer, resolveConflict, type Resolved } from "../../engine/resolve.ts";
import type { Step } from "../../engine/step.ts";
import { DefinitionError } from "../../errors.ts";
import type { Side } from "../../store/store.ts";
import { account, customer, customers, plain, users, type World, world } from "./world.ts";

const steps: readonly Step[] = [users, customers];
const now = "2026-02-01T00:00:00Z";

async function resolve(w: World, answer: Answer, field: string | null = null): Promise<Resolved> {
  const place = { store: w.store, connection: "c", steps };
  const row = await findRecord(place, "customers/C1");
  const compiled = compiledOf(steps, "customers");
  const data = [{ erp: row.erp?.data ?? null, crm: row.crm?.data ?? null }];
  const resolved = resolveConflict(compiled, row, {
    ...{ answer, field, now, earlier: await changesOf(place, row, ["done"]) },
    lookups: await readLookups(w.store, "c", compiled, data),
  });
  if (resolved.settlement !== null) await w.store.save("c", "customers", resolved.settlement);
  return resolved;
}
const keep = (side: Side): Answer => ({ keep: side });

/** A pair whose phone and address both sides have changed since they agreed. */
async function inConflict(fields: { phone?: boolean; address?: boolean } = { phone: true }): Promise<World> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1", city: "Oslo", street: "A 1" }));
  await w.sync();
  const crmId = w.crm.all("accounts")[0]!.id;
  const both = (erp: Record<string, string | null>, crm: Record<string, string | null>) => {
    w.erp.put("customers", "e1", erp);
    w.crm.put("accounts", crmId, crm);
  };
  if (fields.phone) both({ phone: "2" }, { phone: "3" });
  if (fields.address) both({ street: "B 2" }, { city: "Bergen" });
  await w.sync();
  return w;
}
const phones = (w: World) => [plain(w.erp, "customers", ["phone"]), plain(w.crm, "accounts", ["phone"])].flat();

Deno.test("conflictsOf() has the values of both sides and of the base", async () => {
  const w = await inConflict({ phone: true, address: true });
  const row = await findRecord({ store: w.store, connection: "c", steps }, "customers/C1");
  const found = conflictsOf(compiledOf(steps, "customers"), row);
  assertEquals(found.map(({ kind, unit }) => [kind, unit]), [["fields", "phone"], ["fields", "group address"]]);
  const [phone] = found[0]!.fields;
  assertEquals([phone!.base, phone!.erp, phone!.crm], [{ erp: "1", crm: "1" }, "2", "3"]);
  const changed = found[1]!.fields.map(({ rule, changed }) => [rule.name, changed.erp, changed.crm]);
  assertEquals(changed, [["street", true, false], ["city", false, true]]);
});

Deno.test.each(
  [
    { side: "erp", stays: "2", lost: { side: "crm", values: { phone: "3" } } },
    { side: "crm", stays: "3", lost: { side: "erp", values: { phone: "2" } } },
  ] as const,
)("resolveConflict() lets the next run write the value of the $side", async ({ side, stays, lost }) => {
  const w = await inConflict();
  const resolved = await resolve(w, keep(side));
  assertEquals(resolved.lost, [{ ...lost, unit: "phone", by: "resolved by a person" }]);
  assertEquals(await w.open(), []);
  await w.sync();
  assertEquals(phones(w), [{ phone: stays }, { phone: stays }]);
  assertEquals(await w.open(), []);
  const kept = (await w.changes()).filter((change) => change.lost.length > 0);
  assertEquals(kept.map(({ state, op }) => [state, op]), [["done", "none"]]);
});

Deno.test.each(["erp", "crm"] as const)("resolveConflict() keeps a group of the %s as one", async (side) => {
  const w = await inConflict({ address: true });
  await resolve(w, keep(side), "address");
  await w.sync();
  const wanted = side === "erp" ? { street: "B 2", city: "Oslo" } : { street: "A 1", city: "Bergen" };
  assertEquals(plain(w.erp, "customers", ["street", "city"]), [wanted]);
  assertEquals(plain(w.crm, "accounts", ["street", "city"]), [wanted]);
  assertEquals(await w.open(), []);
});

Deno.test.each(["erp", "crm"] as const)("resolveConflict() lets a kept blank of the %s count", async (side) => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync();
  const crmId = w.crm.all("accounts")[0]!.id;
  w.erp.put("customers", "e1", { phone: side === "erp" ? null : "2" });
  w.crm.put("accounts", crmId, { phone: side === "crm" ? null : "2" });
  await w.sync();
  await resolve(w, keep(side === "erp" ? "crm" : "erp"));
  await resolve(w, keep(side)); // another answer before the next run
  await w.sync();
  assertEquals(phones(w), [{ phone: null }, { phone: null }]);
});

Deno.test("resolveConflict() settles two values that never agreed", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "One", phone: "2" }));
  await w.sync();
  assertEquals((await w.open())[0]?.codes, ["conflict"]);
  await resolve(w, keep("crm"));
  await w.sync();
  assertEquals(phones(w), [{ phone: "2" }, { phone: "2" }]);
});

Deno.test("resolveConflict() leaves a later edit of another field to the merge, and one of the loser to a person", async () => {
  const w = await inConflict();
  const crmId = w.crm.all("accounts")[0]!.id;
  await resolve(w, keep("erp"));
  w.crm.put("accounts", crmId, { city: "Bergen" });
  await w.sync();
  assertEquals(plain(w.erp, "customers", ["phone", "city"]), [{ phone: "2", city: "Bergen" }]);

  const again = await inConflict();
  await resolve(again, keep("erp"));
  again.crm.put("accounts", again.crm.all("accounts")[0]!.id, { phone: "4" });
  await again.sync();
  assertEquals((await again.open())[0]?.codes, ["conflict"]);
});

Deno.test("resolveConflict() takes the same answer once, and another one instead until the next run", async () => {
  const w = await inConflict();
  await resolve(w, keep("erp"));
  assertEquals((await resolve(w, keep("erp"))).settlement, null);
  await resolve(w, { value: "9" });
  await resolve(w, keep("crm"));
  const lost = (await w.changes()).flatMap((change) => change.lost);
  assertEquals(lost.map(({ side, values }) => [side, values]), [["erp", { phone: "2" }]]);
  await w.sync();
  assertEquals(phones(w), [{ phone: "3" }, { phone: "3" }]);
  const error = await assertRejects(() => resolve(w, keep("erp")), DefinitionError);
  assertEquals(error.code, "no_conflict");
});

Deno.test("resolveConflict() sets a chosen value out for the engine", async () => {
  const w = await inConflict();
  const { lost } = await resolve(w, { value: "9" });
  assertEquals(lost.map(({ side, values }) => [side, values]), [["crm", { phone: "3" }], ["erp", { phone: "2" }]]);
  const { coupling } = await findRecord({ store: w.store, connection: "c", steps }, "customers/C1");
  assertEquals(coupling!.resolution, { chosen: { phone: "9" }, keep: null });
  assertEquals([coupling!.base!.erp["phone"], coupling!.base!.crm["phone"]], ["2", "3"]);
  assertEquals((await resolve(w, { value: "9" })).settlement, null);
});

Deno.test.each([
  { value: "2", kept: "erp" },
  { value: "3", kept: "crm" },
])("resolveConflict() keeps the $kept where its value $value is chosen", async ({ value }) => {
  const w = await inConflict();
  await resolve(w, { value });
  assertEquals((await resolve(w, { value })).settlement, null);
  await w.sync();
  assertEquals(phones(w), [{ phone: value }, { phone: value }]);
});

Deno.test("resolveConflict() names several conflicts, and takes one by a field of its group", async () => {
  const w = await inConflict({ phone: true, address: true });
  const error = await assertRejects(() => resolve(w, keep("erp")), DefinitionError);
  assertEquals(error.code, "several_conflicts");
  assertStringIncludes(error.message, '"phone", "group address"');
  const wrong = await assertRejects(() => resolve(w, keep("erp"), "phnoe"), DefinitionError);
  assertStringIncludes(wrong.message, 'did you mean "phone"?');
  assertEquals((await resolve(w, keep("erp"), "city")).unit, "group address");
  assertEquals((await w.open())[0]?.codes, ["conflict"]);
  assertEquals((await resolve(w, keep("erp"))).unit, "phone");
  assertEquals(await w.open(), []);
});

Deno.test.each([
  { value: "1234567890123", field: "phone", said: "holds 12" },
  { value: "x", field: "address", said: "more than one field" },
])("resolveConflict() refuses $value for $field", async ({ value, field, said }) => {
  const w = await inConflict({ phone: true, address: true });
  const error = await assertRejects(() => resolve(w, { value }, field), DefinitionError);
  assertEquals(error.code, "bad_value");
  assertStringIncludes(error.message, said);
});

Deno.test("resolveConflict() remembers the side that counts where one was deleted", async () => {
  const w = await inConflict();
  const row = await findRecord({ store: w.store, connection: "c", steps }, "customers/C1");
  const { message } = row.open[0]!.reasons[0]!;
  const reasons = [{ code: "conflict" as const, message, about: [row.coupling!.crmId] }];
  await w.store.save("c", "customers", { changes: [{ ...row.open[0]!, reasons }] });
  assertEquals((await resolve(w, keep("crm"))).lost, []); // what goes with the record is told when it goes
  const { coupling, open } = await findRecord({ store: w.store, connection: "c", steps }, "customers/C1");
  assertEquals([coupling!.resolution, open.length], [{ chosen: {}, keep: "crm", seen: row.erp!.fingerprint }, 0]);
  assertEquals((await resolve(w, keep("crm"))).settlement, null);
  assertEquals((await resolve(w, keep("erp"))).lost, []);
  const error = await assertRejects(() => resolve(w, { value: "9" }), DefinitionError);
  assertEquals(error.code, "bad_value");
});

Deno.test("findRecord() finds either side's number or id, and says what may have been meant", async () => {
  const w = await inConflict();
  const place = { store: w.store, connection: "c", steps };
  const id = w.crm.all("accounts")[0]!.id;
  for (const key of ["C1", "e1", id]) assertEquals((await findRecord(place, `customers/${key}`)).coupling!.crmId, id);
  const near = await assertRejects(() => findRecord(place, "customers/C2"), DefinitionError);
  assertEquals([near.code, near.message.includes('did you mean "customers/C1"?')], ["no_such_record", true]);
  const none = await assertRejects(() => findRecord(place, "customers"), DefinitionError);
  assert(none.message.includes("its step is missing"));
  w.erp.put("customers", "e5", customer({ number: "C5", name: "Five" }));
  await w.sync({ onlyCoupled: true });
  for (const key of ["C1", id, "C5"]) {
    const alone = await assertRejects(() => findRecord(place, key), DefinitionError);
    assert(alone.message.endsWith(`write the step, a slash, and a number or an id; did you mean "customers/${key}"?`));
  }
});
