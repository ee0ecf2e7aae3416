/** Orders with their lines against the sandbox's imitation of Dataverse. */
import { assertEquals, assertRejects } from "@std/assert";
import { noRequests } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { ServiceError } from "../../errors.ts";
import {
  line,
  newOrder,
  openOrders,
  openOrderWorld,
  part,
  shown,
  wanted,
  writeOrder,
} from "./dataverse_order_world.ts";
import { chosen, readAll, rowIn } from "./dataverse_world.ts";

Deno.test("write() creates an order with its lines, freight and state at once", async () => {
  await using world = await openOrderWorld();
  const row = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  assertEquals(row.id, chosen(1));
  const { totalamount, totalexcludingtax, statecode, freightamount, ordernumber } = row.data;
  assertEquals([ordernumber, statecode, freightamount, totalamount, totalexcludingtax], [
    "S-001",
    1,
    "15",
    "225",
    "225",
  ]);
  assertEquals(
    shown(row, "linetype", "productid", "productdescription", "priceperunit", "linediscount", "extendedamount"),
    [
      [line(1), "product", world.product, null, "99.5", "9", "190"],
      [line(2), "write-in", null, "Engraving", "20", "0", "20"],
      ["freight", "freight", null, "Freight", "15", "0", "15"],
    ],
  );
  const again = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))), "exists");
  assertEquals([again.version, again.parts], [row.version, row.parts]);
});

Deno.test("write() edits a submitted order, head and lines, and leaves it submitted", async () => {
  await using world = await openOrderWorld();
  const made = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  const row = rowIn(
    await writeOrder(world.orders, {
      op: "update",
      id: chosen(1),
      version: made.version,
      fields: { description: "Call before delivery" },
      parts: [
        part("update", line(1), { quantity: "3", priceperunit: "98.25" }),
        part("delete", line(2)),
        part("create", line(3), { productdescription: "Polish", quantity: "1", priceperunit: "7", lineitemnumber: 3 }),
        part("update", "freight", { priceperunit: "12.5" }),
      ],
    }),
  );
  assertEquals(row.data["description"], "Call before delivery");
  assertEquals(shown(row, "quantity", "priceperunit", "extendedamount"), [
    [line(1), "3", "98.25", "285.75"],
    [line(3), "1", "7", "7"],
    ["freight", "1", "12.5", "12.5"],
  ]);
  assertEquals([row.data["totalamount"], row.version === made.version], ["305.25", false]);
  const { statecode, statuscode } = await world.api("GET", `salesorders(${chosen(1)})`);
  assertEquals([statecode, statuscode], [1, 3]);
  const last = rowIn(
    await writeOrder(world.orders, {
      op: "update",
      id: chosen(1),
      version: row.version,
      fields: {},
      parts: [part("delete", "freight")],
    }),
  );
  assertEquals([last.parts!.map(({ key }) => key), last.data["totalamount"]], [[line(1), line(3)], "292.75"]);
});

Deno.test("write() leaves an active order active, and keeps the reason of its state", async () => {
  await using world = await openOrderWorld();
  const made = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1), { statecode: 0 })));
  assertEquals(made.data["statecode"], 0);
  await world.api("PATCH", `salesorders(${chosen(1)})`, { statecode: 0, statuscode: 2 });
  const { version } = (await readAll(world.orders, { ...wanted, ids: [chosen(1)] })).rows[0]!;
  const write = { op: "update", id: chosen(1), version, fields: {} } as const;
  const parts = [part("update", line(2), { quantity: "2" })];
  const row = rowIn(await writeOrder(world.orders, { ...write, parts }));
  assertEquals(shown(row, "quantity")[1], [line(2), "2"]);
  const { statecode, statuscode } = await world.api("GET", `salesorders(${chosen(1)})`);
  assertEquals([statecode, statuscode], [0, 2]);
});

