/** Writing a table: creations and updates in batches, outcomes as the contract names them, creations found again. */
import type { Fields, Opened, Outcome, Row, Write } from "../connector.ts";
import { ServiceError } from "../../errors.ts";
import { anyOf, guid, outsideFilter, quoted, type RawRow } from "../odata.ts";
import { batchSize, type Inner, type InnerOutcome, sendBatch } from "./batch.ts";
import { joinName, nameParts, type PersonName } from "./person_name.ts";
import { current, find, lengthAround } from "./reading.ts";
import { checkFields, isChanged, isDuplicate, refusal, unknown } from "./refusals.ts";
import { decimalsIn, mapRows, type Table, withoutFilter } from "./table.ts";
import { plainBody } from "./views.ts";

type WriteOptions = Parameters<Opened["write"]>[1];
type RecallOptions = Parameters<Opened["recall"]>[1];

/** A request waits for its turn for up to 8 minutes, and is worked on for up to 10, whoever waits for its answer. */
export const lateFor = 20 * 60_000;

/** How many batches are on their way at once; the limiter may let through fewer. */
const batchesAtOnce = 4;

/** See the contract. Throws TypeError for a field that may not be written then: no definition that was checked does. */
export async function write(table: Table, writes: readonly Write[], options: WriteOptions): Promise<Outcome[]> {
  for (const one of writes) checkAccess(table, one);
  const outcomes: Outcome[] = [];
  const requests = await requestsOf(table, writes, outcomes);
  const batches: (typeof requests)[] = [];
  for (let at = 0; at < requests.length; at += batchSize) batches.push(requests.slice(at, at + batchSize));

  let attempted = false;
  let fault: unknown = null;
  await Promise.all(Array.from({ length: batchesAtOnce }, async () => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      try {
        if (fault !== null) throw fault;
        const answers = await sendBatch(table.http, batch.map((one) => one.request), {
          clock: table.clock,
          limiter: table.limiter,
          path: `${apiOf(table)}$batch`,
          decimals: decimalsIn(table),
          signal: options.signal,
        });
        attempted = true;
        await settle(table, batch, { answers, outcomes, writes, options });
      } catch (error) {
        fault ??= error;
        for (const { at } of batch) outcomes[at] = unknown(error);
      }
    }
  }));
  if (fault !== null && !attempted) throw fault;
  await settleDeletions(table, writes, outcomes);
  return outcomes;
}

/** A deletion whose answer was lost took effect if nothing is there any more. */
async function settleDeletions(table: Table, writes: readonly Write[], outcomes: Outcome[]): Promise<void> {
  const open = [...writes.keys()].filter((at) => writes[at]!.op === "delete" && outcomes[at]!.kind === "unknown");
  if (open.length === 0) return;
  try {
    const there = await current(table, open.map((at) => writes[at]!.id!), []);
    for (const at of open) if (!there.has(guid(writes[at]!.id!))) outcomes[at] = { kind: "deleted" };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error; // they stay unknown otherwise
  }
}

interface Asked {
  readonly at: number;
  readonly request: Inner;
}

/** The requests of the writes; a write that leads nowhere has its outcome already. */
async function requestsOf(table: Table, writes: readonly Write[], outcomes: Outcome[]): Promise<Asked[]> {
  const { view, entity, company } = table;
  const send = await view.send?.({
    writes: writes.filter(({ op }) => op !== "delete"),
    lookups: table.lookups(),
    current: (ids, properties) => current(table, ids, properties),
  });
  const requests: Asked[] = [];
  const url = `${company.slice(apiOf(table).length)}${entity.name}`;
  writes.forEach((one, at) => {
    const headers = { "If-Match": one.version ?? "" };
    if (one.op === "delete") {
      requests.push({ at, request: { method: "DELETE", url: `${url}(${guid(one.id!)})`, headers } });
      return;
    }
    const more = send?.(one) ?? { body: {} };
    if ("refused" in more) {
      outcomes[at] = { kind: "refused", ...more.refused };
      return;
    }
    const body = { ...plainBody(view, one, table.fields), ...more.body };
    requests.push({
      at,
      request: one.op === "create"
        ? { method: "POST", url, headers: {}, body }
        : { method: "PATCH", url: `${url}(${guid(one.id ?? "")})`, headers, body },
    });
  });
  return requests;
}

