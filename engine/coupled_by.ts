/** The coupling after a write that took effect. */
import type { Fields, Value } from "../connectors/connector.ts";
import type { Change, Coupling, Pair, Resolution, Side, StoredRecord } from "../store/store.ts";
import { baseWith, valuesOf, without } from "./bases.ts";
import { otherSide, type StepContext } from "./context.ts";
import { rulesNamed } from "./document.ts";
import { writesTo } from "./rules.ts";
import { isBlank, same } from "./same.ts";

/** What a batch needs to settle its outcomes, read at once. */
export interface Known {
  readonly sources: ReadonlyMap<string, StoredRecord>;
  readonly pairs: ReadonlyMap<string, Pair>;
  /** Of creations: what their sources were coupled with until it was deleted. */
  readonly partners: ReadonlyMap<string, Coupling>;
  /** Targets that another step has coupled. */
  readonly elsewhere: ReadonlySet<string>;
}

export interface Written {
  readonly side: Side;
  readonly change: Change;
  readonly target: StoredRecord;
  readonly known: Known;
  /** The record was there before, or may have been edited since it was written. */
  readonly existed: boolean;
}

/** The coupling after a write that took effect; its base is what was decided on and what the service made of it. */
export function coupledBy(context: StepContext, { side, change, target, known, existed }: Written): Coupling {
  const { compiled } = context;
  const { hash } = compiled;
  const rules = rulesNamed(compiled, Object.keys(change.basis));
  const done = rules.filter((rule) => {
    if (!writesTo(rule, side) || !(rule.name in change.basis) || (existed && context.redefined)) return false;
    const field = rule[side]!;
    // A part that got another key than ours is none of the base's: it is paired anew.
    if (field.includes("/") && !Object.hasOwn(target.data, field.slice(0, field.lastIndexOf("/") + 1))) return false;
    // What the source has and was not sent, such as an owner whom the other side doesn't know, stays the service's.
    const isLeft = !Object.hasOwn(change.after, field) && !isBlank(change.basis[rule.name]);
    return !existed || isLeft || stores(change.after[field], target.data[field]);
  }).map((rule) => rule.name);
  const stored = valuesOf(rules, done, { erp: target.data, crm: target.data });
  const basis = Object.fromEntries(done.map((name) => [name, change.basis[name]!]));
  const values = side === "crm" ? { erp: basis, crm: stored.crm } : { erp: stored.erp, crm: basis };
  const pair = known.pairs.get(target.id);
  const before = pair?.coupling.written ?? null;
  const written = isUntouched(change, target) ? before : { side, at: context.now(), run: context.run };
  if (change.op === "update" && pair !== undefined) {
    const record = pair[side];
    const base = context.knownBase(pair.coupling);
    const all = rulesNamed(compiled, [...Object.keys(base?.crm ?? {}), ...Object.keys(change.basis)]);
    // The service changed more than it was asked to, or a field of another rule: decided at once, not at the next edit.
    const beside = all.filter((rule) => {
      const name = rule[side];
      return name !== null && !done.includes(rule.name) && !same(record?.data[name], target.data[name]);
    });
    // What it made anew of a value that both sides had is not its people's to keep: the source says it again.
    const remade = beside.filter((rule) => {
      const had = base?.[side][rule.name];
      return rule.direction !== "both" && writesTo(rule, side) && same(had, base?.[otherSide(side)][rule.name]) &&
        same(had, record?.data[rule[side]!]);
    }).map((rule) => rule.name);
    const other = pair[otherSide(side)]?.data ?? {};
    const data = side === "crm" ? { erp: other, crm: target.data } : { erp: target.data, crm: other };
    // Where the answer was lost, people may have edited the record since.
    const again = existed || beside.length > 0 || Object.keys(context.step.control).length > 0;
    const seen = { ...pair.coupling.seen, [side]: again ? null : target.fingerprint };
    const kept = base === null ? null : without(base, remade);
    // What is put out of use because its counterpart was deleted has no partner any more.
    const isOver = pair[otherSide(side)]?.state === "deleted" && isDeactivation(context, change);
    const resolution = side === "crm" ? stillChosen(pair.coupling.resolution, change) : pair.coupling.resolution;
    const ending = isOver ? { state: "tombstone" as const } : {};
    const own = { base: baseWith(compiled, kept, values, data), seen, definition: hash, written, resolution };
    return { ...pair.coupling, ...own, ...ending };
  }
  const source = known.sources.get(change.source);
  const [erpId, crmId] = side === "crm" ? [change.source, target.id] : [target.id, change.source];
  const listed = new Set(change.reasons.map((reason) => reason.field));
  const whole = !existed && compiled.parts === null &&
    done.length === rules.filter((rule) => !listed.has(rule.unit)).length;
  const unchanged = source !== undefined && whole && rules.every((rule) => {
    const now = side === "crm" ? rule.erp === null ? rule.value : source.data[rule.erp] : source.data[rule.crm];
    return !done.includes(rule.name) || same(now, change.basis[rule.name]);
  });
  const own = side === "crm" ? "CRM" : "ERP";
  const found = existed && change.target !== null && target.id !== change.target;
  const other = source?.data ?? {};
  const data = side === "crm" ? { erp: other, crm: target.data } : { erp: target.data, crm: other };
  return {
    erpId,
    crmId,
    state: "coupled",
    base: baseWith(compiled, null, values, data),
    seen: unchanged
      ? { erp: null, crm: null, [side]: target.fingerprint, [otherSide(side)]: source.fingerprint }
      : { erp: null, crm: null },
    definition: hash,
    how: found ? `found in ${context.step.extract[side].name} by its key` : `created in the ${own}`,
    written,
    resolution: null,
  };
}

/** Whether a change does nothing but put its record out of use. */
function isDeactivation({ step }: StepContext, { side, after, basis }: Change): boolean {
  const inactive: Fields = step.extract[side].inactive ?? {};
  return Object.keys(basis).length === 0 &&
    Object.entries(after).every(([field, value]) => same(inactive[field], value));
}

/** What a person chose and this write of the CRM did not carry out, such as a value that was set aside. */
function stillChosen(resolution: Resolution | null, { after }: Change): Resolution | null {
  const left = Object.entries(resolution?.chosen ?? {}).filter(([name]) => !Object.hasOwn(after, name));
  return left.length === 0 ? null : { chosen: Object.fromEntries(left), keep: null };
}

/** Whether the service had no place for anything of an update, and left the record as it was. */
export function isUntouched({ op, version }: Change, target: StoredRecord): boolean {
  return op === "update" && version !== null && target.version === version;
}

/** Whether a service that trims text may have stored `sent` as `now`. */
export function stores(sent: Value | undefined, now: Value | undefined): boolean {
  const trimmed = (value: Value | undefined) => typeof value === "string" ? value.trim() : value;
  return same(trimmed(sent), trimmed(now));
}
