/** `graph`: the steps in the order in which they run. */
import { graphMermaid, graphText } from "../engine/plan.ts";
import { DefinitionError } from "../errors.ts";
import type { Arguments } from "./arguments.ts";
import { pipelinesOf, settingsOf } from "./files.ts";
import { loadPipeline } from "./pipeline.ts";
import type { Session } from "./session.ts";

export async function graph(args: Arguments, session: Session): Promise<number> {
  if (args.has("mermaid") && args.has("json")) {
    throw new DefinitionError("bad_arguments", "Cannot print both --mermaid and --json; choose one");
  }
  const { steps, off } = await loadPipeline(settingsOf(session), pipelinesOf(session));
  if (args.has("json")) {
    const document = steps.map((step) => ({
      step: step.name,
      direction: step.direction,
      erp: step.extract.erp.name,
      crm: step.extract.crm.name,
      dependsOn: step.dependsOn.map((dependency) => dependency.name),
      off: off.get(step.name) ?? null,
    }));
    await session.output.data(`${JSON.stringify({ steps: document }, null, 2)}\n`);
    return 0;
  }
  await session.output.data(`${args.has("mermaid") ? graphMermaid(steps) : graphText(steps)}\n`);
  for (const [step, why] of off) session.output.message(`${step}: off, ${why}`);
  session.output.message("Next: deno task sync");
  return 0;
}
