import { assertEquals } from "@std/assert";
import { runDetails, runDocument } from "../../reports/run_document.ts";
import { stepsDocument } from "../../reports/steps_document.ts";
import { connection, openCompany, runOf, steps } from "./company.ts";

Deno.test("runDocument() has the properties that other programs count on, in their order, and no others", () => {
  const document = runDocument(runOf("run1"));
  assertEquals(Object.keys(document), [
    "runId",
    "mode",
    "status",
    "startedAt",
    "finishedAt",
    "steps",
    "totals",
    "spent",
  ]);
  const [, customers] = document.steps;
  assertEquals(Object.keys(customers ?? {}), [
    ...["step", "dependsOn", "status", "startedAt", "finishedAt", "toCrm", "fromCrm", "coupled", "uncoupled"],
    ...["requests", "spent"],
  ]);
  assertEquals(Object.keys(customers?.toCrm.counts ?? {}), [
    ...["read", "inserted", "modified", "deleted", "unchanged", "skipped", "conflict", "blocked", "failed"],
  ]);
});

Deno.test("runDocument() shows the error of a step", () => {
  const run = runOf("run1");
  const error = { code: "unavailable", message: "Cannot read" };
  const document = runDocument({ ...run, steps: run.steps.map((step) => ({ ...step, error })) });
  assertEquals(document.steps.map((step) => step.error), [error, error]);
});

Deno.test("runDetails() counts ended steps and gives notes by step", () => {
  const { progress, notes, listed } = runDetails(runOf("run1"));
  assertEquals({ progress, notes, listed }, {
    progress: { steps: 2, ended: 2 },
    notes: { currencies: "switched off in tenging.json" },
    listed: 1,
  });
});

Deno.test("stepsDocument() shows totals, the statuses of the last run and reasons", async () => {
  const store = await openCompany();
  await store.saveRun(connection, runOf("run1"));
  const [currencies, customers] = await stepsDocument(store, { connection, steps });
  assertEquals(
    [currencies?.status, currencies?.why, currencies?.coupled, currencies?.reasons],
    ["Skipped", "switched off in tenging.json", 0, {}],
  );
  assertEquals(customers, {
    ...{ step: "customers", dependsOn: ["currencies"], direction: "both", erp: "customers", crm: "accounts" },
    ...{ status: "Finished", toCrm: "Success", fromCrm: "", runId: "run1", finishedAt: "2026-01-02T03:04:12.000Z" },
    ...{ why: null, coupled: 7, uncoupled: { erp: 10, crm: 1 }, listed: 8 },
    reasons: { unmapped: 1, conflict: 1, ambiguous: 1, refused: 1, waiting: 2, required_blank: 1, merged: 1 },
    ...{ failed: 1, nextAttempt: null, swept: { erp: "2026-01-02T03:00:00Z", crm: null } },
  });
});

Deno.test("stepsDocument() says when deletions were looked for, and when the first failure is tried again", async () => {
  const store = await openCompany();
  const [refused] = (await store.changes(connection, { step: "customers", states: ["open"] }, { limit: 99 }))
    .filter(({ reasons }) => reasons.some(({ code }) => code === "refused"));
  const at = (source: string, retryAt: string) => ({ ...refused!, id: source, source, retryAt });
  await store.save(connection, "customers", {
    changes: [at(refused!.source, "2026-03-02T00:00:00Z"), at("another", "2026-03-01T00:00:00Z")],
  });
  const page = { run: "run1", records: [], deleted: [], left: [], swept: "2026-02-01T00:00:00Z" };
  await store.savePage(connection, "customers", "erp", page);
  const [, customers] = await stepsDocument(store, { connection, steps });
  assertEquals([customers?.failed, customers?.nextAttempt], [2, "2026-03-01T00:00:00Z"]);
  assertEquals(customers?.swept, { erp: "2026-02-01T00:00:00Z", crm: null });
});

Deno.test("stepsDocument() leaves records that nobody coupled to the step that a follow-up follows", async () => {
  const [, customers] = steps;
  const [following] = await stepsDocument(await openCompany(), {
    connection,
    steps: [{ ...customers!, of: customers! }],
  });
  assertEquals([following?.coupled, following?.uncoupled], [7, { erp: 0, crm: 0 }]);
});

Deno.test("stepsDocument() shows the run that is under way before the store has its end", async () => {
  const store = await openCompany();
  await store.saveRun(connection, runOf("run1"));
  const run = runOf("run2", { status: "In Process" });
  const current = { ...run, steps: run.steps.map((step) => ({ ...step, status: "In Process" as const })) };
  const [, customers] = await stepsDocument(store, { connection, steps, current });
  assertEquals([customers?.runId, customers?.status], ["run2", "In Process"]);
});
