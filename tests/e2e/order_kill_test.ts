import { assert, assertEquals } from "@std/assert";
import { addLine, crmOrder, erpOrder, erpOrders, extensionPath, linesOf, openShop, submit } from "./order_shop.ts";
import type { People, Stop, World } from "./order_world.ts";
import { ok, recover, type RunningSandbox, start, startSandbox, sync, withHome } from "./program.ts";
import { writeCompany } from "./small_company.ts";

const stops: readonly Omit<Stop, "at">[] = [
  { when: "before", fate: "dies" },
  { when: "after", fate: "dies" },
  { when: "inside", fate: "dies" },
  { when: "before", fate: "away" },
  { when: "after", fate: "away" },
  { when: "before", fate: "once" },
  { when: "after", fate: "once" },
];

interface Sequence {
  /** Selector of the steps that write it. */
  readonly steps: string;
  /** Requests that write it, at least. */
  readonly length: number;
  /** What people do before the run that is stopped; `round` counts from 1. */
  change(world: World, round: number): Promise<unknown>;
  /** Asserts that all of it is there, once. */
  whole(world: World, round: number): Promise<void>;
}

/** Stops the sequence at each of its writes, in each way, and synchronizes twice: then it is whole, and nothing is left to do. */
async function stopEverywhere(world: World, { steps, length, change, whole }: Sequence): Promise<void> {
  let round = 0;
  for (const how of stops) {
    for (let at = 1;; at++) {
      await change(world, ++round);
      const { isCut, run } = await world.sync({ steps, stop: { ...how, at } });
      assertEquals(run === null, isCut && how.fate === "dies");
      const when = `${how.when} ${how.when === "inside" ? "change" : "request"} ${at}, ${how.fate}`;
      try {
        if (isCut) await world.sync({ steps });
        if (isCut) await world.sync({ steps, later: true });
        await whole(world, round);
        assertEquals((await world.sync({ steps })).sent, [], "a further run writes nothing");
        assertEquals(await world.listed(), []);
      } catch (cause) {
        throw new Error(`Stopped ${when}: ${cause instanceof Error ? cause.message : cause}`, { cause });
      }
      if (isCut) continue;
      if (how.when !== "inside") assert(at > length, `It ended after ${at - 1} requests`);
      break;
    }
  }
}

/** The ERP's order says what the CRM's says, to the cent, and there is one. */
async function assertAlike(world: People, id: string, number: string, status: "Draft" | "Open"): Promise<void> {
  const [crm, erp] = [await crmOrder(world, id), await erpOrder(world, number)];
  const sold = (lines: readonly string[]) => lines.filter((line) => !/^(Fitting|6110|6910)/.test(line)).sort();
  assertEquals(sold(linesOf(erp)), sold(linesOf(crm)));
  assertEquals(erp.lines.length, crm.lines.length + 1); // freight
  assertEquals(new Set(erp.lines.map((line) => line["sequence"])).size, erp.lines.length);
  assertEquals([crm["statecode"], erp["status"]], [1, status]);
  assertEquals(erp["discountAmount"], crm["totaldiscountamount"] ?? 0);
  assertEquals(erp["totalAmountExcludingTax"], crm["totalamount"]);
  assertEquals(erp["requestedDeliveryDate"], String(crm["requestdeliveryby"] ?? "0001-01-01").slice(0, 10));
}

/** What only the extension shows of an order. */
async function assertExtras(world: World, id: string, number: string): Promise<void> {
  const [crm, erp] = [await crmOrder(world, id), await erpOrder(world, number)];
  const extra = world.sandbox.erp.table("salesOrders").get(String(erp["id"]))!;
  assertEquals([extra["yourReference"], extra["workDescription"] || null], [number, crm["description"]]);
}

/** In the CRM everything about an order is changed: head, a line, one more, and one less. */
async function editAll(world: People, id: string, round: number): Promise<void> {
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 0 });
  const day = String(1 + round % 28).padStart(2, "0");
  await world.asCrmUser("PATCH", `salesorders(${id})`, {
    description: `Round ${round}`,
    discountamount: round / 4,
    requestdeliveryby: `2026-12-${day}T00:00:00Z`,
  });
  const { lines } = await crmOrder(world, id);
  const first = lines.find((line) => line["product"] === "V101")!;
  await world.asCrmUser("PATCH", `salesorderdetails(${first["salesorderdetailid"]})`, { quantity: 10 + round });
  const last = lines.find((line) => line["product"] === "V102" || line["product"] === "V103")!;
  await world.asCrmUser("DELETE", `salesorderdetails(${last["salesorderdetailid"]})`);
  await addLine(world, id, "V103", round);
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 1 });
}

