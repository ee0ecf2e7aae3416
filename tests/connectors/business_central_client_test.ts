/** The connector against answers that a well-behaved service gives seldom. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openBusinessCentral } from "../../connectors/business_central/client.ts";
import { bc } from "../../connectors/business_central/entities.ts";
import type { Connector, Fields, Write } from "../../connectors/connector.ts";
import { ServiceError } from "../../errors.ts";
import { openGate, serveStub, type Stub, testClock, tokenOf } from "./stub.ts";

const companyId = "cccccccc-0000-4000-8000-000000000001";
const root = "/v2.0/tenant/production/api/v2.0";
const id = "aaaaaaaa-0000-4000-8000-000000000001";

interface More {
  readonly clock?: ReturnType<typeof testClock>;
  readonly limiter?: ReturnType<typeof openGate>;
  readonly rate?: string;
}
function connectorTo(stub: Stub, more: More = {}): Connector {
  return openBusinessCentral({
    baseUrl: `${stub.url}/v2.0/tenant/production`,
    companyId,
    token: tokenOf(stub),
    limiter: more.limiter ?? openGate(),
    clock: more.clock ?? testClock(),
    rateCurrency: () => Promise.resolve(more.rate ?? null),
  });
}
/** Answers lists by their set; every other set is empty. */
function lists(rows: Record<string, unknown[]>): (request: Request, path: string) => Response {
  return (_, path) => {
    const set = /companies\([^)]*\)\/(\w+)/.exec(path)?.[1] ?? "";
    return Response.json({ value: rows[set] ?? [] });
  };
}
const unit = {
  "@odata.etag": 'W/"1"',
  id,
  code: "BOX",
  displayName: "Box",
  lastModifiedDateTime: "2026-05-20T10:00:00.5Z",
};

interface Asked {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
}
type Answered = { status: number; headers?: Record<string, string>; body?: unknown };
/** Serves $batch: each list of answers stands for one batch; a number is an answer with the row or a bare error. */
function batches(rounds: (Answered | null)[][], seen: Asked[][]): (request: Request) => Promise<Response> {
  return async (request) => {
    const { requests } = await request.json() as { requests: Asked[] };
    seen.push(requests);
    const answers = rounds.shift() ?? [];
    const responses = requests.flatMap((asked, at) => {
      const answer = answers[at];
      return answer === null || answer === undefined ? [] : [{ id: asked.id, headers: {}, ...answer }];
    });
    return Response.json({ responses });
  };
}
function created(code: string): Answered {
  return { status: 201, body: { ...unit, code } };
}
function failed(status: number, code = "", message = ""): Answered {
  return { status, body: { error: { code, message } } };
}
function create(fields: Fields): Write {
  return { op: "create", id: null, version: null, fields };
}
function update(fields: Fields): Write {
  return { op: "update", id, version: 'W/"1"', fields };
}
const box = create({ code: "BOX", displayName: "Box" });

Deno.test("write() sends versions, relative addresses and exact values in one batch", async () => {
  const seen: Asked[][] = [];
  let prefer: string | null = null;
  const serve = batches([[failed(409, "Request_EntityChanged"), created("X")]], seen);
  await using stub = serveStub((request, path) => {
    assertEquals([request.method, path], ["POST", `${root}/$batch`]);
    prefer = request.headers.get("Prefer");
    return serve(request);
  });
  const opened = connectorTo(stub).open(bc.items);
  await opened.write([update({ unitPrice: "0.10", gtin: null, type: "Non-Inventory" }), create({ gtin: null })], {
    fields: [],
  });
  assertEquals(prefer, "odata.continue-on-error");
  assertEquals(seen[0]?.map(({ method, url, headers, body }) => ({ method, url, match: headers["If-Match"], body })), [
    {
      method: "PATCH",
      url: `companies(${companyId})/items(${id})`,
      match: 'W/"1"',
      body: { unitPrice: 0.1, gtin: "", type: "Non_x002D_Inventory" },
    },
    { method: "POST", url: `companies(${companyId})/items`, match: undefined, body: {} },
  ]);
});

