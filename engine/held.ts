/** What was refused, set aside or skipped before: it is not sent again until something changes, or its time has come. */
import type { AnyEntity, Fields, Outcome } from "../connectors/connector.ts";
import type { Change, Pair, Reason, Side, StoredRecord } from "../store/store.ts";
import type { Saved } from "./changes.ts";
import type { StepContext } from "./context.ts";
import { accessOf, type FieldRule } from "./rules.ts";
import { stands } from "./record.ts";
import { same } from "./same.ts";

/** Milliseconds before what was refused twice is tried again; four times as long after each further time. */
const firstPause = 15 * 60_000;
const longestPause = 24 * 3_600_000;

/** Whether a later decision has to know of a change that an earlier run left. */
export function isHeld({ state, reasons }: Change): boolean {
  if (state === "noted") return reasons.some(({ code }) => code === "skipped");
  // A document that is open still is tried again at once: nobody can work with it.
  const codes = reasons.map(({ code }) => code);
  return state === "open" && codes.includes("refused") && !codes.includes("not_restored");
}

/** The change that is held for this record, if one is. */
export function heldOf(context: StepContext, side: Side, source: string): Change | undefined {
  return context.held.get(`${side} ${source}`);
}

/**
 * Whether a person said that the record, or pair, is to be left alone and it is what it was then. One that has changed is
 * released: what was noted of it goes to `saved.close`.
 */
export function isSkipped(
  context: StepContext,
  { erp, crm }: { readonly erp: StoredRecord | null; readonly crm: StoredRecord | null },
  saved: Saved,
): boolean {
  const wanted = [stateOf(erp), stateOf(crm)];
  let skipped = false;
  for (const [side, source] of [["crm", erp?.id], ["erp", crm?.id]] as const) {
    const held = source === undefined ? undefined : heldOf(context, side, source);
    const reason = held?.reasons.find(({ code }) => code === "skipped");
    if (reason === undefined) continue;
    if (wanted.every((fingerprint, at) => fingerprint === reason.about?.[at])) skipped = true;
    else {
      saved.close.push({ side, source: source! });
      context.held.delete(`${side} ${source}`);
    }
  }
  return skipped;
}

/** What a skip is about: the record as it is; one that is gone is not what it was. */
export function stateOf(record: StoredRecord | null): string {
  if (record === null) return "";
  return stands(record) ? record.fingerprint : `${record.state} ${record.fingerprint}`;
}

/** The fields without those whose value the service refused before, with the reasons why they are left out. */
export function withoutRefused(
  context: StepContext,
  { side, source }: { readonly side: Side; readonly source: string },
  fields: Fields,
  rules: readonly FieldRule[],
): { readonly fields: Fields; readonly reasons: readonly Reason[]; readonly units: ReadonlySet<string> } {
  const reasons: Reason[] = [];
  const units = new Set<string>();
  for (const reason of heldOf(context, side, source)?.reasons ?? []) {
    for (const [field, value] of Object.entries(reason.sent ?? {})) {
      if (!(field in fields) || !same(fields[field], value)) continue;
      reasons.push(reason);
      units.add(unitOf(rules, side, field));
    }
  }
  if (reasons.length === 0) return { fields, reasons, units };
  const rest = Object.entries(fields).filter(([field]) => !units.has(unitOf(rules, side, field)));
  return { fields: Object.fromEntries(rest), reasons, units };
}

/** What is written, merged and set aside together with a field. */
function unitOf(rules: readonly FieldRule[], side: Side, field: string): string {
  return rules.find((rule) => rule[side] === field)?.unit ?? field;
}

/** Saves a change as intended, or, where the same was refused and its time has not come, leaves it listed. */
export function intend(context: StepContext, change: Change, saved: Saved, again: boolean): void {
  const { side, source } = change;
  const held = heldOf(context, side, source);
  const isSame = held !== undefined && held.op === change.op && sameFields(held.after, change.after);
  if (isSame && held.retryAt !== null && held.retryAt > context.now()) {
    saved.changes.push({ ...held, run: context.run });
    context.count(side, source, "failed", { again });
  } else {
    saved.changes.push({ ...change, attempts: isSame ? held.attempts : 0 });
    const isNew = !context.listed.has(`${side} ${source}`);
    if (change.op === "insert") context.intended.creations += isNew ? 1 : 0;
    else if (change.op !== "update") context.intended.deletions++;
  }
}

function sameFields(one: Fields, other: Fields): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => same(one[name], other[name]));
}

/** When a change that was refused so often is tried again: first in the next run, then after ever longer pauses. */
export function retryAt(attempts: number, now: string): string | null {
  if (attempts < 2) return null;
  const pause = Math.min(firstPause * 4 ** (attempts - 2), longestPause);
  return new Date(Date.parse(now) + pause).toISOString();
}

/**
 * The reason that sets the refused field of a change aside, so that the rest can be sent without it; null where the
 * service names none that was sent, or the record can't be without it.
 */
export function setAside(
  { compiled }: StepContext,
  change: Change,
  { code, message, field }: Outcome & { kind: "refused" },
): Reason | null {
  if (field === undefined || !(field in change.after) || compiled.parts !== null) return null;
  const unit = unitOf(compiled.rules, change.side, field);
  const members = compiled.rules.flatMap((rule) => rule.unit === unit ? rule[change.side] ?? [] : []);
  const entity: AnyEntity = compiled.step.extract[change.side];
  if (change.op === "insert" && [field, ...members].some((one) => isNeeded(entity, one))) return null;
  const text = `${message} (${code}); "${field}" is left out until it has another value`;
  return { code: "refused", field: unit, message: text, sent: { [field]: change.after[field]! } };
}

/** Whether a new record without the field could not be made, found again, kept in the step's filter or completed later. */
function isNeeded(entity: AnyEntity, field: string): boolean {
  return entity.fields[field]?.required === true || field in entity.filter || entity.foundBy.includes(field) ||
    accessOf(entity, field) === "create";
}

/** Whether either side of the pair is skipped by a person; see {@link isSkipped}. */
export function leavesAlone(context: StepContext, pair: Pair, saved: Saved, again: boolean): boolean {
  if (!isSkipped(context, pair, saved)) return false;
  for (const side of context.sides) {
    const source = side === "crm" ? pair.coupling.erpId : pair.coupling.crmId;
    context.count(side, source, "skipped", { again });
  }
  return true;
}
