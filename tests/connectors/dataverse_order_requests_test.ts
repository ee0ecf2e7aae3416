/** What the connector sends for orders, and what it makes of answers that the sandbox does not give. */
import { assertEquals, assertRejects } from "@std/assert";
import type { PartWrite, Write } from "../../connectors/connector.ts";
import { openDataverse } from "../../connectors/dataverse/client.ts";
import { versionOf } from "../../connectors/dataverse/order_lines.ts";
import { line, openOrders, part, wanted } from "./dataverse_order_world.ts";
import { chosen, readAll } from "./dataverse_world.ts";
import { openGate, serveStub, type Stub, testClock, tokenOf } from "./stub.ts";

type Answer = readonly [status: number, body?: string, headers?: Readonly<Record<string, string>>];
interface Settings {
  /** Orders as they are before. */
  readonly orders?: readonly Record<string, unknown>[];
  readonly lines?: readonly Record<string, unknown>[];
  readonly products?: readonly Record<string, unknown>[];
  /** The error part of the n-th change set of a batch; 204 for all of its requests where there is none. */
  readonly refuse?: (set: number, batch: number) => Answer | undefined;
}

/** Answers each change set, reads from lists whatever the filter says; `batches` holds what was sent. */
function serveOrders({ orders = [], lines = [], products = [], refuse }: Settings) {
  const batches: (readonly string[])[][] = [];
  const stub = serveStub(async (request, path) => {
    if (!path.endsWith("/$batch")) {
      const set = ["salesorderdetails", "salesorders", "products"].find((name) => path.includes(`/${name}?`));
      return Response.json({
        value: set === undefined ? [] : { salesorders: orders, salesorderdetails: lines, products }[set],
      });
    }
    const sets = (await request.text()).split(/Content-Type: multipart\/mixed; boundary=changes_\S+\r\n/).slice(1)
      .map((set) => set.split("Content-ID: ").slice(1).map(shortened));
    batches.push(sets);
    const text = sets.map((set, position) => {
      const [status, body = "", headers = {}] = refuse?.(position, batches.length) ?? [];
      if (status !== undefined) return answered("r", status, body, headers);
      const inner = set.map(() => answered("c", 204, "", {})).join("");
      return `--r\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${inner}--c--\r\n`;
    }).join("");
    return new Response(`${text}--r--\r\n`, { headers: { "Content-Type": "multipart/mixed; boundary=r" } });
  });
  return { stub, batches };
}
function answered(boundary: string, status: number, body: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `--${boundary}\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 ${status} X\r\n${lines}\r\n${body}\r\n`;
}
/** "PATCH salesorders(…) | If-Match: * | {…}". */
function shortened(request: string): string {
  const [, head = "", body = ""] = request.split("\r\n\r\n");
  const [first = "", ...headers] = head.split("\r\n");
  const conditions = headers.filter((header) => header.startsWith("If-"));
  return [first.replace("/api/data/v9.2/", "").replace(" HTTP/1.1", ""), ...conditions, body.split("\r\n--")[0]]
    .filter((text) => text !== "").join(" | ");
}

function connect(stub: Stub, timeZone = "Europe/Berlin") {
  const [limiter, clock] = [openGate(), testClock()];
  const crm = openDataverse({ baseUrl: stub.url, token: tokenOf(stub), limiter, clock, timeZone });
  return { orders: openOrders(crm), clock, limiter };
}

const id = chosen(1);
function stored(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    "@odata.etag": 'W/"5"',
    salesorderid: id,
    modifiedon: "2026-05-20T12:00:00Z",
    name: "Order",
    statecode: 1,
    statuscode: 3,
    ...more,
  };
}
function storedLine(key: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    "@odata.etag": 'W/"6"',
    salesorderdetailid: key,
    _salesorderid_value: id,
    createdon: "2026-05-20T12:00:00Z",
    quantity: 1,
    ...more,
  };
}
function update(fields: Write["fields"], parts: readonly PartWrite[] = []): Write {
  return { op: "update", id, version: version(), fields, parts };
}
/** Of an order with these lines. */
function version(...keys: readonly string[]): string {
  return versionOf('W/"5"', keys.map((key) => ({ part: { key, data: {} }, version: 'W/"6"' })));
}

