import { assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import fc from "fast-check";
import { countryName } from "../../transforms/countries.ts";
import { sharedData, sharedTest } from "../shared.ts";

const normal = (country: string | null) => countryName.normal!(country);

Deno.test("countryName forward gives the English name of a code and leaves all else as it is", () => {
  assertEquals(countryName.forward("IS"), "Iceland");
  assertEquals(countryName.forward("PL"), "Poland");
  assertEquals(countryName.forward("AX"), "Åland Islands");
  assertEquals(countryName.forward("ENG-X"), "ENG-X");
  assertEquals(countryName.forward(null), null);
});

const written: readonly (readonly [string, string])[] = [
  ["Iceland", "IS"],
  ["ICELAND", "IS"],
  ["Ísland", "IS"],
  ["isl", "IS"],
  ["UK", "GB"],
  ["U.K.", "GB"],
  ["Great Britain", "GB"],
  ["gb", "GB"],
  ["USA", "US"],
  ["U.S.A.", "US"],
  ["the United States", "US"],
  ["United States of America", "US"],
  ["Deutschland", "DE"],
  ["Cote d’Ivoire", "CI"],
  ["St. Lucia", "LC"],
  ["Bosnia & Herzegovina", "BA"],
  ["Czech Republic", "CZ"],
  ["Polska", "PL"],
  ["Korea, Republic of", "Korea, Republic of"],
  ["n.a.", "n.a."],
  ["Atlantis", "Atlantis"],
];
for (const [country, code] of written) {
  Deno.test(`countryName backward takes "${country}" to "${code}"`, () => {
    assertEquals(countryName.backward(country), code);
  });
}

Deno.test("countryName knows each code once and takes its own name back to it", () => {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const codes = letters.flatMap((one) => letters.map((two) => one + two)).filter((it) =>
    countryName.forward(it) !== it
  );
  assertEquals(codes.length, 249);
  for (const code of codes) {
    const name = countryName.forward(code);
    assertEquals([countryName.backward(name), countryName.backward(name!.toUpperCase())], [code, code]);
    assertEquals(countryName.forward(countryName.backward(name)), name);
  }
  assertEquals(new Set(codes.map((code) => countryName.forward(code))).size, 249);
});

Deno.test("countryName forward(backward(x)) is the same value as x, and x itself where it is no known spelling", () => {
  const spelling = fc.constantFrom(...written.map(([country]) => country), "US", "de", " Norge ", "POLAND");
  fc.assert(fc.property(fc.oneof(spelling, fc.string({ unit: "binary" })), (country) => {
    const back = countryName.forward(countryName.backward(country));
    assertEquals(normal(back), normal(country));
    if (countryName.backward(country) === country) assertEquals(back, countryName.forward(country));
  }));
});

Deno.test("countryName normal makes codes, names and variants of one country one value", () => {
  for (const same of ["US", "us", "USA", "United States", "UNITED STATES OF AMERICA"]) {
    assertEquals(normal(same), "United States");
  }
  assertEquals(normal("Atlantis"), "Atlantis");
  assertEquals(normal(null), null);
  fc.assert(fc.property(fc.string(), (country) => assertEquals(normal(normal(country)), normal(country))));
});

sharedTest("countryName knows the codes and names of the published list", () => {
  const rows = parse(Deno.readTextFileSync(`${sharedData}/reference/iso3166-countries.csv`), { skipFirstRow: true });
  for (const { code, alpha3, displayName } of rows as Record<string, string>[]) {
    const codes = [code, alpha3, displayName].map((country) => countryName.backward(country!));
    assertEquals(codes, [code, code, code] as string[]);
    assertEquals(countryName.forward(code!) === code, false, `"${code}" has no name`);
  }
});
