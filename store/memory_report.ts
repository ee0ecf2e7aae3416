/** What the store in memory knows of pairs and of records without one, and what the report says of it. */
import { ordered, pairOf, type StepMemory, uncoupled } from "./memory_step.ts";
import { sourceOf } from "./refusals.ts";
import type {
  Change,
  Coupling,
  Listed,
  Reason,
  ReasonCode,
  ReportedCoupling,
  ReportLine,
  ReportRow,
  Side,
  StoredRecord,
} from "./store.ts";
import { comparePoints } from "./text.ts";

/** All rows of the step in the order of the report; `open` holds its open changes by {@link sourceOf}. */
export function rowsOf(step: string, memory: StepMemory, open: ReadonlyMap<string, Change>): ReportRow[] {
  const about = (erpId: string | null, crmId: string | null) =>
    ordered(
      [
        erpId === null ? undefined : open.get(sourceOf({ side: "crm", source: erpId })),
        crmId === null ? undefined : open.get(sourceOf({ side: "erp", source: crmId })),
      ].filter((change) => change !== undefined),
      (change) => change.id,
    );
  const alone = (side: Side) =>
    uncoupled(memory, side).map((record): ReportRow => ({
      step,
      erp: side === "erp" ? record : null,
      crm: side === "crm" ? record : null,
      coupling: null,
      open: side === "erp" ? about(record.id, null) : about(null, record.id),
      blankKeys: memory.keys[side].get(record.id)?.keys.every((key) => key === null) ?? false,
    }));
  const coupled = [...memory.couplings.values()].map((coupling): ReportRow => ({
    step,
    ...pairOf(memory, coupling),
    open: about(coupling.erpId, coupling.crmId),
    blankKeys: false,
  }));
  const byErp = ordered([...coupled, ...alone("erp")], (row) => row.coupling?.erpId ?? row.erp?.id ?? "");
  return [...byErp, ...ordered(alone("crm"), (row) => row.crm?.id ?? "")];
}

/** Store.named: whether the row has this id or key. */
export function isNamed({ erp, crm, coupling }: ReportRow, name: string): boolean {
  return [erp?.id, erp?.key, crm?.id, crm?.key, coupling?.erpId, coupling?.crmId].includes(name);
}

/** Store.report: what is reported of the row. */
export function lineOf({ step, erp, crm, coupling, open, blankKeys }: ReportRow): ReportLine {
  return {
    ...{
      step,
      erp: reported(erp),
      crm: reported(crm),
      coupling: coupling === null ? null : reportedCoupling(coupling),
    },
    open: open.map(({ id, side, op, source, target, state, reasons }) => ({
      ...{ id, side, op, source, target, state, reasons },
    })),
    blankKeys,
  };
}

function reported(record: StoredRecord | null): ReportLine["erp"] {
  if (record === null) return null;
  const { id, key, label, modifiedAt } = record;
  return { id, key, label, modifiedAt };
}

function reportedCoupling({ erpId, crmId, state, definition, how, written, base }: Coupling): ReportedCoupling {
  return { erpId, crmId, state, definition, how, written, isCompared: base !== null };
}

/** Store.listed: the changes that have reasons, by these. */
export function listedBy(changes: Iterable<Change>): Listed[] {
  const groups = Map.groupBy(changes, ({ reasons }) => codesOf(reasons).join("\0"));
  groups.delete("\0");
  return [...groups].sort(([a], [b]) => comparePoints(a, b)).map(([, group]): Listed => {
    const [codes, aside] = codesOf(group[0]!.reasons).map((text) => text === "" ? [] : text.split(" ")) as [
      ReasonCode[],
      ReasonCode[],
    ];
    const times = group.flatMap(({ retryAt }) => retryAt ?? []).sort(comparePoints);
    return { codes, aside, changes: group.length, retryAt: times.length < group.length ? null : times[0]! };
  });
}

/** The codes of the reasons that keep more than a value from being sent, and of those that don't. */
function codesOf(reasons: readonly Reason[]): [string, string] {
  const of = (isAside: boolean) => {
    const codes = reasons.filter(({ sent }) => (sent !== undefined) === isAside).map(({ code }) => code);
    return [...new Set(codes)].sort().join(" ");
  };
  return [of(false), of(true)];
}
