/** Creating orders: head and lines in one request, which the service takes or leaves as a whole. */
import type { Outcome, Write } from "../connector.ts";
import { ServiceError } from "../../errors.ts";
import type { RawRow } from "../odata.ts";
import { type Inner, sendBatch } from "./batch.ts";
import { afterLines, extraBody, patchExtra, patchHead } from "./order_head.ts";
import type { Orders, Wanted } from "./order.ts";
import { currentOrders, orderRows } from "./order_reading.ts";
import { lineBody } from "./order_view.ts";
import { refusal, unknown } from "./refusals.ts";
import { decimalsIn, idOf } from "./table.ts";
import { plainBody } from "./views.ts";
import { apiOf } from "./writing.ts";

/** A batch must be done in 8 minutes: this many orders, and this many lines where there is more than one order. */
const most = { orders: 20, lines: 400 } as const;

interface Asked {
  readonly at: number;
  readonly write: Write;
  readonly request: Inner;
}

/**
 * One outcome for each creation, set at its place; one batch after the other, since all draw from one number series,
 * which the service locks. Throws only when nothing was attempted.
 */
export async function createOrders(
  orders: Orders,
  creations: readonly { at: number; write: Write }[],
  how: { readonly outcomes: Outcome[]; readonly wanted: Wanted },
): Promise<void> {
  const { head } = orders;
  const { outcomes, wanted } = how;
  let attempted = false;
  for (const batch of batchesOf(await requestsOf(orders, creations, outcomes))) {
    let answers: Awaited<ReturnType<typeof sendBatch>>;
    try {
      answers = await sendBatch(head.http, batch.map(({ request }) => request), {
        clock: head.clock,
        limiter: head.limiter,
        path: `${apiOf(head)}$batch`,
        decimals: decimalsIn(head),
        signal: wanted.signal,
      });
    } catch (error) {
      const isLost = error instanceof ServiceError && error.code === "outcome_unknown";
      if (!attempted && !isLost) throw error;
      for (const { at } of batch) outcomes[at] = unknown(error);
      continue;
    }
    attempted = true;
    const stored: Stored[] = [];
    for (const [position, { at, write }] of batch.entries()) {
      const answer = answers[position]!;
      if (answer.kind === "unknown") outcomes[at] = answer;
      else if (answer.status >= 300) {
        outcomes[at] = refusedLine(refusal(answer, { sent: write.fields, entity: head.entity }), write);
      } else stored.push({ at, write, id: idOf(answer.body) });
    }
    try {
      await complete(orders, stored, how);
    } catch (error) {
      for (const { at } of stored) outcomes[at] ??= unknown(error);
    }
  }
}

interface Stored {
  readonly at: number;
  readonly write: Write;
  readonly id: string;
}

/**
 * Writes what can be written only once an order is there: a discount that is spread over its lines, the extension's
 * fields. Where that is refused the order's row goes back without it, and it is written as a change of the order.
 */
async function complete(
  orders: Orders,
  stored: readonly Stored[],
  { outcomes, wanted }: { readonly outcomes: Outcome[]; readonly wanted: Wanted },
): Promise<void> {
  const ids = stored.map(({ id }) => id);
  const now = new Map(await currentOrders(orders, ids, wanted));
  const touched: string[] = [];
  for (const { at, write, id } of stored) {
    const late = afterLines(orders, write);
    const extra = extraBody(orders, write);
    const raw = now.get(id);
    if (raw === undefined || (late === null && extra === null)) continue;
    touched.push(id);
    try {
      const patched = late === null ? null : await patchHead(orders, raw, { body: late, wanted });
      if (patched?.kind === "unknown") outcomes[at] = patched;
      const added = extra === null ? null : await patchExtra(orders, id, { body: extra, wanted });
      if (added?.kind === "unknown") outcomes[at] = added;
    } catch (error) {
      outcomes[at] = unknown(error);
    }
  }
  for (const [id, raw] of await currentOrders(orders, touched, wanted)) now.set(id, raw);
  const left = stored.filter(({ at }) => outcomes[at] === undefined);
  for (const { at } of left.filter(({ id }) => !now.has(id))) {
    outcomes[at] = { kind: "unknown", message: "The order was created, and was gone before it could be read" };
  }
  await show(orders, left.filter(({ id }) => now.has(id)), { now, outcomes, wanted });
}

