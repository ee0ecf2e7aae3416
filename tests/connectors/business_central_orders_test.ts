/** Orders against the sandbox's Business Central: documents that are created, changed, shipped, posted and deleted. */
import { assert, assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { PartWrite, Row, Write } from "../../connectors/connector.ts";
import { ServiceError } from "../../errors.ts";
import {
  change,
  create,
  line,
  lineFields,
  order,
  partsOf,
  refusedBy,
  some,
  standard,
  startShop,
  wanted,
} from "./business_central_order_shop.ts";
import { okRow } from "./business_central_world.ts";

Deno.test("write() creates an order with lines of every kind, in local currency", async () => {
  await using shop = await startShop();
  const item = `Item ${shop.item["number"]}`;
  const row = await create(shop, { externalDocumentNumber: "SO-1", currencyCode: "USD", discountAmount: "1.5" }, [
    line(10000, { lineObject: item, quantity: "2.5", unitPrice: "10.12345", unitOfMeasureCode: "BOX" }),
    line(20000, { lineObject: null, description: "As agreed by phone", quantity: "1", unitPrice: "5" }),
    line(30000, { lineObject: "Account 6110", description: "Freight", quantity: "1", unitPrice: "7" }),
  ]);
  assertEquals(
    ["externalDocumentNumber", "customerName", "shipToCity", "currencyCode", "state", "discountAmount"].map((field) =>
      row.data[field]
    ),
    ["SO-1", "Sól ehf.", "Akureyri", "USD", "Draft", "1.5"],
  );
  const lines = partsOf(row);
  assertEquals(Object.keys(lines), ["10000", "20000", "30000"]);
  assertEquals(
    [lines["10000"]!["lineObject"], lines["10000"]!["quantity"], lines["10000"]!["unitPrice"]],
    [item, "2.5", "10.12345"],
  );
  assertEquals(
    [lines["20000"]!["lineObject"], lines["20000"]!["description"], lines["20000"]!["comment"]],
    [null, "As agreed by phone", true],
  );
  assertEquals([lines["30000"]!["lineObject"], lines["30000"]!["comment"]], ["Account 6110", false]);
});

Deno.test("write() creates an order in a foreign currency, with prices to the last digit", async () => {
  await using shop = await startShop();
  await shop.post("currencies", { code: "EUR", displayName: "Euro", symbol: "€" });
  const parts = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3", unitPrice: "0.33333" })];
  const row = await create(shop, { currencyCode: "EUR", requestedDeliveryDate: "2026-06-01" }, parts);
  assertEquals(
    [row.data["currencyCode"], row.data["totalAmountExcludingTax"], row.data["requestedDeliveryDate"]],
    ["EUR", "1", "2026-06-01"],
  );
  assertEquals([row.parts?.[0]?.data["unitPrice"], row.parts?.[0]?.data["shipmentDate"]], ["0.33333", "2026-06-01"]);
});

Deno.test("write() stores nothing of an order with a line that the service refuses, and names the line", async () => {
  await using shop = await startShop();
  const good = line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "1" });
  const known = { customerId: shop.customerId, externalDocumentNumber: "PO" };
  const writes = [
    order({ ...known }, [good, line(20000, { lineObject: "Item NOWHERE", quantity: "1" })]),
    order({ ...known }, [good, line(20000, { lineObject: "Sprocket 1", quantity: "1" })]),
    order({ ...known, paymentTermsCode: "NEVER" }, [good]),
  ];
  const outcomes = await shop.orders.write(writes, wanted);
  assertEquals(outcomes.map(refusedBy).map(([, field]) => field), [
    "20000/lineObject",
    "20000/lineObject",
    "paymentTermsCode",
  ]);
  assert(outcomes[0]?.kind === "refused" && outcomes[0].message.startsWith("Line 20000: "));
  const pages = await Array.fromAsync(shop.orders.read({ fields: ["number"] }));
  assertEquals(pages.flatMap(({ rows }) => rows), []);
});

