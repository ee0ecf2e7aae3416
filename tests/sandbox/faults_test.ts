import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { createFaults } from "../../sandbox/faults.ts";
import { openClient, tokenOf } from "./client.ts";

const request = (path: string, method = "GET", service = "dataverse") => ({ service, method, path });

Deno.test("Faults.strike() hits the requests that a rule means, after some and so many times", () => {
  const faults = createFaults();
  faults.add([{ kind: "503", service: "dataverse", method: "get", match: "accounts", after: 1, times: 2 }]);
  const hits = [
    request("/accounts"),
    request("/contacts"),
    request("/accounts", "POST"),
    request("/accounts", "GET", "business_central"),
    request("/accounts?$top=1"),
    request("/accounts"),
    request("/accounts"),
  ].map((target) => faults.strike(target).length);
  assertEquals(hits, [0, 0, 0, 0, 1, 1, 0]);
  assertEquals(faults.list().map(({ met, hit }) => [met, hit]), [[4, 2]]);
  faults.clear();
  assertEquals(faults.list(), []);
});

Deno.test("Faults.kills() counts writes, not requests", () => {
  const faults = createFaults();
  faults.add([{ kind: "kill", writes: 3 }, { kind: "kill", after: 4 }]);
  assertEquals(faults.strike(request("/accounts", "POST")), []);
  const killed = [1, 2, 3, 4, 5].map(() => faults.kills(request("/accounts", "POST")));
  assertEquals(killed, [false, false, true, false, true]);
});

for (const rules of [{}, [{}], [{ kind: "404" }], [{ kind: "503", retryAfter: "soon" }], [{ kind: "503", wait: 3 }]]) {
  Deno.test(`Faults.add() refuses ${JSON.stringify(rules)}`, () => {
    assertThrows(() => createFaults().add(rules), TypeError, "Cannot set fault");
  });
}

Deno.test("Faults.denies() takes a permission away until the rules are cleared", () => {
  const faults = createFaults();
  faults.add([{ kind: "forbidden", match: "/items" }, { kind: "503" }]);
  const asked = ["/items", "/customers", "/items(1)", "/items"].map((path) => faults.denies(request(path)));
  assertEquals(asked, [true, false, true, true]);
  assertEquals(faults.strike(request("/items")).map(({ kind }) => kind), ["forbidden", "503"]);
  assertEquals(faults.list().map(({ met, hit }) => [met, hit]), [[4, 4], [1, 1]]);
  faults.clear();
  assertEquals(faults.denies(request("/items")), false);
});

Deno.test("fault truncated cuts the body and says nothing of it; html answers for the service", async () => {
  await using client = await openClient();
  const accounts = () => client.get("accounts/$count");
  const body = JSON.stringify({ name: "Þjóðráð ehf." });
  const post = () => client.crm("accounts", { method: "POST", body, headers: { Prefer: "return=representation" } });
  await client.control("faults", [{ kind: "truncated", method: "POST" }]);
  const cut = await post();
  const text = await cut.text(); // it ends without an error of the connection
  assertEquals([cut.status, cut.headers.get("content-type")], [201, "application/json; charset=utf-8"]);
  assertThrows(() => JSON.parse(text), SyntaxError);
  assertEquals(await accounts(), 1); // it took effect

  await client.control("faults", [{ kind: "html", method: "POST" }]);
  const page = await post();
  assertEquals([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
  assertMatch(await page.text(), /^<!DOCTYPE html>/);
  assertEquals(await accounts(), 1);
});

Deno.test("fault forbidden is answered 403 in each service's style, also inside a batch", async () => {
  await using client = await openClient();
  const { sandbox } = client;
  await client.control("faults", [{ kind: "forbidden", match: "/items" }, { kind: "forbidden", match: "/products" }]);
  const products = await client.crm("products");
  assertEquals([products.status, (await products.json()).error.code], [403, "0x80040220"]);
  await client.get("accounts");
  const part = "--b\r\nContent-Type: application/http\r\n\r\nGET products HTTP/1.1\r\n\r\n\r\n--b--\r\n";
  const headers = { "Content-Type": "multipart/mixed; boundary=b" };
  const batch = await (await client.crm("$batch", { method: "POST", headers, body: part })).text();
  assertMatch(batch, /HTTP\/1\.1 403[^]*0x80040220/);

  const token = await tokenOf({ ...sandbox, crmUrl: sandbox.erpUrl });
  const requests = ["customers", "items", "items?$top=1"].map((path, at) => {
    return { id: String(at), method: "GET", url: `companies(${sandbox.companyId})/${path}` };
  });
  const answer = await fetch(`${sandbox.erpUrl}$batch`, {
    method: "POST",
    headers: {
      "Authorization": `Bearer ${token}`,
      "Content-Type": "application/json",
      "Prefer": "odata.continue-on-error",
    },
    body: JSON.stringify({ requests }),
  });
  const { responses } = await answer.json();
  assertEquals(responses.map((one: { status: number }) => one.status), [200, 403, 403]);
  assertMatch(responses[1].body.error.code, /^Authorization_/);
});
