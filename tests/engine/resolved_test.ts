import { assertEquals } from "@std/assert";
import { changesOf, compiledOf, findRecord } from "../../engine/find_record.ts";
import { readLookups } from "../../engine/lookups.ts";
import { type Answer, resolveConflict } from "../../engine/resolve.ts";
import { skipRecord } from "../../engine/skip.ts";
import type { Step } from "../../engine/step.ts";
import { customer, customers, plain, users, type World, world } from "./world.ts";

const deleting = { ...customers, load: { ...customers.load, missing: { crm: "delete", erp: "delete" } } } as Step;
const steps: readonly Step[] = [users, deleting];
const placeOf = (w: World) => ({ store: w.store, connection: "c", steps });
const now = "2026-02-01T00:00:00Z";

async function resolve(w: World, answer: Answer): Promise<void> {
  const row = await findRecord(placeOf(w), "customers/e1");
  const compiled = compiledOf(steps, "customers");
  const data = [{ erp: row.erp?.data ?? null, crm: row.crm?.data ?? null }];
  const lookups = await readLookups(w.store, "c", compiled, data);
  const earlier = await changesOf(placeOf(w), row, ["done"]);
  const { settlement } = resolveConflict(compiled, row, { answer, field: null, lookups, earlier, now });
  await w.store.save("c", "customers", settlement!);
}
const phones = (w: World) => [plain(w.erp, "customers", ["phone"]), plain(w.crm, "accounts", ["phone"])];

async function coupled(): Promise<{ w: World; id: string }> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1" }));
  await w.sync({ steps });
  return { w, id: w.crm.all("accounts")[0]!.id };
}

Deno.test("runPipeline() gives both sides the value that a person chose", async () => {
  const { w, id } = await coupled();
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { phone: "3" });
  await w.sync({ steps });
  await resolve(w, { value: "9" });
  await w.sync({ steps });
  assertEquals([phones(w), await w.open()], [[[{ phone: "9" }], [{ phone: "9" }]], []]);
});

Deno.test.each(
  [
    { gone: "crm", keep: "erp", stays: [{ phone: "2" }] },
    { gone: "crm", keep: "crm", stays: [] },
    { gone: "erp", keep: "erp", stays: [] },
    { gone: "erp", keep: "crm", stays: [{ phone: "2" }] },
  ] as const,
)("runPipeline() keeps the $keep of a pair that the $gone deleted and the other changed", async (one) => {
  const { w, id } = await coupled();
  if (one.gone === "crm") {
    w.erp.put("customers", "e1", { phone: "2" });
    w.crm.remove("accounts", id);
  } else {
    w.crm.put("accounts", id, { phone: "2" });
    w.erp.remove("customers", "e1");
  }
  await w.sync({ steps, full: true });
  assertEquals((await w.open()).map(({ codes }) => codes), [["conflict"]]);
  await resolve(w, { keep: one.keep });
  await w.sync({ steps });
  assertEquals([phones(w), await w.open()], [[one.stays, one.stays], []]);
});

Deno.test("runPipeline() leaves a skipped pair alone until it changes", async () => {
  const { w, id } = await coupled();
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { phone: "3" });
  await w.sync({ steps });
  const row = await findRecord(placeOf(w), "customers/C1");
  await w.store.save("c", "customers", skipRecord(customers, row, { text: "known", now }));
  await w.sync({ steps, full: true });
  assertEquals(await w.open(), []);
  w.erp.put("customers", "e1", { city: "Oslo" });
  await w.sync({ steps });
  assertEquals((await w.open()).map(({ codes }) => codes), [["conflict"]]);
});
