/** The program on a PostgreSQL server, as its users run it. */
import { existsSync } from "node:fs";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import postgres from "postgres";
import { postgresTest, type TestDatabase, withDatabase } from "../postgres.ts";
import { type Finished, type RunningSandbox, startSandbox, startWith, withHome } from "./program.ts";
import { before, writeCompany } from "./small_company.ts";

interface OnServer {
  readonly database: TestDatabase;
  readonly home: string;
  readonly sandbox: RunningSandbox;
  /** A command to its end; what it says never has the password. */
  run(...args: string[]): Promise<Finished>;
  start(...args: string[]): ReturnType<typeof startWith>;
}

/** The small company, whose services are a process of their own, and an empty database. */
function onServer(work: (world: OnServer) => Promise<void>): Promise<void> {
  return withDatabase((database) =>
    withHome(async (home) => {
      const sandbox = await startSandbox(home, ...await writeCompany(`${home}/data`));
      const start = (...args: string[]) => startWith({ DATABASE_URL: database.url }, home, ...args);
      const run = async (...args: string[]) => {
        const done = await start(...args).end();
        assert(!`${done.stdout}${done.stderr}`.includes(database.password), args.join(" "));
        return done;
      };
      try {
        await work({ database, home, sandbox, run, start });
      } finally {
        await sandbox.stop();
      }
    }, { isEmbedded: true }) // unless a command is given the database
  );
}

postgresTest(
  "on a server: a sync works alone, others look on, and what a killed one left is ended",
  () =>
    onServer(async ({ database, home, sandbox, run, start }) => {
      const nothing = await run("status", "--json");
      assertEquals([nothing.code, JSON.parse(nothing.stdout).runs], [0, []]);

      await sandbox.control("POST", "/sandbox/faults", [
        { kind: "latency", service: "dataverse", match: "/accounts", ms: 5_000, times: 1 },
      ]);
      const first = start("sync");
      await first.said("customers: In Process");
      first.process.kill("SIGSTOP"); // however long the others take, it is under way
      const second = await run("sync");
      assertEquals(second.code, 6, second.stderr);
      assertStringIncludes(second.stderr, `process ${first.process.pid} on 127.0.0.1 works on it`);
      assertStringIncludes(second.stderr, "[store_locked]");
      const meanwhile = JSON.parse((await run("status", "--json")).stdout);
      assertEquals([meanwhile.servedOn, meanwhile.lifelessSince, meanwhile.runs[0].status], [null, null, "In Process"]);
      const partial = await run("report");
      assertEquals(partial.code, 0);
      assertStringIncludes(partial.stdout, ",currencies,");

      const sql = postgres(database.url, { max: 1, onnotice: () => {} });
      await sql`update tenging.holders set seen = clock_timestamp() - interval '61 seconds'`;
      await sql.end({ timeout: 5 });
      const hanging = JSON.parse((await run("status", "--json")).stdout);
      assertEquals(hanging.runs[0].status, "Not Responding");
      assert(!JSON.stringify(hanging).includes("In Process"), JSON.stringify(hanging));
      assert(Date.now() - Date.parse(hanging.lifelessSince) > 60_000, hanging.lifelessSince);
      const { stdout, stderr } = await run("status");
      assert(/first +Not Responding/.test(stdout) && !stdout.includes("In Process"), stdout);
      assertStringIncludes(stderr, `its last sign of life at ${hanging.lifelessSince}`);
      assertStringIncludes(stderr, "Next: deno task sync");

      first.process.kill("SIGKILL");
      const killed = await first.end();
      assertEquals(killed.code, 137);
      await sandbox.control("DELETE", "/sandbox/faults");
      assertEquals(JSON.parse((await run("status", "--json")).stdout).runs[0].status, "Cancelled");

      const done = await run("sync");
      assertEquals(done.code, 0, done.stderr);
      assertEquals((await sandbox.crm("accounts")).length, before.customers + before.accounts.own);
      const again = await run("sync", "--json");
      const { totals } = JSON.parse(again.stdout);
      assertEquals([again.code, totals.inserted, totals.modified], [0, 0, 0]);
      assertEquals([...Deno.readDirSync(home)].map(({ name }) => name).includes("store"), false);

      const wrong = { DATABASE_URL: database.url.replace(database.password, "hunter2") };
      const refused = await startWith(wrong, home, "sync").end();
      assertEquals([refused.code, refused.stdout], [4, ""]);
      assert(!refused.stderr.includes("hunter2"), refused.stderr);
    }),
);

