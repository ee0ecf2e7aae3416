import { assertEquals, assertThrows } from "@std/assert";
import {
  addDecimals,
  canonicalDecimal,
  compareDecimals,
  divideDecimals,
  multiplyDecimals,
  roundDecimal,
  subtractDecimals,
} from "../../sandbox/decimal.ts";
import { digitsOf, parseJson, rawNumber } from "../../sandbox/json.ts";

for (
  const [text, expected] of [["12.50", "12.5"], ["-0.0", "0"], ["100", "100"], ["1.5e3", "1500"], [
    "1e-10",
    "0.0000000001",
  ]]
) {
  Deno.test(`canonicalDecimal() of ${text}`, () => assertEquals(canonicalDecimal(text!), expected));
}

Deno.test("roundDecimal() rounds halves away from zero and pads", () => {
  assertEquals(["1.005", "-1.005", "1.004", "7"].map((text) => roundDecimal(text, 2)), [
    "1.01",
    "-1.01",
    "1.00",
    "7.00",
  ]);
});

Deno.test("divideDecimals(), addDecimals(), subtractDecimals() and multiplyDecimals() are exact", () => {
  assertEquals(divideDecimals("1", "3", 10), "0.3333333333");
  assertEquals(divideDecimals("-2", "3", 4), "-0.6667");
  assertEquals(addDecimals("0.1", "0.25"), "0.35");
  assertEquals([subtractDecimals("0.35", "0.1"), subtractDecimals("1", "-0.25")], ["0.25", "1.25"]);
  assertEquals([multiplyDecimals("0.1", "0.2"), multiplyDecimals("-3", "1.25")], ["0.02", "-3.75"]);
  assertThrows(() => divideDecimals("1", "0", 2), RangeError);
});

Deno.test("compareDecimals() compares values that a float confuses", () => {
  assertEquals(compareDecimals("9007199254740993", "9007199254740992.9") > 0, true);
  assertEquals(compareDecimals("1.10", "1.1"), 0);
});

Deno.test("parseJson() keeps the digits of numbers, and rawNumber() writes them", () => {
  const value = parseJson('{"a": 12.50, "b": 3, "c": [0.1, 9007199254740993], "d": "x"}') as Record<string, never>;
  assertEquals([digitsOf(value.a!), value.b, digitsOf(value.c![1]!), value.d], ["12.50", 3, "9007199254740993", "x"]);
  assertEquals(JSON.stringify({ value, n: rawNumber("1.2300") }).includes('"a":12.50'), true);
});