interface Settling {
  readonly answers: readonly InnerOutcome[];
  readonly outcomes: Outcome[];
  readonly writes: readonly Write[];
  readonly options: WriteOptions;
}

async function settle(table: Table, batch: readonly Asked[], how: Settling): Promise<void> {
  const { answers, outcomes, writes, options } = how;
  const stored: { at: number; raw: RawRow }[] = [];
  for (const [position, { at }] of batch.entries()) {
    const answer = answers[position]!;
    if (answer.kind === "unknown") outcomes[at] = answer;
    else if (answer.status < 300 && writes[at]!.op === "delete") outcomes[at] = { kind: "deleted" };
    else if (answer.status < 300) stored.push({ at, raw: answer.body });
    else outcomes[at] = await refusedOutcome(table, writes[at]!, { ...answer, options }).catch(unknown);
  }
  await settleStored(table, stored, how);
}

/** Rows that are stored, yet whose look can't be told, have an unknown outcome; a bad one takes no others with it. */
async function settleStored(
  table: Table,
  stored: readonly { at: number; raw: RawRow }[],
  how: Settling,
): Promise<void> {
  const { outcomes, options } = how;
  try {
    const rows = await rowsOf(table, stored.map(({ raw }) => raw), options.fields);
    stored.forEach(({ at }, position) => outcomes[at] = { kind: "ok", row: rows[position]! });
  } catch (error) {
    const isRow = error instanceof ServiceError && error.code === "bad_row";
    if (isRow && stored.length > 1) { for (const one of stored) await settleStored(table, [one], how); }
    else for (const { at } of stored) outcomes[at] = unknown(error);
  }
}

/** One row for each, whether they lie in the handle's filter or not. */
async function rowsOf(table: Table, raws: readonly RawRow[], fields: readonly string[]): Promise<Row[]> {
  const { only: _only, ...view } = table.view;
  return (await mapRows({ ...withoutFilter(table), view }, raws, fields)).rows;
}

async function refusedOutcome(
  table: Table,
  write: Write,
  answer: { status: number; body: RawRow; options: WriteOptions },
): Promise<Outcome> {
  if (write.op === "create" && isDuplicate(answer)) {
    const met = await withKey(table, write, answer.options);
    if (met !== null) return met;
  }
  if (write.op !== "create") {
    if (answer.status === 404) return { kind: write.op === "delete" ? "deleted" : "missing" };
    if (isChanged(answer)) return { kind: "moved" };
  }
  return refusal(answer, { sent: write.fields, entity: table.entity });
}

/** The record with the key of a creation counts only inside the handle's filter: outside it is something else. */
async function withKey(table: Table, write: Write, options: WriteOptions): Promise<Outcome | null> {
  const field = table.entity.key;
  const value = write.fields[field] ?? null;
  if (value === null) return null;
  const { rows: [row], left } = await find(table, `${field} eq ${quoted(String(value))}`, options);
  if (row !== undefined) return { kind: "exists", row };
  return left.length === 0 ? null : outsideFilter(table.entity, { field, value });
}

/**
 * See the contract: by the key, or by the name, as many of them in a request as its address can hold; of what is there
 * with one of them, that which was modified since and has all values that were sent.
 */
