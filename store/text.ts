/**
 * Text as the stores keep and order it: by code point, and with the few characters that PostgreSQL refuses (NUL, half
 * of a surrogate pair), or that {@link delimited} needs, written as U+FFFF and four hexadecimal digits, so that every
 * text comes back as it went in.
 */

const mark = "\uFFFF";
// Half a surrogate pair is seen as such only with the flag u.
// deno-lint-ignore no-control-regex
const refused = /[\0\x1B-\x1F\uD800-\uDFFF\uFFFF]/gu;
/** Without the flag it also matches whole pairs, and takes a tenth of the time. */
// deno-lint-ignore no-control-regex
const suspectText = /[\0\x1B-\x1F\uD800-\uDFFF\uFFFF]/;
/** The same in JSON, where JSON.stringify escapes most; it may match harmless text, and only costs time then. */
const suspect = /\\u(?:0000|001[b-f]|d[89a-f][0-9a-f]{2})|\uFFFF/;

function escape(text: string): string {
  return text.replace(refused, (one) => mark + one.charCodeAt(0).toString(16).padStart(4, "0"));
}
/** The text that {@link storable} wrote. */
export function unescape(text: string): string {
  return text.replace(/\uFFFF([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** The text as a text column holds it. */
export function storable<T extends string | null>(text: T): T {
  return text !== null && suspectText.test(text) ? escape(text) as T : text;
}

/** What stands between two rows, two columns, and two elements of a list; for a column, and an element, that is null. */
export const signs = { row: "\x1E", column: "\x1F", element: "\x1C", nullColumn: "\x1D", nullElement: "\x1B" } as const;

/**
 * Rows as one text that the database takes apart faster than JSON, and only a little slower than COPY reads. Text goes
 * in as {@link storable}, JSON as {@link encode} gives it, a list of texts as {@link listOf}.
 */
export function delimited(rows: readonly (readonly (string | null)[])[]): string {
  const lines = rows.map((columns) => {
    let line = "";
    for (let at = 0; at < columns.length; at++) {
      line += (at === 0 ? "" : signs.column) + (columns[at] ?? signs.nullColumn);
    }
    return line;
  });
  return lines.join(signs.row);
}

/** A list of texts as one column of {@link delimited}; it is never null and never empty. */
export function listOf(elements: readonly (string | null)[]): string {
  return elements.map((element) => element === null ? signs.nullElement : storable(element)).join(signs.element);
}

/** A value as JSON that PostgreSQL takes; {@link decode} gives it back. */
export function encode(value: unknown): string {
  const json = JSON.stringify(value);
  if (!suspect.test(json)) return json;
  return JSON.stringify(value, (_, inner) => typeof inner === "string" ? escape(inner) : inner);
}

/** The value of JSON that PostgreSQL made from what {@link encode} wrote. */
export function decode<T>(json: string): T {
  if (!json.includes(mark)) return JSON.parse(json);
  return JSON.parse(json, (_, inner) => typeof inner === "string" ? unescape(inner) : inner);
}

/** Order of well-formed text by code point, as COLLATE "C" has it: `<` on strings would put astral characters before U+E000 to U+FFFF. */
export function comparePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const astralX = x >= 0xd800 && x <= 0xdfff;
    const astralY = y >= 0xd800 && y <= 0xdfff;
    return astralX === astralY ? x - y : astralX ? (y >= 0xe000 ? 1 : x - y) : (x >= 0xe000 ? -1 : x - y);
  }
  return a.length - b.length;
}
