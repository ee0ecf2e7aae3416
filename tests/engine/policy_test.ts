/** Conditions of a creation, records that can no longer be held, and records that two steps could couple. */
import { assertEquals } from "@std/assert";
import { entity, type Field } from "../../connectors/connector.ts";
import { runPipeline } from "../../engine/run.ts";
import { defineStep, type Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import { fakeService } from "./fake_service.ts";

interface Price {
  line: string;
  product: string;
  price: string | null;
  unfit: string | null;
}
interface Article {
  number: string;
  name: string | null;
}
interface CrmPrice {
  product: string;
  amount: string | null;
}
const text: Field = { kind: "text", nullable: true };
const erpPrices = entity<Price>()({
  name: "prices",
  key: "line",
  label: "line",
  creation: "none",
  fields: { line: text, product: text, price: text, unfit: text },
});
const crmPrices = entity<CrmPrice>()({
  name: "crmPrices",
  key: "product",
  label: "product",
  creation: "derived id",
  fields: { product: { ...text, match: "code" }, amount: text },
});
const prices = defineStep({
  name: "prices",
  direction: "toCrm",
  extract: { erp: erpPrices, crm: crmPrices },
  match: [["product"]],
  transform: { product: "product", amount: "price" },
  load: { toCrm: { unmatched: "insert", unless: "unfit" } },
});
const article = (name: string) =>
  entity<Article>()({ name, key: "number", label: "name", creation: "none", fields: { number: text, name: text } });
const products = entity<Article>()({
  name: "products",
  key: "number",
  label: "name",
  creation: "derived id",
  fields: { number: { ...text, match: "code" }, name: text },
});
const articles = (name: string, after: readonly Step[]) =>
  defineStep({
    name,
    dependsOn: after,
    direction: "toCrm",
    extract: { erp: article(name), crm: products },
    match: [["number"]],
    transform: { number: "number", name: "name" },
    load: { toCrm: { unmatched: "insert" } },
  });

function world(steps: readonly Step[]) {
  const store = memoryStore();
  const erp = fakeService("business_central");
  const crm = fakeService("dataverse", { unique: { crmPrices: ["product"], products: ["number"] } });
  let time = Date.UTC(2026, 0, 1);
  const clock = {
    now: () => (time += 1000),
    sleep: () => Promise.resolve(),
    random: () => 0.5,
    uuid: () => `run-${time}`,
  };
  return {
    erp,
    crm,
    sync: () => runPipeline({ connection: "c", kind: "sandbox", steps, store, erp, crm, clock }),
    coupled: async () =>
      (await store.pairs("c", "prices", { definition: "", limit: 99 })).map(({ coupling }) =>
        `${coupling.erpId} ${coupling.crmId}`
      ),
    open: async () =>
      (await store.changes("c", { states: ["open"] }, { limit: 99 })).map(({ source, reasons }) =>
        `${source} ${reasons.map((reason) => reason.code)}`
      ),
  };
}
const price = (line: string, product: string, amount: string, unfit: string | null = null) => ({
  line,
  product,
  price: amount,
  unfit,
});

Deno.test("runPipeline() lists what the other side can't hold, and creates it once it can", async () => {
  const { erp, crm, sync, open } = world([prices]);
  erp.put("prices", "l1", price("1", "A", "10"));
  erp.put("prices", "l2", price("2", "B", "20", "minimum quantity"));
  const run = await sync();
  assertEquals(crm.all("crmPrices").map(({ data }) => data), [{ product: "A", amount: "10" }]);
  assertEquals([run.totals.inserted, run.totals.skipped, await open()], [1, 1, ["l2 unfit"]]);
  erp.put("prices", "l2", { unfit: null });
  await sync();
  assertEquals([crm.all("crmPrices").length, await open()], [2, []]);
});

Deno.test("runPipeline() couples by match only what the other side can hold", async () => {
  const { erp, crm, sync, open, coupled } = world([prices]);
  erp.put("prices", "l1", price("1", "A", "8", "expired"));
  erp.put("prices", "l2", price("2", "A", "9"));
  erp.put("prices", "l3", price("3", "B", "20", "minimum quantity"));
  crm.put("crmPrices", "a", { product: "A", amount: "7" });
  crm.put("crmPrices", "b", { product: "B", amount: "7" });
  const amounts = () => crm.all("crmPrices").map(({ id, data }) => `${id} ${data["amount"]}`);
  for (let run = 0; run < 2; run++) {
    await sync();
    assertEquals([await coupled(), await open(), amounts()], [["l2 a"], ["l1 unfit", "l3 unfit"], ["a 9", "b 7"]]);
  }
  erp.put("prices", "l1", { unfit: null });
  erp.put("prices", "l2", { unfit: "expired" });
  erp.put("prices", "l3", { unfit: null });
  await sync();
  assertEquals([await coupled(), amounts()], [["l1 a", "l3 b"], ["a 8", "b 20"]]);
  for (let run = 0; run < 2; run++) {
    await sync();
    assertEquals([await coupled(), await open(), amounts()], [["l1 a", "l3 b"], ["l2 unfit"], ["a 8", "b 20"]]);
  }
});

Deno.test("runPipeline() gives the counterpart of a record that can no longer be held to the one that follows it", async () => {
  const { erp, crm, sync, open } = world([prices]);
  erp.put("prices", "l1", price("1", "A", "10"));
  erp.put("prices", "l2", price("2", "A", "12", "not yet valid"));
  await sync();
  assertEquals(await open(), ["l2 unfit"]);
  erp.put("prices", "l1", { unfit: "expired" });
  erp.put("prices", "l2", { unfit: null });
  await sync();
  assertEquals(crm.all("crmPrices").map(({ data }) => data), [{ product: "A", amount: "12" }]);
  const { length } = crm.writes;
  for (let run = 0; run < 2; run++) await sync();
  assertEquals([crm.writes.length, await open()], [length, ["l1 unfit"]]);
});

Deno.test("runPipeline() lists what can no longer be held, and goes on with it when it can", async () => {
  const { erp, crm, sync, open } = world([prices]);
  erp.put("prices", "l1", price("1", "A", "10"));
  await sync();
  erp.put("prices", "l1", { unfit: "not active", price: "11" });
  await sync();
  assertEquals([crm.all("crmPrices")[0]!.data["amount"], await open()], ["10", ["l1 unfit"]]);
  erp.put("prices", "l1", { unfit: null, price: "12" });
  await sync();
  assertEquals([crm.all("crmPrices")[0]!.data["amount"], await open()], ["12", []]);
});

Deno.test("runPipeline() gives the counterpart of a deleted record to the one that has its key now", async () => {
  const { erp, crm, sync, open } = world([prices]);
  erp.put("prices", "l1", price("1", "A", "10"));
  await sync();
  erp.remove("prices", "l1");
  erp.put("prices", "l2", price("2", "A", "12"));
  await sync();
  assertEquals([crm.all("crmPrices").map(({ data }) => data), await open()], [[{ product: "A", amount: "12" }], []]);
  const { length } = crm.writes;
  await sync();
  assertEquals([crm.writes.length, await open()], [length, []]);
});

Deno.test("runPipeline() counts a record once that is created and then given what a new one can't have", async () => {
  const closed = entity<CrmPrice>()({
    name: "crmPrices",
    key: "product",
    label: "product",
    creation: "derived id",
    fields: { product: { ...text, match: "code" }, amount: text },
    access: { amount: "update" },
  });
  const { erp, crm, sync } = world([{ ...prices, extract: { erp: erpPrices, crm: closed } }]);
  erp.put("prices", "l1", price("1", "A", "10"));
  const { totals } = await sync();
  assertEquals(crm.all("crmPrices").map(({ data }) => data["amount"]), ["10"]);
  assertEquals([totals.read, totals.inserted, totals.modified], [1, 1, 0]);
});

Deno.test("runPipeline() leaves a record to the step that coupled it first", async () => {
  const items = articles("items", []);
  const { erp, crm, sync, open } = world([items, articles("resources", [items])]);
  erp.put("items", "i1", { number: "1", name: "Desk" });
  erp.put("resources", "r1", { number: "1", name: "Lina" });
  erp.put("resources", "r2", { number: "2", name: "Marty" });
  await sync();
  assertEquals(crm.all("products").map(({ data }) => data["name"]), ["Desk", "Marty"]);
  assertEquals(await open(), ["r1 ambiguous"]);
  const { length } = crm.writes;
  await sync();
  assertEquals(crm.all("products").map(({ data }) => data["name"]), ["Desk", "Marty"]);
  assertEquals(crm.writes.length - length, 1); // the creation is tried again: the other record may have gone
});
