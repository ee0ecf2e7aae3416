import { assertEquals } from "@std/assert";
import { backgroundRuns } from "../../server/background_runs.ts";
import { runOf } from "../reports/company.ts";

Deno.test("backgroundRuns() starts nothing after stop()", async () => {
  let started = 0;
  const runs = backgroundRuns(({ onChange }) => {
    started++;
    onChange(runOf("run1"));
    return Promise.resolve(runOf("run1"));
  }, () => {});
  assertEquals((await runs.start())?.runId, "run1");
  await runs.stop();
  assertEquals([await runs.start(), started], [null, 1]);
});
