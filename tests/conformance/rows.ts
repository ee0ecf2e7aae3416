/** What the tests of stores keep: records, couplings, changes and runs with nothing remarkable about them. */
import { noRequests } from "../../connectors/connector.ts";
import type { Change, Coupling, RecordKeys, Run, StoredRecord } from "../../store/store.ts";

export function record(id: string, more: Partial<StoredRecord> = {}): StoredRecord {
  return {
    id,
    key: `K-${id}`,
    label: `Label ${id}`,
    data: { name: id, city: null, amount: "12.50", blocked: false, state: 3 },
    version: "1",
    modifiedAt: "2026-01-02T03:04:05Z",
    fingerprint: `f-${id}`,
    frozen: null,
    mergedInto: null,
    state: "present",
    ...more,
  };
}
/** Keys of what {@link record} gives. */
export function keysOf(id: string, keys: readonly (string | null)[], more: Partial<RecordKeys> = {}): RecordKeys {
  return { id, fingerprint: `f-${id}`, keys, made: "d1", agrees: null, ...more };
}
/** A coupling that was decided on what {@link record} gives. */
export function coupling(erpId: string, crmId: string, more: Partial<Coupling> = {}): Coupling {
  return {
    erpId,
    crmId,
    state: "coupled",
    base: { erp: { name: erpId }, crm: { name: crmId } },
    seen: { erp: `f-${erpId}`, crm: `f-${crmId}` },
    definition: "d1",
    how: "match name",
    written: null,
    resolution: null,
    ...more,
  };
}
export function change(id: string, source: string, more: Partial<Change> = {}): Change {
  return {
    id,
    run: "r1",
    step: "s",
    side: "crm",
    op: "insert",
    source,
    target: null,
    after: { name: "new" },
    before: { name: null },
    basis: { name: "b" },
    version: null,
    state: "intended",
    reasons: [],
    lost: [],
    attempts: 0,
    retryAt: null,
    at: "2026-01-02T03:04:05Z",
    ...more,
  };
}
export function run(runId: string, startedAt: string, status: Run["status"] = "In Process"): Run {
  const counts = {
    ...{ read: 2, inserted: 1, modified: 1, deleted: 0, unchanged: 0 },
    ...{ skipped: 0, conflict: 0, blocked: 0, failed: 0 },
  };
  const direction = { status: "Success" as const, counts };
  const step = {
    step: "s",
    dependsOn: ["t"],
    status: "Finished" as const,
    startedAt,
    finishedAt: null,
    toCrm: direction,
    fromCrm: direction,
    coupled: 1,
    uncoupled: 2,
    listed: 3,
    requests: { erp: 4, crm: 5 },
    spent: { erp: { ...noRequests, read: 4, sweep: 1 }, crm: { ...noRequests, write: 5, units: 50 } },
    error: { code: "x", message: "y" },
  };
  return { runId, mode: "first", status, startedAt, finishedAt: null, steps: [step], totals: counts };
}
