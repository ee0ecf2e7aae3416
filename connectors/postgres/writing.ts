/** Writing a table: a batch is one transaction, and one statement for all creations, one for updates, one for deletions. */
import type { Clock, Fields, Outcome, Recalled, Row, WantedFields, Write } from "../connector.ts";
import { liesIn, outsideFilter } from "../odata.ts";
import { type Query, Unanswered } from "./database.ts";
import { isCollision, type Refusal, refusalOf, refusalOfRecord } from "./refusals.ts";
import { among, type Column, keyOf, narrowed, quotedName, readFields, rowsOf, type Table } from "./table.ts";

type Writing = WantedFields & { readonly clock: Clock; readonly name: string };

/** How often a transaction is begun anew that met another one. */
const mostTries = 4;

/** Writes a batch. Throws what the server refuses as a whole, and nothing is written then. */
export async function write(table: Table, writes: readonly Write[], options: Writing): Promise<Outcome[]> {
  for (let tries = 1;; tries++) {
    options.signal?.throwIfAborted();
    try {
      return await table.database.transaction((query) => batch(query, { table, writes, options }));
    } catch (error) {
      if (error instanceof Unanswered) return writes.map(() => ({ kind: "unknown", message: error.message }));
      if (options.signal?.aborted && error === options.signal.reason) throw error;
      if (!isCollision(error) || tries === mostTries) throw refusalOf(options.name, error);
      await options.clock.sleep(100 * tries * options.clock.random(), options.signal);
    }
  }
}

interface Batch {
  readonly table: Table;
  readonly writes: readonly Write[];
  readonly options: Writing;
}
/** What the statements of a batch did: ids, or keys, that they wrote, and what they were refused. */
interface Done {
  readonly written: Set<string>;
  readonly refused: Map<Write, Outcome>;
}

async function batch(query: Query, { table, writes, options }: Batch): Promise<Outcome[]> {
  await query("set constraints all immediate"); // or the commit would be refused for one record
  const done: Done = { written: new Set(), refused: new Map() };
  for (const [op, statement] of [["create", insert], ["update", update], ["delete", remove]] as const) {
    options.signal?.throwIfAborted();
    const some = writes.filter((one) => one.op === op && (op === "delete" || Object.keys(one.fields).length > 0));
    if (some.length > 0) await attempt(query, { table, some, statement }, done);
  }
  options.signal?.throwIfAborted();
  const there = await present(query, { table, writes, options });
  return writes.map((one) =>
    done.refused.get(one) ?? outcomeOf(table, one, { ...done, there, fields: options.fields })
  );
}

interface Attempt {
  readonly table: Table;
  readonly some: readonly Write[];
  readonly statement: (query: Query, table: Table, writes: readonly Write[]) => Promise<readonly string[]>;
}

/** What is refused for the sake of one record is tried by halves, until that one stands alone. */
async function attempt(query: Query, { table, some, statement }: Attempt, done: Done): Promise<void> {
  await query("savepoint part");
  try {
    for (const id of await statement(query, table, some)) done.written.add(id);
    await query("release part");
  } catch (error) {
    const refusal = refusalOfRecord(error);
    if (refusal === null) throw error;
    await query("rollback to part");
    await query("release part");
    if (some.length === 1) {
      const field = await fieldOf(query, { table, write: some[0]!, refusal });
      done.refused.set(some[0]!, refused(table, refusal, field));
      return;
    }
    const half = Math.ceil(some.length / 2);
    for (const part of [some.slice(0, half), some.slice(half)]) {
      await attempt(query, { table, some: part, statement }, done);
    }
  }
}

/** The columns that at least one of the writes has. */
function columnsIn(writes: readonly Fields[]): string[] {
  return [...new Set(writes.flatMap((fields) => Object.keys(fields)))];
}

