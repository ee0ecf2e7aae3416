/** Text pieces as a response body. */
import type { Clock } from "../connectors/connector.ts";

export interface TextStreamOptions {
  readonly clock: Clock;
  /** Milliseconds in which the client must want the next piece. */
  readonly patience: number;
  /** Milliseconds from the first piece to the last. */
  readonly longest: number;
}

/**
 * Takes a piece only when the client wants one, so memory stays flat. A client that goes away, wants nothing for
 * `patience`, or takes longer than `longest`, ends the generator: it may hold a snapshot that others wait for.
 */
export function textStream(
  pieces: AsyncGenerator<string, void, void>,
  { clock, patience, longest }: TextStreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let piece: AbortController | null = null;
  let whole: AbortController | null = null;
  function stopWatching(): void {
    piece?.abort();
    whole?.abort();
  }
  function watch(controller: ReadableStreamDefaultController, milliseconds: number): AbortController {
    const mine = new AbortController();
    clock.sleep(milliseconds, mine.signal).then(async () => {
      await pieces.return();
      stopWatching();
      controller.error(new DOMException("The client read too slowly", "TimeoutError"));
    }).catch(() => {/* it was fast enough */});
    return mine;
  }
  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      piece?.abort();
      whole ??= watch(controller, longest);
      try {
        const next = await pieces.next();
        if (!next.done) {
          controller.enqueue(encoder.encode(next.value));
          piece = watch(controller, patience);
          return;
        }
      } catch (error) {
        stopWatching();
        throw error;
      }
      stopWatching();
      controller.close();
    },
    async cancel() {
      stopWatching();
      await pieces.return();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
