/** A small connection in a store in memory, with every kind of line that the report knows. */
import type { Step } from "../../engine/step.ts";
import { noRequests } from "../../connectors/connector.ts";
import { memoryStore } from "../../store/memory.ts";
import type {
  Change,
  Counts,
  Coupling,
  Reason,
  RecordKeys,
  Run,
  Side,
  Store,
  StoredRecord,
} from "../../store/store.ts";

export const connection = "default";

function stepNamed(name: string, erp: string, crm: string, dependsOn: readonly Step[] = []): Step {
  return {
    name,
    dependsOn,
    of: null,
    direction: "both",
    extract: { erp: { name: erp }, crm: { name: crm } },
  } as unknown as Step;
}
const currencies = stepNamed("currencies", "currencies", "transactioncurrencies");
export const customers = stepNamed("customers", "customers", "accounts", [currencies]);
export const steps: readonly Step[] = [currencies, customers];

function keysOf(id: string, keys: RecordKeys["keys"]): RecordKeys {
  return { id, fingerprint: id, keys, made: "d1", agrees: null };
}

export function recordOf(id: string, label: string, more: Partial<StoredRecord> = {}): StoredRecord {
  const times = { version: "1", modifiedAt: "2026-01-02T03:04:05Z", fingerprint: id, frozen: null, mergedInto: null };
  return { id, key: id.toUpperCase(), label, data: {}, state: "present", ...times, ...more };
}
export function couplingOf(erpId: string, crmId: string, more: Partial<Coupling> = {}): Coupling {
  return {
    ...{ erpId, crmId, state: "coupled", base: { erp: {}, crm: {} }, seen: { erp: erpId, crm: crmId } },
    ...{ definition: "d1", how: "match accountnumber", written: null, resolution: null, ...more },
  };
}
export function changeOf(source: string, reasons: readonly Reason[], more: Partial<Change> = {}): Change {
  return {
    ...{ id: `change ${source}`, run: "run1", step: "customers", side: "crm", op: "update", source, target: null },
    ...{
      after: {},
      before: {},
      basis: {},
      version: null,
      state: "open",
      reasons,
      lost: [],
      attempts: 0,
      retryAt: null,
      at: "2026-01-02T03:04:06Z",
      ...more,
    },
  };
}

export const counts: Counts = {
  ...{ read: 3, inserted: 1, modified: 0, deleted: 0, unchanged: 1, skipped: 0, conflict: 1, blocked: 0, failed: 0 },
};
const none: Counts = {
  ...{ read: 0, inserted: 0, modified: 0, deleted: 0, unchanged: 0, skipped: 0, conflict: 0, blocked: 0, failed: 0 },
};
export function runOf(runId: string, more: Partial<Run> = {}): Run {
  return {
    ...{ runId, mode: "first", status: "Finished", startedAt: "2026-01-02T03:04:00.000Z" },
    finishedAt: "2026-01-02T03:04:12.500Z",
    steps: [{
      ...{ step: "currencies", dependsOn: [], status: "Skipped", startedAt: null, finishedAt: null },
      ...{ toCrm: { status: "", counts: none }, fromCrm: { status: "", counts: none } },
      ...{ coupled: 0, uncoupled: 0, listed: 0, requests: { erp: 0, crm: 0 }, note: "switched off in tenging.json" },
    }, {
      ...{ step: "customers", dependsOn: ["currencies"], status: "Finished", startedAt: "2026-01-02T03:04:01.000Z" },
      finishedAt: "2026-01-02T03:04:12.000Z",
      ...{ toCrm: { status: "Success", counts }, fromCrm: { status: "", counts: none } },
      ...{ coupled: 2, uncoupled: 1, listed: 1, requests: { erp: 2, crm: 3 } },
      spent: { erp: { ...noRequests, read: 2 }, crm: { ...noRequests, read: 2, write: 1, units: 3 } },
    }],
    totals: counts,
    spent: {
      erp: { ...noRequests, read: 4, lookups: 2, overlap: 1, token: 1 },
      crm: { ...noRequests, read: 3, write: 1, units: 3 },
    },
    ...more,
  };
}

const definitions = {
  customers: { hash: "d1", rules: {}, entities: { erp: "customers", crm: "accounts" } },
  regions: { hash: "d0", rules: {}, entities: { erp: "regions", crm: "territories" } },
};

