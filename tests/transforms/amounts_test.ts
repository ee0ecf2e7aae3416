import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { aboveZero, atLeastZero } from "../../transforms/amounts.ts";

Deno.test("atLeastZero turns what is below zero into zero and keeps the digits of all else", () => {
  assertEquals(atLeastZero.forward("-0.01"), "0");
  assertEquals(atLeastZero.forward("-12"), "0");
  assertEquals(atLeastZero.forward("0.30000000000000004"), "0.30000000000000004");
  assertEquals(atLeastZero.forward("0"), "0");
  assertEquals(atLeastZero.forward(null), null);
});

Deno.test("atLeastZero never gives a negative amount", () => {
  fc.assert(fc.property(fc.bigInt(), fc.nat(99_999), (whole, part) => {
    const amount = `${whole}.${part}`;
    const given = atLeastZero.forward(amount);
    assert(given === amount ? whole >= 0n : given === "0");
  }));
});

Deno.test("aboveZero has nothing to say of zero", () => {
  assertEquals(["0", "0.5", "-1", null].map(aboveZero.forward), [null, "0.5", "-1", null]);
});
