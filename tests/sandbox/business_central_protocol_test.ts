import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Body, type Reply, values, withBusinessCentral } from "./business_central_world.ts";

const ZERO = "00000000-0000-0000-0000-000000000000";
function codeOf(reply: Reply): string {
  return reply.body.error.code;
}

Deno.test("businessCentral() lists its company and refuses another", () =>
  withBusinessCentral(async ({ send, api }) => {
    const { body } = await send("GET", `${api}companies`);
    assertEquals(body.value.length, 1);
    assertEquals(Object.keys(body.value[0]).sort(), [
      "businessProfileId",
      "displayName",
      "id",
      "name",
      "systemVersion",
    ]);
    const other = await send("GET", `${api}companies(${ZERO})/customers`);
    assertEquals([other.status, codeOf(other)], [404, "Internal_CompanyNotFound"]);
    assertMatch(other.body.error.message, /CorrelationId: {2}[0-9a-f-]{36}\.$/);
    assertEquals((await send("GET", `${api}customers?company=${body.value[0].id}`)).status, 200);
    assertEquals((await send("GET", `${api}customers`)).status, 404);
  }));

Deno.test("businessCentral() answers a creation with 201 and the whole record in the service's blanks", () =>
  withBusinessCentral(async ({ send }) => {
    const { status, headers, body } = await send("POST", "customers", { body: { displayName: "Þórsmörk ehf." } });
    assertEquals(status, 201);
    assertEquals(headers.get("etag"), body["@odata.etag"]);
    assertStringIncludes(headers.get("location") ?? "", `customers(${body.id})`);
    assertEquals([body.displayName, body.number, body.type], ["Þórsmörk ehf.", "C00010", "Company"]);
    assertEquals([body.city, body.salespersonCode, body.paymentTermsId], ["", "", ZERO]);
    assertEquals([body.blocked, body.creditLimit, body.taxLiable], ["_x0020_", 0, false]);
    assertMatch(body.lastModifiedDateTime, /^2026-03-01T12:00:00\.\d{3}Z$/);
    const contact = await send("GET", "contacts");
    assertEquals(values(contact, "lastInteractionDate"), ["0001-01-01"]);
  }));

Deno.test.each([
  [{ id: ZERO, displayName: "A" }, "BadRequest", "read-only"],
  [{ systemId: ZERO, displayName: "A" }, "BadRequest", "read-only"],
  [{ balanceDue: 1, displayName: "A" }, "BadRequest", "read-only"],
  [{ nickname: "A", displayName: "A" }, "BadRequest", "nickname"],
  [{ displayName: "A".repeat(101) }, "Application_StringExceededLength", "100"],
  [{ displayName: null }, "BadRequest", "displayName"],
  [{ displayName: "" }, "BadRequest_RequiredParamNotProvided", "displayName"],
  [{ displayName: "A", creditLimit: "5" }, "BadRequest", "creditLimit"],
  [{ displayName: "A", type: "Firm" }, "BadRequest", "type"],
  [{ displayName: "A", paymentTermsId: "30D" }, "BadRequest", "GUID"],
  ["{", "BadRequest", "JSON"],
])(
  "businessCentral() refuses %j",
  (body: unknown, code: string, text: string) =>
    withBusinessCentral(async ({ send }) => {
      const reply = await send("POST", "customers", { body });
      assertEquals([reply.status, codeOf(reply)], [400, code]);
      assertStringIncludes(reply.body.error.message, text);
      assertEquals((await send("GET", "customers/$count")).text, "0");
    }),
);

Deno.test("businessCentral() changes a record only with the right If-Match", () =>
  withBusinessCentral(async ({ send, create }) => {
    const [{ id, "@odata.etag": first }] = await create("customers", { displayName: "Ægir hf" }) as [Body];
    const patch = (headers: Record<string, string>) =>
      send("PATCH", `customers(${id})`, { body: { city: "Reykjavík" }, headers });
    assertEquals((await patch({})).status, 412);
    const { status, body } = await patch({ "If-Match": first });
    assertEquals([status, body.city, body["@odata.etag"] === first], [200, "Reykjavík", false]);
    const stale = await patch({ "If-Match": first });
    assertEquals([stale.status, codeOf(stale)], [409, "Request_EntityChanged"]);
    assertEquals((await patch({ "If-Match": "*" })).status, 200);
    const broken = await patch({ "If-Match": "first" });
    assertEquals([broken.status, codeOf(broken)], [400, "BadRequest_InvalidToken"]);
  }));

