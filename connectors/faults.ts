/** What an answer's status means to the one who asked. */
import { ServiceError } from "../errors.ts";
import type { Clock } from "./connector.ts";

interface Fault {
  readonly code: string;
  readonly retryable: boolean;
  readonly text: string;
}
const redirected = "points elsewhere; configure the address that it has now";
const refused = "refused a new token; check that the account is enabled in the service";
const denied = "denied it; give the account the permissions that it lacks";
const busy = "is busy again and again; run it again later";
const away = "is not available; run it again later";
const failed: Fault = { code: "service_failed", retryable: true, text: "failed; run it again later" };
const faults = new Map<number, Fault>([
  [401, { code: "sign_in_refused", retryable: false, text: refused }],
  [403, { code: "forbidden", retryable: false, text: denied }],
  [408, failed],
  [429, { code: "too_many_requests", retryable: true, text: busy }],
  [503, { code: "unavailable", retryable: true, text: away }],
]);

/** After these the service has done nothing. */
const harmless = new Set(["redirected", "sign_in_refused", "forbidden", "too_many_requests", "unavailable"]);

/** Whether a request that ended like this may have done its work all the same. */
export function mayHaveTakenEffect(fault: ServiceError): boolean {
  return !harmless.has(fault.code);
}

/** What of an answer is looked at; `begin`: at least the first 200 characters of its body. */
export interface Judged {
  readonly status: number;
  readonly headers: Headers;
  readonly begin: string;
}

/** The fault that an answer stands for; null where the caller can use it, refusals such as 404 and 412 among them. */
export function faultOf(
  answer: Judged,
  options: { service: string; action: string; clock: Clock },
): ServiceError | null {
  const { service, action, clock } = options;
  const { status } = answer;
  const fault = faultOfStatus(status) ?? (status < 300 && isHtml(answer) ? webPage : null);
  if (fault === null) return null;
  const retryAfter = fault.retryable ? retryAfterOf(answer.headers.get("Retry-After"), clock) : null;
  return new ServiceError(`Cannot ${action} of "${service}": the service (status ${status}) ${fault.text}`, {
    service,
    code: fault.code,
    status,
    retryable: fault.retryable,
    ...(retryAfter === null ? {} : { retryAfter }),
  });
}

function faultOfStatus(status: number): Fault | null {
  if (status >= 300 && status < 400) return { code: "redirected", retryable: false, text: redirected };
  return faults.get(status) ?? (status >= 500 ? failed : null);
}

const webPage: Fault = {
  code: "web_page",
  retryable: false,
  text: "gave a web page instead of data; check the address, and whether a proxy or a sign-in page stands in between",
};
function isHtml({ headers, begin }: Judged): boolean {
  if (/^\s*text\/html/i.test(headers.get("Content-Type") ?? "")) return true;
  return /^\s*<(!doctype html|html)[\s>]/i.test(begin.slice(0, 200));
}

/** Milliseconds by Retry-After, which holds seconds or a date (RFC 9110, 10.2.3); null where it says nothing. */
export function retryAfterOf(value: string | null, clock: Clock): number | null {
  const text = value?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - clock.now());
}

/** How often a request is sent before its fault is final. */
export const tries = 5;
const longestWait = 120_000;

/**
 * Milliseconds before the try after `attempt`: as long as the service said, else longer each time; at most two
 * minutes. Full jitter: those who were turned away together come back one by one.
 */
export function waitAfter(attempt: number, retryAfter: number | null, clock: Clock): number {
  const chance = clock.random();
  const wait = retryAfter === null ? chance * Math.min(30_000, 1_000 * 2 ** attempt) : retryAfter + chance * 1_000;
  return Math.min(longestWait, Math.ceil(wait));
}
