/**
 * The contract of what is remembered between runs: three trees (each side as last seen, and what both agreed on),
 * the changes that are intended, done or waiting, and the runs. Everything is keyed by connection and step.
 *
 * Implementations pass one conformance suite and decide alike. Each method is one transaction.
 */
import type { Fields, Identity, Merged, Requests, Value } from "../connectors/connector.ts";

export type Side = "erp" | "crm";

/** One side's record as it was last seen. */
export interface StoredRecord {
  readonly id: string;
  /** The natural key; null where the record has none. */
  readonly key: string | null;
  readonly label: string | null;
  /** The fields that the definition maps and those that the handle carries. */
  readonly data: Fields;
  readonly version: string;
  readonly modifiedAt: string | null;
  /** Equal for equal `data`; the only thing that SQL compares. */
  readonly fingerprint: string;
  readonly frozen: string | null;
  /**
   * left: it exists but lies outside the step's filter. completed: its service finished it and no longer lists it.
   * merged: a user merged it into the record `mergedInto`.
   */
  readonly state: "present" | "completed" | "left" | "merged" | "deleted";
  readonly mergedInto: string | null;
}

/** What both sides had when a rule's two fields last agreed: raw values of each side, by the rule's CRM field. */
export interface Base {
  readonly erp: Fields;
  readonly crm: Fields;
}

/** What a person decided of a conflict; it is done with when the decision was carried out. */
export interface Resolution {
  /** Values that both sides are to have, by the rule's CRM field, in the CRM's domain. */
  readonly chosen: Fields;
  /** Of a pair that was deleted on one side and edited on the other: the side that counts. */
  readonly keep: Side | null;
  /** Where `keep` lets a deletion stand: the fingerprint that the other record had then. */
  readonly seen?: string;
}

/** Two records that are the same thing. Unique by each side within a step. */
export interface Coupling {
  readonly erpId: string;
  readonly crmId: string;
  readonly state: "coupled" | "tombstone" | "skipped";
  /** Null until the pair was first compared. */
  readonly base: Base | null;
  /** Fingerprints that the last complete decision was made on; null makes the pair a candidate again. */
  readonly seen: { readonly erp: string | null; readonly crm: string | null };
  /** The definition (its hash) that the base was made with. */
  readonly definition: string;
  /** How it came about: "match accountnumber", "created in the CRM", "created in the ERP"; a rebuild says more behind a comma. */
  readonly how: string;
  /** The last write that it caused, null when none did: which side was written, and when (ISO 8601). */
  readonly written: { readonly side: Side; readonly at: string; readonly run: string } | null;
  readonly resolution: Resolution | null;
}

/** A coupling with the records that it holds together; null where a side's record was never read. */
export interface Pair {
  readonly coupling: Coupling;
  readonly erp: StoredRecord | null;
  readonly crm: StoredRecord | null;
}

/** Why something wants a person, or waits. The list is closed; each has a line in docs/errors.md. */
export const reasonCodes = [
  "conflict", // both sides changed the field since they agreed, or one side was deleted and the other changed
  "waiting", // a lookup's target is not coupled yet
  "required_blank", // a creation lacks a value that the service requires
  "ambiguous", // several records have the same match keys
  "unmapped", // a value map has no entry for the value; the field was left out
  "too_long", // the value does not fit the other side's field; it was left out
  "not_writable", // the field differs but may only be written on creation
  "refused", // the service refused the record
  "not_restored", // a document that was opened for a change is open still
  "moved", // the record kept changing while it was written
  "unknown_outcome", // what an earlier attempt created can't be told, or not yet
  "missing", // a coupled record was deleted on one side
  "merged", // a coupled record was merged into another one that is coupled as well
  "left", // a coupled record left the step's filter
  "skipped", // a person said that it is to be left alone until it changes
  "not_planned", // it changed after the plan that is carried out was made
  "held", // the definition leaves a pair in this state to a person
  "unconfirmed", // the store was rebuilt, and nobody confirmed yet that what has no partner may be created
  "unfit", // the other side has no place for such a record
  "totals_differ", // totals that must agree differ by more than rounding
] as const;
export type ReasonCode = typeof reasonCodes[number];

/** One reason on a change. */
export interface Reason {
  readonly code: ReasonCode;
  /** The CRM field, or "group <name>", where the reason is about one. */
  readonly field?: string;
  /** For people: what, where, and what to do. */
  readonly message: string;
  /** Ids of candidates (ambiguous), or "step/key" of what it waits for. */
  readonly about?: readonly string[];
  /** ISO 8601; unknown_outcome: until then the service may still be at work on it. */
  readonly until?: string;
  /** unknown_outcome: ids of records that are not what it left, as a person said. */
  readonly not?: readonly string[];
  /** refused, where the service named a field: what was sent there. It is left out until it is another value. */
  readonly sent?: Fields;
}

