import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { entity, type Field } from "../../connectors/connector.ts";
import { chosenValue } from "../../engine/chosen.ts";
import type { Lookups } from "../../engine/reconcile.ts";
import { rulesOf } from "../../engine/rules.ts";
import { defineStep, type Step } from "../../engine/step.ts";
import { DefinitionError } from "../../errors.ts";

const lookups: Lookups = { forward: () => ({ leave: true }), backward: () => ({ leave: true }) };
const text: Field = { kind: "text", nullable: true, max: 5 };

/** A step that copies one field of this kind. */
function ruleOf(field: Field) {
  interface Row {
    id: string | null;
    // deno-lint-ignore no-explicit-any
    value: any;
  }
  const handle = (name: string) =>
    entity<Row>()({ name, key: "id", label: "id", creation: "none", fields: { id: text, value: field } });
  const step = defineStep({
    name: "things",
    direction: "both",
    extract: { erp: handle("things"), crm: handle("crmThings") },
    transform: { value: "value" },
  });
  return rulesOf(step as unknown as Step)[0]!;
}
const decimal: Field = { kind: "decimal", nullable: true, scale: 2 };
const choice: Field = { kind: "choice", nullable: true, values: [1, 2] };
const whole: Field = { kind: "integer", nullable: true };

Deno.test.each<{ field: Field; written: string; value: unknown }>([
  { field: text, written: "Oslo", value: "Oslo" },
  { field: text, written: "", value: null },
  { field: decimal, written: "007.50", value: "7.5" },
  { field: decimal, written: "-0.00", value: "0" },
  { field: decimal, written: "-1.25", value: "-1.25" },
  { field: choice, written: "2", value: 2 },
  { field: whole, written: "-3", value: -3 },
  { field: { kind: "boolean", nullable: false }, written: "no", value: false },
  { field: { kind: "date", nullable: true }, written: "2026-02-28", value: "2026-02-28" },
  { field: { kind: "datetime", nullable: true }, written: "2026-02-28T10:00:00Z", value: "2026-02-28T10:00:00Z" },
])("chosenValue() reads $written", ({ field, written, value }) => {
  assertEquals(chosenValue(ruleOf(field), written, lookups), value as string);
});

Deno.test.each<{ field: Field; written: string; said: string }>([
  { field: text, written: "Reykjavík", said: "the field holds 5; give another value" },
  { field: { ...text, nullable: false }, written: "", said: "the field is never blank; give a value" },
  { field: decimal, written: "1.255", said: "at most 2 digits after it; give one" },
  { field: decimal, written: "1,5", said: "it is no number" },
  { field: choice, written: "3", said: "none of the field's values; give one of 1, 2" },
  { field: whole, written: "1.5", said: "it is no whole number" },
  { field: { kind: "boolean", nullable: true }, written: "maybe", said: "it is no true or false" },
  { field: { kind: "date", nullable: true }, written: "2026-02-30", said: "it is no day" },
  { field: { kind: "datetime", nullable: true }, written: "2026-02-28", said: "it is no time" },
])("chosenValue() refuses $written", ({ field, written, said }) => {
  const error = assertThrows(() => chosenValue(ruleOf(field), written, lookups), DefinitionError);
  assertEquals(error.code, "bad_value");
  assertStringIncludes(error.message, said);
});
