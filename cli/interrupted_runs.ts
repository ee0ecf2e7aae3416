/** Runs that their process did not live to end. */
import type { DirectionRun, Run, StepRun, Store } from "../store/store.ts";

/** Far more than there can be: each new run begins after those before it were ended. */
const looked = 100;

/**
 * Saves the unfinished runs as Cancelled, with the note "interrupted" on each step that did not end. Only for whoever
 * has the store alone and has no run under way: then nobody else works on them any more.
 */
export async function endInterrupted(store: Store, connection: string): Promise<void> {
  for (const run of await store.runs(connection, { limit: looked })) {
    if (run.status === "In Process") await store.saveRun(connection, ended(run));
  }
}

function ended(run: Run): Run {
  return { ...run, status: "Cancelled", steps: run.steps.map(endedStep) };
}

function endedStep(step: StepRun): StepRun {
  if (!["Waiting", "Ready", "In Process"].includes(step.status)) return step;
  const [toCrm, fromCrm] = [step.toCrm, step.fromCrm].map((direction): DirectionRun =>
    direction.status === "In Process" ? { ...direction, status: "Error" } : direction
  ) as [DirectionRun, DirectionRun];
  return { ...step, toCrm, fromCrm, status: "Cancelled", note: "interrupted" };
}