Deno.test("write() of a new order sends head, lines and state in one change set", async () => {
  const { stub, batches } = serveOrders({ orders: [stored()] });
  await using _ = stub;
  const { orders } = connect(stub);
  const [outcome] = await orders.write([{
    op: "create",
    id,
    version: null,
    fields: {
      ordernumber: "S-1",
      name: "Order",
      customerid: chosen(3),
      requestdeliveryby: "2026-05-20",
      statecode: 3,
      description: null,
    },
    parts: [
      part("create", line(1), {
        productid: chosen(4),
        uomid: chosen(5),
        quantity: "2.50",
        priceperunit: "12345678901234567.89",
        productdescription: "left to the product",
      }),
      part("create", "freight", { quantity: "2", priceperunit: "7.255" }),
      part("create", line(2), { productdescription: "Engraving", quantity: "1", uomid: chosen(5) }),
    ],
  }], wanted);
  assertEquals(outcome?.kind, "ok");
  assertEquals(batches, [[[
    `PATCH salesorders(${id}) | If-None-Match: * | {"ordernumber":"S-1","name":"Order",` +
    `"customerid_account@odata.bind":"/accounts(${chosen(3)})","requestdeliveryby":"2026-05-19T22:00:00Z",` +
    `"freightamount":14.51}`,
    `PATCH salesorderdetails(${line(1)}) | If-None-Match: * | {"salesorderid@odata.bind":"/salesorders(${id})",` +
    `"quantity":2.5,"priceperunit":12345678901234567.89,"ispriceoverridden":true,` +
    `"productid@odata.bind":"/products(${chosen(4)})","uomid@odata.bind":"/uoms(${chosen(5)})"}`,
    `PATCH salesorderdetails(${line(2)}) | If-None-Match: * | {"salesorderid@odata.bind":"/salesorders(${id})",` +
    `"quantity":1,"productdescription":"Engraving","isproductoverridden":true}`,
    `PATCH salesorders(${id}) | If-Match: * | {"statecode":1,"statuscode":3}`,
    `POST FulfillSalesOrder | {"OrderClose":{"@odata.type":"Microsoft.Dynamics.CRM.orderclose",` +
    `"subject":"Order fulfilled","salesorderid@odata.bind":"/salesorders(${id})"},"Status":100001}`,
  ]]]);
  const products = stub.seen.filter((request) => request.includes("/products?"));
  assertEquals(products.map((request) => decodeURIComponent(request.split("$filter=")[1]!)), [
    `productid eq ${chosen(4)}`,
  ]);
});

const edited = [part("update", line(1), { quantity: "3", priceperunit: "5" }), part("delete", line(2))];
const lines = [storedLine(line(1)), storedLine(line(2), { "@odata.etag": 'W/"8"' })];
const withLines = versionOf(
  'W/"5"',
  [[1, 6], [2, 8]].map(([n, etag]) => ({
    part: { key: line(n!), data: {} },
    version: `W/"${etag}"`,
  })),
);
const lineRequests = [
  `PATCH salesorderdetails(${line(1)}) | If-Match: W/"6" | {"quantity":3,"priceperunit":5,"ispriceoverridden":true}`,
  `DELETE salesorderdetails(${line(2)}) | If-Match: W/"8"`,
];
const head = `PATCH salesorders(${id})`;
const fulfil = `POST FulfillSalesOrder | {"OrderClose":{"@odata.type":"Microsoft.Dynamics.CRM.orderclose",` +
  `"subject":"Order fulfilled","salesorderid@odata.bind":"/salesorders(${id})"},"Status":100001}`;
const ours = 'If-Match: W/"5"';
const any = "If-Match: *";
const sixth = 'If-Match: W/"6"';
const active = '{"statecode":0,"statuscode":1}';
const submitted = '{"statecode":1,"statuscode":3}';
const invoiced = '{"statecode":4,"statuscode":100003}';

