/** The small runner: steps in the order of their dependencies, independent ones side by side. */
import type { Clock, Connector } from "../connectors/connector.ts";
import { DefinitionError, ServiceError, StepError } from "../errors.ts";
import type { DirectionRun, Pin, Run, StepRun, Store } from "../store/store.ts";
import type { Brake } from "./brakes.ts";
import { recognise } from "./environment.ts";
import type { Guard, Rehearsal } from "./context.ts";
import { headsOf, order, ready, type Selection } from "./plan.ts";
import { runStep, type StepProgress } from "./run_step.ts";
import type { Rebuild } from "./rebuild.ts";
import { readOnly } from "./simulate.ts";
import type { Step } from "./step.ts";
import { noCounts, notStarted, spentSince, sumOf } from "./tally.ts";

export interface RunOptions {
  readonly connection: string;
  /** A checked pipeline. */
  readonly steps: readonly Step[];
  readonly erp: Connector;
  readonly crm: Connector;
  readonly store: Store;
  readonly clock: Clock;
  readonly kind: Pin["kind"];
  /** Read everything again, and look for what is gone. */
  readonly full?: boolean;
  /** Couple and update, create nothing. */
  readonly onlyCoupled?: boolean;
  /** Brakes that a person lets pass. */
  readonly allow?: ReadonlySet<Brake>;
  /** Go on with a copied, moved or restored environment: everything meets for the first time again. */
  readonly rebase?: boolean;
  readonly selection?: Selection;
  /** Write to no service; the store must be one that is thrown away. */
  readonly rehearsal?: Rehearsal;
  /** Restore couplings from both sides, and decide nothing. */
  readonly rebuild?: Rebuild;
  /** Send nothing that it does not allow. */
  readonly guard?: Guard;
  /** Steps that are off, and why. */
  readonly off?: ReadonlyMap<string, string>;
  /** The number of this process. */
  readonly process?: number;
  /** The run's id where the caller gave it out already. */
  readonly runId?: string;
  readonly signal?: AbortSignal;
  /** How messages call the database that is the store; null or absent: it lies in the home. */
  readonly database?: string | null;
  /** Called once nothing stands in the way any more, before any step starts. */
  readonly onAccepted?: () => Promise<void>;
  /** Called at every change of a step's status and after every page of its work. */
  readonly onStep?: (step: StepRun, run: Run) => void;
}

/** How many steps work at the same time. */
const sideBySide = 4;

/**
 * Runs the pipeline. A step that fails blocks only the steps that depend on it; an abort ends the run as Cancelled
 * once what is under way is answered. Throws what stands in the way before any step starts: DefinitionError
 * "step_renamed", "other_environment" or "environment_restored", ServiceError from the first sign-in or the store.
 */