Deno.test("write() sends the country before what it blanks", async () => {
  const seen: Asked[][] = [];
  await using stub = serveStub(batches([[failed(409, "Request_EntityChanged")]], seen));
  const fields = { displayName: "A", postalCode: "90-001", city: "Łódź", country: "PL", email: null };
  await connectorTo(stub).open(bc.customers).write([update(fields)], { fields: [] });
  assertEquals(
    JSON.stringify(seen[0]![0]!.body),
    '{"country":"PL","displayName":"A","postalCode":"90-001","city":"Łódź","email":""}',
  );
});

Deno.test("write() calls unknown only the stored row that can't be understood", async () => {
  const bad = { status: 201, body: { ...unit, code: 7 } };
  await using stub = serveStub(batches([[created("A"), bad, created("C")]], []));
  const writes = ["A", "B", "C"].map((code) => create({ code }));
  const outcomes = await connectorTo(stub).open(bc.unitsOfMeasure).write(writes, { fields: ["code"] });
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "unknown", "ok"]);
});

Deno.test("every request asks for messages in English", async () => {
  const languages: (string | null)[] = [];
  await using stub = serveStub(async (request) => {
    languages.push(request.headers.get("Accept-Language"));
    await request.body?.cancel();
    return Response.json({ value: [], responses: [] });
  });
  const opened = connectorTo(stub).open(bc.unitsOfMeasure);
  await Array.fromAsync(opened.read({ fields: ["code"] }));
  await opened.write([box], { fields: [] });
  assertEquals(languages, ["en-US", "en-US"]);
});

Deno.test("write() sends again what the service was too busy for, and nothing else", async () => {
  const seen: Asked[][] = [];
  const busy = { ...failed(429), headers: { "retry-after": "9" } };
  await using stub = serveStub(batches([
    [created("A"), busy, failed(503), failed(400, "Bad")],
    [failed(503), created("C")],
    [created("B")],
  ], seen));
  const clock = testClock();
  const limiter = openGate();
  const opened = connectorTo(stub, { clock, limiter }).open(bc.unitsOfMeasure);
  const writes = ["A", "B", "C", "D"].map((code) => create({ code }));
  const outcomes = await opened.write(writes, { fields: ["code"] });
  assertEquals(outcomes.map((outcome) => outcome.kind === "ok" ? outcome.row.data["code"] : outcome.kind), [
    "A",
    "B",
    "C",
    "refused",
  ]);
  assertEquals(seen.map((round) => round.map(({ body }) => body["code"])), [["A", "B", "C", "D"], ["B", "C"], ["B"]]);
  assertEquals([clock.slept, limiter.slowed], [[9_500, 2_000], [9_500]]);
});

Deno.test("write() sends a creation no second time after a failure that may have come too late", async () => {
  const seen: Asked[][] = [];
  await using stub = serveStub(batches([[failed(500), failed(504), failed(408), failed(502)]], seen));
  const writes = ["A", "B", "C", "D"].map((code) => create({ code }));
  const outcomes = await connectorTo(stub).open(bc.unitsOfMeasure).write(writes, { fields: [] });
  assertEquals([outcomes.map(({ kind }) => kind), seen.length], [["unknown", "unknown", "unknown", "unknown"], 1]);
});

Deno.test("write() gives up on a busy service with its last refusal", async () => {
  const seen: Asked[][] = [];
  await using stub = serveStub(
    batches(Array.from({ length: 9 }, () => [failed(503, "Internal_TenantUnavailable")]), seen),
  );
  const [outcome] = await connectorTo(stub).open(bc.unitsOfMeasure).write([box], { fields: [] });
  assertEquals([outcome?.kind, seen.length], ["refused", 5]);
});

Deno.test("write() sends on what stood behind a failure that ended the batch", async () => {
  const seen: Asked[][] = [];
  await using stub = serveStub(batches([[created("A"), failed(400, "Bad"), null], [created("C")]], seen));
  const writes = ["A", "B", "C"].map((code) => create({ code }));
  const outcomes = await connectorTo(stub).open(bc.unitsOfMeasure).write(writes, { fields: [] });
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "refused", "ok"]);
});