// Order now, write, and what is sent: the first request states the version that was decided on.
const sets: readonly (readonly [string, Record<string, unknown>, Write, readonly string[]])[] = [
  [
    "a submitted order is opened, written and submitted again",
    {},
    update({ description: "x" }, edited),
    [
      `${head} | ${ours} | ${active}`,
      ...lineRequests,
      `${head} | ${any} | {"description":"x"}`,
      `${head} | ${any} | ${submitted}`,
    ],
  ],
  [
    "a submitted order gets back the reason that it had",
    { statuscode: 100005 },
    update({}, edited),
    [`${head} | ${ours} | ${active}`, ...lineRequests, `${head} | ${any} | {"statecode":1,"statuscode":100005}`],
  ],
  [
    "lines that are there come before the head's content, which can change their versions; new lines after it",
    { statecode: 0, statuscode: 2 },
    update({ description: "x" }, [part("create", line(3), { quantity: "1" }), ...edited]),
    [
      `${head} | ${ours} | {"statecode":0,"statuscode":2}`,
      ...lineRequests,
      `${head} | ${any} | {"description":"x"}`,
      `PATCH salesorderdetails(${line(3)}) | If-None-Match: * | {"salesorderid@odata.bind":"/salesorders(${id})",` +
      `"quantity":1,"isproductoverridden":true}`,
    ],
  ],
  [
    "an active order is written as it is",
    { statecode: 0, statuscode: 2 },
    update({ description: "x" }, [part("create", line(3), { quantity: "1" })]),
    [
      `${head} | ${ours} | {"description":"x"}`,
      `PATCH salesorderdetails(${line(3)}) | If-None-Match: * | {"salesorderid@odata.bind":"/salesorders(${id})",` +
      `"quantity":1,"isproductoverridden":true}`,
    ],
  ],
  [
    "lines of an active order stand behind its version",
    { statecode: 0, statuscode: 2 },
    update({}, edited),
    [`${head} | ${ours} | {"statecode":0,"statuscode":2}`, ...lineRequests],
  ],
  [
    "an order that is to stay open is not submitted again",
    {},
    update({ statecode: 0, description: "x" }),
    [`${head} | ${ours} | ${active}`, `${head} | ${any} | {"description":"x"}`],
  ],
  [
    "shipped: quantities first, then the state",
    {},
    update({ statecode: 3 }, [part("update", line(1), { quantityshipped: "2" })]),
    [
      `${head} | ${ours} | ${active}`,
      `PATCH salesorderdetails(${line(1)}) | ${sixth} | {"quantityshipped":2}`,
      `${head} | ${any} | ${submitted}`,
      fulfil,
    ],
  ],
  ["fulfilled without anything else", {}, update({ statecode: 3 }), [`${head} | ${ours} | ${submitted}`, fulfil]],
  [
    "submitted to invoiced",
    {},
    update({ statecode: 4 }),
    [`${head} | ${ours} | ${submitted}`, fulfil, `${head} | ${any} | ${invoiced}`],
  ],
  [
    "fulfilled to invoiced",
    { statecode: 3, statuscode: 100001 },
    update({ statecode: 4 }),
    [`${head} | ${ours} | ${invoiced}`],
  ],
  ["active to submitted", { statecode: 0, statuscode: 1 }, update({ statecode: 1 }), [
    `${head} | ${ours} | ${submitted}`,
  ]],
  ["freight goes with the head", { statecode: 0, statuscode: 1 }, update({}, [part("delete", "freight")]), [
    `${head} | ${ours} | {"freightamount":0}`,
  ]],
];
for (const [what, now, write, expected] of sets) {
  Deno.test(`write() of an order in one change set: ${what}`, async () => {
    const { stub, batches } = serveOrders({ orders: [stored(now)], lines });
    await using _ = stub;
    const [outcome] = await connect(stub).orders.write([{ ...write, version: withLines }], wanted);
    assertEquals([outcome?.kind, batches], ["ok", [[expected]]]);
  });
}

Deno.test("write() of an order that is as it should be sends nothing", async () => {
  const { stub, batches } = serveOrders({ orders: [stored()] });
  await using _ = stub;
  const [outcome] = await connect(stub).orders.write([update({ statecode: 1 })], wanted);
  assertEquals([outcome?.kind, batches], ["ok", []]);
});