Deno.test("write() changes the head and the lines of an open order, and gives it back as it is", async () => {
  await using shop = await startShop();
  const item = `Item ${shop.item["number"]}`;
  const row = await create(
    shop,
    {},
    [10000, 20000, 30000].map((key) => line(key, { lineObject: item, quantity: "1" })),
  );
  const [outcome] = await shop.orders.write([
    change(row, { shipToCity: "Húsavík", discountAmount: "2", externalDocumentNumber: "X" }, [
      { op: "update", key: "10000", fields: { quantity: "4", unitPrice: "10" } },
      { op: "delete", key: "20000", fields: {} },
      line(40000, { lineObject: null, description: "Thanks" }),
    ]),
  ], wanted);
  const after = okRow(outcome);
  assertEquals(
    [after.data["shipToCity"], after.data["discountAmount"], after.data["externalDocumentNumber"], after.data["state"]],
    ["Húsavík", "2", "X", "Draft"],
  );
  const lines = partsOf(after);
  assertEquals(Object.keys(lines), ["10000", "30000", "40000"]);
  assertEquals([lines["10000"]!["quantity"], lines["40000"]!["description"]], ["4", "Thanks"]);
  const found = await some(shop, row.id);
  assertEquals(found.rows[0], after);
});

Deno.test("write() says moved when head or lines changed since, missing when the order is gone", async () => {
  await using shop = await startShop();
  const [one, other, gone] = [await create(shop), await create(shop), await create(shop)];
  const { value } = await shop.get(`salesOrders(${one.id})/salesOrderLines`);
  const [raw] = value as Record<string, unknown>[];
  await shop.patch(`salesOrders(${one.id})/salesOrderLines`, raw!, { quantity: 9 });
  await shop.patch("salesOrders", await shop.get(`salesOrders(${other.id})`), { shipToCity: "Vík" });
  await shop.desk(gone, "delete");
  const outcomes = await shop.orders.write([one, other, gone].map((row) => change(row, { shipToName: "X" })), wanted);
  assertEquals(outcomes.map(({ kind }) => kind), ["moved", "moved", "missing"]);
  assertEquals((await some(shop, one.id)).rows[0]?.data["shipToName"], "Sól ehf.");
});

Deno.test("write() touches no order that is released, waits for approval or was shipped", async () => {
  await using shop = await startShop();
  const rows = [await create(shop), await create(shop), await create(shop), await create(shop)];
  await shop.desk(rows[0]!, "release");
  await shop.desk(rows[1]!, "requestApproval");
  await shop.desk(rows[2]!, "ship", { "10000": "1" });
  await shop.desk(rows[3]!, "ship", { "10000": "3" });
  const { rows: now } = await some(shop, ...rows.map(({ id }) => id));
  const sorted = rows.map(({ id }) => now.find((row) => row.id === id)!);
  assertEquals(sorted.map((row) => row.data["state"]), ["Released", "In Review", "Released", "Shipped"]);
  const outcomes = await shop.orders.write(sorted.map((row) => change(row, { shipToName: "X" })), wanted);
  assertEquals(outcomes.map((outcome) => refusedBy(outcome)[0]), [
    "order_released",
    "order_in_review",
    "order_shipped",
    "order_shipped",
  ]);
  assertEquals((await some(shop, ...rows.map(({ id }) => id))).rows.map((row) => row.data["shipToName"]), [
    ...rows.map(() => "Sól ehf."),
  ]);
});

Deno.test("read() gives all orders each time with shipped quantities, and the day of the last shipment", async () => {
  await using shop = await startShop();
  const [part, whole] = [await create(shop), await create(shop)];
  const [first] = await Array.fromAsync(shop.orders.read(wanted));
  await shop.desk(part, "ship", { "10000": "1.5" });
  await shop.desk(whole, "ship", { "10000": "3" });
  const pages = await Array.fromAsync(shop.orders.read({ ...wanted, since: first!.cursor! }));
  assertEquals(pages.map(({ kind }) => kind), ["full"]);
  const byId = new Map(pages[0]!.rows.map((row) => [row.id, row]));
  const seen = [part, whole].map(({ id }) => byId.get(id)!);
  assertEquals(seen.map((row) => row.parts?.[0]?.data["shippedQuantity"]), ["1.5", "3"]);
  assertEquals(seen.map((row) => row.data["state"]), ["Released", "Shipped"]);
  assertEquals(seen.map((row) => row.data["lastShipmentDate"]), [null, "2026-05-20"]);
  assert(seen[0]!.version !== part.version); // the head of an order that is shipped in part stays as it was
});

