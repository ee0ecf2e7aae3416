import { assertEquals, assertThrows } from "@std/assert";
import { narrow } from "../../cli/pipeline.ts";
import { checkPipeline } from "../../engine/check.ts";
import { DefinitionError } from "../../errors.ts";
import { steps } from "../../pipelines/mod.ts";

const team = { model: "team", team: "11111111-2222-4333-8444-555555555555" } as const;
const person = { model: "person" } as const;

Deno.test("narrow() leaves everything as it is when nothing is said", () => {
  const { steps: narrowed, off } = narrow(steps, { steps: { customers: true }, owner: person });
  assertEquals([narrowed === steps, off.size], [true, 0]);
});

Deno.test("narrow() switches steps off and refuses names that no step has", () => {
  assertEquals([...narrow(steps, { steps: { items: false }, owner: person }).off.keys()], ["items"]);
  const error = assertThrows(() => narrow(steps, { steps: { itmes: false }, owner: person }), DefinitionError);
  assertEquals(error.code, "unknown_step");
});

Deno.test("narrow() for a team takes every owner rule away and the step of the persons off", () => {
  const ownerRules = (of: typeof steps) =>
    of.filter((step) => JSON.stringify(Object.keys(step.transform)).includes("ownerid")).map((step) => step.name);
  assertEquals(ownerRules(steps).includes("customers"), true);
  const narrowed = narrow(steps, { steps: {}, owner: team });
  assertEquals(ownerRules(narrowed.steps), []);
  assertEquals([...narrowed.off.keys()], ["salespeople"]);
  checkPipeline(narrowed.steps);
});

Deno.test("narrow() for a team looks into groups and creations, too", () => {
  const step = steps.find((step) => step.name === "customers")!;
  const owned = {
    ...step,
    transform: { name: "displayName", "group people": { ownerid: "a", address1_city: "city" } },
    create: { erp: {}, crm: { ownerid: "b", statecode: "c" } },
  };
  const [narrowed] = narrow([owned], { steps: {}, owner: team }).steps;
  assertEquals(narrowed?.transform, { name: "displayName", "group people": { address1_city: "city" } });
  assertEquals(narrowed?.create, { erp: {}, crm: { statecode: "c" } });
});