/** A value that lost a conflict: it stood on `side` until this change overwrote it. */
export interface Lost {
  readonly side: Side;
  /** The CRM field, or "group <name>". */
  readonly unit: string;
  /** Field of that side → the value that is gone. */
  readonly values: Fields;
  /** Why, for people: the policy that decided, the pair's state, a rule that goes one way, or a person. */
  readonly by: string;
}

/**
 * One intended or attempted write to `side`, or a reason not to write.
 * intended: decided, nothing sent. sent: a request may be under way. done: answered. open: wants a person or waits.
 * closed: overtaken by a later decision. noted: reported, and wants nobody (left, skipped). At most one change of a step,
 * side and source is intended, sent, open or noted.
 */
export interface Change {
  readonly id: string;
  readonly run: string;
  readonly step: string;
  /** The side that is (or would be) written. */
  readonly side: Side;
  /** uncouple: nothing is sent, the pair gets a tombstone. */
  readonly op: "insert" | "update" | "delete" | "uncouple" | "none";
  /** The record on the other side that it comes from. */
  readonly source: string;
  /** The record that is written: for an insert the id that we chose, or null where the service chooses. */
  readonly target: string | null;
  /** What is written, and what stood there. */
  readonly after: Fields;
  readonly before: Fields;
  /** The source's values that it was decided on, by the rule's CRM field: what the base is made of when it is done. */
  readonly basis: Fields;
  /** The version of the target that the decision was made on. */
  readonly version: string | null;
  readonly state: "intended" | "sent" | "done" | "open" | "noted" | "closed";
  readonly reasons: readonly Reason[];
  readonly lost: readonly Lost[];
  readonly attempts: number;
  /** ISO 8601; of a refused one: not tried again before, unless it is another write then. Null: in the next run. */
  readonly retryAt: string | null;
  /** ISO 8601, of the last change of state that was saved with it; closing by another decision leaves it. */
  readonly at: string;
}

export type JobStatus = "Waiting" | "Ready" | "In Process" | "Finished" | "Error" | "Cancelled" | "Skipped";
/** "" until the direction has started. */
export type DirectionStatus = "" | "In Process" | "Success" | "Error";

/** read is the number of source records decided in this run, and the sum of all the others. */
export interface Counts {
  readonly read: number;
  readonly inserted: number;
  readonly modified: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly conflict: number;
  readonly blocked: number;
  readonly failed: number;
}
export interface DirectionRun {
  readonly status: DirectionStatus;
  readonly counts: Counts;
}
/** What went out to each side. */
export type Spent = Readonly<Record<Side, Requests>>;

export interface StepRun {
  readonly step: string;
  readonly dependsOn: readonly string[];
  readonly status: JobStatus;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly toCrm: DirectionRun;
  readonly fromCrm: DirectionRun;
  /** Totals after the run. */
  readonly coupled: number;
  readonly uncoupled: number;
  /** Changes that want a person or wait, after the run. */
  readonly listed: number;
  /** Requests for what changed, and for writing it: those that {@link StepRun.spent} counts as read and write. */
  readonly requests: { readonly erp: number; readonly crm: number };
  /** All that went out for it, by what it was for; absent until then, and in runs of earlier versions. */
  readonly spent?: Spent;
  /** Why it runs otherwise than usual ("first run", "definition changed: fax added"), or why it was skipped. */
  readonly note?: string;
  readonly error?: { readonly code: string; readonly message: string };
}
export interface Run {
  readonly runId: string;
  readonly mode: "first" | "full" | "incremental";
  readonly status: "In Process" | "Finished" | "Error" | "Cancelled";
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly steps: readonly StepRun[];
  /** Both directions of all steps added up. */
  readonly totals: Counts;
  /** All that went out, for its steps and for what is asked once for all of them; absent until it has ended. */
  readonly spent?: Spent;
}

export interface Newest {
  readonly id: string;
  /** ISO 8601 in UTC, as the service stated it. */
  readonly modifiedAt: string;
}

/**
 * Who writes a step: whoever took it last, with the number after the last one. A write that comes with an older lease is
 * refused, so that a process that was taken for dead can't spoil what came after it.
 */
export interface Lease {
  readonly number: number;
  /** Names the run and its process. */
  readonly holder: string;
}

