import { assertEquals } from "@std/assert";
import { endInterrupted } from "../../cli/interrupted_runs.ts";
import { memoryStore } from "../../store/memory.ts";
import type { StepRun } from "../../store/store.ts";
import { connection, counts, runOf } from "../reports/company.ts";

Deno.test("endInterrupted() ends the runs that nobody continues, and no others", async () => {
  const store = memoryStore();
  const [skipped, customers] = runOf("a").steps as [StepRun, StepRun];
  const direction = { status: "In Process" as const, counts };
  const working: StepRun = { ...customers, step: "items", status: "In Process", finishedAt: null, toCrm: direction };
  const waiting: StepRun = { ...working, step: "contacts", status: "Waiting", toCrm: customers.fromCrm };
  const dead = runOf("dead", {
    ...{ status: "In Process", finishedAt: null, startedAt: "2026-01-03T00:00:00.000Z" },
    steps: [skipped, customers, working, waiting],
  });
  for (const run of [dead, runOf("whole")]) await store.saveRun(connection, run);

  await endInterrupted(store, connection);
  const [ended, whole] = await store.runs(connection, { limit: 9 });
  assertEquals(whole, runOf("whole"));
  assertEquals([ended?.status, ended?.finishedAt], ["Cancelled", null]);
  assertEquals(ended?.steps.map((step) => [step.step, step.status, step.toCrm.status, step.note]), [
    ["currencies", "Skipped", "", "switched off in tenging.json"],
    ["customers", "Finished", "Success", undefined],
    ["items", "Cancelled", "Error", "interrupted"],
    ["contacts", "Cancelled", "", "interrupted"],
  ]);
});
