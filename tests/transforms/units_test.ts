import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { unitGroupName } from "../../transforms/units.ts";

Deno.test("unitGroupName puts a prefix before the code and takes it away again", () => {
  assertEquals(unitGroupName.forward("PCS"), "NAV PCS");
  assertEquals(unitGroupName.backward("NAV PCS"), "PCS");
  assertEquals(unitGroupName.backward("Default Unit"), "Default Unit");
});

Deno.test("unitGroupName backward(forward(code)) is the code, and forward(backward(name)) the prefixed name", () => {
  fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 10 }), (code) => {
    assertEquals(unitGroupName.backward(unitGroupName.forward(code)), code);
    assertEquals(unitGroupName.forward(unitGroupName.backward(`NAV ${code}`)), `NAV ${code}`);
  }));
});
