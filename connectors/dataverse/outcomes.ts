/** What an answer to a write means: stored, there already, changed meanwhile, gone, refused, or not to be told yet. */
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Fields, Outcome, PartWrite, Row, Write } from "../connector.ts";
import { faultOf } from "../faults.ts";
import { canonical, parseJson } from "../json.ts";
import { guid, liesIn, outsideFilter, problemOf, quoted, type RawRow, recordOf } from "../odata.ts";
import type { InnerAnswer } from "./batch.ts";
import type { Context } from "./context.ts";
import { rowsBy } from "./read.ts";
import type { Columns, Written } from "./rows.ts";
import type { Pending } from "./sending.ts";
import type { Table } from "./tables.ts";
import { completionOf } from "./views.ts";

/** The write of one row on its way. */
export interface Job extends Pending {
  readonly write: Write;
  readonly id: string;
  readonly body: string;
}
export interface Judging {
  readonly context: Context;
  readonly columns: Columns;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives jobs their outcomes by the answers, reading what is there where an answer does not say. Returns why those
 * without an outcome have none; throws when that reading fails.
 */
export async function judge(
  judging: Judging,
  jobs: readonly Job[],
  answers: readonly (InnerAnswer | undefined)[],
): Promise<ServiceError | null> {
  const { context: { clock }, columns } = judging;
  let fault: ServiceError | null = null;
  const stored: { job: Job; raw: RawRow }[] = [];
  const toRead: Job[] = [];
  for (const [position, job] of jobs.entries()) {
    const answer = answers[position];
    const transient = answer === undefined ? noAnswer() : passing(answer, { action: actionOf(judging), clock });
    if (transient !== null) {
      if (fault?.status !== 429) fault = transient; // that one says how long to wait
      job.uncertain ||= transient.status !== 429;
    } else if (job.write.op === "delete") {
      job.outcome = answer!.status < 300 ? { kind: "deleted" } : refusal(job, answer!, columns);
    } else if (answer!.status < 300) {
      const raw = rowIn(answer!, job, columns);
      job.uncertain = true; // it is stored; if its row can't be completed now, another try finds it
      if (raw === null) toRead.push(job);
      else stored.push({ job, raw });
    } else if (answer!.status === 412 && (job.write.op === "create" || job.uncertain)) {
      toRead.push(job);
    } else {
      job.outcome = refusal(job, answer!, columns);
    }
  }
  const complete = completionOf(judging.context, columns, { signal: judging.signal, each: true });
  const { rows } = await complete(stored.map(({ raw }) => raw));
  for (const [position, { job }] of stored.entries()) job.outcome = { kind: "ok", row: rows[position]! };
  await readBack(judging, toRead, (job) => answers[jobs.indexOf(job)]!);
  return fault;
}

/** The stored row, where the answer holds one; it must be the one that was written. */
function rowIn(answer: InnerAnswer, job: Job, columns: Columns): RawRow | null {
  if (answer.text.trim() === "") return null;
  try {
    const raw = recordOf(parseJson(answer.text, columns.decimals));
    if (columns.idOf(raw) === job.id) return raw;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof ServiceError)) throw error;
  }
  throw noAnswer();
}

function actionOf({ columns }: Judging): string {
  return `write "${columns.entity.name}"`;
}
/** Some writes of a batch were not answered, or in a way that tells nothing. */
export function noAnswer(): ServiceError {
  return new ServiceError(
    `Cannot write to "dataverse": the batch came back without a proper answer to each write; run it again`,
    {
      service: "dataverse",
      code: "bad_batch",
      retryable: true,
    },
  );
}

/** Duplicate detection answers 500 or 412, though it is a refusal like others. */
const duplicateFound = "0x80040333";
/** The fault of an answer that another try may heal. */
export function passing(
  answer: InnerAnswer,
  options: { action: string; clock: Context["clock"] },
): ServiceError | null {
  if (codeAndText(answer).code === duplicateFound) return null;
  const fault = faultOf({ ...answer, begin: answer.text }, { service: "dataverse", ...options });
  return fault?.retryable ? fault : null;
}

/**
 * Jobs whose rows must be looked at: by our id, and what has the key that the service keeps apart. That one counts only
 * inside the handle's filter: outside it is something else, such as a product family with an item's number.
 */
