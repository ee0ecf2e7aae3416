/** The definitions as the commands use them: loaded, checked, and narrowed by the configuration. */
import { stripVTControlCharacters } from "node:util";
import { resolve } from "node:path";
import { checkPipeline } from "../engine/check.ts";
import { didYouMean } from "../engine/did_you_mean.ts";
import { order } from "../engine/plan.ts";
import type { Step } from "../engine/step.ts";
import type { AnyEntity } from "../connectors/connector.ts";
import { DefinitionError } from "../errors.ts";
import type { Settings } from "./configuration.ts";

export interface Pipeline {
  /** In the order in which they run. */
  readonly steps: readonly Step[];
  /** Steps that are off, and why. */
  readonly off: ReadonlyMap<string, string>;
  /** Fields whose rules are off since they need the extension, by step; given ones of new records are the ERP's. */
  readonly without: ReadonlyMap<string, readonly string[]>;
  /** Steps of the models that are not in use, each with the first step of the one that is. */
  readonly otherModels: ReadonlyMap<string, string>;
}

type Narrowing = Pick<Settings, "steps" | "owner" | "extension" | "linkColumn">;

const needsExtension = "needs the Business Central extension";

/** Throws DefinitionError before any request when a definition, or what tenging.json says of steps, is wrong. */
export async function loadPipeline(
  configuration: Narrowing,
  folder: string,
): Promise<Pipeline> {
  const { steps, models } = await loadDefinitions();
  const { steps: used, others } = modelled(steps, configuration, models);
  checkPipeline(used, { files: () => filesOf(folder) });
  return narrow(order(used), configuration, others);
}

/** Two ways to bring the same thing into the CRM, of which a company uses one. */
export interface Model {
  readonly use: readonly string[];
  /** The steps of the other way; switching one of them on chooses it. */
  readonly or: readonly string[];
  /** Rules that stand in the place of other steps' rules in the other way, and the steps that they look through. */
  readonly rules?: {
    readonly dependsOn: readonly Step[];
    /** By step: rules as in its transform. */
    readonly rules: Readonly<Record<string, Step["transform"]>>;
  };
}

/**
 * The steps as the chosen models have them, and those of the others, each with the first step of the one in use. Pure.
 * Throws DefinitionError "configuration_invalid" for a choice that is none.
 */
export function modelled(
  steps: readonly Step[],
  { steps: switched, extension }: Pick<Narrowing, "steps" | "extension">,
  models: readonly Model[],
): { steps: readonly Step[]; others: ReadonlyMap<string, string> } {
  let chosen = steps;
  const others = new Map<string, string>();
  for (const { use, or, rules } of models) {
    const other = or.find((name) => switched[name] === true);
    const named = use.find((name) => switched[name] === true);
    if (other !== undefined && named !== undefined) throw badModel(other, `"${named}" is switched on as well`);
    const half = other === undefined ? undefined : or.find((name) => switched[name] === false);
    if (other !== undefined && half !== undefined) throw badModel(other, `"${half}" of the same way is switched off`);
    if (other !== undefined && !extension && steps.some((step) => or.includes(step.name) && needs(step))) {
      throw badModel(other, "it needs the Business Central extension, which is not there");
    }
    const [inUse, unused] = other === undefined ? [use, or] : [or, use];
    for (const name of unused) others.set(name, inUse[0]!);
    if (other !== undefined && rules !== undefined) chosen = withRules(chosen, rules);
  }
  return { steps: chosen, others };
}

function badModel(step: string, state: string): DefinitionError {
  const message =
    `Cannot switch step "${step}" on in tenging.json: ${state}; switch one of the two ways on, as a whole`;
  return new DefinitionError("configuration_invalid", message);
}

function withRules(steps: readonly Step[], { dependsOn, rules }: NonNullable<Model["rules"]>): readonly Step[] {
  return relinked(steps.map((step) => {
    const mine = rules[step.name];
    if (mine === undefined) return step;
    return { ...step, dependsOn: [...step.dependsOn, ...dependsOn], transform: { ...step.transform, ...mine } };
  }));
}

function needs(step: Step): boolean {
  const erp: AnyEntity | undefined = step.extract.erp; // not checked yet where models are chosen
  return erp?.needs === "extension";
}

/**
 * Applies the configuration: steps that are off, a team that owns everything instead of persons, and what needs the
 * extension or the link column; the steps of models that are not in use (as {@link Pipeline} has them) are off as well.
 * Pure.
 */
