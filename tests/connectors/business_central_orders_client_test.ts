/** What the connector asks of Business Central about orders and stock, request by request. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { PartWrite, Write } from "../../connectors/connector.ts";
import {
  api,
  change,
  companyId,
  connectorTo,
  custom,
  id,
  lineId,
  ordersOf,
  rawLine,
  rawOrder,
  wanted,
} from "./business_central_order_stub.ts";
import { serveStub, type Stub } from "./stub.ts";

/** Requests as "METHOD path body", the company's address left out. */
async function told(request: Request, path: string): Promise<string> {
  const short = decodeURIComponent(path).replace(api, "").replace(custom, "ext:");
  const body = await request.text();
  return [request.method, short.replace(/\?.*/, ""), body].filter((part) => part !== "").join(" ");
}

Deno.test("read() asks for orders with their lines in one request of 1,000, numbers to the last digit", async () => {
  let prefer: string | null = null;
  await using stub = serveStub((request) => {
    prefer = request.headers.get("Prefer");
    const text = JSON.stringify({ value: [rawOrder()] }).replace('"unitPrice":2', '"unitPrice":10.12345678901234567');
    return new Response(text, { headers: { "Content-Type": "application/json" } });
  });
  const opened = ordersOf(stub);
  const [page] = await Array.fromAsync(opened.read({ fields: ["number"], partFields: ["unitPrice", "lineObject"] }));
  assertEquals(prefer, "odata.maxpagesize=1000");
  assertEquals(stub.seen.filter((line) => line.startsWith("GET")).map(decodeURIComponent), [
    `GET ${api}/salesOrders?$select=id,number,lastModifiedDateTime,status,fullyShipped&$expand=salesOrderLines(` +
    "$select=id,sequence,lineType,lineObjectNumber,description,unitOfMeasureCode,quantity,unitPrice,discountAmount," +
    "amountExcludingTax,shipmentDate,shippedQuantity,invoicedQuantity,documentId)",
  ]);
  assertEquals(page?.rows[0]?.parts, [
    { key: "10000", data: { unitPrice: "10.12345678901234567", lineObject: "Item 1896-S" } },
  ]);
  assertEquals([page?.kind, page?.cursor], ["full", '{"modified":"2026-05-20T10:00:00.5Z"}']);
});

Deno.test("read() makes the state of status and shipping, and the object of type and number", async () => {
  const states = [
    ["Draft", false, "Draft"],
    ["In_x0020_Review", false, "In Review"],
    ["Open", false, "Released"],
    ["Open", true, "Shipped"],
    ["Draft", true, "Draft"],
  ] as const;
  const lines = [
    rawLine(10000),
    rawLine(20000, { lineType: "Resource", lineObjectNumber: "LINA" }),
    rawLine(30000, { lineType: "Fixed_x0020_Asset", lineObjectNumber: "FA1" }),
    rawLine(40000, { lineType: "Comment", lineObjectNumber: "" }),
  ];
  await using stub = serveStub((_, path) => {
    if (path.includes("generalLedgerSetup")) return Response.json({ value: [{ id, localCurrencyCode: "ISK" }] });
    if (path.includes("companyInformation")) return Response.json({ value: [{ id: lineId }] });
    const value = states.map(([status, fullyShipped], at) =>
      rawOrder({ id: id.replace(/1$/, String(at)), status, fullyShipped, salesperson: "", currencyCode: "" }, lines)
    );
    return Response.json({ value });
  });
  const fields = ["state", "currencyCode", "salespersonCode", "companyId"];
  const [page] = await Array.fromAsync(ordersOf(stub).read({ fields, partFields: ["lineObject", "comment"] }));
  assertEquals(page!.rows.map((row) => row.data["state"]), states.map(([, , state]) => state));
  assertEquals([page!.rows[0]!.data["currencyCode"], page!.rows[0]!.data["salespersonCode"]], ["ISK", null]);
  assertEquals(page!.rows[0]!.data["companyId"], lineId);
  assertEquals(page!.rows[0]!.parts!.map(({ data }) => [data["lineObject"], data["comment"]]), [
    ["Item 1896-S", false],
    ["Resource LINA", false],
    ["Fixed Asset FA1", false],
    [null, true],
  ]);
});