const moved: readonly (readonly [string, Settings, string])[] = [
  ["its head changed", { orders: [stored({ "@odata.etag": 'W/"7"' })] }, version()],
  [
    "a line changed",
    { orders: [stored()], lines: [storedLine(line(1), { "@odata.etag": 'W/"7"' })] },
    version(line(1)),
  ],
  ["a line is new", { orders: [stored()], lines: [storedLine(line(1))] }, version()],
  ["a line went", { orders: [stored()] }, version(line(1))],
];
for (const [what, now, decided] of moved) {
  Deno.test(`write() of an order sends nothing when ${what} since it was decided on`, async () => {
    const { stub, batches } = serveOrders(now);
    await using _ = stub;
    const write = { ...update({ statecode: 0 }), version: decided };
    assertEquals(await connect(stub).orders.write([write], wanted), [{ kind: "moved" }]);
    assertEquals(batches, []);
  });
}

Deno.test("write() asks once for the products of a batch, and writes in those that are not active", async () => {
  const product = { productid: chosen(5), productnumber: "1900-S", name: "PARIS Chair ".repeat(30), statecode: 2 };
  const active = { productid: chosen(4), productnumber: "1896-S", name: "ATHENS Desk", statecode: 0 };
  const { stub, batches } = serveOrders({ orders: [stored()], products: [product, active] });
  await using _ = stub;
  const lineOf = (key: number, productid: string, more = {}) =>
    part("create", line(key), { productid, uomid: chosen(6), quantity: "1", ...more });
  const create = (n: number, ...parts: PartWrite[]): Write => ({
    op: "create",
    id: chosen(n),
    version: null,
    fields: { name: "Order" },
    parts,
  });
  await connect(stub).orders.write([
    create(1, lineOf(1, chosen(4)), lineOf(2, chosen(5).toUpperCase())),
    create(2, lineOf(3, chosen(5), { productdescription: "Paris, green" })),
  ], wanted);
  assertEquals(stub.seen.filter((request) => request.includes("/products?")).length, 1);
  const bodies = batches[0]!.map((set) => set.slice(1).map((request) => JSON.parse(request.split(" | ").at(-1)!)));
  const bind = (n: number) => ({ "salesorderid@odata.bind": `/salesorders(${chosen(n)})`, quantity: 1 });
  const [long, short] = [bodies[0]![1].productdescription, bodies[1]![0].productdescription] as string[];
  assertEquals([long!.length, long!.slice(0, 18), long!.slice(-16)], [250, "1900-S PARIS Chair", " (draft product)"]);
  assertEquals(short, "1900-S Paris, green (draft product)");
  assertEquals(bodies, [
    [
      { ...bind(1), "productid@odata.bind": `/products(${chosen(4)})`, "uomid@odata.bind": `/uoms(${chosen(6)})` },
      { ...bind(1), productdescription: long, isproductoverridden: true },
    ],
    [{ ...bind(2), productdescription: short, isproductoverridden: true }],
  ]);
});

Deno.test("write() leaves out what a line can't hold: a product's has no description, one written in no unit", async () => {
  const { stub, batches } = serveOrders({
    orders: [stored({ statecode: 0, statuscode: 1 })],
    lines: [
      storedLine(line(1), { isproductoverridden: false }),
      storedLine(line(2), { isproductoverridden: true }),
      storedLine(line(3), { isproductoverridden: false }),
    ],
  });
  await using _ = stub;
  const both = { productdescription: "x", uomid: chosen(6), quantity: "2" };
  const write = update({ description: "x" }, [
    part("update", line(1), both),
    part("update", line(2), both),
    part("update", line(3), { productdescription: "x" }),
    part("update", line(4), { quantity: "7" }),
  ]);
  const lines = version(line(3), line(1), line(2));
  const [outcome] = await connect(stub).orders.write([{ ...write, version: lines }], { fields: [] });
  assertEquals(outcome?.kind, "ok");
  assertEquals(batches[0]![0]!.slice(1), [
    `PATCH salesorderdetails(${line(1)}) | ${sixth} | {"uomid@odata.bind":"/uoms(${chosen(6)})","quantity":2}`,
    `PATCH salesorderdetails(${line(2)}) | ${sixth} | {"productdescription":"x","quantity":2}`,
    `PATCH salesorderdetails(${line(4)}) | ${any} | {"quantity":7}`,
    `${head} | ${any} | {"description":"x"}`,
  ]);
  const asked = stub.seen.filter((request) => request.includes("isproductoverridden"));
  assertEquals(asked.map((request) => new URL(request.slice(4), stub.url).searchParams.get("$filter")), [
    [1, 2, 3].map((n) => `salesorderdetailid eq ${line(n)}`).join(" or "),
  ]);
});

