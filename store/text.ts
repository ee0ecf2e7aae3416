/**
 * Text as the stores keep and order it: by code point, and with the few characters that PostgreSQL refuses (NUL, half
 * of a surrogate pair) written as U+FFFF and four hexadecimal digits, so that every text comes back as it went in.
 */

const mark = "\uFFFF";
// Half a surrogate pair is seen as such only with the flag u.
const refused = /[\0\uD800-\uDFFF\uFFFF]/gu;
/** The same in JSON, where JSON.stringify escapes the first two; it may match harmless text, and only costs time then. */
const suspect = /\\u(?:0000|d[89a-f][0-9a-f]{2})|\uFFFF/;

function escape(text: string): string {
  return text.replace(refused, (one) => mark + one.charCodeAt(0).toString(16).padStart(4, "0"));
}
/** The text that {@link storable} wrote. */
export function unescape(text: string): string {
  return text.replace(/\uFFFF([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** The text as a text column holds it. */
export function storable(text: string): string {
  return escape(text);
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
