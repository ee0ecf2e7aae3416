import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { startSandbox } from "../../sandbox/mod.ts";
import { openClient, refusal, tokenForm, tokenOf } from "./client.ts";

Deno.test("startSandbox() says where it is, and refuses a folder that is in use", async () => {
  await using client = await openClient();
  const { sandbox, dir } = client;
  const address = JSON.parse(Deno.readTextFileSync(`${dir}/address.json`));
  assertEquals(address.crmUrl, sandbox.crmUrl);
  assertEquals([address.pid, address.erpUrl, address.tokenUrl], [Deno.pid, sandbox.erpUrl, sandbox.tokenUrl]);
  assertEquals(new URL(sandbox.crmUrl).pathname, "/api/data/v9.2/");
  const { tenant } = sandbox.credentials;
  assertEquals(new URL(sandbox.erpUrl).pathname, `/v2.0/${tenant}/${sandbox.environment}/api/v2.0/`);
  const error = await assertRejects(() => startSandbox({ dir }), Deno.errors.Busy);
  assertStringIncludes(error.message, "another process uses it");
});

Deno.test("startSandbox() keeps rows, company and currency over a restart", async () => {
  const dir = Deno.makeTempDirSync();
  let id: string;
  let companyId: string;
  {
    await using client = await openClient({ dir, localCurrency: "ISK" });
    companyId = client.sandbox.companyId;
    assertEquals(client.sandbox.isEmpty(), true);
    id = await client.create("accounts", { name: "Þjóðráð ehf." });
    assertEquals(client.sandbox.isEmpty(), false);
  }
  {
    await using client = await openClient({ dir });
    assertEquals([client.sandbox.companyId, client.sandbox.localCurrency], [companyId, "ISK"]);
    assertEquals((await client.get(`accounts(${id})?$select=name`)).name, "Þjóðráð ehf.");
  }
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("the token endpoint refuses a wrong secret, client, tenant, grant and scope", async () => {
  await using client = await openClient();
  const { sandbox } = client;
  const ask = async (change: (form: URLSearchParams) => void, url = sandbox.tokenUrl) => {
    const form = tokenForm(sandbox);
    change(form);
    const answer = await fetch(url, { method: "POST", body: form });
    return [answer.status, (await answer.json()).error];
  };
  assertEquals(await ask((form) => form.set("client_secret", "no")), [401, "invalid_client"]);
  assertEquals(await ask((form) => form.set("client_id", "no")), [401, "invalid_client"]);
  assertEquals(await ask((form) => form.set("grant_type", "password")), [400, "unsupported_grant_type"]);
  assertEquals(await ask((form) => form.delete("scope")), [400, "invalid_scope"]);
  const elsewhere = sandbox.tokenUrl.replace(sandbox.credentials.tenant, "elsewhere");
  assertEquals(await ask(() => {}, elsewhere), [400, "invalid_request"]);
  assertEquals(await ask(() => {}), [200, undefined]);
  assertEquals(await ask(() => {}, new URL(new URL(sandbox.tokenUrl).pathname, sandbox.crmUrl).href), [200, undefined]);
});

Deno.test("a request without a valid token is answered 401, also after the token's life", async () => {
  const clock = { at: Date.UTC(2026, 0, 1) };
  await using client = await openClient({ clock: { now: () => clock.at, uuid: () => crypto.randomUUID() } });
  const url = new URL("WhoAmI", client.sandbox.crmUrl);
  const bare = await fetch(url);
  assertEquals([bare.status, bare.headers.has("WWW-Authenticate")], [401, true]);
  await bare.body?.cancel();
  assertEquals(typeof (await client.get("WhoAmI")).UserId, "string");
  clock.at += 3600_000;
  const late = await client.crm("WhoAmI");
  assertEquals(late.status, 401);
  await late.body?.cancel();

  await client.control("tokens", { expiresIn: 5 });
  const token = await tokenOf(client.sandbox);
  clock.at += 6000;
  const short = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  assertEquals(short.status, 401);
  await short.body?.cancel();
});

Deno.test("a token is good for the service that it was asked for, by the sandbox's address or the real one", async () => {
  await using client = await openClient();
  const { sandbox } = client;
  const statuses = async (scope: string) => {
    const body = tokenForm(sandbox);
    body.set("scope", scope);
    const token = (await (await fetch(sandbox.tokenUrl, { method: "POST", body })).json()).access_token;
    const found = [];
    for (const url of [`${sandbox.erpUrl}companies`, `${sandbox.crmUrl}WhoAmI`]) {
      const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
      await answer.body?.cancel();
      found.push(answer.status);
    }
    return found;
  };
  assertEquals(await statuses(`${new URL(sandbox.erpUrl).origin}/.default`), [200, 401]);
  assertEquals(await statuses(`${new URL(sandbox.crmUrl).origin}/.default`), [401, 200]);
  assertEquals(await statuses("https://api.businesscentral.dynamics.com/.default"), [200, 401]);
  assertEquals(await statuses("https://org.crm4.dynamics.com/.default"), [401, 200]);
  assertEquals(await statuses("https://graph.microsoft.com/.default"), [401, 401]);
});

Deno.test("a request by another name, or from a web page, is refused", async () => {
  await using client = await openClient();
  const { host, port } = new URL(client.sandbox.crmUrl);
  const ask = async (...headers: string[]) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    const lines = ["GET /sandbox/requests HTTP/1.1", ...headers, "Connection: close", "", ""];
    await connection.write(new TextEncoder().encode(lines.join("\r\n")));
    const answer = await new Response(connection.readable).text();
    return [Number(answer.split(" ")[1]), /"(sandbox_\w+)"/.exec(answer)?.[1]];
  };
  assertEquals(await ask(`Host: ${host}`), [200, undefined]);
  assertEquals(await ask(`Host: localhost:${port}`), [200, undefined]);
  assertEquals(await ask("Host: evil.example"), [403, "sandbox_foreign_host"]);
  assertEquals(await ask("Host: 127.0.0.1"), [403, "sandbox_foreign_host"]);
  assertEquals(await ask(`Host: ${host}`, `Origin: http://${host}`), [403, "sandbox_foreign_origin"]);
});

Deno.test("the log holds every request but those to the sandbox itself", async () => {
  await using client = await openClient();
  await client.create("accounts", { name: "A" });
  await client.get("accounts?$select=name");
  const refused = await client.crm("nothing");
  await refused.body?.cancel();
  const log = await (await client.control("requests")).json();
  const shown = log.map((
    one: Record<string, unknown>,
  ) => [one.n, one.service, one.operation, one.entity, one.status, one.rows]);
  assertEquals(shown, [
    [1, "token", "token", "", 200, 0],
    [2, "dataverse", "write", "accounts", 204, 1],
    [3, "dataverse", "read", "accounts", 200, 1],
    [4, "dataverse", "read", "", 404, 0],
  ]);
  assertEquals(log[2].path, "/api/data/v9.2/accounts?$select=name");
  assertEquals((await (await client.control("requests?since=3")).json()).length, 1);
  const lines = Deno.readTextFileSync(`${client.dir}/requests.jsonl`).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line)), log);
  await fetch(new URL("/sandbox/requests", client.sandbox.erpUrl), { method: "DELETE" });
  assertEquals(await (await client.control("requests")).json(), []);
});

