/** The body of a POST or PATCH, checked against the facts of its entity set. */
import { canonicalDecimal, isDecimal } from "../decimal.ts";
import { digitsOf, isObject, type Json } from "../json.ts";
import type { Cell } from "../tables.ts";
import { escapeName, type FieldFact, type SetFact } from "./facts.ts";
import { captionOf } from "./captions.ts";
import { badRequest, invalidField, Refusal } from "./refusal.ts";

/** Values as they are stored, by field name, in the order in which the request named them. */
export type Input = ReadonlyMap<string, Cell>;

/** A body: the record's own values, and those of the records that are to be made along with it. */
export interface Body {
  readonly input: Input;
  /** By navigation property. */
  readonly parts: ReadonlyMap<string, readonly Body[]>;
}

/**
 * Reads the body of a POST. Throws a Refusal for an unknown property, one that is read-only, or a value that its field
 * can't hold.
 */
export function readBody(sets: Readonly<Record<string, SetFact>>, fact: SetFact, body: Json): Body {
  if (!isObject(body)) throw badRequest("The request body isn't a JSON object.");
  const own: Record<string, Json> = {};
  const parts = new Map<string, readonly Body[]>();
  for (const [name, value] of Object.entries(body)) {
    const part = Object.hasOwn(fact.navigation ?? {}, name) ? fact.navigation![name]! : undefined;
    if (part?.parent === undefined) {
      own[name] = value;
      continue;
    }
    if (!Array.isArray(value)) throw badRequest(`The value of "${name}" isn't an array.`);
    parts.set(name, (value as Json[]).map((one) => readBody(sets, sets[part.set]!, one)));
  }
  return { input: readInput(fact, own), parts };
}

/** Reads the body of a PATCH; throws as {@link readBody} does. */
export function readInput(fact: SetFact, body: Json): Input {
  if (!isObject(body)) throw badRequest("The request body isn't a JSON object.");
  const input = new Map<string, Cell>();
  for (const [name, value] of Object.entries(body)) {
    if (name.startsWith("@odata.")) continue;
    const column = name === "systemId" ? "id" : name;
    const field = Object.hasOwn(fact.fields, column) ? fact.fields[column] : undefined;
    if (field === undefined) {
      throw badRequest(`The property "${name}" doesn't exist on type "Microsoft.NAV.${fact.entity}".`);
    }
    if (field.readOnly) throw badRequest(`The control "${name}" is read-only.`);
    input.set(column, stored(name, field, value));
  }
  return input;
}

/** The stored form of a value that came as JSON. */
function stored(name: string, field: FieldFact, value: Json): Cell {
  const wrong = () => badRequest(`The value of "${name}" can't be converted to the type of the property.`);
  if (field.kind === "boolean") {
    if (typeof value !== "boolean") throw wrong();
    return value;
  }
  if (field.kind === "decimal" || field.kind === "integer") {
    const digits = digitsOf(value);
    if (digits === null) throw wrong();
    return field.kind === "integer" ? Number(digits) : canonicalDecimal(digits);
  }
  if (typeof value !== "string") throw wrong();
  return checkedText(name, field, value);
}

/**
 * The stored form of a value that came as text (a JSON string, a CSV cell): numbers canonical, codes in capitals,
 * enum names unescaped. Throws a Refusal when the field can't hold it.
 */
export function checkedText(name: string, field: FieldFact, text: string): Cell {
  const refused = (what: string) => badRequest(`The value "${text}" of "${name}" isn't ${what}.`);
  switch (field.kind) {
    case "boolean":
      if (text !== "true" && text !== "false") throw refused("true or false");
      return text === "true";
    case "decimal":
      if (!isDecimal(text)) throw refused("a number");
      return canonicalDecimal(text);
    case "integer":
      if (!/^-?\d{1,9}$/.test(text)) throw refused("a whole number");
      return Number(text);
    case "guid":
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw refused("a GUID");
      return text.toLowerCase();
    case "date":
      if (!isDay(text)) throw refused("a date (yyyy-mm-dd)");
      return text;
    case "datetime": {
      const at = Date.parse(text);
      if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(at)) throw refused("a time stamp");
      return new Date(at).toISOString();
    }
    case "enum": {
      const found = field.values?.find((choice) => choice === text || escapeName(choice) === text);
      if (found === undefined) throw refused(`one of ${field.values?.map(escapeName).join(", ")}`);
      return found;
    }
    default: {
      const kept = field.kind === "code" ? text.trim().toUpperCase() : text;
      // Business Central counts UTF-16 units, as its text type does.
      if (field.max !== undefined && kept.length > field.max) {
        throw new Refusal(
          400,
          "Application_StringExceededLength",
          `The length of the string is ${kept.length}, but it must be less than or equal to ${field.max} characters. Value: ${text}`,
        );
      }
      if (field.check === "phone" && /\p{L}/u.test(kept)) {
        throw invalidField(`${captionOf(name)} must not contain letters.`);
      }
      if (field.check === "email" && kept !== "" && !isEmail(kept)) {
        throw invalidField(`The email address "${kept}" is not valid.`);
      }
      return kept;
    }
  }
}

/** One address, or several with semicolons between them. */
function isEmail(text: string): boolean {
  return text.split(";").every((one) => /^[^\s@,;<>()"]+@[^\s@,;<>()"]+$/.test(one.trim()));
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
