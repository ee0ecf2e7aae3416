/** Situations that the simulation has to reach, or it proves nothing about them. */
import type { ReportLine, Run } from "../../store/store.ts";

/** Each is reached in so many histories at least, in a run of {@link enough} histories or more. */
export const leastReached = 50;
export const enough = 50_000;

export const situations: readonly string[] = [
  ...at(["killed before", "killed after", "stalled before", "stalled after", "commit unanswered", "stopped", "fails"], [
    "the intent",
    "the mark of what is sent",
    "the coupling",
    "the cursor",
  ]),
  ...at(["killed before", "killed after", "stalled before", "stalled after", "fails", "stopped"], ["a remote write"]),
  ...at(["request lost", "answer lost", "takes effect later", "edited before"], ["a remote write"]),
  ...at(["killed amid a batch", "answer to half lost"], ["a remote write"]),
  ...at(["killed after", "fails", "cursor expired", "nothing listed"], ["a page"]),
  "a stalled run was fenced",
  "a run was stopped by a person",
  "a user worked during a run",
  "a user edited a record between decision and write",
  "users made the same thing on both sides",
  "users made under a code what the other side had already",
  "a change was committed behind the cursor",
  "a change was committed later than changes are read again",
  "a pair came about: match",
  "a pair came about: found",
  "a pair came about: created in the CRM",
  "a pair came about: created in the ERP",
  "a pair was parted",
  ...["conflict", "waiting", "refused", "missing", "left", "unknown_outcome"].map((code) => `told: ${code}`),
  ...["store_failed", "service_failed", "lease_lost", "blocked_by_step"].map((code) => `a step ended with ${code}`),
];

function at(faults: readonly string[], places: readonly string[]): string[] {
  return faults.flatMap((fault) => places.map((place) => `${fault}: ${place}`));
}

export interface Looked {
  readonly reached: (situation: string) => void;
  readonly report: readonly ReportLine[] | null;
  readonly run: Run | null;
}

/** Tells the situations that a run or the report shows. */
export function situationsOf({ reached, report, run }: Looked): void {
  if (run !== null) {
    if (run.status === "Cancelled") reached("a run was stopped by a person");
    for (const { error } of run.steps) if (error !== undefined) reached(`a step ended with ${error.code}`);
  }
  for (const { coupling, open } of report ?? []) {
    if (coupling?.state === "tombstone") reached("a pair was parted");
    if (coupling !== null) reached(`a pair came about: ${coupling.how.replace(/^(match|found) .*/, "$1")}`);
    for (const { reasons } of open) for (const { code } of reasons) reached(`told: ${code}`);
  }
}