Deno.test("businessCentral() never creates by PATCH, and deletes once", () =>
  withBusinessCentral(async ({ send, create }) => {
    const missing = await send("PATCH", `items(${crypto.randomUUID()})`, {
      body: { displayName: "A" },
      headers: { "If-Match": "*" },
    });
    assertEquals([missing.status, codeOf(missing)], [404, "Internal_RecordNotFound"]);
    const [{ id }] = await create("items", { displayName: "Tunna" }) as [Body];
    assertEquals((await send("DELETE", `items(${id})`)).status, 204);
    assertEquals((await send("DELETE", `items(${id})`)).status, 404);
  }));

Deno.test("businessCentral() keeps decimals exact and canonical", () =>
  withBusinessCentral(async ({ send }) => {
    const body = '{"displayName":"Síld","unitPrice":12345678901234567.89012,"unitCost":1.500}';
    const { text } = await send("POST", "items", { body });
    assertStringIncludes(text, '"unitPrice":12345678901234567.89012,');
    assertStringIncludes(text, '"unitCost":1.5,');
    const found = await send("GET", "items?$filter=unitPrice eq 12345678901234567.89012&$select=unitCost");
    assertStringIncludes(found.text, '"unitCost":1.5}');
    const other = await send("GET", "items?$filter=unitPrice eq 12345678901234567.89013");
    assertEquals(other.body.value, []);
  }));

Deno.test("businessCentral() escapes choice names and takes them back", () =>
  withBusinessCentral(async ({ send, create }) => {
    const [item] = await create("items", { displayName: "Vinna", type: "Non_x002D_Inventory" }) as [Body];
    assertEquals(item.type, "Non_x002D_Inventory");
    const [customer] = await create("customers", { displayName: "A", blocked: "Ship" }) as [Body];
    const path = `customers(${customer.id})`;
    const { body } = await send("PATCH", path, { body: { blocked: "_x0020_" }, headers: { "If-Match": "*" } });
    assertEquals(body.blocked, "_x0020_");
  }));

Deno.test("businessCentral() filters, selects, orders and counts", () =>
  withBusinessCentral(async ({ send, create }) => {
    await create(
      "items",
      { displayName: "Ýsa", unitPrice: 9.5, gtin: "1" },
      { displayName: "Þorskur", unitPrice: 10 },
      { displayName: "O'Lax", unitPrice: 100, type: "Service" },
    );
    const list = (query: string) => send("GET", `items?${query}`);
    assertEquals(
      values(await list("$filter=unitPrice lt 10 or unitPrice gt 99.99&$select=displayName"), "displayName"),
      [
        "Ýsa",
        "O'Lax",
      ],
    );
    assertEquals(values(await list("$filter=displayName eq 'O''Lax'"), "unitPrice"), [100]);
    assertEquals(values(await list("$filter=type eq 'Inventory' and gtin ne ''"), "displayName"), ["Ýsa"]);
    assertEquals(values(await list("$orderby=unitPrice desc&$top=2"), "unitPrice"), [100, 10]);
    assertEquals(values(await list("$skip=2"), "displayName"), ["O'Lax"]);
    const { body } = await list("$count=true&$top=1&$select=number");
    assertEquals([body["@odata.count"], Object.keys(body.value[0])], [3, ["@odata.etag", "number"]]);
    assertEquals((await send("GET", "items/$count?$filter=unitPrice ge 10")).text, "2");
    const { id } = (await list("$top=1")).body.value[0];
    assertEquals(values(await list(`$filter=id eq ${id} or id eq ${crypto.randomUUID()}`), "displayName"), ["Ýsa"]);
    assertEquals((await list("$select=weight")).status, 400);
    assertEquals((await list("$filter=weight eq 1")).status, 400);
    assertEquals((await list("$apply=x")).status, 400);
  }));

Deno.test("businessCentral() refuses `or` across fields and `in`", () =>
  withBusinessCentral(async ({ send }) => {
    const across = await send("GET", "customers?$filter=number eq 'A' or displayName eq 'A'");
    assertEquals([across.status, codeOf(across)], [400, "BadRequest_MethodNotImplemented"]);
    assertStringIncludes(across.body.error.message, "distinct fields");
    assertEquals((await send("GET", "customers?$filter=number in ('A','B')")).status, 400);
    const within = await send("GET", "customers?$filter=(number eq 'A' or number eq 'B') and displayName eq 'C'");
    assertEquals(within.status, 200);
  }));

