/** Writing rows: each write in a change set of its own, answered for itself. */
import type { AnyEntity, Outcome, Write } from "../connector.ts";
import { guid, queryOf, someOf } from "../odata.ts";
import type { Inner } from "./batch.ts";
import type { Context } from "./context.ts";
import { type Job, judge } from "./outcomes.ts";
import { bodyOf, type BodyOptions, columnsOf, plainDaysOf } from "./rows.ts";
import { type Attempt, failed, innerPath, sendBatch, settle } from "./sending.ts";

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
  const plainDays = await plainDaysOf(context, writes.map(({ fields }) => ({ entity, fields })), options.signal);
  const writing: Writing = { context: { ...context, plainDays }, entity, options };
  const jobs = writes.map((write) => jobOf(writing, write));
  const batches: Job[][] = [];
  for (let from = 0; from < jobs.length; from += context.batchSize) {
    batches.push(jobs.slice(from, from + context.batchSize));
  }
  const attempt = (open: readonly Job[]) => attemptAll(writing, open);
  await settle(context, batches, { attempt, signal: options.signal });
  const given = [...new Set([...options.fields, ...entity.carries])];
  return jobs.map(({ outcome }) => trimmed(outcome!, given));
}

/** The id of a record to write; throws TypeError for a write without one, a creation or deletion that nobody may do. */
export function idOf(entity: AnyEntity, write: Write): string {
  if (write.op === "create" && entity.creation === "none") {
    throw new TypeError(`Cannot create a record of "${entity.name}": only the service's administrators make them`);
  }
  if (write.op === "delete" && !entity.deletable) {
    throw new TypeError(
      `Cannot delete a record of "${entity.name}": nobody may by this connector; deactivate it instead`,
    );
  }
  if (write.id === null) throw new TypeError(`Cannot ${write.op} a record of "${entity.name}": the write has no id`);
  return guid(write.id);
}

function jobOf({ context, entity }: Writing, write: Write): Job {
  return { write, id: idOf(entity, write), body: bodyFor(entity, write, context), uncertain: false, outcome: null };
}

function bodyFor(entity: AnyEntity, write: Write, options: BodyOptions): string {
  return write.op === "delete" ? "" : bodyOf(entity, write, options);
}

function trimmed(outcome: Outcome, fields: readonly string[]): Outcome {
  if (outcome.kind !== "ok" && outcome.kind !== "exists") return outcome;
  return { ...outcome, row: { ...outcome.row, data: someOf(fields, outcome.row.data) } };
}

/** Only an active product can be retired: a draft is published in the same change set, so that nobody ever sees it so. */
export function isRetirement(entity: AnyEntity, { op, fields }: Write): boolean {
  return entity.name === "products" && op === "update" && fields["statecode"] === 1;
}

interface Writing {
  readonly context: Context & BodyOptions;
  readonly entity: AnyEntity;
  readonly options: WriteOptions;
}

async function attemptAll({ context, entity, options }: Writing, jobs: readonly Job[]): Promise<Attempt> {
  const { signal } = options;
  const written = jobs.flatMap(({ write }) => Object.keys(write.fields));
  const filter = Object.keys(entity.filter); // of what a write met, they tell whether it belongs to the handle
  const read = [...options.fields, ...written, ...filter];
  const columns = columnsOf(entity, read, { timeZone: context.timeZone, everything: true });
  const sets = jobs.map(({ write, id, body }): readonly Inner[] => {
    const row = innerPath(context, `${entity.name}(${id})`);
    if (write.op === "delete") {
      return [{ method: "DELETE", path: row, headers: { "If-Match": write.version ?? "*" }, body }];
    }
    const path = row + queryOf({ $select: columns.select });
    const Prefer = ["return=representation", ...columns.prefer].join(",");
    const condition = write.op === "create" ? { "If-None-Match": "*" } : { "If-Match": write.version ?? "*" };
    const patch = (text: string, headers: Inner["headers"]): Inner => ({ method: "PATCH", path, headers, body: text });
    if (!isRetirement(entity, write)) return [patch(body, { ...condition, Prefer })];
    const published = bodyOf(entity, { ...write, fields: { ...write.fields, statecode: 0 } }, context);
    return [patch(published, condition), patch(JSON.stringify({ statecode: 1 }), { Prefer })];
  });
  try {
    const answers = await sendBatch(context, sets, { entity: entity.name, signal });
    const fault = await judge({ context, columns, signal }, jobs, answers.map((set) => set.at(-1)));
    return { fault, again: true };
  } catch (error) {
    return failed(error, jobs, signal);
  }
}
