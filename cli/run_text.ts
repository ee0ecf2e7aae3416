/** Runs as people read them. Pure. */
import type { Requests } from "../connectors/connector.ts";
import { hasEnded } from "../reports/run_document.ts";
import type { Counts, DirectionRun, Run, Spent, StepRun } from "../store/store.ts";
import type { Colour } from "./output.ts";

type Paint = (colour: Colour, text: string) => string;
const plain: Paint = (_colour, text) => text;

/** Counts that are worth a word while a step runs, in the order in which they are said. */
const spoken = ["inserted", "modified", "deleted", "unchanged", "skipped", "conflict", "blocked", "failed"] as const;

/** One line for each step, in the order of the run; words carry the meaning, colours only repeat it. */
export function progressLines(run: Run, paint: Paint = plain): readonly string[] {
  const width = Math.max(0, ...run.steps.map((step) => step.step.length));
  return run.steps.map((step) => {
    const status = paint(colourOf(step), step.status.padEnd("In Process".length));
    return `  ${step.step.padEnd(width)}  ${status}  ${progressText(step, run)}`.trimEnd();
  });
}

/** How far one step is, on one line, without its name and status. */
export function progressText(step: StepRun, run: Run): string {
  if (step.error !== undefined) return step.error.message;
  if (step.status === "Waiting") {
    const waiting = step.dependsOn.filter((name) => !hasEnded(statusOf(run, name)));
    return waiting.length === 0 ? "" : `waiting for ${waiting.join(", ")}`;
  }
  const parts = ([["to CRM", step.toCrm], ["from CRM", step.fromCrm]] as const)
    .filter(([, direction]) => direction.status !== "" || direction.counts.read > 0)
    .map(([name, direction]) => `${name} ${countsText(direction.counts)}`);
  // What goes in neither direction is a rebuild.
  const found = step.status === "Finished" && parts.length === 0 ? [`${step.coupled} coupled`] : [];
  const note = step.note === undefined ? [] : [step.note];
  return [...parts, ...found, ...note].join(" · ");
}

/** A step that the configuration switches off; one that another step's failure keeps from running has an error. */
export function isOff(step: StepRun): boolean {
  return step.status === "Skipped" && step.error === undefined;
}

/** The steps that are off, on one line for each reason. */
export function offLines(run: Run): readonly string[] {
  const byReason = Map.groupBy(run.steps.filter(isOff), (step) => step.note ?? "");
  return [...byReason].map(([why, steps]) => `Skipped: ${steps.map(({ step }) => step).join(", ")} · ${why}`);
}

/** Reads that are counted apart, in the order in which they are said. */
const apart = ["lookups", "documents", "overlap", "sweep"] as const;

/**
 * What went out, on one line: "Requests: ERP 20 and 3 apart (3 lookups) · CRM 16 · 0 units of the CRM's daily entitlement".
 * Signing in is left out.
 */
export function spentText(spent: Spent): string {
  const sides = (["erp", "crm"] as const).map((side) => {
    const named = apart.filter((kind) => spent[side][kind] > 0).map((kind) => `${spent[side][kind]} ${kind}`);
    return `${side.toUpperCase()} ${requestsText(spent[side])}${named.length === 0 ? "" : ` (${named.join(", ")})`}`;
  });
  const units = unitsOf(spent);
  return `Requests: ${sides.join(" · ")} · ${units} ${units === 1 ? "unit" : "units"} of the CRM's daily entitlement`;
}

/** "20 and 3 apart" */
export function requestsText(requests: Requests): string {
  const own = requests.read + requests.write;
  const more = readsOf(requests) - requests.read;
  return `${own}${more === 0 ? "" : ` and ${more} apart`}`;
}

/** All requests that read, also those that are counted apart. */
export function readsOf(requests: Requests): number {
  return apart.reduce((sum, kind) => sum + requests[kind], requests.read);
}

/** Units of the daily entitlement that were used. */
export function unitsOf(spent: Spent): number {
  return spent.erp.units + spent.crm.units;
}

/** "200 read: 3 inserted, 197 unchanged" */
export function countsText(counts: Counts): string {
  const parts = spoken.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`);
  return parts.length === 0 ? `${counts.read} read` : `${counts.read} read: ${parts.join(", ")}`;
}

/**
 * The result of a run as a table: a line for each direction of the steps that are not off, then the totals, which are the
 * sums of the columns above them. The last columns say how the step stands, as `status` does. Ends without a line break.
 */
export function runTable(run: Run): string {
  const columns = ["read", ...spoken] as const;
  const totals = ["coupled", "uncoupled", "listed"] as const;
  const rows: string[][] = [["step", "direction", "status", ...columns, ...totals]];
  const steps = run.steps.filter((step) => !isOff(step));
  for (const step of steps) {
    const directions = ([["to CRM", step.toCrm], ["from CRM", step.fromCrm]] as const)
      .filter(([, direction]) => direction.status !== "" || direction.counts.read > 0);
    const standing = totals.map((of) => String(step[of]));
    if (directions.length === 0) rows.push([step.step, "", step.status, ...columns.map(() => ""), ...standing]);
    directions.forEach(([name, direction], at) =>
      rows.push([
        at === 0 ? step.step : "",
        name,
        directionStatus(step, direction),
        ...columns.map((column) => String(direction.counts[column])),
        ...(at === 0 ? standing : totals.map(() => "")),
      ])
    );
  }
  rows.push([
    "total",
    "",
    run.status,
    ...columns.map((of) => String(run.totals[of])),
    ...totals.map((of) => String(steps.reduce((sum, step) => sum + step[of], 0))),
  ]);
  return table(rows, 3);
}

/** Rows under each other; the columns from `numbers` on are numbers and stand right. Ends without a line break. */
export function table(rows: readonly (readonly string[])[], numbers: number): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => [...row[at] ?? ""].length)));
  const lines = rows.map((row) =>
    row.map((cell, at) => at < numbers ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)).join("  ")
      .trimEnd()
  );
  return lines.join("\n");
}

function directionStatus(step: StepRun, direction: DirectionRun): string {
  return direction.status === "" ? step.status : direction.status;
}

function statusOf(run: Run, name: string): StepRun["status"] {
  return run.steps.find((step) => step.step === name)?.status ?? "Finished";
}

function colourOf(step: StepRun): Colour {
  if (step.status === "Error") return "red";
  if (step.status === "Finished") return step.listed > 0 ? "yellow" : "green";
  return step.status === "In Process" ? "yellow" : "dim";
}
