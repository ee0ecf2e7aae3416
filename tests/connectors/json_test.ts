import { assertEquals, assertThrows } from "@std/assert";
import { canonical, exact, parseJson, parseRows } from "../../connectors/json.ts";

Deno.test("canonical() writes each decimal in one way", () => {
  const cases: [string, string][] = [
    ["12.50", "12.5"],
    ["0.0", "0"],
    ["-0", "0"],
    ["-0.00", "0"],
    ["-1.10", "-1.1"],
    ["007", "7"],
    ["+3", "3"],
    [".5", "0.5"],
    ["5.", "5"],
    ["1e3", "1000"],
    ["1.25E+1", "12.5"],
    ["125e-4", "0.0125"],
    ["-1.5e-1", "-0.15"],
    ["0e9", "0"],
    ["9007199254740993.000000000000000001", "9007199254740993.000000000000000001"],
  ];
  for (const [written, expected] of cases) assertEquals(canonical(written), expected, written);
  for (const bad of ["", ".", "-", "1,5", "abc", "1e", "0x10", "1e9999"]) assertThrows(() => canonical(bad), TypeError);
});

Deno.test("parseJson() keeps the digits of decimals, and exact() writes them again", () => {
  const decimals = new Set(["price"]);
  const text = '{"price":12345678901234567.890,"count":1.0,"lines":[{"price":1e-7}],"name":"1.0"}';
  const parsed = parseJson(text, decimals) as Record<string, unknown>;
  assertEquals(parsed, { price: "12345678901234567.89", count: 1, lines: [{ price: "0.0000001" }], name: "1.0" });
  assertEquals(JSON.stringify({ price: exact("12345678901234567.890") }), '{"price":12345678901234567.89}');
  assertThrows(() => parseJson("{", decimals), SyntaxError);
  const quoting = { name: '"price":1.50', 'a "price': 1.5, "price ": 1.5, price: null, list: ["price", 1.5] };
  assertEquals(parseJson(JSON.stringify(quoting), decimals), quoting);
  assertEquals(parseJson('{ "price" : -1.50 , "old.price":1.5}', new Set(["price", "d.price"])), {
    price: "-1.5",
    "old.price": 1.5,
  });
});

Deno.test("parseRows() gives rows as parseJson() does, whatever digits their decimals have", () => {
  const decimals = new Set(["price", "d.price"]);
  const numbers = [
    ...["0", "-0", "-0.0", "1", "1.50", "-12.5", "1e3", "1E-7", "2.5e+21", "100000000000000000000000", "0.1"],
    ...[
      "123456789012345",
      "1234567890123456",
      "12345678901234567.890",
      "0.000000000000000012345",
      "-0.30000000000000004",
      ...["9007199254740993", "900719925474.0993", "1e309", "1.5E+300", "1.2345e-320", "1e-400", "5e-99"],
    ],
  ];
  const texts = numbers.map((number) =>
    `[{"price":${number},"count":1.0},{"price" : ${number} , "d.price":${number}}]`
  );
  const others = '[{"price":null,"note":"\\"price\\":1.50"},{"count":1.50},{"price":"12.50"}]';
  for (const text of [...texts, others, "[]"]) assertEquals(parseRows(text, decimals), parseJson(text, decimals), text);
  assertEquals(parseRows('[{"price":1.50}]', new Set()), [{ price: 1.5 }]);
  assertThrows(() => parseRows("[{", decimals), SyntaxError);
});
