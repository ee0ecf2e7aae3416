import { assertEquals } from "@std/assert";
import { endInterrupted, lifelessRun, lifelessStep } from "../../cli/interrupted_runs.ts";
import { memoryStore } from "../../store/memory.ts";
import type { StepRun } from "../../store/store.ts";
import { runDetails } from "../../reports/run_document.ts";
import { stepsDocument } from "../../reports/steps_document.ts";
import { connection, counts, openCompany, runOf, steps } from "../reports/company.ts";

const [skipped, customers] = runOf("a").steps as [StepRun, StepRun];
const direction = { status: "In Process" as const, counts };
const working: StepRun = { ...customers, step: "items", status: "In Process", finishedAt: null, toCrm: direction };

Deno.test("endInterrupted() ends the runs that nobody continues, and no others", async () => {
  const store = memoryStore();
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

Deno.test("lifelessRun() and lifelessStep() show as not responding what seems to go on, and nothing else", async () => {
  const store = await openCompany();
  const now: StepRun = { ...working, step: "customers" };
  await store.saveRun(connection, runOf("hangs", { status: "In Process", finishedAt: null, steps: [skipped, now] }));
  const [run] = (await store.runs(connection, { limit: 1 })).map(runDetails).map(lifelessRun);
  assertEquals(run?.status, "Not Responding");
  assertEquals(run?.steps.map((step) => [step.status, step.toCrm.status, step.fromCrm.status]), [
    ["Skipped", "", ""],
    ["Not Responding", "Not Responding", customers.fromCrm.status],
  ]);
  const standing = (await stepsDocument(store, { connection, steps })).find(({ step }) => step === "customers")!;
  assertEquals([standing.status, standing.toCrm], ["In Process", "In Process"]);
  const { status, toCrm, fromCrm, ...rest } = lifelessStep(standing);
  assertEquals([status, toCrm, fromCrm], ["Not Responding", "Not Responding", standing.fromCrm]);
  assertEquals({ ...standing, ...rest }, standing);
  const ended = runDetails(runOf("whole"));
  assertEquals(lifelessRun(ended), ended);
});
