/** One HTTP exchange: deadlines for its parts, a cap on its size. No token, no retry, no redirect. */
import { ServiceError } from "../errors.ts";

/** Milliseconds: until the answer begins, between two parts of its body, for everything. */
export interface Deadlines {
  readonly first: number;
  readonly idle: number;
  readonly total: number;
}

export interface ExchangeOptions {
  readonly service: string;
  /** What is done, for messages: `read "customers"`. */
  readonly action: string;
  readonly fetch: typeof fetch;
  readonly deadlines: Deadlines;
  /** The most bytes of a body after decompression. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Exchanged {
  readonly status: number;
  readonly headers: Headers;
  /** The body in pieces, cut anywhere; none of them is empty. As bytes it is half as large, and no value of the runtime's. */
  readonly chunks: readonly Uint8Array[];
}

/** Bytes that become a text at once: what the runtime keeps among its short-lived values, in two bytes a character, too. */
const piece = 32 * 1024;

/**
 * Sends a request and reads the whole answer. Throws the signal's reason when it is aborted, else ServiceError
 * "unreachable", "timeout" or "body_too_large". No error quotes an address or a body: both hold data.
 */
export async function exchange(
  url: string,
  init: { method: string; headers: Headers; body: string | null },
  options: ExchangeOptions,
): Promise<Exchanged> {
  const { service, action, deadlines, signal } = options;
  const stop = new AbortController();
  let overdue = "";
  function stopAfter(ms: number, name: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      overdue = `${name} within ${ms / 1000} s`;
      stop.abort();
    }, ms);
  }
  const total = stopAfter(deadlines.total, "no complete answer");
  let part = stopAfter(deadlines.first, "no answer");
  let body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    const answer = await options.fetch(url, {
      ...init,
      // Deno sends a text again by itself when a kept connection closes before the answer, even a POST whose work is
      // done by then. It can't do that with a blob.
      body: init.body === null ? null : new Blob([init.body]),
      redirect: "manual",
      signal: signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]),
    });
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    body = answer.body?.getReader();
    for (;;) {
      clearTimeout(part);
      part = stopAfter(deadlines.idle, "the answer broke off: nothing more");
      const chunk = await body?.read();
      if (chunk === undefined || chunk.done) break;
      bytes += chunk.value.byteLength;
      if (bytes > options.maxBytes) throw tooLarge(options, answer.status);
      if (chunk.value.byteLength > 0) chunks.push(chunk.value);
    }
    return { status: answer.status, headers: answer.headers, chunks };
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    if (signal?.aborted) throw signal.reason;
    if (overdue !== "") {
      throw new ServiceError(
        `Cannot ${action} of "${service}": ${overdue}; run it again, and ask for a smaller page if it stays so`,
        { service, code: "timeout", retryable: true },
      );
    }
    throw new ServiceError(
      `Cannot ${action} of "${service}": the connection failed; check the address and the network, then run it again`,
      { service, code: "unreachable", retryable: true, cause: withoutAddress(error) },
    );
  } finally {
    clearTimeout(total);
    clearTimeout(part);
    // Frees the connection of an answer that was not read to its end; that this can fail changes nothing.
    body?.cancel().catch(() => {});
  }
}

/** A body as text, in short pieces; throws TypeError for what is no UTF-8. */
export function* textsOf(chunks: readonly Uint8Array[]): Generator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.byteLength; from += piece) {
      yield decoder.decode(chunk.subarray(from, from + piece), { stream: true });
    }
  }
  yield decoder.decode();
}

/** The whole body; throws as {@link textsOf}. */
export function wholeText(chunks: readonly Uint8Array[]): string {
  return [...textsOf(chunks)].join("");
}

/** A body that cannot be understood: another try can help, since it may have been cut on its way. */
export function unreadable(options: { service: string; action: string }, state: string): ServiceError {
  const { service, action } = options;
  return new ServiceError(
    `Cannot ${action} of "${service}": its answer ${state}; run it again, and look for a proxy in between if it stays so`,
    { service, code: "bad_json", retryable: true },
  );
}

function tooLarge({ service, action, maxBytes }: ExchangeOptions, status: number): ServiceError {
  return new ServiceError(
    `Cannot ${action} of "${service}": its answer is larger than ${maxBytes} bytes; ask for smaller pages`,
    { service, code: "body_too_large", status },
  );
}

/** The runtime's message holds the whole address, and an address can hold names that a filter looks for. */
function withoutAddress(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return new Error(message.replace(/ (for )?url \(.*?\)(?=:|$)/s, "").replaceAll(/https?:\/\/\S+/g, "…"));
}
