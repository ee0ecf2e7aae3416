/** The store in memory: for tests, simulations and rehearsals. It forgets everything when the process ends. */
import { beginMatching, match, putKeys } from "./memory_matching.ts";
import {
  copyStep,
  define,
  filtered,
  forgetKeys,
  keep,
  lookedUp,
  mergePage,
  newStep,
  ordered,
  pairOf,
  putRecord,
  rebase,
  replaced,
  type StepMemory,
  uncoupled,
} from "./memory_step.ts";
import { isNamed, lineOf, listedBy, rowsOf } from "./memory_report.ts";
import { isOpen, leaseAfter, openStates, refuseSecondOpen, runEnded, sourceOf, unsettledStates } from "./refusals.ts";
import type { Change, Keyset, Pair, Pin, ReportRow, Run, Store, StoredRecord } from "./store.ts";
import { comparePoints } from "./text.ts";

interface ConnectionMemory {
  pin: Pin | null;
  readonly runs: Map<string, Run>;
  readonly changes: Map<string, Change>;
  readonly steps: Map<string, StepMemory>;
}
type Connections = Map<string, ConnectionMemory>;

/** A store in memory. */
export interface MemoryStore extends Store {
  /** A store that begins with what this one holds, and shares nothing that either writes afterwards: for a rehearsal. */
  copy(): MemoryStore;
}

/** A store that keeps everything in maps. What it takes and gives is copied and frozen. */
export function memoryStore(): MemoryStore {
  return storeOf(new Map());
}

function copied(connections: Connections): Connections {
  const copies: Connections = new Map();
  for (const [name, { pin, runs, changes, steps }] of connections) {
    const copiedSteps = new Map<string, StepMemory>();
    for (const [step, memory] of steps) copiedSteps.set(step, copyStep(memory, copiedSteps));
    copies.set(name, { pin, runs: new Map(runs), changes: new Map(changes), steps: copiedSteps });
  }
  return copies;
}

