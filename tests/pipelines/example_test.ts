/** The definition that docs/definitions.md shows as a whole. */
import { assertEquals } from "@std/assert";
import { checkPipeline } from "../../engine/check.ts";
import type { Step } from "../../engine/step.ts";

Deno.test("the definition in docs/definitions.md has no problem", async () => {
  const [, example] = /```ts\n(.*?)```/s.exec(await Deno.readTextFile("docs/definitions.md"))!;
  const root = new URL("../../", import.meta.url).href;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, example!.replaceAll('from "../', `from "${root}`));
    const { customers } = await import(new URL(`file://${file}`).href) as { customers: Step };
    checkPipeline([...customers.dependsOn, customers]);
    assertEquals(customers.load.missing, { erp: "deactivate", crm: "report" });
  } finally {
    await Deno.remove(file);
  }
});
