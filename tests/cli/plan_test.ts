import { assertEquals, assertStringIncludes } from "@std/assert";
import { openPglite } from "../../store/pglite.ts";
import type { Change } from "../../store/store.ts";
import { inWorld } from "./world.ts";

const mistakes: readonly (readonly [args: readonly string[], said: string])[] = [
  [["sync", "customers"], "use --select [bad_arguments]"],
  [["sync", "plan.json", "--full"], "Cannot use --full with a plan"],
  [["sync", "nowhere.json"], "[plan_unreadable]"],
  [["plan", "--out", "plan.csv"], 'ends in ".json"'],
];
for (const [args, said] of mistakes) {
  Deno.test(`"${args.join(" ")}" is refused before anything is made`, () =>
    inWorld(async ({ dir, run }) => {
      const { code, err } = await run(args);
      assertEquals(code, 2, err);
      assertStringIncludes(err, said);
      assertEquals([...Deno.readDirSync(dir)].filter(({ name }) => name === ".tenging"), []);
    }));
}

Deno.test("a plan is not carried out before writes without an answer are settled", () =>
  inWorld(async ({ dir, run }) => {
    assertEquals((await run(["sync", "--select", "currencies"])).code, 3);
    const store = await openPglite(`${dir}/.tenging/store`);
    const sent: Change = {
      ...{ id: "old currencies 000000001", run: "old", step: "currencies", side: "crm", op: "update", source: "e1" },
      ...{ target: "c1", after: { name: "x" }, before: { name: "y" }, basis: {}, version: "1", state: "sent" },
      ...{ reasons: [], lost: [], attempts: 1, retryAt: null, at: "2026-01-01T00:00:00.000Z" },
    };
    await store.save("default", "currencies", { changes: [sent] });
    await store.close();
    await Deno.mkdir(`${dir}/exports`);
    const file = `${dir}/exports/plan.json`;
    const planned = await run(["plan", "--select", "currencies", "--out", file]);
    assertEquals(planned.code, 0, planned.err);
    assertStringIncludes(planned.err, "Writes of earlier runs to be settled first: 1");
    assertStringIncludes(planned.err, "Next: deno task sync --select currencies\n");
    const refused = await run(["sync", file]);
    assertEquals(refused.code, 2, refused.err);
    assertStringIncludes(refused.err, "no answer yet (currencies/e1), and nothing was written");
    assertStringIncludes(refused.err, "deno task sync --select currencies/e1 finds out");
    assertStringIncludes(refused.err, "[write_unsettled]");
  }));
