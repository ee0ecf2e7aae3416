import { assertEquals, assertMatch } from "@std/assert";
import { type Client, openClient } from "./client.ts";
import { bind, line, openShop, order } from "./dataverse_shop.ts";

type Inner = readonly [method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>];

function part(boundary: string, [method, path, body, headers = {}]: Inner, contentId?: number): string {
  const lines = [
    `--${boundary}`,
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    ...(contentId === undefined ? [] : [`Content-ID: ${contentId}`]),
    "",
    `${method} ${path} HTTP/1.1`,
    "Content-Type: application/json; type=entry",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    body === undefined ? "" : JSON.stringify(body),
  ];
  return lines.join("\r\n") + "\r\n";
}

function changeSet(boundary: string, requests: readonly Inner[]): string {
  const inner = requests.map((request, at) => part("changeset_1", request, at + 1)).join("");
  return `--${boundary}\r\nContent-Type: multipart/mixed; boundary="changeset_1"\r\n\r\n${inner}--changeset_1--\r\n`;
}

async function send(
  client: Client,
  parts: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const answer = await client.crm("$batch", {
    method: "POST",
    headers: { "Content-Type": 'multipart/mixed; boundary="batch_1"', ...headers },
    body: `${parts}--batch_1--\r\n`,
  });
  assertMatch(answer.headers.get("Content-Type")!, /^multipart\/mixed; boundary=batchresponse_/);
  return { status: answer.status, text: await answer.text() };
}
const statuses = (text: string) => [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => Number(match[1]));
const names = async (client: Client, set = "accounts") =>
  (await client.get(set)).value.map((row: Record<string, string>) => row.name ?? row.lastname);

