/** A handle's table: its columns as the database has them, how they are read as text, and its rows. */
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Field, Fields, Row, Value } from "../connector.ts";
import { pickFrom, valueOf } from "../values.ts";
import type { Database, Query } from "./database.ts";
import { service } from "./refusals.ts";

export interface Column {
  readonly name: string;
  readonly type: string;
  /** Its default as SQL; null without one. */
  readonly default: string | null;
  readonly notNull: boolean;
  /** No two rows have the same value. */
  readonly unique: boolean;
}

/** A handle with its table. */
export interface Table {
  readonly entity: AnyEntity;
  readonly database: Database;
  /** Schema and name, quoted. */
  readonly name: string;
  readonly pageSize: number;
  readonly columns: ReadonlyMap<string, Column>;
  /** The column of the ids: "id", or else that of the key. */
  readonly id: string;
  /** The column whose value is there once, and by which a creation is known: the id, or the key. */
  readonly unique: string;
  /** Whether each change gets the time in `modified_at`. */
  readonly isStamped: boolean;
}

const stamp = "modified_at";
/** Text in UTC, whose order is that of the times. */
const utc = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Looks at the table. Throws ServiceError "table_missing", "column_missing", or "table_unfit" where its ids, or the keys
 * that we create by, are no text or not unique.
 */
export async function describe(
  database: Database,
  entity: AnyEntity,
  { schema, pageSize }: { readonly schema: string; readonly pageSize: number },
): Promise<Table> {
  const found = await database.query<Column>(
    `select a.attname as name, format_type(a.atttypid, null) as type, a.attnotnull as "notNull",
      case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as "default",
      exists (
        select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
          and i.indpred is null and i.indexprs is null and i.indnkeyatts = 1 and i.indkey[0] = a.attnum
      ) as unique
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where n.nspname = $1 and c.relname = $2 and c.relkind = 'r'`,
    [schema, entity.name],
  );
  const columns = new Map(found.map((column) => [column.name, column]));
  if (columns.size === 0) {
    const state = `there is no such table in schema "${schema}"`;
    throw wrong(entity, { code: "table_missing", state, remedy: "make it, or name the schema that has it" });
  }
  const missing = Object.keys(entity.fields).find((field) => !columns.has(field));
  if (missing !== undefined) {
    const state = `it has no column "${missing}"`;
    throw wrong(entity, { code: "column_missing", state, remedy: "add it, or take it from the handle" });
  }
  const id = columns.has("id") ? "id" : entity.key;
  if (entity.creation === "derived id" && id !== "id") {
    const state = 'it has no column "id" for the ids that we choose';
    throw wrong(entity, { code: "table_unfit", state, remedy: "add one, text, as primary key" });
  }
  const unique = entity.creation === "derived id" ? id : entity.key;
  const ids = columns.get(id)!;
  if (!ids.unique || !ids.notNull || !["text", "character varying"].includes(ids.type)) {
    const state = `its column "${id}" does not tell rows apart by a text`;
    throw wrong(entity, { code: "table_unfit", state, remedy: "make it text, and the primary key" });
  }
  if (!columns.get(unique)!.unique && entity.creation === "natural key") {
    const state = `two rows can have the same "${unique}"`;
    throw wrong(entity, { code: "table_unfit", state, remedy: "make it unique, so that nothing is created twice" });
  }
  const { type, notNull } = columns.get(stamp) ?? {};
  const isStamped = type === "timestamp with time zone" && notNull === true;
  const name = `${quotedName(schema)}.${quotedName(entity.name)}`;
  return { entity, database, name, pageSize, columns, id, unique, isStamped };
}

function wrong(
  { name }: AnyEntity,
  { code, state, remedy }: { readonly code: string; readonly state: string; readonly remedy: string },
): ServiceError {
  return new ServiceError(`Cannot use table "${name}": ${state}; ${remedy}`, { service, code });
}

/** A row as the statements of {@link selectOf} give it: its values in the order of the fields. */
interface Raw {
  readonly id: string;
  readonly version: string;
  readonly at: string | null;
  readonly [value: `v${number}`]: string | null;
}

/** Selects rows with these fields as text, from the table called t. */
export function selectOf(table: Table, fields: readonly string[]): string {
  const values = fields.map((field, at) => `${textOf(table.columns.get(field)!)} as v${at}`);
  const at = table.isStamped ? timeOf(table.columns.get(stamp)!) : "null";
  // Every update writes a new version of the row, whoever makes it: its transaction tells it from those before.
  const own = [`t.${quotedName(table.id)}::text as id`, "t.xmin::text as version", `${at} as at`];
  return `select ${[...own, ...values].join(", ")} from ${table.name} t`;
}

function textOf(column: Column): string {
  return column.type.startsWith("timestamp") ? timeOf(column) : `t.${quotedName(column.name)}::text`;
}
function timeOf({ name, type }: Column): string {
  const zoned = type === "timestamp with time zone" ? " at time zone 'UTC'" : "";
  return `to_char(t.${quotedName(name)}${zoned}, ${utc})`;
}

/** The fields that are read: those of the filter as well. */
export function readFields({ entity }: Table, fields: readonly string[]): readonly string[] {
  return [...new Set([...fields, ...Object.keys(entity.filter)])];
}

/** The rows of a statement that begins with {@link selectOf}. Throws ServiceError "bad_row". */
export async function rowsOf(
  query: Query,
  table: Table,
  { fields, rest, parameters = [] }: {
    readonly fields: readonly string[];
    /** What follows the selection. */
    readonly rest: string;
    readonly parameters?: readonly string[];
  },
): Promise<Row[]> {
  const raws = await query<Raw>(`${selectOf(table, fields)} ${rest}`, parameters);
  const known = fields.map((name): [string, Field] => [name, table.entity.fields[name]!]);
  return raws.map((raw): Row => {
    const data: Record<string, Value> = {};
    known.forEach(([name, field], at) => {
      const value = valueOf(field, raw[`v${at}`]!);
      if (value === undefined) throw badRow(table, raw.id, name);
      data[name] = value;
    });
    return { id: raw.id, version: raw.version, modifiedAt: raw.at, data };
  });
}

/** A row with these fields alone. */
export function narrowed(row: Row, fields: readonly string[]): Row {
  return { ...row, data: pickFrom(row.data, fields) };
}

/** A parameter with a list of texts, and the condition that a column is among them. */
export function among(column: string, parameter: number): string {
  return `t.${quotedName(column)} = any(array(select jsonb_array_elements_text($${parameter}::text::jsonb)))`;
}

/** The key that a record has, as text; null where it has none. */
export function keyOf({ entity }: Table, fields: Fields): string | null {
  const value = fields[entity.key] ?? null;
  return value === null ? null : String(value);
}

function badRow({ entity, name }: Table, id: string, field: string): ServiceError {
  return new ServiceError(
    `Cannot use record "${id}" of ${name}: field "${field}" holds no ${entity.fields[field]!.kind} that is known; ` +
      "correct the record, or the handle if the table changed",
    { service, code: "bad_row" },
  );
}
