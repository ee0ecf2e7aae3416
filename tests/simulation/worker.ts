/** Plays batches, or compares stores, in a thread of its own. */
import { type Batch, playBatch } from "./batch.ts";
import { compareStores, type Comparison } from "./stores.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Batch | Comparison>) => void;
  postMessage(message: unknown): void;
};
scope.onmessage = async ({ data }) => {
  scope.postMessage(await ("database" in data ? compareStores(data) : playBatch(data)));
};