Deno.test("the version of an order changes with what its lines hold, not with their versions", async () => {
  const versions: string[] = [];
  for (const line of [rawLine(10000), rawLine(10000, { "@odata.etag": "W/x" }), rawLine(10000, { quantity: 2 })]) {
    await using stub = serveStub(() => Response.json({ value: [rawOrder({}, [line])] }));
    const [page] = await Array.fromAsync(ordersOf(stub).read(wanted));
    versions.push(page!.rows[0]!.version);
  }
  assertEquals([versions[0] === versions[1], versions[0] === versions[2]], [true, false]);
});

Deno.test("write() creates orders in batches of at most 20, blanks left out, the discount once the lines are there", async () => {
  const idOf = (n: number) => id.replace(/01$/, n.toString(16).padStart(2, "0"));
  const batches: { url: string; method: string; body: Record<string, unknown> }[][] = [];
  const patches: string[] = [];
  await using stub = serveStub(async (request, path) => {
    if (path.endsWith("$batch")) {
      const { requests } = await request.json();
      batches.push(requests);
      const responses = requests.map((one: { id: string }, at: number) => {
        return { id: one.id, status: 201, body: { id: idOf(at) } };
      });
      return Response.json({ responses });
    }
    if (request.method === "PATCH") patches.push(await told(request, path));
    return Response.json({ value: Array.from({ length: 20 }, (_, at) => rawOrder({ id: idOf(at) })) });
  });
  const line: PartWrite = {
    op: "create",
    key: "10000",
    fields: {
      lineObject: "Item 1896-S",
      unitPrice: "0.10",
      quantity: "2",
      unitOfMeasureCode: null,
      discountAmount: "0.5",
    },
  };
  const comment: PartWrite = {
    op: "create",
    key: "20000",
    fields: { lineObject: null, description: "Hi", quantity: "1" },
  };
  const fields = { customerId: id, externalDocumentNumber: "SO-1", orderDate: null, discountAmount: "3" };
  const creation: Write = { op: "create", id: null, version: null, fields, parts: [line, comment] };
  const outcomes = await ordersOf(stub).write(Array.from({ length: 25 }, () => creation), wanted);
  assertEquals(batches.map((batch) => batch.length), [20, 5]);
  assertEquals([batches[0]![0]!.method, batches[0]![0]!.url], ["POST", `companies(${companyId})/salesOrders`]);
  assertEquals(
    JSON.stringify(batches[0]![0]!.body),
    `{"customerId":"${id}","externalDocumentNumber":"SO-1","salesOrderLines":[` +
      '{"sequence":10000,"lineType":"Item","lineObjectNumber":"1896-S","quantity":2,"unitPrice":0.1,"discountAmount":0.5},' +
      '{"sequence":20000,"lineType":"Comment","description":"Hi"}]}',
  );
  assertEquals(patches.length, 25);
  assertEquals(patches[1], `PATCH /salesOrders(${id}) {"discountAmount":3}`);
  assertEquals(stub.seen.filter((line) => line.startsWith("GET")).length, 4); // before and after the discounts
  assertEquals(outcomes.map(({ kind }) => kind), Array.from({ length: 25 }, () => "ok"));
});

