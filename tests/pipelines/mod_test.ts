import { assert, assertEquals } from "@std/assert";
import { dv } from "../../connectors/dataverse/entities.ts";
import { checkPipeline } from "../../engine/check.ts";
import { matchKeys } from "../../matching/keys.ts";
import { steps } from "../../pipelines/mod.ts";

Deno.test("steps are complete, in the order of declaration, and pass the checks made at load", () => {
  const names = ["salespeople", "currencies", "units", "customers", "contacts", "items"];
  assertEquals(steps.map((step) => step.name), names);
  checkPipeline(steps);
});

Deno.test("each definition has at most 60 lines and a file of its own that mod.ts lists", () => {
  const folder = new URL("../../pipelines/", import.meta.url);
  const files = [...Deno.readDirSync(folder)].map((file) => file.name).filter((name) => name !== "mod.ts");
  assertEquals(files.sort(), steps.map((step) => `${step.name}.ts`).sort());
  for (const file of files) {
    assert(Deno.readTextFileSync(new URL(file, folder)).trimEnd().split("\n").length <= 60, file);
  }
});

Deno.test("unit groups whose unit's code looks like a legal form have different keys", () => {
  const { match } = dv.unitGroups.fields.name;
  const keys = ["NAV KG", "NAV AG", "NAV SA"].map((name) => matchKeys([name], [match ?? "name"]));
  assertEquals(new Set(keys).size, 3);
});
