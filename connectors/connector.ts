/**
 * The contract of a service. Imports nothing.
 *
 * A handle ({@link Entity}) is data: it can be listed and checked without a service. A {@link Connector} opens it for
 * reading pages and writing batches, and knows nothing of couplings.
 */
declare const target: unique symbol;
declare const row: unique symbol;

/** Text that is the id of some record of entity N; N is a union where the field may point at more than one. */
export type Ref<N extends string> = string & { readonly [target]: readonly ["id", N] };
/** Text that is the natural key (a number, a code) of some record of entity N. */
export type Key<N extends string> = string & { readonly [target]: readonly ["key", N] };

/** The only time at which a field may be written; a field without one may be written at any time. */
export type Access = "create" | "update" | "never";

/** A value as connectors give it: decimals and dates are text, a blank is null. */
export type Value = string | number | boolean | null;
/** Values by field name. */
export type Fields = Readonly<Record<string, Value>>;

/** What is known of one field: enough to check a definition against it and to compare values. */
export interface Field {
  readonly kind: "text" | "decimal" | "integer" | "boolean" | "date" | "datetime" | "choice" | "lookup";
  readonly nullable: boolean;
  /** Text: the longest value that the service stores, in characters. */
  readonly max?: number;
  /** Decimal: how many digits after the point the service keeps. */
  readonly scale?: number;
  /** Decimal: the field of the same record with the code of its currency. */
  readonly currency?: string;
  /** Choice: the values that the service knows. */
  readonly values?: readonly Value[];
  /** A creation without a value here is refused by the service. */
  readonly required?: boolean;
  /** How values are made comparable when records are matched; text is compared as a name unless it says otherwise. */
  readonly match?: "code" | "name" | "email" | "phone" | "url" | "postal" | "exact";
  /** Its value comes from other records: a change there does not touch this record's own time stamp. */
  readonly elsewhere?: boolean;
  /** Fields of the same record, or part, whose writing lets the service choose this one anew unless it is written too. */
  readonly follows?: readonly string[];
  /** Why the field can be blank and what a person does about it, for the message when a blank stops a creation. */
  readonly blank?: string;
  /**
   * What the service has only where the company uses it, by configuration; without it, rules that name the field are off.
   * extension: the Business Central extension. link column: the CRM's column for the id of the ERP's record.
   */
  readonly needs?: "extension" | "link column";
}

const blanks = new WeakMap<readonly string[], Record<string, Value>>();
/**
 * An object with these fields, all blank, to be filled; the list itself must stay as it is. One that gets many properties
 * one by one becomes a dictionary, which takes several times the memory and the time.
 */
export function blankFields(fields: readonly string[]): Record<string, Value> {
  let blank = blanks.get(fields);
  if (blank === undefined) {
    blank = JSON.parse(`{${fields.map((field) => `${JSON.stringify(field)}:null`).join()}}`) as Record<string, Value>;
    blanks.set(fields, blank);
  }
  return { ...blank };
}

/** Where a field points: at the id or the key of a record of `entity`, or at another field that its records carry. */
export interface Reference {
  readonly entity: string;
  readonly by: "id" | "key" | (string & Record<never, never>);
}

/** How a creation of ours is recognised again after a crash. */
export type Creation = "derived id" | "natural key" | "correlation" | "lookup" | "none";

/**
 * One kind of record in one service. Data only: the composition root opens handles.
 * R is its row, N its name, A the fields that may not always be written, H the head entity when it is a part (a line).
 */
