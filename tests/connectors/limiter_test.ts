import { assertEquals, assertRejects } from "@std/assert";
import type { Clock } from "../../connectors/connector.ts";
import { type LimiterOptions, openLimiter } from "../../connectors/limiter.ts";

/** A clock that stands still until it is told to go on. */
function standingClock(): Clock & { goOn(ms: number): Promise<void>; sleepers(): number } {
  let now = 0;
  let sleeping: { until: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { until: now + ms, wake: resolve };
        sleeping.push(sleeper);
        signal?.addEventListener("abort", () => {
          sleeping = sleeping.filter((other) => other !== sleeper);
          reject(signal.reason);
        });
      }),
    random: () => 0,
    uuid: () => "",
    sleepers: () => sleeping.length,
    async goOn(ms) {
      now += ms;
      const due = sleeping.filter((sleeper) => sleeper.until <= now);
      sleeping = sleeping.filter((sleeper) => sleeper.until > now);
      for (const sleeper of due) sleeper.wake();
      await settle();
    },
  };
}
/** Lets everything run that has nothing to wait for. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function setUp(options: Partial<LimiterOptions> = {}) {
  const clock = standingClock();
  const limiter = openLimiter({ clock, atOnce: { first: 2, most: 2 }, requests: 100, window: 1_000, ...options });
  const started: number[] = [];
  const releases: (() => void)[] = [];
  let count = 0;
  async function ask(n: number, signal?: AbortSignal): Promise<void> {
    for (let i = 0; i < n; i++) {
      const mine = ++count;
      limiter.acquire(signal).then((release) => {
        started.push(mine);
        releases.push(release);
      }, () => {});
    }
    await settle();
  }
  return { clock, limiter, started, releases, ask };
}

Deno.test("acquire() lets so many through at once, first come first served", async () => {
  const { started, releases, ask } = setUp();
  await ask(5);
  assertEquals(started, [1, 2]);
  releases[0]!();
  releases[0]!();
  await settle();
  assertEquals(started, [1, 2, 3]);
  releases[1]!();
  await settle();
  assertEquals(started, [1, 2, 3, 4]);
});

Deno.test("acquire() starts no more than the window allows, and goes on when it has slid", async () => {
  const { clock, started, ask } = setUp({ atOnce: { first: 50, most: 50 }, requests: 3 });
  await ask(2);
  await clock.goOn(400);
  await ask(4);
  assertEquals(started, [1, 2, 3]);
  await clock.goOn(599);
  assertEquals(started, [1, 2, 3]);
  await clock.goOn(1);
  assertEquals(started, [1, 2, 3, 4, 5]);
  await clock.goOn(400);
  assertEquals(started, [1, 2, 3, 4, 5, 6]);
});

Deno.test("acquire() leaves the queue when its signal is aborted, and nothing stays behind", async () => {
  const { clock, limiter, started, releases, ask } = setUp({ atOnce: { first: 1, most: 1 } });
  const stop = new AbortController();
  await ask(1);
  await ask(1, stop.signal);
  await ask(1);
  stop.abort(new Error("enough"));
  releases[0]!();
  await settle();
  assertEquals(started, [1, 3]);
  await assertRejects(() => limiter.acquire(stop.signal), Error, "enough");
  releases[1]!();
  limiter.slow(500);
  const other = new AbortController();
  await ask(1, other.signal);
  assertEquals(clock.sleepers(), 1);
  other.abort();
  assertEquals(clock.sleepers(), 0);
});

Deno.test("slow() pauses, halves what runs at once, and recovers with the requests that end", async () => {
  const { clock, limiter, started, releases, ask } = setUp({ atOnce: { first: 4, most: 4 } });
  limiter.slow(300);
  limiter.slow(500);
  limiter.slow(100);
  await ask(40);
  await clock.goOn(499);
  assertEquals(started, []);
  await clock.goOn(1);
  assertEquals(started.length, 2);
  const atOnce: number[] = [];
  for (let done = 0; done < 12; done++) {
    releases[done]!();
    await settle();
    atOnce.push(started.length - done - 1);
  }
  assertEquals(atOnce, [2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4]);
});

Deno.test("slow() never stops everything for good", async () => {
  const { clock, limiter, started, ask } = setUp({ atOnce: { first: 1, most: 1 } });
  for (let n = 0; n < 5; n++) {
    limiter.slow(10);
    await clock.goOn(10);
  }
  await ask(1);
  assertEquals(started, [1]);
});