Deno.test("write() of a version that is no longer current changes nothing, and finds no order that is gone", async () => {
  await using world = await openOrderWorld();
  const made = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  const write = {
    op: "update",
    id: chosen(1),
    version: 'W/"1"',
    fields: { description: "late" },
    parts: [part("delete", line(1))],
  } as const;
  assertEquals(await writeOrder(world.orders, write), { kind: "moved" });
  assertEquals(await writeOrder(world.orders, { ...write, id: chosen(2) }), { kind: "missing" });
  const { rows } = await readAll(world.orders, wanted);
  assertEquals([rows[0]?.version, rows[0]?.parts?.length], [made.version, 3]);
});

const meanwhile = [["changed", "PATCH", { quantityshipped: 1 }], ["deleted", "DELETE", undefined]] as const;
for (const [what, method, body] of meanwhile) {
  Deno.test(`write() changes nothing where a line was ${what} without a total just before it was written`, async () => {
    await using world = await openOrderWorld();
    const order = newOrder(world, chosen(1), { statecode: 0 });
    const comment = part("create", line(3), { productdescription: "By the door", quantity: "1", priceperunit: "0" });
    const made = rowIn(await writeOrder(world.orders, { ...order, parts: [...order.parts!, comment] }));
    const late = world.connect({
      async fetch(input, init) {
        if (String(input).endsWith("$batch")) await world.api(method, `salesorderdetails(${line(3)})`, body);
        return await fetch(input, init);
      },
    });
    const outcome = await writeOrder(openOrders(late), {
      op: "update",
      id: chosen(1),
      version: made.version,
      fields: { description: "decided on other lines" },
      parts: [part("update", line(1), { quantity: "3" }), part("update", line(3), { quantity: "2" })],
    });
    assertEquals(outcome, { kind: "moved" });
    const { rows: [row] } = await readAll(world.orders, wanted);
    assertEquals([row!.data["description"], row!.data["totalamount"]], [null, made.data["totalamount"]]);
  });
}

Deno.test("write() gives an order another price list, which changes lines that are written too", async () => {
  await using world = await openOrderWorld();
  const made = rowIn(
    await writeOrder(world.orders, {
      ...newOrder(world, chosen(1), { statecode: 0 }),
      parts: [part("create", line(1), { productid: world.product, uomid: world.unit, quantity: "2" })],
    }),
  );
  assertEquals(shown(made, "priceperunit"), [[line(1), "0"]]); // by no list
  const row = rowIn(
    await writeOrder(world.orders, {
      op: "update",
      id: chosen(1),
      version: made.version,
      fields: { pricelevelid: world.list },
      parts: [
        part("update", line(1), { quantity: "3" }),
        part("create", line(2), { productid: world.product, uomid: world.unit, quantity: "1" }),
      ],
    }),
  );
  assertEquals(shown(row, "quantity", "priceperunit"), [[line(1), "3", "100"], [line(2), "1", "100"]]);
});

Deno.test("write() brings an order from submitted to fulfilled to invoiced, and changes nothing else then", async () => {
  await using world = await openOrderWorld();
  const made = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  const update = (version: string, fields: Record<string, string | number>, ofLine?: Record<string, string>) => ({
    op: "update" as const,
    id: chosen(1),
    version,
    fields,
    parts: ofLine === undefined ? [] : [part("update", line(1), ofLine)],
  });
  const shipped = rowIn(
    await writeOrder(
      world.orders,
      update(made.version, { statecode: 3, datefulfilled: "2026-05-20" }, { quantityshipped: "2" }),
    ),
  );
  assertEquals([shipped.data["statecode"], shipped.data["datefulfilled"]], [3, "2026-05-20"]);
  assertEquals(shown(shipped, "quantityshipped")[0], [line(1), "2"]);
  const closes = (await world.api("GET", "ordercloses"))["value"] as Record<string, unknown>[];
  assertEquals(closes.map((close) => close["_salesorderid_value"]), [chosen(1)]);

  const refusals = [
    update(shipped.version, { description: "late" }),
    update(shipped.version, {}, { priceperunit: "9", quantityshipped: "3" }),
    update(shipped.version, { statecode: 1 }),
  ];
  for (const write of refusals) {
    const outcome = await writeOrder(world.orders, write);
    assertEquals(outcome.kind === "refused" && outcome.code, "order_closed");
  }
  // What was shipped says the state; the last state is reached whatever else is known by now.
  const moot = update(shipped.version, { datefulfilled: "2026-05-21" }, { quantityshipped: "3" });
  assertEquals(rowIn(await writeOrder(world.orders, moot)).version, shipped.version);
  const late = update(shipped.version, { statecode: 4, description: "late" }, { priceperunit: "9" });
  const invoiced = rowIn(await writeOrder(world.orders, late));
  assertEquals([invoiced.data["statecode"], invoiced.data["description"]], [4, null]);
  assertEquals(shown(invoiced, "quantityshipped")[0], [line(1), "2"]);
  const again = rowIn(await writeOrder(world.orders, update(invoiced.version, { statecode: 4 })));
  assertEquals(again.version, invoiced.version);
});

