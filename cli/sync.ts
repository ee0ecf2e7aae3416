/** `sync`: couples and synchronizes, in the order of the dependencies. */
import { brakesOf } from "../engine/brakes.ts";
import type { Place } from "../engine/find_record.ts";
import { select } from "../engine/plan.ts";
import { exitCodeOf } from "../engine/run.ts";
import { DefinitionError } from "../errors.ts";
import { runDocument } from "../reports/run_document.ts";
import type { Run } from "../store/store.ts";
import { type Approved, approvePlan } from "./approve_plan.ts";
import type { Arguments } from "./arguments.ts";
import { explain } from "./exit_code.ts";
import { configurationOf, pipelinesOf } from "./files.ts";
import { fillingOf } from "./filling.ts";
import { endInterrupted } from "./interrupted_runs.ts";
import { listenForInterruption } from "./interruption.ts";
import { nextAfterSync, planFirst } from "./next_command.ts";
import { homeOf } from "./permissions.ts";
import { loadPipeline } from "./pipeline.ts";
import { openProgress } from "./progress.ts";
import { howToRun } from "./run_options.ts";
import { countsText, runTable, spentText } from "./run_text.ts";
import type { Session } from "./session.ts";
import { openStore } from "./store.ts";
import { refuseUnreachable } from "./services.ts";
import { synchronize } from "./synchronize.ts";

/**
 * `prepare` works on the store once nothing stands in the way of the run any more, before any step starts, `conclude` when
 * it has ended.
 */
export async function sync(
  args: Arguments,
  session: Session,
  { prepare, conclude }: Partial<Readonly<Record<"prepare" | "conclude", (place: Place) => Promise<void>>>> = {},
): Promise<number> {
  const { output, clock } = session;
  const configuration = configurationOf(session);
  const home = homeOf(session.project, session.env);
  const filling = fillingOf(args, configuration);
  const pipeline = await loadPipeline(configuration, pipelinesOf(session));
  const selectors = args.texts("select");
  const selection = selectors.length === 0 ? undefined : select(pipeline.steps, selectors.join(","));
  const path = args.word;
  if (path !== null) refuseBeside(args);
  const how = howToRun(args);
  refuseUnreachable(configuration, session.project);

  const interruption = listenForInterruption(output, "what is under way ends first, the next sync goes on from there");
  const progress = openProgress(output, clock);
  let run: Run;
  let approved: Approved | null = null;
  try {
    approved = path === null ? null : await approvePlan(path, {
      ...{ home, configuration, pipeline, signal: interruption.signal },
      onStep: () => {},
    }, session);
    const store = await openStore(session, configuration.connection);
    const place = { store, connection: configuration.connection, steps: pipeline.steps };
    try {
      await endInterrupted(store, configuration.connection);
      run = await synchronize({
        ...{ store, home, configuration, pipeline, filling },
        ...{ ...how, isConfirmed: args.has("yes"), planFirst: planFirst(args) },
        ...(selection === undefined ? {} : { selection }),
        ...(approved?.how ?? {}),
        onAccepted: async () => await prepare?.(place),
        ...{ signal: interruption.signal, onStep: progress.change },
      }, session);
      await conclude?.(place);
    } finally {
      await store.close();
    }
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null) throw error;
    output.keep();
    if (error !== interruption.signal.reason) output.message(explain(error, session.project.set));
    output.message(`Next: ${nextAfterSync(code, args, { ...madeWith(approved) })}`);
    return code;
  } finally {
    interruption.stop();
  }
  progress.end(run);
  await output.data(args.has("json") ? `${JSON.stringify(runDocument(run), null, 2)}\n` : `${runTable(run)}\n`);
  const code = interruption.exitCode() ?? exitCodeOf(run);
  output.message(closing(run, run.steps.length < pipeline.steps.length));
  if (run.spent !== undefined) output.message(spentText(run.spent));
  output.message(`Next: ${nextAfterSync(code, args, { stopped: brakesOf(run), ...madeWith(approved) })}`);
  return code;
}

function madeWith(approved: Approved | null): { readonly plan?: Approved["options"] } {
  return approved === null ? {} : { plan: approved.options };
}

/** What a plan says itself, and what it was made for. Throws DefinitionError "bad_arguments". */
function refuseBeside(args: Arguments): void {
  if (!args.word!.endsWith(".json")) {
    throw new DefinitionError(
      "bad_arguments",
      `Cannot run sync: it takes no word "${args.word}" but the file of a plan, which ends in ".json"; for some steps alone ` +
        `use --select`,
    );
  }
  const given = ["full", "only-coupled", "allow", "rebase", "select", "data", "crm-data", "local-currency"].find((
    name,
  ) => args.has(name));
  if (given === undefined) return;
  throw new DefinitionError(
    "bad_arguments",
    `Cannot use --${given} with a plan: the plan says what is done; make one with deno task plan --${given} --out`,
  );
}

/** What the whole run came to, on one line; of a selection nothing is said of the other steps. */
function closing(run: Run, isSelection: boolean): string {
  const took = run.finishedAt === null ? "" : ` in ${seconds(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}`;
  const listed = run.steps.reduce((sum, step) => sum + step.listed, 0);
  const nothing = isSelection ? "nothing of these steps is listed" : "nothing is listed";
  const wanting = listed === 0 ? nothing : `${listed} listed, each with its reason in the report`;
  return `${run.status}${took} (${run.mode} run) · ${countsText(run.totals)} · ${wanting}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
