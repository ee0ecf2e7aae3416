import { assertEquals } from "@std/assert";
import { type CsvColumn, csvHeader, csvLines } from "../../reports/csv.ts";

const columns: readonly CsvColumn[] = [{ name: "id", kind: "plain" }, { name: "name", kind: "text" }];

Deno.test("csvHeader() ends with CR LF and has a byte order mark for spreadsheets only", () => {
  assertEquals(csvHeader(columns), "id,name\r\n");
  assertEquals(csvHeader(columns, { excel: true }), "\ufeffid;name\r\n");
});

const cells: readonly (readonly [what: string, cell: string, written: string])[] = [
  ["plain text", "Ægir ehf.", "Ægir ehf."],
  ["a separator", "a,b", '"a,b"'],
  ["a quote", 'a"b', '"a""b"'],
  ["a line feed", "a\nb", '"a\nb"'],
  ["a lone carriage return", "a\rb", '"a\rb"'],
  ["a leading blank", " a", '" a"'],
  ["a trailing blank", "a ", '"a "'],
  ["a trailing blank and a quote", 'a" ', '"a"" "'],
  ["an equals sign first", "=1+1", '"\'=1+1"'],
  ["a plus sign first", "+354 555", '"\'+354 555"'],
  ["a minus sign first", "-1", '"\'-1"'],
  ["an at sign first", "@SUM(A1)", '"\'@SUM(A1)"'],
  ["a tab first", "\ta", '"\'\ta"'],
  ["a carriage return first", "\ra", '"\'\ra"'],
  ["a line feed first", "\na", '"\'\na"'],
  ["blanks before a formula", "  =1", '"\'  =1"'],
  ["a full-width equals sign", "＝1", '"\'＝1"'],
  ["a no-break space before a full-width at sign", "\u00a0＠a", '"\'\u00a0＠a"'],
  ["NUL first", "\0a", '"\'\0a"'],
  ["NUL and a blank before a formula", "\0 =1", '"\'\0 =1"'],
  ["a formula sign inside", "a=b", "a=b"],
];
for (const [what, cell, written] of cells) {
  Deno.test(`csvLines() writes a text cell with ${what}`, () => {
    assertEquals(csvLines(columns, [["1", cell]]), `1,${written}\r\n`);
  });
}

Deno.test("csvLines() guards no ids, writes null as nothing and separates by semicolons for spreadsheets", () => {
  assertEquals(csvLines(columns, [["-1", null]]), "-1,\r\n");
  assertEquals(csvLines(columns, [["=1", "a,b;c"]], { excel: true }), '=1;"a,b;c"\r\n');
});
