/** A database whose server ends and begins again while a run works on it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import postgres from "postgres";
import { startSandbox, startWith, withHome } from "../e2e/program.ts";
import { before, itsSteps, writeCompany } from "../e2e/small_company.ts";
import { findPrograms, startServer } from "../postgres_server.ts";

const programs = findPrograms();
const suffix = programs === null ? " [skipped: needs PostgreSQL's own programs, to start a server again]" : "";

/** A run is met where it waits for one of these, once for each. */
const places = [
  { service: "business_central", method: "GET", match: "/customers" },
  { service: "dataverse", method: "POST", match: "$batch" },
  { service: "dataverse", method: "POST", match: "$batch", after: 2 },
];

Deno.test({
  name: `sync loses and doubles nothing when the database's server is restarted${suffix}`,
  ignore: programs === null,
  async fn() {
    const server = await startServer(programs ?? "");
    const sql = postgres(server.url, { max: 1, onnotice: () => {} });
    try {
      for (const [at, place] of places.entries()) {
        await sql.unsafe(`create database at_${at} template template0 encoding 'UTF8'`);
        // What was committed is kept: that the last commits can be lost is another fault.
        await sql.unsafe(`alter database at_${at} set synchronous_commit = on`);
        const env = { DATABASE_URL: server.url.replace(/postgres$/, `at_${at}`) };
        await withHome(async (home) => {
          const sandbox = await startSandbox(home, ...await writeCompany(`${home}/data`));
          try {
            await sandbox.control("POST", "/sandbox/faults", [{ ...place, kind: "latency", ms: 3_000, times: 1 }]);
            const first = startWith(env, home, "sync", ...itsSteps);
            let isOver = false;
            first.process.status.then(() => isOver = true);
            while ((await sandbox.control("GET", "/sandbox/faults"))[0].hit === 0) assert(!isOver, place.match);
            await server.restart();
            const { code, stderr } = await first.end();
            assertEquals(code, 5, `${place.match}: ${stderr}`);
            assertStringIncludes(stderr, "[store_lost]");
            const next = await startWith(env, home, "sync", ...itsSteps).end();
            assertEquals(next.code, 0, `${place.match}: ${next.stderr}`);
            const accounts = await sandbox.crm("accounts", "?$select=name");
            assertEquals(accounts.length, before.customers + before.accounts.own);
            assertEquals(new Set(accounts.map(({ name }) => name)).size, accounts.length);
            assertEquals((await sandbox.crm("products")).length, before.items);
          } finally {
            await sandbox.stop();
          }
        }, { isEmbedded: true });
      }
    } finally {
      await sql.end({ timeout: 5 });
      await server.stop();
    }
  },
});

Deno.test({
  name: `serve ends when the database's server is restarted${suffix}`,
  ignore: programs === null,
  async fn() {
    const server = await startServer(programs ?? "");
    try {
      await withHome(async (home) => {
        const sandbox = await startSandbox(home, ...await writeCompany(`${home}/data`));
        try {
          const serve = startWith({ DATABASE_URL: server.url }, home, "serve", "--port", "0");
          await serve.said("Serving on");
          await server.restart();
          const { code, stderr } = await serve.end();
          assertEquals(code, 5, stderr);
          assertStringIncludes(stderr, "[store_lost]");
          const { stdout } = await startWith({ DATABASE_URL: server.url }, home, "status", "--json").end();
          assertEquals(JSON.parse(stdout).servedOn, null);
        } finally {
          await sandbox.stop();
        }
      }, { isEmbedded: true });
    } finally {
      await server.stop();
    }
  },
});
