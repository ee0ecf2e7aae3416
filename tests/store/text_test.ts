import { assertEquals } from "@std/assert";
import { comparePoints, decode, encode, storable } from "../../store/text.ts";

const texts = [
  "",
  "a",
  "\0",
  "\uD800",
  "x\uDC00y",
  "\u{1F600}",
  "\uFFFF",
  "\uFFFF0000",
  "\\u0000",
  "\\uFFFF",
  '"\n',
  "\uFF5E",
];

Deno.test("encode() and decode() give every text back, within objects too", () => {
  for (const text of texts) {
    assertEquals(decode(encode(text)), text);
    assertEquals(decode(encode({ a: [{ b: text }] })), { a: [{ b: text }] });
  }
});

Deno.test("encode() leaves nothing that PostgreSQL refuses", () => {
  for (const text of texts) {
    const stored = JSON.parse(encode(text));
    assertEquals([stored.includes("\0"), stored.isWellFormed()], [false, true]);
    assertEquals(stored, storable(text));
  }
});

Deno.test("comparePoints() orders by code point", () => {
  const points = (text: string) => Array.from(text, (one) => one.codePointAt(0) ?? 0);
  const whole = texts.filter((text) => text.isWellFormed());
  for (const a of whole) {
    for (const b of whole) {
      const [x, y] = [points(a), points(b)];
      const at = x.findIndex((point, index) => point !== y[index]);
      const expected = at === -1 ? x.length - y.length : at >= y.length ? 1 : x[at]! - y[at]!;
      assertEquals(Math.sign(comparePoints(a, b)), Math.sign(expected), JSON.stringify([a, b]));
    }
  }
});