Deno.test("orders are created in the ERP whole and once, wherever a run is stopped", async () => {
  await using world = await openShop();
  const ids = new Map<string, string>();
  await stopEverywhere(world, {
    steps: "orders",
    length: 3, // both orders at once, then what the extension keeps of each
    async change(world, round) {
      for (const number of [`A-${round}`, `B-${round}`]) ids.set(number, await submit(world, number));
    },
    async whole(world, round) {
      for (const number of [`A-${round}`, `B-${round}`]) {
        await assertAlike(world, ids.get(number)!, number, "Draft");
        await assertExtras(world, ids.get(number)!, number);
      }
    },
  });
  assertEquals((await world.erp("salesOrders")).length, ids.size);
});

for (const status of ["Draft", "Open"] as const) {
  const length = status === "Open" ? 8 : 6; // reopened; head, three lines, discount, description; released
  Deno.test(`an order is changed in the ERP whole while it is ${status}, wherever a run is stopped`, async () => {
    await using world = await openShop();
    const id = await submit(world, "A-1");
    await world.sync({ steps: "orders" });
    if (status === "Open") world.sandbox.erpOrders.release((await erpOrder(world, "A-1")).number);
    await stopEverywhere(world, {
      steps: "orders",
      length,
      change: (world, round) => editAll(world, id, round),
      async whole(world) {
        await assertAlike(world, id, "A-1", status);
        await assertExtras(world, id, "A-1");
      },
    });
  });
}

Deno.test("an order is changed in the CRM whole, and submitted again, wherever a run is stopped", async () => {
  await using world = await openShop();
  const id = await submit(world, "A-1");
  await world.sync({ steps: "orders" });
  await stopEverywhere(world, {
    steps: "orders",
    length: 1,
    async change(world, round) {
      const desk = world.sandbox.erpOrders;
      const { number, id: order, lines } = await erpOrder(world, "A-1");
      if (round > 1) desk.reopen(number);
      await world.asErpUser("PATCH", `salesOrders(${order})`, { requestedDeliveryDate: `2026-12-${10 + round}` });
      await world.asErpUser("PATCH", `salesOrderLines(${lines[0]!["id"]})`, { quantity: 10 + round, unitPrice: 11 });
      await world.asErpUser(
        "DELETE",
        `salesOrderLines(${lines.find((line) => /V10[23]/.test(objectOf(line)))!["id"]})`,
      );
      const line = { lineType: "Item", lineObjectNumber: "V103", quantity: round };
      await world.asErpUser("POST", `salesOrders(${order})/salesOrderLines`, line);
      desk.release(number);
    },
    whole: (world) => assertAlike(world, id, "A-1", "Open"),
  });
});
const objectOf = (line: Record<string, unknown>) => String(line["lineObjectNumber"]);

for (const [name, actions] of [["fulfilled", ["ship"]], ["invoiced", ["ship", "invoice"]]] as const) {
  Deno.test(`an order is ${name} in the CRM once, wherever a run is stopped`, async () => {
    await using world = await openShop();
    let id = "";
    await stopEverywhere(world, {
      steps: "orders",
      length: 1,
      async change(world, round) {
        id = await submit(world, `A-${round}`);
        await world.sync({ steps: "orders" });
        const { number } = await erpOrder(world, `A-${round}`);
        for (const action of actions) world.sandbox.erpOrders[action](number);
      },
      async whole(world, round) {
        const order = await crmOrder(world, id);
        assertEquals(order["statecode"], name === "fulfilled" ? 3 : 4);
        assertEquals(order.lines.map((line) => line["quantityshipped"]), [10, 4, 2]);
        const closes = await world.crm(`ordercloses?$filter=_salesorderid_value eq ${id}`);
        assertEquals(closes.length, 1);
        assertEquals((await erpOrders(world, `A-${round}`)).length, name === "fulfilled" ? 1 : 0);
      },
    });
  });
}

