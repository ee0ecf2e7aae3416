/** The store in memory: for tests and simulations. It forgets everything when the process ends. */
import { couplingTaken, isOpen, refuseSecondOpen, sourceOf } from "./refusals.ts";
import type {
  Change,
  Coupling,
  Keyset,
  Pair,
  Pin,
  RecordFilter,
  ReportRow,
  Run,
  Settlement,
  Side,
  StepState,
  Store,
  StoredRecord,
} from "./store.ts";
import { comparePoints } from "./text.ts";

interface StepMemory {
  definition: StepState["definition"];
  rules: Record<string, Readonly<Record<string, string>>>;
  cursors: { erp: string | null; crm: string | null };
  entities: StepState["entities"];
  swept: { erp: string | null; crm: string | null };
  readonly records: Readonly<Record<Side, Map<string, StoredRecord>>>;
  /** Ids that the latest run's readings met. */
  readonly met: Record<Side, { run: string; ids: Set<string> }>;
  readonly keys: Readonly<Record<Side, Map<string, readonly (string | null)[]>>>;
  /** By ERP id. */
  couplings: Map<string, Coupling>;
  /** The other steps of the connection. */
  readonly others: () => readonly StepMemory[];
}
interface ConnectionMemory {
  pin: Pin | null;
  readonly runs: Map<string, Run>;
  readonly changes: Map<string, Change>;
  readonly steps: Map<string, StepMemory>;
}