postgresTest(
  "on a server: status and report ask a serve of the same store, and no other",
  () =>
    onServer(async ({ home, run, start }) => {
      const serve = start("serve", "--port", "0");
      await serve.said("Next: curl");
      try {
        const { port } = JSON.parse(await Deno.readTextFile(`${home}/serve.json`));
        const started = await fetch(`http://127.0.0.1:${port}/runs`, { method: "POST" });
        const { runId } = await started.json();
        await serve.said(`Run ${runId}: Finished`);

        const document = JSON.parse((await run("status", "--json")).stdout);
        assertEquals([document.servedOn, document.runs[0].runId], [port, runId]);
        const sync = await run("sync");
        assertEquals(sync.code, 6);
        assertStringIncludes(sync.stderr, "[served_elsewhere]");

        // Without the variable the store would be one in the home, which is empty.
        const other = await startWith({}, home, "status", "--json").end();
        assertEquals([other.code, other.stdout], [2, ""]);
        assertStringIncludes(other.stderr, "[other_store]");
      } finally {
        serve.process.kill("SIGTERM");
        assertEquals((await serve.end()).code, 143);
      }
      const after = JSON.parse((await run("status", "--json")).stdout);
      assertEquals([after.servedOn, after.runs[0].status], [null, "Finished"]);
    }),
);

postgresTest(
  "on a server: a home goes on with the database that it was used with, and with no other",
  () =>
    onServer(async ({ database, home, run }) => {
      assertEquals((await run("sync")).code, 0);
      const refused = async (env: Readonly<Record<string, string>>, ...args: string[]) => {
        const { code, stdout, stderr } = await startWith(env, home, ...args).end();
        assertEquals([code, stdout], [2, ""], stderr);
        assertStringIncludes(stderr, "[other_store]");
        return stderr;
      };
      for (const args of [["sync"], ["status"], ["report"]]) {
        assertStringIncludes(await refused({}, ...args), "DATABASE_URL is not set");
      }
      assertEquals([...Deno.readDirSync(home)].map(({ name }) => name).includes("store"), false);

      await withDatabase(async (other) => {
        const env = { DATABASE_URL: other.url };
        for (const args of [["sync"], ["status"]]) assertStringIncludes(await refused(env, ...args), "holds no store");
        const elsewhere = startWith(env, `${home}-other`, "sync");
        try {
          assertEquals((await elsewhere.end()).code, 3); // the demo company has what is listed
        } finally {
          await Deno.remove(`${home}-other`, { recursive: true });
        }
        for (const args of [["sync"], ["status"]]) {
          assertStringIncludes(await refused(env, ...args), "holds another store");
        }
        const newcomer = startWith(env, `${home}-new`, "sync"); // its sandbox is another company
        try {
          const { code, stderr } = await newcomer.end();
          assertEquals([code, existsSync(`${home}-new/database.json`)], [2, false], stderr);
          assertStringIncludes(stderr, "[other_environment]");
          assertStringIncludes(stderr, "or use another database (DATABASE_URL)");
        } finally {
          await Deno.remove(`${home}-new`, { recursive: true });
        }
      });

      const note = await Deno.readTextFile(`${home}/database.json`);
      assert(!note.includes(database.password), note);
      const same = { DATABASE_URL: database.url.replace("127.0.0.1", "localhost") };
      const again = await startWith(same, home, "sync", "--json").end();
      const { mode, totals } = JSON.parse(again.stdout);
      assertEquals([again.code, mode, totals.inserted], [0, "incremental", 0]);
    }),
);