Deno.test("read() tells a posted order from a deleted one", async () => {
  await using shop = await startShop();
  const item = `Item ${shop.item["number"]}`;
  const lines = [
    line(10000, { lineObject: item, quantity: "3" }),
    line(20000, { lineObject: null, description: "Thanks" }),
    line(30000, { lineObject: item, quantity: "2.5" }),
  ];
  const [posted, deleted, open] = [await create(shop, {}, lines), await create(shop), await create(shop)];
  await shop.desk(posted, "ship", { "10000": "1" });
  await shop.desk(posted, "invoice");
  await shop.desk(posted, "post");
  await shop.desk(deleted, "delete");
  const page = await some(shop, posted.id, deleted.id, open.id);
  assertEquals([page.rows.map(({ id }) => id), page.deleted], [[open.id], [deleted.id]]);
  const [archived] = page.archived!;
  assertEquals(archived?.id, posted.id);
  assertEquals(
    ["state", "fullyShipped", "lastShipmentDate", "number", "totalAmountExcludingTax"].map((field) =>
      archived!.data[field]
    ),
    ["Invoiced", true, "2026-05-20", posted.data["number"]!, posted.data["totalAmountExcludingTax"]!],
  );
  assertEquals(
    archived!.parts!.filter(({ key }) => key !== "20000").map(({ key, data }) => {
      return [key, data["shippedQuantity"], data["invoicedQuantity"]];
    }),
    [["10000", "3", "3"], ["30000", "2.5", "2.5"]],
  );
  assert(archived!.frozen.includes(String(posted.data["number"])));
});

Deno.test("read() tells orders that were invoiced together from deleted ones by their numbers", async () => {
  await using shop = await startShop();
  const freight = line(10000, { lineObject: "Account 6110", quantity: "2", unitPrice: "7" });
  const orders = [
    await create(shop),
    await create(shop),
    await create(shop, {}, [freight]),
    await create(shop),
  ] as const;
  const [whole, part, service, deleted] = orders;
  await shop.desk(whole, "ship");
  await shop.desk(part, "ship", { "10000": "1" });
  await shop.desk(service, "ship");
  const numbers = [whole, part, service].map(({ data }) => String(data["number"]));
  await shop.post(`/sandbox/business_central/orders/${numbers[0]}/invoiceTogether`, { with: numbers.slice(1) });
  for (const row of orders) await shop.desk(row, "delete");
  const ids = orders.map(({ id }) => id);
  const keys = Object.fromEntries(orders.map(({ id, data }) => [id, String(data["number"])]));
  const pages = await Array.fromAsync(shop.orders.read({ ...wanted, ids, keys }));
  assertEquals(pages.flatMap((page) => page.deleted), [deleted.id]);
  const archived = pages.flatMap((page) => page.archived ?? []);
  assertEquals(archived.map(({ id, data, parts }) => [id, data["state"], parts![0]!.data["shippedQuantity"]]), [
    [whole.id, "Invoiced", "3"],
    [part.id, "Invoiced", "1"],
    [service.id, "Partly Invoiced", "2"], // the service lets such lines go before they are invoiced
  ]);
  assertEquals(["totalAmountExcludingTax" in archived[0]!.data, "invoicedQuantity" in archived[0]!.parts![0]!.data], [
    false,
    false,
  ]);
  assert(/posted as shipment "[^"]+", its invoice does not name it/.test(archived[0]!.frozen), archived[0]!.frozen);
  assertEquals((await some(shop, whole.id)).deleted, [whole.id]); // the id alone says nothing
});

Deno.test("write() changes a released order where the extension is there, with the extension's fields", async () => {
  await using shop = await startShop({ extension: true });
  const fields = [...standard, "yourReference", "workDescription", "shippingAgentCode"];
  const asked = { fields, partFields: lineFields };
  const lines = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3" })];
  const written = { customerId: shop.customerId, yourReference: "SO-1", workDescription: "Ring twice" };
  const [created] = await shop.orders.write([order(written, lines)], asked);
  assertEquals([okRow(created).data["yourReference"], okRow(created).data["workDescription"]], ["SO-1", "Ring twice"]);
  await shop.desk(okRow(created), "release");
  const [row] = (await some(shop, okRow(created).id)).rows;
  const [outcome] = await shop.orders.write([
    change(row!, { shipToCity: "Vík", yourReference: "SO-2" }, [{
      op: "update",
      key: "10000",
      fields: { quantity: "4" },
    }]),
  ], asked);
  const after = okRow(outcome);
  assertEquals(
    [after.data["state"], after.data["shipToCity"], after.data["yourReference"], after.parts![0]!.data["quantity"]],
    ["Released", "Vík", "SO-2", "4"],
  );
  const since = "2026-05-20T11:00:00Z";
  const found =
    (await shop.orders.recall([order({ ...written, yourReference: "SO-2" }, lines)], { ...asked, since }))[0]!;
  assertEquals(found.map(({ id }) => id), [after.id]);
});