/** What a step knows of itself between runs. */
export interface StepState {
  /** Who took the step last; null before the first write. */
  readonly lease: Lease | null;
  /** The definition of the last run of more than one record; null before the first. */
  readonly definition: string | null;
  /** The definition of the last run that came to the end of all pairs; null before the first. */
  readonly ended: string | null;
  /** Whether a run has come to the end of all records, not of the coupled ones alone. */
  readonly loaded: boolean;
  /** Whether its couplings were restored from the services, and nobody confirmed yet that what has none may be created. */
  readonly rebuilt: boolean;
  /** Whether that was so at some time: an earlier store may have made what this one knows nothing of. */
  readonly restored: boolean;
  /** Hash of each rule, by CRM field, for every definition that some coupling's base was made with. */
  readonly rules: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where the next reading of a side goes on; null: from the start. A cursor belongs to `definition`. */
  readonly cursors: { readonly erp: string | null; readonly crm: string | null };
  /** ISO 8601: since when the last complete look for deletions of a side stands; null before the first. */
  readonly swept: { readonly erp: string | null; readonly crm: string | null };
  /** ISO 8601: when all records of a side were last read, or all of its ids; null before the first. */
  readonly whole: { readonly erp: string | null; readonly crm: string | null };
  /** Of each side the record that was modified last of all that were read; null where none states a time. */
  readonly newest: { readonly erp: Newest | null; readonly crm: Newest | null };
  /** The names of the two entities: how a renamed step is recognised. */
  readonly entities: { readonly erp: string; readonly crm: string } | null;
  /** Whether any record of a side was ever saved. */
  readonly known: { readonly erp: boolean; readonly crm: boolean };
  /** Couplings in state "coupled". */
  readonly coupled: number;
  /** Present records that no coupling names, not even a tombstone; as {@link RecordFilter} has them. */
  readonly uncoupled: { readonly erp: number; readonly crm: number };
  /** Changes in state "open" that have at least one reason. */
  readonly listed: number;
}

/** What a connection is pinned to. */
export interface Pin {
  readonly kind: "sandbox" | "real";
  readonly erp: Identity;
  readonly crm: Identity;
}

export interface PageSave {
  readonly run: string;
  /** As in {@link Settlement}. */
  readonly lease?: Lease;
  readonly records: readonly StoredRecord[];
  /** Keys of these records; those of records that some coupling names are passed over. */
  readonly keys?: readonly RecordKeys[];
  /** Nothing was known of the side before the reading that this page is of, which is one of everything. */
  readonly isNew?: true;
  readonly deleted: readonly string[];
  readonly left: readonly string[];
  readonly merged?: readonly Merged[];
  /** Ids that a sweep met: they count as met by a full reading. */
  readonly met?: readonly string[];
  /** With the last page of a reading: where the next one goes on. Saved in the same transaction as the records. */
  readonly cursor?: string | null;
  /** ISO 8601: the reading, complete with this page, has looked for deletions. */
  readonly swept?: string;
  /** ISO 8601: the reading, complete with this page, was one of all records, or of all ids. */
  readonly whole?: string;
  /** With the last page of a new side: of all its records the one that was modified last. The others tell none. */
  readonly newest?: Newest;
}

/**
 * Which records: by id, those that no coupling names (a tombstone names both of its records too; a record of the CRM
 * that another step of the same entity, or of one that was never saved, has coupled is none of this step's), or those that
 * a full reading in `unseen` (a run) did not meet.
 */
export type RecordFilter =
  | { readonly ids: readonly string[] }
  | { readonly uncoupled: true }
  /** Uncoupled ones without keys for so many groups, or with keys that something else made. */
  | { readonly unkeyed: { readonly groups: number; readonly made: string } }
  | { readonly unseen: string };
/** A record that was asked for. */
export interface FoundRecord extends StoredRecord {
  /** Of an uncoupled one, where match() found that others have its key: the records of the other side with that key. */
  readonly candidates?: readonly string[] | null;
}
export interface Keyset {
  /** Id (for pairs the ERP id) after which to go on, in code point order. */
  readonly after?: string;
  readonly limit: number;
}

/** What an uncoupled record is matched by. It is forgotten when the record changes, or some coupling names it. */
export interface RecordKeys {
  readonly id: string;
  /** Of the record that they were made of; where it is another one by now they are passed over. */
  readonly fingerprint: string;
  /** One for each match group, or for the first of them; null where a part is blank. */
  readonly keys: readonly (string | null)[];
  /** What made them: a definition, or a run where records of other steps have a say. */
  readonly made: string;
  /**
   * Two records with one of these in common have the same values in all fields, by all rules, and nothing else keeps
   * them from agreeing: as a pair they need not be looked at. Null where nobody can tell beforehand.
   */
  readonly agrees: readonly string[] | null;
}

