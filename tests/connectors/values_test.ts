/** Text of files and databases as values of fields. */
import { assertEquals } from "@std/assert";
import type { Field, Value } from "../../connectors/connector.ts";
import { unfit, valueOf } from "../../connectors/values.ts";

const field = (kind: Field["kind"], more: Partial<Field> = {}): Field => ({ kind, nullable: true, ...more });
const wanted = { nullable: false };
const cases: readonly (readonly [field: Field, text: string | null, value: Value | undefined])[] = [
  [field("text"), " kept as it is ", " kept as it is "],
  [field("text"), "", null],
  [field("text", wanted), null, ""],
  [field("decimal"), "12.50", "12.5"],
  [field("decimal"), "+0012345678901234567890.10", "12345678901234567890.1"],
  [field("decimal"), "-0.00", "0"],
  ...["1,5", "1e3", "NaN", ".5", "5.", "0x10", " 1"].map((text) => [field("decimal"), text, undefined] as const),
  [field("integer"), "-7", -7],
  [field("integer"), "9007199254740993", undefined],
  [field("integer"), "7.0", undefined],
  [field("boolean", wanted), "TRUE", true],
  [field("boolean", wanted), "0", false],
  [field("boolean", wanted), "yes", undefined],
  [field("boolean", wanted), null, undefined],
  [field("date"), "2024-02-29", "2024-02-29"],
  [field("date"), "2026-02-29", undefined],
  [field("date"), "29.2.2024", undefined],
  [field("datetime"), "2026-03-01 00:30:00.120+01", "2026-02-28T23:30:00.12Z"],
  [field("datetime"), "2026-03-01T00:30:00.000000Z", "2026-03-01T00:30:00Z"],
  [field("datetime"), "2026-03-01T00:30:00-0130", "2026-03-01T02:00:00Z"],
  [field("datetime"), "2026-02-30T00:30:00Z", undefined],
  [field("datetime"), "2026-03-01T00:30:00", undefined],
  [field("choice", { values: [1, 2] }), "2", 2],
  [field("choice", { values: [1, 2] }), "3", undefined],
  [field("choice", { values: [" ", "All"], ...wanted }), "", " "],
  [field("choice", { values: ["A"], ...wanted }), "", undefined],
  [field("lookup"), "EUR", "EUR"],
];
for (const [of, text, value] of cases) {
  Deno.test(`valueOf() makes ${JSON.stringify(value)} of ${JSON.stringify(text)} in a ${of.kind}`, () => {
    assertEquals(valueOf(of, text), value);
  });
}

Deno.test("unfit() names the field that takes no such value", () => {
  const fields = { name: field("text", { max: 3 }), day: field("date"), limit: field("decimal") };
  assertEquals(unfit(fields, { name: "abc", day: "2026-01-31", limit: "1.5" }), null);
  assertEquals(unfit(fields, { name: null, day: null, limit: null }), null);
  assertEquals(unfit(fields, { day: "2026-01-31", name: "abcd" })?.field, "name");
  assertEquals(unfit(fields, { name: "abc", day: "yesterday" })?.field, "day");
  assertEquals(unfit(fields, { limit: "much" })?.field, "limit");
  assertEquals(unfit(fields, { other: "x" })?.field, "other");
});