/** Gives the rows back; one that can't be understood takes no others with it. */
async function show(
  orders: Orders,
  stored: readonly Stored[],
  how: { now: ReadonlyMap<string, RawRow>; outcomes: Outcome[]; wanted: Wanted },
): Promise<void> {
  try {
    const rows = await orderRows(orders, stored.map(({ id }) => how.now.get(id)!), how.wanted);
    stored.forEach(({ at }, position) => how.outcomes[at] = { kind: "ok", row: rows[position]! });
  } catch (error) {
    if (stored.length > 1) { for (const one of stored) await show(orders, [one], how); }
    else for (const { at } of stored) how.outcomes[at] = unknown(error);
  }
}

/** Without these a lost answer would leave an order that nobody could tell from a stranger's. */
function isFoundAgain({ head }: Orders, { fields }: Write): boolean {
  const { externalDocumentNumber = null, yourReference = null } = fields;
  return externalDocumentNumber !== null || (yourReference !== null && head.extension !== null);
}

async function requestsOf(
  orders: Orders,
  creations: readonly { at: number; write: Write }[],
  outcomes: Outcome[],
): Promise<Asked[]> {
  const { head } = orders;
  const writes = creations.map(({ write }) => write);
  const send = await head.view.send?.({ writes, lookups: head.lookups(), current: () => Promise.resolve(new Map()) });
  const asked: Asked[] = [];
  for (const { at, write } of creations) {
    if (!isFoundAgain(orders, write)) {
      const message = "An order needs an external document number (or Your Reference, where the extension is) to be " +
        "found again by after a lost answer, and this one has none; give it its number in the CRM";
      outcomes[at] = { kind: "refused", code: "not_found_again", message, field: "externalDocumentNumber" };
      continue;
    }
    const more = send?.(write) ?? { body: {} };
    const lines = (write.parts ?? []).map(lineBody);
    const refused = [more, ...lines].find((body) => "refused" in body);
    if (refused !== undefined && "refused" in refused) {
      outcomes[at] = { kind: "refused", ...refused.refused };
      continue;
    }
    const { discountAmount: _later, ...plain } = plainBody(head.view, write, head.fields);
    const body = {
      ...plain,
      ...("body" in more ? more.body : {}),
      ...(lines.length === 0 ? {} : { salesOrderLines: lines.map((line) => "body" in line ? line.body : {}) }),
    };
    const url = `${head.company.slice(apiOf(head).length)}${head.entity.name}`;
    asked.push({ at, write, request: { method: "POST", url, headers: {}, body } });
  }
  return asked;
}

/** Creations in batches that are done in time. */
export function batchesOf<T extends { readonly write: Write }>(asked: readonly T[]): T[][] {
  const batches: T[][] = [];
  let lines = Infinity;
  for (const one of asked) {
    const own = one.write.parts?.length ?? 0;
    if (batches.length === 0 || lines + own > most.lines || batches.at(-1)!.length >= most.orders) {
      batches.push([]);
      lines = 0;
    }
    batches.at(-1)!.push(one);
    lines += own;
  }
  return batches;
}

/** Fields whose values a message quotes. */
const quotable = ["lineObject", "product", "unit", "unitOfMeasureCode", "description"];

/** Names the line that a refusal of the whole order is about, where its message quotes a value of just one line. */
function refusedLine(outcome: Outcome & { kind: "refused" }, write: Write): Outcome {
  if (outcome.field !== undefined) return outcome;
  const hits = (write.parts ?? []).flatMap(({ key, fields }) => {
    const field = quotable.find((name) => {
      const value = fields[name];
      if (typeof value !== "string" || value === "") return false;
      const shown = shownAs(name, value);
      return outcome.message.includes(`'${shown}'`) || outcome.message.includes(`"${shown}"`) ||
        outcome.message.includes(`(${shown})`);
    });
    return field === undefined ? [] : [{ key, field }];
  });
  const [hit, ...others] = hits;
  if (hit === undefined || others.length > 0) return outcome;
  return { ...outcome, message: `Line ${hit.key}: ${outcome.message}`, field: `${hit.key}/${hit.field}` };
}

/** A value as the service knows it: "Item 1896-S" is called 1896-S there, its unit "Item 1896-S PCS" PCS. */
function shownAs(field: string, value: string): string {
  if (field === "lineObject" || field === "product") return value.slice(value.indexOf(" ") + 1);
  return field === "unit" ? value.slice(value.lastIndexOf(" ") + 1) : value;
}
