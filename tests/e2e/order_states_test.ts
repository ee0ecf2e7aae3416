import { assert, assertEquals, assertMatch } from "@std/assert";
import { addLine, crmOrder, erpOrder, erpOrders, linesOf, openShop, submit } from "./order_shop.ts";
import type { Row, World } from "./order_world.ts";

const draft = ["V101 × 10 @ 12.5", "V102 × 4 @ 13.5"];
const written = [...draft, "6110 × 2 @ 45.25", "6910 × 1 @ 19.9"];
/** What is listed of an order of the CRM. */
const codes = async (world: World, id: string) =>
  (await world.listed()).filter((one) => one.id === id).map((one) => one.code);
const state = async (world: World, id: string) => (await crmOrder(world, id))["statecode"];

/** Orders alone; returns what was sent that writes. */
async function sync(world: World): Promise<readonly string[]> {
  const { run, sent } = await world.sync({ steps: "orders" });
  assertEquals(run!.status, "Finished", JSON.stringify(run!.steps.map((step) => step.error)));
  return sent;
}

/** A submitted order that the ERP has as a draft, or has released. */
async function placed(world: World, number: string, how: "Draft" | "Open"): Promise<string> {
  const id = await submit(world, number);
  await sync(world);
  if (how === "Open") {
    world.sandbox.erpOrders.release((await erpOrder(world, number)).number);
    assertEquals(await sync(world), [], "a release is nothing to write");
  }
  return id;
}

/** The two agree, and another run has nothing to do. */
async function assertSettled(world: World, id: string, listed: readonly string[] = []): Promise<void> {
  assertEquals(await sync(world), []);
  assertEquals(await codes(world, id), listed);
}

/** Somebody opens the order in the CRM, edits it and submits it again; `between` runs while it is open. */
async function edit(world: World, id: string, work: () => Promise<unknown>, between = () => Promise.resolve()) {
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 0 });
  await work();
  await between();
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 1 });
}
const setLine = async (world: World, id: string, product: string, change: Row) => {
  const line = (await crmOrder(world, id)).lines.find((one) => one["product"] === product)!;
  await world.asCrmUser("PATCH", `salesorderdetails(${line["salesorderdetailid"]})`, change);
};
const close = (world: World, id: string, action: "CancelSalesOrder" | "FulfillSalesOrder", status: number) =>
  world.asCrmUser("POST", action, {
    OrderClose: { "salesorderid@odata.bind": `/salesorders(${id})`, subject: "by hand" },
    Status: status,
  });

/** We never post, cancel or delete, and release only what we opened. */
function assertHarmless(sent: readonly string[]): void {
  const forbidden = /shipAndInvoice|CancelSalesOrder|^DELETE sales(O|o)rders\([^)]*\)$/;
  assertEquals(sent.filter((one) => forbidden.test(one)), []);
  const opened = new Set<string>();
  for (const one of sent) {
    const [, id, action] = /salesOrders\(([^)]*)\)\/Microsoft\.NAV\.(\w+)$/.exec(one) ?? [];
    if (action === "reopen") opened.add(id!);
    else if (action !== undefined) assert(action === "release" && opened.delete(id!), one);
  }
  assertEquals([...opened], [], "everything that we opened is released again");
}

