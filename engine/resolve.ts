/**
 * What a person decides of a conflict. A side is kept by making the base one that only this side changed since, so the
 * next run writes it by the ordinary three-way decision, and what anybody edits later merges as usual.
 */
import type { Fields, Value } from "../connectors/connector.ts";
import { DefinitionError } from "../errors.ts";
import type { Base, Change, Coupling, Lost, ReportRow, Resolution, Settlement, Side } from "../store/store.ts";
import { byHand, listing } from "./changes.ts";
import { chosenValue } from "./chosen.ts";
import { type Conflict, conflictsOf, type MetField, metFields, partOf, unitOf } from "./conflicts.ts";
import { otherSide } from "./context.ts";
import { didYouMean } from "./did_you_mean.ts";
import { isWanted } from "./document.ts";
import { selectorOf } from "./find_record.ts";
import { partsIn } from "./parts.ts";
import { type Lookups, meets, toCrm } from "./reconcile.ts";
import type { Compiled } from "./compile.ts";
import { isBlank, same } from "./same.ts";

/** The side that is kept, or the text of another value for both. */
export type Answer = { readonly keep: Side } | { readonly value: string };

export interface ResolveOptions {
  /** The unit or a field of it; null where the record has one conflict. */
  readonly field: string | null;
  readonly answer: Answer;
  readonly lookups: Lookups;
  /** Done changes of this record that overwrote something: earlier answers are among them. */
  readonly earlier: readonly Change[];
  /** ISO 8601. */
  readonly now: string;
}
export interface Resolved {
  readonly unit: string;
  /** Null: it was resolved so before, and nothing is to be saved. */
  readonly settlement: Settlement | null;
  readonly lost: readonly Lost[];
}

type Unit = Pick<Conflict, "kind" | "unit" | "deleted" | "fields"> & {
  /** Null for one that was resolved already, and is not carried out yet. */
  readonly conflict: Conflict | null;
  readonly before: Change | null;
};

/** Throws DefinitionError "no_conflict", "several_conflicts", "unknown_conflict" or "bad_value". Pure. */
export function resolveConflict(compiled: Compiled, row: ReportRow, given: ResolveOptions): Resolved {
  const { now } = given;
  const coupling = row.coupling;
  const unit = coupling === null ? null : chosenUnit(compiled, { ...row, coupling }, given);
  if (unit === null || coupling === null) {
    throw new DefinitionError(
      "no_conflict",
      `Cannot resolve "${selectorOf(row)}": it has no open conflict; deno task why "${
        selectorOf(row)
      }" says how it stands`,
    );
  }
  const answer = sideOf(unit, given);
  const options = { ...given, answer };
  if (unit.conflict === null && answerOf(unit, coupling, options.lookups) === textOf(answer)) {
    return { unit: unit.unit, settlement: null, lost: unit.before?.lost ?? [] };
  }
  const { base, resolution, lost } = decided(compiled, { ...row, coupling }, unit, options);
  const about = { step: compiled.step, run: byHand, now: () => now };
  const reason = {
    ...(unit.conflict?.reason ?? unit.before!.reasons[0]!),
    message: `Resolved by a person: ${textOf(answer)}`,
  };
  const record: Change = {
    ...listing(about, "crm", coupling.erpId, [reason]),
    id: unit.before?.id ?? `resolved ${row.step} crm ${coupling.erpId} ${unit.unit} ${now}`,
    target: coupling.crmId,
    state: "done",
    lost,
  };
  const listed = unit.conflict?.change;
  const rest = listed?.reasons.filter((reason) => reason !== unit.conflict!.reason) ?? [];
  return {
    unit: unit.unit,
    lost,
    settlement: {
      couplings: [{ ...coupling, base, resolution, seen: { erp: null, crm: null } }],
      changes: [record, ...(listed === undefined || rest.length === 0 ? [] : [{ ...listed, reasons: rest }])],
      close: listed === undefined || rest.length > 0 ? [] : [{ side: listed.side, source: listed.source }],
    },
  };
}

type CoupledRow = ReportRow & { readonly coupling: Coupling };