Deno.test("a change that is cut off at any request is completed by the next one, and the order released again", async () => {
  await using shop = await startShop({ extension: true });
  const item = `Item ${shop.item["number"]}`;
  const lines = [10000, 20000].map((key) => line(key, { lineObject: item, quantity: "1" }));
  const goal = { city: "Vík", discount: "2", keys: ["10000", "30000"], quantities: ["4", "1"], state: "Released" };
  const stateOf = (row: Row) => ({
    city: row.data["shipToCity"],
    discount: row.data["discountAmount"],
    keys: row.parts!.map(({ key }) => key),
    quantities: row.parts!.map(({ data }) => data["quantity"]),
    state: row.data["state"],
  });
  /** What is left to write, as a comparison with what was wished finds it. */
  const changeOf = (row: Row): Write => {
    const now = partsOf(row);
    const parts: PartWrite[] = [];
    if (now["10000"]!["quantity"] !== "4") parts.push({ op: "update", key: "10000", fields: { quantity: "4" } });
    if ("20000" in now) parts.push({ op: "delete", key: "20000", fields: {} });
    if (!("30000" in now)) parts.push(line(30000, { lineObject: item, quantity: "1" }));
    return change(row, {
      ...(row.data["shipToCity"] === "Vík" ? {} : { shipToCity: "Vík" }),
      ...(row.data["discountAmount"] === "2" ? {} : { discountAmount: "2" }),
    }, parts);
  };
  const kinds: string[] = [];
  for (const [method, ends] of [["POST", 3], ["PATCH", 3], ["DELETE", 1]] as const) {
    for (let after = 0; after < ends; after++) {
      const row = await create(shop, {}, lines);
      await shop.desk(row, "release");
      const [released] = (await some(shop, row.id)).rows;
      const sent = changeOf(released!);
      await shop.fault({ service: "business_central", method, match: row.id, kind: "lost_reply", after });
      const [outcome] = await shop.orders.write([sent], wanted);
      kinds.push(`${method} ${after}: ${outcome?.kind}`);
      assertEquals(await shop.orders.restore!(sent), null);
      const [now] = (await some(shop, row.id)).rows;
      assertEquals(now?.data["state"], "Released", `${method} ${after}`);
      const [again] = await shop.orders.write([changeOf(now!)], wanted);
      assertEquals(stateOf(okRow(again)), goal, `${method} ${after}`);
    }
  }
  // Every request was hit; a deletion is sent again by the runtime itself and finds nothing left to delete.
  assertEquals(kinds, [
    ...["POST 0", "POST 1", "POST 2", "PATCH 0", "PATCH 1", "PATCH 2"].map((cut) => `${cut}: unknown`),
    "DELETE 0: ok",
  ]);
});

Deno.test("write() gives a comment no amounts, and makes it a line that sells when it is told to", async () => {
  await using shop = await startShop();
  const row = await create(shop, {}, [
    line(10000, { lineObject: null, description: "Freight?" }),
    line(20000, { lineObject: null, description: "Thanks" }),
  ]);
  const [outcome] = await shop.orders.write([
    change(row, {}, [
      {
        op: "update",
        key: "10000",
        fields: { lineObject: "Account 6110", quantity: "1", unitPrice: "9", description: "Freight" },
      },
      { op: "update", key: "20000", fields: { quantity: "2", description: "Many thanks" } },
    ]),
  ], wanted);
  const lines = partsOf(okRow(outcome));
  assertEquals([lines["10000"]!["lineObject"], lines["10000"]!["amountExcludingTax"]], ["Account 6110", "9"]);
  assertEquals([lines["20000"]!["comment"], lines["20000"]!["description"]], [true, "Many thanks"]);
});

Deno.test("write() sells a resource where the extension brought it", async () => {
  await using shop = await startShop({ extension: true });
  const [created] = await shop.connector.open(bc.resources).write([{
    op: "create",
    id: null,
    version: null,
    fields: { number: "LINA", name: "Lína", baseUnitOfMeasureCode: "BOX", unitPrice: "80" },
  }], { fields: ["lineObject"] });
  assertEquals(okRow(created).data["lineObject"], "Resource LINA");
  const row = await create(shop, {}, [line(10000, { lineObject: "Resource LINA", quantity: "2" })]);
  assertEquals([row.parts![0]!.data["lineObject"], row.data["totalAmountExcludingTax"]], ["Resource LINA", "160"]);
});