function refusal(code: string, message = ""): string {
  return JSON.stringify({ error: { code, message } });
}
const answers: readonly (readonly [string, Answer, Record<string, unknown>])[] = [
  ["a version that changed in between", [412, refusal("0x80060882")], { kind: "moved" }],
  ["an order that went in between", [404, refusal("0x80040217", `salesorder With Id = ${id} Does Not Exist`)], {
    kind: "missing",
  }],
  [
    "a line that went in between",
    [404, refusal("0x80040217", `salesorderdetail With Id = ${line(1)} Does Not Exist`)],
    {
      kind: "moved",
    },
  ],
  ["something that went in between", [404, refusal("0x80040217", "It does not exist")], { kind: "moved" }],
  [
    "a row that it refers to and that is gone",
    [404, refusal("0x80040217", `uom With Id = ${chosen(7)} Does Not Exist`)],
    { kind: "refused", code: "0x80040217", message: `uom With Id = ${chosen(7)} Does Not Exist` },
  ],
  ["a value that does not fit", [400, refusal("0x80044331", "the 'shipto_line1' is too long")], {
    kind: "refused",
    code: "0x80044331",
    message: "the 'shipto_line1' is too long",
    field: "shipto_line1",
  }],
];
for (const [what, answer, expected] of answers) {
  Deno.test(`write() of an order tells ${what} by the only part of its change set`, async () => {
    const orders = [stored(), stored({ salesorderid: chosen(2) })];
    const { stub, batches } = serveOrders({ orders, lines, refuse: (set) => set === 0 ? answer : undefined });
    await using _ = stub;
    const outcomes = await connect(stub).orders.write([
      { ...update({ description: "x" }, edited), version: withLines },
      { ...update({ description: "y" }), id: chosen(2) },
    ], { fields: ["name"] });
    assertEquals(outcomes[0], expected as never);
    assertEquals([outcomes[1]?.kind, batches.length], ["ok", 1]);
  });
}

Deno.test("write() sends again only the orders that the service was too busy for", async () => {
  const orders = [stored(), stored({ salesorderid: chosen(2) })];
  const busy: Answer = [429, refusal("0x80072322"), { "Retry-After": "7" }];
  const { stub, batches } = serveOrders({
    orders,
    refuse: (set, batch) => set === 1 && batch === 1 ? busy : undefined,
  });
  await using _ = stub;
  const { orders: opened, clock, limiter } = connect(stub);
  const outcomes = await opened.write([
    update({ statecode: 0 }),
    { ...update({ statecode: 0 }), id: chosen(2) },
  ], wanted);
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "ok"]);
  assertEquals(batches.map((batch) => batch.map(([first]) => first?.slice(18, 54))), [[id, chosen(2)], [chosen(2)]]);
  assertEquals([clock.slept, limiter.slowed], [[7_500], [7_500]]);
});

Deno.test("write() compares what is there after a fault that may have come too late", async () => {
  const late = (_: number, batch: number): Answer | undefined => batch === 1 ? [500, ""] : undefined;
  const { stub, batches } = serveOrders({
    orders: [
      stored({ description: "x " }),
      stored({ salesorderid: chosen(2), description: "somebody else's", "@odata.etag": 'W/"9"' }),
      stored({ salesorderid: chosen(3), description: null }),
      stored({ salesorderid: chosen(4), description: "x" }),
    ],
    lines: [storedLine(line(1), { quantity: 3, priceperunit: 5, ispriceoverridden: true })],
    refuse: late,
  });
  await using _ = stub;
  const outcomes = await connect(stub).orders.write([
    { ...update({ description: "x" }, edited), version: version(line(1)) },
    { ...update({ description: "x" }), id: chosen(2), version: versionOf('W/"9"', []) },
    { ...update({ description: "x" }), id: chosen(3) },
    { ...update({ description: "x" }, [part("create", line(4), { quantity: "1" })]), id: chosen(4) },
  ], wanted);
  // The first is as it was to be; the others are not, and their versions are the ones that were decided on: sent again.
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "ok", "ok", "ok"]);
  assertEquals(batches.map((batch) => batch.length), [4, 3]);
});

