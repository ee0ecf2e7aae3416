/** Lets `sync` carry out a plan, if what would be done now is what the plan says. */
import { select } from "../engine/plan.ts";
import { planGuard } from "../engine/plan_guard.ts";
import { listedOf, plannedLines, plannedSteps } from "../engine/planned.ts";
import type { Step } from "../engine/step.ts";
import { DefinitionError, StepError } from "../errors.ts";
import { comparePlan } from "../reports/compare_plan.ts";
import { openPlan, type PlanHeader } from "../reports/plan_file.ts";
import { planAgain, quoted } from "./next_command.ts";
import { definitionsOf, isBrake, rehearse, type Rehearsed } from "./rehearse.ts";
import type { Pin } from "../store/store.ts";
import type { Session } from "./session.ts";
import { openStore } from "./store.ts";
import { chosenOf, type SynchronizeOptions } from "./synchronize.ts";

/** Records that are named. */
const mostNamed = 5;

/** How to run so that the plan is carried out, and nothing else. */
export interface Approved {
  /** How to run it. */
  readonly how: Pick<SynchronizeOptions, "guard" | "full" | "onlyCoupled" | "allow" | "rebase" | "selection">;
  /** What the plan was made with. */
  readonly options: PlanHeader["options"];
}

/**
 * Rehearses what the plan was made for. Throws DefinitionError "plan_stale" with what moved,
 * "plan_of_other_connection", "plan_of_other_definition", "plan_unreadable" or "write_unsettled", and what keeps a step
 * from being rehearsed; nothing was written then.
 */
export async function approvePlan(
  path: string,
  options: Pick<SynchronizeOptions, "home" | "configuration" | "pipeline" | "signal" | "onStep">,
  session: Session,
): Promise<Approved> {
  const { configuration, pipeline } = options;
  const { connection } = configuration;
  const { header, lines } = await openPlan(path);
  if (header.connection !== connection) {
    throw otherConnection(path, `it was made for "${header.connection}", and this is "${connection}"`);
  }
  const { full, onlyCoupled, rebase } = header.options;
  const selection = header.options.select === null ? undefined : select(pipeline.steps, header.options.select);
  const allow = new Set(header.options.allow);
  const how = { full, onlyCoupled, allow, rebase, ...(selection === undefined ? {} : { selection }) };
  const steps = chosenOf(pipeline, selection);
  refuseOtherDefinitions(path, header, steps);
  const guard = planGuard(steps);
  const store = await openStore(session, connection, { rehearsal: true });
  try {
    const rehearsed = await rehearse({ ...options, ...how, store }, session);
    options.signal.throwIfAborted();
    refuseOtherPlace(path, header, rehearsed.pin);
    refuseFailed(rehearsed);
    await refuseUnsettled(path, steps, { store, connection });
    const { runId: run } = rehearsed.run;
    const now = plannedLines({ store, connection, steps, run });
    const compared = { store, connection, run, onLine: guard.add };
    const moved = await comparePlan(lines(), now, compared);
    if (moved.length > 0) {
      throw new DefinitionError(
        "plan_stale",
        `Cannot carry out the plan "${path}": something moved since ${header.madeAt}, and nothing was written; ` +
          "plan again:\n" + moved.map((one) => `  ${one}`).join("\n"),
        { next: planAgain(header.options, path) },
      );
    }
  } finally {
    await store.close();
  }
  return { how: { ...how, guard }, options: header.options };
}

function refuseOtherPlace(path: string, header: PlanHeader, pin: Pin): void {
  for (const side of ["erp", "crm"] as const) {
    const moved = Object.keys(pin[side].parts).find((part) => header[side].parts[part] !== pin[side].parts[part]);
    if (moved === undefined) continue;
    const state = `it was made for another ${side.toUpperCase()} (${moved} "${header[side].parts[moved] ?? ""}")`;
    throw otherConnection(path, state);
  }
}

function refuseOtherDefinitions(path: string, header: PlanHeader, steps: readonly Step[]): void {
  const definitions = definitionsOf(steps);
  const names = new Set([...Object.keys(header.definitions), ...Object.keys(definitions)]);
  const changed = [...names].filter((name) => header.definitions[name] !== definitions[name]);
  if (changed.length === 0) return;
  throw new DefinitionError(
    "plan_of_other_definition",
    `Cannot carry out the plan "${path}": it was made with other definitions of ` +
      `${changed.map((name) => `"${name}"`).join(", ")}; plan again`,
    { next: planAgain(header.options, path) },
  );
}

/** A step that could not be read says nothing of what moved. */
function refuseFailed({ run }: Rehearsed): void {
  const failed = run.steps.find(({ error }) => error !== undefined && !isBrake(error.code));
  if (failed?.error !== undefined) throw new StepError(failed.error.code, failed.error.message, failed.step);
}

/** What became of a write is found out by asking, which may take writes that no plan has. */
async function refuseUnsettled(
  path: string,
  steps: readonly Step[],
  where: Parameters<typeof listedOf>[1],
): Promise<void> {
  const records: string[] = [];
  for (const { step } of plannedSteps(steps)) {
    for (const { source } of (await listedOf(step, where)).inDoubt) records.push(`${step.name}/${source}`);
  }
  if (records.length === 0) return;
  const more = records.length > mostNamed ? ` and ${records.length - mostNamed} more` : "";
  throw new DefinitionError(
    "write_unsettled",
    `Cannot carry out the plan "${path}": writes of earlier runs have no answer yet (` +
      `${records.slice(0, mostNamed).join(", ")}${more}), and nothing was written; ` +
      `deno task sync --select ${quoted(records[0]!)} finds out what became of those of its step, then plan again`,
    { next: `deno task sync --select ${quoted(records[0]!)}` },
  );
}

function otherConnection(path: string, state: string): DefinitionError {
  return new DefinitionError("plan_of_other_connection", `Cannot carry out the plan "${path}": ${state}; plan again`);
}