function storeOf(connections: Connections): MemoryStore {
  function connectionOf(name: string): ConnectionMemory {
    return obtain(connections, name, () => ({ pin: null, runs: new Map(), changes: new Map(), steps: new Map() }));
  }
  function written(connection: string, step: string): StepMemory {
    const { steps } = connectionOf(connection);
    return obtain(steps, step, () => newStep(steps));
  }
  /** For reading: a step that nothing was saved for stays unknown. */
  function read(connection: string, step: string): StepMemory {
    return connections.get(connection)?.steps.get(step) ?? newStep();
  }
  function changesIn(connection: string, step: string, states: readonly Change["state"][]): Map<string, Change> {
    const found = new Map<string, Change>();
    for (const change of connections.get(connection)?.changes.values() ?? []) {
      if (change.step === step && states.includes(change.state)) found.set(sourceOf(change), change);
    }
    return found;
  }
  function reportRows(connection: string, step: string): ReportRow[] {
    return rowsOf(step, read(connection, step), changesIn(connection, step, openStates));
  }

  return {
    copy: () => storeOf(copied(connections)),
    connection: (name, pin, { anew = false } = {}) => {
      if (pin === undefined) return Promise.resolve(connections.get(name)?.pin ?? null);
      const connection = connectionOf(name);
      if (anew || connection.pin === null) connection.pin = keep(pin);
      return Promise.resolve(connection.pin);
    },
    steps: (name) => Promise.resolve(ordered([...connections.get(name)?.steps.keys() ?? []], (step) => step)),
    step: (connection, step) => {
      const memory = read(connection, step);
      const { lease, definition, ended, loaded, rebuilt, restored, rules, cursors, swept, whole, newest, entities } =
        memory;
      const { couplings } = memory;
      const open = changesIn(connection, step, ["open"]).values();
      return Promise.resolve(keep({
        lease,
        definition,
        ended,
        loaded,
        rebuilt,
        restored,
        rules,
        cursors,
        swept,
        whole,
        newest,
        entities,
        known: { erp: memory.records.erp.size > 0, crm: memory.records.crm.size > 0 },
        coupled: [...couplings.values()].filter((coupling) => coupling.state === "coupled").length,
        uncoupled: { erp: uncoupled(memory, "erp").length, crm: uncoupled(memory, "crm").length },
        listed: [...open].filter((change) => change.reasons.length > 0).length,
      }));
    },
    // Async, so that what is refused rejects like in the other stores.
    // deno-lint-ignore require-await
    saveRun: async (connection, run) => {
      const { runs } = connectionOf(connection);
      const last = runs.get(run.runId);
      if (last !== undefined && last.status !== "In Process" && last.status !== run.status) throw runEnded(last);
      runs.set(run.runId, keep(run));
    },
    runs: (connection, { limit, runId }) => {
      const runs = [...connections.get(connection)?.runs.values() ?? []]
        .filter((run) => runId === undefined || run.runId === runId)
        .sort((a, b) => comparePoints(b.startedAt, a.startedAt) || comparePoints(b.runId, a.runId));
      return Promise.resolve(runs.slice(0, limit));
    },
    // deno-lint-ignore require-await
    savePage: async (connection, step, side, page) => {
      const memory = written(connection, step);
      memory.lease = keep(leaseAfter(step, memory.lease, page.lease));
      mergePage(memory, side, page);
      putKeys(memory, side, page.keys ?? []);
    },
    records: (connection, step, side, filter, keyset) => {
      const memory = read(connection, step);
      const found = page(
        ordered(filtered(memory, side, filter), (record) => record.id),
        (record) => record.id,
        keyset,
      );
      if (!("uncoupled" in filter)) return Promise.resolve(found);
      const { unclear } = memory;
      return Promise.resolve(found.map((record) => ({ ...record, candidates: unclear[side].get(record.id) ?? null })));
    },
    // deno-lint-ignore require-await
    match: async (connection, step, matching) => {
      const memory = written(connection, step);
      memory.lease = keep(leaseAfter(step, memory.lease, matching.lease));
      const unsettled = changesIn(connection, step, unsettledStates);
      return match(
        memory,
        matching,
        ({ coupling: { erpId, crmId } }) =>
          unsettled.has(sourceOf({ side: "crm", source: erpId })) ||
          unsettled.has(sourceOf({ side: "erp", source: crmId })),
      );
    },
    pairs: (connection, step, options) => {
      const memory = read(connection, step);
      const unsettled = changesIn(connection, step, unsettledStates);
      const candidates = [...memory.couplings.values()].filter((coupling) => {
        if (coupling.state !== "coupled") return false;
        const { erp, crm } = pairOf(memory, coupling);
        return coupling.definition !== options.definition || !stands(erp) || !stands(crm) ||
          erp.fingerprint !== coupling.seen.erp || crm.fingerprint !== coupling.seen.crm ||
          unsettled.has(sourceOf({ side: "crm", source: coupling.erpId })) ||
          unsettled.has(sourceOf({ side: "erp", source: coupling.crmId }));
      });
      const pairs = page(ordered(candidates, (coupling) => coupling.erpId), (coupling) => coupling.erpId, options);
      return Promise.resolve(pairs.map((coupling) => pairOf(memory, coupling)));
    },
    lookup: (connection, step, side, by, values) => {
      const memory = read(connection, step);
      const wanted = new Set(values);
      const valueOf = lookedUp(side, by);
      const found: { value: string; pair: Pair }[] = [];
      for (const coupling of memory.couplings.values()) {
        const pair = pairOf(memory, coupling);
        const value = valueOf(pair);
        if (coupling.state !== "coupled" || value === null || value === undefined || !wanted.has(String(value))) {
          continue;
        }
        found.push({ value: String(value), pair });
      }
      const inOrder = (a: typeof found[number], b: typeof found[number]) =>
        comparePoints(a.value, b.value) || comparePoints(a.pair.coupling.erpId, b.pair.coupling.erpId);
      return Promise.resolve(found.sort(inOrder));
    },
    // deno-lint-ignore require-await
    save: async (connection, step, settlement) => {
      // Everything that can be refused comes before the first change: a save is all or nothing.
      const lease = leaseAfter(step, read(connection, step).lease, settlement.lease);
      refuseSecondOpen(step, settlement);
      const before = new Map(read(connection, step).couplings);
      for (const erpId of settlement.parted ?? []) before.delete(erpId);
      const couplings = replaced(before, settlement.couplings ?? [], step);
      const memory = written(connection, step);
      memory.lease = keep(lease);
      memory.couplings = couplings;
      for (const { erpId, crmId } of settlement.couplings ?? []) {
        forgetKeys(memory, "erp", erpId);
        forgetKeys(memory, "crm", crmId);
      }
      for (const { side, record } of settlement.records ?? []) putRecord(memory, side, record);
      for (const side of ["erp", "crm"] as const) putKeys(memory, side, settlement.keys?.[side] ?? []);
      const { changes } = connectionOf(connection);
      const closing = new Set((settlement.close ?? []).map(sourceOf));
      for (const change of settlement.changes ?? []) if (isOpen(change)) closing.add(sourceOf(change));
      for (const [id, change] of changes) {
        if (change.step === step && isOpen(change) && closing.has(sourceOf(change))) {
          changes.set(id, keep({ ...change, state: "closed" }));
        }
      }
      for (const change of settlement.changes ?? []) changes.set(change.id, keep({ ...change, step }));
      for (const turned of settlement.turned ?? []) {
        const known = changes.get(turned.id);
        if (known?.step === step) changes.set(turned.id, keep({ ...known, ...turned }));
      }
      if (settlement.definition !== undefined) define(memory, settlement.definition);
      if (settlement.ended !== undefined) {
        memory.ended = settlement.ended.definition;
        memory.loaded ||= settlement.ended.loaded;
      }
      if (settlement.matching !== undefined) beginMatching(memory, settlement.matching);
      if (settlement.rebuilt !== undefined) memory.rebuilt = settlement.rebuilt;
      memory.restored ||= settlement.rebuilt === true;
      if (settlement.rebase) rebase(memory);
    },
    changes: (connection, filter, keyset) => {
      const sources = filter.sources === undefined ? null : new Set(filter.sources);
      const found = [...connections.get(connection)?.changes.values() ?? []].filter((change) =>
        filter.states.includes(change.state) && (filter.step === undefined || change.step === filter.step) &&
        (filter.run === undefined || change.run === filter.run) &&
        (filter.side === undefined || change.side === filter.side) &&
        (sources === null || sources.has(change.source)) && (!filter.lost || change.lost.length > 0)
      );
      return Promise.resolve(page(ordered(found, (change) => change.id), (change) => change.id, keyset));
    },
    listed: (connection, step) => Promise.resolve(listedBy(changesIn(connection, step, ["open"]).values())),
    named: (connection, step, name) =>
      Promise.resolve(reportRows(connection, step).filter((row) => isNamed(row, name))),
    report: async function* (connection, steps) {
      yield* steps.map((step) => reportRows(connection, step).map(lineOf));
    },
    close: () => Promise.resolve(),
  };
}

function obtain<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

function page<T>(items: readonly T[], by: (item: T) => string, { after, limit }: Keyset): T[] {
  return items.filter((item) => after === undefined || comparePoints(by(item), after) > 0).slice(0, limit);
}

function stands(record: StoredRecord | null): record is StoredRecord {
  return record?.state === "present" || record?.state === "completed";
}
