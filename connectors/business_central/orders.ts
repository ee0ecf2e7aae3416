/** Orders as the contract opens them: documents of a head and its lines. */
import type { Opened, Outcome, WantedFields, Write } from "../connector.ts";
import { costOfOrders } from "./cost.ts";
import { createOrders } from "./order_creating.ts";
import type { Orders } from "./order.ts";
import { readOrders } from "./order_reading.ts";
import { recallOrders } from "./order_recalling.ts";
import { restoreOrder, updateOrder } from "./order_updating.ts";
import { checkFields, unknown } from "./refusals.ts";
import { lateFor } from "./writing.ts";

/** How many orders are changed at once; the limiter may let through fewer. */
const updatesAtOnce = 4;

export function openOrders(orders: Orders): Opened {
  return {
    read: (asked) => readOrders(orders, asked),
    write: (writes, wanted) => write(orders, writes, wanted),
    recall: (writes, wanted) => recallOrders(orders, writes, wanted),
    lateFor,
    restore: (sent, options) => restoreOrder(orders, sent, options),
    requests: () => orders.head.http.requests(),
    cost: (writes) => costOfOrders(orders, writes),
  };
}

async function write(orders: Orders, writes: readonly Write[], wanted: WantedFields): Promise<Outcome[]> {
  for (const one of writes) check(orders, one);
  const outcomes: Outcome[] = [];
  const all = writes.map((one, at) => ({ at, write: one }));
  let attempted = false;
  let fault: unknown = null;
  const creations = all.filter((one) => one.write.op === "create");
  const updates = all.filter((one) => one.write.op === "update");
  if (creations.length > 0) {
    await createOrders(orders, creations, { outcomes, wanted });
    attempted = true;
  }
  await Promise.all(Array.from({ length: updatesAtOnce }, async () => {
    for (let next = updates.shift(); next !== undefined; next = updates.shift()) {
      try {
        if (fault !== null) throw fault;
        outcomes[next.at] = await updateOrder(orders, next.write, wanted);
        attempted = true;
      } catch (error) {
        fault ??= error;
        outcomes[next.at] = unknown(error);
      }
    }
  }));
  if (fault !== null && !attempted) throw fault;
  return outcomes;
}

function check({ head, lines }: Orders, one: Write): void {
  if (one.op === "delete") {
    throw new TypeError(`Cannot delete a record of "${head.entity.name}": nobody may by this connector`);
  }
  if (one.op === "update" && (one.id === null || one.version === null)) {
    throw new TypeError(`Cannot update a record of "${head.entity.name}": the write names no id and version`);
  }
  checkFields(head, one.op, one.fields);
  for (const part of one.parts ?? []) {
    if (lines === null) throw new TypeError(`Cannot write lines of "${head.entity.name}": it was opened without them`);
    if (part.op !== "delete") checkFields(lines, part.op, part.fields);
  }
}
