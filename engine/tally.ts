/** Counts of a run, by direction: every source record counts once, and read is the sum of the others. */
import type { Requests } from "../connectors/connector.ts";
import type { Counts, DirectionRun, Reason } from "../store/store.ts";

export type Outcome = Exclude<keyof Counts, "read">;

export const noCounts: Counts = {
  read: 0,
  inserted: 0,
  modified: 0,
  deleted: 0,
  unchanged: 0,
  skipped: 0,
  conflict: 0,
  blocked: 0,
  failed: 0,
};

const names = Object.keys(noCounts) as (keyof Counts)[];

export function counted(counts: Counts, outcome: Outcome, records = 1): Counts {
  return { ...counts, read: counts.read + records, [outcome]: counts[outcome] + records };
}

export function sumOf(all: readonly Counts[]): Counts {
  const sum = { ...noCounts };
  for (const counts of all) for (const name of names) sum[name] += counts[name];
  return sum;
}

/** What went out since. */
export function spentSince(before: Requests, now: Requests): Requests {
  const spent: { -readonly [Kind in keyof Requests]: number } = { ...now };
  for (const kind of Object.keys(spent) as (keyof Requests)[]) spent[kind] -= before[kind];
  return spent;
}

export const notStarted: DirectionRun = { status: "", counts: noCounts };

/** Where a record counts that wants a person or waits: failed before blocked before conflict; null: it only lists a field. */
export function outcomeOf(reasons: readonly Reason[]): Outcome | null {
  // A value that was set aside keeps the record from nothing else.
  const codes = new Set<string>(reasons.filter(({ sent }) => sent === undefined).map((reason) => reason.code));
  if (["refused", "not_restored", "moved", "unknown_outcome"].some((code) => codes.has(code))) {
    return "failed";
  }
  if (
    codes.has("waiting") || codes.has("required_blank") || codes.has("ambiguous") || codes.has("missing") ||
    codes.has("merged") || codes.has("not_planned")
  ) {
    return "blocked";
  }
  if (codes.has("held") || codes.has("unconfirmed")) return "blocked";
  if (codes.has("unfit")) return "skipped";
  return codes.has("conflict") ? "conflict" : null;
}