Deno.test("orders end as they should whatever people do with them on either side", async (t) => {
  const byPeople: string[] = [];
  const deleteInCrm = async (id: string) => {
    byPeople.push(id);
    await world.asCrmUser("DELETE", `salesorders(${id})`);
  };
  await using world = await openShop();
  const desk = world.sandbox.erpOrders;

  await t.step("posted at once: invoiced in the CRM, the coupling kept, nothing missing", async () => {
    const id = await placed(world, "POSTED", "Draft");
    desk.post((await erpOrder(world, "POSTED")).number);
    assertEquals(await erpOrders(world, "POSTED"), []);
    await sync(world);
    assertEquals(await state(world, id), 4);
    await assertSettled(world, id);
    const [found] = await world.store.lookup("default", "orders", "crm", "id", [id]);
    assertEquals(found!.pair.coupling.state, "coupled");
  });

  await t.step("posted in parts: what was shipped comes back, and the state when it is complete", async () => {
    const id = await placed(world, "PARTS", "Open");
    const { number } = await erpOrder(world, "PARTS");
    const now = async () => {
      await sync(world);
      const { statecode, lines } = await crmOrder(world, id);
      return [statecode, lines.map((line) => line["quantityshipped"])];
    };
    desk.ship(number, { "10000": "4" });
    assertEquals(await now(), [1, [4, null, null]]);
    desk.invoice(number);
    assertEquals(await now(), [1, [4, null, null]]);
    desk.ship(number);
    assertEquals(await now(), [3, [10, 4, 2]]);
    desk.invoice(number);
    assertEquals(await now(), [4, [10, 4, 2]]);
    await assertSettled(world, id);
  });

  await t.step(
    "invoiced together with another order: invoiced once the ERP takes them away, nothing missing",
    async () => {
      const names = ["TOGETHER 1", "TOGETHER 2"] as const;
      const ids = [await placed(world, names[0], "Open"), await placed(world, names[1], "Draft")];
      const numbers = [(await erpOrder(world, names[0])).number, (await erpOrder(world, names[1])).number];
      for (const number of numbers) desk.ship(number);
      const states = async () => [await state(world, ids[0]!), await state(world, ids[1]!)];
      await sync(world);
      assertEquals(await states(), [3, 3]);
      desk.invoiceTogether(numbers);
      await sync(world);
      assertEquals(await states(), [3, 3]); // the orders are still there, and nothing says how they were invoiced
      for (const number of numbers) desk.delete(number);
      await sync(world);
      assertEquals(await states(), [4, 4]);
      for (const id of ids) {
        assertEquals((await crmOrder(world, id)).lines.map((line) => line["quantityshipped"]), [10, 4, 2]);
        await assertSettled(world, id);
        const [found] = await world.store.lookup("default", "orders", "crm", "id", [id]);
        assertEquals(found!.pair.coupling.state, "coupled");
      }
    },
  );

  await t.step("deleted in the ERP with nothing posted: listed, and the CRM's order is left to a person", async () => {
    const id = await placed(world, "DELETED", "Draft");
    const before = (await crmOrder(world, id))["@odata.etag"];
    const { number } = await erpOrder(world, "DELETED");
    desk.delete(number);
    assertEquals(await sync(world), []);
    assertEquals(await codes(world, id), ["missing"]);
    const [listed] = (await world.listed()).filter((one) => one.id === id);
    assertMatch(
      listed!.message,
      new RegExp(`"${number}": it was deleted from "salesOrders"; cancel "DELETED" in the CRM`),
    );
    assertEquals((await crmOrder(world, id))["@odata.etag"], before);
    assertEquals(await erpOrders(world, "DELETED"), []);
    await assertSettled(world, id, ["missing"]);
    await close(world, id, "CancelSalesOrder", 4);
    await assertSettled(world, id);
    assertEquals(await erpOrders(world, "DELETED"), []);
  });

  await t.step(
    "the rest of a partly shipped order is closed in the ERP: fulfilled, then invoiced, as it is",
    async () => {
      const id = await placed(world, "CLOSED", "Open");
      const { number } = await erpOrder(world, "CLOSED");
      desk.ship(number, { "10000": "4", "20000": "4", "30000": "2", "40000": "1" });
      await sync(world);
      assertEquals(await state(world, id), 1);
      desk.reopen(number);
      const [first] = (await erpOrder(world, "CLOSED")).lines;
      await world.asErpUser("PATCH", `salesOrderLines(${first!["id"]})`, { quantity: 4 });
      desk.release(number);
      await sync(world);
      const now = await crmOrder(world, id);
      assertEquals([now["statecode"], now.lines.map((line) => line["quantity"])], [3, [4, 4, 2]]);
      desk.invoice(number);
      await sync(world);
      assertEquals(await state(world, id), 4);
      await assertSettled(world, id);
    },
  );

  await t.step("a part is shipped and invoiced, and the order deleted: invoiced, with what was shipped", async () => {
    const id = await placed(world, "REST", "Open");
    const { number } = await erpOrder(world, "REST");
    desk.ship(number, { "10000": "4" });
    desk.invoice(number);
    await sync(world);
    assertEquals(await state(world, id), 1);
    desk.delete(number);
    await sync(world);
    const now = await crmOrder(world, id);
    assertEquals([now["statecode"], now.lines.map((line) => line["quantityshipped"])], [4, [4, null, null]]);
    await assertSettled(world, id, ["totals_differ"]); // the invoice is for less than was ordered
    const [listed] = (await world.listed()).filter((one) => one.id === id);
    assertMatch(listed!.message, /neither can be corrected any more/);
    await deleteInCrm(id);
    await assertSettled(world, id); // the ERP's is completed, and nobody's to delete
  });

  for (const [name, how] of [["draft", "Draft"], ["released", "Open"], ["shipped", "Open"]] as const) {
    await t.step(`canceled in the CRM while it is ${name} in the ERP: listed, the ERP's order untouched`, async () => {
      const number = `CANCELED ${name.toUpperCase()}`;
      const id = await placed(world, number, how);
      if (name === "shipped") {
        desk.ship((await erpOrder(world, number)).number, { "10000": "4" });
        await sync(world);
      }
      const before = await erpOrder(world, number);
      await close(world, id, "CancelSalesOrder", 4);
      await assertSettled(world, id, ["held"]);
      assertEquals(await erpOrder(world, number), before);
      const [listed] = (await world.listed()).filter((one) => one.id === id);
      assertMatch(listed!.message, /canceled in the CRM; delete the order in the ERP, or go on with it there/);
      if (name === "shipped") {
        desk.invoice(before.number);
        desk.delete(before.number);
        await assertSettled(world, id, ["held"]);
        const [late] = (await world.listed()).filter((one) => one.id === id);
        assertMatch(late!.message, /the ERP delivered it all the same; settle that there, then delete the CRM's order/);
        await deleteInCrm(id); // what the message says
      } else desk.delete(before.number); // what the message says
      await assertSettled(world, id);
    });
  }

  for (const [name, how] of [["a draft", "Draft"], ["released", "Open"]] as const) {
    await t.step(`edited in the CRM and submitted again while ${name} in the ERP: its lines change`, async () => {
      const number = `EDITED ${name.toUpperCase()}`;
      const id = await placed(world, number, how);
      const before = await erpOrder(world, number);
      await edit(world, id, async () => {
        await setLine(world, id, "V101", { quantity: 12 });
        await addLine(world, id, "V103", 3);
        const gone = (await crmOrder(world, id)).lines.find((one) => one["product"] === "V102")!;
        await world.asCrmUser("DELETE", `salesorderdetails(${gone["salesorderdetailid"]})`);
      }, async () => {
        assertEquals(await sync(world), []); // it is still being edited
        assertEquals(await codes(world, id), []);
        assertEquals(await erpOrder(world, number), before);
      });
      const sent = await sync(world);
      const after = await erpOrder(world, number);
      assertEquals(linesOf(after), ["V101 × 12 @ 12.5", ...written.slice(2), "V103 × 3 @ 14.5"]);
      assertEquals([after["status"], after.number], [how, before.number]);
      const actions = sent.flatMap((one) => /Microsoft\.NAV\.(\w+)$/.exec(one)?.[1] ?? []);
      assertEquals(actions, how === "Open" ? ["reopen", "release"] : []);
      assertEquals(after["totalAmountExcludingTax"], (await crmOrder(world, id))["totalamount"]);
      await assertSettled(world, id);
    });
  }

  await t.step("edited in the CRM after a part was shipped: refused, and nothing is written", async () => {
    const id = await placed(world, "SHIPPED", "Open");
    desk.ship((await erpOrder(world, "SHIPPED")).number, { "10000": "4" });
    await sync(world);
    const before = await erpOrder(world, "SHIPPED");
    await edit(world, id, () => setLine(world, id, "V102", { quantity: 5 }));
    assertEquals((await sync(world)).filter((one) => one.includes("salesOrders")), []);
    assertEquals(await erpOrder(world, "SHIPPED"), before);
    await assertRefused(world, id, /\(order_shipped\); it was to write "20000\/quantity"/);
    // Taken back, nothing is listed any more.
    await edit(world, id, () => setLine(world, id, "V102", { quantity: 4 }));
    await sync(world);
    await assertSettled(world, id);
  });

  await t.step("changed in the ERP after its release: the CRM shows it and is submitted again", async () => {
    const id = await placed(world, "CHANGED", "Open");
    const { number, lines } = await erpOrder(world, "CHANGED");
    desk.reopen(number);
    await world.asErpUser("PATCH", `salesOrderLines(${lines[0]!["id"]})`, { unitPrice: 11.75 });
    await world.asErpUser("PATCH", `salesOrderLines(${lines[1]!["id"]})`, { quantity: 6 });
    desk.release(number);
    await sync(world);
    const now = await crmOrder(world, id);
    assertEquals(linesOf(now), ["V101 × 10 @ 11.75", "V102 × 6 @ 13.5", "Fitting on site × 2 @ 45.25"]);
    assertEquals(now["statecode"], 1);
    assertEquals(now["totalamount"], (await erpOrder(world, "CHANGED"))["totalAmountExcludingTax"]);
    await assertSettled(world, id);
  });

  await t.step("both changed one line after its release: the ERP's version is in both", async () => {
    const id = await placed(world, "BOTH", "Open");
    const { number, lines } = await erpOrder(world, "BOTH");
    desk.reopen(number);
    await world.asErpUser("PATCH", `salesOrderLines(${lines[0]!["id"]})`, { quantity: 8 });
    desk.release(number);
    await edit(world, id, async () => {
      await setLine(world, id, "V101", { quantity: 9 });
      await setLine(world, id, "V102", { quantity: 7 });
    });
    await sync(world);
    assertEquals(linesOf(await erpOrder(world, "BOTH")).slice(0, 2), ["V101 × 8 @ 12.5", "V102 × 7 @ 13.5"]);
    assertEquals(linesOf(await crmOrder(world, id)).slice(0, 2), ["V101 × 8 @ 12.5", "V102 × 7 @ 13.5"]);
    assertEquals(await state(world, id), 1);
    await assertSettled(world, id);
  });

  await t.step("a line added and one taken away in the ERP: the CRM has the same", async () => {
    const id = await placed(world, "LINES", "Open");
    const before = await erpOrder(world, "LINES");
    desk.reopen(before.number);
    const line = { lineType: "Item", lineObjectNumber: "V104", quantity: 5 };
    await world.asErpUser("POST", `salesOrders(${before["id"]})/salesOrderLines`, line);
    const comment = { lineType: "Comment", description: "Packed by hand" };
    await world.asErpUser("POST", `salesOrders(${before["id"]})/salesOrderLines`, comment);
    await world.asErpUser("DELETE", `salesOrderLines(${before.lines[1]!["id"]})`);
    desk.release(before.number);
    await sync(world);
    const now = await crmOrder(world, id);
    assertEquals(linesOf(now).sort(), ["Fitting on site × 2 @ 45.25", "V101 × 10 @ 12.5", "V104 × 5 @ 15.5"]);
    const after = await erpOrder(world, "LINES");
    assert(after.lines.some((one) => one["description"] === "Packed by hand"), "comments of the ERP stay there");
    assertEquals([now["statecode"], now["totalamount"]], [1, after["totalAmountExcludingTax"]]);
    await assertSettled(world, id);
  });

  for (
    const [name, why] of [["fulfilled", /has not shipped it/], ["invoiced", /invoiced and the ERP has not/]] as const
  ) {
    await t.step(`${name} by hand in the CRM ahead of the ERP: listed, until the ERP is as far`, async () => {
      const number = `AHEAD ${name.toUpperCase()}`;
      const id = await placed(world, number, "Open");
      const before = await erpOrder(world, number);
      await close(world, id, "FulfillSalesOrder", 100001);
      if (name === "invoiced") {
        await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 4, statuscode: 100003 });
      }
      await assertSettled(world, id, ["held"]);
      assertMatch((await world.listed()).find((one) => one.id === id)!.message, why);
      assertEquals(await erpOrder(world, number), before);
      desk.ship(before.number);
      await sync(world);
      assertEquals(await codes(world, id), name === "fulfilled" ? [] : ["held"]);
      desk.invoice(before.number);
      await sync(world);
      assertEquals(await state(world, id), 4);
      await assertSettled(world, id);
    });
  }

  await t.step("after all of it nothing was posted, canceled, deleted or released unasked", async () => {
    assertHarmless(world.sent);
    const log: { method: string; path: string }[] = await (
      await fetch(new URL("/sandbox/requests", world.sandbox.erpUrl))
    ).json();
    const posting = log.filter(({ path }) => path.includes("shipAndInvoice"));
    const deletions = log.filter(({ method, path }) => method === "DELETE" && /sales(O|o)rders\([^)]*\)$/.test(path));
    assertEquals(posting, []); // people did so on the pages, not over the API
    assertEquals(deletions.map(({ path }) => /\(([^)]*)\)$/.exec(path)![1]), byPeople);
    await world.sync();
    const { sent } = await world.sync();
    assertEquals(sent, []);
  });
});

async function assertRefused(world: World, id: string, message: RegExp): Promise<void> {
  const [listed, ...others] = (await world.listed()).filter((one) => one.id === id);
  assertEquals(others, []);
  assertEquals(listed!.code, "refused");
  assertMatch(listed!.message, message);
}

Deno.test("without the extension a released order is not opened: its change is listed until a person does", async () => {
  await using world = await openShop({ company: false, extension: false });
  const id = await placed(world, "RELEASED", "Open");
  const before = await erpOrder(world, "RELEASED");
  await edit(world, id, () => setLine(world, id, "V101", { quantity: 12 }));
  assertEquals(await sync(world), []);
  assertEquals(await erpOrder(world, "RELEASED"), before);
  await assertRefused(world, id, /order_released/);
  world.sandbox.erpOrders.reopen(before.number);
  await sync(world);
  assertEquals(linesOf(await erpOrder(world, "RELEASED")), ["V101 × 12 @ 12.5", ...written.slice(1)]);
  assertEquals((await erpOrder(world, "RELEASED"))["status"], "Draft"); // who opened it releases it
  await assertSettled(world, id);
  assertHarmless(world.sent);
});
