import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Entity, entity, type Field, type Value } from "../../connectors/connector.ts";
import { type Lookups, reconcile } from "../../engine/reconcile.ts";
import { rulesOf } from "../../engine/rules.ts";
import { constant, convert, defineStep, fromCrm, type Step, toCrm } from "../../engine/step.ts";
import type { Base } from "../../store/store.ts";

interface Row {
  a: string | null;
  b: string | null;
  once: string | null;
}
const text: Field = { kind: "text", nullable: true, max: 8 };
const handle = <const N extends string>(name: N): Entity<Row, N> =>
  entity<Row>()({
    name,
    key: "a",
    label: "a",
    creation: "derived id",
    fields: { a: text, b: text, once: text },
  });
const sides = { erp: handle("left"), crm: handle("right") };
const onlyOnce = entity<Row>()({
  name: "right",
  key: "a",
  label: "a",
  creation: "derived id",
  access: { once: "create" },
  fields: { a: text, b: text, once: text },
});
const none: Lookups = {
  forward: () => ({ value: null }),
  backward: () => ({ value: null }),
};
const both = defineStep({ name: "s", direction: "both", extract: sides, transform: { a: "a" } });
const group = defineStep({
  name: "s",
  direction: "both",
  extract: sides,
  transform: { "group g": { a: "a", b: "b" } },
});
const right = defineStep({ name: "s", direction: "toCrm", extract: sides, transform: { a: "a" } });
const left = defineStep({ name: "s", direction: "fromCrm", extract: sides, transform: { a: "a" } });

function decided(step: Step, erp: Partial<Row>, crm: Partial<Row>, base: Base | null) {
  const met = { erp: erp as Record<string, Value>, crm: crm as Record<string, Value>, base };
  const { erp: toErp, crm: toCrm, agreed, reasons } = reconcile(rulesOf(step), met, none);
  return { erp: toErp, crm: toCrm, agreed, codes: [...reasons.crm, ...reasons.erp].map((reason) => reason.code) };
}
const base = (a: string | null, b: string | null = null): Base => ({ erp: { a, b }, crm: { a, b } });
const nothing = { erp: {}, crm: {}, agreed: ["a"], codes: [] as string[] };

Deno.test.each(
  [
    ["equal values", both, "x", "x", null, nothing],
    ["a blank meets a value", both, null, "x", null, { ...nothing, erp: { a: "x" }, agreed: [] }],
    ["a value meets a blank", both, "x", "", null, { ...nothing, crm: { a: "x" }, agreed: [] }],
    ["two values meet", both, "x", "y", null, { ...nothing, agreed: [], codes: ["conflict"] }],
    ["the ERP changed", both, "y", "x", base("x"), { ...nothing, crm: { a: "y" }, agreed: [] }],
    ["the ERP was cleared", both, null, "x", base("x"), { ...nothing, crm: { a: null }, agreed: [] }],
    ["the CRM changed", both, "x", "y", base("x"), { ...nothing, erp: { a: "y" }, agreed: [] }],
    ["the CRM was cleared", both, "x", null, base("x"), { ...nothing, erp: { a: null }, agreed: [] }],
    ["both changed to the same", both, "y", "y", base("x"), nothing],
    ["both changed", both, "y", "z", base("x"), { ...nothing, agreed: [], codes: ["conflict"] }],
    ["one way, the source has it", right, "x", "y", null, { ...nothing, crm: { a: "x" }, agreed: [] }],
    ["one way, a blank source meets a value", right, null, "y", null, nothing],
    ["one way, drift is put back", right, "x", "y", base("x"), { ...nothing, crm: { a: "x" }, agreed: [] }],
    ["one way, the source was cleared", right, null, "x", base("x"), { ...nothing, crm: { a: null }, agreed: [] }],
    ["from the CRM", left, "x", "y", base("x"), { ...nothing, erp: { a: "y" }, agreed: [] }],
    ["too long", right, "123456789", "x", base("x"), { ...nothing, agreed: [], codes: ["too_long"] }],
  ] as const,
)("reconcile() decides a field: %s", (_name, step, erp, crm, before, wanted) => {
  assertEquals(decided(step, { a: erp }, { a: crm }, before), wanted);
});

Deno.test("reconcile() does nothing where the sides differ only by what one of them made of the value", () => {
  const stored: Base = { erp: { a: "x " }, crm: { a: "x" } };
  assertEquals(decided(both, { a: "x " }, { a: "x" }, stored), nothing);
  assertEquals(decided(both, { a: "y " }, { a: "x" }, stored).crm, { a: "y " });
});

