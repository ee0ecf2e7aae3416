/** Writing a handle's file: a new one is made beside it and takes its place, so readers see the old one or the new one. */
import type { Clock, Fields, Outcome, Recalled, Row, Value, WantedFields, Write } from "../connector.ts";
import { liesIn, outsideFilter } from "../odata.ts";
import { unfit } from "../values.ts";
import { type CsvRecord, fileError, lineOf } from "./records.ts";
import { type Columns, found, narrowed, noColumn, rowOf, type Table, versionOf } from "./table.ts";

type Writing = WantedFields & { readonly clock: Clock };
/** A batch on its way through the file. */
interface Job {
  readonly table: Table;
  readonly writes: readonly Write[];
  readonly options: Writing;
  readonly outcomes: (Outcome | undefined)[];
  /** What is to be looked for: places of updates and deletions by id, of creations by id and by key. */
  readonly byId: ReadonlyMap<string, number>;
  readonly created: { readonly id: Map<string, number>; readonly key: Map<string, number> };
}

/** Writes a batch in one pass, after what else writes the file, here or in another process. */
export async function write(table: Table, writes: readonly Write[], options: Writing): Promise<Outcome[]> {
  options.signal?.throwIfAborted();
  const lock = await lockFile(table.path);
  try {
    return await writeAlone(table, writes, options);
  } finally {
    lock.close();
  }
}

/** Waits for who else writes: nobody holds it for longer than a batch takes. */
async function lockFile(path: string): Promise<Deno.FsFile> {
  try {
    const file = await Deno.open(`${path}.lock`, { create: true, read: true, write: true });
    await file.lock(true);
    return file;
  } catch (error) {
    throw fileError("write", path, error);
  }
}

async function writeAlone(table: Table, writes: readonly Write[], options: Writing): Promise<Outcome[]> {
  const job = jobOf(table, writes, options);
  const beside = `${table.path}.new`;
  try {
    const file = await Deno.open(beside, { create: true, truncate: true, write: true });
    let isChanged: boolean;
    try {
      isChanged = await copy(job, file);
      options.signal?.throwIfAborted();
      await file.sync();
    } finally {
      file.close();
    }
    if (isChanged) {
      await Deno.rename(beside, table.path);
      table.count("write");
    } else await Deno.remove(beside);
  } catch (error) {
    await Deno.remove(beside).catch(() => {}); // it may never have been made; what went wrong is told
    if (options.signal?.aborted) throw error;
    throw error instanceof TypeError ? error : fileError("write", table.path, error);
  }
  return job.outcomes.map((outcome, at) => outcome ?? { kind: writes[at]!.op === "delete" ? "deleted" : "missing" });
}

function jobOf(table: Table, writes: readonly Write[], options: Writing): Job {
  const byId = new Map<string, number>();
  const created = { id: new Map<string, number>(), key: new Map<string, number>() };
  const { fields, creation, key } = table.entity;
  const outcomes = writes.map((one, at): Outcome | undefined => {
    const bad = unfit(fields, one.fields) ?? (one.op === "create" ? blankIn(table, one) : null);
    if (bad !== null) return refused(table, bad);
    if (one.op !== "create") byId.set(one.id!, at);
    else {
      if (one.id !== null && !created.id.has(one.id)) created.id.set(one.id, at);
      const value = String(one.fields[key] ?? "");
      if (creation !== "derived id" && !created.key.has(value)) created.key.set(value, at);
    }
    return undefined;
  });
  return { table, writes, options, outcomes, byId, created };
}

/** Nobody but us gives a new record what it must have. */
function blankIn({ entity }: Table, { id, fields }: Write): Parameters<typeof refused>[1] | null {
  const needed = Object.keys(entity.fields).filter((name) => entity.fields[name]!.required);
  if (id === null) needed.push(entity.key);
  const field = needed.find((name) => (fields[name] ?? entity.initial[name] ?? "") === "");
  return field === undefined ? null : { field, state: "a record must have one" };
}

function refused({ entity }: Table, { field, state }: NonNullable<ReturnType<typeof unfit>>): Outcome {
  const message = `Cannot write "${field}" of "${entity.name}": ${state}; correct it on the other side`;
  return { kind: "refused", code: "value_refused", message, field };
}

/** Copies the file with what the batch changes. Returns whether anything did. */
async function copy(job: Job, file: Deno.FsFile): Promise<boolean> {
  const { table, writes, outcomes } = job;
  const out = writer(file);
  let columns: Columns | null = null;
  let isChanged = false;
  for await (const { columns: header, found: one } of found(table)) {
    columns ??= accepted(job, header);
    if (one === null) {
      await out.add(header.names);
      continue;
    }
    meet(job, header, one);
    const at = job.byId.get(one.id);
    const asked = at === undefined || outcomes[at] !== undefined ? undefined : writes[at]!;
    if (asked === undefined) await out.add(one.record.cells);
    else if (asked.version !== one.version) {
      outcomes[at!] = { kind: "moved" };
      await out.add(one.record.cells);
    } else if (asked.op === "delete") {
      outcomes[at!] = { kind: "deleted" };
      isChanged = true;
    } else {
      const cells = withFields(header, one.record.cells, asked.fields);
      const isRenamed = cells[header.places.get(header.id)!] !== one.id;
      outcomes[at!] = isRenamed
        ? refused(table, { field: header.id, state: "it tells the record apart from others" })
        : { kind: "ok", row: made(job, header, { line: one.record.line, cells }) };
      isChanged ||= !isRenamed;
      await out.add(isRenamed ? one.record.cells : cells);
    }
  }
  if (columns !== null) {
    for (const record of creations(job, columns)) {
      isChanged = true;
      await out.add(record.cells);
    }
  }
  await out.end();
  return isChanged;
}

