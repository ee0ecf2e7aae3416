/** Stops a run at any call that the engine makes to what is outside of it. */
import { assertEquals } from "@std/assert";

export class Crash extends Error {}

/**
 * Stops the program at the n-th call of the store or of a service, before it takes effect or after: nothing of the
 * engine goes on from there, since every later call stops as well.
 */
export function crashing(at: number, after: boolean): { wrap: <T extends object>(port: T) => T; calls: () => number } {
  let calls = 0;
  const stop = () => Promise.reject(new Crash());
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== "function" || name === "requests") return member;
        if (name === "open") return (...given: unknown[]) => wrap(member.apply(target, given));
        return (...given: unknown[]) => {
          const call = ++calls;
          const isAsync = name !== "read" && name !== "report";
          if (call > at || (call === at && (!after || !isAsync))) {
            if (isAsync) return stop();
            throw new Crash();
          }
          const result = member.apply(target, given);
          return call === at ? Promise.resolve(result).then(stop) : result;
        };
      },
    });
  return { wrap, calls: () => calls };
}

/**
 * Runs `made` again and again, each time stopped one call later, before the call takes effect or after, and then twice
 * to its end, the second time when no service can be at work any more on what was sent; `whole` asserts what must hold then. Returns how often a run was stopped.
 */
export async function stopEverywhere<
  W extends { sync(): Promise<unknown>; later(): void; writes(): readonly number[] },
>(
  make: (wrap: <T extends object>(port: T) => T) => Promise<W> | W,
  whole: (made: W, when: string) => void,
): Promise<number> {
  let stops = 0;
  for (const after of [false, true]) {
    for (let at = 1;; at++) {
      let crash: ReturnType<typeof crashing> | null = null;
      const made = await make((port) =>
        new Proxy(port, { get: (target, name) => Reflect.get(crash === null ? target : crash.wrap(target), name) })
      );
      crash = crashing(at, after);
      const { calls } = crash;
      await made.sync().catch((error) => assertEquals(error instanceof Crash, true, String(error)));
      const ended = calls() < at;
      crash = null; // the program is started again
      await made.sync();
      made.later();
      await made.sync();
      whole(made, `stopped ${after ? "after" : "before"} call ${at}`);
      const before = made.writes();
      await made.sync();
      assertEquals(made.writes(), before, `a further run writes nothing, stopped at call ${at}`);
      if (ended) break;
      stops++;
    }
  }
  return stops;
}