Deno.test("reconcile() writes all fields of a group when one changed, and finds a conflict across its fields", () => {
  assertEquals(decided(group, { a: "y", b: "1" }, { a: "x", b: "1" }, base("x", "1")).crm, { a: "y", b: "1" });
  const crossed = decided(group, { a: "y", b: "1" }, { a: "x", b: "2" }, base("x", "1"));
  assertEquals([crossed.crm, crossed.erp, crossed.codes], [{}, {}, ["conflict"]]);
  const filled = decided(group, { a: null, b: "1" }, { a: "x", b: "1" }, null);
  assertEquals([filled.erp, filled.codes], [{ a: "x", b: "1" }, []]);
  assertEquals(decided(group, { a: null, b: "1" }, { a: "x", b: null }, null).codes, ["conflict"]);
});

Deno.test("reconcile() reports a difference in a field that can only be given on creation", () => {
  const step = defineStep({
    name: "s",
    direction: "toCrm",
    extract: { erp: sides.erp, crm: onlyOnce },
    transform: { once: "once" },
  });
  assertEquals(decided(step, { once: "x" }, { once: "y" }, null).codes, ["not_writable"]);
  assertEquals(decided(step, { once: "x" }, { once: "x" }, null).codes, []);
});

Deno.test("reconcile() limits a field to its own direction and compares in the CRM's domain", () => {
  const upper = {
    name: "upper",
    forward: (v: string | null) => v?.toUpperCase() ?? null,
    backward: (v: string | null) => v?.toLowerCase() ?? null,
  };
  const step = defineStep({
    name: "s",
    direction: "both",
    extract: sides,
    transform: { a: convert("a", upper), b: toCrm("b"), once: fromCrm("once") },
  });
  const before: Base = { erp: { a: "x", b: "1", once: "1" }, crm: { a: "X", b: "1", once: "1" } };
  const same = decided(step, { a: "x", b: "1", once: "1" }, { a: "X", b: "1", once: "1" }, before);
  assertEquals([same.erp, same.crm], [{}, {}]);
  const changed = decided(step, { a: "x", b: "2", once: "2" }, { a: "Y", b: "3", once: "3" }, before);
  assertEquals([changed.erp, changed.crm], [{ a: "y", once: "3" }, { b: "2" }]);
  const fixed = defineStep({ name: "s", direction: "both", extract: sides, transform: { a: constant("k") } });
  assertEquals(decided(fixed, {}, { a: null }, null).crm, { a: "k" });
});

const value = fc.constantFrom(null, "x", "y", "z");
Deno.test("reconcile() makes both sides equal or lists why not, whatever the three values are", () => {
  fc.assert(fc.property(value, value, value, value, fc.boolean(), (erp, crm, baseErp, baseCrm, met) => {
    const before = met ? { erp: { a: baseErp }, crm: { a: baseCrm } } : null;
    const { erp: toErp, crm: toCrm, codes, agreed } = decided(both, { a: erp }, { a: crm }, before);
    const after = { erp: { a: erp, ...toErp }, crm: { a: crm, ...toCrm } };
    const untouched = before !== null && erp === baseErp && crm === baseCrm;
    assertEquals(after.erp.a === after.crm.a || codes.length > 0 || (untouched && agreed.length === 1), true);
    assertEquals(Object.keys(toErp).length + Object.keys(toCrm).length <= 1, true);
    const lost = codes.length === 0 && !untouched && [erp, crm].some((mine, side) => {
      const changed = before === null ? mine !== null : mine !== (side === 0 ? baseErp : baseCrm);
      return changed && mine !== after.erp.a;
    });
    assertEquals(lost, false); // a value that a side changed survives, or a person is asked
  }));
});

Deno.test("reconcile() takes all of a group from the side that counts, its blanks too, and tells what went", () => {
  const counts = { ...group, load: { ...group.load, first: "crm" } } as Step;
  const erp = { a: "street", b: "city" };
  const { erp: toErp, lost } = reconcile(rulesOf(counts), { erp, crm: { a: null, b: "other" }, base: null }, none);
  assertEquals(toErp, { a: null, b: "other" });
  assertEquals(lost.erp.map(({ values }) => values), [{ a: "street", b: "city" }]);
});
