/** A record that a person leaves alone until it changes. Pure. */
import type { Change, Reason, ReportRow, Settlement, Side } from "../store/store.ts";
import { byHand, listing } from "./changes.ts";
import { otherSide } from "./context.ts";
import { idOf, refuseUnsettled } from "./find_record.ts";
import { stateOf } from "./held.ts";
import type { Compiled } from "./compile.ts";
import type { Step } from "./step.ts";

/** The sides that a step writes. */
export function writtenSides({ direction }: Pick<Step, "direction">): readonly Side[] {
  return direction === "both" ? ["crm", "erp"] : [direction === "toCrm" ? "crm" : "erp"];
}

/** Whether a person has set the record aside. */
export function isSkip(change: Change): boolean {
  return change.state === "noted" && change.reasons.some((reason) => reason.code === "skipped");
}

/** Whether the next run has nothing to do for a pair, as far as it was read. */
function isSettled({ coupling, erp, crm, open }: ReportRow, hash: string): boolean {
  if (coupling === null || open.length > 0) return false;
  if (coupling.state !== "coupled") return true;
  const isSeen = coupling.seen.erp === erp?.fingerprint && coupling.seen.crm === crm?.fingerprint;
  return isSeen && coupling.definition === hash;
}

/**
 * A noted change for each side that the step writes, of an uncoupled record the other side's alone: it ends what was
 * open there. The reason is about the two records as they are, ERP and CRM; the engine leaves them alone while both are
 * the same. Without changes where the step writes nothing from this record, or of a pair that is settled: it is left alone
 * until it changes anyway. Throws DefinitionError "write_unsettled".
 */
export function skipRecord(
  { step, hash }: Pick<Compiled, "step" | "hash">,
  row: ReportRow,
  { text, now }: { readonly text: string; readonly now: string },
): Settlement {
  refuseUnsettled(row, "skip");
  if (isSettled(row, hash)) return { changes: [], close: [] };
  const about = [stateOf(row.erp), stateOf(row.crm)];
  const reason: Reason = { code: "skipped", message: text, about };
  const context = { step, run: byHand, now: () => now };
  const changes = writtenSides(step).flatMap((side): Change[] => {
    const source = idOf(row, otherSide(side));
    if (source === null) return [];
    return [{ ...listing(context, side, source, [reason]), target: idOf(row, side), state: "noted" }];
  });
  return { changes, close: changes.map(({ side, source }) => ({ side, source })) };
}