Deno.test("write() calls unknown what has no answer", async () => {
  const seen: Asked[][] = [];
  await using stub = serveStub(batches([[created("A"), null], [failed(504), failed(502)]], seen));
  const opened = connectorTo(stub).open(bc.unitsOfMeasure);
  const two = [box, box];
  assertEquals((await opened.write(two, { fields: [] })).map(({ kind }) => kind), ["ok", "unknown"]);
  assertEquals((await opened.write(two, { fields: [] })).map(({ kind }) => kind), ["unknown", "unknown"]);
  await using broken = serveStub(() => new Response("{", { headers: { "Content-Type": "application/json" } }));
  const [outcome] = await connectorTo(broken).open(bc.unitsOfMeasure).write([box], { fields: [] });
  assertEquals(outcome?.kind, "unknown");
  assertEquals(broken.seen.filter((line) => line.endsWith("$batch")).length, 1);
});

Deno.test("write() throws when nothing was attempted", async () => {
  await using stub = serveStub(() => new Response(null, { status: 403 }));
  const opened = connectorTo(stub).open(bc.unitsOfMeasure);
  const error = await assertRejects(() => opened.write([box], { fields: [] }), ServiceError);
  assertEquals(error.code, "forbidden");
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => opened.write([box], { fields: [], signal }), Error, "enough");
});

Deno.test("write() tells the outcomes apart", async () => {
  const cases: [Write, Answered, unknown][] = [
    [update({ displayName: "x" }), failed(409, "Request_EntityChanged"), { kind: "moved" }],
    [update({ displayName: "x" }), failed(412), { kind: "moved" }],
    [update({ displayName: "x" }), failed(404, "Internal_RecordNotFound"), { kind: "missing" }],
    [box, failed(404, "BadRequest_NotFound", "no"), { kind: "refused", code: "BadRequest_NotFound", message: "no" }],
    [
      update({ displayName: "x", symbol: "y" }),
      failed(400, "Application_StringExceededLength", "The value of displayName is too long.  CorrelationId:  12ab-3."),
      {
        kind: "refused",
        code: "Application_StringExceededLength",
        message: "The value of displayName is too long.",
        field: "displayName",
      },
    ],
    [
      update({ displayName: "x", symbol: "y" }),
      failed(400, "", "A symbol of another kind"),
      { kind: "refused", code: "status_400", message: "A symbol of another kind" },
    ],
    [
      update({ symbol: "y" }),
      failed(400, "Bad", "The field Symbol is wrong"),
      { kind: "refused", code: "Bad", message: "The field Symbol is wrong", field: "symbol" },
    ],
    [box, { status: 201, body: { ...unit, code: 7 } }, "unknown"],
  ];
  for (const [write, answer, expected] of cases) {
    await using stub = serveStub(batches([[answer]], []));
    const [outcome] = await connectorTo(stub).open(bc.unitsOfMeasure).write([write], { fields: ["code"] });
    assertEquals(typeof expected === "string" ? outcome?.kind : outcome, expected);
  }
});

Deno.test("write() keeps the outcomes of other batches when one can't be sent", async () => {
  let batch = 0;
  await using stub = serveStub(async (request) => {
    const { requests } = await request.json() as { requests: Asked[] };
    if (++batch === 2) return new Response(null, { status: 403 });
    return Response.json({ responses: requests.map((asked) => ({ id: asked.id, ...created("A") })) });
  });
  const writes = Array.from({ length: 150 }, () => box);
  const outcomes = await connectorTo(stub).open(bc.unitsOfMeasure).write(writes, { fields: [] });
  const kinds = Map.groupBy(outcomes, ({ kind }) => kind);
  assertEquals([outcomes.length, (kinds.get("ok")?.length ?? 0) + (kinds.get("unknown")?.length ?? 0)], [150, 150]);
  assertEquals(kinds.size, 2);
});

Deno.test("write() refuses fields that may not be written then, before anything is sent", async () => {
  await using stub = serveStub(() => Response.json({ responses: [] }));
  const connector = connectorTo(stub);
  const cases = [
    [bc.customers, update({ number: "1" }), "on create only"],
    [bc.customers, create({ balanceDue: "1" }), "never"],
    [bc.items, create({ inventory: "1" }), "never"],
    [bc.items, update({ baseUnitOfMeasureCode: "BOX" }), "on create only"],
    [bc.currencies, create({ exchangeRate: "1" }), "never"],
    [bc.persons, update({ customerId: id }), "on create only"],
    [bc.persons, create({ displayName: "x" }), "never"],
    [bc.customers, create({ colour: "red" }), "not known"],
    [bc.customers, { ...update({ city: "x" }), version: null }, "no id and version"],
  ] as const;
  for (const [entity, write, text] of cases) {
    await assertRejects(() => connector.open(entity).write([write], { fields: [] }), TypeError, text);
  }
  assertEquals(stub.seen, []);
});

