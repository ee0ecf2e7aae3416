/**
 * The multipart form of `$batch` (OData 4.0 part 1, 11.7): requests in change sets, each of which takes effect as a
 * whole or not at all, so that a refusal undoes nothing outside its own. Text in, text out; it sends nothing.
 */
import { ServiceError } from "../../errors.ts";

/** One request of a batch; `path` starts at the host. */
export interface Inner {
  readonly method: "PATCH" | "POST" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
/** One answer of a batch. */
export interface InnerAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The body of a batch of change sets; `boundary` must occur in none of the bodies. */
export function batchBody(sets: readonly (readonly Inner[])[], boundary: string): string {
  const lines: string[] = [];
  let id = 0;
  sets.forEach((requests, position) => {
    const changes = `changes_${boundary}_${position}`;
    lines.push(`--${boundary}`, `Content-Type: multipart/mixed; boundary=${changes}`, "");
    for (const request of requests) {
      lines.push(`--${changes}`, "Content-Type: application/http", "Content-Transfer-Encoding: binary");
      lines.push(`Content-ID: ${++id}`, "", `${request.method} ${request.path} HTTP/1.1`);
      for (const [name, value] of Object.entries(request.headers)) lines.push(`${name}: ${value}`);
      if (request.body !== "") lines.push("Content-Type: application/json; charset=utf-8");
      lines.push("", request.body);
    }
    lines.push(`--${changes}--`);
  });
  lines.push(`--${boundary}--`, "");
  return lines.join("\r\n");
}

/**
 * The answers to a batch, in order: those of each change set together, or the only one of a change set that failed.
 * Throws ServiceError "bad_batch" for an answer that is not one.
 */
export function batchAnswers(contentType: string | null, text: string): InnerAnswer[][] {
  return parts(contentType ?? "", text).map((part) => {
    const type = part.headers.get("Content-Type") ?? "";
    return isMultipart(type) ? batchAnswers(type, part.text).flat() : [http(part.text)];
  });
}

function isMultipart(type: string): boolean {
  return /^\s*multipart\/mixed\s*;/i.test(type);
}

interface Part {
  readonly headers: Headers;
  readonly text: string;
}

function parts(contentType: string, text: string): Part[] {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (!isMultipart(contentType) || name === undefined) throw bad("its type is not multipart/mixed");
  // A delimiter stands at the start of a line; the line break before it belongs to the delimiter (RFC 2046, 5.1.1).
  const pieces = `\r\n${text}`.split(`\r\n--${name}`);
  const end = pieces.findIndex((piece, position) => position > 0 && piece.startsWith("--"));
  if (end < 0) throw bad("it has no end");
  return pieces.slice(1, end).map((piece) => head(piece.slice(piece.indexOf("\r\n") + 2)));
}

/** Header lines, a blank line, the rest. */
function head(text: string): Part {
  const blank = text.startsWith("\r\n") ? 0 : text.indexOf("\r\n\r\n") + 2;
  if (blank === 1) throw bad("a part of it has no blank line after its headers");
  const headers = new Headers();
  for (const line of text.slice(0, blank).split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return { headers, text: text.slice(blank + 2) };
}

function http(text: string): InnerAnswer {
  const status = /^HTTP\/1\.[01] (\d{3})[^\r]*\r\n/.exec(text);
  if (status === null) throw bad("a part of it holds no answer");
  const { headers, text: body } = head(text.slice(status[0].length));
  return { status: Number(status[1]), headers, text: body };
}

function bad(state: string): ServiceError {
  return new ServiceError(
    `Cannot read the answer to a batch of "dataverse": ${state}; run it again, and look for a proxy in between`,
    { service: "dataverse", code: "bad_batch", retryable: true },
  );
}