Deno.test("write() opens a released order by the extension, writes head, lines and discount, and releases it", async () => {
  let now: ReturnType<typeof rawOrder> = rawOrder({ status: "Open" }, [rawLine(10000), rawLine(20000)]);
  const seen: string[] = [];
  const matches: (string | null)[] = [];
  await using stub = serveStub(async (request, path) => {
    if (request.method !== "GET") {
      matches.push(request.headers.get("If-Match"));
      seen.push(await told(request, path));
    }
    if (path.endsWith("reopen")) now = { ...now, "@odata.etag": 'W/"2"', status: "Draft" };
    if (path.endsWith("release")) now = { ...now, status: "Open" };
    if (request.method === "POST" && path.includes("NAV")) return new Response(null, { status: 204 });
    return path.includes("salesOrders?") ? Response.json({ value: [now] }) : Response.json(now);
  });
  const opened = ordersOf(stub, { extension: true });
  const [page] = await Array.fromAsync(opened.read(wanted));
  const [outcome] = await opened.write([
    change(page!.rows[0]!.version, { shipToCity: "Vík", discountAmount: "1", customerId: id, yourReference: "R" }, [
      { op: "update", key: "10000", fields: { unitPrice: "3" } },
      { op: "delete", key: "20000", fields: {} },
      { op: "create", key: "30000", fields: { lineObject: "Resource LINA", quantity: "1" } },
    ]),
  ], wanted);
  assertEquals(outcome?.kind, "ok");
  assertEquals(seen, [
    `POST ext:/salesOrders(${id})/Microsoft.NAV.reopen {}`,
    `PATCH /salesOrders(${id}) {"customerId":"${id}","shipToCity":"Vík"}`,
    `PATCH /salesOrders(${id})/salesOrderLines(${lineId}) {"unitPrice":3}`,
    `POST /salesOrders(${id})/salesOrderLines ` +
    '{"sequence":30000,"lineType":"Resource","lineObjectNumber":"LINA","quantity":1}',
    `DELETE /salesOrders(${id})/salesOrderLines(${lineId.replace(/1$/, "2")})`,
    `PATCH /salesOrders(${id}) {"discountAmount":1}`,
    `PATCH ext:/salesOrders(${id}) {"yourReference":"R"}`,
    `POST ext:/salesOrders(${id})/Microsoft.NAV.release {}`,
  ]);
  assertEquals(matches, [null, 'W/"2"', 'W/"L10000"', null, 'W/"L20000"', 'W/"2"', "*", null]);
});

Deno.test("write() sends a line again when only its version moved, and gives way when its content did", async () => {
  for (const content of ["same", "other"]) {
    let tries = 0;
    let now = rawOrder();
    await using stub = serveStub((request, path) => {
      if (request.method === "PATCH") {
        if (++tries > 1) return Response.json({});
        now = rawOrder({}, [rawLine(10000, { "@odata.etag": 'W/"L2"', quantity: content === "same" ? 1 : 5 })]);
        return Response.json({ error: { code: "Request_EntityChanged", message: "changed" } }, { status: 409 });
      }
      return path.includes("salesOrders?") ? Response.json({ value: [now] }) : Response.json(now);
    });
    const opened = ordersOf(stub);
    const [page] = await Array.fromAsync(opened.read(wanted));
    const part: PartWrite = { op: "update", key: "10000", fields: { description: "Table" } };
    const [outcome] = await opened.write([change(page!.rows[0]!.version, {}, [part])], wanted);
    assertEquals([outcome?.kind, tries], content === "same" ? ["ok", 2] : ["moved", 1]);
  }
});

Deno.test("write() says so when it gave way to somebody and the order can't be released again", async () => {
  let now = rawOrder({ status: "Open" });
  await using stub = serveStub((_, path) => {
    if (path.endsWith("reopen")) {
      now = rawOrder({ status: "Draft" }, [rawLine(10000, { quantity: 5 })]); // somebody was at the line
      return new Response(null, { status: 204 });
    }
    if (path.endsWith("release")) {
      const error = { code: "Application_DialogException", message: "A posting group is missing." };
      return Response.json({ error }, { status: 400 });
    }
    return path.includes("salesOrders?") ? Response.json({ value: [now] }) : Response.json(now);
  });
  const opened = ordersOf(stub, { extension: true });
  const [page] = await Array.fromAsync(opened.read(wanted));
  const [outcome] = await opened.write([change(page!.rows[0]!.version, { shipToName: "X" })], wanted);
  assertEquals(outcome?.kind === "refused" && [outcome.code, outcome.unrestored], ["order_not_released", true]);
});

