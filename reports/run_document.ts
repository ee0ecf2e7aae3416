/** A run as other programs read it: what `sync --json` prints and the status endpoint answers with. */
import type { Requests } from "../connectors/connector.ts";
import type { Counts, DirectionRun, JobStatus, Run, Spent, StepRun } from "../store/store.ts";

export interface StepDocument {
  readonly step: string;
  readonly dependsOn: readonly string[];
  readonly status: JobStatus;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly toCrm: DirectionRun;
  readonly fromCrm: DirectionRun;
  readonly coupled: number;
  readonly uncoupled: number;
  readonly requests: { readonly erp: number; readonly crm: number };
  readonly error?: { readonly code: string; readonly message: string };
  /** By side, what went out by what it was for, and units of the entitlement; null before the step read anything. */
  readonly spent: Spent | null;
}
export interface RunDocument {
  readonly runId: string;
  readonly mode: Run["mode"];
  readonly status: Run["status"];
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly steps: readonly StepDocument[];
  readonly totals: Counts;
  /** The same of the whole run, with what it asked for all its steps; null until it has ended. */
  readonly spent: Spent | null;
}

/** The document of a run. Names and order of its properties only ever grow. */
export function runDocument(run: Run): RunDocument {
  return {
    runId: run.runId,
    mode: run.mode,
    status: run.status,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    steps: run.steps.map(stepDocument),
    totals: countsOf(run.totals),
    spent: spentOf(run.spent),
  };
}

/** The document with what a screen needs besides: how far the run is, why steps ran otherwise, what is listed. */
export interface RunDetails extends RunDocument {
  readonly progress: { readonly steps: number; readonly ended: number };
  /** By step. */
  readonly notes: Readonly<Record<string, string>>;
  readonly listed: number;
}

export function runDetails(run: Run): RunDetails {
  const notes = run.steps.flatMap((step) => step.note === undefined ? [] : [[step.step, step.note] as const]);
  const listed = run.steps.reduce((sum, step) => sum + step.listed, 0);
  return { ...runDocument(run), progress: progressOf(run), notes: Object.fromEntries(notes), listed };
}

/** Of how many steps a run consists and how many of them have ended, whatever their end was. */
function progressOf(run: Run): { readonly steps: number; readonly ended: number } {
  return { steps: run.steps.length, ended: run.steps.filter((step) => hasEnded(step.status)).length };
}

/** Nothing more happens to a step with this status. */
export function hasEnded(status: JobStatus): boolean {
  return status === "Finished" || status === "Error" || status === "Cancelled" || status === "Skipped";
}

function stepDocument(run: StepRun): StepDocument {
  return {
    step: run.step,
    dependsOn: run.dependsOn,
    status: run.status,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    toCrm: { status: run.toCrm.status, counts: countsOf(run.toCrm.counts) },
    fromCrm: { status: run.fromCrm.status, counts: countsOf(run.fromCrm.counts) },
    coupled: run.coupled,
    uncoupled: run.uncoupled,
    requests: { erp: run.requests.erp, crm: run.requests.crm },
    ...(run.error === undefined ? {} : { error: run.error }),
    spent: spentOf(run.spent),
  };
}

function spentOf(spent: Spent | undefined): Spent | null {
  return spent === undefined ? null : { erp: requestsOf(spent.erp), crm: requestsOf(spent.crm) };
}

function requestsOf(requests: Requests): Requests {
  const { read, write, token, overlap, sweep, lookups, documents, units } = requests;
  return { read, write, token, overlap, sweep, lookups, documents, units };
}

function countsOf(counts: Counts): Counts {
  const { read, inserted, modified, deleted, unchanged, skipped, conflict, blocked, failed } = counts;
  return { read, inserted, modified, deleted, unchanged, skipped, conflict, blocked, failed };
}
