/**
 * Requests of one account to one service: token, limiter, retries, same-origin rule. Knows no OData.
 *
 * `http.request({ method: "GET", path: "companies", retry: "safe" })` gives an answer with status 2xx, or one with a
 * status that the caller must judge (400, 404, 409, 412 …); everything else is a ServiceError with one of the codes of
 * {@link openHttp}.
 */
import { DefinitionError, ServiceError } from "../errors.ts";
import { type Clock, type Limiter, noRequests, type Requests } from "./connector.ts";
import { type Deadlines, exchange, type Exchanged, unreadable, wholeText } from "./exchange.ts";
import { faultOf, mayHaveTakenEffect, tries, waitAfter } from "./faults.ts";
import { parseJson } from "./json.ts";
import { openTokens, type TokenSource } from "./token.ts";

export type { TokenSource } from "./token.ts";

export interface HttpOptions {
  /** "business_central" or "dataverse". */
  readonly service: string;
  /** The service's root, path included: only addresses with its host and the beginning of its path get the token. */
  readonly origin: string;
  readonly token: TokenSource;
  readonly limiter: Limiter;
  readonly clock: Clock;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  /** The most bytes of one answer after decompression; 128 MiB if not given. */
  readonly maxBytes?: number;
  readonly deadlines?: Deadlines;
}

/** What a request can be counted as; see {@link Requests}. */
export type Counted = Exclude<keyof Requests, "token" | "units">;

