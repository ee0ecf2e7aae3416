/**
 * JSON without floats: a decimal keeps the digits that its service wrote, and is written with the digits it has.
 * Imports nothing.
 */

/** What TypeScript's library does not know yet: raw JSON (ECMAScript 2026). */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

const number = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
/** Most decimals come as {@link canonical} would write them. */
const ready = /^(?:0|-?(?:[1-9]\d*|0(?=\.))(?:\.\d*[1-9])?)$/;

/**
 * The one way to write a decimal: no exponent, no needless zeros, no minus before zero ("12.50" → "12.5",
 * "-0.0" → "0", "1e3" → "1000"). Throws TypeError for text that is no decimal.
 */
export function canonical(decimal: string): string {
  if (ready.test(decimal)) return decimal;
  const [, sign, whole = "", part = "", exponent] = number.exec(decimal) ?? [];
  if (whole + part === "") throw new TypeError("Cannot read a decimal: the text is no number");
  let digits = whole + part;
  let point = whole.length + Number(exponent ?? 0);
  if (point > digits.length) digits = digits.padEnd(point, "0");
  if (point < 0) {
    digits = "0".repeat(-point) + digits;
    point = 0;
  }
  const before = digits.slice(0, point).replace(/^0+/, "");
  const after = digits.slice(point).replace(/0+$/, "");
  if (before === "" && after === "") return "0";
  return `${sign === "-" ? "-" : ""}${before === "" ? "0" : before}${after === "" ? "" : "."}${after}`;
}

/**
 * Parses JSON; numbers under a property of `decimals` come as canonical text. Throws SyntaxError. They are put in quotes
 * before the text is parsed, since a function that is called for each value takes eight times as long as all else.
 */
export function parseJson(text: string, decimals: ReadonlySet<string>): unknown {
  if (decimals.size === 0) return JSON.parse(text);
  return JSON.parse(
    text.replace(numbersOf(decimals), (_, name: string, number: string) => `${name}"${canonical(number)}"`),
  );
}

/**
 * {@link parseJson} for a list of rows without objects or lists of their own. Where a float holds all numbers exactly, they are
 * made text when all is parsed: the text need not be copied before.
 */
export function parseRows(text: string, decimals: ReadonlySet<string>): readonly unknown[] {
  if (decimals.size === 0 || longOf(decimals).test(text)) return parseJson(text, decimals) as unknown[];
  const rows: (Record<string, unknown> | null)[] = JSON.parse(text);
  for (const row of rows) {
    for (const name of decimals) {
      const value = row?.[name];
      if (typeof value === "number") row![name] = canonical(String(value));
    }
  }
  return rows;
}

/** A number that a float may not hold: its digits and the point are 16 signs or more, or its exponent has three digits. */
function longOf(decimals: ReadonlySet<string>): RegExp {
  const names = [...decimals].map(RegExp.escape).join("|");
  return new RegExp(`"(?:${names})"\\s*:\\s*-?(?:[\\d.]{16}|[\\d.]*[eE][+-]?\\d{3})`);
}

/** A quote inside a text has a backslash before it, so a property's name between two that have none is no text. */
function numbersOf(decimals: ReadonlySet<string>): RegExp {
  return new RegExp(`((?<!\\\\)"(?:${[...decimals].map(RegExp.escape).join("|")})"\\s*:\\s*)(-?\\d[\\d.eE+-]*)`, "g");
}

/** A decimal as a value for JSON.stringify, which then writes exactly these digits as a number. */
export function exact(decimal: string): unknown {
  return rawJSON(canonical(decimal));
}
