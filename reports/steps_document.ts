/** Where every step stands now: totals, the statuses of its last run and what wants a person, by reason. */
import type { Direction, Step } from "../engine/step.ts";
import { outcomeOf } from "../engine/tally.ts";
import type { DirectionStatus, JobStatus, ReasonCode, Run, Store } from "../store/store.ts";

export interface StepStanding {
  readonly step: string;
  readonly dependsOn: readonly string[];
  readonly direction: Direction;
  readonly erp: string;
  readonly crm: string;
  /** Of the last run that had this step, null before the first. */
  readonly status: JobStatus | null;
  readonly toCrm: DirectionStatus;
  readonly fromCrm: DirectionStatus;
  readonly runId: string | null;
  readonly finishedAt: string | null;
  /** Why that run skipped it, or what stopped it; null otherwise. */
  readonly why: string | null;
  readonly coupled: number;
  readonly uncoupled: { readonly erp: number; readonly crm: number };
  readonly listed: number;
  /** How many listed changes have a reason; a change with two reasons counts under both. */
  readonly reasons: Readonly<Partial<Record<ReasonCode, number>>>;
  /** ISO 8601: when each side was last looked through for what was deleted; null: never. */
  readonly swept: { readonly erp: string | null; readonly crm: string | null };
  /** Listed changes that failed. */
  readonly failed: number;
  /** ISO 8601: when the first of these is tried again; null: in the next run, or there is none. */
  readonly nextAttempt: string | null;
}

export interface StandingOptions {
  readonly connection: string;
  readonly steps: readonly Step[];
  /** A run that is under way: it is newer than what the store has. */
  readonly current?: Run | null;
}

/** One line per step, in the order given. */
export async function stepsDocument(store: Store, options: StandingOptions): Promise<readonly StepStanding[]> {
  const stored = await store.runs(options.connection, { limit: 20 });
  const runs = [
    ...(options.current ? [options.current] : []),
    ...stored.filter((run) => run.runId !== options.current?.runId),
  ];
  const standings: StepStanding[] = [];
  for (const step of options.steps) {
    const state = await store.step(options.connection, step.name);
    const run = runs.find((run) => run.steps.some((of) => of.step === step.name));
    const last = run?.steps.find((of) => of.step === step.name);
    standings.push({
      step: step.name,
      dependsOn: step.dependsOn.map((dependency) => dependency.name),
      direction: step.direction,
      erp: step.extract.erp.name,
      crm: step.extract.crm.name,
      status: last?.status ?? null,
      toCrm: last?.toCrm.status ?? "",
      fromCrm: last?.fromCrm.status ?? "",
      runId: run?.runId ?? null,
      finishedAt: last?.finishedAt ?? null,
      why: last?.error?.message ?? (last?.status === "Skipped" ? last.note ?? null : null),
      coupled: state.coupled,
      uncoupled: step.of === null ? state.uncoupled : { erp: 0, crm: 0 }, // those are the other step's
      listed: state.listed,
      ...(state.listed === 0 ? nothing : await listedOf(store, options.connection, step.name)),
      swept: state.swept,
    });
  }
  return standings;
}

type Listed = Pick<StepStanding, "reasons" | "failed" | "nextAttempt">;
const nothing: Listed = { reasons: {}, failed: 0, nextAttempt: null };

async function listedOf(store: Store, connection: string, step: string): Promise<Listed> {
  const counts: Partial<Record<ReasonCode, number>> = {};
  let failed = 0;
  const attempts: (string | null)[] = [];
  for (const { codes, aside, changes, retryAt } of await store.listed(connection, step)) {
    for (const code of new Set([...codes, ...aside])) counts[code] = (counts[code] ?? 0) + changes;
    if (outcomeOf(codes.map((code) => ({ code, message: "" }))) !== "failed") continue;
    failed += changes;
    attempts.push(retryAt);
  }
  const nextAttempt = attempts.includes(null) ? null : attempts.sort()[0] ?? null;
  return { reasons: counts, failed, nextAttempt };
}