Deno.test("write() leaves an order unknown that the service fails at again and again", async () => {
  const { stub, batches } = serveOrders({ orders: [stored()], refuse: () => [503, ""] });
  await using _ = stub;
  const [outcome] = await connect(stub).orders.write([update({ description: "x" })], wanted);
  assertEquals([outcome?.kind, batches.length], ["unknown", 5]);
});

Deno.test("write() takes a change set with an answer too few for one without", async () => {
  await using stub = serveStub((_, path) => {
    if (!path.endsWith("/$batch")) return Response.json({ value: [stored({ statecode: 1 })] });
    const text = `--r\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${
      answered("c", 204, "", {})
    }--c--\r\n--r--\r\n`;
    return new Response(text, { headers: { "Content-Type": "multipart/mixed; boundary=r" } });
  });
  const [outcome] = await connect(stub).orders.write([update({ description: "x" })], { fields: [] });
  assertEquals(outcome?.kind, "unknown");
});

Deno.test("write() fills batches up to what the service takes, and refuses an order that alone is more", async () => {
  const { stub, batches } = serveOrders({ orders: [1, 2, 3, 4].map((n) => stored({ salesorderid: chosen(n) })) });
  await using _ = stub;
  const write = (n: number, count: number): Write => ({
    ...update({}),
    id: chosen(n),
    parts: Array.from({ length: count }, (_, k) => part("delete", line(n * 1_000 + k))),
  });
  const outcomes = await connect(stub).orders.write([write(1, 600), write(2, 390), write(3, 10), write(4, 996)], {
    fields: [],
  });
  assertEquals(outcomes.map((outcome) => outcome.kind === "refused" ? outcome.code : outcome.kind), [
    "ok",
    "ok",
    "ok",
    "order_too_large",
  ]);
  const sizes = batches.map((batch) => batch.map((set) => set.length));
  assertEquals(sizes.toSorted((one, other) => other.length - one.length), [[602, 392], [12]]);
});

const wrong: readonly (readonly [string, Write])[] = [
  ["an unknown field", update({ nmae: "x" })],
  ["a total", update({ totalamount: "1" })],
  ["an order number later on", update({ ordernumber: "S-2" })],
  ["an amount of a line that is computed", update({}, [part("update", line(1), { extendedamount: "1" })])],
  ["a line's key that is no id", update({}, [part("delete", "10000")])],
  ["no id", { ...update({}), id: null }],
];
for (const [what, write] of wrong) {
  Deno.test(`write() of an order throws TypeError for ${what}, before anything is sent`, async () => {
    const { stub } = serveOrders({});
    await using _ = stub;
    const good = update({}, [part("create", line(9), { productid: chosen(4), quantity: "1" })]);
    await assertRejects(() => connect(stub).orders.write([good, write], wanted), TypeError);
    assertEquals(stub.seen, []);
  });
}

/** Serves many orders with a line each; `tracked`: tables with change tracking. */
function serveMany(count: number, tracked: readonly string[] = []): Stub {
  const ids = Array.from({ length: count }, (_, n) => chosen(n + 1));
  return serveStub((_, path) => {
    const isLink = path.includes("/salesorder") && !path.includes("%24filter") && !path.includes("$filter");
    const link = isLink ? { "@odata.deltaLink": `/api/data/v9.2/x?$deltatoken=1` } : {};
    if (path.includes("EntityDefinitions")) {
      return Response.json({ value: tracked.map((LogicalName) => ({ LogicalName })) });
    }
    if (path.includes("/salesorders?")) {
      return Response.json({ value: ids.map((salesorderid) => stored({ salesorderid })), ...link });
    }
    const asked = decodeURIComponent(path).matchAll(/_salesorderid_value eq (\S{36})/g);
    const heads = path.includes("_salesorderid_value%20eq") ? [...asked].map(([, head]) => head!) : ids;
    const lines = heads.map((head) => storedLine(line(ids.indexOf(head)), { _salesorderid_value: head }));
    return Response.json({ value: lines, ...link });
  });
}
/** Without the one that asks for the line that changed last. */
function readsOfLines(stub: Stub): string[] {
  return stub.seen.filter((request) => request.includes("/salesorderdetails?") && !request.includes("top=1"));
}

