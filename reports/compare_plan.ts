/** Whether what would be written now is what a plan says, and what moved where it is not. */
import type { Fields } from "../connectors/connector.ts";
import type { PlanLine } from "../engine/planned.ts";
import { same } from "../engine/same.ts";
import { isSimulated } from "../engine/simulate.ts";
import type { Store } from "../store/store.ts";

/** Differences that are named. */
const mostNamed = 5;

export interface CompareOptions {
  readonly store: Store;
  readonly connection: string;
  /** The rehearsal that gave `now`. */
  readonly run: string;
  /** Called for each line of the plan. */
  readonly onLine?: (line: PlanLine) => void;
}

/** The first differences, one sentence each; none where all is as planned. Both are in order of step and decision. */
export async function comparePlan(
  plan: AsyncIterable<PlanLine>,
  now: AsyncIterable<PlanLine>,
  options: CompareOptions,
): Promise<readonly string[]> {
  const differences: string[] = [];
  const left = plan[Symbol.asyncIterator]();
  const right = now[Symbol.asyncIterator]();
  try {
    let planned = await next(left);
    let found = await next(right);
    while ((planned !== null || found !== null) && differences.length < mostNamed) {
      if (planned !== null && found !== null && isSame(planned, found)) {
        options.onLine?.(planned);
        differences.push(...differencesOf(planned, found));
        planned = await next(left);
        found = await next(right);
      } else if (planned !== null && !(found !== null && await isStillThere(planned, options))) {
        differences.push(`${nameOf(planned)}: the plan has it, and there is nothing to ${verb(planned)} any more`);
        planned = await next(left);
      } else {
        differences.push(`${nameOf(found!)}: the plan does not have it, and there is something to ${verb(found!)} now`);
        found = await next(right);
      }
    }
    return differences.slice(0, mostNamed);
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

async function next(lines: AsyncIterator<PlanLine>): Promise<PlanLine | null> {
  const { done, value } = await lines.next();
  return done ? null : value;
}

function isSame(a: PlanLine, b: PlanLine): boolean {
  return a.step === b.step && a.side === b.side && a.source === b.source && a.op === b.op && a.target === b.target;
}

async function isStillThere(line: PlanLine, { store, connection, run }: CompareOptions): Promise<boolean> {
  const { step, side, source, op, target } = line;
  const filter = { step, run, side, sources: [source], states: ["done", "open"] as const };
  const changes = await store.changes(connection, filter, { limit: 10 });
  return changes.some((change) => isSimulated(run, change) && change.op === op && change.target === target);
}

function differencesOf(planned: PlanLine, found: PlanLine): readonly string[] {
  const name = nameOf(planned);
  const told = (field: string, what: string, of: "before" | "after") =>
    `${name}: "${field}" ${what} ${shown(planned[of][field])} in the plan and is ${shown(found[of][field])} now`;
  return [
    ...differing(planned.before, found.before).map((field) => told(field, "was", "before")),
    ...differing(planned.after, found.after).map((field) => told(field, "was to become", "after")),
    ...leftOut(planned, found).map((what) => `${name}: ${what} is not left out in the plan and is now`),
    ...leftOut(found, planned).map((what) => `${name}: ${what} is left out in the plan and is not now`),
  ];
}

/** What `now` leaves out and `then` does not. */
function leftOut(then: PlanLine, now: PlanLine): readonly string[] {
  const text = ({ code, field }: PlanLine["left"][number]) =>
    `${field === null ? "something" : `"${field}"`} (${code})`;
  const known = new Set(then.left.map(text));
  return [...new Set(now.left.map(text))].filter((one) => !known.has(one));
}

function differing(a: Fields, b: Fields): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((field) =>
    (field in a) !== (field in b) || !same(a[field], b[field])
  );
}

function shown(value: Fields[string] | undefined): string {
  return value === undefined ? "not there" : value === null ? "blank" : JSON.stringify(value);
}

function nameOf({ step, side, name, key }: PlanLine): string {
  const number = key === null || key === name ? "" : ` ${key}`;
  return `${step}${number} "${name}" (to the ${side.toUpperCase()})`;
}

function verb({ op }: PlanLine): string {
  return op === "insert" ? "create" : op === "update" ? "change" : op;
}