for (const [from, to] of [[1, 4], [0, 3], [0, 1], [1, 0], [0, 4], [1, 3]] as const) {
  Deno.test(`write() brings an order from state ${from} to ${to} without writing anything else`, async () => {
    await using world = await openOrderWorld();
    const made = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1), { statecode: from })));
    const write = { op: "update", id: chosen(1), version: made.version, fields: { statecode: to } } as const;
    const stale = await writeOrder(world.orders, { ...write, version: 'W/"1"' });
    assertEquals(stale, { kind: "moved" });
    const row = rowIn(await writeOrder(world.orders, write));
    assertEquals([row.data["statecode"], row.parts], [to, made.parts]);
  });
}

Deno.test("write() never cancels an order, and leaves one alone that somebody canceled", async () => {
  await using world = await openOrderWorld();
  const made = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  const cancel = { op: "update", id: chosen(1), version: made.version, fields: { statecode: 2 } } as const;
  const outcome = await writeOrder(world.orders, cancel);
  assertEquals(outcome.kind === "refused" && outcome.code, "order_canceled");
  await world.api("POST", "CancelSalesOrder", {
    OrderClose: { subject: "Changed their mind", "salesorderid@odata.bind": `/salesorders(${chosen(1)})` },
    Status: 4,
  });
  const { rows: [canceled] } = await readAll(world.orders, wanted);
  const late = { ...cancel, version: canceled!.version, fields: { statecode: 1 } };
  const refused = await writeOrder(world.orders, late);
  assertEquals(refused.kind === "refused" && refused.code, "order_closed");
});

Deno.test("write() writes in a product that is not active, and says so", async () => {
  await using world = await openOrderWorld();
  const parts = [part("create", line(1), {
    productid: world.retired,
    uomid: world.unit,
    quantity: "4",
    priceperunit: "10",
  })];
  const row = rowIn(await writeOrder(world.orders, { ...newOrder(world, chosen(1)), parts }));
  assertEquals(shown(row, "productid", "uomid", "productdescription", "linetype", "extendedamount"), [
    [line(1), null, null, "1900-S PARIS Chair (retired product)", "write-in", "40"],
  ]);
});

Deno.test("write() changes a line's text or unit where the line can hold it", async () => {
  await using world = await openOrderWorld();
  const made = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  const fields = { productdescription: "New text", uomid: world.unit };
  const row = rowIn(
    await writeOrder(world.orders, {
      op: "update",
      id: chosen(1),
      version: made.version,
      fields: {},
      parts: [part("update", line(1), fields), part("update", line(2), fields)],
    }),
  );
  assertEquals(shown(row, "productdescription", "uomid").slice(0, 2), [
    [line(1), null, world.unit],
    [line(2), "New text", null],
  ]);
});