export interface Entity<R, N extends string, A = unknown, H extends string = never> {
  readonly name: N;
  /** The field with the natural key: what people call a record by and other records refer to. */
  readonly key: keyof R & string;
  readonly label: keyof R & string;
  readonly fields: { readonly [K in keyof R & string]: Field };
  readonly refs: { readonly [K in keyof R]?: Reference };
  /** Fields that other records refer to; read with every record whatever the definition maps. */
  readonly carries: readonly (keyof R & string)[];
  readonly creation: Creation;
  /** "correlation": the fields by which a creation of ours is found again; each new record gets one of them. */
  readonly foundBy: readonly (keyof R & string)[];
  /** Values that a new record has by itself: a filter on them needs no rule. */
  readonly initial: Partial<R>;
  readonly access: A;
  /** What the service needs for it: the standard API, or the Business Central extension as well. */
  readonly needs: "standard" | "extension";
  readonly partOf: H | null;
  /** Parts: how the key of a new one is chosen. "number": 10000, 20000 …; "derived id": a UUID that follows from its origin. */
  readonly partKey: "number" | "derived id" | null;
  /** Values that put a record out of use without deleting it; null where the service knows nothing of the kind. */
  readonly inactive: Partial<R> | null;
  /** Whether a definition may ask for its deletion: never of documents, users, currencies, units and ledger accounts. */
  readonly deletable: boolean;
  readonly filter: Partial<R>;
  /** The same handle with a narrower filter. Equality only: a connector must be able to decide it without the service. */
  where(filter: Partial<R>): Entity<R, N, A, H>;
  readonly [row]?: R;
}
// deno-lint-ignore no-explicit-any
export type AnyEntity = Entity<any, string, any, any>;

/** Declares a handle: `entity<Customer>()({ name: "customers", … })`. */
export function entity<R>(): <
  const N extends string,
  const A extends { readonly [K in keyof R]?: Access } = Record<never, never>,
  const H extends string = never,
>(spec: {
  readonly name: N;
  readonly key: keyof R & string;
  readonly label: keyof R & string;
  readonly fields: { readonly [K in keyof R & string]: Field };
  readonly creation: Creation;
  readonly refs?: Entity<R, N>["refs"];
  readonly carries?: readonly (keyof R & string)[];
  readonly foundBy?: readonly (keyof R & string)[];
  readonly initial?: Partial<R>;
  readonly access?: A;
  readonly needs?: "standard" | "extension";
  readonly partOf?: H;
  readonly partKey?: "number" | "derived id";
  readonly inactive?: Partial<R>;
  readonly deletable?: true;
}) => Entity<R, N, A, H> {
  return (spec) => {
    const make = (filter: Partial<R>): AnyEntity => ({
      ...spec,
      refs: spec.refs ?? {},
      carries: spec.carries ?? [],
      foundBy: spec.foundBy ?? [],
      initial: spec.initial ?? {},
      access: spec.access ?? {},
      needs: spec.needs ?? "standard",
      partOf: spec.partOf ?? null,
      partKey: spec.partKey ?? null,
      inactive: spec.inactive ?? null,
      deletable: spec.deletable ?? false,
      filter,
      where: (more: Partial<R>) => make({ ...filter, ...more }),
    });
    // deno-lint-ignore no-explicit-any
    return make({}) as any;
  };
}

/** A part of a document as its service has it now: an order's line. */
export interface Part {
  /** Tells it apart from the other parts of its document, never changes, has no "/" and no "~". */
  readonly key: string;
  readonly data: Fields;
}

/** A record as its service has it now. */
export interface Row {
  readonly id: string;
  /** The service's version of the record (its ETag); equal text means an unchanged record, nothing else is meant. */
  readonly version: string;
  /** ISO 8601 in UTC as the service states it; null where it states none. */
  readonly modifiedAt: string | null;
  readonly data: Fields;
  /** Why the service lets nobody write this one record, where it does not; the engine then leaves it alone. */
  readonly frozen?: string;
  /** All parts of the document, in their order; given where the handle was opened with its parts. */
  readonly parts?: readonly Part[];
}

/** A document that its service completed and no longer lists: posted, which is not deleted. */
export interface Archived {
  readonly id: string;
  /** What is known of it now; all other fields stay as they were last seen. */
  readonly data: Fields;
  readonly parts?: readonly Part[];
  /** Why nobody writes it any more. */
  readonly frozen: string;
}

/** A record that a user of the service merged into another one, which goes on for both. */
export interface Merged {
  readonly id: string;
  readonly into: string;
}

/** A record that a sweep met; `modifiedAt` as in {@link Row}, null also where the sweep does not ask for it. */
export interface Met {
  readonly id: string;
  readonly modifiedAt: string | null;
}