Deno.test("answers over 1 KiB are compressed for a client that accepts it, unless none is to be", async () => {
  await using client = await openClient();
  await using plain = await openClient({ compress: false });
  for (const { create } of [client, plain]) await create("accounts", { name: "A" });
  const isCompressed = async (path: string, encoding: string, { sandbox } = client) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(sandbox.crmUrl).port) });
    const token = await tokenOf(sandbox);
    const request =
      `GET /api/data/v9.2/${path} HTTP/1.1\r\nHost: ${
        new URL(sandbox.crmUrl).host
      }\r\nAuthorization: Bearer ${token}\r\n` +
      `Accept-Encoding: ${encoding}\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const head = await new Response(connection.readable).text();
    return /content-encoding: gzip/i.test(head);
  };
  assertEquals(await isCompressed("accounts", "gzip, br"), true);
  assertEquals(await isCompressed("accounts", "identity"), false);
  assertEquals(await isCompressed("WhoAmI", "gzip"), false);
  assertEquals(await isCompressed("accounts", "gzip, br", plain), false);
});

Deno.test("fault 429 and 503 answer in the service's style, with Retry-After as asked", async () => {
  await using client = await openClient();
  const bad = await client.control("faults", [{ kind: "teapot" }]);
  assertEquals(bad.status, 400);
  await bad.body?.cancel();
  await client.control("faults", [
    { kind: "429", retryAfter: 7 },
    { kind: "503", retryAfter: "date", after: 1 },
    { kind: "429", after: 2 },
  ]);
  const seen = [];
  for (let n = 0; n < 4; n++) {
    const answer = await client.crm("accounts", { method: "POST", body: '{"name":"A"}' });
    const text = await answer.text();
    const after = answer.headers.get("Retry-After");
    seen.push([
      answer.status,
      after === null || /^\d+$/.test(after) ? after : "date",
      text && JSON.parse(text).error.code,
    ]);
    if (after !== null && !/^\d+$/.test(after)) assertEquals(Date.parse(after) > Date.now() - 5000, true);
  }
  assertEquals(seen, [
    [429, "7", "0x80072322"],
    [503, "date", "0x80048d0a"],
    [429, null, "0x80072322"],
    [204, null, ""],
  ]);
  assertEquals((await client.get("accounts")).value.length, 1);
});

Deno.test("fault reset breaks the body; lost_reply takes effect and answers nothing", async () => {
  await using client = await openClient();
  await client.control("faults", [
    { kind: "reset", method: "GET", match: "/organizations" },
    { kind: "lost_reply", method: "POST", match: "/accounts" },
  ]);
  const broken = await client.crm("organizations");
  assertEquals(broken.status, 200);
  await assertRejects(() => broken.text());
  assertEquals((await client.get("organizations")).value.length, 1);
  // fetch sends a body that it can repeat a second time by itself when a kept connection closes; not so a stream.
  const body = new Blob(['{"name":"A"}']).stream();
  const headers = { "Content-Type": "application/json" };
  await assertRejects(() => client.crm("accounts", { method: "POST", body, headers }), TypeError);
  assertEquals((await client.get("accounts")).value.length, 1);
  const log = await (await client.control("requests")).json();
  const faulted = log.filter((one: { fault?: string }) => one.fault !== undefined);
  assertEquals(faulted.map((one: { fault: string; status: number }) => [one.fault, one.status]), [
    ["reset", 200],
    ["lost_reply", 0],
  ]);
});

Deno.test("fault expired_token takes all tokens back; latency only delays", async () => {
  await using client = await openClient();
  await client.control("faults", [{ kind: "latency", ms: 30 }, { kind: "expired_token", after: 1 }]);
  const start = performance.now();
  await client.get("WhoAmI");
  assertEquals(performance.now() - start >= 29, true);
  for (let n = 0; n < 2; n++) {
    const answer = await client.crm("WhoAmI");
    assertEquals(answer.status, 401);
    await answer.body?.cancel();
  }
  const token = await tokenOf(client.sandbox);
  const renewed = await client.crm("WhoAmI"); // the first token stays invalid
  await renewed.body?.cancel();
  const fresh = await fetch(new URL("WhoAmI", client.sandbox.crmUrl), {
    headers: { Authorization: `Bearer ${token}` },
  });
  await fresh.body?.cancel();
  assertEquals([renewed.status, fresh.status], [401, 200]);
});

Deno.test("fault kill ends the process when its write is in the file; a restart has it", async () => {
  const dir = Deno.makeTempDirSync();
  const code = `import { startSandbox } from "${new URL("../../sandbox/mod.ts", import.meta.url)}";
    const { crmUrl, tokenUrl, credentials } = await startSandbox({ dir: ${JSON.stringify(dir)} });
    console.log(JSON.stringify({ crmUrl, tokenUrl, credentials }));`;
  Deno.writeTextFileSync(`${dir}/run.ts`, code);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, `${dir}/run.ts`],
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) text += new TextDecoder().decode((await output.read()).value);
  const running = JSON.parse(text);
  await fetch(new URL("/sandbox/faults", running.crmUrl), { method: "POST", body: '[{"kind":"kill","writes":3}]' });
  const token = await tokenOf(running);
  const put = (name: string) =>
    fetch(new URL("accounts", running.crmUrl), {
      method: "POST",
      headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ name }),
    });
  assertEquals([(await put("1")).status, (await put("2")).status], [204, 204]);
  await assertRejects(() => put("3"), TypeError);
  await output.cancel();
  assertEquals((await child.status).success, false);

  {
    await using client = await openClient({ dir });
    const { value } = await client.get("accounts?$select=name");
    assertEquals(value.map((row: { name: string }) => row.name), ["1", "2", "3"]);
  }
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("/sandbox refuses what it doesn't know", async () => {
  await using client = await openClient();
  assertEquals(await refusal(await client.control("nothing")), [404, "sandbox_request"]);
  assertEquals(await refusal(await client.control("stop", {})), [404, "sandbox_request"]);
  assertEquals(await refusal(await client.control("dataverse", { nothing: 1 })), [400, "sandbox_request"]);
});
