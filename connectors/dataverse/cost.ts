/** What writes take of the service's requests, and of its daily entitlement, told without asking it. */
import type { AnyEntity, Cost, Write } from "../connector.ts";
import { changeSetOf, inBatches } from "./change_set.ts";
import type { Context } from "./context.ts";
import type { Document } from "./order_lines.ts";
import { asksOfLines, asksOfProducts, nothingKnown, orderWriteOf } from "./order_write.ts";
import { isRetirement } from "./write.ts";
import { mostDocuments } from "./write_documents.ts";

/** Batches; every request of a batch changes a row. What is asked once and kept does not count. */
export function costOf({ batchSize }: Context, entity: AnyEntity, writes: readonly Write[]): Cost {
  const units = writes.reduce((sum, write) => sum + (isRetirement(entity, write) ? 2 : 1), 0);
  return { requests: Math.ceil(writes.length / batchSize), units };
}

/**
 * Batches of change sets, with what is read of orders before they are changed and of all afterwards. A changed order
 * counts as submitted: opened, written, submitted again.
 */
export function costOfDocuments(context: Context, document: Document, writes: readonly Write[]): Cost {
  const jobs = writes.map((write) => ({ order: orderWriteOf(write, nothingKnown) }));
  const parts = writes.flatMap((write) => write.parts ?? []);
  let requests = (parts.some(asksOfProducts) ? 1 : 0) + (parts.some(asksOfLines) ? 1 : 0);
  for (const batch of inBatches(jobs, Math.min(context.batchSize, mostDocuments))) {
    const before = batch.some(({ order }) => order.write.op === "update") ? 2 : 0;
    requests += before + 3;
  }
  const units = jobs.reduce((sum, { order }) => sum + rowsIn(context, document, order), 0);
  return { requests, units };
}

function rowsIn(context: Context, document: Document, order: ReturnType<typeof orderWriteOf>): number {
  const now = order.write.op === "create" ? null : { version: "", lines: new Map(), statecode: 1, statuscode: 3 };
  const set = changeSetOf({ ...context, plainDays: new Map() }, document, { order, now });
  return "kind" in set ? 0 : set.length;
}
