/** A change that left its document open: nothing of it is forgotten, however often the document can't be given back. */
import { assertEquals } from "@std/assert";
import { entity, type Field } from "../../connectors/connector.ts";
import { runPipeline } from "../../engine/run.ts";
import { defineStep, type Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import { fakeService } from "./fake_service.ts";

interface Offer {
  key: string;
  quantity: string | null;
}
const text: Field = { kind: "text", nullable: true };
const shape = { key: "key", label: "key", fields: { key: text, quantity: text } } as const;
const offers: Step = defineStep({
  name: "offers",
  direction: "both",
  extract: {
    erp: entity<Offer>()({ ...shape, name: "offers", creation: "natural key" }),
    crm: entity<Offer>()({ ...shape, name: "crmOffers", creation: "derived id" }),
  },
  match: [["key"]],
  transform: { key: "key", quantity: "quantity" },
  load: { fromCrm: { unmatched: "insert" } },
});
const leftOpen = {
  kind: "refused",
  code: "order_not_released",
  message: "Cannot release it",
  unrestored: true,
} as const;
const refused = { kind: "refused", code: "blocked_item", message: "The item is blocked", field: "quantity" } as const;

/** An offer that is the same on both sides, and then gets quantity 20 in the CRM. */
async function changed() {
  const store = memoryStore();
  const restores: (typeof leftOpen | null)[] = [];
  const erp = fakeService("business_central", { restores });
  const crm = fakeService("dataverse");
  let time = 0;
  const clock = { now: () => ++time, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run-${++time}` };
  const sync = () => runPipeline({ connection: "c", kind: "sandbox", steps: [offers], store, erp, crm, clock });
  crm.put("crmOffers", "a", { key: "A", quantity: "10" });
  await sync();
  crm.put("crmOffers", "a", { quantity: "20" });
  const open = async () => {
    const changes = await store.changes("c", { states: ["intended", "sent", "open"] }, { limit: 9 });
    return changes.flatMap(({ reasons }) => reasons.map(({ code }) => code));
  };
  return { erp, sync, open, restores, quantity: () => erp.all("offers")[0]!.data["quantity"] };
}

for (const how of ["refused", "unknown"] as const) {
  Deno.test(`runPipeline() writes what was ${how} once its document has its state back`, async () => {
    const { erp, sync, open, restores, quantity } = await changed();
    erp.next(how === "refused" ? leftOpen : { kind: "unknown", message: "no answer came" });
    if (how === "unknown") restores.push(leftOpen);
    await sync();
    assertEquals([quantity(), await open()], ["10", ["not_restored"]]);
    await sync();
    assertEquals([quantity(), await open()], ["20", []]);
  });
}

Deno.test("runPipeline() keeps saying that a document is open while its changes are refused, and tries it again", async () => {
  const { erp, sync, open, restores, quantity } = await changed();
  erp.next(leftOpen);
  await sync();
  for (let run = 1; run <= 3; run++) {
    restores.push(leftOpen);
    erp.next(refused);
    const { totals } = await sync();
    assertEquals([await open(), totals.failed, restores], [["not_restored", "refused"], 1, []], `run ${run}`);
  }
  await sync();
  assertEquals([quantity(), await open()], ["20", []]);
});

Deno.test("runPipeline() counts a document that is open still as failed, though all was written", async () => {
  const { erp, sync, open, restores, quantity } = await changed();
  erp.next(leftOpen, true);
  await sync();
  for (let run = 1; run <= 2; run++) {
    restores.push(leftOpen);
    const { steps: [step] } = await sync();
    assertEquals([quantity(), await open()], ["20", ["not_restored"]]);
    assertEquals([step!.fromCrm.status, step!.fromCrm.counts.failed, step!.listed], ["Error", 1, 1], `run ${run}`);
  }
  await sync();
  assertEquals(await open(), []);
});