async function readBack(judging: Judging, jobs: readonly Job[], answerTo: (job: Job) => InnerAnswer): Promise<void> {
  const { columns } = judging;
  const { table, entity } = columns;
  if (jobs.length === 0) return;
  const ids = jobs.map(({ id }) => `${table.id} eq ${id}`);
  const byId = new Map((await find(judging, ids)).map((row) => [row.id, row]));
  const missing = jobs.filter((job) => job.write.op === "create" && !byId.has(job.id));
  const terms = missing.map(({ write }) => sameKey(columns, write.fields)).filter((term) => term !== null);
  const found = terms.length === 0 ? [] : await find(judging, terms);
  const byKey = new Map(found.map((row) => [keyOf(table, row.data), row]));
  for (const job of jobs) {
    const own = byId.get(job.id);
    const row = own ?? byKey.get(keyOf(table, job.write.fields));
    if (own !== undefined && job.uncertain && agrees(own.data, job.write, entity)) {
      job.outcome = { kind: "ok", row: own };
    } else if (job.write.op === "update") {
      job.outcome = own === undefined ? { kind: "missing" } : { kind: "moved" };
    } else if (row === undefined) {
      job.outcome = refusal(job, answerTo(job), columns);
    } else if (own === undefined && !liesIn(entity.filter as Fields, row.data)) {
      const field = table.unique.at(-1)!;
      job.outcome = outsideFilter(entity, { field, value: row.data[field] });
    } else {
      job.outcome = { kind: "exists", row };
    }
  }
}

/** What the service keeps apart, as one text; it compares text without regard to case. null where a part is blank. */
export function keyOf({ unique }: Table, fields: Fields): string | null {
  const values = unique.map((column) => fields[column] ?? null);
  if (values.length === 0 || values.includes(null)) return null;
  return JSON.stringify(values.map((value) => String(value).trim().toLowerCase()));
}

/** The filter for rows with the same key; null where the key is none. */
export function sameKey({ table, entity }: Columns, fields: Fields): string | null {
  if (keyOf(table, fields) === null) return null;
  const terms = table.unique.map((column) => {
    const value = String(fields[column]);
    return entity.fields[column]!.kind === "lookup"
      ? `_${column}_value eq ${guid(value)}`
      : `${column} eq ${quoted(value)}`;
  });
  return terms.length === 1 ? terms[0]! : `(${terms.join(" and ")})`;
}

function find({ context, columns, signal }: Judging, terms: readonly string[]): Promise<Row[]> {
  return rowsBy(context, columns, { terms, signal });
}

/** Whether a row holds what a write says: then the write took effect, or nobody can tell the difference. */
export function agrees(data: Fields, { op, fields }: Written, entity: AnyEntity): boolean {
  return Object.entries(fields).every(([field, value]) => {
    if (value === null && op === "create") return true; // left to the service
    const decimal = entity.fields[field]!.kind === "decimal";
    const [sent, there] = [value, data[field] ?? null].map((side) => {
      if (decimal && side !== null) return canonical(String(side));
      return typeof side === "string" ? side.trimEnd() : side;
    });
    return (sent === "" ? null : sent) === there;
  });
}

/** The service's own words. */
export function refusal(
  { write, id }: { readonly write: Write; readonly id: string },
  answer: InnerAnswer,
  { entity }: Columns,
): Outcome {
  const { code, message } = codeAndText(answer);
  if (write.op !== "create") {
    if (answer.status === 404 && isAboutRow(message, id)) {
      return { kind: write.op === "delete" ? "deleted" : "missing" };
    }
    if (answer.status === 412 && !duplicates.has(code)) return { kind: "moved" };
    if (answer.status === 409 && write.op === "delete") return { kind: "moved" };
  }
  const field = fieldNamedIn(message, Object.keys(entity.fields));
  return {
    kind: "refused",
    code: code === "" ? `status_${answer.status}` : code,
    message: message.slice(0, 500),
    ...(field === undefined ? {} : { field }),
  };
}

/** A field that a text names: in quotes, or bare where its name is no word of a sentence. The longest one counts. */
function fieldNamedIn(message: string, fields: readonly string[]): string | undefined {
  return fields.filter((field) => {
    if (message.includes(`'${field}'`) || message.includes(`"${field}"`)) return true;
    return field.length > 8 && new RegExp(`\\b${field}\\b`, "i").test(message);
  }).toSorted((one, other) => other.length - one.length)[0];
}

/** Another row has the key, the table's own or one that an administrator defined, or is a duplicate by a rule. */
const duplicates: ReadonlySet<string> = new Set(["0x80040237", "0x80060892", duplicateFound]);

/** A 404 can also be about a row that a lookup points at; the text names the one that is not there. */
function isAboutRow(message: string, id: string): boolean {
  const named = idsIn(message);
  return named.length === 0 || named.includes(id);
}
function idsIn(message: string): readonly string[] {
  return message.toLowerCase().match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
}

/** Whether a line that an order's write changes is not there any more; perhaps, where the text names nothing. */
export function isLineGone(answer: InnerAnswer, parts: readonly PartWrite[]): boolean {
  const lines = parts.filter(({ op }) => op !== "create").map(({ key }) => key.toLowerCase());
  if (answer.status !== 404 || lines.length === 0) return false;
  const named = idsIn(codeAndText(answer).message);
  return named.length === 0 || named.some((id) => lines.includes(id));
}

function codeAndText(answer: InnerAnswer): { code: string; message: string } {
  if (answer.text.trim() === "") return { code: "", message: "" };
  try {
    return problemOf(parseJson(answer.text, new Set()));
  } catch {
    return { code: "", message: "" }; // a refusal needs no body; the status says enough
  }
}
