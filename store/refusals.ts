/** What every store refuses to save, decided alike. */
import { ServiceError } from "../errors.ts";
import type { Change, Lease, Run, Settlement, Side } from "./store.ts";
import { comparePoints } from "./text.ts";

/** States of a change for which its pair is looked at in every run. */
export const unsettledStates: readonly Change["state"][] = ["intended", "sent", "open"];
/** States of a change that its side and source can have only once. */
export const openStates: readonly Change["state"][] = [...unsettledStates, "noted"];

/** A change that its side and source can have only one of. */
export function isOpen(change: Change): boolean {
  return openStates.includes(change.state);
}

/** What two open changes of a step must not share, as one text. */
export function sourceOf({ side, source }: { readonly side: Side; readonly source: string }): string {
  return `${side} ${source}`;
}

/** Who has the step after a write with this lease; throws ServiceError "lease_lost" where somebody took it since. */
export function leaseAfter(step: string, last: Lease | null, given: Lease | undefined): Lease {
  if (given === undefined) return { number: (last?.number ?? 0) + 1, holder: "a person's command" };
  if (last === null || given.number > last.number) return given;
  if (given.number === last.number && given.holder === last.holder) return last;
  throw leaseLost(`step "${step}"`, `${last.holder} took it over`);
}

/** The error for a run that was ended because its process was taken for dead. */
export function runEnded({ runId, status }: Run): ServiceError {
  return leaseLost(`run "${runId}"`, `it was ended as ${status} because its process gave no sign of life`);
}

function leaseLost(what: string, why: string): ServiceError {
  return new ServiceError(
    `Cannot go on with ${what}: ${why}; nothing more is saved here, synchronize again`,
    { service: "store", code: "lease_lost" },
  );
}

/** The error for a CRM record that a second ERP record was to be coupled with. */
export function couplingTaken(step: string, taken: { crmId: string; erpIds: readonly string[] }): ServiceError {
  const [first, second] = [...taken.erpIds].sort(comparePoints);
  return new ServiceError(
    `Cannot save a coupling of step "${step}": CRM record "${taken.crmId}" would be coupled with ERP record ` +
      `"${first}" and with ERP record "${second}"; run it again, and report it if it stays so`,
    { service: "store", code: "coupling_taken" },
  );
}

/** Throws ServiceError "change_taken" where one settlement holds two open changes of one side and source. */
export function refuseSecondOpen(step: string, settlement: Settlement): void {
  const ids = new Map<string, string>();
  for (const change of settlement.changes ?? []) {
    if (!isOpen(change)) continue;
    const other = ids.get(sourceOf(change));
    if (other !== undefined && other !== change.id) {
      throw new ServiceError(
        `Cannot save changes of step "${step}": "${other}" and "${change.id}" would both be open for side ` +
          `"${change.side}" and source "${change.source}"; save one of them as done or closed`,
        { service: "store", code: "change_taken" },
      );
    }
    ids.set(sourceOf(change), change.id);
  }
}