export interface Request {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below the root (no leading slash), or an address that the service gave, made absolute by {@link Http.resolve}. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * safe: may be sent again after any fault. no: sent again only when the service said that it did nothing (401, 429,
   * 503); where it may have taken effect the error is "outcome_unknown", with the fault as its cause.
   */
  readonly retry: "safe" | "no";
  /** json (if not given): the body is parsed. text: it is left as it is. */
  readonly accept?: "json" | "text";
  /** Properties whose numbers come as canonical decimal text. */
  readonly decimals?: ReadonlySet<string>;
  /** What makes `json` of the body of an answer with status 200, instead; throws SyntaxError, or TypeError for what is no UTF-8. */
  readonly parse?: ((chunks: readonly Uint8Array[]) => unknown) | undefined;
  /** What it is counted as; GET is a read, everything else a write, if not given. */
  readonly counts?: Counted;
  /** Rows that it creates, changes or deletes, where the service counts them; 0 if not given. */
  readonly units?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer extends Exchanged {
  /** The text where that was asked for, else the parsed body; null where there is none, or where a refusal holds no JSON. */
  readonly json: unknown;
}

export interface Http {
  /** As given when it was opened. */
  readonly service: string;
  /** The root, with a slash at its end. */
  readonly root: string;
  request(request: Request): Promise<Answer>;
  /** An address that the service gave, as an absolute one; throws ServiceError "foreign_address" if it leads elsewhere. */
  resolve(address: string, base?: string): string;
  /** Sent so far, every try counted. */
  requests(): Requests;
  /** Counts one of the reads as something else: its page held nothing that the cursor would not have ruled out. */
  countAs(kind: "overlap" | "documents"): void;
  /** The same account, with counts of its own beside the common ones. */
  part(): Http;
}

type Sent = { -readonly [Kind in keyof Requests]: number };

/** Business Central works on a request for up to 10 minutes before it gives up by itself. */
const usualDeadlines: Deadlines = { first: 660_000, idle: 60_000, total: 900_000 };
const noDecimals: ReadonlySet<string> = new Set();

/**
 * Codes of the ServiceErrors thrown by requests: sign_in_refused, forbidden, foreign_address, redirected, web_page,
 * body_too_large, bad_json, timeout, unreachable, too_many_requests, unavailable, service_failed, outcome_unknown.
 * Throws DefinitionError "insecure_address" for an address without https that is not loopback.
 */
export function openHttp(options: HttpOptions): Http {
  const { service, clock, limiter } = options;
  const root = secure(options.origin.replace(/\/*$/, "/"), service);
  const tokenAddress = secure(options.token.address, service).href;
  const all: Sent = { ...noRequests };
  const tokens = openTokens(options.token, { service, clock, ask: askForToken });

  function resolve(address: string, base = root.href): string {
    const url = URL.parse(address, base);
    // A link may spell what follows in its own way: a tenant by its id where the configuration has its domain.
    const isOwn = url?.origin === root.origin && ["", firstOf(url)].includes(firstOf(root));
    if (url !== null && isOwn && url.username === "" && url.password === "") return url.href;
    throw new ServiceError(
      `Cannot follow an address that "${service}" gave: it does not lie where "${root.href}" does; ` +
        "check the configured address of the service, nothing was sent there",
      { service, code: "foreign_address" },
    );
  }

  async function request(asked: Request, counters: readonly Sent[]): Promise<Answer> {
    const url = resolve(asked.path);
    const kind = asked.counts ?? (asked.method === "GET" ? "read" : "write");
    const action = `${asked.method === "GET" ? "read" : kind} "${nameOf(url)}"`;
    const count = (units: number) => {
      for (const sent of counters) sent.units += units;
    };
    const { units = 0 } = asked;
    let renewed = false;
    for (let attempt = 1;;) {
      const token = await orAborted(tokens.get(), asked.signal);
      const release = await limiter.acquire(asked.signal);
      for (const sent of counters) sent[kind]++;
      count(units);
      const outcome = await settled(send(url, asked, { action, token }), asked, action).finally(release);
      if (!(outcome instanceof ServiceError)) return outcome;
      count(-units); // the service did nothing with them
      if (outcome.status === 401 && !renewed) {
        renewed = true;
        tokens.refused(token);
        continue;
      }
      if (!outcome.retryable || attempt >= tries) throw outcome;
      const wait = waitAfter(attempt++, outcome.retryAfter, clock);
      if (outcome.status === 429) limiter.slow(wait);
      await clock.sleep(wait, asked.signal);
    }
  }

  async function askForToken(form: string): Promise<Answer> {
    const action = "sign in to the account";
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const asked: Request = { method: "POST", path: "", headers, body: form, retry: "safe" };
    for (let attempt = 1;; attempt++) {
      all.token++;
      const outcome = await settled(send(tokenAddress, asked, { action, token: null }), asked, action);
      if (!(outcome instanceof ServiceError)) return outcome;
      if (!outcome.retryable || attempt >= tries) throw outcome;
      await clock.sleep(waitAfter(attempt, outcome.retryAfter, clock));
    }
  }

  async function send(url: string, asked: Request, how: { action: string; token: string | null }): Promise<Answer> {
    const { action, token } = how;
    const headers = new Headers({ Accept: "application/json", ...options.headers, ...asked.headers });
    if (token !== null) headers.set("Authorization", `Bearer ${token}`);
    const answer = await exchange(url, { method: asked.method, headers, body: asked.body ?? null }, {
      service,
      action,
      fetch: options.fetch ?? fetch,
      deadlines: options.deadlines ?? usualDeadlines,
      maxBytes: options.maxBytes ?? 128 * 1024 * 1024,
      signal: asked.signal,
    });
    // Who asks for a token reads the reason of a 401 itself.
    const judged = { ...answer, begin: beginOf(answer) };
    const fault = token === null && answer.status === 401 ? null : faultOf(judged, { service, action, clock });
    if (fault !== null) throw fault;
    return { ...answer, json: bodyOf(answer, asked, { service, action }) };
  }

  /** The answer, or the fault that another try may heal; throws what no other try may follow. */
  async function settled(sending: Promise<Answer>, asked: Request, action: string): Promise<Answer | ServiceError> {
    try {
      return await sending;
    } catch (error) {
      const fault = error instanceof ServiceError ? error : null;
      if (asked.retry === "no" && (fault === null || mayHaveTakenEffect(fault))) throw unknown(error, action);
      if (fault === null) throw error;
      return fault;
    }
  }

  function unknown(cause: unknown, action: string): ServiceError {
    return new ServiceError(
      `Cannot ${action} of "${service}": no answer tells whether it took effect; run it again, what is there is ` +
        "looked up first",
      { service, code: "outcome_unknown", cause },
    );
  }

  return counting([all]);

  /** `counters[0]` is what {@link Http.requests} tells. */
  function counting(counters: readonly [Sent, ...Sent[]]): Http {
    return {
      service,
      root: root.href,
      request: (asked) => request(asked, counters),
      resolve,
      requests: () => ({ ...counters[0] }),
      countAs(kind) {
        for (const sent of counters) {
          sent.read--;
          sent[kind]++;
        }
      },
      part: () => counting([{ ...noRequests }, ...counters]),
    };
  }
}

function secure(address: string, service: string): URL {
  const url = URL.parse(address);
  const loopback = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && loopback)) return url;
  throw new DefinitionError(
    "insecure_address",
    `Cannot use the address "${address}" of "${service}": it is not https; only a loopback address may do without`,
  );
}

function firstOf(url: URL): string {
  return url.pathname.split("/")[1]!.toLowerCase();
}

/** The last part of the path, without keys and query: they can hold data. */
function nameOf(url: string): string {
  return new URL(url).pathname.replaceAll(/\([^)]*\)/g, "").split("/").findLast((part) => part !== "") ?? "/";
}

function bodyOf(answer: Exchanged, asked: Request, options: { service: string; action: string }): unknown {
  const { chunks, status } = answer;
  try {
    if (asked.parse !== undefined && status === 200 && chunks.length > 0) return asked.parse(chunks);
    const text = strictText(chunks, options);
    if (asked.accept === "text") return text;
    return text === "" ? null : parseJson(text, asked.decimals ?? noDecimals);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    if (status >= 400) return null;
    throw unreadable(options, "is not JSON");
  }
}

function strictText(chunks: readonly Uint8Array[], options: { service: string; action: string }): string {
  try {
    return wholeText(chunks);
  } catch {
    throw unreadable(options, "is not UTF-8");
  }
}

/** Enough to tell what it is; half a character at its end does no harm. */
function beginOf({ chunks }: Exchanged): string {
  let begin = "";
  for (let at = 0; begin.length < 200 && at < chunks.length; at++) {
    begin += new TextDecoder().decode(chunks[at]!.subarray(0, 1000));
  }
  return begin;
}

/** Others wait for the same token, so an abort ends the waiting, not the request for it. */
function orAborted<T>(waiting: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return waiting;
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    waiting.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
