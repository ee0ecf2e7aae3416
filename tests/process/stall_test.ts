/** A run that stands still for so long that another one takes over, and then goes on. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import postgres from "postgres";
import { latest, startSandbox, startWith, withHome, writesSince } from "../e2e/program.ts";
import { before, itsSteps, writeCompany } from "../e2e/small_company.ts";
import { postgresTest, withDatabase } from "../postgres.ts";

/** All rows of all tables of the store, but for the signs of life. */
async function rowsOf(sql: postgres.Sql): Promise<ReadonlyMap<string, readonly string[]>> {
  const tables = await sql`select table_name as name from information_schema.tables
    where table_schema = 'tenging' and table_name <> 'holders' order by 1`;
  const rows = new Map<string, readonly string[]>();
  for (const { name } of tables) {
    const found = await sql`select t::text as row from tenging.${sql(name)} t order by 1`;
    rows.set(name, found.map(({ row }) => row));
  }
  return rows;
}

postgresTest(
  "a sync that was taken over while it stood still saves nothing and sends nothing once it goes on",
  () =>
    withDatabase((database) =>
      withHome(async (home) => {
        const sandbox = await startSandbox(home, ...await writeCompany(`${home}/data`));
        const sql = postgres(database.url, { max: 1, onnotice: () => {} });
        const start = (...args: string[]) => startWith({ DATABASE_URL: database.url }, home, ...args);
        try {
          const slow = { kind: "latency", service: "dataverse", method: "POST", match: "$batch", ms: 2_000, times: 1 };
          await sandbox.control("POST", "/sandbox/faults", [slow]);
          const stalled = start("sync", ...itsSteps);
          let isOver = false;
          stalled.process.status.then(() => isOver = true);
          while ((await sandbox.control("GET", "/sandbox/faults"))[0].hit === 0) assert(!isOver);
          stalled.process.kill("SIGSTOP"); // a write is under way, and others are to follow
          const early = await start("sync", ...itsSteps).end();
          assertEquals(early.code, 6, early.stderr);
          await sql`update tenging.holders set seen = clock_timestamp() - interval '61 seconds'`;

          const next = await start("sync", ...itsSteps).end();
          assertEquals(next.code, 0, next.stderr);
          assertEquals((await sandbox.crm("accounts")).length, before.customers + before.accounts.own);

          const [store, request] = [await rowsOf(sql), await latest(sandbox)];
          assert((store.get("couplings")?.length ?? 0) > 0);
          stalled.process.kill("SIGCONT");
          const { code, stderr } = await stalled.end();
          assertEquals(code, 5, stderr);
          assertStringIncludes(stderr, "[store_lost]");
          assertEquals(await writesSince(sandbox, request), 0);
          assertEquals(await rowsOf(sql), store);

          const { runs } = JSON.parse((await start("status", "--json").end()).stdout);
          assertEquals(runs.map(({ status }: { status: string }) => status), ["Finished", "Cancelled"]);
        } finally {
          await sql.end({ timeout: 5 });
          await sandbox.stop();
        }
      }, { isEmbedded: true })
    ),
);
