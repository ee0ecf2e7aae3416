/** Values that a service keeps as text, the cell of a file or a column of a database, as fields of their kind have them. */
import type { Field, Fields, Value } from "./connector.ts";
import { canonical } from "./json.ts";

const decimalForm = /^[+-]?\d+(\.\d+)?$/;
const dateForm = /^(\d{4}-\d{2}-\d{2})$/;
const timeForm = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)$/;

/** The value; null for a blank where the field takes one, undefined for text that is no value of this field. */
export function valueOf(field: Field, text: string | null): Value | undefined {
  if (text === null || text === "") return blankOf(field);
  switch (field.kind) {
    case "text":
    case "lookup":
      return text;
    case "decimal":
      return decimalForm.test(text) ? canonical(text.replace(/^\+/, "")) : undefined;
    case "integer": {
      const number = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
      return Number.isSafeInteger(number) ? number : undefined;
    }
    case "boolean":
      return /^(true|1)$/i.test(text) ? true : /^(false|0)$/i.test(text) ? false : undefined;
    case "date":
      return dateForm.test(text) && isDay(text) ? text : undefined;
    case "datetime":
      return instantOf(text);
    case "choice":
      return field.values?.find((value) => String(value) === text);
  }
}

/** Null where the field takes it, else the value that stands for "none"; undefined where there is none. */
function blankOf({ kind, nullable, values }: Field): Value | undefined {
  if (nullable) return null;
  if (kind === "text") return "";
  return values?.includes(" ") ? " " : undefined;
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** In UTC, with the digits of the second that there are, but no zeros at their end. */
function instantOf(text: string): string | undefined {
  const [, day, time, part = "", zone = ""] = timeForm.exec(text) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  const offset = zone.length === 3 ? `${zone}:00` : zone.replace(/^(...)(\d\d)$/, "$1:$2");
  const seconds = Date.parse(`${day}T${time}${offset}`);
  if (Number.isNaN(seconds)) return undefined;
  const digits = part.replace(/\.?0+$/, "");
  return `${new Date(seconds).toISOString().slice(0, 19)}${digits}Z`;
}

/** Why values can't be stored by a service that has no rules of its own; null where they can. */
export function unfit(
  fields: Readonly<Record<string, Field>>,
  values: Fields,
): { readonly field: string; readonly state: string } | null {
  for (const [name, value] of Object.entries(values)) {
    const field = fields[name];
    if (field === undefined) return { field: name, state: "the handle has no such field" };
    if (value !== null && value !== "" && valueOf(field, String(value)) === undefined) {
      return { field: name, state: `it takes no such ${field.kind}` };
    }
    if (field.max !== undefined && typeof value === "string" && value.length > field.max) {
      return {
        field: name,
        state: `the value has ${value.length} characters, it holds ${field.max}`,
      };
    }
  }
  return null;
}

/** The values of a record without those that were not asked for; one that it lacks is null. */
export function pickFrom(data: Fields, fields: readonly string[]): Fields {
  return Object.fromEntries(fields.map((field) => [field, data[field] ?? null]));
}