Deno.test("businessCentral() finds what changed at or after a time stamp", () =>
  withBusinessCentral(async (world) => {
    await world.create("items", { displayName: "A" });
    world.time += 60_000;
    const [later] = await world.create("items", { displayName: "B" }) as [Body];
    const ge = await world.send("GET", `items?$filter=lastModifiedDateTime ge ${later.lastModifiedDateTime}`);
    assertEquals(values(ge, "displayName"), ["B"]);
    const gt = await world.send("GET", `items?$filter=lastModifiedDateTime gt ${later.lastModifiedDateTime}`);
    assertEquals(values(gt, "displayName"), []);
  }));

async function readAll(
  send: (method: string, path: string, how?: Body) => Promise<Reply>,
  first: string,
): Promise<{ pages: number[]; names: unknown[]; links: string[] }> {
  const [pages, names, links]: [number[], unknown[], string[]] = [[], [], []];
  for (let next: string | undefined = first; next !== undefined;) {
    const reply: Reply = await send("GET", next, { headers: { Prefer: "odata.maxpagesize=2" } });
    pages.push(reply.body.value.length);
    names.push(...values(reply, "displayName"));
    const link: string | undefined = reply.body["@odata.nextLink"];
    if (link !== undefined) links.push(link);
    next = link;
  }
  return { pages, names, links };
}

Deno.test("businessCentral() pages by the size preferred, with absolute links that keep the query", () =>
  withBusinessCentral(async ({ send, create, company }) => {
    await create("items", ..."ABCDE".split("").map((displayName) => ({ displayName })));
    const all = await readAll(send, "items?$select=displayName");
    assertEquals([all.pages, all.names], [[2, 2, 1], ["A", "B", "C", "D", "E"]]);
    assert(all.links.every((link) => link.startsWith(`${company}items?$select=displayName&$skiptoken=`)));
    assertEquals((await readAll(send, "items?$orderby=displayName desc")).names, ["E", "D", "C", "B", "A"]);
    assertEquals((await readAll(send, "items?$top=3")).pages, [2, 1]);
    assertEquals((await readAll(send, "items?$filter=displayName ge 'C'")).names, ["C", "D", "E"]);
    assertEquals((await send("GET", "items?$skiptoken=x")).status, 400);
  }));

Deno.test("businessCentral() can link relatively and end with an empty page", () =>
  withBusinessCentral(async ({ send, create, configure, company }) => {
    await create("items", ..."ABCD".split("").map((displayName) => ({ displayName })));
    await configure({ relativeLinks: true, emptyLastPage: true });
    const all = await readAll((method, path, how) => send(method, new URL(path, `${company}items`).href, how), "items");
    assertEquals([all.pages, all.names], [[2, 2, 0], ["A", "B", "C", "D"]]);
    assert(all.links.every((link) => link.startsWith("items?")), all.links.join());
  }));

Deno.test("businessCentral() expands the contacts of customers, and lists them under one", () =>
  withBusinessCentral(async ({ send, create }) => {
    const [customer] = await create("customers", { displayName: "Łódź S.A." }) as [Body];
    await create("contacts", { displayName: "Żaneta Nowak", type: "Person", companyNumber: "CT000001" });
    const { body } = await send("GET", "customers?$expand=contactsInformation($select=contactName)&$select=number");
    assertEquals(body.value[0].contactsInformation.map((one: Body) => one.contactName), ["Łódź S.A.", "Żaneta Nowak"]);
    const under = await send("GET", `customers(${customer.id})/contactsInformation`);
    assertEquals(values(under, "contactNumber"), ["CT000001", "CT000002"]);
    assertEquals(values(under, "contactType"), ["Company", "Person"]);
    assertEquals(values(under, "relatedId"), [customer.id, customer.id]);
    assertEquals(values(under, "relatedType"), ["Customer", "Customer"]);
    assertEquals((await send("GET", "customers?$expand=orders")).status, 400);
  }));

Deno.test.each([
  ["POST", "currencyExchangeRates"],
  ["POST", "customerContacts"],
  ["POST", "itemLedgerEntries"],
  ["POST", "generalLedgerSetup"],
  ["PUT", "customers"],
])(
  "businessCentral() refuses %s on %s",
  (method: string, set: string) =>
    withBusinessCentral(async ({ send }) => {
      assertEquals((await send(method, set, { body: {} })).status, 405);
    }),
);

