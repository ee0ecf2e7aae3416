/** What a step knows from runs with another definition, and what that is still worth. Pure. */
import type { Base, Coupling, StepState } from "../store/store.ts";
import type { Compiled } from "./compile.ts";

/** Why the step reads more than usual, in words. */
export function noteOf(state: StepState, compiled: Compiled): string | null {
  if (state.definition === null) return "first run";
  if (state.definition === compiled.hash) return null;
  const before = state.rules[state.definition] ?? {};
  const now = compiled.ruleHashes;
  const own = (name: string) => name.startsWith("/") ? `${compiled.parts?.step.name ?? ""}: ${name.slice(1)}` : name;
  const named = (verb: string, names: string[]) => names.length > 0 ? [`${names.map(own).join(", ")} ${verb}`] : [];
  const differences = [
    ...named("added", Object.keys(now).filter((field) => !(field in before))),
    ...named("removed", Object.keys(before).filter((field) => !(field in now))),
    ...named("changed", Object.keys(now).filter((field) => field in before && before[field] !== now[field])),
  ];
  return `definition changed: ${differences.length > 0 ? differences.join("; ") : "what it reads"}`;
}

/** A cursor belongs to the definition that it was read with. */
export function cursorFor(cursor: string | null, hash: string): string | null {
  return cursor !== null && cursor.startsWith(`${hash} `) ? cursor.slice(hash.length + 1) : null;
}

/** Whether something was made by other rules; until a run came to its end by these, since one that fails makes nothing. */
export function isRedefined({ ended, rules }: StepState, { hash }: Compiled): boolean {
  return ended === null ? Object.keys(rules).some((known) => known !== hash) : ended !== hash;
}

/** What a pair agreed on, of the fields whose rules are the same as when it did. */
export function knownBase(compiled: Compiled, state: StepState, coupling: Coupling): Base | null {
  if (coupling.base === null || coupling.definition === compiled.hash) return coupling.base;
  const before = state.rules[coupling.definition] ?? {};
  const isKept = (name: string) => {
    const rule = name.slice(Math.max(0, name.lastIndexOf("/"))); // of a part "/field"
    return before[rule] !== undefined && before[rule] === compiled.ruleHashes[rule];
  };
  const pick = (fields: Base["crm"]) => Object.fromEntries(Object.entries(fields).filter(([name]) => isKept(name)));
  return { erp: pick(coupling.base.erp), crm: pick(coupling.base.crm) };
}
