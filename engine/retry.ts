/** What is tried again at once: by step, by record, by what became of it and by reason. */
import { DefinitionError } from "../errors.ts";
import type { Change, Coupling, Reason, ReasonCode, Settlement, Side } from "../store/store.ts";
import { reasonCodes } from "../store/store.ts";
import { changesOf, findRecord, type Place } from "./find_record.ts";
import { pagesOf } from "./paging.ts";
import { didYouMean } from "./did_you_mean.ts";
import { headsOf, order, select } from "./plan.ts";
import { isSkip } from "./skip.ts";
import { outcomeOf } from "./tally.ts";

const results = ["failed", "blocked", "conflict", "skipped"] as const;
type Result = typeof results[number];

/** What `--select` of `retry` says, all selectors together. */
export interface RetryFilter {
  /** Steps whose changes count, in the order in which they run. */
  readonly steps: readonly string[];
  /** The records that were named, as written; empty for all. */
  readonly records: readonly string[];
  readonly results: readonly Result[];
  readonly reasons: readonly ReasonCode[];
}

/**
 * Reads selectors: steps and records as `sync --select` does, `result:failed|blocked|conflict|skipped` and
 * `reason:CODE`. Of one kind any may fit, of several kinds all must. Throws DefinitionError "unknown_step" or
 * "bad_arguments".
 */
export function retryFilter(steps: Place["steps"], selectors: readonly string[]): RetryFilter {
  const kinds = { result: [] as Result[], reason: [] as ReasonCode[] };
  const records: string[] = [];
  const named: string[] = [];
  for (const selector of selectors) {
    const [, kind, written = ""] = /^(result|reason):(.*)$/.exec(selector) ?? [];
    if (kind === "result") kinds.result.push(oneOf(results, written, kind));
    else if (kind === "reason") kinds.reason.push(oneOf(reasonCodes, written, kind));
    else {
      const selection = select(steps, selector);
      if (selection.record === null) named.push(...selection.steps);
      else records.push(selector);
    }
  }
  // A record narrows its own step alone: the records are found by name, the steps beside them as a whole.
  const all = headsOf(order(steps)).map((step) => step.name);
  const wanted = named.length === 0 && records.length === 0 ? all : all.filter((name) => named.includes(name));
  return { steps: wanted, records, results: kinds.result, reasons: kinds.reason };
}

function oneOf<T extends string>(known: readonly T[], written: string, kind: string): T {
  const found = known.find((one) => one === written);
  if (found !== undefined) return found;
  const meant = didYouMean(written, known);
  throw new DefinitionError(
    "bad_arguments",
    `Cannot select "${kind}:${written}": there is no such ${kind}; ` +
      (meant === null ? `write one of ${known.join(", ")}` : `did you mean "${kind}:${meant}"?`),
  );
}

/** What is tried again in a step. */
export interface Retried {
  readonly step: string;
  readonly changes: readonly Change[];
}

/** The open and noted changes that fit, by step. */
export async function retriesOf(place: Place, filter: RetryFilter): Promise<readonly Retried[]> {
  const found = new Map<string, Map<string, Change>>();
  const add = (step: string, changes: readonly Change[]) => {
    const fitting = changes.filter((change) => isWanted(change, filter));
    if (fitting.length === 0) return;
    const known = found.get(step) ?? new Map<string, Change>();
    for (const change of fitting) known.set(change.id, change);
    found.set(step, known);
  };
  for (const selector of filter.records) {
    const row = await findRecord(place, selector);
    add(row.step, await changesOf(place, row, ["open", "noted"]));
  }
  for (const step of filter.steps) {
    const pages = pagesOf<Change>(
      500,
      (change) => change.id,
      (keyset) => place.store.changes(place.connection, { step, states: ["open", "noted"] }, keyset),
    );
    for await (const changes of pages) add(step, changes);
  }
  return [...found].map(([step, changes]) => ({ step, changes: [...changes.values()] }));
}

function isWanted(change: Change, { results, reasons }: RetryFilter): boolean {
  if (change.reasons.length === 0) return false;
  const result = resultOf(change);
  if (results.length > 0 && (result === null || !results.includes(result))) return false;
  return reasons.length === 0 || change.reasons.some(({ code }) => reasons.includes(code));
}

/** What a listed change counts as, failed where a value was set aside; null where it only lists a field. */
export function resultOf(change: Change): Result | null {
  if (isSkip(change)) return "skipped";
  if (change.reasons.some(({ sent }) => sent !== undefined)) return "failed";
  const outcome = outcomeOf(change.reasons);
  return results.find((result) => result === outcome) ?? null;
}

/** Tried at once, with what was set aside; what a person skipped is skipped no more, and pairs are decided anew. */
export async function retry({ store, connection }: Place, { step, changes }: Retried): Promise<void> {
  const couplings: Coupling[] = [];
  for (const side of ["erp", "crm"] as const) {
    const from: Side = side === "erp" ? "crm" : "erp";
    const ids = changes.filter((change) => change.side === side).map(({ source }) => source);
    if (ids.length === 0) continue;
    for (const { pair } of await store.lookup(connection, step, from, "id", ids)) {
      if (couplings.some(({ erpId }) => erpId === pair.coupling.erpId)) continue;
      couplings.push({ ...pair.coupling, seen: { erp: null, crm: null } });
    }
  }
  const skipped = changes.filter(isSkip);
  const again = changes.filter((change) => !isSkip(change)).map((change): Change => ({
    ...change,
    retryAt: null,
    reasons: change.reasons.map(({ sent: _, ...reason }) =>
      isDoubt(reason) ? { ...reason, not: notIn(reason) } : reason
    ),
  }));
  const settlement: Settlement = {
    couplings,
    changes: again,
    close: skipped.map(({ side, source }) => ({ side, source })),
  };
  await store.save(connection, step, settlement);
}

function isDoubt({ code, about }: Reason): boolean {
  return code === "unknown_outcome" && about !== undefined;
}

/** Whoever tries a creation again says that none of these is what it left. */
function notIn({ about = [], not = [] }: Reason): readonly string[] {
  return [...new Set([...not, ...about])];
}

/** How many of each reason, most first: "3 refused, 1 waiting". */
export function reasonCounts(changes: readonly Change[]): string {
  const counts = new Map<string, number>();
  for (const { reasons } of changes) {
    for (const code of new Set(reasons.map((reason) => reason.code))) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([code, count]) => `${count} ${code}`)
    .join(", ");
}
