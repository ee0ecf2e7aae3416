/** States and posting of sales orders, stock, and rows that are committed late, in the Business Central imitation. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { linesOf, order, patch, type Shop, withShop } from "./business_central_shop.ts";
import { type Body, values, withBusinessCentral } from "./business_central_world.ts";
import { openClient, tokenOf } from "./client.ts";

const one = async ({ send }: Shop, path: string): Promise<Body> => (await send("GET", path)).body;
const list = async (shop: Shop, path: string): Promise<Body[]> => (await one(shop, path)).value;
const status = async (shop: Shop, id: string) => (await one(shop, `salesOrders(${id})`)).status;

Deno.test("a released order and its lines can't be written until it is reopened", () =>
  withShop(async (shop) => {
    const { id, number } = await order(shop, {}, [{ quantity: 2 }]);
    const [line] = await linesOf(shop, id) as [Body];
    const before = await one(shop, `salesOrders(${id})`);
    assertEquals(await shop.act(number, "release"), [200, { number, status: "Open" }]);
    const after = await one(shop, `salesOrders(${id})`);
    assertEquals(after.status, "Open");
    assertEquals(after.lastModifiedDateTime > before.lastModifiedDateTime, true);
    const tries = [
      await patch(shop, `salesOrders(${id})`, { shipToCity: "Höfn" }),
      await patch(shop, `salesOrderLines(${line.id})`, { quantity: 3 }),
      await shop.send("DELETE", `salesOrderLines(${line.id})`),
      await shop.send("POST", `salesOrders(${id})/salesOrderLines`, { body: { description: "Nei" } }),
    ];
    assertEquals(tries.map((reply) => reply.status), [400, 400, 400, 400]);
    for (const { body, text } of tries) {
      assertEquals(body.error.code, "Application_DialogException");
      assertMatch(text, /Current value is 'Released'/);
    }
    assertEquals((await linesOf(shop, id)).map((one) => one.quantity), [2]);
    assertEquals(await shop.act(number, "reopen"), [200, { number, status: "Draft" }]);
    assertEquals((await patch(shop, `salesOrderLines(${line.id})`, { quantity: 3 })).status, 200);
  }));

Deno.test("an order that waits for approval is closed until somebody has decided", () =>
  withShop(async (shop) => {
    const { id, number } = await order(shop, {}, [{ quantity: 2 }]);
    assertEquals((await shop.act(number, "requestApproval"))[1].status, "In Review");
    assertEquals(await status(shop, id), "In_x0020_Review");
    for (const action of ["release", "reopen", "ship", "invoice", "requestApproval"]) {
      assertEquals((await shop.act(number, action))[0], 400, action);
    }
    assertEquals((await patch(shop, `salesOrders(${id})`, { shipToCity: "Höfn" })).status, 400);
    assertEquals((await shop.act(number, "reject"))[1].status, "Draft");
    await shop.act(number, "requestApproval");
    assertEquals((await shop.act(number, "approve"))[1].status, "Open");
  }));

Deno.test("an order without anything to sell is neither released nor posted", () =>
  withShop(async (shop) => {
    const { number } = await order(shop, {}, [{ lineType: "Comment", lineObjectNumber: "", description: "Takk" }]);
    for (const action of ["release", "ship", "post"]) assertEquals((await shop.act(number, action))[0], 400, action);
    assertEquals((await shop.act("S-ORD999", "release"))[0], 404);
    assertEquals((await shop.act(number, "burn"))[0], 404);
  }));

Deno.test("shipping in parts keeps quantities, makes shipments and lowers the stock without touching the item", () =>
  withShop(async (shop) => {
    const made = await order(shop, { externalDocumentNumber: "ORD-1" }, [
      { quantity: 4 },
      { quantity: 1.5 },
      { lineType: "Comment", lineObjectNumber: "", description: "Takk" },
    ]);
    const { id, number } = made;
    const item = await one(shop, `items(${shop.item.id})`);
    const [code, body] = await shop.act(number, "ship", { lines: { "10000": "2.5" } });
    assertEquals([code, body], [200, { number, status: "Open", shipment: "PS-SHPT102001" }]); // it was released for it
    const quantities = async () =>
      (await linesOf(shop, id)).slice(0, 2).map((
        line,
      ) => [line.shippedQuantity, line.shipQuantity, line.invoicedQuantity]);
    assertEquals(await quantities(), [[2.5, 1.5, 0], [0, 1.5, 0]]);
    const partly = await one(shop, `salesOrders(${id})`);
    assertEquals(partly.fullyShipped, false);
    assertEquals((await shop.act(number, "ship", { lines: { "10000": 2 } }))[0], 400); // 1.5 are left
    assertEquals((await shop.act(number, "ship", { lines: { "5": 1 } }))[0], 400);
    assertEquals((await shop.act(number, "ship"))[1].shipment, "PS-SHPT102002");
    assertEquals(await quantities(), [[4, 0, 0], [1.5, 0, 0]]);
    const whole = await one(shop, `salesOrders(${id})`);
    assertEquals([whole.fullyShipped, whole.status], [true, "Open"]);
    assertEquals(whole.lastModifiedDateTime > partly.lastModifiedDateTime, true); // the flag has flipped
    assertEquals((await shop.act(number, "ship"))[0], 400);

    const shipments = await list(shop, `salesShipments?$filter=orderNumber eq '${number}'&$expand=salesShipmentLines`);
    assertEquals(shipments.map((one) => [one.number, one.externalDocumentNumber, one.customerNumber]), [
      ["PS-SHPT102001", "ORD-1", "C00010"],
      ["PS-SHPT102002", "ORD-1", "C00010"],
    ]);
    const shipped = shipments.map((one) =>
      one.salesShipmentLines.map((line: Body) => [line.sequence, line.lineObjectNumber, line.quantity])
    );
    assertEquals(shipped[0], [[10000, "I00010", 2.5], [30000, "", 0]]);
    assertEquals(shipped[1], [[10000, "I00010", 1.5], [20000, "I00010", 1.5], [30000, "", 0]]);
    const after = await one(shop, `items(${shop.item.id})`);
    assertEquals([item.inventory, after.inventory], [10, 4.5]);
    assertEquals([after.lastModifiedDateTime, after["@odata.etag"]], [item.lastModifiedDateTime, item["@odata.etag"]]);
    const entries = await list(shop, "itemLedgerEntries?$filter=itemNumber eq 'I00010'");
    assertEquals(entries.map((one) => [one.entryNumber, one.entryType, one.quantity]), [
      [1, "Positive_x0020_Adjmt_x002E_", 10],
      [2, "Sale", -2.5],
      [3, "Sale", -1.5],
      [4, "Sale", -1.5],
    ]);
  }));

Deno.test("an order that was shipped in part keeps what was shipped", () =>
  withShop(async (shop) => {
    const { id, number } = await order(shop, {}, [{ quantity: 4 }]);
    const [line] = await linesOf(shop, id) as [Body];
    await shop.act(number, "ship", { lines: { "10000": "3" } });
    assertEquals((await shop.send("DELETE", `salesOrders(${id})`)).status, 400);
    assertEquals((await shop.act(number, "delete"))[0], 400);
    await shop.act(number, "reopen");
    const path = `salesOrderLines(${line.id})`;
    assertEquals((await shop.send("DELETE", path)).status, 400);
    assertEquals((await patch(shop, path, { quantity: 2 })).status, 400);
    assertEquals((await patch(shop, path, { lineType: "Account", lineObjectNumber: "6110" })).status, 400);
    assertEquals((await patch(shop, `salesOrders(${id})`, { currencyCode: "EUR" })).status, 400);
    assertEquals((await patch(shop, path, { quantity: 3 })).status, 200);
    assertEquals((await one(shop, `salesOrders(${id})`)).fullyShipped, true);
  }));

Deno.test("invoicing in parts adds up to the order to the cent, and the last part takes the order away", () =>
  withShop(async (shop) => {
    const made = await order(shop, { discountAmount: 1, externalDocumentNumber: "ORD-1" }, [
      { quantity: 3, unitPrice: 3.335, discountAmount: 0.01 }, // 10.01 less 0.01
      { lineType: "Account", lineObjectNumber: "6910", quantity: 1, unitPrice: 5 },
    ]);
    const { id, number } = made;
    assertEquals(made.totalAmountExcludingTax, 14);
    assertEquals((await shop.act(number, "invoice"))[0], 400); // nothing has been shipped
    for (
      const [lines, left] of [[{ "10000": "1" }, "Open"], [{ "10000": "1" }, "Open"], [
        { "10000": "1", "20000": "1" },
        "gone",
      ]]
    ) {
      await shop.act(number, "ship", { lines });
      assertEquals((await shop.act(number, "invoice"))[1].status, left);
    }
    assertEquals((await shop.send("GET", `salesOrders(${id})`)).status, 404);
    assertEquals(await list(shop, "salesOrders"), []);
    assertEquals(shop.tables.table("salesOrderLines").size, 0);
    const invoices = await list(shop, `salesInvoices?$filter=orderId eq ${id}&$expand=salesInvoiceLines`);
    assertEquals(invoices.map((one) => [one.number, one.orderNumber, one.status, one.externalDocumentNumber]), [
      ["PS-INV103001", number, "Open", "ORD-1"],
      ["PS-INV103002", number, "Open", "ORD-1"],
      ["PS-INV103003", number, "Open", "ORD-1"],
    ]);
    assertEquals(invoices.map((one) => one.totalAmountExcludingTax), [3, 3, 8]);
    assertEquals(invoices.map((one) => one.discountAmount), [0.33, 0.34, 0.33]);
    const first = invoices[0]!.salesInvoiceLines[0];
    assertEquals([first.quantity, first.amountExcludingTax, first.netAmount, first.sequence], [1, 3.33, 3, 10000]);
    assertEquals([invoices[0]!.dueDate, invoices[0]!.postingDate], ["2026-03-31", "2026-03-01"]);
  }));

Deno.test("one invoice for shipments of several orders names none of them, and the orders stay", () =>
  withShop(async (shop) => {
    const lines = [{ quantity: 3, unitPrice: 3.335, discountAmount: 0.01 }];
    const freight = { lineType: "Account", lineObjectNumber: "6910", quantity: 1, unitPrice: 5 };
    const one = await order(shop, { externalDocumentNumber: "ORD-1" }, lines);
    const two = await order(shop, { externalDocumentNumber: "ORD-2" }, [...lines, freight]);
    const together = { with: [two.number] };
    assertEquals((await shop.act(one.number, "invoiceTogether", together))[0], 400); // nothing has been shipped
    await shop.act(one.number, "ship", { lines: { "10000": "1" } });
    await shop.act(one.number, "invoice");
    await shop.act(one.number, "ship", { lines: { "10000": "1" } });
    await shop.act(one.number, "ship");
    await shop.act(two.number, "ship");
    const [code, body] = await shop.act(one.number, "invoiceTogether", together);
    assertEquals([code, body], [200, { number: one.number, status: "Open", invoice: "PS-INV103002" }]);
    const [first, joint] = await list(shop, "salesInvoices?$expand=salesInvoiceLines");
    assertEquals([first!.orderNumber, first!.orderId, first!.totalAmountExcludingTax], [one.number, one.id, 3.33]);
    const blank = "00000000-0000-0000-0000-000000000000";
    assertEquals([joint!.orderNumber, joint!.orderId, joint!.externalDocumentNumber], ["", blank, ""]);
    assertEquals([joint!.customerNumber, joint!.status, joint!.totalAmountExcludingTax], ["C00010", "Open", 21.67]);
    assertEquals(
      joint!.salesInvoiceLines.map((line: Body) => [line.sequence, line.description, line.quantity, line.netAmount]),
      [
        [10000, "Shipment No. PS-SHPT102002:", 0, 0],
        [20000, "Ufsi", 1, 3.34],
        [30000, "Shipment No. PS-SHPT102003:", 0, 0],
        [40000, "Ufsi", 1, 3.33],
        [50000, "Shipment No. PS-SHPT102004:", 0, 0],
        [60000, "Ufsi", 3, 10],
        [70000, "Freight", 1, 5],
      ],
    );
    assertEquals((await shop.act(one.number, "invoiceTogether", together))[0], 400); // nothing is left
    for (const { id, number } of [one, two]) {
      assertEquals((await linesOf(shop, id))[0]!.invoicedQuantity, 3);
      assertEquals((await shop.act(number, "delete"))[1].status, "gone"); // as the batch job for invoiced orders does
    }
    const shipments = await list(shop, `salesShipments?$filter=orderNumber eq '${two.number}'`);
    assertEquals(shipments.map((shipment) => shipment.number), ["PS-SHPT102004"]);
    assertEquals(await list(shop, `salesInvoices?$filter=orderNumber eq '${two.number}'`), []);
  }));

Deno.test("orders of different customers or currencies come on no common invoice", () =>
  withShop(async (shop) => {
    await shop.create("customers", { displayName: "Other" });
    const mine = await order(shop, {}, [{ quantity: 1 }]);
    const others = [{ customerNumber: "C00020" }, { currencyCode: "EUR" }];
    for (const body of others) {
      const { number } = await order(shop, body, [{ quantity: 1 }]);
      for (const one of [mine.number, number]) await shop.act(one, "ship");
      assertEquals((await shop.act(mine.number, "invoiceTogether", { with: [number] }))[0], 400);
    }
    assertEquals((await shop.act(mine.number, "invoiceTogether", { with: "S-ORD1" }))[0], 400);
    assertEquals((await shop.act(mine.number, "invoiceTogether", { with: ["S-ORD999"] }))[0], 404);
    assertEquals(await list(shop, "salesInvoices"), []);
  }));

Deno.test("shipAndInvoice posts everything that is left", () =>
  withShop(async (shop) => {
    const { id } = await order(shop, { currencyCode: "EUR" }, [{ quantity: 2, unitPrice: 10 }]);
    const posted = await shop.send("POST", `salesOrders(${id})/Microsoft.NAV.shipAndInvoice`);
    assertEquals([posted.status, posted.text], [204, ""]);
    const [invoice] = await list(shop, `salesInvoices?$filter=orderId eq ${id}`);
    assertEquals([invoice.currencyCode, invoice.totalAmountIncludingTax, invoice.remainingAmount], ["EUR", 20, 20]);
    assertEquals((await list(shop, "salesShipments")).length, 1);
    assertEquals((await shop.send("POST", `salesOrders(${id})/Microsoft.NAV.shipAndInvoice`)).status, 404);
    const other = await order(shop, {}, [{ quantity: 1 }]);
    assertEquals((await shop.send("POST", `salesOrders(${other.id})/Microsoft.NAV.cancel`)).status, 404);
    assertEquals((await shop.send("GET", `salesOrders(${other.id})/Microsoft.NAV.shipAndInvoice`)).status, 405);
    assertEquals((await shop.send("POST", "salesInvoices", { body: {} })).status, 405);
  }));

Deno.test.each([["Ship", 400, 200], ["Invoice", 200, 400], ["All", 400, 400]])(
  "a customer blocked with %s later: shipping is answered %i, invoicing %i",
  (blocked: string, shipping: number, invoicing: number) =>
    withShop(async (shop) => {
      const { number } = await order(shop, {}, [{ quantity: 2 }]);
      await shop.act(number, "ship", { lines: { "10000": "1" } });
      await patch(shop, `customers(${shop.customer.id})`, { blocked });
      assertEquals((await shop.act(number, "ship"))[0], shipping);
      assertEquals((await shop.act(number, "invoice"))[0], invoicing);
    }),
);

Deno.test("a posting that fails leaves nothing behind", () =>
  withShop(async (shop) => {
    const { number } = await order(shop, {}, [{ quantity: 2 }]);
    await patch(shop, `customers(${shop.customer.id})`, { blocked: "Invoice" });
    assertEquals((await shop.act(number, "post"))[0], 400); // ships first, then may not invoice
    assertEquals(await list(shop, "salesShipments"), []);
    assertEquals((await one(shop, `items(${shop.item.id})`)).inventory, 10);
  }));

Deno.test("a resource is sold by the line of its type, in one of its units, and has no stock", () =>
  withShop(async (shop) => {
    const extension = shop.company.replace("/api/v2.0/", "/api/tenging/integration/v1.0/");
    const resource = { number: "LINA", name: "Lína Langsokkur", baseUnitOfMeasureCode: "PCS", unitPrice: 75 };
    assertEquals((await shop.send("POST", `${extension}resources`, { body: resource })).status, 201);
    const line = { lineType: "Resource", lineObjectNumber: "LINA", quantity: 2 };
    const { id, number } = await order(shop, { discountAmount: 10 }, [line]);
    const [sold] = await linesOf(shop, id) as [Body];
    assertEquals([sold.description, sold.unitOfMeasureCode, sold.unitPrice], ["Lína Langsokkur", "PCS", 75]);
    assertEquals([sold.itemId, sold.netAmount], ["00000000-0000-0000-0000-000000000000", 140]);
    const entries = await list(shop, "itemLedgerEntries");
    assertEquals((await shop.act(number, "post"))[1].status, "gone");
    assertEquals(await list(shop, "itemLedgerEntries"), entries);
  }));

Deno.test("an order's Your Reference goes to its invoice and shipment", () =>
  withShop(async (shop) => {
    const { id, number } = await order(shop, {}, [{ quantity: 1 }]);
    const extension = shop.company.replace("/api/v2.0/", "/api/tenging/integration/v1.0/");
    assertEquals((await patch(shop, `${extension}salesOrders(${id})`, { yourReference: "CRM-7" })).status, 200);
    await shop.act(number, "post");
    for (const set of ["salesInvoices", "salesShipments"]) {
      const found = await list(shop, `${set}?$filter=customerPurchaseOrderReference eq 'CRM-7'`);
      assertEquals(found.map((one) => one.orderNumber), [number], set);
    }
    await shop.configure({ extension: false });
    assertEquals((await shop.send("GET", `${extension}salesOrders`)).status, 404);
    assertEquals((await shop.send("GET", "salesOrders")).status, 200);
  }));

Deno.test("startSandbox() offers the order desk in the process", async () => {
  await using client = await openClient();
  const { erpOrders } = client.sandbox;
  assertThrows(() => erpOrders.release("S-ORD999"), Error, "The salesOrder S-ORD999 doesn't exist.");
  const { erp, crmUrl, erpUrl, companyId } = client.sandbox;
  const token = await tokenOf({ ...client.sandbox, crmUrl: erpUrl });
  const create = async (set: string, body: Body): Promise<Body> => {
    const headers = { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" };
    const url = `${erpUrl}companies(${companyId})/${set}`;
    return await (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
  };
  await create("customers", { displayName: "A" });
  const salesOrderLines = [{ lineType: "Account", lineObjectNumber: "6110", quantity: 3, unitPrice: 1 }];
  const { number } = await create("salesOrders", { customerNumber: "C00010", salesOrderLines });
  assertEquals(erpOrders.release(number), { number, status: "Open" });
  assertEquals(erpOrders.ship(number, { "10000": "2" }).status, "Open");
  assertEquals(erpOrders.post(number).status, "gone");
  assertEquals(erp.table("salesShipments").size, 2);
  const elsewhere = await fetch(new URL(`/sandbox/business_central/orders/${number}/post`, crmUrl), { method: "POST" });
  assertEquals(elsewhere.status, 404); // the CRM's port
  await elsewhere.body?.cancel();
});

Deno.test("lateCommits keeps the next change back, with its earlier stamp, for so many requests", () =>
  withBusinessCentral(async ({ send, create, configure, ...world }) => {
    await create("customers", { displayName: "A" });
    await configure({ lateCommits: { seconds: 600, requests: 2 } });
    assertEquals((await send("POST", "customers", { body: {} })).status, 400); // changes nothing: it isn't the one
    const [late] = await create("customers", { displayName: "Late" }) as [Body];
    assertEquals(late.number, "C00020");
    assertEquals(late.lastModifiedDateTime < "2026-03-01T11:51", true, late.lastModifiedDateTime);
    const [next] = await create("customers", { displayName: "B" }) as [Body]; // the first that doesn't see it
    assertEquals(next.number, "C00030"); // its number was given out
    assertEquals(values(await send("GET", "customers"), "displayName"), ["A", "B"]);
    assertEquals(values(await send("GET", "customers"), "displayName"), ["A", "B", "Late"]);
    const since = next.lastModifiedDateTime;
    assertEquals(values(await send("GET", `customers?$filter=lastModifiedDateTime ge ${since}`), "number"), ["C00030"]);
    assertEquals(world.tables.table("contacts").size, 3);
  }));

Deno.test("lateCommits holds for a posting as well, until it is told to commit", () =>
  withShop(async (shop) => {
    const { id, number } = await order(shop, {}, [{ quantity: 2 }]);
    await shop.configure({ lateCommits: { seconds: 1200 } });
    const [code, body] = await shop.act(number, "post");
    assertEquals([code, body.status, body.invoice], [200, "gone", "PS-INV103001"]);
    assertEquals((await list(shop, "salesInvoices")).length, 0);
    assertEquals((await one(shop, `salesOrders(${id})`)).status, "Draft");
    await patch(shop, `items(${shop.item.id})`, { inventory: 12 });
    await shop.configure({ lateCommits: null });
    assertEquals((await list(shop, "salesInvoices")).length, 1);
    assertEquals((await shop.send("GET", `salesOrders(${id})`)).status, 404);
    const entries = await list(shop, "itemLedgerEntries");
    assertEquals(entries.map((one) => one.entryNumber), [1, 3, 2]); // a later number was visible before
    assertEquals(entries[2]!.lastModifiedDateTime < entries[1]!.lastModifiedDateTime, true);
    assertEquals((await one(shop, `items(${shop.item.id})`)).inventory, 10);
  }));

Deno.test("lateCommits takes seconds and requests only", () =>
  withBusinessCentral(async ({ configure }) => {
    for (const lateCommits of [{}, { seconds: -1 }, { seconds: 1.5 }, { seconds: 1, rows: 2 }, 5]) {
      const error = await configure({ lateCommits }).then(() => "", (error) => error.message);
      assertMatch(error, /Cannot set lateCommits/);
    }
  }));