Deno.test("write() of an order is all or nothing, and each order is answered for itself", async () => {
  await using world = await openOrderWorld();
  const bad = newOrder(world, chosen(2));
  const outcomes = await world.orders.write([
    newOrder(world, chosen(1)),
    {
      ...bad,
      parts: [
        part("create", line(8), bad.parts![0]!.fields),
        part("create", line(9), { productid: world.product, quantity: "1" }),
      ],
    },
    {
      ...newOrder(world, chosen(3)),
      parts: [part("create", line(4), { productdescription: "x", quantity: "1", priceperunit: "1" })],
    },
  ], wanted);
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "refused", "ok"]);
  const ids = (await world.api("GET", "salesorders"))["value"] as { salesorderid: string }[];
  assertEquals(ids.map(({ salesorderid }) => salesorderid), [chosen(1), chosen(3)]);
  assertEquals(((await world.api("GET", "salesorderdetails"))["value"] as unknown[]).length, 3);
});

Deno.test("write() sends days as their columns hold them, and asks once how that is", async () => {
  await using world = await openOrderWorld();
  await world.set("dataverse", { dateOnly: { salesorders: ["requestdeliveryby"] } });
  const asked: string[] = [];
  const crm = world.connect({
    timeZone: "Europe/Berlin",
    fetch(input, init) {
      if (String(input).includes("EntityDefinitions")) asked.push(String(input).split("'")[1]!);
      return fetch(input, init);
    },
  });
  const orders = openOrders(crm);
  const day = { requestdeliveryby: "2026-05-20" };
  const parts = [part("create", line(1), { productdescription: "x", quantity: "1", priceperunit: "1", ...day })];
  const order = { ...newOrder(world, chosen(1), { ...day, submitdate: "2026-05-01" }), parts };
  const row = rowIn(await writeOrder(orders, order));
  assertEquals(row.data["requestdeliveryby"], "2026-05-20");
  const { requestdeliveryby, submitdate } = await world.api("GET", `salesorders(${chosen(1)})`);
  const stored = await world.api("GET", `salesorderdetails(${line(1)})`);
  assertEquals([requestdeliveryby, submitdate, stored["requestdeliveryby"]], [
    "2026-05-20",
    "2026-04-30T22:00:00Z",
    "2026-05-19T22:00:00Z",
  ]);
  const later = { op: "update", id: chosen(1), version: row.version, fields: { datefulfilled: "2026-05-21" } } as const;
  assertEquals(rowIn(await writeOrder(orders, later)).data["datefulfilled"], "2026-05-21");
  assertEquals(asked, ["salesorder", "salesorderdetail"]);
});

Deno.test("write() puts 25 orders into a batch", async () => {
  await using world = await openOrderWorld();
  const crm = world.connect({ batchSize: 100 });
  const writes = Array.from({ length: 30 }, (_, n) => ({ ...newOrder(world, chosen(n)), parts: [] }));
  const outcomes = await openOrders(crm).write(writes, wanted);
  assertEquals(outcomes.map(({ kind }) => kind), writes.map(() => "ok"));
  assertEquals(crm.requests().write, 2);
});

Deno.test("write() after a lost reply finds the order that it made or changed: nothing is doubled", async () => {
  await using world = await openOrderWorld();
  const made = rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  await world.set("faults", [{ service: "dataverse", match: "$batch", kind: "lost_reply" }]);
  const second = newOrder(world, chosen(2));
  const outcomes = await world.orders.write([
    { ...second, parts: second.parts!.map((one, n) => one.key === "freight" ? one : { ...one, key: line(11 + n) }) },
    {
      op: "update",
      id: chosen(1),
      version: made.version,
      fields: { description: "changed" },
      parts: [part("update", line(1), { quantity: "5.50" }), part("delete", line(2))],
    },
  ], wanted);
  const rows = outcomes.map((outcome) => rowIn(outcome));
  assertEquals(rows.map(({ parts }) => parts!.map(({ key }) => key)), [
    [line(11), line(12), "freight"],
    [line(1), "freight"],
  ]);
  assertEquals(rows.map(({ data }) => data["statecode"]), [1, 1]);
  assertEquals(((await world.api("GET", "salesorders"))["value"] as unknown[]).length, 2);
  assertEquals(((await world.api("GET", "salesorderdetails"))["value"] as unknown[]).length, 3);
});