/** The store with one line of every kind under "customers", and one coupled pair under a step that is gone. */
export async function openCompany(): Promise<Store> {
  const store = memoryStore();
  const save = (side: Side, step: string, records: readonly StoredRecord[]) =>
    store.savePage(connection, step, side, {
      ...{ run: "run1", records, deleted: [], left: [], cursor: "now" },
      ...step === "customers" && side === "erp" ? { swept: "2026-01-02T03:00:00Z" } : {},
    });
  // Comes first: another definition begins its readings anew.
  for (const [step, definition] of Object.entries(definitions)) await store.save(connection, step, { definition });
  await save("erp", "customers", [
    recordOf("e1", "=HYPERLINK(1)"),
    recordOf("e2", "Ægir, ehf."),
    recordOf("e3", "Łódź sp. z o.o."),
    recordOf("e4", "Two of them"),
    recordOf("e5", "Nothing like it"),
    recordOf("e6", "No keys", { key: null }),
    recordOf("e7", "Refused"),
    recordOf("e8", "Waits"),
    recordOf("e9", "Lacks a name"),
    recordOf("f1", "Is being created"),
    recordOf("f2", "Will be created"),
    recordOf("f3", "Never compared"),
    recordOf("g1", "Left"),
    recordOf("g2", "Goes on for two"),
    recordOf("g3", "Set aside, a pair"),
    recordOf("g4", "Set aside, alone"),
    recordOf("g5", "Left, and waits"),
  ]);
  await save("crm", "customers", [
    recordOf("c1", "One", { modifiedAt: null }),
    recordOf("c2", "Two"),
    recordOf("c3", "Three"),
    recordOf("c9", "Only here"),
    ...["d1", "d2", "d3", "d5"].map((id) => recordOf(id, "A counterpart")),
  ]);
  await store.save(connection, "customers", {
    keys: { erp: [keysOf("e5", ["E5"]), keysOf("e6", [null])] },
  });
  await store.save(connection, "customers", { keys: { crm: [keysOf("c9", ["C9"])] } });
  await store.save(connection, "customers", {
    couplings: [
      couplingOf("e1", "c1", { written: { side: "crm", at: "2026-01-02T03:04:07Z", run: "run1" } }),
      couplingOf("e2", "c2", { how: "created in the ERP" }),
      couplingOf("e3", "c3"),
      ...["1", "2", "3", "5"].map((n) => couplingOf(`g${n}`, `d${n}`)),
    ],
    changes: [
      changeOf("e1", [{ code: "unmapped", field: "paymenttermscode", message: "No entry for 21 DAYS" }]),
      changeOf("e2", [
        { code: "conflict", field: "telephone1", message: "Both changed telephone1" },
        { code: "conflict", field: "group address", message: "Both changed group address" },
      ]),
      changeOf("e4", [{ code: "ambiguous", message: "Two have its name", about: ["c7", "c8"] }], { op: "none" }),
      changeOf("e7", [{ code: "refused", message: "The service said no" }], { op: "insert" }),
      changeOf("e8", [{ code: "waiting", message: "Its currency is not coupled", about: ["currencies/ISK"] }]),
      changeOf("e9", [{ code: "required_blank", field: "name", message: "The name is blank" }], { op: "insert" }),
      changeOf("g1", [{ code: "left", message: "It left the filter" }], { op: "none", state: "noted" }),
      changeOf("g2", [{ code: "merged", message: "It was merged into c1", about: ["c1"] }], { op: "none" }),
      changeOf("g3", [{ code: "skipped", message: "Set aside" }], { op: "none", state: "noted" }),
      changeOf("g4", [{ code: "skipped", message: "Set aside" }], { op: "none", state: "noted" }),
      changeOf("g5", [{ code: "waiting", message: "Its currency is not coupled", about: ["currencies/PLN"] }]),
      changeOf("d5", [{ code: "left", message: "It left the filter" }], { side: "erp", op: "none", state: "noted" }),
      changeOf("f1", [], { op: "insert", state: "sent" }),
      changeOf("f2", [{ code: "unmapped", message: "No entry" }], { op: "insert", state: "intended" }),
    ],
  });
  await save("erp", "regions", [recordOf("r1", "North")]);
  await save("crm", "regions", [recordOf("t1", "Norður")]);
  await store.save(connection, "regions", {
    couplings: [couplingOf("r1", "t1", { base: null, definition: "d0" })],
  });
  return store;
}
