/** `plan`: what the next `sync` would do, and what it would cost. Writes to neither side. */
import { resolve } from "node:path";
import {
  linesOf,
  listedOf,
  type PlanLine,
  plannedLines,
  type PlannedOptions,
  plannedSteps,
} from "../engine/planned.ts";
import { brakesOf } from "../engine/brakes.ts";
import { select } from "../engine/plan.ts";
import type { Compiled } from "../engine/compile.ts";
import { exitCodeOf } from "../engine/run.ts";
import { DefinitionError } from "../errors.ts";
import { writeFileAtomically } from "../reports/atomic_file.ts";
import { planText } from "../reports/plan_file.ts";
import { hasEnded } from "../reports/run_document.ts";
import type { Run, Side, StepRun } from "../store/store.ts";
import type { Arguments } from "./arguments.ts";
import { configurationOf, pipelinesOf } from "./files.ts";
import { fillingOf } from "./filling.ts";
import { listenForInterruption } from "./interruption.ts";
import { nextAfterPlan } from "./next_command.ts";
import { homeOf, refuseFileElsewhere } from "./permissions.ts";
import { loadPipeline } from "./pipeline.ts";
import { costOf, costText, kindOf, type PlannedStep, recommend, stepText, totalOf } from "./plan_text.ts";
import { headerOf, isBrake, rehearse, type Rehearsed } from "./rehearse.ts";
import { howToRun } from "./run_options.ts";
import { offLines, readsOf } from "./run_text.ts";
import { refuseUnreachable } from "./services.ts";
import type { Session } from "./session.ts";
import { type OpenStore, openStore } from "./store.ts";
import { chosenOf } from "./synchronize.ts";

/** Changes of each kind, side and step that are printed without --limit. */
const usualLimit = 5;
/** How a run ends that has changes, where --exit-code asks for it. */
const hasChanges = 10;

export async function plan(args: Arguments, session: Session): Promise<number> {
  const { output, clock } = session;
  const configuration = configurationOf(session);
  const home = homeOf(session.project, session.env);
  const filling = fillingOf(args, configuration);
  const limit = args.number("limit", { least: 0, most: 1_000_000 }) ?? usualLimit;
  const out = args.text("out");
  if (out !== null && !out.endsWith(".json")) throw notJson(out);
  if (out !== null) refuseFileElsewhere(resolve(out), session.project, home);
  const pipeline = await loadPipeline(configuration, pipelinesOf(session));
  const selectors = args.texts("select");
  const selected = selectors.length === 0 ? null : selectors.join(",");
  const selection = selected === null ? undefined : select(pipeline.steps, selected);
  const how = howToRun(args);
  refuseUnreachable(configuration, session.project);

  const interruption = listenForInterruption(output, "nothing was written");
  const { signal } = interruption;
  // What a run says of its steps would sound as if something had been written.
  const onStep = (_: StepRun, run: Run) => {
    const ended = run.steps.filter(({ status }) => hasEnded(status)).length;
    output.draw([`  Planned ${ended} of ${run.steps.length} steps`]);
  };
  try {
    const store = await openStore(session, configuration.connection, { rehearsal: true });
    try {
      const options = {
        ...{ store, home, configuration, pipeline, filling, signal, onStep },
        ...how,
        ...(selection === undefined ? {} : { selection }),
      };
      const rehearsed = await rehearse(options, session);
      const { run } = rehearsed;
      output.draw([]);
      for (const line of offLines(run)) output.message(line);
      const steps = chosenOf(pipeline, selection);
      const planned = { store, connection: configuration.connection, steps, run: run.runId };
      const header = headerOf(rehearsed, options, { select: selected, madeAt: run.startedAt });
      const shown = await summarize(rehearsed, planned, limit);
      const whole = shown.map(({ summary }) => summary);
      const text = () => planText(header, plannedLines(planned), () => ({ steps: whole, cost: costOf(whole) }));
      const failed = exitCodeOf(run) === 3 ? 0 : exitCodeOf(run);
      const isBraked = run.steps.every(({ error }) => error === undefined || isBrake(error.code));
      if (out !== null && isBraked && run.status !== "Cancelled") {
        await writeFileAtomically(resolve(out), text(), { id: clock.uuid(), signal });
      }
      if (args.has("json")) { for await (const piece of text()) await output.data(piece); }
      else {
        for (const { summary, step, lines } of shown) await output.data(`${stepText(summary, step, lines, limit)}\n`);
        await output.data(`${costText(costOf(whole))}\n`);
      }
      const { text: total, changes } = totalOf(whole);
      output.message(`Planned: ${total}; nothing was written`);
      const doubts = whole.reduce((n, { inDoubt }) => n + inDoubt.length, 0);
      if (doubts > 0) {
        output.message(`Writes of earlier runs to be settled first: ${doubts}; a plan is not carried out before`);
      }
      if (out !== null) {
        output.message(isBraked ? `Wrote ${out}` : `${out} was not written: a step could not be planned`);
      }
      const code = interruption.exitCode() ?? failed;
      output.message(`Next: ${nextAfterPlan(code, args, { stopped: brakesOf(run), isInDoubt: doubts > 0 })}`);
      return code === 0 && args.has("exit-code") && changes > 0 ? hasChanges : code;
    } finally {
      await store.close();
    }
  } catch (error) {
    const code = interruption.exitCode();
    if (code === null || error !== signal.reason) throw error;
    output.keep();
    return code;
  } finally {
    interruption.stop();
  }
}

