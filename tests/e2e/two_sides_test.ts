/** `plan`, and `sync` with its file, after people worked on both sides at once. */
import { sharedData, sharedTest } from "../shared.ts";
import { copyInto, withCopy } from "./program.ts";
import { writeCompany } from "./small_company.ts";
import { twoSides } from "./two_sides.ts";

Deno.test("sync with a plan writes what it says after edits on both sides, and loses none of them", () =>
  withCopy(async (copy) => twoSides(copy, await writeCompany(`${copy.dir}data`), 0)));

sharedTest(
  "sync with a plan after a hundred edits on each side of adventureworks and a filled CRM",
  () =>
    withCopy(async (copy) => {
      copyInto(`${copy.dir}data`, `${sharedData}/adventureworks`);
      copyInto(`${copy.dir}crm`, `${sharedData}/crm-generated/adventureworks-seed1`);
      await twoSides(copy, ["--data", `${copy.dir}data`, "--crm-data", `${copy.dir}crm`], 1);
    }),
);
