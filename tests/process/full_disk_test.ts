/** A database whose disk is full in the middle of a run. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import postgres from "postgres";
import { startSandbox, startWith, withHome } from "../e2e/program.ts";
import { itsSteps, writeCompany } from "../e2e/small_company.ts";
import { postgresTest, withDatabase } from "../postgres.ts";
import { assertWhole, pairsIn } from "./whole.ts";

/** The disk is full after so many rows of changes. */
const places = [0, 7, 20];

/** A run on a database whose disk is full then, and the next one to the end; the couplings that there are. */
async function ofRun(after: number | null): Promise<readonly string[]> {
  let pairs: readonly string[] = [];
  await withDatabase((database) =>
    withHome(async (home) => {
      const sandbox = await startSandbox(home, ...await writeCompany(`${home}/data`));
      const sql = postgres(database.url, { max: 1, onnotice: () => {} });
      const run = (...args: string[]) => startWith({ DATABASE_URL: database.url }, home, ...args).end();
      try {
        assertEquals((await run("sync", "--select", "units")).code, 0);
        if (after !== null) {
          // Counted by a sequence, which no rollback sets back.
          await sql.unsafe(
            `create sequence tenging.rows; create function tenging.fill() returns trigger language plpgsql as
            $$ begin if nextval('tenging.rows') > ${after} then
              raise exception 'could not extend file' using errcode = '53100'; end if; return new; end $$;
            create trigger fill before insert on tenging.changes for each row execute function tenging.fill()`,
          );
          const full = await run("sync", ...itsSteps);
          assertEquals(full.code, 5, full.stderr);
          assertStringIncludes(full.stderr, "the database's disk is full; make room there, then run it again");
          await sql.unsafe("drop trigger fill on tenging.changes");
        }
        const next = await run("sync", ...itsSteps);
        assertEquals(next.code, 0, next.stderr);
        await assertWhole(sandbox);
        pairs = pairsIn((await run("report")).stdout);
      } finally {
        await sql.end({ timeout: 5 });
        await sandbox.stop();
      }
    }, { isEmbedded: true })
  );
  return pairs;
}

postgresTest("sync loses and doubles nothing when the database's disk is full in the middle of it", async () => {
  const pairs = await ofRun(null);
  for (const after of places) assertEquals(await ofRun(after), pairs, `full after ${after} rows`);
});
