/** Requests about the head of an order: its own page, and the extension's page beside it. */
import type { AnyEntity, Fields, Outcome, Value, Write } from "../connector.ts";
import { ServiceError } from "../../errors.ts";
import type { Answer, Request } from "../http.ts";
import { withBlank } from "../blanks.ts";
import { type RawRow, recordOf } from "../odata.ts";
import { extensionMissing } from "./extension_missing.ts";
import type { Orders, Wanted } from "./order.ts";
import { currentOrder } from "./order_reading.ts";
import { extensionFields } from "./order_view.ts";
import { isChanged, refusal, unknown } from "./refusals.ts";
import { idOf } from "./table.ts";
import { plainBody } from "./views.ts";

export interface Sending {
  readonly body: Readonly<Record<string, unknown>>;
  readonly wanted: Wanted;
}

/** What stopped a request; null where it was done. */
export type Stopped = (Outcome & { kind: "moved" | "refused" | "unknown" | "missing" }) | null;

/** What is sent of the head before the lines; null for nothing. The view's own properties come from `more`. */
export function beforeLines(
  { head }: Orders,
  write: Write,
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | null {
  const { discountAmount: _later, ...plain } = plainBody(head.view, write, head.fields);
  const body = { ...plain, ...more };
  return Object.keys(body).length === 0 ? null : body;
}

/** What is sent of the head after the lines: the service spreads the invoice discount over the lines that there are. */
export function afterLines({ head }: Orders, write: Write): Readonly<Record<string, unknown>> | null {
  const amount = write.fields["discountAmount"];
  if (amount === undefined || (write.op === "create" && (amount === null || Number(amount) === 0))) return null;
  return { discountAmount: withBlank(head.fields["discountAmount"]!, amount) };
}

/** What is sent to the extension's page; null for nothing, or where there is no extension. */
export function extraBody({ head }: Orders, write: Write): Readonly<Record<string, unknown>> | null {
  const given = extensionFields.filter((field) =>
    write.fields[field] !== undefined && !(write.op === "create" && write.fields[field] === null)
  );
  if (head.extension === null || given.length === 0) return null;
  return Object.fromEntries(given.map((field) => [field, withBlank(head.fields[field]!, write.fields[field]!)]));
}

/** Changes an order's own page, guarded by the version that `raw` has. */
export async function patchHead(orders: Orders, raw: RawRow, { body, wanted }: Sending): Promise<Stopped> {
  const { head } = orders;
  return await send(orders, {
    method: "PATCH",
    path: `${head.company}${head.entity.name}(${idOf(raw)})`,
    headers: { "If-Match": String(raw["@odata.etag"]) },
    body,
    wanted,
  });
}

/** Changes an order on the extension's page, which has a version of its own: the head's was looked at just before. */
export async function patchExtra(orders: Orders, id: string, { body, wanted }: Sending): Promise<Stopped> {
  const { head } = orders;
  return await onExtension(orders, id, {
    method: "PATCH",
    path: `${head.extension}${head.entity.name}(${id})`,
    headers: { "If-Match": "*" },
    body,
    wanted,
  });
}

/** Opens an order for editing, or releases it. */
export async function act(
  orders: Orders,
  id: string,
  { action, wanted }: { action: "reopen" | "release"; wanted: Wanted },
): Promise<Stopped> {
  const { head } = orders;
  const path = `${head.extension}${head.entity.name}(${id})/Microsoft.NAV.${action}`;
  return await onExtension(orders, id, { method: "POST", path, headers: {}, body: {}, wanted });
}

/** Throws ServiceError "extension_missing" where the order is there and its page of the extension is not. */
async function onExtension(orders: Orders, id: string, single: Single): Promise<Stopped> {
  const stopped = await send(orders, single);
  if (stopped?.kind !== "missing" || await currentOrder(orders, id, single.wanted) === null) return stopped;
  throw extensionMissing(orders.head.entity);
}

export interface Single extends Sending {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose fields are sent; absent: the order's. */
  readonly entity?: AnyEntity;
}

/**
 * Sends one request of a sequence. A lost answer is "unknown": nothing of a sequence is repeated before the order was
 * looked at again.
 */
export async function send(orders: Orders, { method, path, headers, body, wanted, entity }: Single): Promise<Stopped> {
  const request: Request = {
    method,
    path,
    headers: { ...headers, ...(method === "DELETE" ? {} : { "Content-Type": "application/json" }) },
    ...(method === "DELETE" ? {} : { body: JSON.stringify(body) }),
    retry: "no",
    signal: wanted.signal,
  };
  let answer: Answer;
  try {
    answer = await orders.head.http.request(request);
  } catch (error) {
    if (error instanceof ServiceError && error.code !== "outcome_unknown") throw error;
    return unknown(error);
  }
  if (answer.status < 300) return null;
  const refused = { status: answer.status, body: recordOf(answer.json) };
  if (answer.status === 404) return { kind: "missing" };
  if (isChanged(refused)) return { kind: "moved" };
  return refusal(refused, { sent: plain(body), entity: entity ?? orders.head.entity });
}

/** Decimals are objects that keep their digits on the way. */
function plain(body: Single["body"]): Fields {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, typeof value === "object" ? null : value as Value]),
  );
}
