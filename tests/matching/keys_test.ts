import { assertEquals, assertNotEquals } from "@std/assert";
import { matchKeys } from "../../matching/keys.ts";

Deno.test("matchKeys() is equal for records that agree in every field of the group", () => {
  const kinds = ["name", "postal"] as const;
  assertEquals(matchKeys(["Bike World Ltd", "V5A 3A6"], kinds), matchKeys(["BIKE WORLD", "v5a3a6"], kinds));
});

Deno.test("matchKeys() keeps the fields of a group apart", () => {
  assertNotEquals(matchKeys(["ab", "c"], ["name", "name"]), matchKeys(["a", "bc"], ["name", "name"]));
});

Deno.test("matchKeys() is null when any field has nothing to compare", () => {
  assertEquals(matchKeys(["Bike World", null], ["name", "postal"]), null);
  assertEquals(matchKeys(["Bike World"], ["name", "postal"]), null);
  assertEquals(matchKeys(["", "98104"], ["name", "postal"]), null);
  assertEquals(matchKeys([], []), null);
});
