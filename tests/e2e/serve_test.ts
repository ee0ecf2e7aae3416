import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run, type RunningSandbox, start, type Started, startSandbox, withHome } from "./program.ts";
import { writeCompany } from "./small_company.ts";

interface Served {
  readonly home: string;
  readonly sandbox: RunningSandbox;
  readonly serve: Started;
  readonly address: string;
  // deno-lint-ignore no-explicit-any
  ask(method: string, path: string): Promise<{ status: number; body: any }>;
}

/** `serve` on the small company, whose services are a process of their own. */
async function withServe(work: (served: Served) => Promise<void>): Promise<void> {
  await withHome(async (home) => {
    const sandbox = await startSandbox(home, ...await writeCompany(`${home}/data`));
    const serve = start(home, "serve", "--port", "0");
    try {
      await serve.said("Next: curl");
      const { port } = JSON.parse(await Deno.readTextFile(`${home}/serve.json`));
      const address = `http://127.0.0.1:${port}`;
      const ask = async (method: string, path: string) => {
        const response = await fetch(`${address}${path}`, { method });
        return { status: response.status, body: await response.json() };
      };
      await work({ home, sandbox, serve, address, ask });
      serve.process.kill("SIGTERM");
      assertEquals((await serve.end()).code, 143);
    } finally {
      if (!await hasEnded(serve)) serve.process.kill("SIGKILL");
      await Promise.all([serve.end(), sandbox.stop()]);
    }
  }, { isEmbedded: true });
}

function hasEnded(started: Started): Promise<boolean> {
  return Promise.race([started.process.status.then(() => true), Promise.resolve().then(() => false)]);
}

Deno.test("serve runs full synchronizations, one at a time, and tells how each direction of each step is", () =>
  withServe(async ({ home, serve, address, ask }) => {
    const started = await ask("POST", "/runs");
    assertEquals([started.status, started.body.status], [202, "In Process"]);
    const { runId } = started.body;
    const refused = await ask("POST", "/runs");
    assertEquals([refused.status, refused.body.error.code], [409, "run_under_way"]);
    assertStringIncludes(refused.body.error.message, `/runs/${runId}/cancel`);
    assertEquals((await ask("GET", "/health")).body.running, runId);
    await serve.said(`Run ${runId}: Finished`);

    const { body } = await ask("GET", `/runs/${runId}`);
    assertEquals([body.status, body.mode, body.progress], ["Finished", "first", { steps: 22, ended: 22 }]);
    const directions = body.steps.map((step: Record<string, { status: string }>) =>
      [step.step, step.status, step.toCrm!.status, step.fromCrm!.status].join(" · ")
    );
    const both = ["contacts", "customers", "order lines", "orders", "primary contacts"];
    const off = ["item units", "price groups", "resource units", "sales prices", "unit groups"];
    const toCrm = ["currencies", "item prices", "items", "price list lines", "price lists", "publishing"];
    toCrm.push("resource prices", "resource publishing", "resources", "standard price list", "units");
    const expected = [
      ...both.map((step) => `${step} · Finished · Success · Success`),
      ...off.map((step) => `${step} · Skipped ·  · `),
      ...toCrm.map((step) => `${step} · Finished · Success · `),
      "salespeople · Finished ·  · Success",
    ];
    assertEquals(directions.sort(), expected.sort());
    assertEquals(await ask("POST", `/runs/${runId}/cancel`).then(({ status }) => status), 409);

    const again = await ask("POST", "/runs");
    await serve.said(`Run ${again.body.runId}: Finished`);
    const second = (await ask("GET", `/runs/${again.body.runId}`)).body;
    assertEquals([second.mode, second.totals.inserted, second.totals.modified], ["full", 0, 0]);
    assert(second.totals.read > 0);

    // The other commands ask it; what needs the store itself is refused with what to do instead.
    const status = JSON.parse((await run(home, "status", "--json")).stdout);
    assertEquals([status.servedOn, status.runs[0].runId], [Number(new URL(address).port), again.body.runId]);
    const report = await run(home, "report");
    const csv = await (await fetch(`${address}/couplings.csv`)).text();
    const without = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "");
    assertEquals([report.code, without(report.stdout)], [0, without(csv)]);
    const sync = await run(home, "sync");
    assertEquals(sync.code, 6);
    assertStringIncludes(sync.stderr, `curl -X POST ${address}/runs`);
  }));

Deno.test("serve cancels a run that waits for a slow service, and the next one ends well", () =>
  withServe(async ({ sandbox, serve, ask }) => {
    await sandbox.control("POST", "/sandbox/faults", [
      { kind: "latency", service: "dataverse", match: "/accounts", ms: 60_000, times: 5 },
    ]);
    const { runId } = (await ask("POST", "/runs")).body;
    const cancelled = await ask("POST", `/runs/${runId}/cancel`);
    assertEquals([cancelled.status, cancelled.body.status], [202, "cancelling"]);
    await serve.said(`Run ${runId}: Cancelled`);
    assertEquals((await ask("GET", `/runs/${runId}`)).body.status, "Cancelled");
    assertEquals((await ask("GET", "/health")).body.running, null);

    await sandbox.control("DELETE", "/sandbox/faults");
    const next = (await ask("POST", "/runs")).body.runId;
    await serve.said(`Run ${next}: Finished`);
    assertEquals((await sandbox.crm("accounts", "?$select=name")).length, 13);
  }));
