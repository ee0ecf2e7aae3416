import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run, startSandbox, withHome } from "./program.ts";

Deno.test("sync a second time writes nothing and asks at most twice for each entity and what steps read of it", async () => {
  await withHome(async (home) => {
    const first = await run(home, "sync", "--json");
    assertEquals(first.code, 3, first.stderr); // the demo company has customers that two accounts stand for
    const sandbox = await startSandbox(home);
    try {
      const since = (await sandbox.requests()).at(-1)!.n;
      const second = await run(home, "sync", "--json");
      assertEquals(second.code, 3, second.stderr);
      const [before, after] = [JSON.parse(first.stdout), JSON.parse(second.stdout)];
      assertEquals([before.mode, after.mode], ["first", "incremental"]);
      const { inserted, modified, deleted } = after.totals;
      assertEquals({ inserted, modified, deleted }, { inserted: 0, modified: 0, deleted: 0 });
      const coupled = (document: { steps: { step: string; coupled: number }[] }) =>
        document.steps.map(({ step, coupled }) => `${step} ${coupled}`);
      assertEquals(coupled(after), coupled(before));

      const requests = (await sandbox.requests(since)).filter((one) => one.operation !== "token");
      assertEquals(requests.filter((one) => one.operation === "write" || one.innerWrites > 0), []);
      assertEquals(requests.filter((one) => one.status >= 400), []);
      const columns = (path: string) => new URL(path, "http://127.0.0.1").searchParams.get("$select");
      // The log of deletions is read once for each reading of a page of the extension.
      const [log, readings] = [true, false].map((isLog) =>
        requests.filter(({ path }) => path.includes("/deletedRecords?") === isLog)
      ) as [typeof requests, typeof requests];
      assert(log.length <= readings.filter(({ path }) => path.includes("/api/tenging/")).length);
      const perReading = Map.groupBy(readings, (one) => `${one.service} ${one.entity} ${columns(one.path)}`);
      const many = [...perReading].filter(([, asked]) => asked.length > 2);
      assertEquals(many.map(([reading, asked]) => [reading, asked.map((one) => one.path)]), []);
      const perEntity = Map.groupBy(requests, (one) => `${one.service} ${one.entity}`);
      for (const entity of ["dataverse accounts", "business_central extension customers", "dataverse products"]) {
        assert(perEntity.has(entity), `${entity} was not read`);
      }
      assertStringIncludes(second.stderr, "Next: deno task report --only listed");
    } finally {
      await sandbox.stop();
    }
  });
});