Deno.test("write() sends a person under the company contact of its customer, or says why not", async () => {
  const seen: Asked[][] = [];
  const contacts = [
    { contactNumber: "CT1", contactType: "Company" },
    { contactNumber: "CT2", contactType: "Person" },
  ];
  const customers = lists({ customers: [{ id, contactsInformation: contacts }] });
  const person = { ...unit, type: "Person", companyNumber: "CT1", displayName: "Jón Ólafsson" };
  const serve = batches([[{ status: 201, body: person }]], seen);
  await using stub = serveStub((request, path) => request.method === "GET" ? customers(request, path) : serve(request));
  const opened = connectorTo(stub).open(bc.persons);
  const outcomes = await opened.write([
    create({ firstName: "Jón", middleName: null, lastName: "Ólafsson", customerId: id }),
    create({ lastName: "Ólafsson", customerId: "bbbbbbbb-0000-4000-8000-000000000001" }),
  ], { fields: ["customerId", "firstName"] });
  assertEquals(seen[0]?.map(({ body }) => body), [
    { type: "Person", displayName: "Jón Ólafsson", companyNumber: "CT1" },
  ]);
  const [first, second] = outcomes;
  assertEquals(first?.kind === "ok" ? first.row.data : first, { customerId: id, firstName: "Jón" });
  assertEquals(second?.kind === "refused" ? [second.code, second.field] : second, ["no_company_contact", "customerId"]);
  assertEquals(stub.seen.filter((line) => line.includes("customers")).length, 1);
});

Deno.test("read() gives every currency its rate of the day and a row for the local currency", async () => {
  const rate = (currencyCode: string, startingDate: string, worth: number) => ({
    currencyCode,
    startingDate,
    exchangeRateAmount: 100,
    relationalCurrencyCode: "",
    relationalExchangeRateAmount: worth,
  });
  const currency = (n: number, code: string) => ({ ...unit, id: id.replace(/1$/, String(n)), code });
  const setup = { "@odata.etag": 'W/"9"', id, localCurrencyCode: "ISK", localCurrencySymbol: "kr" };
  await using stub = serveStub(lists({
    currencies: [currency(2, "EUR"), currency(3, "USD")],
    currencyExchangeRates: [
      rate("EUR", "2026-05-20", 15000),
      rate("EUR", "2026-05-21", 20000),
      rate("USD", "0001-01-01", 12000),
    ],
    generalLedgerSetup: [setup],
  }));
  const clock = testClock();
  const opened = connectorTo(stub, { clock, rate: "USD" }).open(bc.currencies);
  const fields = ["code", "symbol", "exchangeRate"];
  const read = async (since?: string) => {
    const pages = await Array.fromAsync(opened.read({ fields, ...(since && { since }) }));
    return { pages, rates: pages.flatMap((page) => page.rows).map(({ data }) => [data["code"], data["exchangeRate"]]) };
  };
  await assertRejects(() => read(), ServiceError, '"symbol"');
  fields.splice(1, 1);
  const { pages, rates } = await read();
  assertEquals(rates, [["EUR", "0.8"], ["USD", "1"], ["ISK", "120"]]);
  clock.pass(86_400_000);
  const next = await read(pages[0]!.cursor!);
  assertEquals([next.rates[0], next.pages[0]?.kind], [["EUR", "0.6"], "full"]);
  const some = await Array.fromAsync(opened.read({ fields, ids: [id, id.replace(/1$/, "7")] }));
  assertEquals([some[0]?.rows.map((row) => row.data["code"]), some[0]?.deleted], [["ISK"], [id.replace(/1$/, "7")]]);
});