Deno.test("businessCentral() refuses to write with the intent to read only, and an unknown address", () =>
  withBusinessCentral(async ({ send }) => {
    const headers = { "Data-Access-Intent": "ReadOnly" };
    assertEquals((await send("GET", "items", { headers })).status, 200);
    assertEquals((await send("POST", "items", { headers, body: { displayName: "A" } })).status, 400);
    assertEquals((await send("GET", "resources")).status, 404);
    assertEquals((await send("GET", "items(5)")).status, 404);
  }));

function inBatch(company: string) {
  const base = company.slice(company.indexOf("companies("));
  return (id: string, method: string, path: string, more: Body = {}) => ({ id, method, url: base + path, ...more });
}

Deno.test("businessCentral() answers a batch in order and stops at the first failure unless told to go on", () =>
  withBusinessCentral(async ({ send, api, company }) => {
    const one = inBatch(company);
    const post = (id: string, displayName: string) =>
      one(id, "POST", "items", { headers: { "Content-Type": "application/json" }, body: { displayName } });
    const requests = [post("a", "Ufsi"), one("b", "GET", "items?$filter=nonsense"), post("c", "Karfi")];
    const stopped = await send("POST", `${api}$batch`, { body: { requests } });
    assertEquals(stopped.status, 200);
    assertEquals(stopped.body.responses.map((one: Body) => [one.id, one.status]), [["a", 201], ["b", 400]]);
    assertEquals(stopped.body.responses[0].body.displayName, "Ufsi");
    const through = await send("POST", `${api}$batch`, {
      body: { requests },
      headers: { Prefer: "odata.continue-on-error" },
    });
    assertEquals(through.body.responses.map((one: Body) => one.status), [201, 400, 201]);
    assertEquals((await send("GET", "items/$count")).text, "3");
  }));

Deno.test("businessCentral() undoes a whole batch with Isolation: snapshot", () =>
  withBusinessCentral(async ({ send, create, api, company }) => {
    const one = inBatch(company);
    const [item] = await create("items", { displayName: "A" }) as [Body];
    const patch = (id: string, etag: string) =>
      one(id, "PATCH", `items(${item.id})`, { headers: { "If-Match": etag }, body: { displayName: id } });
    const requests = [patch("new", item["@odata.etag"]), patch("late", item["@odata.etag"])];
    const { body } = await send("POST", `${api}$batch`, { body: { requests }, headers: { Isolation: "snapshot" } });
    assertEquals(body.responses.map((one: Body) => one.status), [200, 409]);
    const after = await send("GET", `items(${item.id})`);
    assertEquals([after.body.displayName, after.body["@odata.etag"]], ["A", item["@odata.etag"]]);
  }));

Deno.test("businessCentral() takes at most 100 requests in a batch, and none without If-Match inside", () =>
  withBusinessCentral(async ({ send, create, api, company }) => {
    const one = inBatch(company);
    const many = Array.from({ length: 101 }, (_, at) => one(String(at), "GET", "items"));
    assertEquals((await send("POST", `${api}$batch`, { body: { requests: many } })).status, 400);
    const [item] = await create("items", { displayName: "A" }) as [Body];
    const requests = [one("1", "PATCH", `items(${item.id})`, { body: { displayName: "B" } })];
    const { body } = await send("POST", `${api}$batch`, { body: { requests } });
    assertEquals(body.responses[0].status, 412);
  }));

Deno.test("businessCentral() answers 401 without a token, in its own style", () =>
  withBusinessCentral(async ({ send }) => {
    const reply = await send("GET", "customers", { headers: { Authorization: "Bearer nobody" } });
    assertEquals([reply.status, codeOf(reply)], [401, "Authentication_InvalidCredentials"]);
  }));

Deno.test("businessCentral() gives no page of more than 20,000 entities", () =>
  withBusinessCentral(async ({ send }) => {
    const ask = (size: number) => send("GET", "customers", { headers: { Prefer: `odata.maxpagesize=${size}` } });
    assertEquals((await ask(20_000)).status, 200);
    assertEquals((await ask(20_001)).status, 413);
  }));

Deno.test("businessCentral() knows no property by a name that every object has", () =>
  withBusinessCentral(async ({ send }) => {
    for (const query of ["$select=constructor", "$filter=constructor eq 'a'", "$orderby=constructor"]) {
      const reply = await send("GET", `customers?${query}`);
      assertEquals([reply.status, codeOf(reply)], [400, "BadRequest"], query);
    }
    const posted = await send("POST", "customers", { body: { displayName: "A", constructor: "B" } });
    assertEquals([posted.status, codeOf(posted)], [400, "BadRequest"]);
  }));
