/** A handle's file: which column is what, and its records as rows. */
import { createHash } from "node:crypto";
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Field, Fields, Row, Value } from "../connector.ts";
import { pickFrom, valueOf } from "../values.ts";
import { type CsvRecord, recordsOf, service } from "./records.ts";

/** A handle, and where its records are. */
export interface Table {
  readonly entity: AnyEntity;
  readonly path: string;
  /** Called for each time that the file is read or written. */
  count(what: "read" | "write"): void;
}

/** The header of a file. */
export interface Columns {
  readonly names: readonly string[];
  /** Place of each column by its name. */
  readonly places: ReadonlyMap<string, number>;
  /** The column of the ids: "id", or else that of the key. */
  readonly id: string;
}

/** A record of the file with what it is known by. */
export interface Found {
  readonly record: CsvRecord;
  readonly id: string;
  readonly version: string;
}

/**
 * The records of a handle's file with its columns, one after the other. Throws ServiceError "column_missing" where the
 * file has neither ids nor keys, "bad_row" for an id that is blank or there twice, and what {@link recordsOf} throws.
 */
export async function* found(table: Table): AsyncGenerator<{ columns: Columns; found: Found | null }> {
  table.count("read");
  let columns: Columns | null = null;
  const ids = new Set<string>();
  for await (const record of recordsOf(table.path)) {
    if (columns === null) {
      columns = columnsOf(table, record.cells);
      yield { columns, found: null };
      continue;
    }
    const id = record.cells[columns.places.get(columns.id)!]!;
    if (id === "" || ids.has(id)) {
      throw badRow(table, record, columns.id, id === "" ? "is blank" : "is that of a line before");
    }
    ids.add(id);
    yield { columns, found: { record, id, version: versionOf(columns, record.cells) } };
  }
  if (columns === null) throw noColumn(table, table.entity.key);
}

function columnsOf(table: Table, header: readonly string[]): Columns {
  const names = header.map((name, at) => (at === 0 ? name.replace(/^\uFEFF/, "") : name).trim());
  const places = new Map(names.map((name, at) => [name, at]));
  const id = places.has("id") ? "id" : table.entity.key;
  if (!places.has(id)) throw noColumn(table, id);
  if (places.size === names.length) return { names, places, id };
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  throw new ServiceError(
    `Cannot read "${table.path}": its header has "${twice}" twice; rename one of the two columns`,
    { service, code: "file_malformed" },
  );
}

/** The error for a file without a column that is needed. */
export function noColumn({ path }: Table, column: string): ServiceError {
  return new ServiceError(`Cannot use "${path}": it has no column "${column}"; add one to its header and its lines`, {
    service,
    code: "column_missing",
  });
}

/** Follows from all cells, in whatever order the columns stand. */
export function versionOf({ names }: Columns, cells: readonly string[]): string {
  const named = names.map((name, at) => [name, cells[at]]).sort(([a], [b]) => a! < b! ? -1 : 1);
  return createHash("sha256").update(JSON.stringify(named)).digest("hex").slice(0, 32);
}

/** The values of a record, checked. Throws ServiceError "bad_row" naming file, line and field, not the value. */
export function dataOf(
  table: Table,
  columns: Columns,
  { record, fields }: { readonly record: CsvRecord; readonly fields: readonly string[] },
): Fields {
  const data: Record<string, Value> = {};
  for (const name of fields) {
    const field: Field = table.entity.fields[name]!;
    const place = columns.places.get(name);
    const cell = place === undefined ? "" : record.cells[place]!;
    const value = cell === "" && field.kind === "boolean" && !field.nullable ? false : valueOf(field, cell);
    if (value === undefined) throw badRow(table, record, name, `holds no ${field.kind} that is known`);
    data[name] = value;
  }
  return data;
}

/** A record as a row with these fields. */
export function rowOf(table: Table, columns: Columns, { record, id, version, fields }: Found & RowFields): Row {
  return { id, version, modifiedAt: null, data: dataOf(table, columns, { record, fields }) };
}
interface RowFields {
  readonly fields: readonly string[];
}

/** The same row with these fields alone. */
export function narrowed(row: Row, fields: readonly string[]): Row {
  return { ...row, data: pickFrom(row.data, fields) };
}

function badRow({ path }: Table, { line }: CsvRecord, field: string, state: string): ServiceError {
  return new ServiceError(
    `Cannot use "${path}", line ${line}: field "${field}" ${state}; correct that line`,
    { service, code: "bad_row" },
  );
}
