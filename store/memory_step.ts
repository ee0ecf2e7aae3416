/** What the store in memory keeps of one step, and what follows from it. */
import { newestOf } from "./newest.ts";
import { couplingTaken } from "./refusals.ts";
import type {
  BaseField,
  Coupling,
  Lease,
  Newest,
  PageSave,
  Pair,
  RecordFilter,
  RecordKeys,
  Settlement,
  Side,
  StepState,
  StoredRecord,
} from "./store.ts";
import { comparePoints } from "./text.ts";

type Steps = ReadonlyMap<string, StepMemory>;

export interface StepMemory {
  lease: Lease | null;
  definition: StepState["definition"];
  ended: StepState["ended"];
  loaded: boolean;
  rebuilt: boolean;
  restored: boolean;
  rules: Record<string, Readonly<Record<string, string>>>;
  cursors: { erp: string | null; crm: string | null };
  swept: { erp: string | null; crm: string | null };
  whole: { erp: string | null; crm: string | null };
  newest: { erp: Newest | null; crm: Newest | null };
  entities: StepState["entities"];
  readonly records: Readonly<Record<Side, Map<string, StoredRecord>>>;
  /** Ids that the latest run's readings met. */
  readonly met: Record<Side, { run: string; ids: Set<string> }>;
  /** Of uncoupled records. */
  readonly keys: Readonly<Record<Side, Map<string, RecordKeys>>>;
  /** Uncoupled records that a match group said something of: what they could be; null where that is for others to say. */
  readonly unclear: Readonly<Record<Side, Map<string, readonly string[] | null>>>;
  /** Of definitions that were matched with: by which a pair that agrees gets its base. */
  readonly bases: Map<string, readonly BaseField[]>;
  /** By ERP id. */
  couplings: Map<string, Coupling>;
  /** All steps of the connection, this one too. */
  readonly steps: Steps;
}

/** A step that nothing was saved for. */
export function newStep(steps: Steps = new Map()): StepMemory {
  return {
    lease: null,
    definition: null,
    ended: null,
    loaded: false,
    rebuilt: false,
    restored: false,
    rules: {},
    cursors: { erp: null, crm: null },
    swept: { erp: null, crm: null },
    whole: { erp: null, crm: null },
    newest: { erp: null, crm: null },
    entities: null,
    records: { erp: new Map(), crm: new Map() },
    met: { erp: { run: "", ids: new Set() }, crm: { run: "", ids: new Set() } },
    keys: { erp: new Map(), crm: new Map() },
    unclear: { erp: new Map(), crm: new Map() },
    bases: new Map(),
    couplings: new Map(),
    steps,
  };
}

/** The same step for another store; what is frozen is shared. */
export function copyStep(memory: StepMemory, steps: Steps): StepMemory {
  const { records, met, keys, unclear, bases } = memory;
  return {
    ...memory,
    cursors: { ...memory.cursors },
    swept: { ...memory.swept },
    whole: { ...memory.whole },
    newest: { ...memory.newest },
    records: { erp: new Map(records.erp), crm: new Map(records.crm) },
    met: { erp: { ...met.erp, ids: new Set(met.erp.ids) }, crm: { ...met.crm, ids: new Set(met.crm.ids) } },
    keys: { erp: new Map(keys.erp), crm: new Map(keys.crm) },
    unclear: { erp: new Map(unclear.erp), crm: new Map(unclear.crm) },
    bases: new Map(bases),
    couplings: new Map(memory.couplings),
    steps,
  };
}

/**
 * A frozen copy, without the properties that are undefined, as a database would give it back. What is frozen was kept
 * before: nothing else freezes.
 */
export function keep<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  return Object.freeze(Array.isArray(value) ? value.map(keep) : keptProperties(value)) as T;
}

function keptProperties(value: object): object {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[name];
    if (inner !== undefined) copy[name] = keep(inner);
  }
  return copy;
}

/** Sorts by code point, in place. */
export function ordered<T>(items: T[], by: (item: T) => string): T[] {
  return items.sort((a, b) => comparePoints(by(a), by(b)));
}

/** The coupling with its two records. */
export function pairOf(memory: StepMemory, coupling: Coupling): Pair {
  const { erp, crm } = memory.records;
  return { coupling, erp: erp.get(coupling.erpId) ?? null, crm: crm.get(coupling.crmId) ?? null };
}

/**
 * Present records that no coupling names, not even a tombstone, and of the CRM none that another step of the same entity,
 * or of one that was never saved, has coupled.
 */
export function uncoupled(memory: StepMemory, side: Side): StoredRecord[] {
  const coupled = new Set<string>();
  for (const coupling of memory.couplings.values()) coupled.add(side === "erp" ? coupling.erpId : coupling.crmId);
  for (const other of side === "crm" ? memory.steps.values() : []) {
    if (other === memory || isOfAnother(memory, other)) continue;
    for (const { crmId, state } of other.couplings.values()) if (state === "coupled") coupled.add(crmId);
  }
  return [...memory.records[side].values()].filter((record) => record.state === "present" && !coupled.has(record.id));
}

