/** Text pieces as a response body. */
import type { Clock } from "../connectors/connector.ts";

/**
 * Takes a piece only when the client wants one, so memory stays flat. A client that goes away, or wants nothing for
 * `patience` milliseconds, ends the generator: it may hold a snapshot that others wait for.
 */
export function textStream(
  pieces: AsyncGenerator<string, void, void>,
  options: { readonly clock: Clock; readonly patience: number },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let watch: AbortController | null = null;
  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      watch?.abort();
      const next = await pieces.next();
      if (next.done) return controller.close();
      controller.enqueue(encoder.encode(next.value));
      const mine = watch = new AbortController();
      options.clock.sleep(options.patience, mine.signal).then(async () => {
        await pieces.return();
        controller.error(new DOMException("The client stopped reading", "TimeoutError"));
      }).catch(() => {/* the next piece was wanted in time */});
    },
    async cancel() {
      watch?.abort();
      await pieces.return();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
