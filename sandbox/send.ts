/** How an answer goes out: as bytes, compressed or not, whole or broken off. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { Answer } from "./service.ts";

/** Shorter bodies aren't compressed. */
const GZIP_FROM = 1024;

/** What sends answers, and breaks them. */
export function sender(compress: boolean): Readonly<Record<"send" | "sendHalf", Send>> {
  const accepts = (request: IncomingMessage) =>
    compress && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  return {
    send(request, response, answer) {
      const { headers, bytes } = encoded(answer, accepts(request));
      if (answer.status !== 204 && answer.status !== 304) headers["Content-Length"] = String(bytes.length);
      response.writeHead(answer.status, headers);
      response.end(bytes);
    },
    /** Promises a body and sends half of it; the connection breaks once that half is out. */
    sendHalf(request, response, answer) {
      const { headers, bytes } = encoded(answer, accepts(request));
      const length = Math.max(bytes.length, 2); // an answer without a body breaks, too
      response.writeHead(answer.status === 204 ? 200 : answer.status, { ...headers, "Content-Length": String(length) });
      const half = bytes.length > 1 ? bytes.subarray(0, bytes.length >> 1) : new Uint8Array([32]);
      response.write(half, () => setTimeout(() => request.socket.destroy(), 10));
    },
  };
}

/** Sends an answer to a request. */
type Send = (request: IncomingMessage, response: ServerResponse, answer: Answer) => void;

/** The body in bytes, compressed where it may be, with the headers that say so. */
function encoded(answer: Answer, compress: boolean): { headers: Record<string, string>; bytes: Uint8Array } {
  const headers: Record<string, string> = { ...answer.headers };
  if (answer.body === undefined) return { headers, bytes: new Uint8Array(0) };
  if (typeof answer.body !== "string") headers["Content-Type"] ??= "application/json; charset=utf-8";
  const bytes = answer.body instanceof Uint8Array ? answer.body : new TextEncoder().encode(bodyText(answer));
  if (bytes.length < GZIP_FROM || !compress) return { headers, bytes };
  return { headers: { ...headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding" }, bytes: gzipSync(bytes) };
}

/** The body as the text that is sent. */
export function bodyText({ body }: Answer): string {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body);
}
