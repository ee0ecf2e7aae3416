import type { AnyEntity } from "../../connectors/connector.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { modelled, narrow } from "../../cli/pipeline.ts";
import { checkPipeline } from "../../engine/check.ts";
import { compile } from "../../engine/compile.ts";
import { DefinitionError } from "../../errors.ts";
import { constant, optional, type Step, toCrm } from "../../engine/step.ts";
import { models, steps } from "../../pipelines/mod.ts";

const team = { model: "team", team: "11111111-2222-4333-8444-555555555555" } as const;
const person = { model: "person" } as const;
const usual = { extension: true, linkColumn: true };

Deno.test("narrow() leaves everything as it is when nothing is said", () => {
  const { steps: narrowed, off } = narrow(steps, { steps: { customers: true }, ...usual, owner: person });
  assertEquals([narrowed === steps, off.size], [true, 0]);
});

Deno.test("narrow() switches steps off and refuses names that no step has", () => {
  assertEquals([...narrow(steps, { steps: { items: false }, ...usual, owner: person }).off.keys()], ["items"]);
  const error = assertThrows(
    () => narrow(steps, { steps: { itmes: false }, ...usual, owner: person }),
    DefinitionError,
  );
  assertEquals(error.code, "unknown_step");
});

Deno.test("narrow() for a team takes every owner rule away and the step of the persons off", () => {
  const ownerRules = (of: typeof steps) =>
    of.filter((step) => JSON.stringify(Object.keys(step.transform)).includes("ownerid")).map((step) => step.name);
  assertEquals(ownerRules(steps).includes("customers"), true);
  const narrowed = narrow(steps, { steps: {}, ...usual, owner: team });
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
  const [narrowed] = narrow([owned], { steps: {}, ...usual, owner: team }).steps;
  assertEquals(narrowed?.transform, { name: "displayName", "group people": { address1_city: "city" } });
  assertEquals(narrowed?.create, { erp: {}, crm: { statecode: "c" } });
});

Deno.test("narrow() without the extension skips the steps that need it and leaves its fields out of the others", () => {
  const [customers, ...rest] = steps.filter(({ extract }) => (extract.erp as AnyEntity).needs === "standard");
  const erp = { ...customers!.extract.erp, needs: "extension" as const };
  const needing = { ...customers!, extract: { ...customers!.extract, erp } };
  const items = steps.find((step) => step.name === "items")!;
  const fax = { kind: "text", nullable: true, needs: "extension" } as const;
  const partly = {
    ...items,
    extract: { ...items.extract, erp: { ...items.extract.erp, fields: { ...items.extract.erp.fields, fax } } },
    transform: { name: "displayName", fax: optional(toCrm("fax")), "group more": { other: "fax", price: "unitPrice" } },
    create: { erp: { fax: constant("1") }, crm: { telephone1: "fax", description: constant("x") } },
  } as unknown as Step;
  const only = { ...partly, name: "faxes", transform: { fax: "fax" } } as unknown as Step;
  const all = [needing, partly, only, ...rest.filter((step) => ["currencies", "units"].includes(step.name))];
  const settings = { steps: {}, owner: person, linkColumn: true };
  const off = narrow(all, { ...settings, extension: false });
  const why = "needs the Business Central extension";
  assertEquals([...off.off], [[needing.name, why], ["faxes", why]]); // all that it does
  assertEquals([...off.without], [["items", ["fax", "other"]]]);
  const narrowed = off.steps.find((step) => step.name === "items")!;
  assertEquals(narrowed.transform, { name: "displayName", "group more": { price: "unitPrice" } });
  assertEquals(narrowed.create, { erp: {}, crm: { description: { kind: "constant", value: "x" } } });
  assertEquals(narrow(all, { ...settings, extension: true }).steps, all);
});

Deno.test("narrow() without the link column takes its rules away without a word, and nothing of it is read", () => {
  const bearing = ["customers", "contacts", "standard price list", "items", "resources", "price lists", "price groups"];
  const linked = (of: readonly Step[]) =>
    of.filter((step) => step.transform["tng_businesscentralid"] !== undefined).map(({ name }) => name).sort();
  const settings = { steps: {}, owner: person, extension: true };
  const { steps: narrowed, off, without } = narrow(steps, { ...settings, linkColumn: false });
  assertEquals([linked(steps), linked(narrowed)], [bearing.sort(), []]);
  assertEquals([off.size, without.size], [0, 0]);
  for (const step of narrowed) {
    const { erp, crm } = compile(step).fields;
    assertEquals([erp.includes("id"), crm.includes("tng_businesscentralid")], [false, false], step.name);
  }
  checkPipeline(narrowed);
});

Deno.test("narrow() switches a document and its parts off together", () => {
  const settings = { ...usual, owner: person };
  for (const name of ["orders", "order lines"]) {
    const { off } = narrow(steps, { ...settings, steps: { [name]: false } });
    assertEquals([...off.keys()].sort(), ["order lines", "orders"]);
  }
});

Deno.test("modelled() chooses the other model as a whole where one of its steps is switched on", () => {
  const [first, second] = steps as readonly [Step, Step];
  const third: Step = { ...first, name: "third", of: second };
  const fourth: Step = { ...first, name: "fourth" };
  const rules = { dependsOn: [first], rules: { [second.name]: { name: "another" } } };
  const models = [{ use: [first.name], or: ["third", "fourth"], rules }];
  const all = [first, second, third, fourth];
  const settings = { ...usual, owner: person };
  const usually = modelled(all, { ...settings, steps: { third: false } }, models);
  const why = `"${first.name}" is in use instead`;
  assertEquals([usually.steps, [...usually.others]], [all, [["third", first.name], ["fourth", first.name]]]);
  assertEquals([...narrow(all, { ...settings, steps: {} }, usually.others).off], [["third", why], ["fourth", why]]);

  const other = modelled(all, { ...settings, steps: { third: true } }, models);
  assertEquals([...other.others], [[first.name, "third"]]);
  const [same, changed, follow] = other.steps;
  assertEquals(same, first);
  assertEquals(changed!.transform, { ...second.transform, name: "another" });
  assertEquals(changed!.dependsOn, [...second.dependsOn, first]);
  assertEquals(follow!.of!.transform, changed!.transform);
});

Deno.test("modelled() passes over a step without its entity, which the check of the pipeline refuses", () => {
  const broken = steps.map((step) =>
    step.name === "unit groups" ? { ...step, extract: { ...step.extract, erp: undefined } } as unknown as Step : step
  );
  const [model] = models.filter(({ or }) => or.includes("unit groups"));
  const alone = [{ ...model!, or: ["unit groups"] }];
  const settings = { owner: person, extension: false, steps: { "unit groups": true } };
  const error = assertThrows(() => checkPipeline(modelled(broken, settings, alone).steps), DefinitionError);
  assertStringIncludes(error.message, "expected a handle of an entity");
});

Deno.test("modelled() refuses both models at once, half of one, and one that needs the extension without it", () => {
  const refused = (switched: Record<string, boolean>, extension: boolean) =>
    assertThrows(() => modelled(steps, { extension, steps: switched }, models), DefinitionError).message;
  assertStringIncludes(refused({ units: true, "unit groups": true }, true), '"units" is switched on as well');
  assertStringIncludes(refused({ "unit groups": true, "item units": false }, true), '"item units" of the same way');
  assertStringIncludes(refused({ "unit groups": true }, false), "needs the Business Central extension");
});
