/** Runs that their process did not live to end, or gives no sign that it will. */
import type { RunDetails } from "../reports/run_document.ts";
import type { StepStanding } from "../reports/steps_document.ts";
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

/** What is shown instead of "In Process" where the process gave no sign of life for a minute: it may still wake. */
const lifeless = "Not Responding";

export type ShownStep = ReturnType<typeof lifelessStep>;
export type ShownRun = ReturnType<typeof lifelessRun>;

/** Where a step stands whose process gives no sign of life. */
export function lifelessStep(step: StepStanding) {
  return { ...step, status: shown(step.status), toCrm: shown(step.toCrm), fromCrm: shown(step.fromCrm) };
}

/** A run whose process gives no sign of life. */
export function lifelessRun(run: RunDetails) {
  const steps = run.steps.map((step) => ({
    ...{ ...step, status: shown(step.status) },
    toCrm: { ...step.toCrm, status: shown(step.toCrm.status) },
    fromCrm: { ...step.fromCrm, status: shown(step.fromCrm.status) },
  }));
  return { ...run, status: shown(run.status), steps: steps as readonly typeof steps[number][] };
}

function shown<T extends string | null>(status: T): T | typeof lifeless {
  return status === "In Process" ? lifeless : status;
}