Deno.test("read() of everything finds lines by their orders while that is one request, else among all lines", async () => {
  for (
    const [count, tracked, byOrders] of [[50, [], true], [1_000, [], false], [50, ["salesorderdetail"], false]] as const
  ) {
    await using stub = serveMany(count, tracked);
    const { rows } = await readAll(connect(stub).orders, { fields: ["name"], partFields: ["quantity"] });
    assertEquals([rows.length, rows.every(({ parts }) => parts?.length === 1)], [count, true]);
    const reads = readsOfLines(stub);
    assertEquals([reads.length, reads[0]!.includes("_salesorderid_value%20eq")], [1, byOrders]);
  }
});

Deno.test("read() gives up finding lines among all lines once asking by orders would have been cheaper", async () => {
  const ids = Array.from({ length: 250 }, (_, n) => chosen(n + 1));
  await using stub = serveStub((_, path) => {
    if (path.includes("EntityDefinitions")) return Response.json({ value: [] });
    if (path.includes("/salesorders?")) {
      return Response.json({ value: ids.map((salesorderid) => stored({ salesorderid })) });
    }
    const heads = [...decodeURIComponent(path).matchAll(/_salesorderid_value eq (\S{36})/g)].map(([, head]) => head!);
    if (heads.length > 0) {
      return Response.json({
        value: heads.map((head) => storedLine(line(ids.indexOf(head)), { _salesorderid_value: head })),
      });
    }
    const page = Number(/page=(\d+)/.exec(path)?.[1] ?? "0") + 1;
    const other = storedLine(line(9_000 + page), { _salesorderid_value: chosen(999) });
    return Response.json({ value: [other], "@odata.nextLink": `/api/data/v9.2/salesorderdetails?page=${page}` });
  });
  const { rows } = await readAll(connect(stub).orders, { fields: ["name"], partFields: ["quantity"] });
  assertEquals(rows.every(({ parts }) => parts?.length === 1), true);
  const reads = readsOfLines(stub);
  const byOrders = reads.filter((request) => request.includes("_salesorderid_value%20eq")).length;
  assertEquals([byOrders, reads.length - byOrders], [3, 3]);
});

Deno.test("read() asks for the columns that made fields come from, and computes them exactly", async () => {
  const { stub } = serveOrders({
    orders: [stored({ totalamount: 119.01, totaltax: 19, freightamount: 7.5 })],
    lines: [
      storedLine(line(1), {
        quantity: 3,
        manualdiscountamount: 0.1,
        volumediscountamount: 0.065,
        isproductoverridden: false,
      }),
      storedLine(line(2), { lineitemnumber: 1, isproductoverridden: true, priceperunit: 0 }),
    ],
  });
  await using _ = stub;
  const { rows: [row] } = await readAll(connect(stub).orders, {
    fields: ["totalexcludingtax"],
    partFields: ["linediscount", "linetype", "isfreight"],
  });
  assertEquals(row!.data, { totalexcludingtax: "100.01" });
  assertEquals(row!.parts, [
    { key: line(2), data: { linediscount: "0", linetype: "comment", isfreight: false } },
    { key: line(1), data: { linediscount: "0.3", linetype: "product", isfreight: false } },
    { key: "freight", data: { linediscount: "0", linetype: "freight", isfreight: true } },
  ]);
  const selects = stub.seen.filter((request) => request.includes("/salesorder") && !request.includes("top=1"))
    .map((request) => new URL(request.slice(4), stub.url).searchParams.get("$select"));
  assertEquals(selects, [
    "salesorderid,freightamount,totalamount,totaltax,modifiedon",
    "salesorderdetailid,manualdiscountamount,volumediscountamount,quantity,isproductoverridden,priceperunit," +
    "_salesorderid_value,lineitemnumber,sequencenumber,createdon,modifiedon",
  ]);
});

Deno.test("open() of orders has nothing to restore: a change set takes effect as a whole or not at all", async () => {
  const { stub } = serveOrders({});
  await using _ = stub;
  assertEquals(connect(stub).orders.restore, undefined);
});
