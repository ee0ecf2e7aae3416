/**
 * Documents: a head with its parts, decided as one record. The parts lie flat in a record's data: "<key>/<field>" holds
 * a field of a part, "<key>/" its place among the others. In a change "<key>/" says what becomes of the part. A base
 * calls a field of two parts that are the same thing "<erp key>~<crm key>/<CRM field>", so it remembers the pairs too.
 */
import type { AnyEntity, Fields, PartWrite, Value, Write } from "../connectors/connector.ts";
import type { Base, Change, Reason, Side } from "../store/store.ts";
import { creationOf } from "./creation.ts";
import { headOf, partsIn } from "./parts.ts";
import { fits } from "./policy.ts";
import { type Lookups, toCrm } from "./reconcile.ts";
import { isBlank, same } from "./same.ts";
import type { Compiled } from "./compile.ts";
import type { FieldRule } from "./rules.ts";

/** One part on each side, or a part that stands on one side only; `name` where both keys are known. */
export interface PartPair {
  readonly erp: string | null;
  readonly crm: string | null;
}
function nameOfPair(erp: string, crm: string): string {
  return `${erp}~${crm}`;
}

/** The pairs whose fields are among these names of a base or a basis. */
function pairsNamed(names: Iterable<string>): readonly { readonly erp: string; readonly crm: string }[] {
  const found = new Set<string>();
  for (const name of names) {
    const slash = name.lastIndexOf("/");
    if (slash > 0) found.add(name.slice(0, slash));
  }
  return [...found].map((name) => ({ erp: name.slice(0, name.indexOf("~")), crm: name.slice(name.indexOf("~") + 1) }));
}

/** The rules of the head, and those of the parts for each pair that these names speak of. */
export function rulesNamed(compiled: Compiled, names: Iterable<string>): readonly FieldRule[] {
  if (compiled.parts === null) return compiled.rules;
  return [...compiled.rules, ...pairsNamed(names).flatMap((pair) => rulesOfPair(compiled, pair))];
}

function rulesOfPair(
  { parts }: Compiled,
  { erp, crm }: { readonly erp: string; readonly crm: string },
): readonly FieldRule[] {
  const name = nameOfPair(erp, crm);
  return parts!.rules.map((rule) => ({
    ...rule,
    name: `${name}/${rule.name}`,
    unit: `${name}/${rule.unit}`,
    erp: rule.erp === null ? null : `${erp}/${rule.erp}`,
    crm: `${crm}/${rule.crm}`,
  }));
}

export interface MetDocument {
  readonly erp: Fields;
  readonly crm: Fields;
  readonly base: Base | null;
}

/** Which parts are the same thing: those that the base names, then, among the rest, those with equal match fields. */
export function pairParts(compiled: Compiled, met: MetDocument, lookups: Lookups): readonly PartPair[] {
  const sides = { erp: partsIn(met.erp), crm: partsIn(met.crm) };
  const pairs: PartPair[] = [];
  const taken = { erp: new Set<string>(), crm: new Set<string>() };
  const take = (erp: string, crm: string) => {
    taken.erp.add(erp);
    taken.crm.add(crm);
    pairs.push({ erp, crm });
  };
  for (const { erp, crm } of pairsNamed(Object.keys(met.base?.crm ?? {}))) {
    if (sides.erp.has(erp) || sides.crm.has(crm)) take(erp, crm);
  }
  for (const group of compiled.parts!.step.match) {
    for (const [erp, fields] of sides.erp) {
      if (taken.erp.has(erp)) continue;
      for (const [crm, other] of sides.crm) {
        if (taken.crm.has(crm) || !group.every((field) => agrees(compiled.parts!, field, fields, other, lookups))) {
          continue;
        }
        take(erp, crm);
        break;
      }
    }
  }
  for (const erp of sides.erp.keys()) if (!taken.erp.has(erp)) pairs.push({ erp, crm: null });
  for (const crm of sides.crm.keys()) if (!taken.crm.has(crm)) pairs.push({ erp: null, crm });
  return pairs;
}

function agrees(parts: Compiled, field: string, erp: Fields, crm: Fields, lookups: Lookups): boolean {
  const rule = parts.rules.find((one) => one.crm === field)!;
  const looked = toCrm(rule, rule.erp === null ? rule.value : erp[rule.erp] ?? null, lookups);
  return "value" in looked && same(looked.value, crm[field]);
}