/** One answer of {@link Opened.read}. Rows may come twice; the last one counts. */
export interface Page {
  readonly rows: readonly Row[];
  /** Ids that the service itself reports as deleted. */
  readonly deleted: readonly string[];
  /** Ids of records that exist but lie outside the handle's filter. */
  readonly left: readonly string[];
  /** They are in none of the other lists. */
  readonly merged?: readonly Merged[];
  /** What is in the filter, where nothing but ids was asked for. */
  readonly met?: readonly Met[];
  /** Documents that were completed, where records were asked for by id. */
  readonly archived?: readonly Archived[];
  /** full: a page of everything in the filter, even if it was asked since a cursor; delta: of changes; some: of ids. */
  readonly kind: "full" | "delta" | "some";
  /** Of changes: all that was deleted since the cursor is in the `deleted` of this reading's pages. */
  readonly tellsDeletions?: true;
  /** Where to go on once this page is saved; null until the last page of a reading, unless the service can resume. */
  readonly cursor: string | null;
}

/** What to read. Rows of a handle with parts come with all of their parts. Without `since` and `ids`: everything in the handle's filter. */
export interface ReadOptions {
  /** Fields of the handle that are wanted; the connector adds what the filter and its own work need. */
  readonly fields: readonly string[];
  /** Fields of the parts that are wanted. */
  readonly partFields?: readonly string[];
  /** A cursor that an earlier reading of the same fields and filter ended with. */
  readonly since?: string;
  /** Just these records; those that no longer exist come back under `deleted`. */
  readonly ids?: readonly string[];
  /** Of `ids`: the keys that they were last seen with, by id; what a document left may be known by its number alone. */
  readonly keys?: Readonly<Record<string, string>>;
  /**
   * Nothing but the ids of everything in the filter, with their time stamps (`met` of each page, kind "full", no cursor):
   * a sweep for what is gone, and for what no reading of changes brought.
   */
  readonly only?: "ids";
  readonly signal?: AbortSignal;
}

/** One record to write. */
export interface Write {
  readonly op: "create" | "update" | "delete";
  /** update and delete: the record. create: the id that we chose, where the handle's creation is "derived id", else null. */
  readonly id: string | null;
  /** update and delete: the version that the decision was made on. */
  readonly version: string | null;
  readonly fields: Fields;
  /** What is written of the document's parts, in order: with the head as one, or as a sequence that can be resumed. */
  readonly parts?: readonly PartWrite[];
}

/** One part to write. `key` of a creation is the one that the new part gets. */
export interface PartWrite {
  readonly op: "create" | "update" | "delete";
  readonly key: string;
  readonly fields: Fields;
}

