/** Writing rows: small batches side by side, each write answered for itself, sent again while that can help. */
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Clock, Outcome, Write } from "../connector.ts";
import { tries, waitAfter } from "../faults.ts";
import { guid, queryOf } from "../odata.ts";
import { batchAnswers, batchBody, type InnerAnswer } from "./batch.ts";
import type { Context } from "./context.ts";
import { type Job, judge } from "./outcomes.ts";
import { bodyOf, type Columns, columnsOf, only } from "./rows.ts";

export interface WriteOptions {
  readonly fields: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Outcomes as {@link Opened.write} promises them. Throws TypeError for a write that no definition should lead to. */
export async function writeAll(
  context: Context,
  entity: AnyEntity,
  writes: readonly Write[],
  options: WriteOptions,
): Promise<Outcome[]> {
  const jobs = writes.map((write) => jobOf(context, entity, write));
  const batches: Job[][] = [];
  for (let from = 0; from < jobs.length; from += context.batchSize) {
    batches.push(jobs.slice(from, from + context.batchSize));
  }
  const results = await Promise.allSettled(batches.map((batch) => writeBatch({ context, entity, options }, batch)));
  const failures = results.filter((result) => result.status === "rejected").map(({ reason }) => reason as unknown);
  if (failures.length > 0 && failures.length === batches.length) throw failures[0];
  const given = [...new Set([...options.fields, ...entity.carries])];
  return jobs.map(({ outcome }) => trimmed(outcome ?? unknown(failures[0]), given));
}

function jobOf(context: Context, entity: AnyEntity, write: Write): Job {
  if (write.op === "create" && entity.creation === "none") {
    throw new TypeError(`Cannot create a record of "${entity.name}": only the service's administrators make them`);
  }
  if (write.id === null) throw new TypeError(`Cannot ${write.op} a record of "${entity.name}": the write has no id`);
  return { write, id: guid(write.id), body: bodyOf(entity, write, context), uncertain: false, outcome: null };
}

function trimmed(outcome: Outcome, fields: readonly string[]): Outcome {
  if (outcome.kind !== "ok" && outcome.kind !== "exists") return outcome;
  return { ...outcome, row: { ...outcome.row, data: only(fields, outcome.row.data) } };
}
function unknown(error: unknown): Outcome {
  return { kind: "unknown", message: error instanceof Error ? error.message : String(error) };
}

interface Writing {
  readonly context: Context;
  readonly entity: AnyEntity;
  readonly options: WriteOptions;
}

/**
 * Gives every job its outcome. Each write states its condition (an id that is free, a version that is current), so
 * sending it again after an unknown outcome does nothing twice and tells what became of it. Throws only when nothing
 * was sent that may have taken effect.
 */
async function writeBatch(writing: Writing, batch: readonly Job[]): Promise<void> {
  const { clock, limiter } = writing.context;
  const { signal } = writing.options;
  for (let attempt = 1;; attempt++) {
    const open = batch.filter(({ outcome }) => outcome === null);
    const { fault, again } = await attemptAll(writing, open);
    const left = open.filter(({ outcome }) => outcome === null);
    if (left.length === 0) return;
    if (again && attempt < tries && !signal?.aborted) {
      const wait = waitAfter(attempt, fault instanceof ServiceError ? fault.retryAfter : null, clock);
      if (fault instanceof ServiceError && fault.status === 429) limiter.slow(wait);
      if (await slept(clock, wait, signal)) continue;
    }
    if (batch.every(({ uncertain, outcome }) => !uncertain && outcome === null)) throw fault;
    for (const job of left) job.outcome = unknown(fault);
    return;
  }
}

/** False when the wait was cut short: what was sent still needs an outcome, so this is no error here. */
async function slept(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  }
}

/** One try; says why the jobs without an outcome have none, and whether another try can help. */
async function attemptAll(writing: Writing, jobs: readonly Job[]): Promise<{ fault: unknown; again: boolean }> {
  const { context, entity, options } = writing;
  const written = jobs.flatMap(({ write }) => Object.keys(write.fields));
  const filter = Object.keys(entity.filter); // of what a write met, they tell whether it belongs to the handle
  const columns = columnsOf(entity, [...options.fields, ...written, ...filter], { everything: true });
  try {
    const answers = await send(writing, columns, jobs);
    const fault = await judge({ context, columns, signal: options.signal }, jobs, answers);
    return { fault, again: true };
  } catch (error) {
    if (!(error instanceof ServiceError) && !options.signal?.aborted) throw error;
    const uncertain = error instanceof ServiceError && ["outcome_unknown", "bad_batch"].includes(error.code);
    for (const job of uncertain ? jobs : []) job.uncertain = true;
    return { fault: error, again: uncertain };
  }
}

/** The answers to one batch, in order of the jobs; fewer where the service stopped. */
async function send(writing: Writing, columns: Columns, jobs: readonly Job[]): Promise<InnerAnswer[]> {
  const { http, clock } = writing.context;
  const boundary = `batch_${clock.uuid()}`;
  const root = new URL(http.root).pathname;
  const requests = jobs.map(({ write, id, body }) => ({
    method: "PATCH" as const,
    path: `${root}${writing.entity.name}(${id})${queryOf({ $select: columns.select })}`,
    headers: {
      ...(write.op === "create" ? { "If-None-Match": "*" } : { "If-Match": write.version ?? "*" }),
      Prefer: ["return=representation", ...columns.prefer].join(","),
    },
    body,
  }));
  const answer = await http.request({
    method: "POST",
    path: "$batch",
    headers: { "Content-Type": `multipart/mixed; boundary="${boundary}"`, Prefer: "odata.continue-on-error" },
    body: batchBody(requests, boundary),
    accept: "text",
    retry: "no",
    signal: writing.options.signal,
  });
  const type = answer.headers.get("Content-Type");
  if (answer.status === 200 || /^\s*multipart/i.test(type ?? "")) return batchAnswers(type, answer.text);
  throw new ServiceError(
    `Cannot write to "${writing.entity.name}" of "dataverse": the batch was refused with status ${answer.status}; ` +
      "check the configured address and what the account may do",
    { service: "dataverse", code: "request_refused", status: answer.status },
  );
}
