import { assertEquals, assertThrows } from "@std/assert";
import { compileFilter, type FilterKind, type FilterRules, QueryError } from "../../sandbox/filter.ts";
import type { Row } from "../../sandbox/tables.ts";

const kinds: Readonly<Record<string, FilterKind>> = {
  name: "text",
  city: "text",
  amount: "decimal",
  state: "integer",
  open: "boolean",
  owner: "guid",
  day: "date",
  at: "datetime",
};
const rules: FilterRules = { kind: (property) => kinds[property] };
const row: Row = {
  id: "1",
  name: "O'Brien & Söhne",
  city: null,
  amount: "12.50",
  state: 3,
  open: false,
  owner: "0a000000-0000-4000-8000-00000000000b",
  day: "2026-01-31",
  at: "2026-01-31T10:00:00.500Z",
};

const truths: readonly [filter: string, passes: boolean][] = [
  ["name eq 'O''Brien & Söhne'", true],
  ["name eq 'o''brien & söhne'", false],
  ["amount eq 12.5", true],
  ["amount gt 12.49 and amount lt 12.51", true],
  ["amount ge 9", true], // as text "12.50" < "9"
  ["state eq 3", true],
  ["state ne 3 or open eq false", true],
  ["not (state eq 3)", false],
  ["not state eq 4", true],
  ["state eq 1 or state eq 2 and open eq false", false],
  ["(state eq 3 or state eq 2) and open eq true", false],
  ["owner eq 0A000000-0000-4000-8000-00000000000B", true],
  ["day ge 2026-01-31", true],
  ["day gt 2026-01-31", false],
  ["at gt 2026-01-31T10:00:00.4Z", true],
  ["at gt 2026-01-31T11:00:00+01:00", true],
  ["at lt 2026-01-31", false],
  ["contains(name,'Brien')", true],
  ["startswith(name,'Söhne')", false],
  ["endswith(name, 'Söhne')", true],
  ["city eq null", true],
  ["city ne null", false],
  ["name eq null", false],
  // A row for which the filter is unknown doesn't pass, negated or not.
  ["city eq 'a'", false],
  ["city ne 'a'", false],
  ["not (city eq 'a')", false],
  ["contains(city,'a') or state eq 3", true],
];
for (const [filter, passes] of truths) {
  Deno.test(`compileFilter() decides ${filter}`, () => assertEquals(compileFilter(filter, rules)(row), passes));
}

const refused: readonly [filter: string, kind: QueryError["kind"]][] = [
  ["name eq", "syntax"],
  ["name eq 'a", "syntax"],
  ["(name eq 'a'", "syntax"],
  ["name eq 'a' name eq 'b'", "syntax"],
  ["nome eq 'a'", "unknown_property"],
  ["state eq '3'", "types"],
  ["name eq 3", "types"],
  ["owner eq 'x'", "types"],
  ["contains(state,'3')", "types"],
  ["state in (1,2)", "unsupported"],
  ["length(name) eq 3", "unsupported"],
];
for (const [filter, kind] of refused) {
  Deno.test(`compileFilter() refuses ${filter} as ${kind}`, () => {
    assertEquals(assertThrows(() => compileFilter(filter, rules), QueryError).kind, kind);
  });
}

Deno.test("compileFilter() compares text without case where the service does", () => {
  const test = compileFilter("name eq 'O''BRIEN & SÖHNE' and contains(name,'söhne')", {
    ...rules,
    caseInsensitive: true,
  });
  assertEquals(test(row), true);
});

Deno.test("compileFilter() refuses or between different fields where the service does", () => {
  const strict = { ...rules, orAcrossFields: false };
  assertEquals(compileFilter("(state eq 3 or state eq 4) and name ne 'x'", strict)(row), true);
  const error = assertThrows(() => compileFilter("open eq true and (state eq 3 or name eq 'x')", strict), QueryError);
  assertEquals(error.kind, "or_across_fields");
});
