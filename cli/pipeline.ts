/** The definitions as the commands use them: loaded, checked, and narrowed by the configuration. */
import { resolve } from "node:path";
import { checkPipeline } from "../engine/check.ts";
import { didYouMean } from "../engine/did_you_mean.ts";
import { order } from "../engine/plan.ts";
import type { Step } from "../engine/step.ts";
import { DefinitionError } from "../errors.ts";
import type { Settings } from "./configuration.ts";

export interface Pipeline {
  /** In the order in which they run. */
  readonly steps: readonly Step[];
  /** Steps that are off, and why. */
  readonly off: ReadonlyMap<string, string>;
}

/** Throws DefinitionError before any request when a definition, or what tenging.json says of steps, is wrong. */
export async function loadPipeline(
  configuration: Pick<Settings, "steps" | "owner">,
  folder: string,
): Promise<Pipeline> {
  const steps = await loadSteps();
  checkPipeline(steps, { files: filesOf(folder) });
  return narrow(order(steps), configuration);
}

/** Applies the configuration: steps that are off, and a team that owns everything instead of persons. Pure. */
export function narrow(steps: readonly Step[], configuration: Pick<Settings, "steps" | "owner">): Pipeline {
  const off = new Map<string, string>();
  const names = steps.map((step) => step.name);
  for (const [name, isOn] of Object.entries(configuration.steps)) {
    if (!names.includes(name)) {
      const meant = didYouMean(name, names);
      throw new DefinitionError(
        "unknown_step",
        `Cannot switch step "${name}" in tenging.json: no step has this name; ` +
          (meant === null ? `the steps are ${names.join(", ")}` : `did you mean "${meant}"?`),
      );
    }
    if (!isOn) off.set(name, "switched off in tenging.json");
  }
  if (configuration.owner.model === "person") return { steps, off };
  for (const step of steps) {
    if (step.extract.crm.name === "systemusers") off.set(step.name, "records belong to a team (tenging.json)");
  }
  return { steps: steps.map(withoutOwner), off };
}

/** Without the rules that say whose a record is. */
function withoutOwner(step: Step): Step {
  const rules = Object.entries(step.transform).filter(([field]) => field !== "ownerid")
    .map(([field, rule]) => [field, field.startsWith("group ") ? without(rule as object) : rule]);
  return { ...step, transform: Object.fromEntries(rules), create: { ...step.create, crm: without(step.create.crm) } };
}

function without(rules: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(rules).filter(([field]) => field !== "ownerid"));
}

/** The list of pipelines/mod.ts as it stands, unchecked. Throws DefinitionError "definition_unreadable". */
export async function loadSteps(): Promise<readonly Step[]> {
  try {
    return (await import("../pipelines/mod.ts")).steps;
  } catch (error) {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const circle = error instanceof ReferenceError && error.message.includes("before initialization")
      ? "two definitions import each other: a step can only depend on one that does not depend on it"
      : "deno check pipelines/mod.ts says where";
    throw new DefinitionError("definition_unreadable", `Cannot load pipelines/mod.ts: ${said}; ${circle}`, {
      cause: error,
    });
  }
}

/** The file of `folder` (the pipelines) that declares each step, for messages. */
export function filesOf(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of Deno.readDirSync(folder)) {
    if (!entry.isFile || !entry.name.endsWith(".ts")) continue;
    const text = Deno.readTextFileSync(resolve(folder, entry.name));
    for (const [, name] of text.matchAll(/defineStep\(\{\s*name:\s*"([^"]+)"/g)) {
      if (name !== undefined) files.set(name, `pipelines/${entry.name}`);
    }
  }
  return files;
}
