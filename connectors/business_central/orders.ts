/** Orders as the contract opens them: documents of a head and its lines. */
import type { Fields, Opened, Outcome, PartWrite, Row, WantedFields, Write } from "../connector.ts";
import { ServiceError } from "../../errors.ts";
import { canonical } from "../json.ts";
import { guid, quoted } from "../odata.ts";
import { createOrders } from "./order_creating.ts";
import { recallPosted } from "./order_posted.ts";
import type { Orders } from "./order.ts";
import { extraBody, patchExtra } from "./order_head.ts";
import { extensionRows, findOrders, readOrders } from "./order_reading.ts";
import { restoreOrder, updateOrder } from "./order_updating.ts";
import { soldBy } from "./order_view.ts";
import { checkFields, unknown } from "./refusals.ts";
import { idOf, service } from "./table.ts";

/** How many orders are changed at once; the limiter may let through fewer. */
const updatesAtOnce = 4;

export function openOrders(orders: Orders): Opened {
  return {
    read: (asked) => readOrders(orders, asked),
    write: (writes, wanted) => write(orders, writes, wanted),
    recall: (sent, wanted) => recall(orders, sent, wanted),
    restore: (sent, options) => restoreOrder(orders, sent, options),
    requests: () => orders.head.http.requests(),
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
  if (one.op === "update" && (one.id === null || one.version === null)) {
    throw new TypeError(`Cannot update a record of "${head.entity.name}": the write names no id and version`);
  }
  checkFields(head, one.op, one.fields);
  for (const part of one.parts ?? []) {
    if (lines === null) throw new TypeError(`Cannot write lines of "${head.entity.name}": it was opened without them`);
    if (part.op !== "delete") checkFields(lines, part.op, part.fields);
  }
}

/**
 * See the contract. An order is ours if it has our correlation: the external document number, else Your Reference. That
 * one is written right after the order, so an order without any is ours too if it has the customer and lines sent.
 */
async function recall(orders: Orders, sent: Write, wanted: WantedFields & { since: string }): Promise<readonly Row[]> {
  const rows = await lookedFor(orders, sent, wanted);
  const [row, ...others] = rows;
  if (row === undefined || others.length > 0 || !await isCompleted(orders, { ...sent, id: row.id }, wanted)) {
    return rows;
  }
  return await findOrders(orders, `id eq ${row.id}`, wanted);
}

/**
 * Writes what the extension keeps of an order where the creation was stopped before it, and the order is still there:
 * what is only given to new orders would be missing for good. What stands there stays. False where nothing was written.
 */
async function isCompleted(orders: Orders, { id, ...sent }: Write, wanted: WantedFields): Promise<boolean> {
  const extra = extraBody(orders, { ...sent, id });
  if (extra === null) return false;
  const $select = ["id", ...Object.keys(extra)].join();
  const [now] = await extensionRows(orders.head, { $select, $filter: `id eq ${id}` });
  const lacking = Object.entries(extra).filter(([name]) => now !== undefined && (now[name] ?? "") === "");
  if (lacking.length === 0) return false;
  const stopped = await patchExtra(orders, id!, { body: Object.fromEntries(lacking), wanted });
  if (stopped?.kind !== "unknown") return stopped === null;
  const message =
    `Cannot complete a new order, which an interrupted run left without ${lacking.map(([name]) => name)}: ` +
    `${stopped.message}; run it again`;
  throw new ServiceError(message, { service, code: "outcome_unknown" });
}

async function lookedFor(
  orders: Orders,
  sent: Write,
  wanted: WantedFields & { since: string },
): Promise<readonly Row[]> {
  const { externalDocumentNumber, yourReference } = sent.fields;
  if (typeof externalDocumentNumber === "string") {
    const by = `externalDocumentNumber eq ${quoted(externalDocumentNumber)}`;
    // Another customer may have the same number for an order of its own.
    const { customerId } = sent.fields;
    const own = typeof customerId === "string" ? `${by} and customerId eq ${guid(customerId)}` : by;
    const open = await findOrders(orders, own, wanted);
    return open.length > 0 ? open : await recallPosted(orders.head, sent, { ...wanted, by });
  }
  if (typeof yourReference !== "string" || orders.head.extension === null) return [];
  const { head } = orders;
  const reference = quoted(yourReference);
  const rows: Row[] = [];
  for (const raw of await extensionRows(head, { $select: "id", $filter: `yourReference eq ${reference}` })) {
    rows.push(...await findOrders(orders, `id eq ${idOf(raw)}`, wanted));
  }
  if (rows.length > 0) return rows;
  const by = `customerPurchaseOrderReference eq ${reference}`;
  const posted = await recallPosted(head, sent, { ...wanted, by });
  return posted.length > 0 ? posted : await withoutReference(orders, sent, wanted);
}

async function withoutReference(
  orders: Orders,
  sent: Write,
  wanted: WantedFields & { since: string },
): Promise<readonly Row[]> {
  const { fields, partFields = [], since } = wanted;
  const $filter = `customerId eq ${guid(String(sent.fields["customerId"]))} and ` +
    `lastModifiedDateTime ge ${new Date(since).toISOString()}`;
  const references = ["externalDocumentNumber", "yourReference"];
  const compared = ["lineObject", "quantity"];
  const rows = await findOrders(orders, $filter, {
    ...wanted,
    fields: [...new Set([...fields, ...references])],
    partFields: [...new Set([...partFields, ...compared])],
  });
  return rows
    .filter((row) => references.every((name) => row.data[name] === null) && hasLines(row, sent.parts ?? []))
    .map(({ parts = [], ...row }) => ({
      ...row,
      data: only(row.data, fields),
      parts: parts.map(({ key, data }) => ({ key, data: only(data, partFields) })),
    }));
}

function hasLines({ parts = [] }: Row, sent: readonly PartWrite[]): boolean {
  return parts.length === sent.length && sent.every(({ key, fields }) => {
    const stored = parts.find((part) => part.key === key)?.data;
    if (stored === undefined || stored["lineObject"] !== (soldBy(fields) ?? null)) return false;
    const quantity = fields["quantity"] ?? null;
    return stored["lineObject"] === null || quantity === null || stored["quantity"] === canonical(String(quantity));
  });
}

function only(data: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, data[name] ?? null]));
}
