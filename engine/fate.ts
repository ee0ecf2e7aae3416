/** What becomes of a pair as a whole, by how each side stands: one table, pure. */
import type { ReasonCode, Side } from "../store/store.ts";
import type { Direction, LeftPolicy, MissingPolicy, Winner } from "./step.ts";

/** How a side's record stands against what both agreed on. changed: in fields that the other side takes from it. */
export type Standing = "same" | "changed" | "missing" | "left";

export interface FatePolicies {
  readonly direction: Direction;
  readonly missing: { readonly erp?: MissingPolicy; readonly crm?: MissingPolicy };
  readonly left: { readonly erp?: LeftPolicy; readonly crm?: LeftPolicy };
  readonly conflict: Winner;
  /** What a person said of a deletion against an edit: the side that counts. */
  readonly resolved: Side | null;
}

/**
 * merge: field by field. end: both are gone, the pair is over. list: nothing is done, a person is told. note: nothing is
 * done, and nobody is wanted. The others act on `side`; uncouple acts on none.
 */
export interface Fate {
  readonly action: "merge" | "end" | "list" | "note" | "uncouple" | "restore" | "delete" | "deactivate";
  readonly side: Side | null;
  readonly code: ReasonCode | null;
}

/**
 * Decides by the policies. A deletion against an edit is a conflict: nothing that somebody wrote since goes away unless a
 * policy or a person says which side counts. What lies outside the filter is never written.
 */
export function fateOf(standing: { readonly erp: Standing; readonly crm: Standing }, policies: FatePolicies): Fate {
  const { erp, crm } = standing;
  if (erp === "missing" && crm === "missing") return { action: "end", side: null, code: null };
  if (erp === "missing") return gone("erp", crm, policies);
  if (crm === "missing") return gone("crm", erp, policies);
  if (erp === "left") return away("erp", crm, policies);
  if (crm === "left") return away("crm", erp, policies);
  return { action: "merge", side: null, code: null };
}

function gone(side: Side, survivor: Standing, policies: FatePolicies): Fate {
  const other: Side = side === "erp" ? "crm" : "erp";
  const listed = { action: "list", side: null } as const;
  const { resolved } = policies;
  let policy: MissingPolicy = policies.missing[side] ?? "report";
  if (survivor === "left") return policy === "uncouple" ? uncoupled : { ...listed, code: "missing" };
  if (resolved === other) policy = "restore";
  else if (resolved === side && (policy === "report" || policy === "restore")) policy = "uncouple";
  else if (survivor === "changed" && policy !== "restore" && resolved === null) {
    const winner = policies.conflict;
    if (winner === "stop") return { ...listed, code: "conflict" };
    if (winner === other) return { ...listed, code: "missing" };
  }
  if (policy === "report") return { ...listed, code: "missing" };
  if (policy === "uncouple") return uncoupled;
  const written = policy === "restore" ? side : other;
  if (!writes(policies.direction, written)) return { ...listed, code: "missing" };
  return { action: policy, side: written, code: null };
}

function away(side: Side, standing: Standing, policies: FatePolicies): Fate {
  const other: Side = side === "erp" ? "crm" : "erp";
  const own = policies.left[side] ?? "keep";
  if (own === "uncouple" || (standing === "left" && policies.left[other] === "uncouple")) return uncoupled;
  const isOut = own === "deactivate" && standing !== "left" && writes(policies.direction, other);
  return isOut ? { action: "deactivate", side: other, code: "left" } : { action: "note", side: null, code: "left" };
}

const uncoupled: Fate = { action: "uncouple", side: null, code: null };

function writes(direction: Direction, side: Side): boolean {
  return direction === "both" || direction === (side === "crm" ? "toCrm" : "fromCrm");
}