Deno.test("read() brings an item whose stock a shipment moved, though its own stamp did not change", async () => {
  await using shop = await startShop();
  const row = await create(shop);
  const items = shop.connector.open(bc.items);
  const fields = ["number", "inventory", "companyId", "lineObject"];
  const pages = await Array.fromAsync(items.read({ fields }));
  const [before] = pages.flatMap(({ rows }) => rows);
  shop.clock.pass(2 * 3_600_000); // beyond the overlap of the item's own stamp
  await shop.desk(row, "ship", { "10000": "2" });
  const next = await Array.fromAsync(items.read({ fields, since: pages.at(-1)!.cursor! }));
  const [after] = next.flatMap(({ rows }) => rows);
  assertEquals([before?.data["inventory"], after?.data["inventory"]], ["0", "-2"]);
  assertEquals([after?.modifiedAt, after?.data["number"]], [before!.modifiedAt, before!.data["number"]]);
});

Deno.test("the company is one record with its local currency, and items are its", async () => {
  await using shop = await startShop();
  const fields = ["displayName", "currencyCode"];
  const pages = await Array.fromAsync(shop.connector.open(bc.company).read({ fields }));
  const [company, ...others] = pages.flatMap(({ rows }) => rows);
  assertEquals([company?.data["currencyCode"], others.length, pages[0]?.kind], ["USD", 0, "full"]);
  const [items] = await Array.fromAsync(shop.connector.open(bc.items).read({ fields: ["companyId", "lineObject"] }));
  assertEquals(items!.rows.map((row) => row.data), [
    { companyId: company!.id, lineObject: `Item ${shop.item["number"]}` },
  ]);
});

Deno.test("an order that can't be released while a change of it is half done is released by what completes it", async () => {
  await using shop = await startShop({ extension: true });
  const row = await create(shop);
  await shop.desk(row, "release");
  const [released] = (await some(shop, row.id)).rows;
  const sent = change(released!, {}, [{ op: "delete", key: "10000", fields: {} }]);
  const { parts } = await shop.connector.identity();
  const extension = `../../tenging/integration/v1.0/companies(${parts["company"]})/`;
  await shop.post(`${extension}salesOrders(${row.id})/Microsoft.NAV.reopen`, {}); // the change came that far …
  const { value } = await shop.get(`salesOrders(${row.id})/salesOrderLines`);
  await shop.remove(`salesOrders(${row.id})/salesOrderLines`, (value as Record<string, unknown>[])[0]!);
  const left = await shop.orders.restore!(sent); // … and an order without lines can't be released
  assertEquals([left?.code, left?.unrestored], ["order_not_released", true]);
  const [open] = (await some(shop, row.id)).rows;
  assertEquals([open?.data["state"], open?.parts], ["Draft", []]);
  const added = line(20000, { lineObject: `Item ${shop.item["number"]}`, quantity: "1" });
  const [outcome] = await shop.orders.write([change(open!, {}, [added])], wanted);
  assertEquals(okRow(outcome).data["state"], "Released");
  const [refused] = await shop.orders.write([
    change(okRow(outcome), {}, [{ op: "delete", key: "20000", fields: {} }]),
  ], wanted);
  assertEquals(refusedBy(refused)[0], "order_not_released");
});

Deno.test("where the company lost the extension, reading its fields and opening an order say so", async () => {
  await using shop = await startShop({ extension: true });
  const row = await create(shop);
  await shop.desk(row, "release");
  const [released] = (await some(shop, row.id)).rows;
  await shop.setting({ extension: false });
  const isMissing = (error: unknown) => error instanceof ServiceError && error.code === "extension_missing";
  const read = Array.fromAsync(shop.orders.read({ fields: ["yourReference"] }));
  const write = shop.orders.write([change(released!, { shipToCity: "Vík" })], wanted);
  const [reading, writing] = await Promise.allSettled([read, write]);
  assert(reading.status === "rejected" && isMissing(reading.reason));
  assert(writing.status === "rejected" && isMissing(writing.reason));
  const pages = await Array.fromAsync(shop.orders.read({ fields: ["number"], ids: [row.id] }));
  assertEquals(pages.flatMap(({ rows }) => rows.map(({ version }) => version)), [released!.version]);
});
