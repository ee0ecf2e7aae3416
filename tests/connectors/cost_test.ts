/** What writes are said to cost, against the requests that the sandbox logged for them. */
import { assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { Cost, Opened, Write } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import type { LogEntry } from "../../sandbox/log.ts";
import * as erp from "./business_central_order_shop.ts";
import { creation, rowsOf, startWorld, update as change } from "./business_central_world.ts";
import * as crm from "./dataverse_order_world.ts";
import { chosen, create, openWorld, rowIn, update } from "./dataverse_world.ts";

interface Logged {
  get(path: string): Promise<unknown>;
}
/** Said before, and counted while the batch is written: requests, and rows that were written. */
async function compared(world: Logged, opened: Opened, writes: readonly Write[], wanted = { fields: [] as string[] }) {
  const said = opened.cost(writes);
  const log = async () => (await world.get("/sandbox/requests") as LogEntry[]);
  const before = (await log()).length;
  const outcomes = await opened.write(writes, wanted);
  const entries = (await log()).slice(before).filter(({ operation }) => operation !== "token");
  const units = entries.flatMap(({ writes = [] }) => writes).length;
  return { said, counted: { requests: entries.length, units } satisfies Cost, outcomes };
}
function logOf(world: { api(method: string, path: string): Promise<unknown> }): Logged {
  return { get: (path) => world.api("GET", path) };
}

Deno.test("cost() of rows of Dataverse: creations, updates, deletions, a product that is retired", async () => {
  await using world = await openWorld();
  const contacts = world.connect({ batchSize: 2 }).open(dv.contacts);
  const made = await compared(logOf(world), contacts, [1, 2, 3].map((n) => create(chosen(n), { lastname: `P${n}` })));
  assertEquals([made.said, made.said], [{ requests: 2, units: 3 }, made.counted]);
  const rows = made.outcomes.map((outcome) => rowIn(outcome));
  const [first, ...others] = rows;
  const { said, counted } = await compared(logOf(world), contacts, [
    update(first!.id, first!.version, { lastname: "New" }),
    ...others.map(({ id, version }): Write => ({ op: "delete", id, version, fields: {} })),
  ]);
  assertEquals([said, said], [{ requests: 2, units: 3 }, counted]);
  assertEquals(contacts.cost([]), { requests: 0, units: 0 });
  const retired = update(chosen(9), null, { statecode: 1 });
  assertEquals(world.crm.open(dv.products).cost([retired]), { requests: 1, units: 2 });
});

Deno.test("cost() of an order of Dataverse counts its lines, its state and what is read around it", async () => {
  await using world = await crm.openOrderWorld();
  const made = await compared(logOf(world), world.orders, [crm.newOrder(world, chosen(1))], crm.wanted as never);
  const row = rowIn(made.outcomes[0]);
  assertEquals([made.said, made.said], [{ requests: 4, units: 4 }, made.counted]);
  const changed = await compared(logOf(world), world.orders, [{
    ...update(row.id, row.version, { name: "Other" }),
    parts: [crm.part("update", crm.line(1), { quantity: "3" }), crm.part("delete", crm.line(2))],
  }], crm.wanted as never);
  assertEquals(changed.outcomes[0]!.kind, "ok");
  assertEquals([changed.said, changed.said], [{ requests: 5, units: 5 }, changed.counted]);
});

Deno.test("cost() of rows of Business Central: a batch of a hundred is one request, and no unit", async () => {
  await using world = await startWorld();
  const units = world.connector.open(bc.unitsOfMeasure);
  const many = Array.from({ length: 101 }, (_, n) => creation({ code: `U${n}` }));
  const { said, counted } = await compared(world, units, many);
  assertEquals([said, said.requests], [{ requests: 2, units: 0 }, counted.requests]);

  const customer = await world.post("customers", { displayName: "Sól ehf." });
  const persons = world.connector.open(bc.persons);
  const made = await compared(world, persons, [creation({ lastName: "A", customerId: String(customer["id"]) })]);
  assertEquals([made.said.requests, made.said.requests], [2, made.counted.requests]);
  const [row] = rowsOf(await Array.fromAsync(persons.read({ fields: ["lastName"] })));
  const named = await compared(world, persons, [change(row!, { lastName: "B" })]);
  assertEquals([named.said.requests, named.said.requests], [2, named.counted.requests]);
  const { outcomes: [last] } = await compared(world, persons, [change(row!, { jobTitle: "x" })]);
  assertEquals(last!.kind, "moved");
});

for (const extension of [false, true]) {
  Deno.test(`cost() of orders of Business Central ${extension ? "with" : "without"} the extension`, async () => {
    await using shop = await erp.startShop({ extension });
    if (extension) await shop.setting({ extension: true });
    await erp.create(shop); // from here on what is asked once is known
    const chairs = erp.line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3" });
    const fields = { customerId: shop.customerId, externalDocumentNumber: "PO-2", discountAmount: "1" };
    const extra = extension ? { yourReference: "R" } : {};
    const made = await compared(shop, shop.orders, [erp.order({ ...fields, ...extra }, [chairs])], erp.wanted as never);
    assertEquals([made.said.requests, made.said.units], [made.counted.requests, 0]);
    const row = rowIn(made.outcomes[0]);
    if (extension) await shop.desk(row, "release");
    const [now] = (await erp.some(shop, row.id)).rows;
    const changed = await compared(shop, shop.orders, [
      erp.change(now!, { shipToCity: "Vík", discountAmount: "2" }, [
        { op: "update", key: "10000", fields: { quantity: "4" } },
        erp.line(20000, { description: "a comment" }),
      ]),
    ], erp.wanted as never);
    assertEquals(changed.outcomes[0]!.kind, "ok", Deno.inspect(changed.outcomes[0]));
    assertEquals(changed.said.requests, changed.counted.requests);
  });
}