function notJson(out: string): DefinitionError {
  const message = `Cannot write the plan to "${out}": the file of a plan ends in ".json"; call it exports/plan.json`;
  return new DefinitionError("bad_arguments", message);
}

interface Shown {
  readonly summary: PlannedStep;
  readonly step: Compiled["step"];
  readonly lines: readonly PlanLine[];
}

/** What is said of each step, with its first changes. */
async function summarize(
  rehearsed: Rehearsed,
  options: PlannedOptions & { readonly store: OpenStore },
  limit: number,
): Promise<readonly Shown[]> {
  const shown: Shown[] = [];
  for (const compiled of plannedSteps(options.steps)) {
    const { step } = compiled;
    const ran = rehearsed.run.steps.find((one) => one.step === step.name)!;
    const counts = {
      inserts: { erp: 0, crm: 0 },
      updates: { erp: 0, crm: 0 },
      deactivates: { erp: 0, crm: 0 },
      deletes: { erp: 0, crm: 0 },
      uncouples: { erp: 0, crm: 0 },
    };
    const lines: PlanLine[] = [];
    for await (const line of linesOf(compiled, options)) {
      const ofKind = counts[`${kindOf(line)}s`];
      if (ofKind[line.side]++ < limit) lines.push(line);
    }
    const { erp, crm, coupled: coupledBefore } = rehearsed.found.get(step.name) ?? { erp: 0, crm: 0, coupled: 0 };
    const numbers = { erp, crm, coupledBefore, coupled: ran.coupled, ...counts };
    const { byReason, left, inDoubt } = await listedOf(step, options);
    const cost = rehearsed.costs.get(step.name);
    const read = (side: Side) => ran.spent === undefined ? 0 : readsOf(ran.spent[side]);
    const write = (side: Side) => cost?.[side].requests ?? 0;
    const recommended = ran.error === undefined
      ? recommend(step, { ...numbers, listed: byReason })
      : { recommendation: "not known", reason: "the step did not come to its end" } as const;
    const summary: PlannedStep = {
      ...{ step: step.name, ...numbers, ...recommended, listed: byReason, left },
      ...(ran.note === undefined ? {} : { note: ran.note }),
      inDoubt: inDoubt.map(({ side, op, source }) => `${op} in the ${side.toUpperCase()} for ${source}`),
      requests: { read: { erp: read("erp"), crm: read("crm") }, write: { erp: write("erp"), crm: write("crm") } },
      units: (cost?.erp.units ?? 0) + (cost?.crm.units ?? 0),
      ...(ran.error === undefined ? {} : { error: ran.error }),
    };
    shown.push({ summary, step, lines });
  }
  return shown;
}
