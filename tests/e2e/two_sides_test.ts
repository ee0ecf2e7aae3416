/** `plan`, and `sync` with its file, after people worked on both sides at once. */
import { assertEquals } from "@std/assert";
import { sharedData, sharedTest } from "../shared.ts";
import { copyInto, withCopy } from "./program.ts";
import { writeCompany } from "./small_company.ts";
import { twoSides } from "./two_sides.ts";
import { isOver, recipes } from "./two_sides_edits.ts";

Deno.test("sync with a plan writes what it says after edits on both sides, and loses none of them", () =>
  withCopy(async (copy) => twoSides(copy, await writeCompany(`${copy.dir}data`), 0)));

Deno.test("a hundred edits of each side are the big scale, among them ten for each way of meeting", () => {
  const count = (fits: (recipe: typeof recipes[number]) => boolean) =>
    recipes.filter(fits).reduce((sum, { pairs }) => sum + pairs[1], 0);
  for (const side of ["erp", "crm"] as const) {
    assertEquals(count((recipe) => recipe[side] !== undefined && !isOver(recipe)), 100, side);
  }
  for (const kind of ["same", "group", "merge"] as const) {
    assertEquals(count((recipe) => recipe.kind === kind), 10, kind);
  }
  for (const kind of ["gone", "left"] as const) assertEquals(count((recipe) => recipe.kind === kind), 5, kind);
});

sharedTest(
  "sync with a plan after a hundred edits on each side of adventureworks and a filled CRM",
  () =>
    withCopy(async (copy) => {
      copyInto(`${copy.dir}data`, `${sharedData}/adventureworks`);
      copyInto(`${copy.dir}crm`, `${sharedData}/crm-generated/adventureworks-seed1`);
      await twoSides(copy, ["--data", `${copy.dir}data`, "--crm-data", `${copy.dir}crm`], 1);
    }),
);
