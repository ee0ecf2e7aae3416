/** JSON batches: requests that the service handles one after the other, each for itself. */
import { ServiceError } from "../../errors.ts";
import type { Clock, Limiter } from "../connector.ts";
import { retryAfterOf, tries, waitAfter } from "../faults.ts";
import type { Http } from "../http.ts";
import { type RawRow, recordOf, refusalOf } from "../odata.ts";

/** One request of a batch; `url` is relative to the API's root. */
export interface Inner {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A deletion has none. */
  readonly body?: Readonly<Record<string, unknown>>;
}
export type InnerOutcome =
  | { readonly kind: "answer"; readonly status: number; readonly body: RawRow }
  | { readonly kind: "unknown"; readonly message: string };

export interface BatchOptions {
  readonly clock: Clock;
  /** Told when the service asks for patience inside an answer. */
  readonly limiter: Limiter;
  /** The path of `$batch` below the root. */
  readonly path: string;
  readonly decimals: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
}

/** The service takes no more requests in one batch. */
export const batchSize = 100;

/**
 * One outcome for each request, in order. A request that the service was too busy for is sent again; one that got no
 * answer, because another one's failure ended the batch, too. Throws only when nothing was attempted.
 */
export async function sendBatch(
  http: Http,
  requests: readonly Inner[],
  options: BatchOptions,
): Promise<InnerOutcome[]> {
  const { clock, signal } = options;
  const outcomes: InnerOutcome[] = [];
  const attempts = requests.map(() => 0);
  let pending = [...requests.keys()];
  for (let round = 1; pending.length > 0; round++) {
    let answers: ReadonlyMap<number, RawRow>;
    try {
      answers = await send(http, pending.map((at) => [at, requests[at]!]), options);
    } catch (error) {
      if (round === 1 && !isUnknown(error)) throw error;
      for (const at of pending) outcomes[at] = { kind: "unknown", message: textOf(error) };
      break;
    }
    const again: number[] = [];
    let wait = 0;
    let isBusy = false;
    const stopped = [...answers.values()].some((answer) => Number(answer["status"]) >= 400);
    for (const at of pending) {
      const answer = answers.get(at);
      if (answer === undefined) {
        if (stopped) again.push(at);
        else outcomes[at] = { kind: "unknown", message: "The batch was answered without this request" };
        continue;
      }
      const outcome = outcomeOf(answer, requests[at]!);
      const attempt = ++attempts[at]!;
      if (outcome === "again" && attempt < tries) {
        isBusy ||= answer["status"] === 429;
        again.push(at);
        const after = String(new Headers(recordOf(answer["headers"]) as Record<string, string>).get("Retry-After"));
        wait = Math.max(wait, waitAfter(attempt, retryAfterOf(after, clock), clock));
      } else {
        outcomes[at] = outcome === "again" ? answered(answer) : outcome;
      }
    }
    pending = again;
    if (isBusy) options.limiter.slow(wait);
    if (wait > 0) await clock.sleep(wait, signal).catch(() => {/* the next request notices the abort */});
  }
  return outcomes;
}

async function send(
  http: Http,
  requests: readonly (readonly [number, Inner])[],
  options: BatchOptions,
): Promise<ReadonlyMap<number, RawRow>> {
  const answer = await http.request({
    method: "POST",
    path: options.path,
    headers: { "Content-Type": "application/json", Prefer: "odata.continue-on-error" },
    body: JSON.stringify({
      requests: requests.map(([at, { method, url, headers, body }]) => {
        const own = { id: String(at), method, url };
        if (body === undefined) return { ...own, headers };
        return { ...own, headers: { "Content-Type": "application/json", ...headers }, body };
      }),
    }),
    retry: "no",
    decimals: options.decimals,
    signal: options.signal,
  });
  const list = recordOf(answer.json)["responses"];
  if (answer.status !== 200 || !Array.isArray(list)) throw refusalOf(http, answer);
  return new Map((list as RawRow[]).map((response) => [Number(response["id"]), response]));
}

function outcomeOf(answer: RawRow, request: Inner): InnerOutcome | "again" {
  const status = Number(answer["status"]);
  if (status === 429 || status === 503) return "again";
  // It may have been done in spite of these: what names a version is safe, a creation may be there.
  if (status === 408 || status === 500 || status === 502 || status === 504) {
    return request.method !== "POST"
      ? "again"
      : { kind: "unknown", message: `The service failed or gave up (status ${status})` };
  }
  return answered(answer);
}
function answered(answer: RawRow): InnerOutcome {
  return { kind: "answer", status: Number(answer["status"]), body: recordOf(answer["body"]) };
}

function isUnknown(error: unknown): boolean {
  return error instanceof ServiceError && error.code === "outcome_unknown";
}
function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
