import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { noRequests } from "../../connectors/connector.ts";
import { type Http, type HttpOptions, openHttp } from "../../connectors/http.ts";
import { DefinitionError, ServiceError } from "../../errors.ts";
import { openGate, serveStub, type Stub, testClock, tokenOf } from "./stub.ts";

function httpTo(stub: Stub, more: Partial<HttpOptions> = {}): Http {
  return openHttp({
    service: "business_central",
    origin: `${stub.url}/api`,
    token: tokenOf(stub),
    limiter: openGate(),
    clock: testClock(),
    ...more,
  });
}
const get = { method: "GET", path: "rows", retry: "safe" } as const;
const post = { method: "POST", path: "rows", body: "{}", retry: "no" } as const;

async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  return await assertRejects(() => promise, ServiceError);
}

Deno.test("request() signs in once for many requests and renews before the token ends", async () => {
  const used: (string | null)[] = [];
  await using stub = serveStub((request) => {
    used.push(request.headers.get("Authorization"));
    return Response.json({ ok: true });
  });
  const clock = testClock();
  const http = httpTo(stub, { clock });
  await Promise.all([http.request(get), http.request(get), http.request(get)]);
  clock.pass(3_000_000);
  await http.request(get);
  clock.pass(400_000);
  await http.request(get);
  assertEquals(used, ["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]);
  assertEquals(http.requests(), { ...noRequests, read: 5, token: 2 });
});

Deno.test("request() renews the token once after a 401, then gives up", async () => {
  let refusals = 1;
  await using stub = serveStub(() => refusals-- > 0 ? new Response(null, { status: 401 }) : Response.json({ ok: 1 }));
  assertEquals((await httpTo(stub).request(get)).json, { ok: 1 });
  refusals = 2;
  const error = await failure(httpTo(stub).request(post));
  assertEquals([error.code, error.status], ["sign_in_refused", 401]);
  assertEquals(stub.seen.filter((line) => line === "POST /api/rows").length, 2);
});

Deno.test("request() reports why the account may not sign in, without the secret", async () => {
  await using stub = serveStub(() =>
    Response.json({ error: "invalid_client", error_description: "AADSTS7000215: hush is wrong" }, { status: 401 })
  );
  const error = await failure(httpTo(stub, { token: { ...tokenOf(stub), address: `${stub.url}/login` } }).request(get));
  assertEquals(error.code, "sign_in_refused");
  assert(error.message.includes('"invalid_client AADSTS7000215"'), error.message);
  assert(!error.message.includes("hush"));
  assertEquals(stub.seen, ["POST /login"]);
});

Deno.test("request() reports a missing permission as forbidden", async () => {
  await using stub = serveStub(() => new Response(null, { status: 403 }));
  assertEquals((await failure(httpTo(stub).request(get))).code, "forbidden");
});

Deno.test("request() sends a token to no address outside the service's root", async () => {
  await using other = serveStub(() => Response.json({}));
  await using stub = serveStub(() => Response.json({}));
  const http = httpTo(stub);
  for (
    const address of [
      `${other.url}/api/rows`,
      `${stub.url}/elsewhere/rows`,
      `${stub.url}/api/../elsewhere`,
      `${stub.url}/api/%2e%2e/elsewhere`,
      `//${new URL(other.url).host}/api/rows`,
      `http://user@${new URL(stub.url).host}/api/rows`,
      `http://:word@${new URL(stub.url).host}/api/rows`,
      `https://${new URL(stub.url).host}/api/rows`,
      "http://",
    ]
  ) {
    assertEquals((await failure(http.request({ ...get, path: address }))).code, "foreign_address", address);
  }
  assertEquals(other.seen.length + stub.seen.length, 0);
  assertEquals(http.resolve("/api/rows?a=%2Fb%252F"), `${stub.url}/api/rows?a=%2Fb%252F`);
});

Deno.test("resolve() follows an address that spells the tenant in another way", async () => {
  await using stub = serveStub(() => Response.json({}));
  const http = httpTo(stub, { origin: `${stub.url}/v2.0/demo.example/production` });
  const next = `${stub.url}/V2.0/5a7d0b0c-0000-4000-8000-00000000d0e0/Production/api/v2.0/rows`;
  assertEquals(http.resolve(next), next);
  assertThrows(() => http.resolve(next.replace("V2.0", "v1.0")), ServiceError, "does not lie where");
});

Deno.test("request() waits longer than the service works on one request", async () => {
  await using stub = serveStub(() => Response.json({}));
  const real = globalThis.setTimeout;
  const waits: number[] = [];
  globalThis.setTimeout = ((work: () => void, ms: number) => (waits.push(ms), real(work, ms))) as typeof setTimeout;
  try {
    await httpTo(stub).request(get);
  } finally {
    globalThis.setTimeout = real;
  }
  assert(waits.includes(660_000) && waits.includes(900_000), String(waits));
});

Deno.test("openHttp() refuses an address without https outside loopback", () => {
  const base = { service: "dataverse", limiter: openGate(), clock: testClock() };
  const token = { address: "https://login.example/token", clientId: "", clientSecret: "", scope: "" };
  openHttp({ ...base, origin: "https://crm.example/api", token });
  openHttp({ ...base, origin: "http://[::1]:80/api", token });
  for (const origin of ["http://crm.example", "http://127.0.0.1.example", "ftp://127.0.0.1", "nothing"]) {
    assertThrows(() => openHttp({ ...base, origin, token }), DefinitionError, "https");
  }
  const plain = { ...token, address: "http://login.example/token" };
  assertThrows(() => openHttp({ ...base, origin: "https://crm.example", token: plain }), DefinitionError, "https");
});

Deno.test("request() follows no redirect", async () => {
  await using stub = serveStub(() => new Response(null, { status: 302, headers: { Location: "/api/other" } }));
  assertEquals((await failure(httpTo(stub).request(get))).code, "redirected");
  assertEquals(stub.seen, ["POST /token", "GET /api/rows"]);
});

Deno.test("request() waits as Retry-After says: seconds, a date, absent, at most two minutes", async () => {
  const clock = testClock();
  const answers: [number, string | null][] = [
    [429, "7"],
    [503, new Date(clock.now() + 40_000).toUTCString()],
    [500, null],
    [429, "3600"],
  ];
  await using stub = serveStub(() => {
    const [status, after] = answers.shift() ?? [200, null];
    return Response.json({}, { status, headers: after === null ? {} : { "Retry-After": after } });
  });
  const gate = openGate();
  assertEquals((await httpTo(stub, { clock, limiter: gate }).request(get)).status, 200);
  assertEquals(clock.slept, [7_500, 40_000 - 7_500 + 500, 4_000, 120_000]);
  assertEquals(gate.slowed, [7_500, 120_000]);
});

Deno.test("request() gives up after five tries with the last fault", async () => {
  await using stub = serveStub(() => new Response(null, { status: 503 }));
  const http = httpTo(stub);
  const error = await failure(http.request(get));
  assertEquals([error.code, error.status, error.retryable], ["unavailable", 503, true]);
  assertEquals(http.requests().read, 5);
});

Deno.test("request() repeats an unsafe request only where the service did nothing", async () => {
  const answers = [429, 503, 401, 201];
  await using stub = serveStub(() => Response.json({}, { status: answers.shift() ?? 200 }));
  assertEquals((await httpTo(stub).request(post)).status, 201);
  for (const status of [500, 502, 504, 408]) {
    answers.splice(0, answers.length, status);
    const error = await failure(httpTo(stub).request(post));
    assertEquals(error.code, "outcome_unknown");
    assertEquals((error.cause as ServiceError).status, status);
  }
});

/** Answers each connection with these bytes and closes it. */
function serveBytes(text: string): { url: string; connections: () => number } & Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  (async () => {
    for await (const connection of listener) {
      connections++;
      await connection.read(new Uint8Array(4096));
      if (text !== "") await connection.write(new TextEncoder().encode(text));
      connection.close();
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    connections: () => connections,
    [Symbol.dispose]: () => listener.close(),
  };
}

Deno.test("request() repeats a safe request after a broken connection, never an unsafe one", async () => {
  await using stub = serveStub(() => Response.json({}));
  for (const bytes of ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"]) {
    using broken = serveBytes(bytes);
    const http = httpTo(stub, { origin: broken.url });
    const safe = await failure(http.request({ ...get, path: "rows?name=Sigr%C3%BAn" }));
    assertEquals([safe.code, broken.connections()], ["unreachable", 5]);
    assert(!Deno.inspect(safe).includes("Sigr"), Deno.inspect(safe));
    const unsafe = await failure(http.request(post));
    assertEquals([unsafe.code, broken.connections()], ["outcome_unknown", 6]);
  }
});

Deno.test("request() sends an unsafe request once, on a connection that was used before as well", async () => {
  await using stub = serveStub(() => Response.json({}));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const seen: string[] = [];
  async function serve(connection: Deno.Conn): Promise<void> {
    const bytes = new Uint8Array(4096);
    for (;;) {
      const length = await connection.read(bytes);
      if (length === null) return connection.close();
      const text = new TextDecoder().decode(bytes.subarray(0, length));
      seen.push(text.slice(0, 4).trim());
      if (text.startsWith("POST")) return connection.close();
      await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
    }
  }
  (async () => {
    for await (const connection of listener) serve(connection);
  })();
  const http = httpTo(stub, { origin: `http://127.0.0.1:${listener.addr.port}` });
  await http.request(get);
  assertEquals((await failure(http.request(post))).code, "outcome_unknown");
  assertEquals(seen, ["GET", "POST"]);
  listener.close();
});

Deno.test("request() ends at each deadline", async () => {
  const open: ReadableStreamDefaultController<Uint8Array>[] = [];
  await using stub = serveStub(async (_, path) => {
    if (path.endsWith("late")) await new Promise((resolve) => setTimeout(resolve, 60));
    if (path.endsWith("late")) return Response.json({});
    return new Response(
      new ReadableStream({
        start(controller) {
          open.push(controller);
          controller.enqueue(new TextEncoder().encode("{"));
        },
      }),
    );
  });
  const cases = [
    ["late", { first: 20, idle: 9_000, total: 9_000 }, "no answer within 0.02 s"],
    ["idle", { first: 9_000, idle: 20, total: 9_000 }, "nothing more within 0.02 s"],
    ["total", { first: 9_000, idle: 9_000, total: 20 }, "no complete answer within 0.02 s"],
  ] as const;
  for (const [path, deadlines, text] of cases) {
    const error = await failure(httpTo(stub, { deadlines }).request({ ...post, path }));
    assertEquals((error.cause as ServiceError).code, "timeout");
    assert((error.cause as ServiceError).message.includes(text), (error.cause as ServiceError).message);
  }
  for (const controller of open) {
    try {
      controller.close();
    } catch { /* the other end is gone already */ }
  }
});

function gzip(text: string): Promise<ArrayBuffer> {
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

Deno.test("request() reads gzip and counts the bytes after decompression", async () => {
  const packed = await gzip(JSON.stringify({ text: "a".repeat(50_000) }));
  await using stub = serveStub((request) => {
    assert(request.headers.get("Accept-Encoding")?.includes("gzip"));
    return new Response(packed, { headers: { "Content-Encoding": "gzip", "Content-Type": "application/json" } });
  });
  assertEquals(
    (await httpTo(stub, { maxBytes: 60_000 }).request(get)).chunks.reduce((sum, { length }) => sum + length, 0),
    50_011,
  );
  const error = await failure(httpTo(stub, { maxBytes: 40_000 }).request(get));
  assertEquals([error.code, error.retryable], ["body_too_large", false]);
});

Deno.test("request() recognises a web page with status 200", async () => {
  const pages = [new Response("<p>", { headers: { "Content-Type": "text/html" } }), new Response(" <!DOCTYPE html>")];
  await using stub = serveStub(() => pages.shift() ?? Response.json({}));
  assertEquals((await failure(httpTo(stub).request(get))).code, "web_page");
  assertEquals((await failure(httpTo(stub).request(get))).code, "web_page");
});

Deno.test("request() tries again after bad JSON or UTF-8, and quotes no data then", async () => {
  const bodies = ['{"name":"Sigrún"', new Uint8Array([123, 34, 0xff, 34, 125]), '{"a":1}'];
  await using stub = serveStub(() => new Response(bodies.shift() ?? '{"name":"Sigrún"'));
  const http = httpTo(stub);
  assertEquals((await http.request(get)).json, { a: 1 });
  assertEquals(http.requests().read, 3);
  const error = await failure(http.request(get));
  assertEquals(error.code, "bad_json");
  assert(!Deno.inspect(error).includes("Sigr"));
});

Deno.test("request() reads past a byte order mark, and refuses numbers that nothing can hold", async () => {
  const answer = (body: string) => async () => {
    await using stub = serveStub(() => new Response(body));
    return (await httpTo(stub).request({ ...get, decimals: new Set(["price"]) })).json;
  };
  assertEquals(await answer('\uFEFF{"price":1e400}')(), { price: `1${"0".repeat(400)}` });
  for (const body of ['{"price":1e9999}', "[1", "NaN", '{"price":Infinity}']) {
    assertEquals((await failure(answer(body)())).code, "bad_json", body.slice(0, 20));
  }
});

Deno.test("request() gives refusals to its caller, exact decimals and text as asked", async () => {
  await using stub = serveStub((_, path) =>
    path.endsWith("none")
      ? Response.json({ error: { code: "X" } }, { status: 404 })
      : new Response('{"price":12.50,"n":1.50,"rows":[{"price":-0.0}]}')
  );
  const http = httpTo(stub);
  assertEquals((await http.request({ ...get, path: "none" })).status, 404);
  const answer = await http.request({ ...get, decimals: new Set(["price"]) });
  assertEquals(answer.json, { price: "12.5", n: 1.5, rows: [{ price: "0" }] });
  assertEquals(
    (await http.request({ ...get, accept: "text" })).json,
    '{"price":12.50,"n":1.50,"rows":[{"price":-0.0}]}',
  );
});

Deno.test("request() ends with the signal's reason before it is sent, and is unknown after", async () => {
  const stop = new AbortController();
  await using stub = serveStub(async () => {
    stop.abort(new Error("enough"));
    await Promise.resolve();
    return new Response(new ReadableStream({ pull: () => new Promise((resolve) => setTimeout(resolve, 30)) }));
  });
  const error = await failure(httpTo(stub).request({ ...post, signal: stop.signal }));
  assertEquals(error.code, "outcome_unknown");
  await assertRejects(() => httpTo(stub).request({ ...post, signal: stop.signal }), Error, "enough");
  await assertRejects(() => httpTo(stub).request({ ...get, signal: stop.signal }), Error, "enough");
});
