/** One synchronization on an open store, as `sync` and `serve` start it. */
import type { Brake } from "../engine/brakes.ts";
import type { Guard } from "../engine/context.ts";
import type { Selection } from "../engine/plan.ts";
import type { Rebuild } from "../engine/rebuild.ts";
import { plannedSteps } from "../engine/planned.ts";
import { runPipeline } from "../engine/run.ts";
import type { Step } from "../engine/step.ts";
import { DefinitionError } from "../errors.ts";
import type { Run, StepRun, Store } from "../store/store.ts";
import type { Configuration } from "./configuration.ts";
import { notEmpty } from "./built_in_sandbox.ts";
import { type Filling, isOrder, nothingToFill } from "./fill_sandbox.ts";
import { refuseOtherModel } from "./other_model.ts";
import type { Pipeline } from "./pipeline.ts";
import { openServices, placesOf, refuseOtherKind, type Services } from "./services.ts";
import type { Session } from "./session.ts";
import { databaseName, noteStore, type OpenStore } from "./store.ts";

export interface SynchronizeOptions {
  readonly store: OpenStore;
  readonly home: string;
  readonly configuration: Configuration;
  readonly pipeline: Pipeline;
  readonly filling?: Filling;
  readonly full?: boolean;
  readonly onlyCoupled?: boolean;
  readonly allow?: ReadonlySet<Brake>;
  readonly rebase?: boolean;
  readonly selection?: Selection;
  /** Restore couplings and write to no service. */
  readonly rebuild?: Rebuild;
  /** Send nothing that it does not allow: the user confirmed that much. */
  readonly guard?: Guard;
  /** Called once nothing stands in the way any more, before any step starts. */
  readonly onAccepted?: () => Promise<void>;
  /** The user said that the real services may be written to. */
  readonly isConfirmed: boolean;
  /** The command that plans the same, for the one who did not. */
  readonly planFirst?: string;
  readonly signal: AbortSignal;
  readonly onStep: (step: StepRun, run: Run) => void;
}

/** Opens the services, runs, and closes them again. Throws what stands in the way before any step starts. */
export async function synchronize(options: SynchronizeOptions, session: Session): Promise<Run> {
  const { store, configuration, pipeline, guard, selection } = options;
  if (!options.isConfirmed && guard === undefined) {
    await refuseUnconfirmed(configuration, store, { steps: chosenOf(pipeline, selection), next: options.planFirst });
  }
  const { clock } = session;
  return await withServices(options, session, (services) =>
    runPipeline({
      connection: configuration.connection,
      process: Deno.pid,
      ...{ store, clock, kind: services.kind, erp: services.erp, crm: services.crm },
      ...{ steps: pipeline.steps, off: pipeline.off, database: databaseName(session) },
      onAccepted: async () => {
        await noteStore(store, session);
        await options.onAccepted?.();
      },
      ...{ full: options.full ?? false, onlyCoupled: options.onlyCoupled ?? false },
      ...{ allow: options.allow ?? new Set(), rebase: options.rebase ?? false },
      ...(selection === undefined ? {} : { selection }),
      ...(guard === undefined ? {} : { guard }),
      ...(options.rebuild === undefined ? {} : { rebuild: options.rebuild }),
      ...{ signal: options.signal, onStep: options.onStep },
    }));
}

/**
 * Opens the services for a run on this store, says which ones they are, and closes them after `work`. With a guard nothing
 * is said: the rehearsal of the plan has said it.
 */
export async function withServices<T>(
  options: Pick<SynchronizeOptions, "store" | "home" | "configuration" | "pipeline" | "filling" | "guard" | "signal">,
  session: Session,
  work: (services: Services) => Promise<T>,
): Promise<T> {
  const { store, home, configuration, pipeline } = options;
  const database = databaseName(session);
  await refuseOtherKind(store, configuration, { home, database });
  await refuseOtherModel(store, configuration.connection, { ...pipeline, database });
  const { project, clock, output } = session;
  const filling = options.filling ?? nothingToFill;
  if (isOrder(filling) && await store.connection(configuration.connection) !== null) throw notEmpty(`${home}/sandbox`);
  const services = await openServices({ home, configuration, project, clock, filling });
  try {
    if (options.guard === undefined) {
      for (const message of services.messages) output.message(message);
      for (const warning of await services.warnings(options.signal)) output.message(warning);
    }
    return await work(services);
  } finally {
    await services.close();
  }
}

/** The steps that a run of this selection works on. */
export function chosenOf({ steps, off }: Pipeline, selection: Selection | undefined): readonly Step[] {
  const wanted = new Set(selection?.steps ?? steps.map((step) => step.name));
  return steps.filter((step) => wanted.has(step.name) && !off.has(step.name));
}

/**
 * Real services are not written to unasked by a definition that no run was made with yet, the first run of a connection
 * above all. Throws DefinitionError "confirmation_missing".
 */
export async function refuseUnconfirmed(
  configuration: Configuration,
  store: Store,
  { steps, next = "deno task plan --out exports/plan.json" }: {
    readonly steps: readonly Step[];
    readonly next?: string | undefined;
  },
): Promise<void> {
  if (configuration.services === null) return;
  const changed: string[] = [];
  for (const { step, hash } of plannedSteps(steps)) {
    const { definition, rebuilt } = await store.step(configuration.connection, step.name);
    if (definition === hash && !rebuilt) continue;
    changed.push(`${step.name} (${definition === null ? "first run" : rebuilt ? "rebuilt" : "changed"})`);
  }
  if (changed.length === 0) return;
  const named = changed.length > 4 ? [...changed.slice(0, 3), `${changed.length - 3} more`] : changed;
  throw new DefinitionError(
    "confirmation_missing",
    `Cannot write to ${placesOf(configuration.services)} unasked: these are real services, and nobody confirmed ` +
      `${named.join(", ")}; look with ${next}, then give that file to sync, or say --yes`,
    { next },
  );
}
