/** JSON whose numbers keep the digits that were sent: 12.50 stays 12.50, 0.1 never becomes a float. */

/** A number that JavaScript would not hold exactly, as its text. `JSON.stringify` writes it as that number. */
export interface RawNumber {
  readonly rawJSON: string;
}
/** A JSON value as {@link parseJson} gives it: integers are numbers, every other number is a {@link RawNumber}. */
export type Json = null | boolean | number | string | RawNumber | readonly Json[] | { readonly [name: string]: Json };

interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): boolean;
}
// The TypeScript library doesn't describe this part of ECMAScript 2026 yet.
const exact = JSON as unknown as ExactJson;

/** Throws SyntaxError when the text isn't JSON. */
export function parseJson(text: string): Json {
  return exact.parse(text, (_key, value, context) => {
    if (typeof value !== "number") return value;
    const source = context.source ?? String(value);
    return /^-?\d{1,15}$/.test(source) ? value : exact.rawJSON(source);
  }) as Json;
}

/** A number for an answer, written with exactly these digits. */
export function rawNumber(digits: string): RawNumber {
  return exact.rawJSON(digits);
}

function isRawNumber(value: unknown): value is RawNumber {
  return exact.isRawJSON(value);
}

/** The digits of a number that {@link parseJson} gave, or null when the value isn't a number. */
export function digitsOf(value: Json): string | null {
  if (typeof value === "number") return String(value);
  return isRawNumber(value) ? value.rawJSON : null;
}

/** True for an object of names and values. */
export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawNumber(value);
}
