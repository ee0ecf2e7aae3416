/** Brakes: what looks like a mistake stops a step before its first write, until a person says that it may pass. */
import { StepError } from "../errors.ts";
import type { Run, Side, StepState } from "../store/store.ts";
import type { Compiled } from "./compile.ts";
import type { Intended, StepContext } from "./context.ts";

/** The brakes, by the word that lets them pass. */
export const brakes = ["creations", "deletions", "changes", "empty", "filter", "candidates"] as const;
export type Brake = typeof brakes[number];

/** So many are never too many, and more than this part of the couplings are. */
const few = 25;
const part = 0.1;

interface Before {
  /** Couplings before this run. */
  readonly coupled: number;
  /** Nothing is coupled yet, or no run has come to its end that creates: a first load is not held back. */
  readonly isFirst: boolean;
}

/** Throws StepError "brake" where the step would do what looks like a mistake. */
export function applyBrakes(context: StepContext, { coupled: before, isFirst }: Before): void {
  const so: Intended = context.intended;
  const many = Math.max(few, Math.floor(before * part));
  const limit = `more than ${many === few ? `${few}` : `${many}, a tenth of the ${before} that are coupled`}`;
  if (!isFirst && so.creations > many) {
    stop(context, "creations", `${so.creations} records would be created, ${limit}`);
  }
  if (so.deletions > many) {
    stop(context, "deletions", `${so.deletions} records would be deleted, put out of use or uncoupled, ${limit}`);
  }
  // A definition that changed may well concern every pair; real services ask for a plan then.
  if (!isFirst && !context.redefined && so.changes > few && so.changes >= before) {
    stop(context, "changes", `all ${so.changes} pairs would be written`);
  }
  if (so.candidates.length > 0) {
    const named = so.candidates.slice(0, 3).join(", ");
    const more = so.candidates.length > 3 ? ` and ${so.candidates.length - 3} more` : "";
    stop(context, "candidates", `records would be created that others with the same keys look like: ${named}${more}`);
  }
}

/** Throws StepError "brake" where a side that had many records lists none any more. */
export async function refuseEmpty(context: StepContext, side: Side): Promise<void> {
  const { store, connection, step } = context;
  const filter = { unseen: context.run };
  const known = (await store.records(connection, step.name, side, filter, { limit: few + 1 })).length;
  if (known <= few) return;
  const entity = step.extract[side].name;
  stop(context, "empty", `"${entity}" lists no record at all, and had more than ${few}; nothing is taken for deleted`);
}

/** Throws StepError "brake" where the definition asks for other records than those that are coupled. */
export function refuseOtherFilter(context: StepContext, state: StepState, compiled: Compiled): void {
  if (state.definition === null || state.definition === compiled.hash || state.coupled === 0) return;
  const before = state.rules[state.definition] ?? {};
  const changed = filterNames.filter((name) => name in before && before[name] !== compiled.ruleHashes[name]);
  if (changed.length === 0) return;
  stop(context, "filter", `the ${changed.join(" and the ")} is another one than in the last run`);
}

/** How rule hashes call the filters of the two sides. */
export const filterNames = ["filter of the ERP", "filter of the CRM"] as const;

function stop({ step, allow }: StepContext, brake: Brake, why: string): void {
  if (allow.has(brake)) return;
  throw new StepError(
    "brake",
    `Cannot go on with step "${step.name}": ${why}; deno task plan --allow ${brake} shows what it would do, and sync ` +
      "does it with the same words if it is meant",
    step.name,
  );
}

/** The brakes that stopped steps of a run. */
export function brakesOf({ steps }: Run): readonly Brake[] {
  return brakesNamed(steps.flatMap(({ error }) => error?.code === "brake" ? [error.message] : []));
}

/** The brakes that messages of code "brake" are about. */
export function brakesNamed(messages: readonly string[]): readonly Brake[] {
  return brakes.filter((brake) => messages.some((message) => message.includes(`--allow ${brake} `)));
}
