/**
 * The order in which steps run, and which of them a selector names.
 *
 * Steps are told apart by name, so a step that the configuration has narrowed still counts as the one that others
 * depend on. Dependencies outside the list are not looked at: `checkPipeline` refuses them, and a selection may leave
 * them out on purpose.
 */
import { DefinitionError } from "../errors.ts";
import { didYouMean } from "./did_you_mean.ts";
import type { Step } from "./step.ts";

/** What a selector names: steps in the order in which they run, and the one record where it names a record. */
export interface Selection {
  readonly steps: readonly string[];
  /** `key` is the natural key or the id of a record of either side, as it was written. */
  readonly record: { readonly step: string; readonly key: string } | null;
}

/**
 * Every step after the steps it depends on; steps that do not depend on each other stay as they were declared.
 * Throws DefinitionError "definition_invalid" where steps depend on each other in a circle.
 */
export function order(steps: readonly Step[]): readonly Step[] {
  const ordered: Step[] = [];
  const done = new Set<string>();
  while (ordered.length < steps.length) {
    const next = ready(steps, done, new Set())[0];
    if (next === undefined) {
      const circle = cycleOf(steps) ?? [];
      throw new DefinitionError(
        "definition_invalid",
        `Cannot order the steps: they depend on each other in a circle, ${circle.join(" → ")}; ` +
          "take one of these dependencies away",
      );
    }
    ordered.push(next);
    done.add(next.name);
  }
  return ordered;
}

/** Steps that may start: not done, not started, and everything they depend on is done. */
export function ready(
  steps: readonly Step[],
  done: ReadonlySet<string>,
  started: ReadonlySet<string>,
): readonly Step[] {
  const names = new Set(steps.map((step) => step.name));
  return steps.filter((step) =>
    !done.has(step.name) && !started.has(step.name) &&
    step.dependsOn.every((needed) => done.has(needed.name) || !names.has(needed.name))
  );
}

/**
 * Steps that run by themselves: those of parts run with their heads, which therefore wait for what the parts wait for,
 * as do steps that depend on the parts for the heads.
 */
export function headsOf(steps: readonly Step[]): readonly Step[] {
  const headOf = (step: Step): Step => steps.find((one) => one.name === step.under?.name) ?? step;
  return steps.filter((step) => headOf(step) === step).map((head): Step => {
    const parts = steps.filter((step) => step !== head && headOf(step) === head);
    const needed = [head, ...parts].flatMap((step) => step.dependsOn).map((step) =>
      headOf(steps.find((one) => one.name === step.name) ?? step)
    );
    const others = needed.filter((step, at) =>
      step.name !== head.name && needed.findIndex((one) => one.name === step.name) === at
    );
    // The step itself where nothing is to be said anew: what is known of it, such as its hashes, stays known.
    const isSame = others.length === head.dependsOn.length && others.every((step, at) => step === head.dependsOn[at]);
    return isSame ? head : { ...head, dependsOn: others };
  });
}

/** Names along the first circle of dependencies, its first name again at the end; null where there is none. */
export function cycleOf(steps: readonly Step[]): readonly string[] | null {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const clear = new Set<string>();
  const path: string[] = [];
  function visit(name: string): readonly string[] | null {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (clear.has(name)) return null;
    path.push(name);
    for (const needed of byName.get(name)?.dependsOn ?? []) {
      const circle = byName.has(needed.name) ? visit(needed.name) : null;
      if (circle !== null) return circle;
    }
    path.pop();
    clear.add(name);
    return null;
  }
  for (const step of steps) {
    const circle = visit(step.name);
    if (circle !== null) return circle;
  }
  return null;
}

/**
 * Reads a selector: `step`, `+step` (with all that it depends on), `step+` (with all that depend on it), `+step+`,
 * several of them separated by commas or spaces, each with the steps of the same documents; or `step/key` for one
 * record, where the key is all that follows the first slash. Throws DefinitionError "unknown_step" where no step has
 * such a name.
 */