export async function runPipeline(options: RunOptions): Promise<Run> {
  const { store, connection, clock, steps } = options;
  const before = { erp: options.erp.requests(), crm: options.crm.requests() };
  const outside = await recognise(options);
  await refuseRenamed(store, connection, steps);
  await options.onAccepted?.();
  const wanted = new Set(options.selection?.steps ?? steps.map((step) => step.name));
  const off = options.off ?? new Map<string, string>();
  const first = (await store.runs(connection, { limit: 1 })).length === 0;
  const record = options.selection?.record ?? null;
  const now = () => new Date(clock.now()).toISOString();

  const chosen = order(steps).filter((step) => wanted.has(step.name));
  // The parts of a document run with their heads, under the heads' name.
  const ordered = headsOf(chosen);
  let run: Run = {
    runId: options.runId ?? clock.uuid(),
    mode: first ? "first" : options.full ? "full" : "incremental",
    status: "In Process",
    startedAt: now(),
    finishedAt: null,
    steps: chosen.map((step): StepRun => ({
      step: step.name,
      dependsOn: step.dependsOn.map((needed) => needed.name),
      status: off.has(step.name) ? "Skipped" : "Waiting",
      startedAt: null,
      finishedAt: null,
      toCrm: notStarted,
      fromCrm: notStarted,
      coupled: 0,
      uncoupled: 0,
      listed: 0,
      requests: { erp: 0, crm: 0 },
      ...(off.has(step.name) ? { note: off.get(step.name)! } : {}),
    })),
    totals: noCounts,
  };
  await store.saveRun(connection, run);

  const done = new Set<string>(off.keys());
  const started = new Set<string>(off.keys());
  const failed = new Set<string>();
  const working = new Set<Promise<void>>();
  // Who is told that the run failed must not find its steps still writing: they are stopped, and waited for.
  const failures: unknown[] = [];
  const halt = new AbortController();
  const signal = AbortSignal.any([halt.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const fail = (error: unknown) => {
    failures.push(error);
    halt.abort();
  };
  try {
    for (;;) {
      for (const step of ready(ordered, done, started)) {
        const blockedBy = step.dependsOn.find((needed) => failed.has(needed.name));
        if (signal.aborted) end(step, { status: "Cancelled" });
        else if (blockedBy !== undefined) {
          failed.add(step.name);
          const message =
            `Cannot run step "${step.name}": step "${blockedBy.name}", which it depends on, did not finish; ` +
            `mend that step and synchronize again`;
          end(step, { ...await totalsOf(step), status: "Skipped", error: { code: "blocked_by_step", message } });
        } else if (working.size < sideBySide) {
          started.add(step.name);
          const work = runOne(step).catch((error) => {
            done.add(step.name);
            fail(error);
          }).finally(() => working.delete(work));
          working.add(work);
        }
      }
      if (working.size > 0) await Promise.race(working);
      else if (ordered.every((step) => done.has(step.name))) break;
    }
  } catch (error) {
    fail(error);
    await Promise.all(working);
  }
  if (failures.length > 0) throw failures[0];
  const status = options.signal?.aborted ? "Cancelled" : failed.size > 0 ? "Error" : "Finished";
  const spent = {
    erp: spentSince(before.erp, options.erp.requests()),
    crm: spentSince(before.crm, options.crm.requests()),
  };
  run = { ...run, status, finishedAt: now(), spent };
  await store.saveRun(connection, run);
  return run;

  function end(step: Step, last: Partial<StepRun>): void {
    done.add(step.name);
    started.add(step.name);
    set(step, last);
    const { toCrm, fromCrm } = run.steps.find((one) => one.step === step.name)!;
    set(step, { toCrm: ended(toCrm), fromCrm: ended(fromCrm) });
  }

  async function runOne(step: Step): Promise<void> {
    set(step, { status: "In Process", startedAt: now() });
    try {
      const result = await runStep(step, {
        ...options,
        ...(options.rehearsal === undefined && options.rebuild === undefined
          ? {}
          : { erp: readOnly(options.erp), crm: readOnly(options.crm) }),
        run: run.runId,
        outside,
        full: options.full === true || first,
        onlyCoupled: options.onlyCoupled === true,
        allow: options.allow ?? new Set(),
        record: record?.step === step.name ? record.key : null,
        signal,
        steps: steps.filter((one) => !off.has(one.name)),
        onProgress: (progress) => set(step, progress),
      });
      end(step, { ...result, status: "Finished", finishedAt: now() });
    } catch (error) {
      failed.add(step.name);
      const ending = { ...await totalsOf(step), finishedAt: now() };
      if (signal.aborted) end(step, { ...ending, status: "Cancelled" });
      else end(step, { ...ending, status: "Error", error: errorOf(error) });
    }
    await store.saveRun(connection, run);
  }

  /** What the step holds although it did not finish; an error of the store must not hide the one that came first. */
  async function totalsOf(step: Step): Promise<Partial<StepRun>> {
    try {
      const { coupled, uncoupled, listed } = await store.step(connection, step.name);
      return { coupled, uncoupled: step.of === null ? uncoupled.erp + uncoupled.crm : 0, listed };
    } catch (error) {
      if (error instanceof ServiceError) return {};
      throw error;
    }
  }

  function set(step: Step, { parts, ...change }: StepProgress): void {
    const isPart = (name: string) => chosen.some((one) => one.name === name && one.under?.name === step.name);
    const all = run.steps.map((one) => {
      if (one.step === step.name) return { ...one, ...change };
      if (!isPart(one.step) || one.status === "Skipped") return one;
      const { status = one.status, startedAt = one.startedAt, finishedAt = one.finishedAt } = change;
      return { ...one, ...parts, status, startedAt, finishedAt, note: `as part of ${step.name}` };
    });
    run = { ...run, steps: all, totals: sumOf(all.flatMap((one) => [one.toCrm.counts, one.fromCrm.counts])) };
    options.onStep?.(all.find((one) => one.step === step.name)!, run);
  }
}

/** A direction that was under way when its step ended did not succeed. */
function ended(direction: DirectionRun): DirectionRun {
  return direction.status === "In Process" ? { ...direction, status: "Error" } : direction;
}

function errorOf(error: unknown): { code: string; message: string } {
  if (error instanceof ServiceError || error instanceof StepError || error instanceof DefinitionError) {
    return { code: error.code, message: error.message };
  }
  return { code: "internal", message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}

/** A step that couplings are kept under must keep its name, or all its records would be coupled anew. */
async function refuseRenamed(store: Store, connection: string, steps: readonly Step[]): Promise<void> {
  const names = new Set(steps.map((step) => step.name));
  for (const known of await store.steps(connection)) {
    if (names.has(known)) continue;
    const state = await store.step(connection, known);
    if (state.coupled === 0 || state.entities === null) continue;
    for (const step of steps) {
      const { erp, crm } = step.extract;
      if (erp.name !== state.entities.erp || crm.name !== state.entities.crm) continue;
      if ((await store.step(connection, step.name)).definition !== null) continue;
      throw new DefinitionError(
        "step_renamed",
        `Cannot run step "${step.name}": ${state.coupled} records of "${erp.name}" and "${crm.name}" are coupled under ` +
          `the name "${known}"; call the step "${known}" again`,
      );
    }
  }
}

/** Exit code of a finished run (architecture: 0 done, 3 listed, 4 sign-in, 5 unavailable, 7 brake, 130 cancelled). */
export function exitCodeOf(run: Run): number {
  if (run.status === "Cancelled") return 130;
  const errors = run.steps.flatMap((step) => step.error === undefined ? [] : [step.error.code]);
  if (errors.includes("internal")) return 1;
  if (errors.some((code) => code === "sign_in_refused" || code === "forbidden" || code === "web_page")) return 4;
  if (errors.includes("unknown_record")) return 2;
  if (errors.includes("lease_lost")) return 6;
  if (errors.includes("brake")) return 7;
  if (errors.length > 0) return 5;
  return run.steps.some((step) => step.listed > 0) ? 3 : 0;
}
