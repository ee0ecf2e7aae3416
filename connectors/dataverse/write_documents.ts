/** Writing orders with their lines and their state: each in a change set of its own, answered with the whole order. */
import type { ServiceError } from "../../errors.ts";
import type { Fields, Outcome, Row, WantedFields, Write } from "../connector.ts";
import { liesIn, outsideFilter, someOf } from "../odata.ts";
import type { InnerAnswer } from "./batch.ts";
import { changeSetOf, inBatches, type OrderState, tooLarge } from "./change_set.ts";
import type { Context } from "./context.ts";
import { documentsBy } from "./documents.ts";
import { type Document, linesOf, versionOf } from "./order_lines.ts";
import { knownOf, nothingKnown, type OrderWrite, orderWriteOf } from "./order_write.ts";
import { agrees, isLineGone, keyOf, noAnswer, passing, refusal, sameKey } from "./outcomes.ts";
import { rawsBy } from "./read.ts";
import { type BodyOptions, columnsOf, plainDaysOf } from "./rows.ts";
import { type Attempt, failed, type Pending, sendBatch, settle } from "./sending.ts";
import { idOf } from "./write.ts";

interface Job extends Pending {
  readonly order: OrderWrite;
}

/** Change sets are large: this many in a batch at most. */
export const mostDocuments = 25;

/** Outcomes as {@link Opened.write} promises them. Throws TypeError for a write that no definition should lead to. */
export async function writeDocuments(
  context: Context,
  document: Document,
  options: WantedFields & { readonly writes: readonly Write[] },
): Promise<Outcome[]> {
  const { writes, signal } = options;
  for (const write of writes) check(context, document, write);
  const known = await knownOf(context, writes, signal);
  const written = writes.flatMap(({ fields, parts = [] }) => [
    { entity: document.head, fields },
    ...parts.map((part) => ({ entity: document.parts, fields: part.fields })),
  ]);
  const plainDays = await plainDaysOf(context, written, signal);
  const jobs = writes.map((write): Job => {
    const order = orderWriteOf(write, known);
    return { order, uncertain: false, outcome: tooLarge(order) };
  });
  const batches = inBatches(jobs.filter(({ outcome }) => outcome === null), Math.min(context.batchSize, mostDocuments));
  const writing: Writing = { context: { ...context, plainDays }, document, options };
  await settle(context, batches, { attempt: (open) => attemptAll(writing, open), signal });
  return jobs.map(({ outcome }) => trimmed(document, outcome!, options));
}

/** Throws TypeError before anything is sent. */
function check(context: Context, document: Document, write: Write): void {
  idOf(document.head, write);
  const order = orderWriteOf(write, nothingKnown);
  const now = write.op === "create" ? null : { version: "", lines: new Map(), statecode: 0, statuscode: 1 };
  changeSetOf({ ...context, plainDays: new Map() }, document, { order, now });
}

interface Writing {
  readonly context: Context & BodyOptions;
  readonly document: Document;
  readonly options: WantedFields;
}

async function attemptAll(writing: Writing, jobs: readonly Job[]): Promise<Attempt> {
  const { context, document, options: { signal } } = writing;
  try {
    await lookAtUncertain(writing, jobs.filter(({ uncertain }) => uncertain));
    const states = await statesOf(
      writing,
      jobs.filter((job) => job.outcome === null && job.order.write.op === "update"),
    );
    const open = jobs.filter(({ outcome }) => outcome === null).flatMap((job) => {
      const now = states.get(job.order.id) ?? null;
      job.outcome = movedOn(job, now);
      if (job.outcome !== null) return [];
      const set = changeSetOf(context, document, { order: job.order, now });
      if ("kind" in set) job.outcome = set;
      return "kind" in set ? [] : [{ job, set }];
    });
    const sent = open.filter(({ set }) => set.length > 0);
    const answers = sent.length === 0
      ? []
      : await sendBatch(context, sent.map(({ set }) => set), { entity: document.head.name, signal });
    const fault = await judgeAll(writing, sent, answers);
    await giveStored(writing, open.filter(({ set }) => set.length === 0).map(({ job }) => job));
    return { fault: fault ?? noAnswer(), again: true };
  } catch (error) {
    return failed(error, jobs.filter(({ outcome }) => outcome === null), signal);
  }
}

/** Versions and states of orders as they are now. */
async function statesOf(
  { context, document, options: { signal } }: Writing,
  jobs: readonly Job[],
): Promise<Map<string, OrderState>> {
  const { timeZone } = context;
  const columns = columnsOf(document.head, ["statecode"], { timeZone, everything: true, also: ["statuscode"] });
  const heads: { row: Row; statuscode: number }[] = [];
  const terms = jobs.map(({ order }) => `salesorderid eq ${order.id}`);
  for await (const raws of rawsBy({ context, columns, signal }, terms)) {
    for (const raw of raws) heads.push({ row: columns.rowOf(raw).row, statuscode: Number(raw["statuscode"]) });
  }
  const lines = await linesOf(context, document.parts, { fields: [], signal }).of(heads.map(({ row }) => row));
  return new Map(heads.map(({ row: { id, version, data }, statuscode }) => {
    const own = lines.get(id) ?? [];
    const ofLines = new Map(own.map(({ part: { key }, version }) => [key, version]));
    const statecode = Number(data["statecode"]);
    return [id, { version: versionOf(version, own), lines: ofLines, statecode, statuscode }];
  }));
}

