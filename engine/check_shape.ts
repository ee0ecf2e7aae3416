/** Whether a definition has the shape that its types promise: one that was cast may not. */
import { z } from "zod";
import { didYouMean } from "./did_you_mean.ts";
import type { Report } from "./problem.ts";
import type { Step } from "./step.ts";

const aStep = z.custom<Step>(
  (value) => typeof value === "object" && value !== null && "name" in value && "extract" in value,
  "expected a step; where two files import each other, one of them sees nothing yet",
);
const entity = z.custom(
  (value) => typeof value === "object" && value !== null && "name" in value && "fields" in value,
  "expected a handle of an entity",
);
const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const direction = z.enum(["toCrm", "fromCrm", "both"]);
const winner = z.enum(["erp", "crm", "stop"]);
const values = z.record(z.string(), value);
const unmatched = z.strictObject({
  unmatched: z.enum(["insert", "leave"]),
  when: values.optional(),
  unless: z.string().optional(),
});
const authority = z.strictObject({
  erp: values.optional(),
  crm: values.optional(),
  who: z.enum(["erp", "crm", "nobody", "person"]),
  why: z.string().optional(),
  over: z.literal(true).optional(),
});

const missing = z.enum(["report", "uncouple", "restore", "delete", "deactivate"]);
const left = z.enum(["keep", "uncouple", "deactivate"]);

const definition = z.strictObject({
  name: z.string(),
  dependsOn: z.array(aStep),
  direction,
  extract: z.strictObject({ erp: entity, crm: entity }),
  of: aStep.nullable(),
  under: aStep.nullable(),
  match: z.array(z.array(z.string()).min(1)),
  transform: z.record(z.string(), z.unknown()),
  create: z.strictObject({ erp: z.record(z.string(), z.unknown()), crm: z.record(z.string(), z.unknown()) }),
  load: z.strictObject({
    toCrm: unmatched,
    fromCrm: unmatched,
    first: z.enum(["fill", "erp", "crm"]),
    conflict: winner,
    missing: z.strictObject({ erp: missing, crm: missing }).partial(),
    left: z.strictObject({ erp: left, crm: left }).partial(),
  }).partial(),
  control: z.record(z.string(), z.string()),
  authority: z.array(authority),
  sweepEvery: z.enum(["run", "hour", "day", "week"]),
});

const leaves = {
  constant: z.strictObject({ kind: z.string(), value }),
  convert: z.strictObject({ kind: z.string(), field: z.string(), transform: z.looseObject({ name: z.string() }) }),
  mapped: z.strictObject({
    kind: z.string(),
    field: z.string(),
    map: z.looseObject({ entity: z.string().nullable(), values: z.record(z.string(), value) }),
  }),
  coupled: z.looseObject({
    kind: z.string(),
    field: z.string(),
    steps: z.array(aStep).min(1),
    options: z.strictObject({
      blank: z.enum(["clear", "leave"]),
      unresolved: z.enum(["wait", "leave", "clear", "fail"]),
    }).partial(),
  }),
};
const wrappers = {
  optional: z.strictObject({ kind: z.string(), rule: z.unknown() }),
  toCrm: z.strictObject({ kind: z.string(), rule: z.unknown() }),
  fromCrm: z.strictObject({ kind: z.string(), rule: z.unknown() }),
  onConflict: z.strictObject({ kind: z.string(), winner, rule: z.unknown() }),
};
const rules: Readonly<Record<string, z.ZodType<unknown>>> = { ...leaves, ...wrappers };
const given = ["constant", "convert"];
/** A definition is looked at once or twice: making code for its schema takes longer than that. */
const once = { jitless: true } as const;

/** Reports what is not of the right shape. A step with such a problem can't be looked at any closer. */
export function checkShape(step: Step, report: Report): void {
  const { success, error } = definition.safeParse(step, once);
  if (!success) return reportIssues(error.issues, null, report);

  for (const [name, entry] of Object.entries(step.transform)) {
    if (!name.startsWith("group ")) checkRule(name, entry, step, report);
    else if (isRecord(entry) && !("kind" in entry)) {
      for (const [member, rule] of Object.entries(entry)) checkRule(member, rule, step, report);
    } else report("malformed", name, "a group holds fields with their rules; write { field: rule } beside it");
  }
  for (const side of ["erp", "crm"] as const) {
    for (const [field, rule] of Object.entries(step.create[side])) {
      const where = `create.${side}.${field}`;
      if (typeof rule === "string") continue;
      else if (isRecord(rule) && given.includes(String(rule.kind))) checkLeaf(where, rule, report);
      else {
        report("wrong_rule", where, "a creation takes constants, conversions and copies; use constant() or convert()");
      }
    }
  }
}

/** Whether a step that others refer to can be looked at through them; what it lacks is reported where it stands itself. */
export function hasShape(step: Step): boolean {
  return definition.safeParse(step, once).success;
}

function checkRule(field: string, rule: unknown, step: Step, report: Report): void {
  if (typeof rule === "string") return;
  const kind = isRecord(rule) ? String(rule.kind) : typeof rule;
  if (!isRecord(rule) || !Object.hasOwn(rules, kind)) {
    const near = didYouMean(kind, Object.keys(rules));
    return report(
      "wrong_rule",
      field,
      `"${kind}" is no kind of rule; ` +
        (near === null ? "use a field's name, or one of the functions of engine/step.ts" : `did you mean "${near}"?`),
    );
  }
  if (!checkLeaf(field, rule, report) || !Object.hasOwn(wrappers, kind)) return;
  if ((kind === "toCrm" || kind === "fromCrm") && step.direction !== "both") {
    return report("wrong_rule", field, `${kind}() stands in a step that has one direction anyway; take it away`);
  }
  if (kind === "onConflict" && step.direction !== "both") {
    return report("wrong_rule", field, "a conflict needs two directions, and the step has one; take onConflict() away");
  }
  checkRule(field, rule.rule, step, report);
}

function checkLeaf(field: string, rule: Record<string, unknown>, report: Report): boolean {
  const { success, error } = rules[String(rule.kind)]!.safeParse(rule, once);
  if (!success) reportIssues(error.issues, field, report);
  return success;
}

function reportIssues(issues: readonly z.core.$ZodIssue[], field: string | null, report: Report): void {
  for (const issue of issues) {
    const path = issue.path.join(".");
    const where = [field, path].filter((part) => part).join(": ") || null;
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const near = didYouMean(key, keysAt(path));
        const remedy = near === null ? "take it away" : `did you mean "${near}"?`;
        report("unknown_key", where, `"${key}" is nothing that can be said here; ${remedy}`);
      }
    } else {
      report("malformed", where, `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}; correct it`);
    }
  }
}

/** Keys that stand beside an unknown one; a rule's own keys are written by engine/step.ts, all but its options. */
function keysAt(path: string): readonly string[] {
  const load = definition.shape.load.shape;
  const known: Readonly<Record<string, object>> = {
    "": definition.shape,
    load,
    "load.toCrm": unmatched.shape,
    "load.fromCrm": unmatched.shape,
    "load.missing": { erp: missing, crm: missing },
    "load.left": { erp: left, crm: left },
    options: leaves.coupled.shape.options.shape,
  };
  return Object.keys(known[path] ?? {});
}

function isRecord(thing: unknown): thing is Record<string, unknown> {
  return typeof thing === "object" && thing !== null;
}