function isOfAnother(one: StepMemory, other: StepMemory): boolean {
  return one.entities !== null && other.entities !== null && one.entities.crm !== other.entities.crm;
}

/** Store.records, in no order. */
export function filtered(memory: StepMemory, side: Side, filter: RecordFilter): StoredRecord[] {
  if ("uncoupled" in filter) return uncoupled(memory, side);
  if ("unkeyed" in filter) {
    return uncoupled(memory, side).filter(({ id }) => {
      const keys = memory.keys[side].get(id);
      const { groups, made } = filter.unkeyed;
      return keys === undefined || keys.keys.length < groups || keys.made !== made;
    });
  }
  const records = memory.records[side];
  if ("ids" in filter) {
    return [...new Set(filter.ids)].map((id) => records.get(id)).filter((record) => record !== undefined);
  }
  const met = memory.met[side].run === filter.unseen ? memory.met[side].ids : new Set<string>();
  return [...records.values()].filter((record) => record.state === "present" && !met.has(record.id));
}

/** The value that Store.lookup compares; null or undefined where the record has none. */
export function lookedUp(side: Side, by: string): (pair: Pair) => unknown {
  return (pair) => {
    const id = side === "erp" ? pair.coupling.erpId : pair.coupling.crmId;
    if (by === "id") return id;
    return by === "key" ? pair[side]?.key : pair[side]?.data[by];
  };
}

/** Merges a page into the records of a side. */
export function mergePage(memory: StepMemory, side: Side, page: PageSave): void {
  const records = memory.records[side];
  if (memory.met[side].run !== page.run) memory.met[side] = { run: page.run, ids: new Set() };
  for (const id of page.met ?? []) memory.met[side].ids.add(id);
  for (const record of page.records) {
    memory.met[side].ids.add(record.id);
    putRecord(memory, side, { ...record, state: "present", mergedInto: null });
  }
  const put = (id: string, state: StoredRecord["state"], mergedInto: string | null = null) => {
    const record = records.get(id);
    // Of a merged record that is deleted as well, another one goes on all the same.
    if (record === undefined || (state === "deleted" && record.state === "merged")) return;
    putRecord(memory, side, { ...record, state, mergedInto });
  };
  for (const id of page.left) put(id, "left");
  for (const { id, into } of page.merged ?? []) put(id, "merged", into);
  for (const id of page.deleted) put(id, "deleted");
  if (page.cursor !== undefined) memory.cursors[side] = page.cursor;
  if (page.swept !== undefined) memory.swept[side] = page.swept;
  if (page.whole !== undefined) memory.whole[side] = page.whole;
  const latest = newestOf([...page.newest === undefined ? [] : [page.newest], ...page.isNew ? [] : page.records]);
  if (latest !== null && latest.modifiedAt > (memory.newest[side]?.modifiedAt ?? "")) memory.newest[side] = latest;
}

/** Keeps a record; where it is another one than before, nobody knows its keys any more. */
export function putRecord(memory: StepMemory, side: Side, record: StoredRecord): void {
  const kept = keep(record);
  const before = memory.records[side].get(record.id);
  memory.records[side].set(record.id, kept);
  if (before === undefined || seenOf(before) !== seenOf(kept)) forgetKeys(memory, side, record.id);
}

function seenOf({ data: _, ...record }: StoredRecord): string {
  return JSON.stringify(record);
}

/** A record that is not what it was, or got or lost a partner, is matched by new keys. */
export function forgetKeys(memory: StepMemory, side: Side, id: string): void {
  memory.keys[side].delete(id);
  memory.unclear[side].delete(id);
}

/** The couplings with these among them; throws ServiceError "coupling_taken". */
export function replaced(
  before: Map<string, Coupling>,
  couplings: readonly Coupling[],
  step: string,
): Map<string, Coupling> {
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

/** Settlement.definition. */
export function define(
  memory: StepMemory,
  { hash, rules, entities, alone = false }: NonNullable<Settlement["definition"]>,
): void {
  memory.entities = keep(entities);
  if (alone) {
    memory.rules = keep({ ...memory.rules, [hash]: rules });
    return;
  }
  if (memory.definition !== hash) memory.cursors = { erp: null, crm: null };
  const used = new Set([...memory.couplings.values()].map((coupling) => coupling.definition));
  const kept = Object.entries(memory.rules).filter(([known]) => used.has(known));
  memory.rules = keep({ ...Object.fromEntries(kept), [hash]: rules });
  memory.definition = hash;
}

/** Settlement.rebase. */
export function rebase(memory: StepMemory): void {
  memory.cursors = { erp: null, crm: null };
  memory.newest = { erp: null, crm: null };
  for (const [erpId, coupling] of memory.couplings) {
    if (coupling.state !== "coupled") continue;
    const forgotten = { base: null, seen: { erp: null, crm: null }, resolution: null };
    memory.couplings.set(erpId, keep({ ...coupling, ...forgotten }));
  }
}
