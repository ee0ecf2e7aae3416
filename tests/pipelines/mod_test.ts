import { assert, assertEquals } from "@std/assert";
import { dv } from "../../connectors/dataverse/entities.ts";
import { modelled } from "../../cli/pipeline.ts";
import { checkPipeline } from "../../engine/check.ts";
import { rulesOf } from "../../engine/rules.ts";
import type { Step } from "../../engine/step.ts";
import { matchKeys } from "../../matching/keys.ts";
import { models, steps } from "../../pipelines/mod.ts";

Deno.test("steps are complete, in the order of declaration, and pass the checks made at load", () => {
  assertEquals(steps.map((step) => step.name), [
    ...["salespeople", "currencies", "units", "unit groups", "item units", "resource units"],
    ...["customers", "contacts", "primary contacts"],
    ...["standard price list", "items", "item prices", "publishing"],
    ...["resources", "resource prices", "resource publishing"],
    ...["price lists", "price list lines", "price groups", "sales prices"],
    ...["orders", "order lines"],
  ]);
  checkPipeline(steps);
});

const settings = { owner: { model: "person" }, extension: true } as const;

Deno.test("of two models of units and of prices one is off, and nothing that a step in use waits for", () => {
  const { others } = modelled(steps, { ...settings, steps: {} }, models);
  assertEquals([...others.keys()], ["unit groups", "item units", "resource units", "price groups", "sales prices"]);
  checkPipeline(steps.filter(({ name }) => !others.has(name)));
});

Deno.test("with unit groups units are found in their groups wherever the step units did, and the checks pass", () => {
  const { steps: changed, others } = modelled(steps, { ...settings, steps: { "unit groups": true } }, models);
  assertEquals(changed.map(({ name }) => name), steps.map(({ name }) => name));
  checkPipeline(changed);
  assertEquals([...others.keys()], ["units", "price groups", "sales prices"]);
  const throughUnits = (of: readonly Step[]) => of.filter((step) => lookedThrough(step).includes("units"));
  assertEquals(throughUnits(changed), []);
  assertEquals(
    throughUnits(steps).map(({ name }) => name).toSorted(),
    Object.keys(models[0]!.rules!.rules).toSorted(),
  );
});

function lookedThrough(step: Step): readonly string[] {
  return rulesOf(step).flatMap(({ lookup }) => lookup?.steps ?? []).map(({ name }) => name);
}

Deno.test("each definition has at most 60 lines and a file of its own that mod.ts lists", () => {
  const folder = new URL("../../pipelines/", import.meta.url);
  const files = [...Deno.readDirSync(folder)].map((file) => file.name).filter((name) =>
    !["mod.ts", "unit_model.ts"].includes(name)
  );
  assertEquals(files.sort(), steps.map((step) => `${step.name.replaceAll(" ", "_")}.ts`).sort());
  for (const file of files) {
    const text = Deno.readTextFileSync(new URL(file, folder));
    const definition = /^(export const \w+ = defineStep\(\{\n[^]*?^\}\);)$/m.exec(text)?.[1] ?? "";
    assert(definition !== "", file);
    assert(definition.split("\n").length <= 60, file);
  }
});

Deno.test("unit groups whose unit's code looks like a legal form have different keys", () => {
  const { match } = dv.unitGroups.fields.name;
  const keys = ["NAV KG", "NAV AG", "NAV SA"].map((name) => matchKeys([name], [match ?? "name"]));
  assertEquals(new Set(keys).size, 3);
});
