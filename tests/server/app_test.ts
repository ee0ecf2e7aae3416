import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Hono } from "hono";
import type { Clock } from "../../connectors/connector.ts";
import { DefinitionError, ServiceError } from "../../errors.ts";
import { statusApp } from "../../server/app.ts";
import { backgroundRuns, type Synchronize } from "../../server/background_runs.ts";
import type { Run, Store } from "../../store/store.ts";
import { connection, openCompany, runOf, steps } from "../reports/company.ts";

const clock: Clock = {
  now: () => Date.parse("2026-02-03T04:05:06Z"),
  random: () => 0,
  uuid: () => "00000000-0000-4000-8000-000000000001",
  sleep: (_ms, signal) => new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
};

interface World {
  readonly app: Hono;
  readonly store: Store;
  readonly faults: unknown[];
  /** Ends the run that is under way. */
  readonly end: (run: Run) => void;
}

/** An app whose runs begin at once and end when the test says so, or when they are cancelled. */
async function open(more: { store?: Partial<Store>; synchronize?: Synchronize } = {}): Promise<World> {
  const store = { ...await openCompany(), ...more.store };
  const faults: unknown[] = [];
  let end: (run: Run) => void = () => {};
  let started = 1;
  const synchronize: Synchronize = async ({ signal, onChange }) => {
    const ended = Promise.withResolvers<Run>();
    end = ended.resolve;
    const begun = runOf(`run${++started}`, { status: "In Process", finishedAt: null });
    await store.saveRun(connection, begun);
    onChange(begun);
    signal.addEventListener("abort", () => ended.resolve({ ...begun, status: "Cancelled" }));
    const run = await ended.promise;
    await store.saveRun(connection, run);
    return run;
  };
  const runs = backgroundRuns(more.synchronize ?? synchronize, (error) => faults.push(error));
  const onFault = (error: unknown) => faults.push(error);
  const app = statusApp({ store, connection, steps, runs, clock, id: "served", port: 4280, onFault });
  return { app, store, faults, end: (run) => end(run) };
}

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
async function call({ app }: World, path: string, { method = "GET", headers, body }: Call = {}): Promise<Response> {
  const host = { Host: "127.0.0.1:4280" };
  return await app.request(path, { method, headers: { ...host, ...headers }, ...(body === undefined ? {} : { body }) });
}
async function codeOf(response: Response): Promise<string> {
  return (await response.json()).error.code;
}

const callers: readonly (readonly [what: string, headers: Record<string, string>, status: number])[] = [
  ["this loopback address", {}, 200],
  ["localhost", { Host: "localhost:4280" }, 200],
  ["its own pages", { Origin: "http://127.0.0.1:4280" }, 200],
  ["another name for this machine", { Host: "rebound.example:4280" }, 403],
  ["another port", { Host: "127.0.0.1:80" }, 403],
  ["no host", { Host: "" }, 403],
  ["another site", { Origin: "https://example.com" }, 403],
  ["a page without origin", { Origin: "null" }, 403],
  ["the other name of itself", { Origin: "http://localhost:4280" }, 403],
];
for (const [what, headers, status] of callers) {
  Deno.test(`statusApp() answers a request from ${what} with ${status}`, async () => {
    const response = await call(await open(), "/health", { headers });
    assertEquals(response.status, status);
    await response.body?.cancel();
  });
}

Deno.test("statusApp() says that it is well and forbids keeping and framing its answers", async () => {
  const response = await call(await open(), "/health");
  assertEquals(await response.json(), { status: "ok", id: "served", connection, kind: null, running: null });
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertStringIncludes(response.headers.get("content-security-policy") ?? "", "default-src 'none'");
  assertEquals(response.headers.get("access-control-allow-origin"), null);
});

Deno.test("statusApp() refuses unknown routes, methods and long bodies in JSON", async () => {
  const world = await open();
  const unknown = await call(world, "/nowhere");
  assertEquals([unknown.status, await codeOf(unknown)], [404, "unknown_route"]);
  const deletion = await call(world, "/runs", { method: "DELETE" });
  assertEquals([deletion.status, await codeOf(deletion)], [404, "unknown_route"]);
  const long = await call(world, "/runs", {
    method: "POST",
    body: "x".repeat(2000),
    headers: { "Content-Length": "2000" },
  });
  assertEquals([long.status, await codeOf(long)], [413, "body_too_large"]);
});

Deno.test("statusApp() shows steps with their totals", async () => {
  const { steps } = await (await call(await open(), "/steps")).json();
  assertEquals(steps.map((step: { step: string; coupled: number }) => [step.step, step.coupled]), [
    ["currencies", 0],
    ["customers", 7],
  ]);
});

