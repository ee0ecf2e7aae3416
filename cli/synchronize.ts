/** One synchronization on an open store, as `sync` and `serve` start it. */
import { runPipeline } from "../engine/run.ts";
import type { Selection } from "../engine/plan.ts";
import { DefinitionError } from "../errors.ts";
import type { Run, StepRun } from "../store/store.ts";
import type { Configuration } from "./configuration.ts";
import { notEmpty } from "./built_in_sandbox.ts";
import { type Filling, isOrder, nothingToFill } from "./fill_sandbox.ts";
import { refuseOtherModel } from "./other_model.ts";
import type { Pipeline } from "./pipeline.ts";
import { openServices, refuseOtherKind } from "./services.ts";
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
  readonly selection?: Selection;
  /** The user said that the real services may be written to. */
  readonly isConfirmed: boolean;
  readonly signal: AbortSignal;
  readonly onStep: (step: StepRun, run: Run) => void;
}

/** Opens the services, runs, and closes them again. Throws what stands in the way before any step starts. */
export async function synchronize(options: SynchronizeOptions, session: Session): Promise<Run> {
  const { store, home, configuration, pipeline } = options;
  refuseUnconfirmed(configuration, options.isConfirmed);
  const database = databaseName(session);
  await refuseOtherKind(store, configuration, { home, database });
  await refuseOtherModel(store, configuration.connection, { ...pipeline, database });
  const { project, clock, output } = session;
  const filling = options.filling ?? nothingToFill;
  if (isOrder(filling) && await store.connection(configuration.connection) !== null) throw notEmpty(`${home}/sandbox`);
  const services = await openServices({ home, configuration, project, clock, filling });
  try {
    for (const message of services.messages) output.message(message);
    for (const warning of await services.warnings(options.signal)) output.message(warning);
    return await runPipeline({
      connection: configuration.connection,
      ...{ store, clock, kind: services.kind, erp: services.erp, crm: services.crm },
      ...{ steps: pipeline.steps, off: pipeline.off, database, onAccepted: () => noteStore(store, session) },
      ...{ full: options.full ?? false, onlyCoupled: options.onlyCoupled ?? false },
      ...(options.selection === undefined ? {} : { selection: options.selection }),
      ...{ signal: options.signal, onStep: options.onStep },
    });
  } finally {
    await services.close();
  }
}

/** Throws DefinitionError "confirmation_missing". */
export function refuseUnconfirmed(configuration: Configuration, isConfirmed: boolean): void {
  if (configuration.services === null || isConfirmed) return;
  const hosts = [configuration.services.erp.baseUrl, configuration.services.crm.baseUrl].map((url) =>
    new URL(url).host
  );
  throw new DefinitionError(
    "confirmation_missing",
    `Cannot write to ${hosts.join(" and ")} unasked: these are real services; look with ` +
      "deno task check STEP --sample 5 at what would become of some records, then say --yes",
  );
}
