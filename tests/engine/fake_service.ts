/** A service in memory for tests of the engine: tables of rows with versions, and faults for single writes. */
import {
  type AnyEntity,
  type Connector,
  type Fields,
  type Identity,
  noRequests,
  type Opened,
  type Outcome,
  type Page,
  type Row,
  type Value,
  type Write,
} from "../../connectors/connector.ts";

type Refused = Outcome & { kind: "refused" };
type Stored = { id: string; version: number; data: Record<string, Value>; parts: ReadonlyMap<string, Fields> };

export interface FakeService extends Connector {
  /** Inserts or changes a record as a user of the service would. */
  put(entity: string, id: string, data: Fields, parts?: Readonly<Record<string, Fields | null>>): void;
  /** The service completes a document: it is no longer listed, and asked for by its id it is archived with this. */
  complete(entity: string, id: string, data: Fields): void;
  remove(entity: string, id: string): void;
  /** A user merges a record into another one. */
  merge(entity: string, id: string, into: string): void;
  /** When all its records say that they were modified last. */
  modifiedAt: string | null;
  /** When single records, by id, say so otherwise. */
  readonly stamps: Map<string, string>;
  /** Records that no reading of changes brings: they were committed behind its cursor. */
  readonly late: Set<string>;
  /** Entities whose ids were swept, in order. */
  readonly sweeps: string[];
  all(entity: string): readonly { id: string; data: Fields; parts: Readonly<Record<string, Fields>> }[];
  /** Ids that were asked for, in order. */
  readonly asked: string[];
  /** Writes that reached the service, in order. */
  readonly writes: { entity: string; write: Write }[];
  /** Answers the next write with this instead; `apply` lets it take effect first. */
  next(outcome: Outcome | "moved once", apply?: boolean): void;
  /** What a user does between the engine's decision and its write, once. */
  meanwhile(action: () => void): void;
  /** What happens after the next batch took effect, before it is answered, once. */
  afterwards(action: () => void): void;
}

