/** A plan as people read it. Pure. */
import { isPlaceholder } from "../engine/placeholder.ts";
import { limits } from "../connectors/limiter.ts";
import type { PlanLine } from "../engine/planned.ts";
import { same } from "../engine/same.ts";
import type { Step } from "../engine/step.ts";
import type { Side } from "../store/store.ts";

/** What is said of one step. */
export interface PlannedStep {
  readonly step: string;
  readonly erp: number;
  readonly crm: number;
  /** Pairs before the run, and after it. */
  readonly coupledBefore: number;
  readonly coupled: number;
  readonly recommendation: "full synchronization" | "couple" | "synchronize" | "nothing to do" | "not known";
  readonly reason: string;
  readonly inserts: Readonly<Record<Side, number>>;
  readonly updates: Readonly<Record<Side, number>>;
  /** Records that are put out of use, since their counterparts are gone. */
  readonly deactivates: Readonly<Record<Side, number>>;
  readonly deletes: Readonly<Record<Side, number>>;
  /** Pairs that part. */
  readonly uncouples: Readonly<Record<Side, number>>;
  /** Reason code → changes that will be listed for it. */
  readonly listed: Readonly<Record<string, number>>;
  /** Pairs of which a record left the filter, and that stay as they are. */
  readonly left: number;
  /** Why it would read more than usual: "first run", "definition changed: …". */
  readonly note?: string;
  /** Writes of earlier runs without an answer: the next run settles them first. */
  readonly inDoubt: readonly string[];
  readonly requests: { readonly read: Readonly<Record<Side, number>>; readonly write: Readonly<Record<Side, number>> };
  /** Of the CRM's daily entitlement. */
  readonly units: number;
  readonly error?: { readonly code: string; readonly message: string };
}

const sides = ["erp", "crm"] as const;

/** What a write does to its record, and how that is counted. */
export type Kind = PlanLine["op"] | "deactivate";
const words: Readonly<Record<Kind, string>> = {
  insert: "new",
  update: "changed",
  deactivate: "put out of use",
  delete: "deleted",
  uncouple: "uncoupled",
};
const kinds = Object.keys(words) as readonly Kind[];

export function kindOf({ op, policy }: Pick<PlanLine, "op" | "policy">): Kind {
  return op === "update" && policy !== null ? "deactivate" : op;
}

/** All steps together: "2 new, 1 changed, …", and how many writes that is. */
export function totalOf(steps: readonly PlannedStep[]): { readonly text: string; readonly changes: number } {
  const counts = kinds.map((kind) => steps.reduce((sum, step) => sum + step[`${kind}s`].erp + step[`${kind}s`].crm, 0));
  const text = kinds.map((kind, at) => `${counts[at]} ${words[kind]}`).join(", ");
  return { text, changes: counts.reduce((sum, count) => sum + count, 0) };
}

/** What to do with a step, and why. */
export function recommend(
  { of }: Pick<Step, "of">,
  numbers: Pick<
    PlannedStep,
    | "erp"
    | "crm"
    | "coupledBefore"
    | "coupled"
    | "inserts"
    | "updates"
    | "deactivates"
    | "deletes"
    | "uncouples"
    | "listed"
  >,
): Pick<PlannedStep, "recommendation" | "reason"> {
  const { erp, crm, coupledBefore, coupled, inserts } = numbers;
  const changes = kinds.reduce((sum, kind) => sum + numbers[`${kind}s`].erp + numbers[`${kind}s`].crm, 0);
  if (of !== null) {
    const reason = changes === 0 ? `all is in step with "${of.name}"` : `it follows the pairs of "${of.name}"`;
    return { recommendation: changes === 0 ? "nothing to do" : "synchronize", reason };
  }
  if (erp === 0 && crm === 0) return { recommendation: "nothing to do", reason: "both sides are empty" };
  const newPairs = coupled - coupledBefore;
  if (coupledBefore === 0 && (erp === 0 || crm === 0) && changes > 0) {
    return { recommendation: "full synchronization", reason: `the ${erp === 0 ? "ERP" : "CRM"} is empty` };
  }
  if (erp === 0 || crm === 0) {
    const reason = `the ${erp === 0 ? "ERP" : "CRM"} is empty, and the definition creates nothing there`;
    if (changes === 0) return { recommendation: "nothing to do", reason };
  }
  if (coupledBefore === 0 && erp > 0 && crm > 0) {
    const met = Math.max(0, newPairs - inserts.erp - inserts.crm);
    return { recommendation: "couple", reason: `both sides have records: ${met} meet by their keys` };
  }
  if (changes === 0 && newPairs === 0) {
    const listed = Object.values(numbers.listed).reduce((sum, count) => sum + count, 0);
    const reason = listed === 0 ? "all is in step" : "but for what is listed all is in step";
    return { recommendation: "nothing to do", reason };
  }
  return { recommendation: "synchronize", reason: "something changed since the last run" };
}

