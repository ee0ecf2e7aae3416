/** Commits of which the program does not know whether they were done. */
import { assertEquals } from "@std/assert";
import { copyInto, startSandbox, startWith, withHome } from "../e2e/program.ts";
import { itsSteps, writeCompany } from "../e2e/small_company.ts";
import { createDatabase, postgresTest } from "../postgres.ts";
import { isCi } from "../shared.ts";
import { cuttingProxy } from "./cutting_proxy.ts";
import { assertWhole, pairsIn } from "./whole.ts";

/** At so many commits of a run the connection is cut, each time before and after. */
const places = isCi ? 2 : 20;

postgresTest(
  "sync loses and doubles nothing when a connection breaks before or after a commit",
  () =>
    withHome(async (home) => {
      const data = await Deno.makeTempDir({ prefix: "tenging-data-" });
      const filled = await startSandbox(home, ...await writeCompany(data));
      await filled.stop();
      await Deno.remove(`${home}/sandbox/ports.json`);
      copyInto(`${data}/filled`, home);
      const { commits: total, pairs } = await ofRun("whole", null);
      const wanted = Array.from({ length: places }, (_, at) => 1 + Math.floor((at + 0.5) * total / places));
      for (const nth of wanted) {
        for (const when of ["before", "after"] as const) {
          const name = `${when}-${nth}`;
          assertEquals((await ofRun(name, { nth, when })).pairs, pairs, name);
        }
      }
      await Deno.remove(data, { recursive: true });

      /** A first run that is cut there, and the next one to the end; how many commits the first run made. */
      async function ofRun(name: string, cut: { nth: number; when: "before" | "after" } | null) {
        const own = `${home}/${name}`;
        copyInto(own, `${data}/filled`);
        const database = await createDatabase();
        const url = new URL(database.url);
        const proxy = cuttingProxy({ hostname: url.hostname, port: Number(url.port) });
        url.port = String(proxy.port);
        const env = { DATABASE_URL: url.href };
        const sandbox = await startSandbox(own);
        try {
          proxy.cut(cut?.nth ?? 0, cut?.when ?? "before");
          const first = await startWith(env, own, "sync", ...itsSteps).end();
          const commits = proxy.rest();
          if (cut !== null) assertEquals([first.code, proxy.hasCut()], [5, true], `${name}: ${first.stderr}`);
          const next = await startWith(env, own, "sync", ...itsSteps).end();
          assertEquals(next.code, 0, `${name}: ${next.stderr}`);
          await assertWhole(sandbox);
          return { commits, pairs: pairsIn((await startWith(env, own, "report").end()).stdout) };
        } finally {
          await sandbox.stop();
          proxy.stop();
          await database.drop();
        }
      }
    }, { isEmbedded: true }),
);