/** The unit that is meant: an open one, or one whose answer the next run has not carried out yet. */
function chosenUnit(compiled: Compiled, row: CoupledRow, options: ResolveOptions): Unit | null {
  const units: Unit[] = conflictsOf(compiled, row).map((conflict) => ({ ...conflict, conflict, before: null }));
  for (const before of options.earlier) {
    const [reason] = before.reasons;
    if (!before.id.startsWith("resolved ") || reason === undefined) continue;
    const unit = { ...unitOf(compiled, row, reason), conflict: null, before };
    if (units.some((one) => one.unit === unit.unit) || answerOf(unit, row.coupling, options.lookups) === null) continue;
    units.push(unit);
  }
  if (options.field === null) {
    const open = units.filter((unit) => unit.conflict !== null);
    const left = open.length > 0 ? open : units;
    if (left.length < 2) return left[0] ?? null;
    throw new DefinitionError(
      "several_conflicts",
      `Cannot resolve "${selectorOf(row)}": it has ${left.length} conflicts; name one with --field: ${namesOf(left)}`,
    );
  }
  const wanted = options.field;
  const names = (
    unit: Unit,
  ) => [
    unit.unit,
    unit.unit.replace("group ", ""),
    ...unit.fields.flatMap(({ rule }) => [rule.name, rule.erp ?? rule.name]),
  ];
  const found = units.find((unit) => unit.unit !== "" && names(unit).includes(wanted));
  if (found !== undefined || units.length === 0) return found ?? null;
  const meant = didYouMean(wanted, units.flatMap(names));
  throw new DefinitionError(
    "unknown_conflict",
    `Cannot resolve "${wanted}" of "${selectorOf(row)}": it is in no conflict; ` +
      (meant === null ? `in conflict: ${namesOf(units)}` : `did you mean "${meant}"?`),
  );
}

function namesOf(units: readonly Unit[]): string {
  return units.map((unit) => unit.unit === "" ? "the record" : `"${unit.unit}"`).join(", ");
}

/** A value that one of the two sides has already keeps that side. */
function sideOf({ kind, fields }: Unit, { answer, lookups }: ResolveOptions): Answer {
  const [field] = fields;
  if ("keep" in answer || kind !== "fields" || fields.length !== 1) return answer;
  const { rule, erp, crm } = field!;
  const value = chosenValue(rule, answer.value, lookups);
  const given = toCrm(rule, erp, lookups);
  if (same(crm, value)) return { keep: "crm" };
  return "value" in given && same(given.value, value) ? { keep: "erp" } : answer;
}

/** How an answer is told apart from another one. */
function textOf(answer: Answer): string {
  return "keep" in answer ? answer.keep : `=${answer.value}`;
}

/** The answer that waits for the next run; null where none does. */
function answerOf(unit: Omit<Unit, "conflict" | "before">, coupling: Coupling, lookups: Lookups): string | null {
  const { resolution, base } = coupling;
  if (unit.kind === "record") return resolution?.keep ?? null;
  const name = unit.fields[0]?.rule.name ?? "";
  const chosen = resolution?.chosen ?? {};
  if (Object.hasOwn(chosen, name)) return `=${chosen[name] ?? ""}`;
  if (coupling.seen.erp !== null || coupling.seen.crm !== null) return null;
  if (unit.kind === "part") {
    const isKnown = Object.keys(base?.crm ?? {}).some((one) => one.startsWith(`${unit.unit}/`));
    return isKnown ? unit.fields.length > 0 ? null : unit.deleted : otherSide(unit.deleted!);
  }
  const differing = unit.fields.filter((one) => !isEqual(one, lookups));
  const sides = (["erp", "crm"] as const).filter((side) => differing.some((one) => one.changed[side]));
  return sides.length === 1 ? sides[0]! : null;
}

interface Decided {
  readonly base: Base | null;
  readonly resolution: Resolution | null;
  readonly lost: readonly Lost[];
}

