/** Both services over the tables, as the contract of connectors has them. */
import {
  type AnyEntity,
  type Connector,
  type Fields,
  type Identity,
  noRequests,
  type Opened,
  type Outcome,
  type Page,
  type ReadOptions,
  type Row,
  type Write,
} from "../../connectors/connector.ts";
import { since as changedSince } from "../../connectors/business_central/stamps.ts";
import { later } from "../../connectors/later.ts";
import { ServiceError } from "../../errors.ts";
import { type Entity, type Record_, type Side, type Tables } from "./tables.ts";

/** How long a creation may take effect after its connection broke, and how far changes are read again: an hour, as real. */
export const lateFor = 20 * 60_000;
const overlap = 60 * 60_000;
/** Rows of a page: few, so that readings have several. */
const pageSize = 3;

export interface Service extends Connector {
  /** What a user's or the program's write may not contain; the service then refuses it. */
  readonly side: Side;
  /** The next reading since a cursor finds that it is known no more. */
  expire: boolean;
  /** The next full reading of this entity lists nothing. */
  hide: string | null;
}

/** A service; `tables` are those of both. */
export function service(tables: Tables, side: Side): Service {
  const name = side === "erp" ? "business_central" as const : "dataverse" as const;
  let numbers = 0;
  const requests = () => noRequests;
  const self: Service = {
    ...{ service: name, side, expire: false, hide: null, requests },
    identity: () => Promise.resolve<Identity>({ service: name, name, parts: { id: name } }),
    open: (entity) => open(entity),
  };
  return self;

  function open(handle: AnyEntity): Opened {
    const entity = tables.entity(side, handle.name);
    const isInside = (data: Fields) => Object.entries(handle.filter).every(([field, value]) => data[field] === value);
    return {
      read: (options) => read(entity, isInside, options),
      write: (writes) => Promise.resolve(writes.map((write) => apply(handle, entity, write))),
      recall: (writes, { since }) => Promise.resolve(writes.map((write) => recall(handle, entity, write, since))),
      ...(handle.creation === "lookup" ? { lateFor } : {}),
      requests,
      cost: (writes) => ({ requests: 1, units: writes.length }),
    };
  }

  async function* read(
    entity: Entity,
    isInside: (data: Fields) => boolean,
    options: ReadOptions,
  ): AsyncGenerator<Page> {
    await Promise.resolve();
    const { ids, only, since } = options;
    if (only === "ids") {
      const met = visible(entity).filter((row) => isInside(seenOf(row)!))
        .map((row) => ({ id: row.id, modifiedAt: stampOf(row) }));
      for (const some of pagesOf(met)) yield { rows: [], left: [], deleted: [], met: some, kind: "full", cursor: null };
      return;
    }
    if (ids !== undefined) {
      const rows = ids.map((id) => entity.rows.get(id)).filter((row) => row !== undefined && seenOf(row) !== null);
      const there = new Set(rows.map((row) => row!.id));
      yield {
        ...split(rows as Record_[], isInside),
        ...{ deleted: ids.filter((id) => !there.has(id)), kind: "some", cursor: null },
      };
      return;
    }
    if (since !== undefined && self.expire) {
      self.expire = false;
      throw new ServiceError("Cannot read changes: the cursor is known no more; read everything", {
        ...{ service: name, code: "cursor_expired" },
      });
    }
    yield* side === "erp" ? readStamped(entity, isInside, since) : readLogged(entity, isInside, since);
  }

  /** As Business Central tells changes: by a stamp that is set before the row is committed; of deletions nothing. */
  function* readStamped(entity: Entity, isInside: (data: Fields) => boolean, since?: string): Generator<Page> {
    const from = since === undefined ? 0 : Date.parse(changedSince(since, overlap).split(" ge ")[1]!);
    const rows = hidden(entity, since) ? [] : visible(entity).filter((row) => Date.parse(stampOf(row)) >= from);
    const last = rows.reduce((latest: string | null, row) => later(latest, stampOf(row)), since ?? null);
    const kind = since === undefined ? "full" : "delta";
    const pages = pagesOf(rows);
    for (const [at, some] of pages.entries()) {
      const cursor = at === pages.length - 1 ? last ?? new Date(tables.now).toISOString() : null;
      yield { ...split(some, isInside), deleted: [], kind, cursor };
    }
  }

  /** As Dataverse tells them: from a log, with deletions. */
  function* readLogged(entity: Entity, isInside: (data: Fields) => boolean, since?: string): Generator<Page> {
    const end = entity.log.at(-1)?.at ?? 0;
    const ids = since === undefined
      ? [...entity.rows.keys()]
      : [...new Set(entity.log.filter(({ at }) => at > Number(since)).map(({ id }) => id))];
    const rows = hidden(entity, since) ? [] : ids.map((id) => entity.rows.get(id)!);
    const pages = pagesOf(rows);
    for (const [at, some] of pages.entries()) {
      const stands = some.filter((row) => seenOf(row) !== null);
      yield {
        ...split(stands, isInside),
        deleted: since === undefined ? [] : some.filter((row) => seenOf(row) === null).map(({ id }) => id),
        ...(since === undefined ? { kind: "full" } : { kind: "delta", tellsDeletions: true as const }),
        cursor: at === pages.length - 1 ? String(end) : null,
      };
    }
  }

  function hidden({ name }: Entity, since: string | undefined): boolean {
    if (since !== undefined || self.hide !== name) return false;
    self.hide = null;
    return true;
  }

  function split(rows: readonly Record_[], isInside: (data: Fields) => boolean): Pick<Page, "rows" | "left"> {
    const seen = rows.filter((row) => seenOf(row) !== null); // it may be gone since the reading began
    const inside = seen.filter((row) => isInside(seenOf(row)!));
    return { rows: inside.map(rowOf), left: seen.filter((row) => !inside.includes(row)).map(({ id }) => id) };
  }

  function apply(handle: AnyEntity, entity: Entity, write: Write): Outcome {
    const refused = refusalOf(side, write);
    if (write.op === "create") {
      const id = write.id ?? `${entity.name}-${++numbers}`;
      const there = entity.rows.get(id);
      const met = there !== undefined && !there.isGone ? there : sameCode(handle, entity, write.fields);
      if (met !== undefined) {
        tables.commit(met); // who wants its key waits for whoever is creating it
        return { kind: "exists", row: rowOf(met) };
      }
      if (refused !== null) return refused;
      const own = side === "erp" && "number" in handle.fields ? { number: `N${numbers}` } : {};
      const blank = Object.fromEntries(Object.keys(handle.fields).map((field) => [field, null]));
      return {
        kind: "ok",
        row: rowOf(tables.create(entity, id, { ...blank, ...write.fields, ...own }, { by: "program" })),
      };
    }
    const row = entity.rows.get(write.id!);
    if (row === undefined || row.isGone) return write.op === "delete" ? { kind: "deleted" } : { kind: "missing" };
    tables.commit(row); // who wants to write a record waits for whoever is writing it
    // No version, or any: a service writes whatever stands there.
    if (write.version !== null && write.version !== "*" && write.version !== versionOf(row)) return { kind: "moved" };
    if (write.op === "delete") {
      tables.remove(row, "program");
      return { kind: "deleted" };
    }
    if (refused !== null) return refused;
    tables.update(row, write.fields, "program");
    return { kind: "ok", row: rowOf(row) };
  }

  function recall(handle: AnyEntity, entity: Entity, write: Write, since: string): readonly Row[] {
    const rows = visible(entity);
    if (write.id !== null) return rows.filter((row) => row.id === write.id).map(rowOf);
    if (handle.creation === "natural key") {
      return rows.filter((row) => row.data[handle.key] === write.fields[handle.key]).map(rowOf);
    }
    const isLike = ({ data, stamp }: Record_) =>
      stamp >= Date.parse(since) &&
      Object.entries(write.fields).every(([field, value]) => data[field] === value || data[field] === trim(value));
    return rows.filter(isLike).map(rowOf);
  }

  function visible(entity: Entity): Record_[] {
    return [...entity.rows.values()].filter((row) => seenOf(row) !== null);
  }
}

