/** $batch: a multipart body of requests, some of them together in change sets that take effect as one. */
import type { Answer, Asked, Written } from "../service.ts";
import { writtenBy } from "../written.ts";
import { refuse } from "./refusal.ts";

export interface BatchHost {
  /** Answers one request. `earlier`: rows made before it in its change set, by "$<Content-ID>". Throws Refusal. */
  run(asked: Asked, earlier: ReadonlyMap<string, string>): Answer;
  /** The answer for something thrown by `run`. */
  failed(error: unknown): Answer;
  /** One transaction. */
  together<T>(work: () => T): T;
  /** A boundary that no other answer has. */
  boundary(): string;
}

interface Part {
  readonly headers: Headers;
  readonly body: string;
}
interface Result {
  readonly answer: Answer;
  readonly contentId: string | null;
  /** What was tried of it. */
  readonly written: readonly Written[];
}

const MOST = 1000;

/** Answers POST $batch. */
export function batch(host: BatchHost, asked: Asked): Answer {
  const parts = partsOf(asked.headers, asked.body);
  const requests = parts.map((part) => isChangeSet(part) ? partsOf(part.headers, part.body) : part);
  const inner = { reads: 0, writes: 0, written: [] as Written[] };
  for (const request of requests.flat()) {
    if (/^GET /.test(request.body.trimStart())) inner.reads++;
    else inner.writes++;
  }
  if (inner.reads + inner.writes > MOST) {
    throw refuse.argument(`A batch holds at most ${MOST} requests; this one has ${inner.reads + inner.writes}.`);
  }
  const goesOn = /odata\.continue-on-error/i.test(asked.headers.get("prefer") ?? "");
  const boundary = `batchresponse_${host.boundary()}`;
  const written: string[] = [];
  let rows = 0;
  for (const request of requests) {
    const results = Array.isArray(request) ? changeSet(host, asked, request) : [single(host, asked, request)];
    inner.written.push(...results.flatMap(({ written }) => written));
    const failure = results.find(({ answer }) => answer.status >= 400);
    rows += failure === undefined ? results.length : 0;
    if (failure !== undefined && !goesOn) {
      // The first error ends the batch and is all that comes back, although what was before it took effect.
      const body = `${partText(boundary, failure)}--${boundary}--\r\n`;
      return { status: failure.answer.status, headers: multipart(boundary), body, inner, rows };
    }
    if (Array.isArray(request) && failure === undefined) {
      const nested = `changesetresponse_${host.boundary()}`;
      const text = results.map((result) => partText(nested, result)).join("");
      const type = `Content-Type: multipart/mixed; boundary=${nested}`;
      written.push(`--${boundary}\r\n${type}\r\n\r\n${text}--${nested}--\r\n`);
    } else {
      written.push(...results.map((result) => partText(boundary, result)));
    }
  }
  const body = `${written.join("")}--${boundary}--\r\n`;
  return { status: 200, headers: multipart(boundary), body, inner, rows };
}

function multipart(boundary: string): Record<string, string> {
  return { "Content-Type": `multipart/mixed; boundary=${boundary}`, "OData-Version": "4.0" };
}

/** All of it, or only the one error. */
function changeSet(host: BatchHost, outer: Asked, parts: readonly Part[]): Result[] {
  let contentId: string | null = null;
  const tried: Asked[] = [];
  try {
    return host.together(() => {
      const earlier = new Map<string, string>();
      return parts.map((part) => {
        contentId = part.headers.get("content-id");
        if (contentId === null) throw refuse.query("Content-ID header not present in a part of a change set.");
        const request = requestOf(outer, part, earlier);
        if (request.method === "GET") throw refuse.query("A change set can't hold a GET request.");
        tried.push(request);
        const answer = host.run(request, earlier);
        const address = answer.headers?.["OData-EntityId"] ?? answer.headers?.["Location"];
        if (address !== undefined) earlier.set(`$${contentId}`, address);
        return { answer, contentId, written: writesOf([request], answer) };
      });
    });
  } catch (error) {
    const answer = host.failed(error);
    return [{ answer, contentId, written: writesOf(tried, answer) }];
  }
}

