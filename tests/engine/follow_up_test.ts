/** A step that follows another one goes where the pairs of that one go. */
import { assertEquals } from "@std/assert";
import { entity, type Field } from "../../connectors/connector.ts";
import { runPipeline } from "../../engine/run.ts";
import { defineStep, type Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import { fakeService } from "./fake_service.ts";

interface Item {
  number: string;
  name: string | null;
  blocked: string | null;
}
const text: Field = { kind: "text", nullable: true };
const fields = { number: { ...text, match: "code" as const }, name: text, blocked: text };
const shape = { key: "number", label: "name", fields } as const;
const extract = {
  erp: entity<Item>()({ ...shape, name: "items", creation: "none" }),
  crm: entity<Item>()({ ...shape, name: "products", creation: "derived id" }),
};
const items = defineStep({
  name: "items",
  direction: "toCrm",
  extract,
  match: [["number"]],
  transform: { number: "number", name: "name" },
  load: { toCrm: { unmatched: "insert" } },
});
const blocking = defineStep({
  name: "blocking",
  dependsOn: [items],
  of: items,
  direction: "toCrm",
  extract,
  transform: { blocked: "blocked" },
});

Deno.test("runPipeline() follows a record of the CRM to the one that has the key of a deleted one", async () => {
  const store = memoryStore();
  const erp = fakeService("business_central");
  const crm = fakeService("dataverse", { unique: { products: ["number"] } });
  let time = 0;
  const clock = { now: () => ++time, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run-${++time}` };
  const steps: readonly Step[] = [items, blocking];
  const sync = () => runPipeline({ connection: "c", kind: "sandbox", steps, store, erp, crm, clock });
  erp.put("items", "i1", { number: "A", name: "Desk", blocked: null });
  await sync();
  erp.remove("items", "i1");
  erp.put("items", "i2", { number: "A", name: "Table", blocked: "yes" });
  const run = await sync();
  assertEquals(run.steps.map((step) => [step.status, step.error]), [["Finished", undefined], ["Finished", undefined]]);
  assertEquals(crm.all("products").map(({ data }) => data), [{ number: "A", name: "Table", blocked: "yes" }]);
  assertEquals(await store.changes("c", { states: ["open"] }, { limit: 9 }), []);
  const { length } = crm.writes;
  await sync();
  assertEquals(crm.writes.length, length);
});
