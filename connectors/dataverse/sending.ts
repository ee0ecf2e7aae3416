/** Sending writes: small batches side by side, sent again while that can help, each write with an outcome in the end. */
import { ServiceError } from "../../errors.ts";
import type { Clock, Outcome } from "../connector.ts";
import { tries, waitAfter } from "../faults.ts";
import { batchAnswers, batchBody, type Inner, type InnerAnswer } from "./batch.ts";
import type { Context } from "./context.ts";

/** A write on its way. */
export interface Pending {
  /** It was sent before and may have taken effect. */
  uncertain: boolean;
  outcome: Outcome | null;
}
/** Why the writes without an outcome have none, and whether another try can help. */
export interface Attempt {
  readonly fault: unknown;
  readonly again: boolean;
}
export interface Sending<J extends Pending> {
  /** One try of the writes of a batch that have no outcome yet. */
  attempt(jobs: readonly J[]): Promise<Attempt>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives every write its outcome. Each one states its condition (an id that is free, a version that is current), so
 * sending it again after an unknown outcome does nothing twice and tells what became of it. Throws only when nothing
 * was sent that may have taken effect.
 */
export async function settle<J extends Pending>(
  context: Context,
  batches: readonly (readonly J[])[],
  sending: Sending<J>,
): Promise<void> {
  const results = await Promise.allSettled(batches.map((batch) => settleBatch(context, batch, sending)));
  const failures = results.filter((result) => result.status === "rejected").map(({ reason }) => reason as unknown);
  if (failures.length > 0 && failures.length === batches.length) throw failures[0];
  for (const job of batches.flat()) job.outcome ??= unknown(failures[0]);
}

async function settleBatch<J extends Pending>(
  { clock, limiter }: Context,
  batch: readonly J[],
  { attempt, signal }: Sending<J>,
): Promise<void> {
  for (let count = 1;; count++) {
    const open = batch.filter(({ outcome }) => outcome === null);
    const { fault, again } = await attempt(open);
    const left = open.filter(({ outcome }) => outcome === null);
    if (left.length === 0) return;
    if (again && count < tries && !signal?.aborted) {
      const wait = waitAfter(count, fault instanceof ServiceError ? fault.retryAfter : null, clock);
      if (fault instanceof ServiceError && fault.status === 429) limiter.slow(wait);
      if (await slept(clock, wait, signal)) continue;
    }
    if (batch.every(({ uncertain, outcome }) => !uncertain && outcome === null)) throw fault;
    for (const job of left) job.outcome = unknown(fault);
    return;
  }
}

function unknown(error: unknown): Outcome {
  return { kind: "unknown", message: error instanceof Error ? error.message : String(error) };
}

/** False when the wait was cut short: what was sent still needs an outcome, so this is no error here. */
async function slept(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  }
}

/** What a try that threw leaves behind. Throws what is no fault of the service. */
export function failed(error: unknown, jobs: readonly Pending[], signal: AbortSignal | undefined): Attempt {
  if (!(error instanceof ServiceError) && !signal?.aborted) throw error;
  const uncertain = error instanceof ServiceError && ["outcome_unknown", "bad_batch"].includes(error.code);
  for (const job of uncertain ? jobs : []) job.uncertain = true;
  return { fault: error, again: uncertain };
}

/** The path of a row, or of a collection, in a request of a batch. */
export function innerPath({ http }: Context, path: string): string {
  return `${new URL(http.root).pathname}${path}`;
}

/** The answers to a batch of change sets, in their order; fewer where the service stopped. */
export async function sendBatch(
  { http, clock }: Context,
  sets: readonly (readonly Inner[])[],
  options: { readonly entity: string; readonly signal?: AbortSignal | undefined },
): Promise<InnerAnswer[][]> {
  const boundary = `batch_${clock.uuid()}`;
  const answer = await http.request({
    method: "POST",
    path: "$batch",
    headers: { "Content-Type": `multipart/mixed; boundary="${boundary}"`, Prefer: "odata.continue-on-error" },
    body: batchBody(sets, boundary),
    accept: "text",
    retry: "no",
    units: sets.reduce((sum, set) => sum + set.length, 0),
    signal: options.signal,
  });
  const type = answer.headers.get("Content-Type");
  if (answer.status === 200 || /^\s*multipart/i.test(type ?? "")) return batchAnswers(type, String(answer.json));
  throw new ServiceError(
    `Cannot write to "${options.entity}" of "dataverse": the batch was refused with status ${answer.status}; ` +
      "check the configured address and what the account may do",
    { service: "dataverse", code: "request_refused", status: answer.status },
  );
}
