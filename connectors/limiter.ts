/** Keeps one account within its service's limits: so many at once, so many in a sliding window, patience on request. */
import type { Clock, Limiter } from "./connector.ts";

export interface LimiterOptions {
  readonly clock: Clock;
  /** How many requests run at once: at first, and at most when the service never asks for patience. */
  readonly atOnce: { readonly first: number; readonly most: number };
  /** How many may start within any window. */
  readonly requests: number;
  /** Milliseconds. */
  readonly window: number;
}

/**
 * The services' own limits per account. Business Central works on 5 at once; Dataverse on up to 52 per web server,
 * where the way up is found by trying.
 */
export const limits = {
  business_central: { atOnce: { first: 5, most: 5 }, requests: 6_000, window: 300_000 },
  dataverse: { atOnce: { first: 8, most: 52 }, requests: 6_000, window: 300_000 },
} as const;

interface Waiter {
  start(release: () => void): void;
}

/**
 * First come, first served. {@link Limiter.slow} halves what runs at once, at most once for one spell of patience;
 * every request that ends raises it a little, by about one for each round of requests.
 */
export function openLimiter(options: LimiterOptions): Limiter {
  const { clock, atOnce, requests, window } = options;
  const queue: Waiter[] = [];
  /** When the last requests started; the slot to be used next holds the one that started `requests` ago. */
  const starts: number[] = [];
  let started = 0;
  let active = 0;
  let allowed = Math.min(atOnce.first, atOnce.most);
  let pausedUntil = -Infinity;
  let pause: AbortController | null = null;

  function waitNow(): number {
    const oldest = starts[started % requests] ?? -Infinity;
    const now = clock.now();
    return Math.max(pausedUntil - now, oldest + window - now);
  }

  function pump(): void {
    while (queue.length > 0 && active < Math.floor(allowed)) {
      const wait = waitNow();
      if (wait > 0) return wakeIn(wait);
      starts[started % requests] = clock.now();
      started++;
      active++;
      queue.shift()?.start(once(done));
    }
    if (queue.length === 0) stopWaiting();
  }

  function done(): void {
    active--;
    allowed = Math.min(atOnce.most, allowed + 1 / allowed);
    pump();
  }

  function wakeIn(ms: number): void {
    if (pause !== null) return;
    const mine = pause = new AbortController();
    clock.sleep(ms, mine.signal).then(() => {
      if (pause === mine) pause = null;
      pump();
    }, () => {/* nobody waits any more, or a longer pause began */});
  }

  /** A sleep that nobody needs would keep the process alive. */
  function stopWaiting(): void {
    const sleeping = pause;
    pause = null;
    sleeping?.abort();
  }

  return {
    acquire(signal?: AbortSignal): Promise<() => void> {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          start(release) {
            signal?.removeEventListener("abort", leave);
            resolve(release);
          },
        };
        function leave(): void {
          queue.splice(queue.indexOf(waiter), 1);
          reject(signal?.reason);
          if (queue.length === 0) stopWaiting();
        }
        signal?.addEventListener("abort", leave, { once: true });
        queue.push(waiter);
        pump();
      });
    },
    slow(ms: number): void {
      const now = clock.now();
      if (now >= pausedUntil) allowed = Math.max(1, allowed / 2);
      pausedUntil = Math.max(pausedUntil, now + Math.max(ms, 0));
      stopWaiting();
      pump();
    },
  };
}

function once(action: () => void): () => void {
  let ran = false;
  return () => {
    if (ran) return;
    ran = true;
    action();
  };
}