/** Two records with one code can't be. */
function sameCode(handle: AnyEntity, entity: Entity, fields: Fields): Record_ | undefined {
  if (handle.key !== "code") return undefined;
  return [...entity.rows.values()].find((row) => !row.isGone && row.data.code === fields.code);
}

/** Services refuse some values: the ERP letters in a telephone number, the CRM a name with a question mark. */
function refusalOf(side: Side, { fields }: Write): (Outcome & { kind: "refused" }) | null {
  const refused = (message: string) => ({ kind: "refused", code: "invalid", message }) as const;
  if (side === "erp" && /[a-z]/.test(String(fields.phone ?? ""))) {
    return { ...refused("Letters in a telephone number"), field: "phone" };
  }
  return side === "crm" && /\?/.test(String(fields.name ?? "")) ? refused("A question in a name") : null;
}

/** What others see of a record; null where it is not there for them. */
function seenOf({ uncommitted, isGone, data }: Record_): Fields | null {
  if (uncommitted !== null) return uncommitted.before;
  return isGone ? null : data;
}

function rowOf(row: Record_): Row {
  const { uncommitted } = row;
  const version = uncommitted === null ? versionOf(row) : `v${uncommitted.version}`;
  return { id: row.id, version, modifiedAt: stampOf(row), data: { ...seenOf(row) } };
}

function versionOf({ version }: Record_): string {
  return `v${version}`;
}

function stampOf({ stamp, uncommitted }: Record_): string {
  return new Date(uncommitted?.stamp ?? stamp).toISOString();
}

function trim(value: unknown): unknown {
  return typeof value === "string" ? value.trim() : value;
}

function pagesOf<T>(all: readonly T[]): T[][] {
  const pages: T[][] = [];
  for (let from = 0; from === 0 || from < all.length; from += pageSize) pages.push(all.slice(from, from + pageSize));
  return pages;
}