for (
  const [set, steps, more] of [
    ["items", "units,items,item prices,publishing", { displayName: "Net", type: "Inventory" }],
    ["resources", "units,resources,resource prices,resource publishing", { name: "Mending", type: "Person" }],
  ] as const
) {
  Deno.test(`products of ${set} get unit, price, list and state whole and once, wherever a run is stopped`, async () => {
    await using world = await openShop();
    await world.control("/sandbox/business_central", { manualNumbers: { items: true } });
    const [list] = await world.crm("pricelevels");
    const path = `${extensionPath(world)}${set}`;
    await stopEverywhere(world, {
      steps,
      length: 4, // unit group, product, price; list and state of it and of the other
      async change(world, round) {
        const code = `U${round}`;
        await world.asErpUser("POST", "unitsOfMeasure", { code, displayName: code });
        const sold = { ...more, number: `N-${round}`, unitPrice: 5 + round, baseUnitOfMeasureCode: code };
        await world.asErpUser("POST", path, sold);
        if (round === 1) return;
        const [before] = await world.erp(`${path}?$filter=number eq 'N-${round - 1}'`);
        await world.asErpUser("PATCH", `${path}(${before!["id"]})`, { blocked: true, unitPrice: 1 });
      },
      async whole(world, round) {
        const products = await world.crm(`products?$filter=startswith(productnumber,'N-')`);
        const shown = products.map((one) => [one["productnumber"], one["statecode"], one["_pricelevelid_value"]]);
        const wanted = Array.from({ length: round }, (_, at) => [`N-${at + 1}`, at + 1 === round ? 0 : 1]);
        assertEquals(shown.sort(byNumber), wanted.map((one) => [...one, list!["pricelevelid"]]));
        const newest = products.find((one) => one["productnumber"] === `N-${round}`)!;
        const prices = await world.crm(`productpricelevels?$filter=_productid_value eq ${newest["productid"]}`);
        const inUnits = prices.map((one) => [one["amount"], one["_uomid_value"]]);
        assertEquals(inUnits, [[5 + round, newest["_defaultuomid_value"]]]);
        assertEquals((await world.crm(`uoms?$filter=name eq 'U${round}'`)).length, 1);
      },
    });
  });
}
const byNumber = ([one]: readonly unknown[], [other]: readonly unknown[]) =>
  Number(String(one).slice(2)) - Number(String(other).slice(2));

Deno.test("orders are whole after the sandbox and sync were killed, in processes of their own", async () => {
  const data = await Deno.makeTempDir();
  try {
    const args = await writeCompany(data);
    await withHome(async (home) => {
      let sandbox = await startSandbox(home, ...args);
      try {
        await sync(home);
        /** Kills the sandbox when it has stored this many changes, and sync with it; then both are started again. */
        const killedAt = async (writes: number) => {
          await sandbox.control("POST", "/sandbox/faults", [{ kind: "kill", writes }]);
          const running = start(home, "sync");
          assertEquals((await sandbox.process.status).code, 137);
          kill(running.process);
          await running.end();
          await sandbox.stop();
          sandbox = await startSandbox(home);
          await recover(home);
        };
        const ids = [];
        for (const number of ["A-1", "A-2", "A-3"]) ids.push(await submit(peopleOf(sandbox), number));
        await killedAt(2); // in the middle of the batch that creates them
        for (const [at, id] of ids.entries()) await assertAlike(peopleOf(sandbox), id, `A-${at + 1}`, "Draft");

        const { number } = await erpOrder(peopleOf(sandbox), "A-2");
        await sandbox.control("POST", `/sandbox/business_central/orders/${number}/release`);
        await editAll(peopleOf(sandbox), ids[1]!, 1);
        await killedAt(4); // reopened, and not yet released again
        await assertAlike(peopleOf(sandbox), ids[1]!, "A-2", "Open");
        assertEquals((await sandbox.erp("salesOrders")).length, 3);

        const since = (await sandbox.requests()).at(-1)!.n;
        await sync(home);
        const wrote = (await sandbox.requests(since)).filter((one) => one.operation === "write" || one.innerWrites > 0);
        assertEquals(wrote.map((one) => `${one.method} ${one.path}`), []);
      } finally {
        await sandbox.stop();
      }
    });
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

function peopleOf(sandbox: RunningSandbox): People {
  const split = (path: string): [string, string] => {
    const at = path.indexOf("?");
    return at < 0 ? [path, ""] : [path.slice(0, at), path.slice(at)];
  };
  return {
    crm: (path) => sandbox.crm(...split(path)),
    erp: (path) => sandbox.erp(...split(path)),
    async asCrmUser(method, path, body) {
      const { headers } = await ok(sandbox.send(method, `${sandbox.crmUrl}${path}`, body));
      return /\(([^()]+)\)$/.exec(headers.get("OData-EntityId") ?? "")?.[1] ?? "";
    },
  };
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
  }
}