/** A store that keeps everything in maps. What it takes and gives is copied and frozen. */
export function memoryStore(): Store {
  const connections = new Map<string, ConnectionMemory>();
  function connectionOf(name: string): ConnectionMemory {
    return obtain(connections, name, () => ({ pin: null, runs: new Map(), changes: new Map(), steps: new Map() }));
  }
  function written(connection: string, step: string): StepMemory {
    const { steps } = connectionOf(connection);
    return obtain(steps, step, () => newStep(() => [...steps].filter(([name]) => name !== step).map(([, one]) => one)));
  }
  /** For reading: a step that nothing was saved for stays unknown. */
  function read(connection: string, step: string): StepMemory {
    return connections.get(connection)?.steps.get(step) ?? newStep();
  }
  function unsettled(connection: string, step: string, states: readonly Change["state"][]): Map<string, Change> {
    const found = new Map<string, Change>();
    for (const change of connections.get(connection)?.changes.values() ?? []) {
      if (change.step === step && states.includes(change.state)) found.set(sourceOf(change), change);
    }
    return found;
  }

  return {
    connection: (name, pin) => {
      if (pin === undefined) return Promise.resolve(connections.get(name)?.pin ?? null);
      const connection = connectionOf(name);
      connection.pin ??= keep(pin);
      return Promise.resolve(connection.pin);
    },
    steps: (name) => Promise.resolve(ordered([...connections.get(name)?.steps.keys() ?? []], (step) => step)),
    step: (connection, step) => {
      const memory = read(connection, step);
      const { definition, rules, cursors, swept, entities, couplings } = memory;
      const open = unsettled(connection, step, ["open"]).values();
      return Promise.resolve(keep({
        definition,
        rules,
        cursors,
        swept,
        entities,
        coupled: [...couplings.values()].filter((coupling) => coupling.state === "coupled").length,
        uncoupled: { erp: uncoupled(memory, "erp").length, crm: uncoupled(memory, "crm").length },
        listed: [...open].filter((change) => change.reasons.length > 0).length,
      }));
    },
    saveRun: (connection, run) => {
      connectionOf(connection).runs.set(run.runId, keep(run));
      return Promise.resolve();
    },
    runs: (connection, { limit, runId }) => {
      const runs = [...connections.get(connection)?.runs.values() ?? []]
        .filter((run) => runId === undefined || run.runId === runId)
        .sort((a, b) => comparePoints(b.startedAt, a.startedAt) || comparePoints(b.runId, a.runId));
      return Promise.resolve(runs.slice(0, limit));
    },
    savePage: (connection, step, side, page) => {
      const memory = written(connection, step);
      const records = memory.records[side];
      if (memory.met[side].run !== page.run) memory.met[side] = { run: page.run, ids: new Set() };
      for (const record of page.records) {
        memory.met[side].ids.add(record.id);
        records.set(record.id, keep({ ...record, state: "present" }));
      }
      for (const [ids, state] of [[page.left, "left"], [page.deleted, "deleted"]] as const) {
        for (const id of ids) {
          const record = records.get(id);
          if (record !== undefined) records.set(id, keep({ ...record, state }));
        }
      }
      if (page.cursor !== undefined) memory.cursors[side] = page.cursor;
      return Promise.resolve();
    },
    records: (connection, step, side, filter, keyset) => {
      const found = filtered(read(connection, step), side, filter);
      return Promise.resolve(page(ordered(found, (record) => record.id), (record) => record.id, keyset));
    },
    saveKeys: (connection, step, side, keys) => {
      const memory = written(connection, step);
      for (const entry of keys) memory.keys[side].set(entry.id, keep(entry.keys));
      return Promise.resolve();
    },
    matches: (connection, step, group, keyset) => {
      const memory = read(connection, step);
      const found = new Map<string, { key: string; erp: string[]; crm: string[] }>();
      for (const side of ["erp", "crm"] as const) {
        for (const { id } of uncoupled(memory, side)) {
          const key = memory.keys[side].get(id)?.[group] ?? null;
          if (key !== null) obtain(found, key, () => ({ key, erp: [], crm: [] }))[side].push(id);
        }
      }
      const both = [...found.values()].filter((match) => match.erp.length > 0 && match.crm.length > 0);
      for (const match of both) {
        match.erp.sort(comparePoints);
        match.crm.sort(comparePoints);
      }
      return Promise.resolve(page(ordered(both, (match) => match.key), (match) => match.key, keyset));
    },
    pairs: (connection, step, options) => {
      const memory = read(connection, step);
      const open = unsettled(connection, step, ["intended", "sent", "open"]);
      const candidates = [...memory.couplings.values()].filter((coupling) => {
        if (coupling.state !== "coupled") return false;
        const { erp, crm } = pairOf(memory, coupling);
        return coupling.definition !== options.definition || !stands(erp) || !stands(crm) ||
          erp.fingerprint !== coupling.seen.erp || crm.fingerprint !== coupling.seen.crm ||
          open.has(sourceOf({ side: "crm", source: coupling.erpId })) ||
          open.has(sourceOf({ side: "erp", source: coupling.crmId }));
      });
      const pairs = page(ordered(candidates, (coupling) => coupling.erpId), (coupling) => coupling.erpId, options);
      return Promise.resolve(pairs.map((coupling) => pairOf(memory, coupling)));
    },
    lookup: (connection, step, side, by, values) => {
      const memory = read(connection, step);
      const wanted = new Set(values);
      const found: { value: string; pair: Pair }[] = [];
      for (const coupling of memory.couplings.values()) {
        const pair = pairOf(memory, coupling);
        const record = pair[side];
        const value = by === "id"
          ? (side === "erp" ? coupling.erpId : coupling.crmId)
          : by === "key"
          ? record?.key
          : record?.data[by];
        if (coupling.state !== "coupled" || value === null || value === undefined || !wanted.has(String(value))) {
          continue;
        }
        found.push({ value: String(value), pair });
      }
      const inOrder = (a: typeof found[number], b: typeof found[number]) =>
        comparePoints(a.value, b.value) || comparePoints(a.pair.coupling.erpId, b.pair.coupling.erpId);
      return Promise.resolve(found.sort(inOrder));
    },
    // Async, so that what is refused rejects like in the other stores.
    // deno-lint-ignore require-await
    save: async (connection, step, settlement) => {
      // Everything that can be refused comes before the first change: a save is all or nothing.
      refuseSecondOpen(step, settlement);
      const before = new Map(read(connection, step).couplings);
      for (const erpId of settlement.parted ?? []) before.delete(erpId);
      const couplings = replaced(before, settlement.couplings ?? [], step);
      const memory = written(connection, step);
      memory.couplings = couplings;
      for (const { side, record } of settlement.records ?? []) memory.records[side].set(record.id, keep(record));
      const { changes } = connectionOf(connection);
      const closing = new Set((settlement.close ?? []).map(sourceOf));
      for (const change of settlement.changes ?? []) if (isOpen(change)) closing.add(sourceOf(change));
      for (const [id, change] of changes) {
        if (change.step === step && isOpen(change) && closing.has(sourceOf(change))) {
          changes.set(id, keep({ ...change, state: "closed" }));
        }
      }
      for (const change of settlement.changes ?? []) changes.set(change.id, keep({ ...change, step }));
      if (settlement.definition !== undefined) define(memory, settlement.definition);
    },
    changes: (connection, filter, keyset) => {
      const found = [...connections.get(connection)?.changes.values() ?? []].filter((change) =>
        filter.states.includes(change.state) && (filter.step === undefined || change.step === filter.step) &&
        (filter.run === undefined || change.run === filter.run) &&
        (filter.side === undefined || change.side === filter.side)
      );
      return Promise.resolve(page(ordered(found, (change) => change.id), (change) => change.id, keyset));
    },
    report: async function* (connection, steps) {
      const rows: ReportRow[] = [];
      for (const step of steps) {
        rows.push(...reportOf(step, read(connection, step), unsettled(connection, step, ["intended", "sent", "open"])));
      }
      yield* rows;
    },
    close: () => Promise.resolve(),
  };
}

