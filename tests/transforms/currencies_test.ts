import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { currencyPrecision, currencySymbol } from "../../transforms/currencies.ts";

Deno.test("currencySymbol gives the usual symbol, else the code", () => {
  assertEquals(["EUR", "ISK", "PLN", "XDR"].map(currencySymbol.forward), ["€", "kr.", "zł", "XDR"]);
});

Deno.test("currencySymbol never gives a blank or more than the CRM's ten characters", () => {
  fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 10 }), (code) => {
    const symbol = currencySymbol.forward(code);
    assert(symbol.length >= 1 && symbol.length <= 10);
  }));
});

Deno.test("currencyPrecision takes the most decimals, 4 at the most, and 2 where nothing is said", () => {
  const places = ["2:2", "2", "0:0", "2:4", "2:5", null];
  assertEquals(places.map(currencyPrecision.forward), [2, 2, 0, 4, 4, 2]);
});
