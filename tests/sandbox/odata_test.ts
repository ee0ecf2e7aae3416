import { assertEquals, assertThrows } from "@std/assert";
import { QueryError } from "../../sandbox/filter.ts";
import { comparator, parseQuery, preferences } from "../../sandbox/odata.ts";

Deno.test("parseQuery() decodes options and takes them apart", () => {
  const query = parseQuery(
    "?$select=a,%20b&$filter=name%20eq%20%27x%2By%27+and+c%20eq%201&%24top=5&$count=true&$orderby=a%20desc,b&company=x",
  );
  assertEquals(query.select, ["a", "b"]);
  assertEquals(query.filter, "name eq 'x+y' and c eq 1");
  assertEquals([query.top, query.skip, query.count], [5, null, true]);
  assertEquals(query.orderby, [{ property: "a", descending: true }, { property: "b", descending: false }]);
  assertEquals([...query.others], [["company", "x"]]);
});

Deno.test("parseQuery() reads $expand with options of its own", () => {
  const { expand } = parseQuery("?$expand=lines($select=a,b;$filter=c eq 'x;,)'),owner");
  assertEquals(expand.map(({ name }) => name), ["lines", "owner"]);
  assertEquals(expand[0]!.query.select, ["a", "b"]);
  assertEquals(expand[0]!.query.filter, "c eq 'x;,)'");
});

for (const search of ["?$top=x", "?$top=1&$top=2", "?$orderby=a up", "?$filter=%E0%A4%A", "?$count=yes"]) {
  Deno.test(`parseQuery() refuses ${search}`, () => {
    assertThrows(() => parseQuery(search), QueryError);
  });
}

Deno.test("preferences() reads joined headers with commas inside quotes", () => {
  const headers = new Headers();
  headers.append("Prefer", 'odata.include-annotations="a.b,c.*",odata.maxpagesize=5');
  headers.append("Prefer", "odata.track-changes");
  assertEquals([...preferences(headers)], [
    ["odata.include-annotations", "a.b,c.*"],
    ["odata.maxpagesize", "5"],
    ["odata.track-changes", ""],
  ]);
});

Deno.test("comparator() orders by several properties, decimals by value, null first", () => {
  const kinds = { a: "decimal", b: "text" } as const;
  const order = comparator([{ property: "a", descending: true }, { property: "b", descending: false }], {
    kind: (property) => kinds[property as "a"],
  });
  const rows = [{ id: "1", a: "9" }, { id: "2", a: "10", b: "x" }, { id: "3", a: "10.0", b: null }, {
    id: "4",
    a: null,
  }];
  assertEquals(rows.sort(order).map(({ id }) => id), ["3", "2", "1", "4"]);
});
