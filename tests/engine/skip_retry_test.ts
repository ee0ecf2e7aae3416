import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { compiledOf, findRecord } from "../../engine/find_record.ts";
import { reasonCounts, retriesOf, retry, retryFilter } from "../../engine/retry.ts";
import { compile } from "../../engine/compile.ts";
import { isSkip, skipRecord } from "../../engine/skip.ts";
import { coupleByHand } from "../../engine/hand_couple.ts";
import type { Step } from "../../engine/step.ts";
import { DefinitionError } from "../../errors.ts";
import type { Change } from "../../store/store.ts";
import { account, customer, customers, users, type World, world } from "./world.ts";

const steps: readonly Step[] = [users, customers];
const placeOf = (w: World) => ({ store: w.store, connection: "c", steps });
const now = "2026-02-01T00:00:00Z";

async function skip(w: World, record: string): Promise<readonly Change[]> {
  const row = await findRecord(placeOf(w), record);
  const settlement = skipRecord(compiledOf(steps, row.step), row, { text: "known", now });
  await w.store.save("c", row.step, settlement);
  return (await findRecord(placeOf(w), record)).open;
}

/** A refused update of C1, and two records that match one: ambiguous. */
async function listed(): Promise<World> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  w.crm.put("accounts", "a2", account({ accountnumber: "C2", name: "Two" }));
  w.crm.put("accounts", "a3", account({ accountnumber: "C2", name: "Three" }));
  w.erp.put("customers", "e2", customer({ number: "C2", name: "Twin" }));
  await w.sync();
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.next({ kind: "refused", code: "no", message: "No" });
  await w.sync();
  return w;
}

Deno.test("skipRecord() notes a pair for both sides and ends what was open", async () => {
  const w = await listed();
  assertEquals((await w.open()).map(({ codes }) => codes), [["ambiguous"], ["ambiguous"], ["ambiguous"], ["refused"]]);
  const open = await skip(w, "customers/C1");
  const { erp, crm } = await findRecord(placeOf(w), "customers/C1");
  const about = [erp!.fingerprint, crm!.fingerprint];
  assertEquals(open.map(({ id, side, state, reasons }) => ({ id, side, state, reasons })), [
    {
      id: "open customers crm e1",
      side: "crm",
      state: "noted",
      reasons: [{ code: "skipped", message: "known", about }],
    },
    {
      id: `open customers erp ${crm!.id}`,
      side: "erp",
      state: "noted",
      reasons: [{ code: "skipped", message: "known", about }],
    },
  ]);
  assertEquals((await w.open()).map(({ codes }) => codes), [["ambiguous"], ["ambiguous"], ["ambiguous"]]);
});

Deno.test("skipRecord() notes an uncoupled record for the other side alone", async () => {
  const w = await listed();
  const open = await skip(w, "customers/a2");
  const { crm } = await findRecord(placeOf(w), "customers/a2");
  assertEquals(open.map(({ side, source, reasons }) => [side, source, reasons[0]!.about]), [
    ["erp", "a2", ["", crm!.fingerprint]],
  ]);
});

Deno.test("skipRecord() notes nothing of a pair of which nothing is listed", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  await w.sync();
  assertEquals(await skip(w, "customers/C1"), []);
});

Deno.test("skipRecord() notes a pair that another definition decides anew, or that was coupled by hand", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", terms: "30D" as never }));
  await w.sync();
  const later = { ...customers, load: { ...customers.load, first: "erp" } } as Step;
  const row = await findRecord(placeOf(w), "customers/C1");
  assertEquals(skipRecord(compile(later), row, { text: "known", now }).changes!.length, 2);
  w.crm.put("accounts", "a2", account({ name: "Two", phone: "2" }));
  w.erp.put("customers", "e2", customer({ number: "C2", name: "Other" }));
  await w.sync({ onlyCoupled: true });
  await coupleByHand(placeOf(w), "customers", { erp: "e2", crm: "a2", now });
  assertEquals((await skip(w, "customers/C2")).length, 2);
  const before = w.crm.writes.length + w.erp.writes.length;
  await w.sync();
  assertEquals(w.crm.writes.length + w.erp.writes.length, before);
});

Deno.test("skipRecord() leaves a write that was stopped to the next run", async () => {
  const w = await listed();
  const row = await findRecord(placeOf(w), "customers/C1");
  const sent = { ...row, open: [{ ...row.open[0]!, state: "sent" as const }] };
  const error = assertThrows(() => skipRecord(compile(customers), sent, { text: "known", now }), DefinitionError);
  assertEquals(error.code, "write_unsettled");
});

Deno.test.each<{ selectors: string[]; said: string }>([
  { selectors: [], said: "3 ambiguous, 1 refused" },
  { selectors: ["customers"], said: "3 ambiguous, 1 refused" },
  { selectors: ["users"], said: "" },
  { selectors: ["result:failed"], said: "1 refused" },
  { selectors: ["result:blocked", "customers"], said: "3 ambiguous" },
  { selectors: ["reason:ambiguous", "result:failed"], said: "" },
  { selectors: ["reason:ambiguous", "reason:refused"], said: "3 ambiguous, 1 refused" },
  { selectors: ["customers/C1"], said: "1 refused" },
  { selectors: ["customers/C1", "result:blocked"], said: "" },
])("retriesOf() finds what fits $selectors", async ({ selectors, said }) => {
  const w = await listed();
  const found = await retriesOf(placeOf(w), retryFilter(steps, selectors));
  assertEquals(reasonCounts(found.flatMap(({ changes }) => changes)), said);
});

Deno.test("retryFilter() proposes what may have been meant", () => {
  const result = assertThrows(() => retryFilter(steps, ["result:faild"]), DefinitionError);
  assertStringIncludes(result.message, 'did you mean "result:failed"?');
  const reason = assertThrows(() => retryFilter(steps, ["reason:refusd"]), DefinitionError);
  assertStringIncludes(reason.message, 'did you mean "reason:refused"?');
});

Deno.test("retry() has a refused write sent again, and a skipped record decided anew", async () => {
  const w = await listed();
  const again = async (selectors: string[]) => {
    for (const one of await retriesOf(placeOf(w), retryFilter(steps, selectors))) await retry(placeOf(w), one);
  };
  const row = await findRecord(placeOf(w), "customers/C1");
  const reasons = row.open[0]!.reasons.map((reason) => ({ ...reason, sent: { phone: "2" } }));
  const later = { ...row.open[0]!, reasons, retryAt: "2027-01-01T00:00:00Z" };
  await w.store.save("c", "customers", { changes: [later] });
  await again(["result:failed"]);
  const tried = await findRecord(placeOf(w), "customers/C1");
  assertEquals(tried.open.map(({ retryAt, reasons }) => [retryAt, reasons[0]!.sent]), [[null, undefined]]);
  assertEquals(tried.coupling!.seen, { erp: null, crm: null });
  await w.sync();
  assertEquals((await findRecord(placeOf(w), "customers/C1")).crm!.data["phone"], "2");

  await skip(w, "customers/C1");
  await again(["result:skipped"]);
  assertEquals((await findRecord(placeOf(w), "customers/C1")).open.filter(isSkip), []);
});
