/** $batch in JSON: up to 100 requests, one after the other, or all of them as one transaction. */
import { isObject, type Json, parseJson } from "../json.ts";
import { preferences } from "../odata.ts";
import type { Answer, Asked, Written } from "../service.ts";
import { writtenBy } from "../written.ts";
import { badRequest } from "./refusal.ts";

const MAX_REQUESTS = 100;

interface Inner {
  readonly id: string;
  readonly asked: Asked;
}
/** What the batch needs of the service around it. */
export interface BatchWork {
  /** The path under which the API lies; relative addresses begin there. */
  readonly base: string;
  readonly one: (asked: Asked) => Answer;
  readonly transaction: <T>(work: () => T) => T;
}

/**
 * Answers a batch. The first request that fails ends it (those behind it get no response), unless
 * "Prefer: odata.continue-on-error" was sent. With "Isolation: snapshot" a failure undoes everything, although
 * responses before it still report success.
 */
export function answerBatch(asked: Asked, work: BatchWork): Answer {
  if (asked.method !== "POST") throw badRequest("$batch takes POST only.");
  if (!/^application\/json/i.test(asked.headers.get("content-type") ?? "")) {
    throw badRequest("$batch takes a JSON body; its content type must be application/json.");
  }
  const requests = innerRequests(asked, work.base);
  const goesOn = preferences(asked.headers).get("odata.continue-on-error") === "" ||
    preferences(asked.headers).get("odata.continue-on-error") === "true";
  const responses: Readonly<Record<string, unknown>>[] = [];
  const written: Written[] = [];
  let failed = false;
  const run = () => {
    for (const { id, asked: inner } of requests) {
      const answer = work.one(inner);
      const write = writtenBy(inner, answer);
      if (write !== null) written.push(write);
      responses.push({
        id,
        status: answer.status,
        headers: { ...(answer.body === undefined ? {} : { "content-type": "application/json" }), ...answer.headers },
        ...(answer.body === undefined ? {} : { body: answer.body }),
      });
      failed ||= answer.status >= 400;
      if (failed && !goesOn) return;
    }
  };
  if (/^snapshot$/i.test(asked.headers.get("isolation") ?? "")) {
    const undone = new Error("the batch is undone");
    try {
      work.transaction(() => {
        run();
        if (failed) throw undone;
      });
    } catch (error) {
      if (error !== undone) throw error;
    }
  } else {
    run();
  }
  const reads = requests.slice(0, responses.length).filter((request) => request.asked.method === "GET").length;
  return {
    status: 200,
    body: { responses },
    entity: setOf(requests),
    rows: responses.length,
    inner: { reads, writes: responses.length - reads, written },
  };
}

function innerRequests(asked: Asked, base: string): Inner[] {
  const body: Json = parseJson(asked.body);
  const list = isObject(body) ? body["requests"] : undefined;
  if (!Array.isArray(list)) throw badRequest(`The batch has no array "requests".`);
  if (list.length > MAX_REQUESTS) {
    throw badRequest(`The batch has ${list.length} requests; at most ${MAX_REQUESTS} are allowed.`);
  }
  const seen = new Set<string>();
  return (list as Json[]).map((request, at) => {
    if (!isObject(request)) throw badRequest(`Request ${at + 1} of the batch isn't an object.`);
    const { id, method, url, headers, body } = request;
    if (typeof method !== "string" || typeof url !== "string") {
      throw badRequest(`Request ${at + 1} of the batch lacks its method or url.`);
    }
    const name = id === undefined ? String(at + 1) : String(id);
    if (seen.has(name)) throw badRequest(`The batch has two requests with the id "${name}".`);
    seen.add(name);
    const address = new URL(url, `${asked.url.origin}${base}`);
    if (!address.pathname.startsWith(base)) throw badRequest(`Request "${name}" of the batch leaves the service.`);
    if (address.pathname.endsWith("/$batch")) throw badRequest("A batch can't hold a batch.");
    const kept = new Headers();
    for (const [header, value] of Object.entries(isObject(headers) ? headers : {})) kept.set(header, String(value));
    return {
      id: name,
      asked: { method: method.toUpperCase(), url: address, headers: kept, body: JSON.stringify(body ?? null) },
    };
  });
}

/** The entity set of the requests, when they all have the same. */
function setOf(requests: readonly Inner[]): string {
  const names = new Set(requests.map(({ asked }) => /\/companies\([^)]*\)\/(\w+)/.exec(asked.url.pathname)?.[1] ?? ""));
  return names.size === 1 ? [...names][0]! : "";
}
