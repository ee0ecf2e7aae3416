import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { type Kind, normal } from "../../matching/normal.ts";

const same: readonly (readonly [Kind, ...string[]])[] = [
  ["name", "Bike World", "BIKE WORLD", " bike  world ", "Bike-World", "BikeWorld", "Bike World, Ltd."],
  ["name", "Kjörís", "kjoris ehf.", "KJÖRÍS EHF", "Kjörís e.h.f."],
  ["name", "Þörungaverksmiðjan", "Thorungaverksmidjan hf."],
  ["name", "Łódź Sp. z o.o.", "Lodz sp z o o", "LODZ"],
  ["name", "Rødgrød A/S", "Rodgrod AS", "rødgrød a/s"],
  ["name", "Straße GmbH", "strasse", "STRASSE GMBH & Co. KG"],
  ["name", "Smith & Sons", "Smith and Sons", "Smith and Sons Company", "SMITH AND SONS CO. INC."],
  ["name", "Casey's", "Caseys", "Casey’s"],
  ["name", "Contoso, Ltd.", "Contoso, Ltd. (sample)", "contoso"],
  ["code", "AW00000001", "aw 00000001", "AW-00000001"],
  ["code", "FR-M94S-52", "FRM94S52", "fr m94s 52"],
  ["code", "10-5", "10.5", "10 5"],
  ["email", "Jon@Example.is", "jon@example.is ", "JON@EXAMPLE.IS"],
  ["phone", "245-555-0173", "(245) 555-0173", "245.555.0173", "+1 245 555 0173", "1-245-555-0173", "001 245 555 0173"],
  ["phone", "555 1234", "+354 555 1234", "00354 555-1234", "555-1234 x12", "555 1234 ext. 7"],
  ["phone", "020 7946 0958", "+44 20 7946 0958", "+44 (0)20 7946 0958", "(020) 7946 0958"],
  ["phone", "138 1234 5678", "+86 138 1234 5678"],
  ["phone", "1 (11) 500 555-0127", "1(11)5005550127"],
  ["url", "https://www.example.is/", "http://example.is", "EXAMPLE.IS", "www.example.is"],
  ["postal", "V5A 3A6", "v5a3a6", "V5A-3A6"],
];
for (const [kind, first, ...rest] of same) {
  Deno.test(`normal() gives "${first}" and other spellings of this ${kind} one form`, () => {
    for (const text of rest) assertEquals(normal(text, kind), normal(first!, kind), text);
  });
}

const different: readonly (readonly [Kind, string, string])[] = [
  ["name", "Bike World", "Bike Worlds"],
  ["name", "Contoso (Iceland)", "Contoso (Norway)"],
  ["name", "Limited", "Company"],
  ["name", "日本", "中国"],
  ["name", "がく", "かく"],
  ["code", "1-01", "10-1"],
  ["code", "0100", "100"],
  ["code", "%", "#"],
  ["email", "a.b@example.is", "ab@example.is"],
  ["phone", "555 1234", "555 1235"],
  ["url", "example.is/a", "example.is/b"],
  ["postal", "02184", "2184"],
  ["exact", "Ab", "ab"],
];
for (const [kind, one, other] of different) {
  Deno.test(`normal() tells "${one}" and "${other}" apart as ${kind}`, () => {
    assertNotEquals(normal(one, kind), normal(other, kind));
  });
}

const nothing: readonly (readonly [Kind, string | null])[] = [
  ["name", null],
  ["name", " "],
  ["name", "--"],
  ["code", ""],
  ["email", "none"],
  ["phone", "n/a"],
  ["phone", "0000"],
  ["postal", "-"],
  ["exact", "\t"],
];
for (const [kind, value] of nothing) {
  Deno.test(`normal() finds nothing to compare in ${JSON.stringify(value)} as ${kind}`, () => {
    assertEquals(normal(value, kind), null);
  });
}

Deno.test("normal() keeps a name that is a legal form and nothing else", () => {
  assertEquals(normal("Limited Company", "name"), "limited");
  assertEquals(normal("AS", "name"), "as");
});

Deno.test("normal() takes numbers and booleans as their text", () => {
  assertEquals([normal(3, "exact"), normal(false, "exact"), normal(10000, "code")], ["3", "false", "10000"]);
});

const kinds: readonly Kind[] = ["code", "name", "email", "phone", "url", "postal", "exact"];
for (const kind of kinds) {
  Deno.test(`normal() of a ${kind} gives null or text, never a blank, for any text`, () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const form = normal(text, kind);
      if (form !== null) assertNotEquals(form.trim(), "");
    }));
  });
  if (kind === "exact") continue;
  Deno.test(`normal() of a ${kind} does not mind case or white space around it`, () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."aBcÍÞł019-/.@ &+") }), (text) => {
      assertEquals(normal(`  ${text.toUpperCase()} `, kind), normal(text, kind));
    }));
  });
}