for (const canBeReleased of [true, false]) {
  Deno.test(`write() names line and field that the service refuses, of an order that can${canBeReleased ? "" : "'t"} be released again`, async () => {
    let status = "Open";
    await using stub = serveStub((request, path) => {
      if (path.endsWith("reopen")) status = "Draft";
      if (path.endsWith("release") && !canBeReleased) {
        const error = { code: "Application_DialogException", message: "A posting group is missing." };
        return Response.json({ error }, { status: 400 });
      }
      if (path.endsWith("release")) status = "Open";
      if (path.includes("NAV")) return new Response(null, { status: 204 });
      const message = 'The field "unitPrice" must be positive.  CorrelationId:  aaaaaaaa-0000-4000-8000-000000000001.';
      if (request.method === "PATCH") {
        return Response.json({ error: { code: "Application_FieldValidationException", message } }, { status: 400 });
      }
      return path.includes("salesOrders?")
        ? Response.json({ value: [rawOrder({ status })] })
        : Response.json(rawOrder({ status }));
    });
    const opened = ordersOf(stub, { extension: true });
    const [page] = await Array.fromAsync(opened.read(wanted));
    const part: PartWrite = { op: "update", key: "10000", fields: { unitPrice: "-1" } };
    const [outcome] = await opened.write([change(page!.rows[0]!.version, {}, [part])], wanted);
    const code = "Application_FieldValidationException";
    const message = 'Line 10000: The field "unitPrice" must be positive.';
    if (canBeReleased) assertEquals(outcome, { kind: "refused", code, message, field: "10000/unitPrice" });
    else {
      if (outcome?.kind !== "refused" || !outcome.unrestored) {
        throw new Error(`not left open: ${JSON.stringify(outcome)}`);
      }
      assertEquals([outcome.code, outcome.field], ["order_not_released", "10000/unitPrice"]);
      assertMatch(
        outcome.message,
        /^Line 10000: The field "unitPrice" must be positive \(Application_FieldValidationException\)\. Cannot release .*: A posting group is missing; release it/,
      );
    }
    assertEquals(status, canBeReleased ? "Open" : "Draft");
  });
}

Deno.test("restore() releases what the extension says was opened for a change, and nothing else", async () => {
  const cases = [
    { status: "Draft", openedForChange: true, released: 1 },
    { status: "Draft", openedForChange: false, released: 0 }, // a person reopened it
    { status: "Open", openedForChange: true, released: 0 },
  ];
  for (const { status, openedForChange, released } of cases) {
    await using stub = serveStub((_, path) => {
      if (path.includes("NAV")) return new Response(null, { status: 204 });
      return Response.json(path.startsWith(custom) ? { value: [{ id, openedForChange }] } : rawOrder({ status }));
    });
    assertEquals(await ordersOf(stub, { extension: true }).restore!(change('W/"1"', {})), null);
    assertEquals(stub.seen.filter((line) => line.endsWith("Microsoft.NAV.release")).length, released);
  }
  await using stub = serveStub(() => Response.json(rawOrder()));
  assertEquals(await ordersOf(stub).restore!(change("x", {})), null);
  assertEquals(stub.seen, []); // without the extension nothing can have been opened
});

Deno.test("restore() gives back a refusal, but for an order that its prepayment closed again", async () => {
  for (const after of ["Draft", "Open"]) {
    let status = "Draft";
    await using stub = serveStub((_, path) => {
      if (path.startsWith(custom) && !path.includes("NAV")) {
        return Response.json({ value: [{ id, openedForChange: true }] });
      }
      if (!path.includes("NAV")) return Response.json(rawOrder({ status }));
      status = after;
      const error = { code: "Application_DialogException", message: "There are unpaid prepayment invoices." };
      return Response.json({ error }, { status: 400 });
    });
    const refused = await ordersOf(stub, { extension: true }).restore!(change('W/"1"', {}));
    assertEquals(
      refused,
      after === "Open" ? null : {
        kind: "refused",
        code: "order_not_released",
        message: 'Cannot release the order "S-ORD1" again after its change: There are unpaid prepayment invoices; ' +
          "release it in Business Central",
        unrestored: true,
      },
    );
  }
});