/** The block of a step; `lines` are the first of its changes. Ends without a line break. */
export function stepText(step: PlannedStep, { extract }: Step, lines: readonly PlanLine[], limit: number): string {
  const text = [
    `${step.step}: ${extract.erp.name} and ${extract.crm.name}`,
    `  ERP ${step.erp}, CRM ${step.crm}, coupled ${step.coupledBefore}, afterwards ${step.coupled}`,
    `  Recommended: ${step.recommendation}, ${step.reason}`,
  ];
  if (step.note !== undefined) text.push(`  ${step.note.charAt(0).toUpperCase()}${step.note.slice(1)}`);
  if (step.error !== undefined) text.push(`  ${step.error.message} [${step.error.code}]`);
  for (const side of ["crm", "erp"] as const) {
    const counts = kinds.map((kind) => [step[`${kind}s`][side], words[kind]] as const);
    const told = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
    if (told.length === 0) continue;
    text.push(`  To the ${side.toUpperCase()}: ${told.join(", ")}`);
    for (const kind of kinds) {
      const shown = lines.filter((line) => line.side === side && kindOf(line) === kind).slice(0, limit);
      for (const line of shown) text.push(...lineText(line));
      const count = step[`${kind}s`][side];
      if (count > shown.length) text.push(`    … ${count - shown.length} more ${words[kind]}`);
    }
  }
  for (const one of step.inDoubt) text.push(`  Settled first by the next sync, so left alone here: ${one}`);
  const listed = Object.entries(step.listed).map(([code, count]) => `${code} ${count}`);
  if (listed.length > 0) text.push(`  Listed: ${listed.join(", ")}`);
  if (step.left > 0) text.push(`  Outside the filter, left as they are: ${step.left}`);
  return text.join("\n");
}

function lineText(line: PlanLine): string[] {
  const { op, side, name, key, after, before, rules, policy, lost, left, target, source } = line;
  const number = key === null || key === name || isPlaceholder(key) ? "" : `${key} `;
  const head = `    ${op === "insert" ? "+" : op === "update" ? "~" : op === "delete" ? "-" : "x"} ${number}"${name}"`;
  const fields = Object.entries(after).filter(([field]) => !field.endsWith("/"));
  if (op === "insert") return [`${head}: ${fields.map(([field, value]) => `${field} ${shown(value)}`).join(", ")}`];
  const gone = lost.flatMap((one) =>
    Object.entries(one.values).map(([field, value]) =>
      `        lost on the ${one.side.toUpperCase()}: ${field} ${shown(value)} (${one.by})`
    )
  );
  const by = policy === null ? "" : `   (${policy})`;
  if (op === "uncouple") return [`${head}: coupled no more, and not created again${by}`];
  if (op === "delete") return [`${head}: ${target ?? source} of the ${side.toUpperCase()}${by}`, ...gone];
  return [
    head,
    ...fields.filter(([field, value]) => !same(value, before[field])).map(([field, value]) =>
      `        ${field}: ${shown(before[field] ?? null)} → ${shown(value)}   (${rules[field] ?? ""})`
    ),
    ...left.map(({ code, field }) => `        ${field ?? ""}: left out (${code})`),
    ...gone,
  ];
}

function shown(value: PlanLine["after"][string]): string {
  if (isPlaceholder(value)) return "what the service chooses";
  return value === null ? "blank" : JSON.stringify(value);
}

/** What a plan takes of a service. */
export interface SideCost {
  readonly read: number;
  readonly write: number;
  /** Milliseconds that the service's limit makes it last at least. */
  readonly atLeast: number;
}
export interface PlanCost {
  readonly erp: SideCost;
  readonly crm: SideCost;
  readonly units: number;
}

/** All steps together. A window that is full makes the next request wait for the one after it. */
export function costOf(steps: readonly PlannedStep[]): PlanCost {
  const of = (side: Side): SideCost => {
    const read = steps.reduce((sum, step) => sum + step.requests.read[side], 0);
    const write = steps.reduce((sum, step) => sum + step.requests.write[side], 0);
    const { requests, window } = limitOf(side);
    return { read, write, atLeast: Math.max(0, Math.ceil((read + write) / requests) - 1) * window };
  };
  return { erp: of("erp"), crm: of("crm"), units: steps.reduce((sum, step) => sum + step.units, 0) };
}

function limitOf(
  side: Side,
): { readonly requests: number; readonly window: number; readonly atOnce: { most: number } } {
  return side === "erp" ? limits.business_central : limits.dataverse;
}

/** Three lines; the time is what the limits ask for, since how fast the services answer is not known. */
export function costText(cost: PlanCost): string {
  const lines = sides.map((side) => {
    const { read, write, atLeast } = cost[side];
    const { requests, window, atOnce } = limitOf(side);
    return `Cost, ${side.toUpperCase()}: ${read} requests to read, ${write} to write; at least ${atLeast / 1000} s ` +
      `under its limit of ${requests} in ${window / 60_000} minutes, ${atOnce.most} at once`;
  });
  return [...lines, `Cost, daily entitlement of the CRM: ${cost.units} units, one for each row written`].join("\n");
}
