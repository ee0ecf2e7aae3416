/** Works that do not wait for each other. */

/**
 * Works on items in their order, `count` at once, and ends when all that was begun has ended. After an error nothing more
 * is begun; it is thrown, or one of several.
 */
export async function sideBySide<T>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const workers = Array.from({ length: count }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await work(item);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  });
  for (const outcome of await Promise.allSettled(workers)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}

/** Begins a work once the one before has ended well. */
export type Add = (work: () => Promise<void>) => Promise<void>;

/**
 * Works one after the other, of which the last two are not waited for while the next one is made ready, but before this ends,
 * however it does.
 */
export async function queued(all: (add: Add) => Promise<void>): Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let before = last;
  try {
    await all(async (work) => {
      await before;
      before = last;
      last = before.then(work);
      last.catch(() => {}); // told when it is waited for
      await turn();
    });
  } catch (error) {
    await last.catch(() => {});
    throw error;
  }
  await last;
}

/** Promises that follow one another between a work's beginning and its request, in the store and its driver; some more. */
const hops = 40;

/** What was begun sends its request now, before the next work keeps everything else from it for milliseconds. */
async function turn(): Promise<void> {
  for (let hop = 0; hop < hops; hop++) await null;
}
