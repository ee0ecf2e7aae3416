/** What follows from a definition's rules: the fields to read and the definition's hash. */
import { createHash } from "node:crypto";
import { type Conversion, type FieldRule, givenOf, rulesOf } from "./rules.ts";
import type { Step } from "./step.ts";

/** A checked definition with all that is derived from it once. */
export interface Compiled {
  readonly step: Step;
  readonly rules: readonly FieldRule[];
  /** Fields to read on each side, sorted: mapped, key, label, match, carried, and what creations and policies look at. */
  readonly fields: { readonly erp: readonly string[]; readonly crm: readonly string[] };
  /** Of a document: the definition of its parts. */
  readonly parts: Compiled | null;
  /** Changes when the rules, the policies, the filters or the fields change: then everything is read and decided again. */
  readonly hash: string;
  /**
   * Changes when what the rule makes of a value changes, by CRM field; rules of parts have "/" before it. Filters and
   * policies stand among them, by names that no field has.
   */
  readonly ruleHashes: Readonly<Record<string, string>>;
}

/** What was compiled before: a step never changes, so its rules are hashed once. */
const known = new WeakMap<Step, Compiled>();

/** `parts`: the step of the parts that are under this one. */
export function compile(step: Step, parts: Step | null = null): Compiled {
  const before = known.get(step);
  if (before !== undefined && (before.parts?.step ?? null) === parts) return before;
  const compiled = compiledOf(step, parts);
  known.set(step, compiled);
  return compiled;
}

function compiledOf(step: Step, parts: Step | null): Compiled {
  const rules = rulesOf(step);
  const { erp, crm } = step.extract;
  const fields = {
    erp: sorted([erp.key, erp.label, ...erp.carries, ...rules.flatMap((rule) => rule.erp ?? []), ...looked("erp")]),
    crm: sorted([crm.key, crm.label, ...crm.carries, ...rules.map((rule) => rule.crm), ...looked("crm")]),
  };
  const under = parts === null ? null : compile(parts);
  const own = rules.map((rule) => [rule.crm, hashOf(describe(rule))]);
  const ruleHashes: Record<string, string> = {
    ...Object.fromEntries(own),
    "filter of the ERP": hashOf(erp.filter),
    "filter of the CRM": hashOf(crm.filter),
    ...Object.fromEntries(policiesOf(step, rules).map(([name, policy]) => [name, hashOf(policy)])),
    ...Object.fromEntries(Object.entries(under?.ruleHashes ?? {}).map(([name, hash]) => [`/${name}`, hash])),
  };
  const read = under === null ? fields : [fields, under.fields];
  const hash = hashOf([erp.name, erp.filter, crm.name, crm.filter, read, Object.entries(ruleHashes).sort()]);
  return { step, rules, fields, parts: under, hash, ruleHashes };

  /** What a record is put out of use by, where a policy does that when the other side's is gone. */
  function ended(side: "erp" | "crm"): string[] {
    const { missing, left } = step.load;
    const other = side === "erp" ? "crm" : "erp";
    if (missing?.[other] !== "deactivate" && left?.[other] !== "deactivate") return [];
    return Object.keys(step.extract[side].inactive ?? {});
  }

  /** What is looked at of a record besides the rules: by creations of the other side, and by policies. */
  function looked(side: "erp" | "crm"): string[] {
    const { load, authority, control } = step;
    const policy = side === "erp" ? load.toCrm : load.fromCrm;
    return [
      ...givenOf(step, side === "erp" ? "crm" : "erp").flatMap((given) => given.from ?? []),
      ...Object.keys(policy?.when ?? {}),
      ...(policy?.unless === undefined ? [] : [policy.unless]),
      ...ended(side),
      ...authority.flatMap((line) => Object.keys(line[side] ?? {})),
      ...(side === "erp" ? Object.values(control) : Object.keys(control)),
      ...(side === "erp"
        ? Object.values(control).flatMap((name) => step.extract.erp.fields[name]?.currency ?? [])
        : []),
    ];
  }
}

/** What a definition says beside its rules of what is written, by the key that says it; nothing that is the default. */
function policiesOf(step: Step, rules: readonly FieldRule[]): readonly (readonly [string, unknown])[] {
  const { toCrm, fromCrm, first = "fill", conflict = "stop", missing = {}, left = {} } = step.load;
  const created = (side: "erp" | "crm") =>
    givenOf(step, side).map(({ field, from, transform, value }) => [field, from, textsOf(transform), value]).sort();
  const unmatched = (policy: typeof toCrm) =>
    policy === undefined || (policy.unmatched === "leave" && policy.unless === undefined)
      ? []
      : [policy.unmatched, sortedEntries(policy.when), policy.unless];
  const members = Object.entries(step.transform).filter(([name]) => name.startsWith("group "))
    .map(([name, entry]) => [name, Object.keys(entry as object).sort()] as const);
  const all: readonly (readonly [string, unknown])[] = [
    ...members,
    ["match", step.match.map((group) => sorted(group))],
    ["create.erp", created("erp")],
    ["create.crm", created("crm")],
    ["control", sortedEntries(step.control)],
    // What it tells people decides nothing.
    ["authority", step.authority.map(({ erp, crm, who, over }) => [sortedEntries(erp), sortedEntries(crm), who, over])],
    ["load.toCrm", unmatched(toCrm)],
    ["load.fromCrm", unmatched(fromCrm)],
    ["load.first", first === "fill" ? [] : first],
    ["load.conflict", conflict === "stop" ? [] : conflict],
    ...(["erp", "crm"] as const).flatMap((side) =>
      [
        [`load.missing.${side}`, (missing[side] ?? "report") === "report" ? [] : missing[side]],
        [`load.left.${side}`, (left[side] ?? "keep") === "keep" ? [] : left[side]],
      ] as const
    ),
    ...rules.flatMap(({ crm, ownConflict }) =>
      ownConflict === null ? [] : [[`onConflict of ${crm}`, ownConflict]] as const
    ),
  ];
  return all.filter(([, said]) => !(Array.isArray(said) && said.length === 0));
}

function sortedEntries(said: object = {}): readonly (readonly [string, unknown])[] {
  return Object.entries(said).sort(([a], [b]) => a < b ? -1 : 1);
}

/** What of a rule decides the values that it gives. */
function describe(rule: FieldRule): unknown {
  const { erp, kind, direction, transform, map, lookup, value } = rule;
  return [
    erp,
    kind,
    direction,
    value,
    textsOf(transform),
    map && [map.entity, Object.entries(map.values).sort()],
    lookup && [lookup.steps.map((to) => to.name), lookup.options.blank, lookup.options.unresolved],
  ];
}

/** What of a transform counts: the text of its functions, not their tables. */
function textsOf(transform: Conversion | null): readonly string[] | null {
  return transform && [transform.name, ...[transform.forward, transform.backward, transform.normal].map(String)];
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