Deno.test("$batch runs requests in order and answers each", async () => {
  await using client = await openClient();
  const id = await client.create("accounts", { name: "A" });
  const { pathname } = new URL(client.sandbox.crmUrl);
  const { status, text } = await send(
    client,
    part("batch_1", ["POST", "accounts", { name: "B" }]) +
      part("batch_1", ["PATCH", `${pathname}accounts(${id})`, { name: "A2" }, { "If-Match": "*" }]) +
      part("batch_1", ["GET", `${client.sandbox.crmUrl}accounts?$select=name`]),
  );
  assertEquals([status, statuses(text)], [200, [204, 204, 200]]);
  assertMatch(text, /OData-EntityId: http:\/\/127\.0\.0\.1:\d+\/api\/data\/v9\.2\/accounts\(/);
  assertMatch(text, /"name":"A2"[^]*"name":"B"/);
  const log = await (await client.control("requests")).json();
  const { operation, innerReads, innerWrites } = log.at(-1);
  assertEquals([operation, innerReads, innerWrites], ["batch", 1, 2]);
});

Deno.test("$batch stops at the first error, keeping what was before it", async () => {
  await using client = await openClient();
  const parts = part("batch_1", ["POST", "accounts", { name: "A" }]) + part("batch_1", ["POST", "accounts", {}]) +
    part("batch_1", ["POST", "accounts", { name: "C" }]);
  const { status, text } = await send(client, parts);
  assertEquals([status, statuses(text), await names(client)], [400, [400], ["A"]]);
  const goesOn = await send(client, parts, { Prefer: "odata.continue-on-error" });
  assertEquals([goesOn.status, statuses(goesOn.text)], [200, [204, 400, 204]]);
  assertEquals(await names(client), ["A", "A", "C"]);
});

Deno.test("a change set takes effect as a whole or not at all", async () => {
  await using client = await openClient();
  const good = await send(
    client,
    changeSet("batch_1", [["POST", "accounts", { name: "A" }], ["POST", "accounts", { name: "B" }]]),
  );
  assertEquals([good.status, statuses(good.text)], [200, [204, 204]]);
  assertMatch(good.text, /boundary=changesetresponse_/);
  assertMatch(good.text, /Content-ID: 2/);
  const bad = await send(
    client,
    changeSet("batch_1", [["POST", "accounts", { name: "C" }], ["POST", "accounts", {}]]) +
      part("batch_1", ["POST", "accounts", { name: "D" }]),
    { Prefer: "odata.continue-on-error" },
  );
  assertEquals([bad.status, statuses(bad.text)], [200, [400, 204]]);
  assertEquals(await names(client), ["A", "B", "D"]);
});

Deno.test("a change set refers to rows that it made, in addresses and lookups", async () => {
  await using client = await openClient();
  const { status } = await send(
    client,
    changeSet("batch_1", [
      ["POST", "accounts", { name: "A" }],
      ["POST", "contacts", { lastname: "B", "parentcustomerid_account@odata.bind": "$1" }],
      ["PATCH", "$1", { "primarycontactid@odata.bind": "$2" }],
    ]),
  );
  assertEquals(status, 200);
  const [account] = (await client.get("accounts?$expand=primarycontactid")).value;
  assertEquals(account.primarycontactid._parentcustomerid_value, account.accountid);
  const { status: refused, text } = await send(client, changeSet("batch_1", [["PATCH", "$7", { name: "x" }]]));
  assertEquals(refused, 400);
  assertMatch(text, /Content-ID Reference: '\$7' does not exist in the batch context/);
});

Deno.test("a change set refuses reading, parts without Content-ID, and a batch inside", async () => {
  await using client = await openClient();
  const reading = await send(client, changeSet("batch_1", [["POST", "accounts", { name: "A" }], ["GET", "accounts"]]));
  const bare = `--batch_1\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${
    part("c", ["POST", "accounts", { name: "A" }])
  }--c--\r\n`;
  const nameless = await send(client, bare);
  const nested = await send(client, part("batch_1", ["POST", "$batch", {}]));
  assertEquals([reading.status, nameless.status, nested.status], [400, 400, 400]);
  assertEquals(await names(client), []);
});

Deno.test("$batch refuses more than 1,000 requests and a body without end", async () => {
  await using client = await openClient();
  const parts = part("batch_1", ["GET", "WhoAmI"]).repeat(1001);
  const headers = { "Content-Type": "multipart/mixed; boundary=batch_1" };
  for (const body of [`${parts}--batch_1--\r\n`, part("batch_1", ["GET", "WhoAmI"]), ""]) {
    const answer = await client.crm("$batch", { method: "POST", headers, body });
    assertEquals([answer.status, typeof (await answer.json()).error.code], [400, "string"]);
  }
  assertEquals((await send(client, parts.slice(0, parts.length / 1001 * 1000))).status, 200);
});

Deno.test("$batch gives a part its ETag answer: a stale version stops it", async () => {
  await using client = await openClient();
  const id = await client.create("accounts", { name: "Łódź" });
  const etag = (await client.get(`accounts(${id})`))["@odata.etag"];
  const change = (name: string) =>
    part("batch_1", ["PATCH", `accounts(${id})`, { name }, { "If-Match": etag, "Prefer": "return=representation" }]);
  const { text } = await send(client, change("Þór") + change("x"), { Prefer: "odata.continue-on-error" });
  assertEquals(statuses(text), [200, 412]);
  assertMatch(text, /"name":"Þór"/);
  assertEquals(await names(client), ["Þór"]);
});

Deno.test("a change set takes an order through its states, lines and action, or not at all", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const inOrder = (more: Record<string, unknown> = {}) =>
    line(shop, null, { "salesorderid@odata.bind": "$1", ...more });
  const close = (id: string): Inner => [
    "POST",
    "FulfillSalesOrder",
    { OrderClose: { subject: "Sent", "salesorderid@odata.bind": id }, Status: -1 },
  ];
  const made: Inner[] = [["POST", "salesorders", order(shop)], ["POST", "salesorderdetails", inOrder()]];
  const submitted: Inner = ["PATCH", "$1", { statecode: 1 }];
  const failing = await send(
    client,
    changeSet("batch_1", [...made, submitted, ["POST", "salesorderdetails", inOrder({ quantity: 1 })]]),
  );
  assertEquals([failing.status, (await client.get("salesorders")).value], [400, []]);
  assertEquals((await client.get("salesorderdetails")).value, []);
  assertEquals((await send(client, changeSet("batch_1", [...made, submitted]))).status, 200);
  const [row] = (await client.get("salesorders?$expand=order_details")).value;
  assertEquals([row.statecode, row.totalamount, row.order_details.length], [1, 10, 1]);

  // Open, change, close again: the first request is the one that asks for the version.
  const [address, detail] = [`salesorders(${row.salesorderid})`, row.order_details[0].salesorderdetailid];
  const window = (version: string): Inner[] => [
    ["PATCH", address, { statecode: 0 }, { "If-Match": version }],
    ["PATCH", address, { description: "as agreed" }],
    ["PATCH", `salesorderdetails(${detail})`, { quantity: 6 }],
    ["POST", "salesorderdetails", line(shop, row.salesorderid, { quantity: 1 })],
    ["PATCH", address, { statecode: 1 }],
    close(bind("salesorders", row.salesorderid)),
  ];
  const stale = await send(client, changeSet("batch_1", window('W/"1"')));
  assertEquals([stale.status, (await client.get(address)).statecode], [412, 1]);
  const { status, text } = await send(client, changeSet("batch_1", window(row["@odata.etag"])));
  assertEquals([status, statuses(text)], [200, [204, 204, 204, 204, 204, 204]]);
  const after = await client.get(address);
  assertEquals([after.statecode, after.totalamount, after.description], [3, 17.5, "as agreed"]);
  assertEquals((await client.get("ordercloses")).value.length, 1);
});
