/** Many histories, and what came of them. */
import { createHash } from "node:crypto";
import { type History, historyOf } from "./history.ts";
import type { Oracle, Violation } from "./oracles.ts";
import { play, type PlayOptions } from "./play.ts";

/** Histories `from` (inclusive) to `to` (exclusive) of a seed. */
export interface Batch {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Instead of those that are drawn: histories `from` to `to` of these. */
  readonly histories?: readonly History[];
  /** Oracles that are left out. */
  readonly without: readonly Oracle[];
  /** Keeps a digest of each history's log. */
  readonly isLogged: boolean;
  /** Ends with the first history that violates something. */
  readonly isShort: boolean;
}

export interface Tally {
  histories: number;
  withFault: number;
  faults: number;
  /** By situation: in how many histories it was reached. */
  situations: Record<string, number>;
  violations: (Violation & { readonly history: number })[];
  /** By number of the history: of its log. */
  digests: Record<number, string>;
}

export function noTally(): Tally {
  return { histories: 0, withFault: 0, faults: 0, situations: {}, violations: [], digests: {} };
}

/** Adds `more` to `tally`. */
export function add(tally: Tally, more: Tally): void {
  tally.histories += more.histories;
  tally.withFault += more.withFault;
  tally.faults += more.faults;
  for (const [name, count] of Object.entries(more.situations)) {
    tally.situations[name] = (tally.situations[name] ?? 0) + count;
  }
  tally.violations.push(...more.violations);
  Object.assign(tally.digests, more.digests);
}

export async function playBatch(batch: Batch, options: PlayOptions = {}): Promise<Tally> {
  const tally = noTally();
  const without = new Set(batch.without);
  for (let number = batch.from; number < batch.to; number++) {
    const history = batch.histories?.[number - batch.from] ?? historyOf(batch.seed, number);
    const played = await play(history, { ...options, without, isLogged: batch.isLogged });
    tally.histories++;
    tally.faults += played.faults.length;
    if (played.faults.length > 0) tally.withFault++;
    for (const name of played.situations) tally.situations[name] = (tally.situations[name] ?? 0) + 1;
    for (const violation of played.violations) tally.violations.push({ ...violation, history: number });
    if (batch.isLogged) tally.digests[number] = digestOf([...played.log, await played.outcome()].join("\n"));
    if (batch.isShort && played.violations.length > 0) break;
  }
  return tally;
}

export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
