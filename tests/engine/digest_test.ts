import { assertEquals } from "@std/assert";
import { digestOf } from "../../engine/digest.ts";

/** By another implementation, of the bytes of the text in UTF-16 (little endian): 128 bits, the lowest first. */
const known = {
  "": "AAAAAAAAAAAAAAAAAAAAAA",
  "a": "WG7ODE+Tvzc4P9Ozh/07MD",
  "Þ": "TskIYS4qAuKhrC4qEuKgrC",
  "hello": "JmkjJh0GIwGd/8sABly9sA",
  '["K101","Þórsmörk",null,12,true]': "ZmOKoRBpM7H+VmW+eqDOyB",
  "\u{1F600} and more than sixteen bytes": "g59aXFC3JM7idI/bxyGNBD",
};

Deno.test("digestOf() is MurmurHash3 of 128 bits", () => {
  for (const [text, digest] of Object.entries(known)) assertEquals(digestOf(text), digest, text);
});

Deno.test("digestOf() differs for texts that differ in any place, or in length", () => {
  const texts = new Set<string>();
  for (let length = 0; length <= 40; length++) {
    const text = "x".repeat(length);
    texts.add(text);
    for (let at = 0; at < length; at++) {
      for (const sign of ["y", "\u0178", "\0"]) texts.add(text.slice(0, at) + sign + text.slice(at + 1));
    }
  }
  assertEquals(new Set([...texts].map(digestOf)).size, texts.size);
});
