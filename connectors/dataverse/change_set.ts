/**
 * The change set of an order: opened for editing where it was submitted, head and lines written, then the state. Only
 * active orders can be edited; a state comes by PATCH, Fulfilled by an action (Microsoft, "salesorder" and
 * "FulfillSalesOrder"). Orders are never canceled.
 */
import type { Fields, Outcome, PartWrite } from "../connector.ts";
import { guid } from "../odata.ts";
import type { Inner } from "./batch.ts";
import type { Context } from "./context.ts";
import { type Document, headVersionIn } from "./order_lines.ts";
import type { OrderWrite } from "./order_write.ts";
import { type BodyOptions, valuesOf } from "./rows.ts";
import { innerPath } from "./sending.ts";

/** An order's state now. */
export interface OrderState {
  /** With its lines. */
  readonly version: string;
  /** The versions of its lines, by key. */
  readonly lines: ReadonlyMap<string, string>;
  readonly statecode: number;
  readonly statuscode: number;
}

const active = 0, submitted = 1, canceled = 2, fulfilled = 3, invoiced = 4;
const names = ["active", "submitted", "canceled", "fulfilled", "invoiced"];
/** The reasons that we give: new, in progress, complete, invoiced. */
const reasons = { [active]: 1, [submitted]: 3, [fulfilled]: 100001, [invoiced]: 100003 };

/** What is sent, nothing where the order is as it is to be; or why it can't be sent. `now`: null for a new order. */
export function changeSetOf(
  context: Context & BodyOptions,
  document: Document,
  { order, now }: { readonly order: OrderWrite; readonly now: OrderState | null },
): readonly Inner[] | Extract<Outcome, { kind: "refused" }> {
  const { id, write } = order;
  const from = now?.statecode ?? active;
  const to = order.state ?? from;
  const { fields, parts } = from > submitted ? lastOf(order, from !== to) : order;
  const writesContent = now === null || Object.keys(fields).length > 0 || parts.length > 0;
  if (from === to && !writesContent) return [];
  if (from > submitted && (writesContent || from !== fulfilled || to !== invoiced)) return closed(id, from);
  if (to === canceled) {
    const message = `Cannot cancel order "${id}": that is a person's to do; correct the definition`;
    return { kind: "refused", code: "order_canceled", message };
  }

  const path = `salesorders(${id})`;
  const requests: Inner[] = [];
  let state: number = from;
  const added = parts.filter(({ op }) => op === "create");
  const known = parts.filter(({ op }) => op !== "create");
  const writesHead = now === null || Object.keys(fields).length > 0;
  if (writesContent && from === submitted) moveTo(active, reasons[active]);
  // The first request states the order's version: where it is no content of the head, by a state that stays as it is.
  const isActed = from === submitted && to > submitted; // an action states no version
  const isFirst = requests.length === 0 && (known.length > 0 || (!writesHead && (added.length > 0 || isActed)));
  if (isFirst) moveTo(from, now!.statuscode);
  // Lines that are there state versions of their own: a line can change without its order. So they come before the
  // head's content, since another price list gives lines new versions, and new lines after it, since they need the list.
  requests.push(...known.map(lineRequest));
  if (writesHead) patch(valuesOf(document.head, { op: write.op, fields }, context));
  requests.push(...added.map(lineRequest));
  if (to === active && state !== active) moveTo(active, reasons[active]);
  if (to >= submitted && state === active) {
    moveTo(submitted, from === submitted ? now!.statuscode : reasons[submitted]);
  }
  if (to >= fulfilled && state === submitted) fulfil();
  if (to === invoiced) moveTo(invoiced, reasons[invoiced]);
  return requests;

  function patch(body: Record<string, unknown>): void {
    const condition = requests.length > 0
      ? { "If-Match": "*" }
      : now === null
      ? { "If-None-Match": "*" }
      : { "If-Match": write.version === null ? "*" : headVersionIn(write.version) };
    requests.push({
      method: "PATCH",
      path: innerPath(context, path),
      headers: condition,
      body: JSON.stringify(body),
    });
  }
  function moveTo(statecode: number, statuscode: number): void {
    patch({ statecode, statuscode });
    state = statecode;
  }
  function fulfil(): void {
    const close = {
      "@odata.type": "Microsoft.Dynamics.CRM.orderclose",
      subject: "Order fulfilled",
      "salesorderid@odata.bind": `/${path}`,
    };
    const body = JSON.stringify({ OrderClose: close, Status: reasons[fulfilled] });
    requests.push({ method: "POST", path: innerPath(context, "FulfillSalesOrder"), headers: {}, body });
    state = fulfilled;
  }
  function lineRequest({ op, key, fields: line }: PartWrite): Inner {
    const address = innerPath(context, `salesorderdetails(${guid(key)})`);
    const version = { "If-Match": now?.lines.get(key.toLowerCase()) ?? "*" };
    if (op === "delete") return { method: "DELETE", path: address, headers: version, body: "" };
    const values = valuesOf(document.parts, { op, fields: line }, context);
    const bound = op === "create" ? { "salesorderid@odata.bind": `/${path}`, ...values } : values;
    const condition = op === "create" ? { "If-None-Match": "*" } : version;
    return { method: "PATCH", path: address, headers: condition, body: JSON.stringify(bound) };
  }
}

/** What a closed order needs no more: that it is shipped says its state. */
const moot = new Set(["quantityshipped", "datefulfilled"]);

/**
 * What is still to be written of the content of an order that nobody can edit any more. On its way to its last state it
 * is nothing: totals that differ are found afterwards.
 */
function lastOf({ fields, parts }: OrderWrite, isMoved: boolean): Pick<OrderWrite, "fields" | "parts"> {
  if (isMoved) return { fields: {}, parts: [] };
  const rest = (all: Fields) => Object.fromEntries(Object.entries(all).filter(([name]) => !moot.has(name)));
  const lines = parts.map((part) => ({ ...part, fields: rest(part.fields) }));
  return { fields: rest(fields), parts: lines.filter(({ op, fields: line }) => op !== "update" || !isEmpty(line)) };
}
function isEmpty(fields: Fields): boolean {
  return Object.keys(fields).length === 0;
}

function closed(id: string, state: number): Extract<Outcome, { kind: "refused" }> {
  return {
    kind: "refused",
    code: "order_closed",
    message: `Cannot change order "${id}": it is ${names[state]}, and the service lets nobody edit such orders; ` +
      "leave it as it is, or make a new one",
  };
}

/** The most requests of a batch that the service takes. */
const mostRequests = 1_000;
/** Those of an order that are not lines: opened, head, submitted, fulfilled, invoiced. */
const around = 5;

/** Orders in batches of at most `most`, none with more requests than the service takes unless an order alone has. */
export function inBatches<T extends { readonly order: OrderWrite }>(jobs: readonly T[], most: number): T[][] {
  const batches: T[][] = [];
  let room = 0;
  for (const job of jobs) {
    const size = job.order.parts.length + around;
    if (batches.length === 0 || size > room || batches.at(-1)!.length === most) {
      batches.push([]);
      room = mostRequests;
    }
    batches.at(-1)!.push(job);
    room -= size;
  }
  return batches;
}

/** Why an order can't be written at once; null where it can. */
export function tooLarge({ id, parts }: OrderWrite): Outcome | null {
  if (parts.length + around <= mostRequests) return null;
  return {
    kind: "refused",
    code: "order_too_large",
    message: `Cannot write order "${id}": ${parts.length} of its lines change at once, and the service takes ` +
      `${mostRequests - around}; divide the order`,
  };
}
