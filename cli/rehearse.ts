/** A run on a store that is thrown away, which writes to no service: what `plan` shows and `sync` compares a plan with. */
import type { Cost } from "../connectors/connector.ts";
import { plannedSteps } from "../engine/planned.ts";
import { runPipeline } from "../engine/run.ts";
import type { Step } from "../engine/step.ts";
import type { Pin, Run, Side } from "../store/store.ts";
import type { PlanHeader } from "../reports/plan_file.ts";
import type { Session } from "./session.ts";
import { databaseName } from "./store.ts";
import { chosenOf, type SynchronizeOptions, withServices } from "./synchronize.ts";

/** What was found and what writing would take, by step. */
export interface Rehearsed {
  readonly run: Run;
  readonly pin: Pin;
  readonly found: ReadonlyMap<string, Readonly<Record<Side | "coupled", number>>>;
  readonly costs: ReadonlyMap<string, Readonly<Record<Side, Cost>>>;
  /** Step → hash of its definition. */
  readonly definitions: Readonly<Record<string, string>>;
}

const nothing: Cost = { requests: 0, units: 0 };

/** Rehearses the run that these options describe. The store must have been opened for a rehearsal. */
export async function rehearse(
  options: Omit<SynchronizeOptions, "isConfirmed" | "guard">,
  session: Session,
): Promise<Rehearsed> {
  const { store, configuration, pipeline, selection } = options;
  const { connection } = configuration;
  const found = new Map<string, Record<Side | "coupled", number>>();
  const costs = new Map<string, Record<Side, Cost>>();
  const run = await withServices(options, session, (services) =>
    runPipeline({
      ...{ connection, store, clock: session.clock, kind: services.kind, erp: services.erp, crm: services.crm },
      ...{ steps: pipeline.steps, off: pipeline.off, database: databaseName(session) },
      ...{ full: options.full ?? false, onlyCoupled: options.onlyCoupled ?? false },
      ...{ allow: options.allow ?? new Set(), rebase: options.rebase ?? false },
      ...(selection === undefined ? {} : { selection }),
      ...{ signal: options.signal, onStep: options.onStep },
      rehearsal: {
        onRead: (step, numbers) => void found.set(step, numbers),
        onCost: (step, side, { requests, units }) => {
          const before = costs.get(step) ?? { erp: nothing, crm: nothing };
          const sum = { requests: before[side].requests + requests, units: before[side].units + units };
          costs.set(step, { ...before, [side]: sum });
        },
      },
    }));
  const definitions = definitionsOf(chosenOf(pipeline, selection));
  return {
    run,
    pin: (await store.connection(connection))!,
    found,
    costs,
    definitions,
  };
}

/** Step → hash of its definition; parts are their head's. */
export function definitionsOf(steps: readonly Step[]): Readonly<Record<string, string>> {
  return Object.fromEntries(plannedSteps(steps).map(({ step, hash }) => [step.name, hash]));
}

/** The head of the plan of a rehearsal. */
export function headerOf(
  { pin, definitions }: Rehearsed,
  options: Pick<SynchronizeOptions, "configuration" | "full" | "onlyCoupled" | "allow" | "rebase">,
  { select, madeAt }: { readonly select: string | null; readonly madeAt: string },
): PlanHeader {
  const { configuration, full = false, onlyCoupled = false, rebase = false } = options;
  const how = { full, onlyCoupled, select, allow: [...options.allow ?? []].sort(), rebase };
  return { connection: configuration.connection, ...pin, definitions, options: how, madeAt };
}

/** What a person can let through keeps nobody from planning the rest. */
export function isBrake(code: string): boolean {
  return code === "brake" || code === "blocked_by_step";
}
