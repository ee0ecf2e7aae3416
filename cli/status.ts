/** `status`: where every step stands, the last runs, and what waits for a person. */
import { brakesNamed } from "../engine/brakes.ts";
import { runDetails } from "../reports/run_document.ts";
import { stepsDocument } from "../reports/steps_document.ts";
import type { Store } from "../store/store.ts";
import type { Arguments } from "./arguments.ts";
import { pipelinesOf, settingsOf } from "./files.ts";
import { endInterrupted, lifelessRun, lifelessStep, type ShownRun, type ShownStep } from "./interrupted_runs.ts";
import { loadPipeline } from "./pipeline.ts";
import { passing } from "./next_command.ts";
import { countsText, requestsText, table, unitsOf } from "./run_text.ts";
import { askServing } from "./serving.ts";
import type { Session } from "./session.ts";
import { openStoreIfAny, servingOf } from "./store.ts";

/** What `status --json` prints. */
export interface StatusDocument {
  readonly connection: string;
  /** The port of a `serve` that answered; null: the store was read. */
  readonly servedOn: number | null;
  /**
   * ISO 8601: the last sign of life of a process that works on the connection and gave none for a minute. Its run, and
   * what that works on, are "Not Responding" then. Null: nobody works there, or a process that is alive.
   */
  readonly lifelessSince: string | null;
  readonly steps: readonly ShownStep[];
  /** Newest first. */
  readonly runs: readonly ShownRun[];
}

const shown = 5;

export async function status(args: Arguments, session: Session): Promise<number> {
  const document = await read(session);
  if (args.has("json")) {
    await session.output.data(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  const listed = document.steps.reduce((sum, step) => sum + step.listed, 0);
  if (document.runs.length === 0) session.output.message("Nothing has run yet");
  else await session.output.data(`${statusText(document, session.clock.now())}\n`);
  const stopped = brakesNamed(document.steps.flatMap(({ why }) => why ?? []));
  if (document.lifelessSince !== null) {
    session.output.message(
      `The process that works on the connection gave its last sign of life at ${document.lifelessSince}: it hangs, or is ` +
        `cut off from the database; the next sync takes over`,
    );
  }
  const next = document.runs.length === 0 || document.lifelessSince !== null
    ? "sync"
    : stopped.length > 0
    ? ["plan", ...passing(stopped)].join(" ")
    : listed > 0
    ? "report --only listed"
    : "report";
  session.output.message(`Next: deno task ${next}`);
  return 0;
}

async function read(session: Session): Promise<StatusDocument> {
  const settings = settingsOf(session);
  const { connection } = settings;
  const serving = await servingOf(session);
  if (serving !== null) {
    const { steps } = await askServing<Pick<StatusDocument, "steps">>(serving, "/steps");
    const { runs } = await askServing<Pick<StatusDocument, "runs">>(serving, `/runs?limit=${shown}`);
    return { connection, servedOn: serving.port, lifelessSince: null, steps, runs };
  }
  const { steps } = await loadPipeline(settings, pipelinesOf(session));
  const whenAlone = (store: Store) => endInterrupted(store, connection);
  const store = await openStoreIfAny(session, connection, { whenAlone });
  if (store === null) return { connection, servedOn: null, lifelessSince: null, steps: [], runs: [] };
  try {
    const standings = await stepsDocument(store, { connection, steps });
    const runs = (await store.runs(connection, { limit: shown })).map(runDetails);
    const { lifelessSince } = store;
    if (lifelessSince === null) return { connection, servedOn: null, lifelessSince, steps: standings, runs };
    const [shownSteps, shownRuns] = [standings.map(lifelessStep), runs.map(lifelessRun)];
    return { connection, servedOn: null, lifelessSince, steps: shownSteps, runs: shownRuns };
  } finally {
    await store.close();
  }
}

/** The document as three tables; `now` is in milliseconds. Ends without a line break. */
export function statusText(document: StatusDocument, now: number): string {
  const steps = [
    ["step", "last run", "to CRM", "from CRM", "coupled", "only ERP", "only CRM", "listed", "why"],
    ...document.steps.map((step) => [
      step.step,
      step.status ?? "never",
      step.toCrm,
      step.fromCrm,
      String(step.coupled),
      String(step.uncoupled.erp),
      String(step.uncoupled.crm),
      String(step.listed),
      step.why ?? Object.entries(step.reasons).map(([code, count]) => `${count} ${code}`).join(", "),
    ]),
  ];
  const runs = document.runs.map((run) => {
    const ended = `${run.progress.ended} of ${run.progress.steps} steps`;
    return [
      run.startedAt,
      run.mode,
      run.status,
      ended,
      countsText(run.totals),
      ...(run.spent === null ? ["", "", ""] : [
        requestsText(run.spent.erp),
        requestsText(run.spent.crm),
        String(unitsOf(run.spent)),
      ]),
      run.runId,
    ];
  });
  const looked = [
    ["step", "ERP's deletions looked for", "CRM's deletions looked for", "conflicts", "failed", "tried again"],
    ...document.steps.map(({ step, swept, reasons, failed, nextAttempt }) => [
      step,
      sweptText(swept.erp, now),
      sweptText(swept.crm, now),
      String(reasons.conflict ?? 0),
      String(failed),
      failed === 0 ? "" : nextAttempt ?? "in the next run",
    ]),
  ];
  return `${table(steps, 4)}\n\n${table(looked, 6)}\n\n${
    table(
      [["started", "mode", "status", "ended", "records", "ERP requests", "CRM requests", "units", "run"], ...runs],
      6,
    )
  }`;
}

/** How long ago, and when exactly. */
function sweptText(at: string | null, now: number): string {
  if (at === null) return "never";
  const minutes = Math.max(0, Math.floor((now - Date.parse(at)) / 60_000));
  const ago = minutes < 60
    ? `${minutes} min`
    : minutes < 48 * 60
    ? `${Math.floor(minutes / 60)} h`
    : `${Math.floor(minutes / (24 * 60))} days`;
  return `${ago} ago (${at})`;
}