/** `number` gives the natural key that the service itself chooses on creation, where it does. */
export function fakeService(
  service: Connector["service"],
  options: {
    number?: { entity: string; field: string };
    /** Fields whose values the service keeps apart, by entity. */
    unique?: Readonly<Record<string, readonly string[]>>;
    /** Milliseconds for which a creation may still take effect after its connection broke. */
    lateFor?: number;
    /** Deletions are not among the changes that it tells. */
    silent?: boolean;
    /** What restore() answers, one after the other, then null; without it there is no restore(). */
    restores?: (Refused | null)[];
    /** What the service makes of the values of a write before it stores them. */
    makes?: (before: Fields, written: Fields) => Fields;
  } = {},
): FakeService {
  const tables = new Map<string, Map<string, Stored>>();
  const log: { at: number; entity: string; id: string; deleted: boolean }[] = [];
  const writes: FakeService["writes"] = [];
  const asked: string[] = [];
  const faults: { outcome: Outcome; apply: boolean }[] = [];
  const between: (() => void)[] = [];
  const after: (() => void)[] = [];
  const completed = new Map<string, Fields>();
  const merged = new Map<string, string>();
  const sweeps: string[] = [];
  const stamps = new Map<string, string>();
  const late = new Set<string>();
  const stampOf = (id: string) => stamps.get(id) ?? self.modifiedAt;
  const { restores } = options;
  let clock = 0;
  let numbers = 0;
  const table = (name: string) => {
    const found = tables.get(name) ?? new Map<string, Stored>();
    tables.set(name, found);
    return found;
  };
  function store(
    entity: string,
    id: string,
    data: Fields,
    changed: Readonly<Record<string, Fields | null>> = {},
  ): Stored {
    const before = table(entity).get(id);
    const parts = new Map(before?.parts);
    for (const [key, part] of Object.entries(changed)) {
      if (part === null) parts.delete(key);
      else parts.set(key, { ...parts.get(key), ...part });
    }
    const row = { id, version: ++clock, data: { ...before?.data, ...data }, parts };
    table(entity).set(id, row);
    log.push({ at: clock, entity, id, deleted: false });
    return row;
  }
  function rowOf(row: Stored): Row {
    const parts = [...row.parts].map(([key, data]) => ({ key, data }));
    return { id: row.id, version: `v${row.version}`, modifiedAt: stampOf(row.id), data: { ...row.data }, parts };
  }
  function inside(entity: AnyEntity, row: Stored): boolean {
    return Object.entries(entity.filter).every(([field, value]) => row.data[field] === value);
  }

  function open(entity: AnyEntity): Opened {
    const rows = table(entity.name);
    return {
      async *read({ since, ids, only }): AsyncGenerator<Page> {
        await Promise.resolve();
        if (only === "ids") {
          const met = [...rows.values()].filter((row) => inside(entity, row) && !merged.has(row.id))
            .map(({ id }) => ({ id, modifiedAt: stampOf(id) }));
          sweeps.push(entity.name);
          yield { rows: [], left: [], deleted: [], met, kind: "full", cursor: null };
          return;
        }
        const cursor = String(clock);
        asked.push(...ids ?? []);
        const wanted = ids ??
          (since === undefined ? [...rows.keys()] : changedSince(Number(since)).filter((id) => !late.has(id)));
        const found = wanted.flatMap((id) => rows.get(id) ?? []);
        const archived = wanted.filter((id) => completed.has(id))
          .map((id) => ({ id, data: completed.get(id)!, frozen: "It is completed" }));
        yield {
          archived,
          rows: found.filter((row) => inside(entity, row) && !merged.has(row.id)).map(rowOf),
          left: found.filter((row) => !inside(entity, row) && !merged.has(row.id)).map((row) => row.id),
          merged: wanted.filter((id) => merged.has(id)).map((id) => ({ id, into: merged.get(id)! })),
          deleted: (since === undefined || options.silent === true) && ids === undefined
            ? []
            : wanted.filter((id) => !rows.has(id) && !completed.has(id)),
          ...(since === undefined || options.silent === true ? {} : { tellsDeletions: true as const }),
          kind: ids !== undefined ? "some" : since === undefined ? "full" : "delta",
          cursor: ids === undefined ? cursor : null,
        };
      },
      async write(batch): Promise<Outcome[]> {
        await Promise.resolve();
        between.shift()?.();
        const answers = batch.map((write): Outcome => {
          writes.push({ entity: entity.name, write });
          const fault = faults.shift();
          if (fault !== undefined && !fault.apply) return fault.outcome;
          const outcome = apply(write);
          return fault?.outcome ?? outcome;
        });
        after.shift()?.();
        return answers;
      },
      async recall(batch): Promise<readonly (readonly Row[])[]> {
        await Promise.resolve();
        return batch.map((write) => {
          const same = (row: Stored) =>
            Object.entries(write.fields).every(([field, value]) => row.data[field] === value);
          const isIt = write.id === null ? same : (row: Stored) => row.id === write.id;
          return [...rows.values()].filter(isIt).map(rowOf);
        });
      },
      ...(options.lateFor === undefined ? {} : { lateFor: options.lateFor }),
      ...(restores === undefined ? {} : { restore: () => Promise.resolve(restores.shift() ?? null) }),
      requests: () => ({ ...noRequests, write: writes.length }),
      cost: (batch) => ({ requests: 1, units: batch.length }),
    };

    function changedSince(since: number): string[] {
      return [...new Set(log.filter((one) => one.entity === entity.name && one.at > since).map((one) => one.id))];
    }
    function apply(write: Write): Outcome {
      if (write.op === "create") {
        const id = write.id ?? `${entity.name}-${++numbers}`;
        const there = rows.get(id);
        const unique = options.unique?.[entity.name] ?? [];
        const met = there ??
          [...rows.values()].find((row) =>
            unique.length > 0 && unique.every((field) => row.data[field] === write.fields[field])
          );
        if (met !== undefined) return { kind: "exists", row: rowOf(met) };
        const number = options.number?.entity === entity.name ? { [options.number.field]: `N${++numbers}` } : {};
        const blank = Object.fromEntries(Object.keys(entity.fields).map((field) => [field, null]));
        return {
          kind: "ok",
          row: rowOf(
            store(entity.name, id, { ...blank, ...entity.initial, ...write.fields, ...number }, partsOf(write)),
          ),
        };
      }
      const there = rows.get(write.id!);
      if (there === undefined) return write.op === "delete" ? { kind: "deleted" } : { kind: "missing" };
      if (`v${there.version}` !== write.version) return { kind: "moved" };
      if (write.op === "delete") {
        remove(entity.name, write.id!);
        return { kind: "deleted" };
      }
      const made = { ...write.fields, ...options.makes?.(there.data, write.fields) };
      return { kind: "ok", row: rowOf(store(entity.name, write.id!, made, partsOf(write))) };
    }
  }

  function remove(entity: string, id: string): void {
    table(entity).delete(id);
    log.push({ at: ++clock, entity, id, deleted: true });
  }

  function partsOf({ parts = [] }: Write): Readonly<Record<string, Fields | null>> {
    return Object.fromEntries(parts.map((part) => [part.key, part.op === "delete" ? null : part.fields]));
  }

  const self: FakeService = {
    service,
    open,
    modifiedAt: null,
    identity: () => Promise.resolve<Identity>({ service, name: service, parts: { id: service } }),
    requests: () => ({ ...noRequests, write: writes.length }),
    put: (entity, id, data, parts) => void store(entity, id, data, parts),
    complete: (entity, id, data) => {
      table(entity).delete(id);
      completed.set(id, data);
      log.push({ at: ++clock, entity, id, deleted: true });
    },
    remove,
    merge: (entity, id, into) => {
      merged.set(id, into);
      log.push({ at: ++clock, entity, id, deleted: false });
    },
    stamps,
    late,
    sweeps,
    all: (entity) =>
      [...table(entity).values()].map(({ id, data, parts }) => ({ id, data, parts: Object.fromEntries(parts) })),
    asked,
    writes,
    next: (outcome, apply = false) => void faults.push({ outcome: outcome as Outcome, apply }),
    meanwhile: (action) => void between.push(action),
    afterwards: (action) => void after.push(action),
  };
  return self;
}
