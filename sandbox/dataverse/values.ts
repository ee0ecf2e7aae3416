/** One value of a body as the table stores it, or the refusal that the service answers with. */
import { canonicalDecimal, compareDecimals, isDecimal, roundDecimal } from "../decimal.ts";
import { digitsOf, type Json, rawNumber } from "../json.ts";
import type { Cell } from "../tables.ts";
import { refuse } from "./refusal.ts";
import type { Column, TableSchema } from "./schema.ts";

export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The stored form: text without blanks at its end ("" is null), decimals rounded to the column's scale, time stamps in
 * whole seconds UTC, ids in lower case. `name` is the column's; lookups don't come here. Throws Refusal.
 */
export function storedValue(schema: TableSchema, name: string, value: Json): Cell {
  const column = schema.columns[name]!;
  if (value === null) return null;
  switch (column.kind) {
    case "text":
      return textOf(schema, name, typeof value === "string" ? value : wrongType(schema, name));
    case "boolean":
      return typeof value === "boolean" ? value : wrongType(schema, name);
    case "choice":
    case "integer":
    case "bigint":
      return integerOf(schema, name, typeof value === "number" ? value : wrongType(schema, name));
    case "decimal":
    case "money":
    case "double":
      return decimalOf(schema, name, digitsOf(value) ?? wrongType(schema, name));
    case "guid":
      return typeof value === "string" && GUID.test(value) ? value.toLowerCase() : wrongType(schema, name);
    case "date":
      return typeof value === "string" && isDay(value) ? value : wrongType(schema, name);
    case "datetime":
      return typeof value === "string" ? instantOf(schema, name, value) : wrongType(schema, name);
    case "lookup":
      return wrongType(schema, name);
  }
}

/** The same from the text of a file: "0", "false", "12.5" are read by the column's kind; "" is null. */
export function valueOfText(column: Column, text: Cell): Json {
  if (typeof text !== "string" || text === "") return text === "" ? null : text;
  if (column.kind === "boolean" && /^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  if (["choice", "integer", "bigint"].includes(column.kind) && /^-?\d{1,10}$/.test(text)) return Number(text);
  if (["decimal", "money", "double"].includes(column.kind) && isDecimal(text)) return rawNumber(text);
  return text;
}

function textOf(schema: TableSchema, name: string, value: string): Cell {
  const text = value.trimEnd();
  const { max } = schema.columns[name]!;
  if (max !== undefined && text.length > max) throw refuse.tooLong(schema.logical, name, max);
  return text === "" ? null : text;
}

function integerOf(schema: TableSchema, name: string, value: number): Cell {
  const { kind, values, least = -2147483648, most = 2147483647 } = schema.columns[name]!;
  if (kind === "choice") {
    if (!values!.includes(value)) throw refuse.unknownChoice(schema.logical, name, String(value));
  } else if (value < least || value > most) {
    throw refuse.outOfRange(schema.logical, name, "integer");
  }
  return value;
}

function decimalOf(schema: TableSchema, name: string, digits: string): Cell {
  const { kind, scale, least, most } = schema.columns[name]!;
  if (!isDecimal(digits)) return wrongType(schema, name);
  if (least !== undefined && compareDecimals(digits, String(least)) < 0) {
    throw refuse.outOfRange(schema.logical, name, kind);
  }
  if (most !== undefined && compareDecimals(digits, String(most)) > 0) {
    throw refuse.outOfRange(schema.logical, name, kind);
  }
  return scale === undefined ? canonicalDecimal(digits) : roundDecimal(digits, scale);
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && text >= "1753-01-01";
}

/** Without an offset a time is UTC. */
function instantOf(schema: TableSchema, name: string, text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  const at = match === null ? NaN : Date.parse(`${match[1]}${match[2] ?? "T00:00:00"}${match[3] ?? "Z"}`);
  if (Number.isNaN(at) || text < "1753") return wrongType(schema, name);
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}

function wrongType(schema: TableSchema, name: string): never {
  throw refuse.payload(
    `Error identified in Payload provided by the user for Entity :'${schema.set}': cannot convert the value of ` +
      `'${name}' to its type ${schema.columns[name]!.kind}.`,
  );
}
