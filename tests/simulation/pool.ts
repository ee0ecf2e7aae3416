/** Batches side by side, one thread for each processor. */
import { add, type Batch, noTally, type Tally } from "./batch.ts";

/** Histories of one batch. */
const size = 200;

export interface PoolOptions {
  readonly onProgress?: (tally: Tally) => void;
}

/** Plays the histories 0 to `histories` of the batch's seed; what comes of them does not depend on the threads. */
export async function playAll(batch: Batch, { onProgress = () => {} }: PoolOptions = {}): Promise<Tally> {
  const tally = noTally();
  let next = batch.from;
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, async () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    try {
      while (next < batch.to && !(batch.isShort && tally.violations.length > 0)) {
        const from = next;
        next = Math.min(batch.to, from + size);
        add(tally, await played(worker, { ...batch, from, to: next, ...some(batch, from, next) }));
        onProgress(tally);
      }
    } finally {
      worker.terminate();
    }
  }));
  tally.violations.sort((a, b) => a.history - b.history);
  return tally;
}

function some({ histories, from: first }: Batch, from: number, to: number): Pick<Batch, "histories"> {
  return histories === undefined ? {} : { histories: histories.slice(from - first, to - first) };
}

function played(worker: Worker, batch: Batch): Promise<Tally> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(batch);
  });
}
