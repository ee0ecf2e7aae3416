/** Creating orders: head and lines in one request, which the service takes or leaves as a whole. */
import type { Outcome, Write } from "../connector.ts";
import { ServiceError } from "../../errors.ts";
import type { RawRow } from "../odata.ts";
import { type Inner, sendBatch } from "./batch.ts";
import { afterLines, extraBody, patchExtra, patchHead } from "./order_head.ts";
import type { Orders, Wanted } from "./order.ts";
import { currentOrder, orderRow } from "./order_reading.ts";
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

/** One outcome for each creation, set at its place. Throws only when nothing was attempted. */
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
    for (const [position, { at, write }] of batch.entries()) {
      const answer = answers[position]!;
      if (answer.kind === "unknown") outcomes[at] = answer;
      else if (answer.status >= 300) outcomes[at] = refusedLine(refusal(answer, Object.keys(write.fields)), write);
      else outcomes[at] = await completed(orders, write, { raw: answer.body, wanted }).catch(unknown);
    }
  }
}

/** What can be written only once the order is there: a discount that is spread over its lines, the extension's fields. */
async function completed(
  orders: Orders,
  write: Write,
  { raw, wanted }: { raw: RawRow; wanted: Wanted },
): Promise<Outcome> {
  const id = idOf(raw);
  let now = await currentOrder(orders, id, wanted);
  const late = afterLines(orders, write);
  const extra = extraBody(orders, write);
  if (now !== null && late !== null) {
    const refused = await patchHead(orders, now, { body: late, wanted });
    // The order is there: its row goes back, and what it lacks is written as a change of it.
    if (refused !== null && refused.kind === "unknown") return refused;
  }
  if (now !== null && extra !== null) {
    const refused = await patchExtra(orders, id, { body: extra, wanted });
    if (refused !== null && refused.kind === "unknown") return refused;
  }
  if (late !== null || extra !== null) now = await currentOrder(orders, id, wanted);
  if (now === null) return { kind: "unknown", message: "The order was created, and was gone before it could be read" };
  return { kind: "ok", row: await orderRow(orders, now, wanted) };
}

async function requestsOf(
  { head }: Orders,
  creations: readonly { at: number; write: Write }[],
  outcomes: Outcome[],
): Promise<Asked[]> {
  const writes = creations.map(({ write }) => write);
  const send = await head.view.send?.({ writes, lookups: head.lookups(), current: () => Promise.resolve(new Map()) });
  const asked: Asked[] = [];
  for (const { at, write } of creations) {
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

function batchesOf(asked: readonly Asked[]): Asked[][] {
  const batches: Asked[][] = [];
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

/** Names the line that a refusal of the whole order is about, where its message quotes a value of just one line. */
function refusedLine(outcome: Outcome & { kind: "refused" }, write: Write): Outcome {
  if (outcome.field !== undefined) return outcome;
  const hits = (write.parts ?? []).flatMap(({ key, fields }) => {
    const field = Object.keys(fields).find((name) => {
      const value = fields[name];
      if (typeof value !== "string" || value.length < 3) return false;
      const shown = name === "lineObject" ? value.slice(value.indexOf(" ") + 1) : value;
      return outcome.message.includes(`'${shown}'`) || outcome.message.includes(`"${shown}"`) ||
        outcome.message.includes(`(${shown})`);
    });
    return field === undefined ? [] : [{ key, field }];
  });
  const [hit, ...others] = hits;
  if (hit === undefined || others.length > 0) return outcome;
  return { ...outcome, message: `Line ${hit.key}: ${outcome.message}`, field: `${hit.key}/${hit.field}` };
}