export function select(steps: readonly Step[], selector: string): Selection {
  const ordered = order(steps);
  const names = new Set(ordered.map((step) => step.name));
  const slash = selector.indexOf("/");
  if (slash >= 0) {
    const named = known(selector.slice(0, slash).trim(), names);
    const step = ordered.find((one) => one.name === named)!.under?.name ?? named;
    const key = selector.slice(slash + 1).trim();
    if (key === "") {
      throw new DefinitionError(
        "unknown_step",
        `Cannot select a record of "${step}": nothing stands after the slash; write its key or id there`,
      );
    }
    return { steps: [...wholeDocuments(ordered, new Set([step]))], record: { step, key } };
  }

  const chosen = new Set<string>();
  for (const part of partsOf(selector, names)) {
    const name = known(part.replace(/^\+|\+$/g, ""), names);
    chosen.add(name);
    if (part.startsWith("+")) reach(name, (from) => neededBy(ordered, from), chosen);
    if (part.endsWith("+")) reach(name, (from) => needing(ordered, from), chosen);
  }
  if (chosen.size === 0) {
    throw new DefinitionError(
      "unknown_step",
      `Cannot select steps: the selector is empty; name at least one of ${[...names].join(", ")}`,
    );
  }
  const whole = wholeDocuments(ordered, chosen);
  return { steps: ordered.map((step) => step.name).filter((name) => whole.has(name)), record: null };
}

/** The steps of a document run together: one of them stands for all. */
function wholeDocuments(steps: readonly Step[], chosen: ReadonlySet<string>): ReadonlySet<string> {
  const headOf = (step: Step) => step.under?.name ?? step.name;
  const heads = new Set(steps.filter((step) => chosen.has(step.name)).map(headOf));
  return new Set(steps.filter((step) => heads.has(headOf(step))).map((step) => step.name));
}

/** A step's name may contain spaces, so a part that is a name as it stands is not taken apart. */
function partsOf(selector: string, names: ReadonlySet<string>): readonly string[] {
  const parts = selector.split(",").map((part) => part.trim());
  return parts.flatMap((part) => names.has(part.replace(/^\+|\+$/g, "")) ? [part] : part.split(/\s+/))
    .filter((part) => part !== "");
}

function known(name: string, names: ReadonlySet<string>): string {
  if (names.has(name)) return name;
  const near = didYouMean(name, names);
  throw new DefinitionError(
    "unknown_step",
    `Cannot select "${name}": no step has this name; ` +
      (near === null ? `the steps are ${[...names].join(", ")}` : `did you mean "${near}"?`),
  );
}

function neededBy(steps: readonly Step[], name: string): readonly string[] {
  const names = steps.map((step) => step.name);
  const needed = steps.find((step) => step.name === name)?.dependsOn ?? [];
  return needed.map((step) => step.name).filter((other) => names.includes(other));
}
function needing(steps: readonly Step[], name: string): readonly string[] {
  return steps.filter((step) => step.dependsOn.some((needed) => needed.name === name)).map((step) => step.name);
}
/** Adds everything that `next` leads to, any number of times over. */
function reach(start: string, next: (name: string) => readonly string[], found: Set<string>): void {
  const open = [start];
  const seen = new Set(open);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    found.add(name);
    for (const other of next(name)) {
      if (!seen.has(other)) open.push(other);
      seen.add(other);
    }
  }
}

/**
 * The steps as a table: the wave in which each can start at the earliest, its two entities with the direction between
 * them (the ERP's on the left), and the steps that it runs after. Ends without a line break.
 */
export function graphText(steps: readonly Step[]): string {
  const arrows = { toCrm: "→", fromCrm: "←", both: "⇄" };
  const rows = waves(steps).flatMap((wave, number) =>
    wave.map((step, position) => [
      position === 0 ? String(number + 1) : "",
      step.name,
      `${step.extract.erp.name} ${arrows[step.direction]} ${step.extract.crm.name}`,
      step.dependsOn.length === 0 ? "" : `after ${step.dependsOn.map((needed) => needed.name).join(", ")}`,
    ])
  );
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n");
}

/** Steps of one wave depend on steps of earlier waves only, and on at least one of the wave just before. */
function waves(steps: readonly Step[]): readonly (readonly Step[])[] {
  const level = new Map<string, number>();
  const found: Step[][] = [];
  for (const step of order(steps)) {
    const at = Math.max(0, ...step.dependsOn.map((needed) => (level.get(needed.name) ?? -1) + 1));
    level.set(step.name, at);
    (found[at] ??= []).push(step);
  }
  return found;
}

/** The same as a Mermaid flow chart: an arrow leads from a step to each step that runs after it. */
export function graphMermaid(steps: readonly Step[]): string {
  const ordered = order(steps);
  const ids = new Map(ordered.map((step, position) => [step.name, `s${position + 1}`]));
  const nodes = ordered.map((step) => `  ${ids.get(step.name)}["${step.name.replaceAll('"', "#quot;")}"]`);
  const arrows = ordered.flatMap((step) =>
    step.dependsOn.filter((needed) => ids.has(needed.name))
      .map((needed) => `  ${ids.get(needed.name)} --> ${ids.get(step.name)}`)
  );
  return ["flowchart LR", ...nodes, ...arrows].join("\n");
}