function single(host: BatchHost, outer: Asked, part: Part): Result {
  const contentId = part.headers.get("content-id");
  const tried: Asked[] = [];
  let answer: Answer;
  try {
    tried.push(requestOf(outer, part, new Map()));
    answer = host.run(tried[0]!, new Map());
  } catch (error) {
    answer = host.failed(error);
  }
  return { answer, contentId, written: writesOf(tried, answer) };
}

function writesOf(tried: readonly Asked[], answer: Answer): Written[] {
  return tried.map((request) => writtenBy(request, answer)).filter((write) => write !== null);
}

function isChangeSet(part: Part): boolean {
  return /^multipart\/mixed/i.test(part.headers.get("content-type") ?? "");
}

/** The parts between the boundaries. */
function partsOf(headers: Headers, body: string): Part[] {
  const type = headers.get("content-type") ?? "";
  const boundary = /^multipart\/mixed\s*;.*boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary === undefined) throw refuse.payload("The body of a batch must be multipart/mixed with a boundary.");
  const text = body.startsWith(`--${boundary}`) ? `\r\n${body}` : body;
  const pieces = text.split(`\n--${boundary}`);
  if (pieces.length < 2 || !pieces.at(-1)!.startsWith("--")) {
    throw refuse.payload("The body of a batch ends without its last boundary.");
  }
  return pieces.slice(1, -1).map((piece) => headed(piece.replace(/^[ \t]*\r?\n/, "").replace(/\r$/, "")));
}

/** Header lines, a blank line, the rest. */
function headed(text: string): Part {
  const [, head, body] = /^((?:[^\r\n]+\r?\n)*)\r?\n?([^]*)$/.exec(text)!;
  const headers = new Headers();
  for (const line of head!.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return { headers, body: body! };
}

function requestOf(outer: Asked, part: Part, earlier: ReadonlyMap<string, string>): Asked {
  if (!/^application\/http/i.test(part.headers.get("content-type") ?? "")) {
    throw refuse.payload("A part of a batch must be application/http.");
  }
  const [, method, address, rest] = /^\s*([A-Z]+) (\S+)(?: HTTP\/1\.1)?[ \t]*\r?\n?([^]*)$/.exec(part.body) ?? [];
  if (method === undefined) throw refuse.payload("A part of a batch has no request line.");
  const { headers, body } = headed(rest!);
  const reference = /^\/?(\$[\w-]+)(\/.*)?$/.exec(address!);
  const isBatch = reference?.[1] === "$batch";
  const known = reference === null ? undefined : earlier.get(reference[1]!);
  if (isBatch) throw refuse.query("A batch can't hold another batch.");
  if (reference !== null && known === undefined) {
    throw refuse.query(`Content-ID Reference: '${reference[1]}' does not exist in the batch context.`);
  }
  const path = known === undefined ? address! : known + (reference![2] ?? "");
  const base = outer.url.href.replace(/\$batch.*$/, "");
  return { method, url: new URL(path, base), headers, body: body.trim() };
}

function partText(boundary: string, { answer, contentId }: Result): string {
  const headers: Record<string, string> = { ...answer.headers };
  if (answer.body !== undefined && typeof answer.body !== "string") {
    headers["Content-Type"] ??= "application/json; odata.metadata=minimal";
  }
  const body = answer.body === undefined
    ? ""
    : typeof answer.body === "string"
    ? answer.body
    : JSON.stringify(answer.body);
  const lines = [
    `--${boundary}`,
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    ...(contentId === null ? [] : [`Content-ID: ${contentId}`]),
    "",
    `HTTP/1.1 ${answer.status} ${TEXTS[answer.status] ?? ""}`.trimEnd(),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    body,
  ];
  return lines.join("\r\n") + "\r\n";
}

const TEXTS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  412: "Precondition Failed",
  501: "Not Implemented",
};
