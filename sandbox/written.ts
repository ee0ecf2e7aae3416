/** What the request log says of a single write: which record, which fields, what became of it. */
import type { Answer, Asked, Written } from "./service.ts";

/** The write behind a request; null for a reading. */
export function writtenBy({ method, url, body }: Asked, { status, headers = {} }: Answer): Written | null {
  if (method === "GET") return null;
  const path = decoded(url.pathname).replace(/\/$/, "");
  const entity = /([^/()]+)(?:\([^()]*\))?$/.exec(path)?.[1] ?? "";
  const made = method === "POST" ? headers["OData-EntityId"] ?? headers["Location"] : undefined;
  return {
    method,
    entity,
    id: lastKey(made ?? path.replace(/^.*companies\([^)]*\)/, "")),
    fields: fieldsIn(body),
    status,
  };
}

function lastKey(address: string): string | null {
  return [...address.matchAll(/\(([^()]+)\)/g)].at(-1)?.[1] ?? null;
}

function fieldsIn(body: string): Written["fields"] {
  if (body === "") return null;
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === "object" ? json as Written["fields"] : null;
  } catch {
    return null; // the service refused it as well
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The writes behind a request: those that a batch tried, or the one that it is itself. */
export function writesBehind(asked: Asked, answer: Answer): readonly Written[] {
  if (answer.inner !== undefined) return answer.inner.written;
  const write = asked.url.pathname.endsWith("/$batch") ? null : writtenBy(asked, answer);
  return write === null ? [] : [write];
}
