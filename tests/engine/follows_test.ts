/** Values that a service chooses anew when another one is written: its choice is nobody's change. */
import { assertEquals } from "@std/assert";
import { entity, type Field, type Fields } from "../../connectors/connector.ts";
import { type Lookups, reconcile } from "../../engine/reconcile.ts";
import { rulesOf } from "../../engine/rules.ts";
import { runPipeline } from "../../engine/run.ts";
import { defineStep, fromCrm, type Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import { fakeService } from "./fake_service.ts";

interface Offer {
  key: string;
  quantity: string | null;
  price: string | null;
  discount: string | null;
}
const text: Field = { kind: "text", nullable: true };
const fields = { key: text, quantity: text, price: text, discount: text };
const shape = { key: "key", label: "key" } as const;
const crm = entity<Offer>()({ ...shape, name: "crmOffers", creation: "derived id", fields });
const follows = {
  ...fields,
  price: { ...text, follows: ["quantity"] },
  discount: { ...text, follows: ["quantity", "price"] },
};
/** `knows`: whether the handle says what follows what. */
const offers = (knows: boolean): Step =>
  defineStep({
    name: "offers",
    direction: "both",
    extract: {
      erp: entity<Offer>()({ ...shape, name: "offers", creation: "natural key", fields: knows ? follows : fields }),
      crm,
    },
    match: [["key"]],
    transform: { key: "key", quantity: "quantity", price: "price", discount: fromCrm("discount") },
    load: { fromCrm: { unmatched: "insert" } },
    authority: [{ who: "erp" }],
  });
const none: Lookups = { forward: () => ({ value: null }), backward: () => ({ value: null }) };
const agreed = { key: "A", quantity: "10", price: "12.5", discount: "4.2" };

function written(erp: Partial<Offer>, crm: Partial<Offer>, before: Fields = agreed): Fields {
  const met = { erp: { ...before, ...erp }, crm: { ...before, ...crm }, base: { erp: before, crm: before } };
  const rules = rulesOf(offers(true)).map((rule) => ({ ...rule, keeps: "erp" as const }));
  return reconcile(rules, met, none).erp;
}

Deno.test.each(
  [
    ["with what it follows", {}, { quantity: "15" }, { quantity: "15", price: "12.5", discount: "4.2" }],
    ["with one of what it follows", {}, { price: "10" }, { price: "10", discount: "4.2" }],
    ["changed itself", {}, { quantity: "15", discount: "5" }, { quantity: "15", price: "12.5", discount: "5" }],
    ["alone", {}, { discount: "5" }, { discount: "5" }],
    ["not when nothing is", {}, {}, {}],
    ["as the target's people changed it", { discount: "9" }, { quantity: "15" }, {
      quantity: "15",
      price: "12.5",
      discount: "9",
    }],
  ] as const,
)("reconcile() writes what the service would choose anew %s", (_how, erp, crm, wanted) => {
  assertEquals(written(erp, crm), wanted);
});

Deno.test("reconcile() leaves to the service what the source has no value for", () => {
  const silent = { ...agreed, discount: null };
  assertEquals(written({}, { quantity: "15" }, silent), { quantity: "15", price: "12.5" });
});

/** Offers of an ERP that keeps the per cent of a discount where nobody says the amount. */
async function world(knows: boolean) {
  const store = memoryStore();
  const erp = fakeService("business_central", {
    makes: (before, { quantity, discount }): Fields =>
      quantity === undefined || discount !== undefined
        ? {}
        : { discount: String(Number(before["discount"]) * Number(quantity) / Number(before["quantity"])) },
  });
  const crm = fakeService("dataverse");
  let time = 0;
  const clock = { now: () => ++time, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run-${++time}` };
  crm.put("crmOffers", "a", agreed);
  const sync = () => runPipeline({ connection: "c", kind: "sandbox", steps: [offers(knows)], store, erp, crm, clock });
  await sync();
  return { erp, crm, sync, discount: () => erp.all("offers")[0]!.data["discount"] };
}

for (const knows of [true, false]) {
  const how = knows ? "with one write, where the handle says what follows what" : "though no handle says that it does";
  Deno.test(`runPipeline() keeps the CRM's value that the ERP makes anew, ${how}`, async () => {
    const { erp, crm, sync, discount } = await world(knows);
    erp.writes.length = 0;
    crm.put("crmOffers", "a", { quantity: "20" });
    await sync();
    assertEquals([discount(), erp.writes.length], ["4.2", knows ? 1 : 2]);
    await sync();
    assertEquals(erp.writes.length, knows ? 1 : 2);
  });
}

Deno.test("runPipeline() keeps what people of the ERP made of a value when it is made anew", async () => {
  const { erp, crm, sync, discount } = await world(false);
  erp.put("offers", erp.all("offers")[0]!.id, { discount: "9" });
  await sync();
  crm.put("crmOffers", "a", { quantity: "20" });
  await sync();
  assertEquals(discount(), "18"); // their per cent
});
