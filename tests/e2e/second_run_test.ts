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
      // The log of deletions is one of each table.
      const logged = (path: string) => /deletedRecords\?.*(tableNumber%20eq%20\d+)/.exec(path)?.[1] ?? "";
      const reading = (path: string) => `${columns(path)} ${logged(path)}`;
      const perReading = Map.groupBy(requests, (one) => `${one.service} ${one.entity} ${reading(one.path)}`);
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
