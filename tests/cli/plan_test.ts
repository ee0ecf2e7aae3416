import { assertEquals, assertStringIncludes } from "@std/assert";
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