function newStep(others: StepMemory["others"] = () => []): StepMemory {
  return {
    definition: null,
    rules: {},
    cursors: { erp: null, crm: null },
    swept: { erp: null, crm: null },
    entities: null,
    records: { erp: new Map(), crm: new Map() },
    met: { erp: { run: "", ids: new Set() }, crm: { run: "", ids: new Set() } },
    keys: { erp: new Map(), crm: new Map() },
    others,
    couplings: new Map(),
  };
}

function obtain<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** A frozen copy, without the properties that are undefined, as a database would give it back. */
function keep<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(keep)) as T;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.freeze(Object.fromEntries(entries.map(([name, inner]) => [name, keep(inner)]))) as T;
}

function ordered<T>(items: T[], by: (item: T) => string): T[] {
  return items.sort((a, b) => comparePoints(by(a), by(b)));
}
function page<T>(items: readonly T[], by: (item: T) => string, { after, limit }: Keyset): T[] {
  return items.filter((item) => after === undefined || comparePoints(by(item), after) > 0).slice(0, limit);
}

function pairOf(memory: StepMemory, coupling: Coupling): Pair {
  const { erp, crm } = memory.records;
  return { coupling, erp: erp.get(coupling.erpId) ?? null, crm: crm.get(coupling.crmId) ?? null };
}

/** Present records that no coupling names, not even a tombstone, and of the CRM none that another step has coupled. */
function uncoupled(memory: StepMemory, side: Side): StoredRecord[] {
  const coupled = new Set<string>();
  for (const coupling of memory.couplings.values()) coupled.add(side === "erp" ? coupling.erpId : coupling.crmId);
  for (const { couplings } of side === "crm" ? memory.others() : []) {
    for (const { crmId, state } of couplings.values()) if (state === "coupled") coupled.add(crmId);
  }
  return [...memory.records[side].values()].filter((record) => record.state === "present" && !coupled.has(record.id));
}

function stands(record: StoredRecord | null): record is StoredRecord {
  return record?.state === "present" || record?.state === "completed";
}

function filtered(memory: StepMemory, side: Side, filter: RecordFilter): StoredRecord[] {
  if ("uncoupled" in filter) return uncoupled(memory, side);
  const records = memory.records[side];
  if ("ids" in filter) {
    return [...new Set(filter.ids)].map((id) => records.get(id)).filter((record) => record !== undefined);
  }
  const met = memory.met[side].run === filter.unseen ? memory.met[side].ids : new Set<string>();
  return [...records.values()].filter((record) => record.state === "present" && !met.has(record.id));
}

function replaced(before: Map<string, Coupling>, couplings: readonly Coupling[], step: string): Map<string, Coupling> {
  const after = new Map(before);
  for (const coupling of couplings) after.set(coupling.erpId, keep(coupling));
  const taken = new Map<string, string>();
  for (const { erpId, crmId, state } of after.values()) {
    if (state === "tombstone") continue;
    const other = taken.get(crmId);
    if (other !== undefined) throw couplingTaken(step, { crmId, erpIds: [other, erpId] });
    taken.set(crmId, erpId);
  }
  return after;
}

function define(memory: StepMemory, { hash, rules, entities }: NonNullable<Settlement["definition"]>): void {
  if (memory.definition !== hash) memory.cursors = { erp: null, crm: null };
  const used = new Set([...memory.couplings.values()].map((coupling) => coupling.definition));
  const kept = Object.entries(memory.rules).filter(([known]) => used.has(known));
  memory.rules = { ...Object.fromEntries(kept), [hash]: keep(rules) };
  memory.definition = hash;
  memory.entities = keep(entities);
}

function reportOf(step: string, memory: StepMemory, open: Map<string, Change>): ReportRow[] {
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
      blankKeys: memory.keys[side].get(record.id)?.every((key) => key === null) ?? false,
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