/** Fields that the rows of an answer carry. */
export interface WantedFields {
  readonly fields: readonly string[];
  readonly partFields?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * What became of a write; one for each, in order.
 * ok: stored, with the row as the service now has it. deleted: a deletion took effect, or nothing was there. exists: a record with this id or natural key was there before,
 * nothing written. moved: the version is no longer current, nothing written. missing: no such record. refused: the
 * service will not store these values (`field` where it names one), or left the document open for editing (`unrestored`).
 * unknown: the request may have taken effect.
 */
export type Outcome =
  | { readonly kind: "ok"; readonly row: Row }
  | { readonly kind: "deleted" }
  | { readonly kind: "exists"; readonly row: Row }
  | { readonly kind: "moved" }
  | { readonly kind: "missing" }
  | {
    readonly kind: "refused";
    readonly code: string;
    readonly message: string;
    readonly field?: string;
    readonly unrestored?: true;
  }
  | { readonly kind: "unknown"; readonly message: string };

/** A record that may be what an attempt at a creation left. */
export interface Recalled extends Row {
  /** Why only a person can tell whether it is, and what that person does about it. */
  readonly doubt?: string;
}

/** A handle that is open for reading and writing. */
export interface Opened {
  /**
   * Pages in order; the last one has a cursor. Throws ServiceError "cursor_expired" when `since` is no longer known
   * (the engine then reads everything), other ServiceErrors when the service can't be read.
   */
  read(options: ReadOptions): AsyncIterable<Page>;
  /** Writes a batch. Throws only when nothing was attempted. */
  write(writes: readonly Write[], options: WantedFields): Promise<Outcome[]>;
  /**
   * For each of these creations, in order, the records that may be what an earlier attempt at it left: same values,
   * modified at or after `since` (ISO 8601). Called for creations whose outcome is unknown, some hundred at most: as many
   * are looked for in one request as the service allows. A "correlation" is looked for among completed documents as well,
   * and what was still to be written of the only record found is written.
   */
  recall(
    writes: readonly Write[],
    options: WantedFields & { readonly since: string },
  ): Promise<readonly (readonly Recalled[])[]>;
  /**
   * For how long, in milliseconds, a creation may still take effect after its connection broke: a recall() that finds
   * nothing until then says nothing. Absent where a second attempt can't make a second record.
   */
  readonly lateFor?: number;
  /**
   * Finishes what a write of a document left undone when it was stopped: an order that it opened gets its state back, one
   * that a person opened is left alone. A refusal is told, and the next write of the document tries it again at its end.
   * Absent where every write is one transaction of the service.
   */
  restore?(write: Write, options?: Pick<ReadOptions, "signal">): Promise<(Outcome & { kind: "refused" }) | null>;
  /** What went out for this handle since it was opened, signing in and what is asked once for all handles apart. */
  requests(): Requests;
  /** How many writes it is given at once at most; 100 where it does not say. */
  readonly batchSize?: number;
  /** What these writes, at most a batch, would cost; asks nobody. */
  cost(writes: readonly Write[]): Cost;
}

/** What writes take of a service's limits. */
export interface Cost {
  readonly requests: number;
  /** Units of the daily entitlement of the CRM's tenant: each row that is created, changed or deleted is one. 0 for the ERP. */
  readonly units: number;
}

/** What went out, every try counted: requests by what they were for, and what they took of the daily entitlement. */
export interface Requests {
  /** For what changed, and for what was looked for. */
  readonly read: number;
  readonly write: number;
  /** For signing in. */
  readonly token: number;
  /** Pages of what a time stamp cursor can't rule out. */
  readonly overlap: number;
  /** For the ids of everything. */
  readonly sweep: number;
  /** For what rows lack and other pages have: codes behind ids, rates, base units, stock movements. */
  readonly lookups: number;
  /** For documents that no time stamp tells of: open ones read again, and lines by their heads. */
  readonly documents: number;
  /** Rows that were sent to be created, changed or deleted; units as in {@link Cost}. */
  readonly units: number;
}

/** Nothing went out yet. */
export const noRequests: Requests = {
  ...{ read: 0, write: 0, token: 0, overlap: 0 },
  ...{ sweep: 0, lookups: 0, documents: 0, units: 0 },
};

/** Who the outside is; pinned at first use, so that another company or environment is noticed. */
export interface Identity {
  readonly service: string;
  /** What people call the company or organization; it may change. */
  readonly name: string;
  /** Ids that never change: tenant, environment, company or organization. */
  readonly parts: Readonly<Record<string, string>>;
}

/** A service under one account. */
export interface Connector {
  readonly service: "business_central" | "dataverse" | "csv" | "postgres";
  /** `parts`: the handle of the document's parts, where the entity is read and written with them. */
  open(entity: AnyEntity, parts?: AnyEntity): Opened;
  /** One or two small requests; throws ServiceError when the account may not sign in. */
  identity(signal?: AbortSignal): Promise<Identity>;
  /** Counted since the connector was made. */
  requests(): Requests;
}

/** Keeps requests of one account within the service's limits; released when the request is done. */
export interface Limiter {
  acquire(signal?: AbortSignal): Promise<() => void>;
  /** The service asked for patience: fewer at once, and none for `ms`. */
  slow(ms: number): void;
}

/** Time, chance and new ids come from here, so that tests and simulations decide them. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** At least 0, below 1. */
  random(): number;
  uuid(): string;
}
