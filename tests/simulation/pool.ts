/** Batches side by side, one thread for each processor. */
import { add, type Batch, noTally, type Tally } from "./batch.ts";
import type { Compared, Comparison } from "./stores.ts";

/** How many work side by side. */
export const threads = navigator.hardwareConcurrency;

export interface PoolOptions {
  readonly onProgress?: (tally: Tally) => void;
}

/** Plays the histories of a batch; what comes of them does not depend on the threads. */
export async function playAll(batch: Batch, { onProgress = () => {} }: PoolOptions = {}): Promise<Tally> {
  const tally = noTally();
  const { histories } = batch;
  await eachPart<Tally>(batch, {
    size: 200,
    partOf: (from, to) => ({
      ...{ ...batch, from, to },
      ...(histories === undefined ? {} : { histories: histories.slice(from - batch.from, to - batch.from) }),
    }),
    onPart: (part) => {
      add(tally, part);
      onProgress(tally);
    },
  });
  tally.violations.sort((a, b) => a.history - b.history);
  return tally;
}

/** The same for the comparison of stores; each thread has a database of its own. */
export async function compareAll(
  { databases, ...comparison }: Omit<Comparison, "database"> & {
    readonly databases: readonly Comparison["database"][];
  },
  { onProgress = () => {} }: { readonly onProgress?: (so: Compared) => void } = {},
): Promise<Compared> {
  let all: Compared = { compared: 0, differing: [] };
  await eachPart<Compared>(comparison, {
    size: 50,
    partOf: (from, to, thread) => ({ ...comparison, from, to, database: databases[thread % databases.length]! }),
    onPart: ({ compared, differing }) => {
      all = { compared: all.compared + compared, differing: [...all.differing, ...differing] };
      onProgress(all);
    },
  });
  return { ...all, differing: all.differing.toSorted((a, b) => a.history - b.history) };
}

interface Parts<T> {
  readonly size: number;
  readonly partOf: (from: number, to: number, thread: number) => unknown;
  readonly onPart: (part: T) => void;
}

async function eachPart<T>(
  { from, to }: { readonly from: number; readonly to: number },
  { size, partOf, onPart }: Parts<T>,
): Promise<void> {
  let next = from;
  await Promise.all(Array.from({ length: threads }, async (_, thread) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    try {
      while (next < to) {
        const first = next;
        next = Math.min(to, first + size);
        onPart(await answer<T>(worker, partOf(first, next, thread)));
      }
    } finally {
      worker.terminate();
    }
  }));
}

function answer<T>(worker: Worker, message: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(message);
  });
}
