/** Plays batches in a thread of its own. */
import { type Batch, playBatch } from "./batch.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Batch>) => void;
  postMessage(message: unknown): void;
};
scope.onmessage = async ({ data }) => scope.postMessage(await playBatch(data));