/** A record that lacks a value gets the default of its column, as if it had been inserted alone. */
async function insert(query: Query, table: Table, writes: readonly Write[]): Promise<readonly string[]> {
  const rows = writes.map((one) => newRow(table, one));
  const columns = columnsIn(rows).map((name) => table.columns.get(name)!);
  const value = ({ name, default: other }: Column) =>
    other === null ? `r.${quotedName(name)}` : `coalesce(r.${quotedName(name)}, ${other})`;
  const names = columns.map(({ name }) => quotedName(name)).join(", ");
  const unique = quotedName(table.unique);
  const inserted = await query<{ id: string }>(
    `insert into ${table.name} as t (${names}) select ${columns.map(value).join(", ")}
      from jsonb_array_elements($1::text::jsonb) x(f), jsonb_populate_record(null::${table.name}, x.f) r
      on conflict (${unique}) do nothing returning t.${unique}::text as id`,
    [JSON.stringify(rows)],
  );
  return inserted.map(({ id }) => createdAs(id));
}

/** Of a record that is known by its key the database chooses the id, or else it is the key. */
function newRow(table: Table, { id, fields }: Write): Fields {
  const given = { ...table.entity.initial as Fields, ...fields };
  if (id !== null) return { [table.id]: id, ...given };
  if (table.id === table.entity.key || table.columns.get(table.id)!.default !== null) return given;
  return { [table.id]: keyOf(table, fields), ...given };
}

async function update(query: Query, table: Table, writes: readonly Write[]): Promise<readonly string[]> {
  const names = columnsIn(writes.map(({ fields }) => fields)).map(quotedName);
  const given = writes.map(({ id, version, fields }) => ({ id, version, f: fields }));
  const updated = await query<{ id: string }>(
    `update ${table.name} as t set (${names.join(", ")}) =
      (select ${names.map((name) => `r.${name}`).join(", ")} from jsonb_populate_record(t, x.f) r)
      from jsonb_to_recordset($1::text::jsonb) as x(id text, version text, f jsonb)
      where t.${quotedName(table.id)} = x.id and t.xmin::text = x.version returning x.id`,
    [JSON.stringify(given)],
  );
  return updated.map(({ id }) => id);
}

async function remove(query: Query, table: Table, writes: readonly Write[]): Promise<readonly string[]> {
  const removed = await query<{ id: string }>(
    `delete from ${table.name} as t using jsonb_to_recordset($1::text::jsonb) as x(id text, version text)
      where t.${quotedName(table.id)} = x.id and t.xmin::text = x.version returning x.id`,
    [JSON.stringify(writes.map(({ id, version }) => ({ id, version })))],
  );
  return removed.map(({ id }) => id);
}

function createdAs(unique: string): string {
  return `created ${unique}`;
}

/** What a creation is known by: the id that we chose, or its key. */
function uniqueOf(table: Table, { id, fields }: Write): string {
  return table.unique === table.id && id !== null ? id : keyOf(table, fields) ?? "";
}

/** The records that the writes are about, as the table has them now, by id and by what creations are known by. */
async function present(query: Query, { table, writes, options }: Batch): Promise<ReadonlyMap<string, Row>> {
  const created = writes.filter(({ op }) => op === "create").map((one) => uniqueOf(table, one));
  const others = writes.filter(({ op }) => op !== "create").map(({ id }) => id!);
  const fields = [...new Set([...readFields(table, options.fields), table.entity.key])];
  const asked = table.unique === table.id
    ? [[among(table.id, 1), [...others, ...created]] as const]
    : [[among(table.id, 1), others] as const, [amongKeys(table), created] as const];
  const rows: Row[] = [];
  for (const [condition, texts] of asked) {
    if (texts.length === 0) continue;
    rows.push(
      ...await rowsOf(query, table, { fields, rest: `where ${condition}`, parameters: [JSON.stringify(texts)] }),
    );
  }
  const unique = (row: Row) => table.unique === table.id ? row.id : keyOf(table, row.data) ?? "";
  return new Map(rows.flatMap((row) => [[row.id, row], [createdAs(unique(row)), row]]));
}

/** A key may be a number. */
function amongKeys(table: Table): string {
  if (table.unique === table.id) return among(table.id, 1);
  const { name, type } = table.columns.get(table.unique)!;
  const array = `array(select jsonb_array_elements_text($1::text::jsonb)::${type})`;
  return `t.${quotedName(name)} = any(${array})`;
}

interface Found extends Done {
  readonly there: ReadonlyMap<string, Row>;
  readonly fields: readonly string[];
}

