/** Runs after a person said which side of a conflict counts, or gave both another value. */
import { assertEquals } from "@std/assert";
import { findRecord } from "../../engine/find_record.ts";
import type { Step } from "../../engine/step.ts";
import { resolve } from "./resolving.ts";
import { customer, customers, plain, users, type World, world } from "./world.ts";

const deleting = { ...customers, load: { ...customers.load, missing: { crm: "delete", erp: "delete" } } } as Step;
const steps: readonly Step[] = [users, deleting];

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
  await resolve(w, steps, { value: "9" });
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
  await resolve(w, steps, { keep: one.keep });
  await w.sync({ steps });
  assertEquals([phones(w), await w.open()], [[one.stays, one.stays], []]);
});

Deno.test("runPipeline() keeps the value that a person chose while another one is set aside", async () => {
  const { w, id } = await coupled();
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { phone: "3" });
  await w.sync({ steps });
  await resolve(w, steps, { value: "9" });
  w.erp.put("customers", "e1", { name: "Two" });
  w.crm.next({ kind: "refused", code: "bad", message: "no number", field: "phone" });
  await w.sync({ steps });
  const chosen = async () =>
    (await findRecord({ store: w.store, connection: "c", steps }, "customers/e1")).coupling!.resolution?.chosen;
  assertEquals([
    plain(w.crm, "accounts", ["name", "phone"]),
    (await w.open()).flatMap(({ codes }) => codes),
    await chosen(),
  ], [
    [{ name: "Two", phone: "3" }],
    ["refused"],
    { phone: "9" },
  ]);
});