/** Every field that is written needs its column, and an id that we chose as well. */
function accepted({ table, writes }: Job, columns: Columns): Columns {
  const names = new Set(writes.flatMap(({ fields }) => Object.keys(fields)));
  if (writes.some(({ op, id }) => op === "create" && id !== null)) names.add("id");
  const missing = [...names].find((name) => !columns.places.has(name) && name in { ...table.entity.fields, id: 0 });
  if (missing !== undefined) throw noColumn(table, missing);
  return columns;
}

/** A record that is there may be one that is to be created. */
function meet(job: Job, columns: Columns, one: { record: CsvRecord; id: string; version: string }): void {
  const { table, created, outcomes } = job;
  if (created.id.size + created.key.size === 0) return;
  const key = one.record.cells[columns.places.get(table.entity.key) ?? -1] ?? "";
  for (const at of [created.id.get(one.id), created.key.get(key)]) {
    if (at === undefined || outcomes[at] !== undefined) continue;
    outcomes[at] = existing(job, columns, one.record);
  }
}

/** What is there counts only inside the handle's filter: outside it is something else. */
function existing(job: Job, columns: Columns, record: CsvRecord): Outcome {
  const { entity } = job.table;
  const row = made(job, columns, record, Object.keys(entity.filter));
  if (liesIn(entity.filter, row.data)) return { kind: "exists", row: narrowed(row, job.options.fields) };
  const value = record.cells[columns.places.get(entity.key) ?? -1];
  return outsideFilter(entity, { field: entity.key, value });
}

function* creations(job: Job, columns: Columns): Generator<CsvRecord> {
  const { table, writes, outcomes, options } = job;
  const begun = new Map<string, CsvRecord>();
  for (const [at, { op, id, fields }] of writes.entries()) {
    if (op !== "create" || outcomes[at] !== undefined) continue;
    const own = id ?? `key ${fields[table.entity.key]}`;
    const before = begun.get(own);
    if (before !== undefined) {
      outcomes[at] = existing(job, columns, before);
      continue;
    }
    const ids = columns.id === "id" ? { id: id ?? options.clock.uuid() } : {};
    const blank = columns.names.map(() => "");
    const cells = withFields(columns, blank, { ...table.entity.initial as Fields, ...fields, ...ids });
    const record = { line: 0, cells };
    begun.set(own, record);
    outcomes[at] = { kind: "ok", row: made(job, columns, record) };
    yield record;
  }
}

function withFields({ places }: Columns, cells: readonly string[], fields: Fields): string[] {
  const changed = [...cells];
  for (const [name, value] of Object.entries(fields)) {
    const place = places.get(name);
    if (place !== undefined) changed[place] = textOf(value);
  }
  return changed;
}
function textOf(value: Value): string {
  return value === null ? "" : String(value);
}

/** A record as the file has it now. */
function made({ table, options }: Job, columns: Columns, record: CsvRecord, also: readonly string[] = []): Row {
  const id = record.cells[columns.places.get(columns.id)!]!;
  const version = versionOf(columns, record.cells);
  return rowOf(table, columns, { record, id, version, fields: [...new Set([...options.fields, ...also])] });
}

/** Text that goes out in pieces of a size that files like. */
function writer(file: Deno.FsFile): { add(cells: readonly string[]): Promise<void>; end(): Promise<void> } {
  let text = "";
  const encoder = new TextEncoder();
  async function flush(): Promise<void> {
    const bytes = encoder.encode(text);
    text = "";
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
  return {
    async add(cells) {
      text += lineOf(cells);
      if (text.length > 65_536) await flush();
    },
    end: flush,
  };
}

/** See the contract: by the id that we chose, or by the key with the values that were sent. */
export async function recall(
  table: Table,
  writes: readonly Write[],
  options: WantedFields & { readonly since: string },
): Promise<readonly (readonly Recalled[])[]> {
  const given = writes.map((): Row[] => []);
  const asked = Map.groupBy(
    writes.keys(),
    (at) =>
      writes[at]!.id === null ? `key ${textOf(writes[at]!.fields[table.entity.key] ?? null)}` : `id ${writes[at]!.id}`,
  );
  for await (const { columns, found: one } of found(table)) {
    options.signal?.throwIfAborted();
    if (one === null) continue;
    const key = one.record.cells[columns.places.get(table.entity.key) ?? -1];
    for (const at of [...asked.get(`key ${key}`) ?? [], ...asked.get(`id ${one.id}`) ?? []]) {
      const sent = writes[at]!;
      const names = Object.keys(sent.fields);
      const row = rowOf(table, columns, { ...one, fields: [...new Set([...options.fields, ...names])] });
      const isSame = names.every((name) => (row.data[name] ?? "") === (sent.fields[name] ?? ""));
      if (sent.id !== null || isSame) given[at]!.push(narrowed(row, options.fields));
    }
  }
  return given;
}
