/** `rebuild`: the couplings of a lost store, from what both services still tell; then a person says that creations go on. */
import { confirmRebuild, holdCreations, refuseCoupled, type Restored } from "../engine/rebuild.ts";
import { exitCodeOf } from "../engine/run.ts";
import type { Step } from "../engine/step.ts";
import { runDocument } from "../reports/run_document.ts";
import type { Run } from "../store/store.ts";
import type { Arguments } from "./arguments.ts";
import { explain } from "./exit_code.ts";
import { configurationOf, pipelinesOf } from "./files.ts";
import { nothingToFill } from "./fill_sandbox.ts";
import { withStore } from "./held.ts";
import { endInterrupted } from "./interrupted_runs.ts";
import { listenForInterruption } from "./interruption.ts";
import { homeOf } from "./permissions.ts";
import { loadPipeline } from "./pipeline.ts";
import { openProgress } from "./progress.ts";
import { table } from "./run_text.ts";
import { refuseUnreachable } from "./services.ts";
import type { Session } from "./session.ts";
import { openStore } from "./store.ts";
import { synchronize } from "./synchronize.ts";

export async function rebuild(args: Arguments, session: Session): Promise<number> {
  return args.has("confirm") ? await confirm(args, session) : await restore(args, session);
}

async function confirm(args: Arguments, { output, ...session }: Session): Promise<number> {
  const done = await withStore({ output, ...session }, confirmRebuild);
  const { confirmed, held, creations } = done;
  const waiting = creations === 0 ? "no record waits for it" : `the next sync creates ${creations} records`;
  const said = confirmed.length === 0
    ? "Creations go on in no further step"
    : `Creations go on in ${confirmed.length} steps, and ${waiting}: ${confirmed.join(", ")}`;
  await output.data(args.has("json") ? `${JSON.stringify(done, null, 2)}\n` : `${said}\n`);
  if (held.length > 0) {
    output.message(
      `Still held: ${
        held.join(", ")
      }; no run has listed all that would be created there, or an order waits for another ` +
        "record: synchronize, then confirm again",
    );
  }
  output.message("Next: deno task sync");
  return held.length > 0 ? 3 : 0;
}

async function restore(args: Arguments, session: Session): Promise<number> {
  const { output, clock } = session;
  const configuration = configurationOf(session);
  const { connection } = configuration;
  const home = homeOf(session.project, session.env);
  const pipeline = await loadPipeline(configuration, pipelinesOf(session));
  // Parts are read with their heads; a follow-up step has the couplings of the step that it follows.
  const steps = pipeline.steps.filter((step) => step.of === null).map((step) => step.name);
  refuseUnreachable(configuration, session.project);

  const interruption = listenForInterruption(output, "run rebuild again, it goes on from there");
  const progress = openProgress(output, clock);
  const restored = new Map<string, Restored>();
  let run: Run;
  try {
    const store = await openStore(session, connection);
    try {
      await refuseCoupled(store, connection);
      await endInterrupted(store, connection);
      const holder = `rebuild of process ${Deno.pid}`;
      run = await synchronize({
        ...{ store, home, configuration, pipeline, filling: nothingToFill, full: true, isConfirmed: true },
        selection: { steps, record: null },
        rebuild: { onRestored: (step, found) => void restored.set(step, found) },
        onAccepted: () => holdCreations(store, { connection, steps: pipeline.steps, holder }),
        ...{ signal: interruption.signal, onStep: progress.change },
      }, session);
      // Several steps can share an entity: what another one coupled afterwards is not left.
      for (const [step, found] of restored) {
        restored.set(step, { ...found, left: (await store.step(connection, step)).uncoupled });
      }
    } finally {
      await store.close();
    }
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null) throw error;
    output.keep();
    if (error !== interruption.signal.reason) output.message(explain(error, session.project.set));
    output.message("Next: deno task rebuild");
    return code;
  } finally {
    interruption.stop();
  }
  progress.end(run);
  const document = { run: runDocument(run), steps: [...restored].map(([step, found]) => ({ step, ...found })) };
  await output.data(args.has("json") ? `${JSON.stringify(document, null, 2)}\n` : `${restoredTable(restored)}\n`);
  const left = leftToCreate(pipeline.steps, restored);
  output.message(closing(run, restored, left));
  const code = interruption.exitCode() ?? exitCodeOf(run);
  const isDone = run.status === "Finished";
  output.message(`Next: deno task ${!isDone ? "rebuild" : configuration.services === null ? "sync" : planFirst}`);
  return code === 0 && left > 0 ? 3 : code;
}

/** Real services are written to after a look only. */
const planFirst = "plan --out exports/plan.json";

/** How many records have no partner, in steps that make one; some of them are left out by what a run looks at. */
function leftToCreate(steps: readonly Step[], restored: ReadonlyMap<string, Restored>): number {
  return steps.reduce((sum, { name, load }) => {
    const { erp, crm } = restored.get(name)?.left ?? { erp: 0, crm: 0 };
    return sum + (load.toCrm?.unmatched === "insert" ? erp : 0) + (load.fromCrm?.unmatched === "insert" ? crm : 0);
  }, 0);
}

function closing(run: Run, restored: ReadonlyMap<string, Restored>, left: number): string {
  const all = [...restored.values()];
  const of = (count: (one: Restored) => number) => all.reduce((sum, one) => sum + count(one), 0);
  const [byLink, byId, byKeys] = [of((one) => one.byLink), of((one) => one.byId), of((one) => one.byKeys)];
  const rest = left === 0
    ? "nothing is left that sync might create"
    : `${left} are left that sync might create: it lists what it would until deno task rebuild --confirm`;
  if (byLink + byId + byKeys === 0) {
    const coupled = run.steps.reduce((sum, step) => sum + step.coupled, 0);
    return `Nothing more to restore, ${coupled} couplings are known; ${rest}`;
  }
  const linked = byLink === 0 ? "" : `${byLink} couplings by link, `;
  return `Restored ${linked}${byId} ${linked === "" ? "couplings " : ""}by id and ${byKeys} by keys; ${rest}`;
}

function restoredTable(restored: ReadonlyMap<string, Restored>): string {
  const isLinked = [...restored.values()].some(({ byLink }) => byLink > 0);
  const rows = [...restored].map(([step, { byLink, byId, byKeys, left }]) => {
    return [step, ...[...(isLinked ? [byLink] : []), byId, byKeys, left.erp, left.crm].map(String)];
  });
  const names = ["step", ...(isLinked ? ["by link"] : []), "by id", "by keys", "left in ERP", "left in CRM"];
  return table([names, ...rows], 1);
}