/** A rule as the base of a pair that agrees is made by: the two fields whose values it takes. */
export interface BaseField {
  /** The rule's CRM field. */
  readonly name: string;
  /** Null where `value` stands in the place of a field. */
  readonly erp: string | null;
  readonly value: Value;
  readonly crm: string;
}

/** Which uncoupled records are the same by their keys of one match group; {@link Settlement.matching} was saved before. */
export interface Matching {
  /** As in {@link Settlement}. */
  readonly lease?: Lease;
  /** Position of the group in the definition. Each is asked once the one before has had all its shares. */
  readonly group: number;
  /** The keys are divided into `of` shares, which may be asked side by side; nth counts from 0. */
  readonly share: { readonly nth: number; readonly of: number };
  /** The definition (its hash), and how the couplings come about. */
  readonly definition: string;
  readonly how: string;
  /** Records that are not coupled by their keys. Those that would be with one of them are not either. */
  readonly except: Readonly<Record<Side, readonly string[]>>;
}
export interface Matched {
  /** How many pairs were coupled. */
  readonly coupled: number;
  /** How many of them agree in everything, so that nothing is to be decided. */
  readonly agreed: number;
  /** Pairs that were not coupled since one of them is excepted, in order of ERP id. */
  readonly except: readonly { readonly erp: string; readonly crm: string }[];
}

/** What a decision or an outcome saves, all or nothing. */
export interface Settlement {
  /** Taken, where its number is new. Without one the write is a person's, who takes the step from everybody. */
  readonly lease?: Lease;
  /** Keys of these records, in place of those that they had. */
  readonly keys?: Readonly<Partial<Record<Side, readonly RecordKeys[]>>>;
  readonly records?: readonly { readonly side: Side; readonly record: StoredRecord }[];
  /** ERP ids whose couplings end without a tombstone, before others are saved: their counterparts get other partners. */
  readonly parted?: readonly string[];
  /** Inserted or replaced, by ERP id. */
  readonly couplings?: readonly Coupling[];
  /** Inserted or replaced, by id; an intended, sent or open one first closes what was open for its side and source. */
  readonly changes?: readonly Change[];
  /** What became of known changes that stay as they are otherwise. */
  readonly turned?: readonly Turned[];
  /** What is no longer open: these sides and sources have nothing that waits any more. */
  readonly close?: readonly { readonly side: Side; readonly source: string }[];
  /**
   * The definition that the step now works with. Another hash than before forgets both cursors, so it is saved before
   * the reading that it calls for; rules of definitions that no coupling's base was made with are forgotten as well.
   * `alone`: for one record; its rules are kept, and the step's definition and cursors stay as they are.
   */
  readonly definition?: {
    readonly hash: string;
    readonly rules: Readonly<Record<string, string>>;
    readonly entities: { readonly erp: string; readonly crm: string };
    readonly alone?: boolean;
  };
  /** A run came to the end of all pairs with the definition of this hash; loaded: of all records, which stays so. */
  readonly ended?: { readonly definition: string; readonly loaded: boolean };
  /**
   * Matching begins anew: what was found of candidates is forgotten. `base`: by which a pair that agrees gets its base, the
   * same for every match with this definition (its hash).
   */
  readonly matching?: { readonly definition: string; readonly base: readonly BaseField[] };
  /** Begins (true) or ends the time in which nothing is created: see {@link StepState}. */
  readonly rebuilt?: boolean;
  /** Forgets the cursors, the newest records and all bases of the step: its pairs meet for the first time again, and are decided anew. */
  readonly rebase?: true;
}

/** A change of this id was sent, or is done. */
export interface Turned extends Pick<Change, "id" | "attempts" | "at"> {
  readonly state: "sent" | "done";
}

/** All that is known of a pair, or of a present record that no coupling names. */
export interface ReportRow {
  readonly step: string;
  readonly erp: StoredRecord | null;
  readonly crm: StoredRecord | null;
  readonly coupling: Coupling | null;
  /** Changes of the pair or record in state "intended", "sent", "open" or "noted", in order of id. */
  readonly open: readonly Change[];
  /** Match keys were saved for the uncoupled record, and all of them are null. */
  readonly blankKeys: boolean;
}