export interface PartDecision {
  /** What is written to each side besides what the rules of the pairs say: new parts, and parts that go. */
  readonly crm: Fields;
  readonly erp: Fields;
  readonly reasons: { readonly crm: readonly Reason[]; readonly erp: readonly Reason[] };
  /** The pairs that stand on both sides, or will; none while two documents that were never the same differ in parts. */
  readonly pairs: readonly { readonly erp: string; readonly crm: string }[];
}

export interface PartOptions {
  readonly lookups: Lookups;
  /** The sides that may be written. */
  readonly sides: readonly Side[];
  /** Whose version counts where a part went on one side and changed on the other; null: a person says. */
  readonly winner: Side | null;
  /** The key of a new part, made for a part of the other side. */
  readonly newKey: (side: Side, source: string, taken: Iterable<string>) => string;
}

/** Decides about parts that stand on one side only: made on the other side, or taken away where they went. */
export function decideParts(
  compiled: Compiled,
  met: MetDocument,
  found: readonly PartPair[],
  options: PartOptions,
): PartDecision {
  const sides = { erp: partsIn(met.erp), crm: partsIn(met.crm) };
  const out = { erp: {} as Record<string, Value>, crm: {} as Record<string, Value> };
  const reasons = { erp: [] as Reason[], crm: [] as Reason[] };
  const pairs: { erp: string; crm: string }[] = [];
  let isUnlike = false;
  const based = pairsNamed(Object.keys(met.base?.crm ?? {}));
  // The key of a part that went is not given to a new one before everybody knows that it went.
  const keys = {
    erp: new Set([...sides.erp.keys(), ...based.map(({ erp }) => erp)]),
    crm: new Set([...sides.crm.keys(), ...based.map(({ crm }) => crm)]),
  };
  // Two documents that meet for the first time: nobody knows whose parts are missing on the other side.
  const isFirst = based.length === 0 && sides.erp.size > 0 && sides.crm.size > 0;
  for (const pair of found) {
    const there = {
      erp: pair.erp !== null && sides.erp.has(pair.erp),
      crm: pair.crm !== null && sides.crm.has(pair.crm),
    };
    const known = pair.erp !== null && pair.crm !== null;
    if (known && there.erp && there.crm) pairs.push({ erp: pair.erp!, crm: pair.crm! });
    else if (!known) create(there.erp ? "crm" : "erp", (pair.erp ?? pair.crm)!);
    else gone(there.erp ? "crm" : "erp", { erp: pair.erp!, crm: pair.crm! });
  }
  // A pair in the base would make them documents that met before, whose parts are made on the other side.
  return { ...out, reasons, pairs: isUnlike ? [] : pairs };

  /** The part on `side` is missing, and was there. */
  function gone(side: Side, pair: { erp: string; crm: string }): void {
    const from = side === "erp" ? "crm" : "erp";
    const before = met.base![from];
    const edited = rulesOfPair(compiled, pair).some((rule) => {
      const field = rule[from];
      return field !== null && rule.name in before && !same(met[from][field], before[rule.name]);
    });
    if (edited && options.winner !== side) {
      if (options.winner === from) return create(side, pair[from], pair[side]);
      reasons.crm.push({
        code: "conflict",
        field: nameOfPair(pair.erp, pair.crm),
        message: `Cannot merge a part: it was deleted in the ${side.toUpperCase()} and changed in the ` +
          `${from.toUpperCase()}; delete it there too, or undo the change`,
      });
    } else if (options.sides.includes(from)) out[from][`${pair[from]}/`] = "delete";
  }

  /** `again`: the key that the part had there before it went. */
  function create(side: Side, source: string, again?: string): void {
    const from = side === "erp" ? "crm" : "erp";
    const fields = sides[from].get(source)!;
    if (!options.sides.includes(side) || !isWanted(compiled.parts!, side, fields)) return;
    if (isFirst) {
      isUnlike = true;
      const message = `Cannot merge a part: part "${source}" of the ${from.toUpperCase()} has no counterpart in the ` +
        `${side.toUpperCase()}, and the two documents were never the same; make their parts equal on either side`;
      reasons[side].push({ code: "conflict", field: source, message });
      return;
    }
    const { fields: given, reasons: why, stops } = creationOf(compiled.parts!, side, fields, options.lookups);
    for (const reason of why) reasons[side].push({ ...reason, field: `${source}/${reason.field ?? ""}` });
    if (stops) return;
    const key = again ?? options.newKey(side, source, keys[side]);
    keys[side].add(key);
    out[side][`${key}/`] = "create";
    for (const [field, value] of Object.entries(given)) out[side][`${key}/${field}`] = value;
    pairs.push(side === "erp" ? { erp: key, crm: source } : { erp: source, crm: key });
  }
}