function movedOn({ order: { write } }: Job, now: OrderState | null): Outcome | null {
  if (write.op === "create") return null;
  if (now === null) return { kind: "missing" };
  return write.version !== null && write.version !== now.version ? { kind: "moved" } : null;
}

/** Orders that an earlier try may have written: where they are as they were to be, it did. */
async function lookAtUncertain(writing: Writing, jobs: readonly Job[]): Promise<void> {
  const rows = await documentsOf(writing, jobs);
  for (const job of jobs) {
    const row = rows.get(job.order.id);
    if (row !== undefined && isWritten(writing.document, row, job.order)) job.outcome = { kind: "ok", row };
    else if (row !== undefined && job.order.write.op === "create") job.outcome = { kind: "exists", row };
  }
}

/** By id, with every field that outcomes are told by. */
async function documentsOf(writing: Writing, jobs: readonly Job[]): Promise<ReadonlyMap<string, Row>> {
  if (jobs.length === 0) return new Map();
  const terms = jobs.map(({ order }) => `salesorderid eq ${order.id}`);
  return new Map((await find(writing, jobs, terms)).map((row) => [row.id, row]));
}

function find({ context, document, options }: Writing, jobs: readonly Job[], terms: readonly string[]): Promise<Row[]> {
  const { head } = document;
  const written = jobs.flatMap(({ order }) => Object.keys(order.fields));
  const ofParts = jobs.flatMap(({ order }) => order.parts.flatMap(({ fields }) => Object.keys(fields)));
  return documentsBy(context, document, {
    fields: [...new Set([...options.fields, ...written, ...Object.keys(head.filter), "statecode"])],
    partFields: [...new Set([...options.partFields ?? [], ...ofParts])],
    signal: options.signal,
    terms,
  });
}

function isWritten({ head, parts: lines }: Document, row: Row, { write, fields, parts, state }: OrderWrite): boolean {
  if (state !== null && row.data["statecode"] !== state) return false;
  if (!agrees(row.data, { op: write.op, fields }, head)) return false;
  const there = new Map<string, Fields>(row.parts!.map(({ key, data }) => [key, data]));
  return parts.every(({ op, key, fields: line }) => {
    const data = there.get(key.toLowerCase());
    return op === "delete" ? data === undefined : data !== undefined && agrees(data, { op, fields: line }, lines);
  });
}

interface Sent {
  readonly job: Job;
  readonly set: readonly unknown[];
}

/** A change set is answered by all of its parts, or by the one that made it fail. */
async function judgeAll(
  writing: Writing,
  sent: readonly Sent[],
  answers: readonly InnerAnswer[][],
): Promise<ServiceError | null> {
  const { context: { clock, timeZone }, document: { head } } = writing;
  const columns = columnsOf(head, Object.keys(head.filter), { timeZone, everything: true });
  let fault: ServiceError | null = null;
  const [stored, met] = [[], []] as [Job[], { job: Job; answer: InnerAnswer }[]];
  for (const [position, { job, set }] of sent.entries()) {
    const answer = answers[position]?.find(({ status }) => status >= 300);
    const isWhole = answers[position]?.length === set.length;
    const transient = answer === undefined
      ? isWhole ? null : noAnswer()
      : passing(answer, { action: `write "${head.name}"`, clock });
    if (transient !== null) {
      if (fault?.status !== 429) fault = transient; // that one says how long to wait
      job.uncertain ||= transient.status !== 429;
    } else if (answer === undefined) {
      job.uncertain = true; // it is stored; if it can't be read now, another try finds it
      stored.push(job);
    } else if (answer.status === 412 && job.order.write.op === "create") {
      met.push({ job, answer });
    } else {
      job.outcome = isLineGone(answer, job.order.parts) ? { kind: "moved" } : refusal(job.order, answer, columns);
    }
  }
  await giveStored(writing, stored);
  await giveMet();
  return fault;

  /** Orders that were there before: by our id, or by the number that the service keeps apart. */
  async function giveMet(): Promise<void> {
    if (met.length === 0) return;
    const jobs = met.map(({ job }) => job);
    const byId = await documentsOf(writing, jobs);
    const terms = jobs.filter(({ order }) => !byId.has(order.id))
      .map(({ order }) => sameKey(columns, order.fields)).filter((term) => term !== null);
    const found = terms.length === 0 ? [] : await find(writing, jobs, terms);
    const byKey = new Map(found.map((row) => [keyOf(columns.table, row.data), row]));
    for (const { job, answer } of met) {
      const own = byId.get(job.order.id);
      const row = own ?? byKey.get(keyOf(columns.table, job.order.fields));
      if (row === undefined) job.outcome = refusal(job.order, answer, columns);
      else if (own === undefined && !liesIn(head.filter as Fields, row.data)) {
        job.outcome = outsideFilter(head, { field: "ordernumber", value: row.data["ordernumber"] });
      } else job.outcome = { kind: "exists", row };
    }
  }
}

async function giveStored(writing: Writing, jobs: readonly Job[]): Promise<void> {
  const rows = await documentsOf(writing, jobs);
  for (const job of jobs) {
    const row = rows.get(job.order.id);
    if (row !== undefined) job.outcome = { kind: "ok", row };
  }
}

function trimmed({ head }: Document, outcome: Outcome, { fields, partFields = [] }: WantedFields): Outcome {
  if (outcome.kind !== "ok" && outcome.kind !== "exists") return outcome;
  const { row } = outcome;
  const parts = row.parts!.map(({ key, data }) => ({ key, data: someOf(partFields, data) }));
  return { ...outcome, row: { ...row, data: someOf([...new Set([...fields, ...head.carries])], row.data), parts } };
}