Deno.test("write() with an outcome that nobody can tell is unknown, and recall() finds the order", async () => {
  await using world = await openOrderWorld();
  const write = newOrder(world, chosen(1));
  const options = { ...wanted, since: "2026-01-01T00:00:00Z" };
  assertEquals((await world.orders.recall([write], options))[0]!, []);
  await world.set("faults", [
    { service: "dataverse", match: "$batch", kind: "lost_reply" },
    { service: "dataverse", match: "salesorders", kind: "503", times: 5 },
  ]);
  assertEquals((await writeOrder(world.orders, write)).kind, "unknown");
  const found = (await world.orders.recall([write], options))[0]!;
  assertEquals(found.map(({ id, data, parts }) => [id, data["statecode"], parts!.length]), [[chosen(1), 1, 3]]);
});

Deno.test("write() adopts no order outside the filter that has the number, and says which it is", async () => {
  await using world = await openOrderWorld();
  rowIn(await writeOrder(world.orders, newOrder(world, chosen(1), { statecode: 0 })));
  const submitted = world.crm.open(dv.salesOrders.where({ statecode: 1 }), dv.salesOrderLines);
  const same = { ...newOrder(world, chosen(2), { ordernumber: "s-001" }), parts: [] };
  const outcome = await writeOrder(submitted, same);
  assertEquals(outcome.kind === "refused" && [outcome.code, outcome.field], ["outside_filter", "ordernumber"]);
  assertEquals(rowIn(await writeOrder(world.orders, same), "exists").id, chosen(1));
});

const tracking = [{ heads: true, lines: true }, { heads: false, lines: false }, { heads: true, lines: false }];
for (const { heads, lines } of tracking) {
  const title = `change tracking ${heads ? "on" : "off"} for orders, ${lines ? "on" : "off"} for lines`;
  Deno.test(`read() finds orders by what changed in them or their lines, ${title}`, async () => {
    await using world = await openOrderWorld();
    await world.set("dataverse", { changeTracking: { salesorders: heads, salesorderdetails: lines } });
    const submitted = world.crm.open(dv.salesOrders.where({ statecode: 1 }), dv.salesOrderLines);
    for (const n of [1, 2, 3]) {
      const write = newOrder(world, chosen(n));
      const parts = write.parts!.map((one, k) => one.key === "freight" ? one : { ...one, key: line(n * 10 + k) });
      rowIn(await writeOrder(world.orders, { ...write, parts }));
    }
    const first = await readAll(submitted, wanted);
    assertEquals([first.kind, first.rows.map(({ id, parts }) => [id, parts!.map(({ key }) => key)])], ["full", [
      [chosen(1), [line(10), line(11), "freight"]],
      [chosen(2), [line(20), line(21), "freight"]],
      [chosen(3), [line(30), line(31), "freight"]],
    ]]);

    world.clock.pass(600_000);
    const idle = await readAll(submitted, { ...wanted, since: first.cursor! });
    assertEquals([idle.kind, idle.rows.length, idle.deleted], ["delta", heads && lines ? 0 : 3, []]);

    world.clock.pass(600_000);
    for (const statecode of [0, 1]) {
      await world.api("PATCH", `salesorders(${chosen(3)})`, { statecode, statuscode: statecode === 0 ? 1 : 3 });
      if (statecode === 0) await world.api("PATCH", `salesorderdetails(${line(30)})`, { quantity: 7 });
    }
    await world.api("PATCH", `salesorders(${chosen(2)})`, { statecode: 0, statuscode: 1 });
    await world.api("DELETE", `salesorderdetails(${line(21)})`);
    const second = await readAll(submitted, { ...wanted, since: idle.cursor! });
    const last = new Map(second.rows.map((row) => [row.id, row]));
    assertEquals(shown(last.get(chosen(3))!, "quantity")[0], [line(30), "7"]);
    assertEquals([...new Set(second.left)], [chosen(2)]);

    const some = await readAll(world.orders, { ...wanted, ids: [chosen(2), chosen(9)] });
    assertEquals(some.rows.map(({ parts }) => parts!.map(({ key }) => key)), [[line(20), "freight"]]);
    assertEquals([some.kind, some.deleted, some.cursor], ["some", [chosen(9)], null]);
  });
}

