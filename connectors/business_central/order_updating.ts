/**
 * Changing orders: a sequence of single requests, since the service has no transaction for it. An order that is
 * released is opened by the extension's action, and released again after the last write; one that was shipped in part
 * belongs to the people there.
 */
import type { Outcome, PartWrite, ReadOptions, Write } from "../connector.ts";
import { ServiceError } from "../../errors.ts";
import { guid, type RawRow } from "../odata.ts";
import type { Orders, Wanted } from "./order.ts";
import { act, afterLines, beforeLines, extraBody, patchExtra, patchHead, send, type Stopped } from "./order_head.ts";
import { contentOf, currentOrder, extensionRows, linesOf, orderRows, versionOf } from "./order_reading.ts";
import { lineBody, stateOf } from "./order_view.ts";
import { unknown } from "./refusals.ts";
import { idOf, service } from "./table.ts";

const order = { update: 0, create: 1, delete: 2 } as const;

/** A sequence on its way. */
interface Course {
  readonly orders: Orders;
  readonly id: string;
  readonly wanted: Wanted;
  /** The order as it was last seen. */
  now: RawRow;
  /** Something was stored: from here on an error leaves a doubt. */
  begun: boolean;
}

/** What became of a change. Throws only when nothing was stored. */
export async function updateOrder(orders: Orders, write: Write, wanted: Wanted): Promise<Outcome> {
  const id = write.id ?? "";
  const now = await currentOrder(orders, id, wanted);
  if (now === null) return { kind: "missing" };
  if (versionOf(orders, now) !== write.version) return { kind: "moved" };
  const closed = whyClosed(orders, now);
  if (closed !== null) return closed;
  const sends = await orders.head.view.send?.({
    writes: [write],
    lookups: orders.head.lookups(),
    current: () => Promise.resolve(new Map()),
  });
  const more = sends?.(write) ?? { body: {} };
  // Deletions go last, so that an order that has to be released again is never without lines.
  const parts = (write.parts ?? []).toSorted((one, other) => order[one.op] - order[other.op]);
  const lines = parts.map((part) => ({ part, made: lineBody(part) }));
  const refused = [more, ...lines.map(({ made }) => made)].find((body) => "refused" in body);
  if (refused !== undefined && "refused" in refused) return { kind: "refused", ...refused.refused };

  const course: Course = { orders, id, wanted, now, begun: false };
  try {
    return await inWindow(course, async () => {
      const head = beforeLines(orders, write, "body" in more ? more.body : {});
      if (head !== null) {
        const stopped = await done(course, patchHead(orders, course.now, { body: head, wanted }));
        if (stopped !== null) return stopped;
      }
      for (const { part, made } of lines) {
        const stopped = await writeLine(course, part, "body" in made ? made.body : {});
        if (stopped !== null) return stopped;
      }
      const late = afterLines(orders, write);
      if (late !== null) {
        if (course.begun && !await look(course)) return { kind: "moved" };
        const stopped = await done(course, patchHead(orders, course.now, { body: late, wanted }));
        if (stopped !== null) return stopped;
      }
      const extra = extraBody(orders, write);
      return extra === null ? null : await done(course, patchExtra(orders, id, { body: extra, wanted }));
    });
  } catch (error) {
    if (!course.begun) throw error;
    return unknown(error);
  }
}

/** Runs a sequence while the order is open for editing, and gives it back the state that it had. */
async function inWindow(course: Course, sequence: () => Promise<Stopped>): Promise<Outcome> {
  const { orders, id, wanted } = course;
  const isReleased = stateOf(course.now) === "Released";
  if (isReleased) {
    const stopped = await done(course, act(orders, id, { action: "reopen", wanted }));
    if (stopped !== null) return stopped;
    const before = linesOf(course.now).map(contentOf).join("\n");
    // Somebody was at the lines just now: nothing is written over that.
    const isSame = await look(course) && linesOf(course.now).map(contentOf).join("\n") === before;
    if (!isSame) return await releaseAgain(course, { kind: "moved" });
  }
  const stopped = await sequence();
  // Where an answer was lost the order stays open until somebody looked: restore() releases it.
  if (stopped?.kind === "unknown") return stopped;
  const ended = isReleased || orders.unreleased.has(id) ? await releaseAgain(course, stopped) : stopped;
  if (ended !== null) return ended;
  if (!await look(course)) {
    return { kind: "unknown", message: "The order was changed, and was gone before it could be read" };
  }
  const [row] = await orderRows(orders, [course.now], wanted);
  return { kind: "ok", row: row! };
}

