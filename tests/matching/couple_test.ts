import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Candidates, couple } from "../../matching/couple.ts";

const share = (key: string, erp: string, crm: string): Candidates => ({
  key,
  erp: erp.split(" ").filter(Boolean),
  crm: crm.split(" ").filter(Boolean),
});

Deno.test("couple() couples two records whose key is theirs alone", () => {
  const { pairs, ambiguous, taken } = couple([[share("k", "e1", "c1"), share("l", "e2", "c2")]]);
  assertEquals(pairs, [
    { erp: "e1", crm: "c1", group: 0, key: "k" },
    { erp: "e2", crm: "c2", group: 0, key: "l" },
  ]);
  assertEquals([ambiguous, taken], [[], []]);
});

Deno.test("couple() couples nobody where one side has several, and names the candidates of each", () => {
  const { pairs, ambiguous } = couple([[share("k", "e1", "c1 c2")]]);
  assertEquals(pairs, []);
  assertEquals(ambiguous, [
    { side: "erp", id: "e1", group: 0, candidates: ["c1", "c2"] },
    { side: "crm", id: "c1", group: 0, candidates: ["e1"] },
    { side: "crm", id: "c2", group: 0, candidates: ["e1"] },
  ]);
});

Deno.test("couple() does not let a later group choose between records that an earlier one could not tell apart", () => {
  const { pairs, ambiguous } = couple([[share("name", "e1", "c1 c2")], [share("phone", "e1", "c1")]]);
  assertEquals(pairs, []);
  assertEquals(ambiguous.length, 3);
});

Deno.test("couple() lets an earlier group decide, and what it coupled no longer counts", () => {
  const { pairs, ambiguous, taken } = couple([
    [share("number", "e1", "c1")],
    [share("name", "e1 e2", "c1 c2")],
    [share("phone", "e1", "c3")],
    [share("mail", "e2", "c3")],
  ]);
  assertEquals(pairs.map(({ erp, crm, group }) => [erp, crm, group]), [["e1", "c1", 0], ["e2", "c2", 1]]);
  assertEquals(ambiguous, []);
  assertEquals(taken, [{ side: "crm", id: "c3", group: 2, candidates: ["e1"] }]);
});

Deno.test("couple() does not call a record taken that a later group couples", () => {
  const { pairs, taken } = couple([
    [share("number", "e1", "c1")],
    [share("name", "e1", "c2")],
    [share("phone", "e2", "c2")],
  ]);
  assertEquals(pairs.map(({ erp, crm }) => [erp, crm]), [["e1", "c1"], ["e2", "c2"]]);
  assertEquals(taken, []);
});

Deno.test("couple() leaves a key of one side alone", () => {
  assertEquals(couple([[share("k", "e1 e2", "")], [share("l", "", "c1")]]), { pairs: [], ambiguous: [], taken: [] });
});

const ids = (letter: string) => fc.uniqueArray(fc.nat(5).map((n) => `${letter}${n}`), { maxLength: 3 });
const someGroups = fc.array(
  fc.array(fc.record({ key: fc.string(), erp: ids("e"), crm: ids("c") }), { maxLength: 5 }).map((keys) => {
    const seen = new Set<string>(); // in one group a record has one key
    const fresh = (id: string) => !seen.has(id) && seen.add(id) !== undefined;
    return keys.map(({ key, erp, crm }) => ({ key, erp: erp.filter(fresh), crm: crm.filter(fresh) }));
  }),
  { maxLength: 4 },
);

Deno.test("couple() gives each record one fate, whatever the keys and their order", () => {
  fc.assert(fc.property(someGroups, (groups) => {
    const { pairs, ambiguous, taken } = couple(groups);
    const fates = [
      ...pairs.flatMap(({ erp, crm }) => [erp, crm]),
      ...ambiguous.map((one) => one.id),
      ...taken.map((one) => one.id),
    ];
    assertEquals(fates.length, new Set(fates).size);
    const turned = couple(groups.map((keys) => keys.toReversed()));
    const names = (from: typeof pairs) => from.map(({ erp, crm }) => `${erp} ${crm}`).sort();
    assertEquals(names(turned.pairs), names(pairs));
  }));
});