Deno.test("read() joins the extension's page by id, only when its fields are asked for", async () => {
  await using stub = serveStub((_, path) => {
    return Response.json({
      value: [path.startsWith(custom) ? { id, yourReference: "R", quoteNumber: "" } : rawOrder()],
    });
  });
  const opened = ordersOf(stub, { extension: true });
  const [page] = await Array.fromAsync(opened.read({ fields: ["yourReference", "quoteNumber"] }));
  assertEquals(page!.rows[0]!.data, { yourReference: "R", quoteNumber: null });
  await Array.fromAsync(opened.read({ fields: ["yourReference"], ids: [id] }));
  await Array.fromAsync(opened.read({ fields: ["number"] }));
  const asked = stub.seen.filter((line) => line.includes(custom)).map((line) =>
    decodeURIComponent(line.split("?")[1]!)
  );
  assertEquals(asked, ["$select=id,yourReference,quoteNumber", `$select=id,yourReference&$filter=id eq ${id}`]);
});

Deno.test("an order that waits for its prepayment is told from a released one by the extension", async () => {
  const seen: unknown[] = [];
  for (const extension of [true, false]) {
    await using stub = serveStub((_, path) => {
      const isOwn = path.startsWith(custom);
      const orders = [["Open", false], ["Open", false], ["Open", true], ["Draft", false]] as const;
      const statuses = ["Pending_x0020_Prepayment", "Released", "Released", "Open"];
      const value = orders.map(([status, fullyShipped], at) => {
        const own = { id: id.replace(/1$/, String(at)) };
        return isOwn ? { ...own, status: statuses[at] } : rawOrder({ ...own, status, fullyShipped });
      });
      return Response.json({ value });
    });
    const [page] = await Array.fromAsync(ordersOf(stub, { extension }).read({ fields: ["state"] }));
    seen.push(page!.rows.map((row) => row.data["state"]));
  }
  assertEquals(seen, [
    ["Pending Prepayment", "Released", "Shipped", "Draft"],
    ["Released", "Released", "Shipped", "Draft"],
  ]);
});

Deno.test("whatever reading orders asks for stops when the run is given up", async () => {
  const fields = ["lastShipmentDate", "yourReference"];
  for (const at of ["/salesOrders?", `${custom}/salesOrders?`, "/salesShipments?", "/rest", "/salesInvoices?"]) {
    const stop = new AbortController();
    await using stub = serveStub((_, path) => {
      const url = path.replace(/[?].*/, "?");
      const isHere = url.includes(at) && (at.startsWith(custom) || !url.startsWith(custom));
      if (isHere) {
        stop.abort(new Error("given up"));
        return Response.json({ error: { code: "Late", message: "Nobody waits for this" } }, { status: 400 });
      }
      if (path.startsWith(custom)) return Response.json({ value: [{ id, yourReference: "R" }] });
      const link = `${stub.url}${api}/rest`;
      return Response.json({
        value: [{ ...rawOrder({ fullyShipped: true }), "salesOrderLines@odata.nextLink": link }],
      });
    });
    const ids = at === "/salesInvoices?" ? { ids: [lineId] } : {};
    const reading = Array.fromAsync(ordersOf(stub, { extension: true }).read({ fields, ...ids, signal: stop.signal }));
    const given = await reading.then(() => "read to the end", (error) => error.message);
    assertEquals(given, "given up", at);
  }
});

const item = (n: number, more: Record<string, unknown> = {}) => ({
  "@odata.etag": 'W/"1"',
  id: id.replace(/1$/, String(n)),
  number: `I${n}`,
  inventory: 5,
  lastModifiedDateTime: "2026-05-20T08:00:00Z",
  ...more,
});
const entry = (itemNumber: string, lastModifiedDateTime: string) => ({ itemNumber, lastModifiedDateTime });
/** Items by what the filter asks for, and the ledger's entries of an answer. */
function stockOf(
  entries: readonly unknown[],
  changed: readonly unknown[],
): (request: Request, path: string) => Response {
  return (_, path) => {
    const text = decodeURIComponent(path);
    if (text.includes("/itemLedgerEntries")) return Response.json({ value: entries });
    const numbers = [...text.matchAll(/number eq 'I(\d)'/g)].map((match) => item(Number(match[1])));
    return Response.json({ value: numbers.length > 0 ? numbers : changed });
  };
}
function asked(stub: Stub): string[] {
  return stub.seen.filter((line) => line.startsWith("GET")).map((line) => {
    return decodeURIComponent(line).replace(`GET ${api}/`, "").replace(/\$select=[^&]*&?/, "");
  });
}
const stock = ["number", "inventory"];