Deno.test("read() names the CRM's base currency where the ERP has no rate of it", async () => {
  const currencies = [{ ...unit, code: "EUR" }];
  const setup = { "@odata.etag": 'W/"9"', id, localCurrencyCode: "ISK" };
  await using stub = serveStub(lists({ currencies, generalLedgerSetup: [setup] }));
  const rateOf = (rate: string) => {
    const opened = connectorTo(stub, { rate }).open(bc.currencies);
    return Array.fromAsync(opened.read({ fields: ["code", "exchangeRate"] }));
  };
  for (const rate of ["EUR", "USD"]) {
    const error = await assertRejects(() => rateOf(rate), ServiceError, `"${rate}"`);
    assertEquals(error.code, "base_currency_unknown");
  }
  assertEquals((await rateOf("ISK"))[0]!.rows.map(({ data }) => data["exchangeRate"]), [null, "1"]);
});

Deno.test("read() asks for nothing that is not needed", async () => {
  const customer = { ...unit, displayName: "x", blocked: "_x0020_" };
  await using stub = serveStub(lists({ customers: [customer] }));
  const customers = connectorTo(stub).open(
    bc.customers.where({ type: "Company", paymentTermsCode: null, blocked: " " }),
  );
  await assertRejects(() => Array.fromAsync(customers.read({ fields: ["displayName"] })), ServiceError, '"type"');
  const path = stub.seen.find((line) => line.includes("/customers"))!.replace("GET ", "");
  const query = new URL(path, stub.url).searchParams;
  assertEquals(query.get("$select"), "id,displayName,type,paymentTermsId,blocked,lastModifiedDateTime");
  assertEquals(query.get("$filter"), "type eq 'Company'");
  await using empty = serveStub(lists({}));
  await Array.fromAsync(connectorTo(empty).open(bc.persons).read({ fields: ["customerId", "lastName"] }));
  assertEquals(empty.seen.filter((line) => line.startsWith("GET")).length, 1);
});

Deno.test("read() keeps the latest stamp that the service stated, whatever its digits", async () => {
  const stamps = ["2026-05-20T10:00:00.5Z", "2026-05-20T10:00:00Z", "2026-05-20T09:59:59.999Z"];
  const rows = stamps.map((lastModifiedDateTime, n) => ({
    ...unit,
    id: id.replace(/1$/, String(n)),
    lastModifiedDateTime,
  }));
  await using stub = serveStub(lists({ unitsOfMeasure: rows }));
  const opened = connectorTo(stub).open(bc.unitsOfMeasure);
  const [page] = await Array.fromAsync(opened.read({ fields: ["code"] }));
  assertEquals(JSON.parse(page!.cursor!), { modified: stamps[0] });
  await Array.fromAsync(opened.read({ fields: ["code"], since: page!.cursor! }));
  const query = new URL(stub.seen.at(-1)!.replace("GET ", ""), stub.url).searchParams;
  assertEquals(query.get("$filter"), "lastModifiedDateTime ge 2026-05-20T09:00:00.500Z");
});

Deno.test("read() refuses a cursor that is not its own, and a row that does not fit", async () => {
  await using stub = serveStub(lists({ unitsOfMeasure: [{ ...unit, displayName: 7 }] }));
  const opened = connectorTo(stub).open(bc.unitsOfMeasure);
  for (const since of ["", "https://crm.example/delta", "{}", '{"modified":"soon"}']) {
    const error = await assertRejects(() => Array.fromAsync(opened.read({ fields: ["code"], since })), ServiceError);
    assertEquals(error.code, "cursor_expired");
  }
  const error = await assertRejects(() => Array.fromAsync(opened.read({ fields: ["displayName"] })), ServiceError);
  assertEquals(error.code, "bad_row");
  for (const part of [id, "unitsOfMeasure", "displayName"]) assert(error.message.includes(`"${part}"`));
});

Deno.test("identity() names the company, and says when there is none", async () => {
  await using stub = serveStub((_, path) =>
    path === `${root}/companies(${companyId})` ? Response.json({ name: "CRONUS" }) : new Response(null, { status: 404 })
  );
  const { name, parts } = await connectorTo(stub).identity();
  assertEquals([name, parts], ["CRONUS", { tenant: "tenant", environment: "production", company: companyId }]);
  await using none = serveStub(() => Response.json({}, { status: 404 }));
  const error = await assertRejects(() => connectorTo(none).identity(), ServiceError);
  assertEquals(error.code, "company_not_found");
});