export async function recall(
  table: Table,
  writes: readonly Write[],
  options: RecallOptions,
): Promise<readonly (readonly Row[])[]> {
  const { creation } = table.entity;
  if (writes.length === 0 || (creation !== "natural key" && creation !== "lookup")) return writes.map(() => []);
  const names = writes.some((write) => hasName(write.fields)) ? nameParts : [];
  const fields = [...new Set([...options.fields, ...writes.flatMap((write) => Object.keys(write.fields)), ...names])];
  const found = new Map<string, Row>();
  const around = lengthAround(withoutFilter(table), { fields });
  for (const $filter of await recallFilters(table, writes, { ...options, around })) {
    const { rows } = await find(withoutFilter(table), $filter, { fields, signal: options.signal });
    for (const row of rows) found.set(row.id, row);
  }
  const since = Date.parse(options.since);
  const late = [...found.values()].filter(({ modifiedAt }) => modifiedAt === null || Date.parse(modifiedAt) >= since);
  return writes.map((write) =>
    late.filter((row) => isSame(write.fields, row.data)).map((row) => ({
      ...row,
      data: Object.fromEntries(options.fields.map((field) => [field, row.data[field] ?? null])),
    }))
  );
}

/** Filters that between them find whatever one of the writes may have left. */
async function recallFilters(
  table: Table,
  writes: readonly Write[],
  { since, around }: { readonly since: string; readonly around: number },
): Promise<readonly string[]> {
  const { creation, key } = table.entity;
  const bodies = creation === "lookup" ? await bodiesOf(table, writes) : writes.map(({ fields }) => fields);
  const properties = creation === "lookup" ? ["displayName", "companyNumber"] : [key];
  const literals = new Map<string | undefined, Set<string>>();
  for (const body of bodies) {
    // One is enough: all values are compared again. A creation without any is looked for among all that changed.
    const property = properties.find((name) => typeof body[name] === "string" && body[name] !== "");
    const ofProperty = literals.get(property) ?? new Set();
    literals.set(property, ofProperty.add(property === undefined ? "" : quoted(String(body[property]))));
  }
  return [...literals].flatMap(([property, values]) =>
    property === undefined
      ? [`lastModifiedDateTime ge ${new Date(since).toISOString()}`]
      : anyOf(property, [...values], around)
  );
}

/** Writes as the service gets them. */
async function bodiesOf(table: Table, writes: readonly Write[]): Promise<Readonly<Record<string, unknown>>[]> {
  const send = await table.view.send?.({
    writes,
    lookups: table.lookups(),
    current: () => Promise.resolve(new Map()),
  });
  return writes.map((write) => {
    const more = send?.(write) ?? { body: {} };
    return { ...plainBody(table.view, write, table.fields), ...("body" in more ? more.body : {}) };
  });
}

/** Names of persons are compared whole: the service splits them in its own way. */
function isSame(sent: Fields, stored: Fields): boolean {
  if (hasName(sent) && !isEqual(nameOf(sent), nameOf(stored))) return false;
  return Object.entries(sent).every(([field, value]) => {
    return value === null || nameParts.some((part) => part === field) || isEqual(value, stored[field]);
  });
}
function hasName(fields: Fields): boolean {
  return nameParts.some((part) => part in fields);
}
function nameOf(fields: Fields): string {
  const parts = nameParts.map((part) => [part, fields[part] === undefined ? null : fields[part]]);
  return joinName(Object.fromEntries(parts) as unknown as PersonName);
}
/** The service writes codes in capitals and takes spaces away from the end. */
export function isEqual(sent: unknown, stored: unknown): boolean {
  if (typeof sent !== "string" || typeof stored !== "string") return sent === stored;
  return sent.trim().toLowerCase() === stored.trim().toLowerCase();
}

function checkAccess(table: Table, write: Write): void {
  if (write.op === "delete" && !table.entity.deletable) {
    throw new TypeError(
      `Cannot delete a record of "${table.entity.name}": nobody may by this connector; block it instead`,
    );
  }
  if (write.op !== "create" && (write.id === null || write.version === null)) {
    throw new TypeError(`Cannot ${write.op} a record of "${table.entity.name}": the write names no id and version`);
  }
  checkFields(table, write.op, write.fields);
}

/** The API's own path below the root: addresses inside a batch begin there. */
export function apiOf(table: Table): string {
  return table.company.slice(0, table.company.lastIndexOf("companies("));
}