Deno.test("a full reading of items starts at the newest entry of the ledger", async () => {
  await using stub = serveStub(stockOf([entry("I1", "2026-05-20T09:00:00Z")], [item(1)]));
  const [page] = await Array.fromAsync(connectorTo(stub).open(bc.items).read({ fields: stock }));
  assertEquals(asked(stub), ["itemLedgerEntries?$orderby=lastModifiedDateTime desc&$top=1", "items?"]);
  assertEquals(page?.cursor, '{"modified":"2026-05-20T08:00:00Z","ledger":"2026-05-20T09:00:00Z"}');
});

Deno.test("a reading of changed items brings those whose stock moved, the overlap counted apart", async () => {
  const entries = [
    entry("I2", "2026-05-20T08:30:00Z"), // before the cursor: it may have appeared late
    entry("I3", "2026-05-20T09:30:00.5Z"),
    entry("I1", "2026-05-20T09:40:00Z"), // changed itself, so it came already
  ];
  await using stub = serveStub(stockOf(entries, [item(1)]));
  const connector = connectorTo(stub);
  const since = '{"modified":"2026-05-20T08:00:00Z","ledger":"2026-05-20T09:00:00Z"}';
  const pages = await Array.fromAsync(connector.open(bc.items).read({ fields: stock, since }));
  assertEquals(asked(stub), [
    "items?$filter=lastModifiedDateTime ge 2026-05-20T07:00:00.000Z",
    "itemLedgerEntries?$filter=lastModifiedDateTime ge 2026-05-20T08:00:00.000Z",
    "items?$filter=number eq 'I3'",
    "items?$filter=number eq 'I2'",
  ]);
  assertEquals(pages.flatMap(({ rows }) => rows.map((row) => row.data["number"])), ["I1", "I3", "I2"]);
  assertEquals(pages.map(({ kind }) => kind), pages.map(() => "delta"));
  assertEquals(pages.map(({ cursor }) => cursor), [
    ...pages.slice(1).map(() => null),
    '{"modified":"2026-05-20T08:00:00Z","ledger":"2026-05-20T09:40:00Z"}',
  ]);
  const { read, lookups, overlap } = connector.requests();
  assertEquals({ read, lookups, overlap }, { read: 2, lookups: 1, overlap: 1 });
});

Deno.test("nothing moved: the ledger costs one request, counted as a lookup", async () => {
  await using stub = serveStub(stockOf([], []));
  const connector = connectorTo(stub);
  const since = '{"modified":"2026-05-20T08:00:00Z","ledger":null}';
  const pages = await Array.fromAsync(connector.open(bc.items).read({ fields: stock, since }));
  assertEquals(asked(stub)[1], "itemLedgerEntries?");
  assertEquals(pages.at(-1)?.cursor, since);
  assertEquals([connector.requests().read, connector.requests().lookups], [1, 1]);
});

Deno.test("a cursor from before the ledger was followed reads all items once more; without stock nothing changes", async () => {
  await using stub = serveStub(stockOf([], [item(1)]));
  const opened = connectorTo(stub).open(bc.items);
  const since = '{"modified":"2026-05-20T08:00:00Z"}';
  const pages = await Array.fromAsync(opened.read({ fields: stock, since }));
  assertEquals(asked(stub), ["itemLedgerEntries?$orderby=lastModifiedDateTime desc&$top=1", "items?"]);
  assertEquals([pages[0]?.kind, pages[0]?.cursor], ["delta", '{"modified":"2026-05-20T08:00:00Z","ledger":null}']);
  const [plain] = await Array.fromAsync(opened.read({ fields: ["number"], since }));
  assert(!asked(stub).slice(2).some((line) => line.includes("Ledger")));
  assertEquals(plain?.cursor, since);
});
