/** Changes before anything is sent: listings, and whose record they come from and go to. */
import type { Change, Coupling, Reason, Side } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { nextNumber } from "./document.ts";
import { derivedId } from "./record.ts";

/** What a page of decisions saves. */
export interface Saved {
  readonly couplings: Coupling[];
  readonly changes: Change[];
  readonly close: { side: Side; source: string }[];
  /** ERP ids whose couplings go to other records. */
  readonly parted: string[];
}

export function nothingSaved(): Saved {
  return { couplings: [], changes: [], close: [], parted: [] };
}

/** A coupling that this definition decided on, though nothing was written: what both agreed on by other rules is over. */
export function decidedNow({ compiled, knownBase }: StepContext, coupling: Coupling): Coupling {
  return { ...coupling, base: knownBase(coupling), definition: compiled.hash };
}

/** What a listing takes of its step and run. */
export interface Listed {
  readonly step: { readonly name: string };
  readonly run: string;
  now(): string;
}

/** What stands in a change as its run where a person decided, outside of any. */
export const byHand = "by hand";

/** A change that writes nothing: it only says why. It has one id for its side and source, so it is replaced, not piled up. */
export function listing(context: Listed, side: Side, source: string, reasons: readonly Reason[]): Change {
  return {
    id: `open ${context.step.name} ${side} ${source}`,
    run: context.run,
    step: context.step.name,
    side,
    op: "none",
    source,
    target: null,
    after: {},
    before: {},
    basis: {},
    version: null,
    state: "open",
    reasons,
    lost: [],
    attempts: 0,
    retryAt: null,
    at: context.now(),
  };
}

/** Why a document is open still that an earlier change left so. */
export function notRestored(context: StepContext, side: Side, source: string): readonly Reason[] {
  const left = context.unrestored.get(`${side} ${source}`);
  return left?.reasons.filter(({ code }) => code === "not_restored") ?? [];
}

/** A document that a change left open stays listed, with what else there is to say, while nothing is written to it. */
export function keepUnrestored(context: StepContext, side: Side, source: string, saved: Saved): void {
  const left = context.unrestored.get(`${side} ${source}`);
  if (left === undefined) return;
  const isOf = (one: { readonly side: Side; readonly source: string }) => one.side === side && one.source === source;
  const at = saved.changes.findIndex(isOf);
  const decided = saved.changes[at];
  if (decided !== undefined && decided.op !== "none") return;
  if (decided !== undefined) saved.changes.splice(at, 1);
  saved.changes.push({ ...left, reasons: [...left.reasons, ...decided?.reasons ?? []] });
  const closing = saved.close.findIndex(isOf);
  if (closing >= 0) saved.close.splice(closing, 1);
}

/** The record that a change to `side` comes from stands on the other side. */
export function sourceOf(coupling: Coupling, side: Side): string {
  return side === "crm" ? coupling.erpId : coupling.crmId;
}
/** The record that a change to `side` writes. */
export function targetOf(coupling: Coupling, side: Side): string {
  return side === "crm" ? coupling.crmId : coupling.erpId;
}

/** The key of a part that we make. */
export function newKey(
  context: StepContext,
  { side, source, part }: { side: Side; source: string; part: string },
  taken: Iterable<string>,
): string {
  const { step } = context.compiled.parts!;
  if (step.extract[side].partKey === "number") return nextNumber(taken);
  return derivedId(context.outside, step.name, `${source}/${part}`);
}