/** Releases the order after its change; what came of the change, unless the release has more to say. */
async function releaseAgain<T extends Stopped>({ orders, id, wanted, now }: Course, stopped: T): Promise<T | Outcome> {
  const left = await release(orders, id, wanted);
  if (left?.kind === "unknown") return left;
  if (left !== null) return notReleased(String(now["number"]), left, stopped?.kind === "refused" ? stopped : null);
  orders.unreleased.delete(id);
  return stopped;
}

/**
 * See the contract. The extension remembers which orders its action opened; one that somebody reopened by hand is not
 * among them. A refused release is tried again by the next change of the order, which may be what completes it.
 */
export async function restoreOrder(
  orders: Orders,
  { id }: Write,
  { signal }: Pick<ReadOptions, "signal"> = {},
): Promise<Refused | null> {
  const { head } = orders;
  if (head.extension === null || id === null) return null; // nothing was opened
  const wanted: Wanted = { fields: [], signal };
  const now = await currentOrder(orders, id, wanted);
  if (now === null || stateOf(now) !== "Draft" || !await isOpenedByUs(orders, id, signal)) return null;
  const left = await release(orders, id, wanted);
  if (left === null || left.kind === "missing") return null;
  if (left.kind !== "unknown") {
    orders.unreleased.add(id);
    return notReleased(String(now["number"]), left);
  }
  throw new ServiceError(
    `Cannot release the order "${now["number"]}" again, which an interrupted change left open: ${left.message}; ` +
      "run it again",
    { service, code: "outcome_unknown" },
  );
}

/** An order that waits for a prepayment is closed by a release, which is refused all the same. */
async function release(orders: Orders, id: string, wanted: Wanted): Promise<Stopped> {
  const stopped = await act(orders, id, { action: "release", wanted });
  if (stopped?.kind !== "refused") return stopped;
  const now = await currentOrder(orders, id, wanted);
  return now !== null && stateOf(now) === "Draft" ? stopped : null;
}

async function isOpenedByUs({ head }: Orders, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  const query = { $select: "id,openedForChange", $filter: `id eq ${guid(id)}` };
  const [row] = await extensionRows(head, query, signal);
  return row?.["openedForChange"] === true;
}

function whyClosed(orders: Orders, now: RawRow): Outcome | null {
  const name = `Cannot change the order "${now["number"]}"`;
  const isShipped = linesOf(now).some((line) => !/^[0.]*$/.test(String(line["shippedQuantity"] ?? 0)));
  if (now["fullyShipped"] === true || isShipped) {
    const message = `${name}: something of it was shipped; change it in Business Central`;
    return { kind: "refused", code: "order_shipped", message };
  }
  const state = stateOf(now);
  if (state === "In Review") {
    const message = `${name}: it waits for approval; it can be written once it was approved or rejected`;
    return { kind: "refused", code: "order_in_review", message };
  }
  if (state === "Released" && orders.head.extension === null) {
    const message = `${name}: it is released; reopen it in Business Central, or install the extension, which can do so`;
    return { kind: "refused", code: "order_released", message };
  }
  return null;
}

type Refused = Outcome & { kind: "refused" };

/** `notWritten`: the refusal that ended the change before. */
function notReleased(number: string, left: NonNullable<Stopped>, notWritten: Refused | null = null): Refused {
  const why = "message" in left ? left.message.replace(/\.$/, "") : `the service says that it is ${left.kind}`;
  const before = notWritten === null ? "" : `${notWritten.message.replace(/\.$/, "")} (${notWritten.code}). `;
  return {
    kind: "refused",
    code: "order_not_released",
    message: `${before}Cannot release the order "${number}" again after its change: ${why}; ` +
      "release it in Business Central",
    ...(notWritten?.field === undefined ? {} : { field: notWritten.field }),
    unrestored: true,
  };
}

