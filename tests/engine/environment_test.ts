/** The guard of the environment: other ids, restored backups, and going on with them on purpose. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DefinitionError } from "../../errors.ts";
import { account, customer, plain, type World, world } from "./world.ts";

async function coupled(): Promise<{ w: World; id: string }> {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One", phone: "1", city: "Rome" }));
  await w.sync();
  return { w, id: w.crm.all("accounts")[0]!.id };
}
const codeOf = async (run: Promise<unknown>) => (await assertRejects(() => run, DefinitionError)).code;

Deno.test("runPipeline() refuses another environment until it is re-based, and forgets what both agreed on then", async () => {
  const { w, id } = await coupled();
  const copy = { service: "business_central", name: "Copy", parts: { id: "copy" } };
  w.erp.identity = () => Promise.resolve(copy);
  w.erp.put("customers", "e1", { phone: "2" });
  const before = w.crm.writes.length;
  assertEquals([await codeOf(w.sync()), w.crm.writes.length], ["other_environment", before]);
  await w.sync({ rebase: true });
  // Nobody knows which of the two is newer: nothing is overwritten.
  assertEquals([w.crm.writes.length, (await w.open()).map(({ codes }) => codes)], [before, [["conflict"]]]);
  w.crm.put("accounts", id, { phone: "2" });
  w.erp.put("customers", "e1", { city: "Oslo" });
  await w.sync();
  assertEquals([plain(w.crm, "accounts", ["phone", "city"]), await w.open()], [[{ phone: "2", city: "Oslo" }], []]);
});

Deno.test("runPipeline() refuses a side whose newest record is older than it was, until it is re-based", async () => {
  const w = world();
  w.erp.put("customers", "e1", customer({ number: "C1", name: "One" }));
  w.crm.put("accounts", "a1", account({ accountnumber: "C1", name: "One" }));
  await w.sync();
  const newest = { id: "e1", modifiedAt: "2026-05-05T00:00:00Z" };
  const page = { run: "r", records: [], deleted: [], left: [] };
  const [record] = await w.store.records("c", "customers", "erp", { ids: ["e1"] }, { limit: 1 });
  await w.store.savePage("c", "customers", "erp", {
    ...page,
    records: [{ ...record!, modifiedAt: newest.modifiedAt }],
  });
  assertEquals((await w.store.step("c", "customers")).newest.erp, newest);
  w.erp.modifiedAt = "2026-05-05T00:00:00Z";
  await w.sync();
  w.erp.modifiedAt = "2026-05-04T00:00:00Z";
  assertEquals(await codeOf(w.sync()), "environment_restored");
  await w.sync({ rebase: true });
  await w.sync();
  w.erp.remove("customers", "e1"); // a record that is gone proves nothing
  await w.sync();
});

Deno.test("runPipeline() refuses another CRM, names it, and writes nothing to either side", async () => {
  const { w, id } = await coupled();
  w.crm.identity = () => Promise.resolve({ service: "dataverse", name: "Copy", parts: { id: "copy" } });
  w.erp.put("customers", "e1", { phone: "2" });
  w.crm.put("accounts", id, { city: "Oslo" });
  const before = [w.erp.writes.length, w.crm.writes.length];
  const { code, message } = await assertRejects(() => w.sync(), DefinitionError);
  assertEquals([code, [w.erp.writes.length, w.crm.writes.length]], ["other_environment", before]);
  assertStringIncludes(message, 'its CRM was "');
  assertStringIncludes(message, '(id) and is "copy" now');
  await w.sync({ rebase: true });
  assertEquals([w.erp.writes.length, w.crm.writes.length], before);
  assertEquals((await w.open()).map(({ codes }) => codes), [["conflict", "conflict"]]);
});

Deno.test("runPipeline() refuses a CRM that was restored to an earlier time", async () => {
  const { w, id } = await coupled();
  const [record] = await w.store.records("c", "customers", "crm", { ids: [id] }, { limit: 1 });
  const records = [{ ...record!, modifiedAt: "2026-05-05T00:00:00Z" }];
  await w.store.savePage("c", "customers", "crm", { run: "r", records, deleted: [], left: [] });
  w.crm.modifiedAt = "2026-05-04T00:00:00Z";
  w.erp.put("customers", "e1", { phone: "2" });
  const before = w.crm.writes.length;
  const { code, message } = await assertRejects(() => w.sync(), DefinitionError);
  assertEquals([code, w.crm.writes.length], ["environment_restored", before]);
  assertStringIncludes(message, "so the CRM was restored");
});
