/** What the connector sends, and what it makes of answers that the sandbox does not give. */
import { assertEquals, assertRejects } from "@std/assert";
import { openDataverse } from "../../connectors/dataverse/client.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import type { Fields, Outcome } from "../../connectors/connector.ts";
import { ServiceError } from "../../errors.ts";
import { chosen, create, readAll, rowIn, update } from "./dataverse_world.ts";
import { openGate, serveStub, type Stub, testClock, tokenOf } from "./stub.ts";

/** A batch as it arrived: for each request its line, its headers of interest and its body as text. */
interface Arrived {
  readonly line: string;
  readonly condition: string;
  readonly prefer: string;
  readonly body: string;
}
type Inner = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>];

/** Serves batches: `answer` is called for each request, `undefined` leaves it out of the answer. */
function serveBatches(answer: (arrived: Arrived, batch: number) => Inner | undefined, other?: () => Response) {
  const arrived: Arrived[][] = [];
  const stub = serveStub(async (request) => {
    if (!request.url.endsWith("/$batch")) return other?.() ?? new Response("{}", { status: 404 });
    const parts = (await request.text()).split("Content-ID:").slice(1);
    arrived.push(parts.map(parse));
    const answers = arrived.at(-1)!.map((one) => answer(one, arrived.length)).filter((one) => one !== undefined);
    const text = answers.map(([status, body, headers]) => {
      const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`).join("");
      return `--r\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 ${status} X\r\n${lines}\r\n${body}\r\n`;
    }).join("");
    return new Response(`${text}--r--\r\n`, { headers: { "Content-Type": "multipart/mixed; boundary=r" } });
  });
  return { stub, arrived };
}
function parse(part: string): Arrived {
  const [, head = "", body = ""] = part.split("\r\n\r\n");
  const lines = head.split("\r\n");
  const header = (name: string) => lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 2) ?? "";
  return {
    line: lines[0]!,
    condition: header("If-Match") || `none of ${header("If-None-Match")}`,
    prefer: header("Prefer"),
    body: body.split("\r\n")[0]!,
  };
}
function idIn(line: string): string {
  return /\((.{36})\)/.exec(line)![1]!;
}
function row(id: string, columns: Fields): string {
  return JSON.stringify({ "@odata.etag": 'W/"2"', accountid: id, modifiedon: "2026-05-20T12:00:00Z", ...columns });
}
function refusal(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } });
}
function connect(stub: Stub, clock = testClock()) {
  const limiter = openGate();
  const crm = openDataverse({ baseUrl: stub.url, token: tokenOf(stub), limiter, clock });
  return { crm, clock, limiter };
}

Deno.test("write() sends exact decimals, binds by navigation property, and states its condition", async () => {
  const { stub, arrived } = serveBatches(({ line }) => [200, row(idIn(line), { name: "x" })]);
  await using _ = stub;
  const { crm } = connect(stub);
  await crm.open(dv.accounts).write([
    create(chosen(1), {
      name: "Ægir ő",
      creditlimit: "12345678901234567.89",
      ownerid: chosen(7),
      transactioncurrencyid: null,
    }),
    update(chosen(2), 'W/"1"', { creditlimit: null, ownerid: chosen(8), primarycontactid: null }),
  ], { fields: ["name"] });
  const select = "$select=accountid%2Cname%2Ccreditlimit%2C_ownerid_value%2C_transactioncurrencyid_value" +
    "%2C_primarycontactid_value%2Cmodifiedon";
  const prefer = 'return=representation,odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"';
  assertEquals(arrived, [[
    {
      line: `PATCH /api/data/v9.2/accounts(${chosen(1)})?${select} HTTP/1.1`,
      condition: "none of *",
      prefer,
      body: `{"name":"Ægir ő","creditlimit":12345678901234567.89,"ownerid@odata.bind":"/systemusers(${chosen(7)})"}`,
    },
    {
      line: `PATCH /api/data/v9.2/accounts(${chosen(2)})?${select} HTTP/1.1`,
      condition: 'W/"1"',
      prefer,
      body: `{"creditlimit":null,"ownerid@odata.bind":"/systemusers(${chosen(8)})","primarycontactid@odata.bind":null}`,
    },
  ]]);
});

Deno.test("write() says which table a contact's parent is in by what it binds", async () => {
  const { stub, arrived } = serveBatches(() => [400, refusal("0x1", "no")]);
  await using _ = stub;
  const { crm } = connect(stub);
  const parentcustomerid = chosen(9);
  await crm.open(dv.contacts).write([
    create(chosen(1), { parentcustomerid, parentcustomeridtype: "account" }),
    create(chosen(2), { parentcustomerid, parentcustomeridtype: "contact" }),
    update(chosen(3), null, { parentcustomerid }),
  ], { fields: [] });
  assertEquals(arrived[0]?.map(({ body, condition }) => [body, condition]), [
    [`{"parentcustomerid_account@odata.bind":"/accounts(${parentcustomerid})"}`, "none of *"],
    [`{"parentcustomerid_contact@odata.bind":"/contacts(${parentcustomerid})"}`, "none of *"],
    [`{"parentcustomerid_account@odata.bind":"/accounts(${parentcustomerid})"}`, "*"],
  ]);
});

const wrong: readonly (readonly [string, () => Parameters<ReturnType<typeof openAll>["write"]>[0][number]])[] = [
  ["a field that may never be written", () => update(chosen(1), "v", { creditlimit_base: "1" })],
  ["a state on creation", () => create(chosen(1), { statecode: 0 })],
  ["an unknown field", () => update(chosen(1), "v", { nmae: "x" })],
  ["no id", () => ({ op: "create", id: null, version: null, fields: { name: "x" } })],
  ["an id that is none", () => update("1) or (1", "v", { name: "x" })],
];
function openAll(stub: Stub) {
  return connect(stub).crm.open(dv.accounts);
}
for (const [what, write] of wrong) {
  Deno.test(`write() throws TypeError for ${what}, before anything is sent`, async () => {
    const { stub } = serveBatches(() => [204, ""]);
    await using _ = stub;
    await assertRejects(
      () => openAll(stub).write([create(chosen(5), { name: "good" }), write()], { fields: [] }),
      TypeError,
    );
    assertEquals(stub.seen, []);
  });
}

Deno.test("write() throws TypeError where a field may be written on creation only, and for users", async () => {
  const { stub } = serveBatches(() => [204, ""]);
  await using _ = stub;
  const { crm } = connect(stub);
  const late = [
    [dv.transactioncurrencies, { isocurrencycode: "ISK" }],
    [dv.unitGroups, { baseuomname: "BOX" }],
    [dv.products, { defaultuomscheduleid: chosen(1) }],
    [dv.contacts, { parentcustomeridtype: "account" }],
  ] as const;
  for (const [entity, fields] of late) {
    await assertRejects(() => crm.open(entity).write([update(chosen(1), "v", fields)], { fields: [] }), TypeError);
  }
  await assertRejects(() => crm.open(dv.systemusers).write([create(chosen(1), {})], { fields: [] }), TypeError);
  assertEquals(stub.seen, []);
});

Deno.test("write() sends again what the service was too busy for, after the time that it asked for", async () => {
  const { stub, arrived } = serveBatches(({ line }, batch) => {
    const busy = batch === 1 && line.includes(chosen(2));
    return busy ? [429, refusal("0x80072322", "busy"), { "Retry-After": "7" }] : [201, row(idIn(line), {})];
  });
  await using _ = stub;
  const { crm, clock, limiter } = connect(stub);
  const outcomes = await crm.open(dv.accounts).write([
    create(chosen(1), { name: "1" }),
    create(chosen(2), { name: "2" }),
  ], { fields: [] });
  assertEquals(outcomes.map((outcome) => "row" in outcome && outcome.row.id), [chosen(1), chosen(2)]);
  assertEquals(arrived.map((batch) => batch.length), [2, 1]);
  assertEquals([clock.slept, limiter.slowed], [[7_500], [7_500]]);
});

Deno.test("write() keeps to the time that a busy service asked for, whatever else fails beside it", async () => {
  const { stub } = serveBatches(({ line }, batch) => {
    if (batch > 1 || line.includes(chosen(1))) return batch > 1 ? [201, row(idIn(line), {})] : [503, ""];
    return line.includes(chosen(2))
      ? [429, refusal("0x80072322", "busy"), { "Retry-After": "7" }]
      : [503, refusal("0x80048d0a", "away")];
  });
  await using _ = stub;
  const { crm, clock, limiter } = connect(stub);
  const writes = [1, 2, 3].map((n) => create(chosen(n), { name: String(n) }));
  const outcomes = await crm.open(dv.accounts).write(writes, { fields: [] });
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "ok", "ok"]);
  assertEquals([clock.slept, limiter.slowed], [[7_500], [7_500]]);
});

Deno.test("write() leaves unknown what the service fails at again and again, and keeps the rest", async () => {
  const { stub, arrived } = serveBatches(({ line }) => {
    return line.includes(chosen(2)) ? [503, ""] : [201, row(idIn(line), {})];
  });
  await using _ = stub;
  const { crm } = connect(stub);
  const outcomes = await crm.open(dv.accounts).write([
    create(chosen(1), { name: "1" }),
    create(chosen(2), { name: "2" }),
  ], { fields: [] });
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "unknown"]);
  assertEquals(arrived.length, 5);
});

Deno.test("write() sends again what has no answer, and takes a row that says the same for its own", async () => {
  const { stub } = serveBatches(
    (_, batch) => batch === 1 ? undefined : [412, refusal("0x80040237", "A record with matching key values exists.")],
    () =>
      Response.json({
        value: [
          JSON.parse(row(chosen(1), { name: "1", creditlimit: 10.5 })),
          JSON.parse(row(chosen(2), { name: "somebody else's" })),
          JSON.parse(row(chosen(3), { name: "3" })),
          JSON.parse(row(chosen(4), { name: "changed since" })),
        ],
      }),
  );
  await using _ = stub;
  const { crm } = connect(stub);
  const outcomes = await crm.open(dv.accounts).write([
    create(chosen(1), { name: "1 ", creditlimit: "10.50" }),
    create(chosen(2), { name: "2" }),
    update(chosen(3), 'W/"1"', { name: "3" }),
    update(chosen(4), 'W/"1"', { name: "4" }),
    update(chosen(5), 'W/"1"', { name: "5" }),
  ], { fields: ["name"] });
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "exists", "ok", "moved", "missing"]);
});

Deno.test("write() looks for the row with the same key by all of its columns at once", async () => {
  const { stub } = serveBatches(
    () => [412, refusal("0x80040237", "A record with matching key values exists.")],
    () => Response.json({ value: [] }),
  );
  await using _ = stub;
  const prices = connect(stub).crm.open(dv.priceListItems);
  const key = { pricelevelid: chosen(3), productid: chosen(4), uomid: chosen(5) };
  const outcomes = await prices.write(
    [create(chosen(1), { ...key, amount: "1" }), create(chosen(2), { amount: "2" })],
    {
      fields: [],
    },
  );
  assertEquals(outcomes.map((outcome) => outcome.kind === "refused" && outcome.code), ["0x80040237", "0x80040237"]);
  const query = new URL(stub.seen.at(-1)!.slice(4), stub.url).searchParams;
  assertEquals(
    query.get("$filter"),
    `(_pricelevelid_value eq ${chosen(3)} and _productid_value eq ${chosen(4)} and _uomid_value eq ${chosen(5)})`,
  );
});

const update1 = update(chosen(1), 'W/"1"', { name: "x" });
const answers: readonly (readonly [string, Inner, Outcome])[] = [
  ["a version that is no longer current", [412, refusal("0x80060882", "RowVersion")], { kind: "moved" }],
  ["a 412 without code", [412, ""], { kind: "moved" }],
  ["a row that is gone", [404, refusal("0x80040217", `account With Id = ${chosen(1)} Does Not Exist`)], {
    kind: "missing",
  }],
  [
    "a lookup to a row that is gone",
    [404, refusal("0x80040217", `contact With Id = ${chosen(2)} Does Not Exist`)],
    { kind: "refused", code: "0x80040217", message: `contact With Id = ${chosen(2)} Does Not Exist` },
  ],
  [
    "an alternate key that another row has",
    [412, refusal("0x80060892", "Entity Key number violated")],
    { kind: "refused", code: "0x80060892", message: "Entity Key number violated" },
  ],
  [
    "a duplicate that a rule found",
    [500, refusal("0x80040333", "A record was not created")],
    { kind: "refused", code: "0x80040333", message: "A record was not created" },
  ],
  [
    "a duplicate that a rule found, answered as such",
    [412, refusal("0x80040333", "A record was not updated")],
    { kind: "refused", code: "0x80040333", message: "A record was not updated" },
  ],
  [
    "a permission that lacks",
    [403, refusal("0x80040220", "lacks prvWriteAccount")],
    { kind: "refused", code: "0x80040220", message: "lacks prvWriteAccount" },
  ],
  [
    "a value that does not fit",
    [400, refusal("0x80044331", "the 'address1_line1' of 'account'")],
    { kind: "refused", code: "0x80044331", message: "the 'address1_line1' of 'account'", field: "address1_line1" },
  ],
  ["a refusal that is no JSON", [400, "<p>"], { kind: "refused", code: "status_400", message: "" }],
];
for (const [what, answer, outcome] of answers) {
  Deno.test(`write() of an update tells ${what}`, async () => {
    const { stub, arrived } = serveBatches(() => answer);
    await using _ = stub;
    assertEquals(await openAll(stub).write([update1], { fields: ["name"] }), [outcome]);
    assertEquals(arrived.length, 1);
  });
}

Deno.test("write() throws when nothing was attempted, and not when something was", async () => {
  await using denied = serveStub(() => new Response("{}", { status: 403 }));
  const error = await assertRejects(() => openAll(denied).write([update1], { fields: [] }), ServiceError);
  assertEquals(error.code, "forbidden");
  for (const body of ["not json", row(chosen(2), { name: "an answer to another write" })]) {
    const { stub, arrived } = serveBatches(() => [201, body]);
    await using _ = stub;
    const [outcome] = await openAll(stub).write([update1], { fields: [] });
    assertEquals([outcome?.kind, arrived.length], ["unknown", 5]);
  }
});

Deno.test("write() that is cancelled before it is sent throws the reason", async () => {
  const { stub } = serveBatches(() => [204, ""]);
  await using _ = stub;
  const reason = new Error("stop");
  const write = openAll(stub).write([update1], { fields: [], signal: AbortSignal.abort(reason) });
  assertEquals(await assertRejects(() => write), reason);
});

function serveRows(...rows: readonly Record<string, unknown>[]): Stub {
  return serveStub((_, path) => Response.json({ value: path.includes("EntityDefinitions") ? [] : rows }));
}
const common = { "@odata.etag": 'W/"1"', accountid: chosen(1), modifiedon: "2026-05-20T12:00:00Z" };

Deno.test("read() lets the service filter by plain columns and asks for what it needs", async () => {
  await using stub = serveRows({ ...common, name: "x", customertypecode: 3, statecode: 0 });
  const { crm } = connect(stub);
  const filtered = dv.accounts.where({ customertypecode: 3, statecode: 0, name: "x" });
  await readAll(crm.open(filtered), { fields: ["name"] });
  const query = new URL(stub.seen.at(-1)!.slice(4), stub.url).searchParams;
  assertEquals(Object.fromEntries(query), {
    $select: "accountid,name,customertypecode,statecode,merged,_masterid_value,modifiedon",
    $filter: "customertypecode eq 3 and statecode eq 0 and name eq 'x'",
    $orderby: "modifiedon asc,accountid asc",
  });
});

Deno.test("read() takes choices that a customizer added, empty text as blank, money without a float", async () => {
  await using stub = serveStub((_, path) => {
    if (path.includes("EntityDefinitions")) return Response.json({ value: [] });
    const money = `"creditlimit":90071992547409931.2500`;
    return new Response(
      `{"value":[{${JSON.stringify(common).slice(1, -1)},"paymenttermscode":100000001,"fax":"",${money}}]}`,
    );
  });
  const { crm } = connect(stub);
  const { rows } = await readAll(crm.open(dv.accounts), { fields: ["paymenttermscode", "fax", "creditlimit"] });
  assertEquals(rows[0]?.data, { paymenttermscode: 100000001, fax: null, creditlimit: "90071992547409931.25" });
});

Deno.test("read() takes a switch that was never set as off", async () => {
  await using stub = serveRows({ ...common, systemuserid: chosen(1), isdisabled: false, islicensed: null });
  const users = connect(stub).crm.open(dv.systemusers.where({ isdisabled: false }));
  assertEquals((await readAll(users, { fields: ["islicensed"] })).rows[0]?.data, { islicensed: false });
});

Deno.test("write() of a unit group asks for the base unit of that group only", async () => {
  const unit = { uomid: chosen(2), name: "BOX", _uomscheduleid_value: chosen(1) };
  const raw = { ...common, uomscheduleid: chosen(1), name: "BOX" };
  const { stub } = serveBatches(() => [201, JSON.stringify(raw)], () => Response.json({ value: [unit] }));
  await using _ = stub;
  const write = create(chosen(1), { name: "BOX", baseuomname: "BOX" });
  const [outcome] = await connect(stub).crm.open(dv.unitGroups).write([write], { fields: ["name"] });
  assertEquals(rowIn(outcome).data, { name: "BOX", baseuomid: chosen(2) });
  const query = new URL(stub.seen.at(-1)!.slice(4), stub.url).searchParams;
  assertEquals(query.get("$filter"), `isschedulebaseuom eq true and (_uomscheduleid_value eq ${chosen(1)})`);
});

const noColumn = "Could not find a property named 'tng_businesscentralid' on type 'Microsoft.Dynamics.CRM.account'.";
const refusedReadings: readonly (readonly [what: string, status: number, text: string, code: string])[] = [
  ["a column that the table lacks", 400, noColumn, "column_missing"],
  ["a property that was not asked for", 400, noColumn.replace("tng_", "new_"), "request_refused"],
  ["another reason", 400, "Syntax error in '$filter'.", "request_refused"],
];
for (const [what, status, text, code] of refusedReadings) {
  Deno.test(`read() says what to do where the service refuses ${what}`, async () => {
    await using stub = serveStub((_, path) => {
      if (path.includes("EntityDefinitions")) return Response.json({ value: [] });
      return new Response(refusal("0x80060888", text), { status });
    });
    const accounts = connect(stub).crm.open(dv.accounts);
    for (const asked of [{}, { ids: [chosen(1)] }]) {
      const reading = () => readAll(accounts, { fields: ["tng_businesscentralid"], ...asked });
      const error = await assertRejects(reading, ServiceError);
      assertEquals([error.code, error.status], [code, status]);
      const isNamed = /"account" has no column "tng_businesscentralid"; add it .* "linkColumn"/.test(error.message);
      assertEquals(isNamed, code === "column_missing");
    }
  });
}

const badRows: readonly (readonly [string, Record<string, unknown>])[] = [
  ["text where a number belongs", { ...common, customertypecode: "three" }],
  ["no ETag", { ...common, "@odata.etag": undefined }],
  ["no id", { ...common, accountid: undefined }],
  ["an owner of an unnamed table", { ...common, _ownerid_value: chosen(2) }],
];
for (const [what, bad] of badRows) {
  Deno.test(`read() throws bad_row for a row with ${what}`, async () => {
    await using stub = serveRows(bad);
    const { crm } = connect(stub);
    const reading = () => readAll(crm.open(dv.accounts), { fields: ["customertypecode", "ownerid"] });
    assertEquals((await assertRejects(reading, ServiceError)).code, "bad_row");
  });
}

Deno.test("read() keeps a delta link byte for byte, asks for it as it is, and follows none that leads elsewhere", async () => {
  const link = "/api/data/v9.2/accounts?$select=name&$deltatoken=919042%2108%2f22%2f2017%2008%3a10%3a44";
  await using stub = serveStub((_, path) => {
    if (path.includes("EntityDefinitions")) return Response.json({ value: [{ LogicalName: "account" }] });
    return Response.json({ value: [], "@odata.deltaLink": `${stub.url}${link}` });
  });
  const { crm } = connect(stub);
  const { cursor } = await readAll(crm.open(dv.accounts), { fields: ["name"] });
  assertEquals(cursor, `${stub.url}${link}`);
  await readAll(crm.open(dv.accounts), { fields: ["name"], since: cursor! });
  assertEquals(stub.seen.at(-1), `GET ${link}`);
  const foreign = () =>
    readAll(crm.open(dv.accounts), { fields: ["name"], since: "https://example.com/api/data/v9.2/x" });
  assertEquals((await assertRejects(foreign, ServiceError)).code, "cursor_expired");
});

Deno.test("read() of changes without a new delta link is an error, not the end of all changes", async () => {
  await using stub = serveStub((_, path) => {
    return Response.json({ value: path.includes("EntityDefinitions") ? [{ LogicalName: "account" }] : [] });
  });
  const reading = () => readAll(connect(stub).crm.open(dv.accounts), { fields: ["name"] });
  assertEquals((await assertRejects(reading, ServiceError)).code, "no_delta_link");
});

Deno.test("openDataverse() takes the environment's address with and without the API's path", async () => {
  for (const path of ["", "/", "/api/data/v9.2", "/api/data/v9.2/"]) {
    await using stub = serveRows();
    const crm = openDataverse({
      baseUrl: stub.url + path,
      token: tokenOf(stub),
      limiter: openGate(),
      clock: testClock(),
    });
    await readAll(crm.open(dv.accounts), { fields: ["name"] });
    assertEquals(stub.seen.at(-1)?.startsWith("GET /api/data/v9.2/accounts?"), true);
  }
});