Deno.test("read() finds an order by a line that changed without its head", async () => {
  await using world = await openOrderWorld();
  rowIn(await writeOrder(world.orders, newOrder(world, chosen(1), { statecode: 0 })));
  rowIn(await writeOrder(world.orders, { ...newOrder(world, chosen(2)), parts: [] }));
  const first = await readAll(world.orders, wanted);
  await world.api("PATCH", `salesorderdetails(${line(1)})`, { quantityshipped: 1 });
  const second = await readAll(world.orders, { ...wanted, since: first.cursor! });
  assertEquals(second.kind, "delta");
  assertEquals(second.rows.map((row) => [row.id, shown(row, "quantityshipped")[0]]), [[chosen(1), [line(1), "1"]]]);
  const { id, version } = first.rows[0]!;
  assertEquals([id, second.rows[0]!.version === version], [chosen(1), false]);
  const late = { op: "update", id, version, fields: { description: "decided on other lines" } } as const;
  assertEquals(await writeOrder(world.orders, late), { kind: "moved" });
  const third = await readAll(world.orders, { ...wanted, since: second.cursor! });
  assertEquals(third.rows, []);
});

Deno.test("read() says cursor_expired when either delta link is forgotten, or the cursor is one of heads alone", async () => {
  await using world = await openOrderWorld();
  rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  const { cursor } = await readAll(world.orders, wanted);
  const { cursor: flat } = await readAll(world.crm.open(dv.salesOrders), { fields: ["name"] });
  const { heads, lines } = JSON.parse(cursor!) as { heads: string; lines: string };
  await world.set("dataverse", { expireDeltaTokens: true });
  const { cursor: fresh } = await readAll(world.orders, wanted);
  const now = JSON.parse(fresh!) as { heads: string; lines: string };
  const stale = [{ heads, lines: now.lines }, { heads: now.heads, lines }].map((both) => JSON.stringify(both));
  for (const since of [...stale, flat!]) {
    const error = await assertRejects(() => readAll(world.orders, { ...wanted, since }), ServiceError);
    assertEquals(error.code, "cursor_expired");
  }
  assertEquals((await readAll(world.orders, { ...wanted, since: fresh! })).rows, []);
});

Deno.test("read() of orders without changes takes a request for orders and one for lines", async () => {
  await using world = await openOrderWorld();
  rowIn(await writeOrder(world.orders, newOrder(world, chosen(1))));
  const { cursor } = await readAll(world.orders, wanted);
  const fresh = world.connect({});
  await readAll(openOrders(fresh), { ...wanted, since: cursor! });
  assertEquals(fresh.requests(), { ...noRequests, read: 2, token: 1 });
});

Deno.test("read() gives lines in their order, those without a place last", async () => {
  await using world = await openOrderWorld();
  const write = newOrder(world, chosen(1));
  const places = [[1, 2], [3, 1], [2, 2], [4, 2]] as const;
  const parts = places.map(([key, lineitemnumber]) =>
    part("create", line(key), { productdescription: "x", quantity: "1", priceperunit: "1", lineitemnumber })
  );
  const row = rowIn(await writeOrder(world.orders, { ...write, parts }));
  assertEquals(row.parts!.map(({ key }) => key), [line(3), line(1), line(2), line(4)]);
});

Deno.test("open() refuses parts that are none of the head's", async () => {
  await using world = await openOrderWorld();
  assertEquals(
    [() => world.crm.open(dv.accounts, dv.salesOrderLines), () => world.crm.open(dv.salesOrders, dv.products)].map(
      (open) => {
        try {
          open();
          return "opened";
        } catch (error) {
          return error instanceof TypeError;
        }
      },
    ),
    [true, true],
  );
});
