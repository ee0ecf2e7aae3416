import { assert, assertEquals, AssertionError } from "@std/assert";
import { controlled } from "../../engine/policy.ts";
import { givenOf, rulesOf, writesTo } from "../../engine/rules.ts";
import type { Step } from "../../engine/step.ts";
import { steps } from "../../pipelines/mod.ts";
import { sharedData, sharedTest } from "../shared.ts";
import { type FieldMapping, mappings, type RuleName } from "./mappings.ts";
import { tableOf } from "./mappings_page.ts";
import { changeOf, creationWith, isOfCreation, ledTo, type Side, switchedOn } from "./mappings_world.ts";

const kept = mappings.flatMap(({ name, rules }) =>
  rules.filter((rule) => rule.rule !== null).map((rule) => ({ ...rule, rule: rule.rule!, mapping: name }))
);
const titled = (rule: FieldMapping) => `"${rule.bc ?? "constant"}" and "${rule.crm ?? "constant"}"`;

for (const mapping of kept) {
  Deno.test(`${mapping.mapping}: ${titled(mapping)} alone changed is written alone`, () => {
    const step = stepOf(mapping.rule);
    if (mapping.rule.in === "transform") checkRule(step, mapping, mapping.rule);
    else if (mapping.rule.in === "control") checkControl(step, mapping.rule);
    else checkGiven(step, mapping.rule);
  });
}

function stepOf({ step: name }: RuleName): Step {
  return switchedOn(found(steps.find((one) => one.name === name), `no step is called "${name}"`));
}
function found<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new AssertionError(otherwise);
  return value;
}

function checkRule(step: Step, { direction, here, bc }: FieldMapping, { field }: RuleName): void {
  const rule = found(rulesOf(step).find(({ crm }) => crm === field), `"${field}" has no rule in "${step.name}"`);
  if (here === "same") assertEquals([rule.direction, rule.kind === "constant"], [direction, bc === null]);
  for (const to of ["erp", "crm"] as const) {
    if (!writesTo(rule, to)) continue;
    const from = to === "crm" ? rule.erp : rule.crm;
    if (isOfCreation(step, rule, to) && from !== null) {
      const led = ledTo(step, from, to, rule[to]!);
      assert(led.includes(rule[to]!), `${from} leads to ${led.join(", ")}`);
      assertEquals(creationWith(step, from, to, rule[to]!), led);
    } else {
      const { written, wanted, reasons } = changeOf(step, rule, to);
      assertEquals(written, wanted);
      assert(rule[to]! in wanted[to]);
      assertEquals(reasons, []);
    }
  }
}

function checkGiven(step: Step, { field, in: place }: RuleName): void {
  const to: Side = place === "create.crm" ? "crm" : "erp";
  const given = found(givenOf(step, to).find((one) => one.field === field), `"${field}" is not in ${place}`);
  if (given.from === null) return assert(given.value !== null);
  const led = ledTo(step, given.from, to, field);
  assert(led.includes(field));
  assertEquals(creationWith(step, given.from, to, field), led);
}

function checkControl(step: Step, { field }: RuleName): void {
  const erp = step.control[field]!;
  const told = { name: "A", isFrozen: false, differing: [] };
  assertEquals(controlled(step, { erp: { [erp]: "100" }, crm: { [field]: "100" } }, told), []);
  const reasons = controlled(step, { erp: { [erp]: "100" }, crm: { [field]: "90" } }, told);
  assertEquals(reasons.map((reason) => [reason.code, reason.field]), [["totals_differ", field]]);
}

Deno.test("what is left out or better says why, and the same needs no word", () => {
  for (const { rules } of mappings) {
    for (const rule of rules) assertEquals(rule.why === "", rule.here === "same", titled(rule));
  }
});

Deno.test("docs/mappings.md has every mapping as the definitions have it, and no other", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/mappings.md", import.meta.url));
  for (const mapping of mappings) {
    const table = tableOf(mapping);
    assert(page.includes(`${table}\n`), `docs/mappings.md should have:\n\n${table}\n`);
  }
  const titles = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  assertEquals(titles, mappings.map(({ name }) => name));
  const rows = page.split("\n").filter((line) => /^\| (?!Microsoft|---)/.test(line));
  assertEquals(rows.length, mappings.flatMap(({ rules }) => rules).length);
});

interface Standard {
  readonly mappings: readonly { readonly name: string; readonly fieldMappings: readonly StandardRule[] }[];
  readonly optionalFieldMappings: readonly (StandardRule & { readonly mapping: string })[];
}
interface StandardRule {
  readonly bcField?: string | null;
  readonly dataverseField?: string | null;
  readonly direction: string;
}

sharedTest("no field rule of Microsoft's connector is missing from the tables, but those of other steps", () => {
  const file = Deno.readTextFileSync(`${sharedData}/../reference/standard-mappings.json`);
  const standard = JSON.parse(file) as Standard;
  const later = /^(VENDOR|OPPORTUNITY|POSTED)/;
  const directions: Readonly<Record<string, string>> = {
    toDataverse: "toCrm",
    fromDataverse: "fromCrm",
    bidirectional: "both",
  };
  const line = (mapping: string, bc: string | null, crm: string | null, direction: string) => {
    const field = bc === "Credit Limit (LCY" ? "Credit Limit (LCY)" : bc; // its bracket is missing there
    return `${mapping}: ${field} ${direction} ${crm}`;
  };
  const theirs = [
    ...standard.mappings.flatMap(({ name, fieldMappings }) =>
      fieldMappings.map((rule) => ({ ...rule, mapping: name }))
    ),
    ...standard.optionalFieldMappings,
  ].filter(({ mapping }) => !later.test(mapping)).map(({ mapping, bcField, dataverseField, direction }) =>
    line(mapping, bcField ?? null, dataverseField ?? null, directions[direction]!)
  );
  const ours = mappings.flatMap(({ name, rules }) =>
    rules.map(({ bc, crm, direction }) => line(name, bc, crm, direction))
  );
  assertEquals(ours.toSorted(), theirs.toSorted());
});