/** Whether the definition creates a counterpart of this record, or part, on `side`. */
export function isWanted({ step }: Compiled, side: Side, source: Fields): boolean {
  const policy = side === "crm" ? step.load.toCrm : step.load.fromCrm;
  if (policy?.unmatched !== "insert") return false;
  return fits(policy.when, source) &&
    (policy.unless === undefined || isBlank(source[policy.unless]));
}

/** 10000, 20000 …: the number behind all those that are taken. */
export function nextNumber(taken: Iterable<string>): string {
  let last = 0;
  for (const key of taken) last = Math.max(last, /^\d+$/.test(key) ? Number(key) : 0);
  return String((Math.floor(last / 10_000) + 1) * 10_000);
}

/** The rules of these pairs. */
export function rulesOfPairs(
  compiled: Compiled,
  pairs: readonly { readonly erp: string; readonly crm: string }[],
): readonly FieldRule[] {
  return pairs.flatMap((pair) => rulesOfPair(compiled, pair));
}

/** What is written of a document, with a word for each part that only changes. */
export function marked(fields: Fields): Fields {
  const marks: Record<string, Value> = {};
  for (const name of Object.keys(fields)) {
    const slash = name.lastIndexOf("/");
    if (slash > 0) marks[`${name.slice(0, slash)}/`] ??= fields[`${name.slice(0, slash)}/`] ?? "update";
  }
  return { ...fields, ...marks };
}

/** The write of a change: its parts in the order of their keys, those with numbers by number. */
export function writeOf({ op, target, version, after }: Change, parts: AnyEntity | null): Write {
  const write = {
    op: op === "insert" ? "create" : op === "delete" ? "delete" : "update",
    id: target,
    version,
  } as const;
  if (parts === null) return { ...write, fields: after };
  const names = Object.keys(after).filter((name) => name.endsWith("/"));
  const order = (a: string, b: string) => parts.partKey === "number" ? parseInt(a) - parseInt(b) : a < b ? -1 : 1;
  const written = names.sort(order).map((name): PartWrite => {
    const own = Object.entries(after).filter(([other]) => other.startsWith(name) && other !== name);
    const fields = Object.fromEntries(own.map(([other, value]) => [other.slice(name.length), value]));
    return { op: after[name] as PartWrite["op"], key: name.slice(0, -1), fields };
  });
  return { ...write, fields: headOf(after), parts: written };
}

/** Whether a record's data show that a change took effect; `stores` compares a sent value with a stored one. */
export function tookEffect(
  after: Fields,
  data: Fields,
  stores: (sent: Value, now: Value | undefined) => boolean,
): boolean {
  return Object.entries(after).every(([name, value]) => {
    if (!name.endsWith("/")) return stores(value, data[name]);
    return Object.hasOwn(data, name) === (value !== "delete");
  });
}

/** Whether a name of a base still has a meaning: its rule exists, and of a pair of parts one stands somewhere. */
export function isAlive(compiled: Compiled, name: string, { erp, crm }: { erp: Fields; crm: Fields }): boolean {
  const slash = name.lastIndexOf("/");
  if (slash < 0) return compiled.rules.some((rule) => rule.name === name);
  if (compiled.parts === null || !compiled.parts.rules.some((rule) => rule.name === name.slice(slash + 1))) {
    return false;
  }
  const [pair] = pairsNamed([name]);
  return Object.hasOwn(erp, `${pair!.erp}/`) || Object.hasOwn(crm, `${pair!.crm}/`);
}