function decided(compiled: Compiled, row: CoupledRow, unit: Unit, options: ResolveOptions): Decided {
  const { answer, lookups } = options;
  const { base } = row.coupling;
  const names = unit.fields.map(({ rule }) => rule.name);
  const before: Resolution = row.coupling.resolution ?? { chosen: {}, keep: null };
  const others = Object.fromEntries(Object.entries(before.chosen).filter(([name]) => !names.includes(name)));
  if (unit.kind === "unlike") {
    throw new DefinitionError(
      "bad_value",
      `Cannot choose for "${unit.unit}" of "${selectorOf(row)}": the parts of the two documents were never the same; ` +
        "make them equal in their own services",
    );
  }
  if ("value" in answer) {
    const [field] = unit.fields;
    if (unit.kind !== "fields" || unit.fields.length !== 1 || unit.unit.includes("group ")) {
      throw new DefinitionError(
        "bad_value",
        `Cannot give ${unit.unit === "" ? "the record" : `"${unit.unit}"`} the value "${answer.value}": ` +
          "it is more than one field; keep erp or crm, and correct the value there",
      );
    }
    const { rule, erp, crm } = field!;
    const value = chosenValue(rule, answer.value, lookups);
    const lost = [...lostOf("crm", [field!]), ...lostOf("erp", [field!])];
    const now = { erp: { [rule.name]: erp }, crm: { [rule.name]: crm } };
    return { base: merged(base, now), resolution: { ...before, chosen: { ...others, [rule.name]: value } }, lost };
  }
  const { keep } = answer;
  const loser = otherSide(keep);
  if (unit.kind === "record") {
    // What a deletion takes along is known, and told, when it is carried out.
    const survivor = row[otherSide(unit.deleted!)];
    const seen = keep === unit.deleted && survivor !== null ? { seen: survivor.fingerprint } : {};
    return { base, resolution: { chosen: before.chosen, keep, ...seen }, lost: [] };
  }
  const isOver = Object.keys(others).length === 0 && before.keep === null;
  const resolution: Resolution | null = isOver ? null : { ...before, chosen: others };
  if (unit.kind === "part") return { ...decidedPart(compiled, row, unit, keep), resolution };
  const differing = unit.fields.filter((one) => !isEqual(one, lookups));
  const values = { erp: {} as Record<string, Value>, crm: {} as Record<string, Value> };
  for (const one of unit.fields) {
    values.erp[one.rule.name] = one.erp;
    values.crm[one.rule.name] = one.crm;
    if (differing.includes(one)) values[keep][one.rule.name] = earlierValue(one, keep);
  }
  return { base: merged(base, values), resolution, lost: lostOf(loser, differing) };
}

/** What a kept side had before: the old base where it differs from now, else anything that does. */
function earlierValue(one: MetField, side: Side): Value {
  const [now, other] = [one[side], one[otherSide(side)]];
  if (one.base !== null && !same(one.base[side], now)) return one.base[side];
  if (!isBlank(now)) return null;
  return isBlank(other) ? "?" : other;
}

/** A part that is gone on one side: kept there by a base that it did not change since, else made anew without a base. */
function decidedPart(compiled: Compiled, row: CoupledRow, unit: Unit, keep: Side): Omit<Decided, "resolution"> {
  const deleted = unit.deleted!;
  const from = otherSide(deleted);
  const { base } = row.coupling;
  const isOf = (name: string) => name.startsWith(`${unit.unit}/`);
  if (keep !== deleted) {
    const part = partsIn(row[from]?.data ?? {}).get(partOf(unit.unit)![from]) ?? {};
    if (!isWanted(compiled.parts!, deleted, part)) {
      throw new DefinitionError(
        "bad_value",
        `Cannot keep "${unit.unit}" of "${selectorOf(row)}": the definition creates no such part in the ` +
          `${deleted.toUpperCase()}; keep ${deleted}, or make it there by hand`,
      );
    }
    const rest = (fields: Fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => !isOf(name)));
    return { base: { erp: rest(base?.erp ?? {}), crm: rest(base?.crm ?? {}) }, lost: [] };
  }
  const fields = metFields(compiled, row, unit.unit).filter(({ rule }) => isOf(rule.name));
  const now = Object.fromEntries(fields.map((one) => [one.rule.name, one[from]]));
  const values = { erp: {}, crm: {}, [from]: now };
  return { base: merged(base, values), lost: lostOf(from, fields) };
}

function merged(base: Base | null, values: Base): Base {
  return { erp: { ...base?.erp, ...values.erp }, crm: { ...base?.crm, ...values.crm } };
}

/** Whether the two sides have the same value in a field, as its rule has it. */
export function isEqual({ rule, erp, crm }: MetField, lookups: Lookups): boolean {
  return meets(rule, toCrm(rule, erp, lookups), erp, crm, lookups);
}

function lostOf(side: Side, fields: readonly MetField[]): readonly Lost[] {
  const units = Map.groupBy(fields.filter(({ rule }) => rule[side] !== null), ({ rule }) => rule.unit);
  return [...units].map(([unit, members]): Lost => ({
    ...{ side, unit, by: "resolved by a person" },
    values: Object.fromEntries(members.map((one) => [one.rule[side]!, one[side]])),
  }));
}
