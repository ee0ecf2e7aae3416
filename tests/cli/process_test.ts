import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const root = new URL("../../", import.meta.url);

interface Child {
  readonly process: Deno.ChildProcess;
  /** Everything on stderr so far. */
  said(): string;
  /** Resolves once stderr has this text; rejects when the process ends without it. */
  until(text: string): Promise<void>;
  end(): Promise<{ code: number; out: string; err: string }>;
}

/** A command with its own permission set, as a task runs it, on a home of its own. */
function start(args: readonly string[], env: Readonly<Record<string, string>>): Child {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", `-P=${args[0] === "help" ? "graph" : args[0]}`, "--no-prompt", "main.ts", ...args],
    cwd: root,
    env: { ...env, NO_COLOR: "1" },
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  let err = "";
  const waiting = new Set<() => void>();
  const reading = (async () => {
    for await (const piece of process.stderr.pipeThrough(new TextDecoderStream())) {
      err += piece;
      for (const wake of waiting) wake();
    }
  })();
  const out = new Response(process.stdout).text();
  return {
    process,
    said: () => err,
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!err.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        reading.then(() => reject(new Error(`The process ended without saying "${text}": ${err}`)));
      }),
    end: async () => {
      const { code } = await process.status;
      await reading;
      return { code, out: await out, err };
    },
  };
}

/** A home under .tenging of the project, which is where the permission sets let commands write. */
async function inHome(test: (home: string) => Promise<void>): Promise<void> {
  const home = `.tenging/test-${crypto.randomUUID()}`;
  try {
    await test(home);
  } finally {
    await Deno.remove(new URL(home, root), { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

Deno.test("help runs without a right to write", async () => {
  const { code, out } = await start(["help"], {}).end();
  assertEquals(code, 0);
  assertStringIncludes(out, "Usage: deno task COMMAND [options]");
});

Deno.test("a home elsewhere is refused with the line of deno.json that permits it", async () => {
  const { code, err } = await start(["sync"], { TENGING_HOME: "../elsewhere" }).end();
  assertEquals(code, 2);
  const [, line] = err.match(/"write" in line (\d+) of deno\.json/) ?? [];
  const lines = (await Deno.readTextFile(new URL("deno.json", root))).split("\n");
  assertMatch(lines.slice(0, Number(line)).join("\n"), /"sync": \{[^{}]*"write": [^\n]*$/);
});

Deno.test("a report elsewhere is refused before anything is written", () =>
  inHome(async (home) => {
    const { code, err } = await start(["report", "--out", "../couplings.csv"], { TENGING_HOME: home }).end();
    assertEquals(code, 2);
    assertMatch(err, /\[file_not_permitted\]/);
  }));

Deno.test("serve holds the store and answers for it until it is stopped", () =>
  inHome(async (home) => {
    const env = { TENGING_HOME: home };
    const serve = start(["serve", "--port", "0"], env);
    await serve.until("Next: curl");
    const address = serve.said().match(/http:\/\/127\.0\.0\.1:\d+/)?.[0] ?? "";

    const sync = await start(["sync"], env).end();
    assertEquals(sync.code, 6);
    assertStringIncludes(sync.err, `curl -X POST ${address}/runs`);

    const started = await fetch(`${address}/runs`, { method: "POST" });
    assertEquals(started.status, 202);
    const { runId } = await started.json();
    const cancelled = await fetch(`${address}/runs/${runId}/cancel`, { method: "POST" });
    await cancelled.body?.cancel();
    assertEquals(cancelled.status, 202);
    await serve.until(`Run ${runId}: Cancelled`);

    const status = await start(["status", "--json"], env).end();
    const document = JSON.parse(status.out);
    assertEquals([document.servedOn, document.runs[0].runId], [Number(new URL(address).port), runId]);
    const report = await start(["report"], env).end();
    assertEquals([report.code, report.out.startsWith("report_version,")], [0, true]);

    serve.process.kill("SIGINT");
    const ended = await serve.end();
    assertEquals(ended.code, 130);
    assertStringIncludes(ended.err, "Stopping: ");
    const left = await start(["status", "--json"], env).end();
    assertEquals(JSON.parse(left.out).servedOn, null);
  }));

Deno.test("Ctrl-C ends a sync cleanly and keeps what was done", () =>
  inHome(async (home) => {
    const env = { TENGING_HOME: home };
    const sync = start(["sync"], env);
    await sync.until("customers: In Process");
    sync.process.kill("SIGINT");
    const stopped = await sync.end();
    assertEquals(stopped.code, 130);
    assertStringIncludes(stopped.err, "Stopping: what is under way ends first");
    assertStringIncludes(stopped.err, "Next: deno task sync");
    assertMatch(stopped.out, /total +Cancelled/);
    const status = await start(["status", "--json"], env).end();
    assertEquals([status.code, JSON.parse(status.out).runs[0].status], [0, "Cancelled"]);
  }));
