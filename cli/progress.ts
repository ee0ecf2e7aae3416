/** Shows a run while it goes on. */
import type { Clock } from "../connectors/connector.ts";
import { hasEnded } from "../reports/run_document.ts";
import type { Run, StepRun } from "../store/store.ts";
import type { Output } from "./output.ts";
import { isOff, offLines, progressLines, progressText } from "./run_text.ts";

export interface Progress {
  /** At every change of a step; cheap enough to be called for every page. */
  change(step: StepRun, run: Run): void;
  /** The last state, shown whatever was drawn before. */
  end(run: Run): void;
}

/** Milliseconds between two drawings on a terminal, and between two lines about the same step elsewhere. */
const redraw = 100;
const heartbeat = 30_000;

/**
 * On a terminal one line per step, drawn again; elsewhere a line when a step starts, ends, or takes long, and at the end
 * one for each reason why steps are off.
 */
export function openProgress(output: Output, clock: Clock): Progress {
  let drawnAt = -Infinity;
  const said = new Map<string, { status: string; at: number }>();

  function draw(run: Run): void {
    drawnAt = clock.now();
    output.draw(progressLines(run, output.paint));
  }
  function say(step: StepRun, run: Run): void {
    const before = said.get(step.step);
    const now = clock.now();
    const isNews = step.status !== before?.status && (step.status === "In Process" || hasEnded(step.status));
    const isLong = step.status === "In Process" && before !== undefined && now - before.at >= heartbeat;
    if (!isNews && !isLong) return;
    said.set(step.step, { status: step.status, at: now });
    const text = isNews && step.status === "In Process" ? step.note ?? "" : progressText(step, run);
    output.message(`${step.step}: ${step.status}${text === "" ? "" : ` · ${text}`}`);
  }

  return {
    change(step, run) {
      if (!output.isTerminal) say(step, run);
      else if (clock.now() - drawnAt >= redraw) draw(run);
    },
    end(run) {
      if (output.isTerminal) draw(run);
      else {
        for (const step of run.steps) if (!isOff(step)) say(step, run);
        for (const line of offLines(run)) output.message(line);
      }
      output.keep();
    },
  };
}
