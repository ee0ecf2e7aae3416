/** Everything that can be wrong in definitions, found before the first request. */
import { DefinitionError } from "../errors.ts";
import type { Side } from "../store/store.ts";
import { checkCreation, checkLoad } from "./check_creation.ts";
import { checkPolicies, checkTogether } from "./check_document.ts";
import { checkRules } from "./check_rules.ts";
import { checkShape, hasShape } from "./check_shape.ts";
import { didYouMean } from "./did_you_mean.ts";
import { cycleOf } from "./plan.ts";
import type { Problem, Report } from "./problem.ts";
import { accessOf, rulesOf, writesTo } from "./rules.ts";
import type { Step } from "./step.ts";

export interface CheckOptions {
  /** Step → the file that defines it, to be named in the message; asked for once there is a problem. */
  readonly files?: () => ReadonlyMap<string, string>;
}

/** Throws one DefinitionError "definition_invalid" that lists every problem of the pipeline, or does nothing. */
export function checkPipeline(steps: readonly Step[], options: CheckOptions = {}): void {
  const problems = problemsOf(steps, options);
  if (problems.length === 0) return;
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.map((problem, index) => `${index + 1}. ${described(problem)}`);
  throw new DefinitionError(
    "definition_invalid",
    [`Cannot use the pipeline: its definitions have ${count}; correct what is listed`, ...lines].join("\n"),
  );
}

/** Every problem of the pipeline, in the order of its steps; what concerns several steps stands at the last of them. */
export function problemsOf(steps: readonly Step[], options: CheckOptions = {}): readonly Problem[] {
  const problems: Omit<Problem, "file">[] = [];
  const sound: Step[] = [];
  for (const [index, step] of steps.entries()) {
    const name = nameOf(step) ?? `number ${index + 1}`;
    const before = problems.length;
    const report: Report = (code, field, message) => {
      const known = problems.slice(before).some((one) => one.field === field && one.message === message);
      if (!known) problems.push({ code, step: name, field, message }); // both directions of a rule can find it
    };
    checkShape(step, report);
    if (problems.length > before) continue;
    if (![step.under, step.of].every((head) => head === null || hasShape(head))) continue; // first that one
    checkPlace(steps.map(nameOf), index, step, report);
    checkLoad(step, report);
    checkTogether(step, report);
    checkPolicies(step, report);
    checkRules(step, report);
    checkCreation(step, report);
    checkOverlap(sound, step, report);
    sound.push(step);
  }
  const circle = cycleOf(sound);
  if (circle !== null) {
    const step = circle[0]!;
    const message = `the steps depend on each other in a circle, ${circle.join(" → ")}; take one dependency away`;
    problems.push({ code: "cycle", step, field: "dependsOn", message });
  }
  if (problems.length === 0) return [];
  const files = options.files?.();
  return problems.map((problem) => ({ ...problem, file: files?.get(problem.step) ?? null }));
}

/** One line: where, what, and the code to look up. */
function described({ file, step, field, message, code }: Problem): string {
  const where = [file, `step "${step}"`, field === null ? null : `field "${field}"`].filter((part) => part !== null);
  return `${where.join(", ")}: ${message} (${code})`;
}

function nameOf(step: Step): string | null {
  return typeof step === "object" && step !== null && typeof step.name === "string" ? step.name : null;
}

/** The step among the others: its name, and the steps it depends on. */
function checkPlace(names: readonly (string | null)[], index: number, step: Step, report: Report): void {
  if (!/^[\p{L}\p{N}_]([\p{L}\p{N}_ -]*[\p{L}\p{N}_])?$/u.test(step.name)) {
    report("unsuitable_name", "name", "a selector could not name it; use letters, digits, spaces and hyphens");
  }
  if (names.indexOf(step.name) < index) {
    report("duplicate_name", "name", "another step has the same name; give one of them another name");
  }
  for (const needed of step.dependsOn) {
    if (names.includes(needed.name)) continue;
    const near = didYouMean(needed.name, names.filter((name) => name !== null));
    const remedy = near === null ? "add it to the pipeline" : `add it to the pipeline, or did you mean "${near}"?`;
    report("outside_pipeline", "dependsOn", `"${needed.name}" is not among the pipeline's steps; ${remedy}`);
  }
}

/** One field must not be written by two steps that can meet in one record. */
function checkOverlap(others: readonly Step[], step: Step, report: Report): void {
  for (const side of ["erp", "crm"] as const) {
    for (const other of others) {
      const [mine, theirs] = [step.extract[side], other.extract[side]];
      if (mine.name !== theirs.name || other.name === step.name || disjoint(mine.filter, theirs.filter)) continue;
      if (areApart(step, other, side)) continue;
      const written = writtenBy(other, side);
      for (const field of writtenBy(step, side)) {
        if (!written.has(field)) continue;
        report(
          "written_twice",
          field,
          `step "${other.name}" writes it to the same records of "${mine.name}"; ` +
            "take one of the two rules away, or give the steps filters that no record is in both of",
        );
      }
    }
  }
}

/**
 * Steps that make their records on this side from records of different entities: a record then belongs to the step that
 * coupled it first, and the other one leaves it alone.
 */
function areApart(step: Step, other: Step, side: Side): boolean {
  const from = side === "erp" ? "crm" : "erp";
  const [one, two] = [step.of ?? step, other.of ?? other];
  const isMade = ({ direction }: Step) => direction === (side === "crm" ? "toCrm" : "fromCrm");
  return isMade(one) && isMade(two) && one.extract[from].name !== two.extract[from].name;
}

function writtenBy(step: Step, side: Side): ReadonlySet<string> {
  const fields = rulesOf(step).filter((rule) => writesTo(rule, side)).flatMap((rule) => rule[side] ?? []);
  return new Set(fields.filter((field) => accessOf(step.extract[side], field) !== "never"));
}

function disjoint(a: object, b: object): boolean {
  const filter = b as Readonly<Record<string, unknown>>;
  return Object.entries(a).some(([field, value]) => field in filter && filter[field] !== value);
}