function outcomeOf(table: Table, write: Write, { there, written, fields }: Found): Outcome {
  const { op, id, version } = write;
  const known = op === "create" ? createdAs(uniqueOf(table, write)) : id!;
  const row = there.get(known);
  if (op === "create") {
    if (row === undefined) return suppressed(table);
    if (written.delete(known)) return { kind: "ok", row: narrowed(row, fields) }; // of two equal ones the first counts
    if (liesIn(table.entity.filter, row.data)) return { kind: "exists", row: narrowed(row, fields) };
    return outsideFilter(table.entity, { field: table.entity.key, value: row.data[table.entity.key] });
  }
  if (op === "delete" && (written.has(known) || row === undefined)) return { kind: "deleted" };
  if (row === undefined) return { kind: "missing" };
  const isNothing = op === "update" && Object.keys(write.fields).length === 0;
  if (op === "update" && (written.has(known) || (isNothing && row.version === version))) {
    return { kind: "ok", row: narrowed(row, fields) };
  }
  return row.version === version ? suppressed(table) : { kind: "moved" };
}

/** A trigger of the table, or a rule, may leave a record out without a word. */
function suppressed({ entity }: Table): Outcome {
  const message = `Cannot write a record of "${entity.name}": the table left it out without an error; ` +
    "look at its triggers and policies";
  return { kind: "refused", code: "write_suppressed", message };
}

function refused({ entity }: Table, { code, message }: Refusal, field: string | undefined): Outcome {
  return {
    kind: "refused",
    code,
    message: `Cannot write a record of "${entity.name}": "${message}" (SQLSTATE ${code}); correct it on the other side`,
    ...(field === undefined ? {} : { field }),
  };
}

/** The field that a refusal is about: PostgreSQL names it, its constraint has it alone, or it is refused by itself. */
async function fieldOf(
  query: Query,
  { table, write, refusal }: { readonly table: Table; readonly write: Write; readonly refusal: Refusal },
): Promise<string | undefined> {
  const known = (name: string | undefined) =>
    name !== undefined && Object.hasOwn(table.entity.fields, name) ? name : undefined;
  if (refusal.column_name) return known(refusal.column_name);
  if (refusal.constraint_name) {
    const columns = await query<{ name: string }>(
      `select a.attname as name from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
        where k.conrelid = $1::text::regclass and k.conname = $2`,
      [table.name, refusal.constraint_name],
    );
    return columns.length === 1 ? known(columns[0]!.name) : undefined;
  }
  if (!refusal.code.startsWith("22")) return undefined;
  for (const [name, value] of Object.entries(write.fields)) {
    await query("savepoint field");
    try {
      await query(
        `select r.${quotedName(name)}::text from jsonb_populate_record(null::${table.name}, $1::text::jsonb) r`,
        [JSON.stringify({ [name]: value })],
      );
    } catch (error) {
      if (refusalOfRecord(error) === null) throw error;
      return name;
    } finally {
      await query("rollback to field");
    }
  }
  return undefined;
}

/** See the contract: by the id that we chose, or by the key with the values that were sent. */
export async function recall(
  table: Table,
  writes: readonly Write[],
  options: WantedFields & { readonly since: string },
): Promise<readonly (readonly Recalled[])[]> {
  if (writes.length === 0) return [];
  const sent = writes.flatMap(({ fields }) => Object.keys(fields));
  const rows = await rowsOf(table.database.query, table, {
    fields: [...new Set([...options.fields, ...sent, table.entity.key])],
    rest: `where ${amongKeys(table)}`,
    parameters: [JSON.stringify(writes.map((one) => uniqueOf(table, one)))],
  });
  const byKey = Map.groupBy(
    rows,
    (row) => uniqueOf(table, { op: "create", id: row.id, version: null, fields: row.data }),
  );
  return writes.map((one) => {
    const isSame = ({ data }: Row) =>
      Object.entries(one.fields).every(([name, value]) => (data[name] ?? "") === (value ?? ""));
    return (byKey.get(uniqueOf(table, one)) ?? []).filter((row) => one.id !== null || isSame(row))
      .map((row) => narrowed(row, options.fields));
  });
}