/** A line of the coupling report before it is formatted: what reports say of a {@link ReportRow}. */
export interface ReportLine extends Pick<ReportRow, "step" | "blankKeys"> {
  readonly erp: ReportedRecord | null;
  readonly crm: ReportedRecord | null;
  readonly coupling: ReportedCoupling | null;
  readonly open: readonly ReportedChange[];
}
export type ReportedRecord = Pick<StoredRecord, "id" | "key" | "label" | "modifiedAt">;
export interface ReportedCoupling
  extends Pick<Coupling, "erpId" | "crmId" | "state" | "definition" | "how" | "written"> {
  /** It has a base. */
  readonly isCompared: boolean;
}
export type ReportedChange = Pick<Change, "id" | "side" | "op" | "source" | "target" | "state" | "reasons">;

/** The open changes of a step that are listed for the same reasons. */
export interface Listed {
  /** Each code once, in order; those that keep a value from being sent, and no more, stand in `aside`. */
  readonly codes: readonly ReasonCode[];
  readonly aside: readonly ReasonCode[];
  readonly changes: number;
  /** ISO 8601: when the first of them is tried again; null: in the next run. */
  readonly retryAt: string | null;
}

export interface Store {
  /** Reads what the connection is pinned to; pins it when `pin` is given and nothing was pinned before, or `anew`. */
  connection(connection: string, pin?: Pin, options?: { readonly anew?: boolean }): Promise<Pin | null>;
  /** Names of the steps that the store knows of a connection. */
  steps(connection: string): Promise<readonly string[]>;
  step(connection: string, step: string): Promise<StepState>;
  /**
   * Inserts or replaces a run with its step runs. Throws ServiceError "lease_lost" where it has ended otherwise: somebody
   * took its process for dead.
   */
  saveRun(connection: string, run: Run): Promise<void>;
  /** Newest first. */
  runs(connection: string, options: { limit: number; runId?: string }): Promise<readonly Run[]>;
  /**
   * Merges a page into the records of a side: its records (all present, whatever they were before), then those that
   * left, were merged, and were deleted; one that was merged stays so. Ids that were never read are passed over.
   */
  savePage(connection: string, step: string, side: Side, page: PageSave): Promise<void>;
  /** In order of id. Uncoupled and unseen give present records only. */
  records(
    connection: string,
    step: string,
    side: Side,
    filter: RecordFilter,
    keyset: Keyset,
  ): Promise<readonly FoundRecord[]>;
  /**
   * Couples uncoupled records whose key in a group no other record of either side has, and keeps of the others what
   * they could be. Groups are called for in order, each with all its shares: a record that one group says something of
   * is no concern of the next. Decides as `couple` of matching/ does.
   */
  match(connection: string, step: string, matching: Matching): Promise<Matched>;
  /**
   * Coupled pairs that may need something, in order of ERP id: a fingerprint differs from the one seen, the base was
   * made with another definition, a side is neither present nor completed, or a change is intended, sent or open.
   */
  pairs(connection: string, step: string, options: Keyset & { definition: string }): Promise<readonly Pair[]>;
  /**
   * Coupled pairs of `step` by a value of one side: "id", "key", or a field that its records carry. Values that no coupled pair has are not in the answer; one that several have is there
   * for each, in order of value, then ERP id.
   */
  lookup(
    connection: string,
    step: string,
    side: Side,
    by: string,
    values: readonly string[],
  ): Promise<readonly { readonly value: string; readonly pair: Pair }[]>;
  /**
   * Throws ServiceError "lease_lost" where somebody took the step since, as savePage() does, "coupling_taken" where a CRM
   * record would be coupled (or skipped) with two ERP records, and
   * "change_taken" where two of these changes would be open for one side and source; nothing is saved then.
   */
  save(connection: string, step: string, settlement: Settlement): Promise<void>;
  /** In order of id. */
  changes(
    connection: string,
    filter: {
      step?: string;
      run?: string;
      side?: Side;
      /** Only of these sources. */
      sources?: readonly string[];
      states: readonly Change["state"][];
      /** Only those that overwrote a value which lost a conflict. */
      lost?: true;
    },
    keyset: Keyset,
  ): Promise<readonly Change[]>;
  /** What {@link StepState} counts as listed, by reasons. In order of `codes`, then `aside`. */
  listed(connection: string, step: string): Promise<readonly Listed[]>;
  /**
   * Couplings in any state, and present records that no coupling names, that have `name` as the id or the key of a side.
   * In the order of report().
   */
  named(connection: string, step: string, name: string): Promise<readonly ReportRow[]>;
  /**
   * All couplings, and the present records that no coupling names, in pages: one snapshot, in order of step as given,
   * then ERP id, then CRM id, by code point, missing ones last. The embedded database answers nothing else until the
   * last page was taken (or the loop left), so the loop must not call the store.
   */
  report(connection: string, steps: readonly string[]): AsyncIterable<readonly ReportLine[]>;
  close(): Promise<void>;
}