async function done(course: Course, sending: Promise<Stopped>): Promise<Stopped> {
  const stopped = await sending;
  if (stopped === null) course.begun = true;
  return stopped;
}

/** Looks at the order anew; false where it is gone. */
async function look(course: Course): Promise<boolean> {
  const now = await currentOrder(course.orders, course.id, course.wanted);
  if (now !== null) course.now = now;
  return now !== null;
}

/** Writes one line. Versions of lines change with what is written beside them, contents don't: those are compared. */
async function writeLine(
  course: Course,
  part: PartWrite,
  body: Readonly<Record<string, unknown>>,
): Promise<Stopped> {
  for (let attempt = 1;; attempt++) {
    const line = linesOf(course.now).find((one) => String(one["sequence"]) === part.key);
    if (line === undefined && part.op === "delete") return null; // an earlier attempt took it away
    if (line === undefined && part.op === "update") return { kind: "moved" };
    const sent = line === undefined ? body : fittingBody(line, body);
    if (part.op === "update" && Object.keys(sent).length === 0) return null;
    const stopped = await done(course, sendLine(course, { part, body: sent, line }));
    if (stopped?.kind === "missing") {
      return part.op === "delete" && await isGone(course, part) ? null : { kind: "moved" };
    }
    if (stopped?.kind === "refused") return named(stopped, part);
    if (stopped?.kind !== "moved" || attempt === 2 || line === undefined) return stopped;
    const before = contentOf(line);
    if (!await look(course)) return stopped;
    const after = linesOf(course.now).find((one) => String(one["sequence"]) === part.key);
    if (after === undefined || contentOf(after) !== before) return stopped;
  }
}

/** A comment stays one unless it is told to sell something: the service takes nothing but its text. */
function fittingBody(line: RawRow, body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (line["lineType"] !== "Comment" || body["lineType"] !== undefined) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => name === "description"));
}

/** A deletion has no body, so the runtime sends it again when a connection breaks: the second one finds no line. */
async function isGone(course: Course, { key }: PartWrite): Promise<boolean> {
  course.begun = true;
  return await look(course) && !linesOf(course.now).some((line) => String(line["sequence"]) === key);
}

function sendLine(
  { orders, id, wanted }: Course,
  { part, body, line }: { part: PartWrite; body: Readonly<Record<string, unknown>>; line: RawRow | undefined },
): Promise<Stopped> {
  const set = `${orders.head.company}${orders.head.entity.name}(${id})/salesOrderLines`;
  const entity = orders.lines!.entity;
  if (line === undefined) return send(orders, { method: "POST", path: set, headers: {}, body, wanted, entity });
  const path = `${set}(${idOf(line)})`;
  const headers = { "If-Match": String(line["@odata.etag"]) };
  if (part.op === "delete") return send(orders, { method: "DELETE", path, headers, body: {}, wanted, entity });
  const { sequence: _fixed, ...changed } = body; // a creation whose line is there already: an earlier attempt made it
  return send(orders, { method: "PATCH", path, headers, body: changed, wanted, entity });
}

/** Says which line and field a refusal is about, by the name that the field was written under. */
function named(stopped: Outcome & { kind: "refused" }, { key, fields }: PartWrite): Stopped {
  const { field, ...rest } = stopped;
  const behind: Readonly<Record<string, readonly string[]>> = {
    lineType: ["product", "lineObject"],
    lineObjectNumber: ["product", "lineObject"],
    unitOfMeasureCode: ["unit"],
  };
  const own = field === undefined ? undefined : behind[field]?.find((name) => name in fields) ?? field;
  const where = own === undefined ? {} : { field: `${key}/${own}` };
  return { ...rest, message: `Line ${key}: ${stopped.message}`, ...where };
}
