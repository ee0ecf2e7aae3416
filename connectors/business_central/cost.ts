/** What writes take of the service's requests, as far as that can be told without asking it. */
import type { Cost, Write } from "../connector.ts";
import { anyOf, guid } from "../odata.ts";
import { batchSize } from "./batch.ts";
import type { Orders } from "./order.ts";
import { batchesOf } from "./order_creating.ts";
import { afterLines, beforeLines, extraBody } from "./order_head.ts";
import type { Table } from "./table.ts";

/** Batches, and what persons need of other pages each time; what is asked once and kept does not count. */
export function costOf({ entity }: Table, writes: readonly Write[]): Cost {
  const asked = entity.name === "contacts" ? personsAsked(writes) : 0;
  return { requests: asked + Math.ceil(writes.length / batchSize), units: 0 };
}

/** The companies of customers, and the names whose other parts are kept. */
function personsAsked(writes: readonly Write[]): number {
  const parents = writes.map(({ fields }) => fields["customerId"]).filter((id) => typeof id === "string");
  const names = ["firstName", "middleName", "lastName"];
  const partial = writes.filter(({ op, fields }) => {
    const given = names.filter((name) => name in fields).length;
    return op === "update" && given > 0 && given < names.length;
  });
  return [parents, partial.map(({ id }) => id!)]
    .map((ids) => anyOf("id", [...new Set(ids.map((id) => guid(String(id))))], 600).length)
    .reduce((sum, length) => sum + length, 0);
}

/**
 * New orders go in batches and are read back; changes are sequences of single requests. With the extension each changed
 * order counts as released, which it is opened from and given back to, and its fields as wanted in the answer.
 */
export function costOfOrders(orders: Orders, writes: readonly Write[]): Cost {
  const isExtended = orders.head.extension !== null;
  const creations = writes.filter(({ op }) => op === "create").map((write) => ({ write }));
  let requests = 0;
  for (const batch of batchesOf(creations)) {
    const later = batch.map(({ write }) => laterRequests(orders, write)).reduce((sum, count) => sum + count, 0);
    requests += 2 + later + (later > 0 ? 1 : 0) + (isExtended ? 1 : 0);
  }
  for (const write of writes) if (write.op === "update") requests += changeRequests(orders, write, isExtended);
  return { requests, units: 0 };
}

function laterRequests(orders: Orders, write: Write): number {
  return (afterLines(orders, write) === null ? 0 : 1) + (extraBody(orders, write) === null ? 0 : 1);
}

function changeRequests(orders: Orders, write: Write, isExtended: boolean): number {
  const lines = write.parts?.length ?? 0;
  const head = hasHead(orders, write) ? 1 : 0;
  const isLookedAt = afterLines(orders, write) !== null && (isExtended || head + lines > 0);
  const around = 2 + (isExtended ? 4 : 0); // looked at before and after; opened, looked at, released, its fields read
  return around + head + lines + (isLookedAt ? 1 : 0) + laterRequests(orders, write);
}

/** Fields of the order's own page that are written before its lines, those that its view makes among them. */
function hasHead(orders: Orders, write: Write): boolean {
  const { made } = orders.head.view;
  return beforeLines(orders, write, {}) !== null ||
    Object.keys(write.fields).some((field) => (made[field]?.length ?? 0) > 0);
}