Deno.test("statusApp() starts a run, shows it, refuses a second one and cancels it", async () => {
  const world = await open();
  const started = await call(world, "/runs", { method: "POST" });
  assertEquals([started.status, started.headers.get("location")], [202, "/runs/run2"]);
  assertEquals((await started.json()).status, "In Process");
  const second = await call(world, "/runs", { method: "POST" });
  assertEquals([second.status, await codeOf(second)], [409, "run_under_way"]);
  assertEquals((await (await call(world, "/health")).json()).running, "run2");
  assertEquals((await (await call(world, "/runs/run2")).json()).progress, { steps: 2, ended: 2 });

  const other = await call(world, "/runs/run9/cancel", { method: "POST" });
  assertEquals([other.status, await codeOf(other)], [404, "unknown_run"]);
  assertEquals((await call(world, "/runs/run2/cancel", { method: "POST" })).status, 202);
  await ended(world);
  assertEquals((await (await call(world, "/runs/run2")).json()).status, "Cancelled");
  const again = await call(world, "/runs/run2/cancel", { method: "POST" });
  assertEquals([again.status, await codeOf(again)], [409, "run_ended"]);
});

/** Resolves once no run is under way. */
async function ended(world: World): Promise<void> {
  while ((await (await call(world, "/health")).json()).running !== null) await Promise.resolve();
}

Deno.test("statusApp() starts another run once one has ended", async () => {
  const world = await open();
  await (await call(world, "/runs", { method: "POST" })).body?.cancel();
  world.end(runOf("run2"));
  await ended(world);
  assertEquals((await call(world, "/runs", { method: "POST" })).status, 202);
});

Deno.test("statusApp() lists runs, newest first, as many as asked for", async () => {
  const world = await open();
  await world.store.saveRun(connection, runOf("run0", { startedAt: "2026-01-01T00:00:00.000Z" }));
  await world.store.saveRun(connection, runOf("run1"));
  const { runs } = await (await call(world, "/runs")).json();
  assertEquals(runs.map((run: Run) => run.runId), ["run1", "run0"]);
  assertEquals((await (await call(world, "/runs?limit=1")).json()).runs.length, 1);
  for (const limit of ["0", "101", "1.5", "x"]) {
    const refused = await call(world, `/runs?limit=${limit}`);
    assertEquals([refused.status, await codeOf(refused)], [400, "bad_limit"]);
  }
  const unknown = await call(world, "/runs/run9");
  assertEquals([unknown.status, await codeOf(unknown)], [404, "unknown_run"]);
});

const refusals: readonly (readonly [what: string, error: Error, status: number, code: string])[] = [
  [
    "what the configuration lacks",
    new DefinitionError("confirmation_missing", "Cannot write"),
    422,
    "confirmation_missing",
  ],
  [
    "a service that is away",
    new ServiceError("Cannot sign in", { service: "dataverse", code: "unavailable" }),
    503,
    "unavailable",
  ],
  ["a fault of ours", new RangeError("secret detail"), 500, "internal_error"],
];
for (const [what, error, status, code] of refusals) {
  Deno.test(`statusApp() answers with ${status} when a run can't start for ${what}`, async () => {
    const world = await open({ synchronize: () => Promise.reject(error) });
    const response = await call(world, "/runs", { method: "POST" });
    const text = await response.text();
    assertEquals([response.status, JSON.parse(text).error.code], [status, code]);
    assertEquals(text.includes("secret detail"), false);
    assertEquals(world.faults, status === 500 ? [error] : []);
  });
}

Deno.test("statusApp() tells the server of a run that broke after its start", async () => {
  const broken = new RangeError("broken");
  const world = await open({
    synchronize: async ({ onChange }) => {
      onChange(runOf("run2", { status: "In Process" }));
      await Promise.resolve();
      throw broken;
    },
  });
  assertEquals((await call(world, "/runs", { method: "POST" })).status, 202);
  await ended(world);
  assertEquals(world.faults, [broken]);
});

Deno.test("statusApp() streams the coupling report as a download", async () => {
  const world = await open();
  const response = await call(world, "/couplings.csv?only=conflict");
  assertEquals(response.headers.get("content-type"), "text/csv; charset=utf-8");
  assertEquals(response.headers.get("content-disposition"), 'attachment; filename="couplings.csv"');
  assertEquals(response.headers.get("cache-control"), "no-store");
  const lines = (await response.text()).split("\r\n");
  assertEquals(lines.length, 3);
  assertStringIncludes(lines[1] ?? "", "2026-02-03T04:05:06.000Z,customers,customers,e2,");
  const refused = await call(world, "/couplings.csv?only=everything");
  assertEquals([refused.status, await codeOf(refused)], [400, "unknown_state"]);
});

Deno.test.each(["conflicts", "failures"])("statusApp() streams the report of %s", async (name) => {
  const response = await call(await open(), `/${name}.csv?excel`);
  assertEquals(response.headers.get("content-disposition"), `attachment; filename="${name}.csv"`);
  assertStringIncludes(await response.text(), "report_version;exported_at;step;");
});