export function narrow(
  steps: readonly Step[],
  configuration: Narrowing,
  otherModels: Pipeline["otherModels"] = new Map(),
): Pipeline {
  const off = new Map([...otherModels].map(([name, inUse]) => [name, `"${inUse}" is in use instead`]));
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
  let narrowed = steps;
  if (configuration.owner.model === "team") {
    for (const step of steps) {
      if (step.extract.crm.name === "systemusers") off.set(step.name, "records belong to a team (tenging.json)");
    }
    narrowed = narrowed.map((step) => withoutRules(step, (crm) => crm === "ownerid"));
  }
  if (!configuration.linkColumn) {
    narrowed = narrowed.map((step) => {
      const { fields }: AnyEntity = step.extract.crm;
      return withoutRules(step, (crm) => fields[crm]?.needs === "link column");
    });
  }
  const without = new Map<string, readonly string[]>();
  if (!configuration.extension) {
    for (const step of steps) if (needs(step)) off.set(step.name, needsExtension);
    narrowed = narrowed.map((step) => {
      const erp: AnyEntity = step.extract.erp;
      const needing = (_crm: string, field: string | null) =>
        field !== null && erp.needs !== "extension" && erp.fields[field]?.needs === "extension";
      const rules = ruleFields(step);
      const left = rules.filter(([crm, field]) => needing(crm, field)).map(([crm]) => crm);
      const given = Object.keys(step.create.erp).filter((field) => needing("", field));
      // A step that does nothing else has nothing to do.
      if (left.length > 0 && left.length === rules.length) off.set(step.name, needsExtension);
      else if (left.length + given.length > 0) without.set(step.name, [...new Set([...left, ...given])]);
      return withoutRules(step, needing);
    });
  }
  for (const step of steps) { // a document is synchronized with its parts, or not at all
    const head = step.under?.name;
    if (head === undefined || off.has(step.name) === off.has(head)) continue;
    if (off.has(head)) off.set(step.name, `"${head}" is off, whose parts they are`);
    else off.set(head, `"${step.name}" is off, which are its parts`);
  }
  return { steps: narrowed === steps ? steps : relinked(narrowed), off, without, otherModels };
}

/** A step that was narrowed stands wherever others name it: parts name their head, follow-ups the step they follow. */
function relinked(steps: readonly Step[]): readonly Step[] {
  const named = (step: Step | null) => steps.find((one) => one.name === step?.name) ?? step;
  return steps.map((step) => ({ ...step, under: named(step.under), of: named(step.of) }));
}

/** The rules of a step: CRM field with the ERP field behind it. */
function ruleFields(step: Step): readonly (readonly [string, string | null])[] {
  return Object.entries(step.transform).flatMap(([name, rule]) =>
    name.startsWith("group ")
      ? Object.entries<unknown>(rule as Record<string, unknown>)
      : [[name, rule] as [string, unknown]]
  ).map(([name, rule]) => [name, erpFieldOf(rule)]);
}

/** The ERP field that a rule names, through all its wrappers; null for a constant. */
function erpFieldOf(rule: unknown): string | null {
  if (typeof rule === "string") return rule;
  const { rule: inner, field } = rule as { rule?: unknown; field?: string };
  return inner === undefined ? field ?? null : erpFieldOf(inner);
}

/** Without the rules that `isOff` says of their CRM field and the ERP field behind it, in groups and creations too. */
function withoutRules(step: Step, isOff: (crm: string, erp: string | null) => boolean): Step {
  const kept = (rules: object): [string, unknown][] =>
    Object.entries(rules).filter(([crm, rule]) => !isOff(crm, erpFieldOf(rule)));
  const rules = Object.entries(step.transform).flatMap(([name, rule]): [string, unknown][] => {
    if (!name.startsWith("group ")) return kept({ [name]: rule });
    const members = kept(rule as object);
    return members.length === 0 ? [] : [[name, Object.fromEntries(members)]];
  });
  const erp = Object.entries(step.create.erp).filter(([field]) => !isOff("", field));
  const create = { erp: Object.fromEntries(erp), crm: Object.fromEntries(kept(step.create.crm)) };
  return { ...step, transform: Object.fromEntries(rules), create };
}

/** What pipelines/mod.ts says, unchecked: the steps, and models of which one is used. Throws "definition_unreadable". */
export async function loadDefinitions(): Promise<{
  readonly steps: readonly Step[];
  readonly models: readonly Model[];
}> {
  try {
    const { steps, models } = await import("../pipelines/mod.ts");
    return { steps, models };
  } catch (error) {
    const said = stripVTControlCharacters(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
      .split("\n")[0]!.replace(/ at file:\S+$/, "");
    const stack = stripVTControlCharacters(error instanceof Error ? error.stack ?? "" : "");
    const at = /pipelines\/\S+:\d+:\d+/.exec(stack)?.[0];
    const circle = error instanceof ReferenceError && error.message.includes("before initialization")
      ? "two definitions import each other: a step can only depend on one that does not depend on it"
      : "deno check pipelines/mod.ts says more";
    throw new DefinitionError("definition_unreadable", `Cannot load ${at ?? "pipelines/mod.ts"}: ${said}; ${circle}`, {
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
