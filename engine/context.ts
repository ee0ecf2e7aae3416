/** What the phases of one step share. */
import type { Cost, Identity, Opened, Row, WantedFields } from "../connectors/connector.ts";
import type { Base, Change, Coupling, Reason, Side, Store, StoredRecord } from "../store/store.ts";
import type { Compiled } from "./compile.ts";
import type { Followed } from "./lookups.ts";
import type { Step } from "./step.ts";
import type { Outcome } from "./tally.ts";

/** What a change that was sent counts as. */
export type Settled = "inserted" | "modified" | "deleted" | "unchanged" | "skipped" | "blocked" | "failed";

/** What a step is about to do; the brakes look at it. */
export interface Intended {
  creations: number;
  /** Also what is put out of use, and pairs that part. */
  deletions: number;
  /** Pairs that met before and are written. */
  changes: number;
  /** Creations that have the match keys of a record which has a partner already: names of the two. */
  readonly candidates: string[];
}

/** Nothing is sent: outcomes are simulated, on a store that is thrown away. */
export interface Rehearsal {
  /** What a batch would cost. */
  onCost(step: string, side: Side, cost: Cost): void;
  /** Both sides were read: how many records each has, and how many pairs were coupled before. */
  onRead(step: string, found: Readonly<Record<Side | "coupled", number>>): void;
}

/** What a guard looks at beside the write. */
export type Guarded = Pick<StepContext, "store" | "connection" | "run" | "step" | "compiled">;

/** Lets through the writes that a plan has. */
export interface Guard {
  allows(change: Change, context: Guarded): Promise<boolean>;
}

export interface StepContext {
  readonly store: Store;
  readonly connection: string;
  readonly run: string;
  readonly step: Step;
  readonly compiled: Compiled;
  readonly opened: { readonly erp: Opened; readonly crm: Opened };
  readonly outside: { readonly erp: Identity; readonly crm: Identity };
  /** The sides that the step writes. */
  readonly sides: readonly Side[];
  /** Nothing was known of the step when it began: no run had worked with it, on one record or on all. */
  readonly isFirst: boolean;
  /** Of which side no record was known when the step began. */
  readonly isNew: { readonly erp: boolean; readonly crm: boolean };
  /**
   * In the first run of a step: how many rows of a side were read, all of them with the keys of the first match group; null
   * where that is not known of all.
   */
  readonly keyed: Record<Side, number | null>;
  /** What other steps answered for the keys of this one, so that it is asked once. */
  readonly followed: Followed;
  /** Whether the run is one of all records, not of one that was asked for. */
  readonly selectsAll: boolean;
  readonly onlyCoupled: boolean;
  /** Brakes that a person lets pass. */
  readonly allow: ReadonlySet<string>;
  readonly rehearsal: Rehearsal | null;
  readonly guard: Guard | null;
  /** Steps that couple records of the same entity of a side with other ones: a record belongs to one of them. */
  readonly siblings: { readonly erp: readonly string[]; readonly crm: readonly string[] };
  /** The definition is another one than in the last run: what was sent then was made by other rules. */
  readonly redefined: boolean;
  /** The step's couplings were restored, and nobody confirmed yet that what has none may be created. */
  readonly rebuilt: boolean;
  /** They were restored at some time: what an earlier store had made need not be known. */
  readonly restored: boolean;
  readonly signal: AbortSignal | undefined;
  /** The record that a row of this side is remembered as. */
  recordOf(side: Side, row: Row): StoredRecord;
  /** The fields of this side that are read. */
  wanted(side: Side): WantedFields;
  /** ISO 8601. */
  now(): string;
  changeId(): string;
  /** Whether the run was asked for this record (either side's, where it is a pair). */
  selects(one: StoredRecord | null, other: StoredRecord | null): boolean;
  /** The base without the fields whose rule is another now: they meet for the first time. */
  knownBase(coupling: Coupling): Base | null;
  /**
   * Counts a decision that writes nothing; in a later round (`again`) only for a record that was not counted yet.
   * `revisited`: a later round may find work for it after all.
   */
  count(side: Side, source: string, outcome: Outcome, how: { again: boolean; revisited?: boolean }): void;
  /** Counts a write that was answered. */
  settled(side: Side, change: Change, outcome: Settled, round: number): void;
  /** The record is decided again in the next round: it is not counted yet. */
  undecided(side: Side, source: string): void;
  isUndecided(side: Side, source: string): boolean;
  /**
   * By "side source": creations that an earlier run may have made, and nobody can tell, are not made again; the records
   * that it may have made are not created on the other side either. Each with what it counts as.
   */
  readonly unsettled: Map<string, Outcome>;
  /** By "side source": why records are not created that may be what a creation in doubt left; `about` is its source. */
  readonly suspects: Map<string, Reason>;
  /** Ids of records that creations of this run will find under the ids that they choose: late effects of earlier ones. */
  readonly foreseen: Set<string>;
  /** By "side source": changes that left their document open. They stay listed until another write of it succeeds. */
  readonly unrestored: Map<string, Change>;
  /** By "side source": what an earlier run left that a decision has to know of. See held.ts. */
  readonly held: Map<string, Change>;
  /** Records that this run gave the coupling of one that was merged into them. */
  readonly moved: Set<string>;
  /** By "side source": what earlier runs listed. That it is created now is no surprise, and the brake "creations" does not count it. */
  readonly listed: Set<string>;
  readonly intended: Intended;
  progress(): void;
}

export function otherSide(side: Side): Side {
  return side === "erp" ? "crm" : "erp";
}
