/** What all writes of the store in SQL have. */
import type { Db } from "./sql_rows.ts";
import type { Side } from "./store.ts";

/** Ids of records of each side that a write may have changed something for. */
export type Touched = Record<Side, string[]>;

/** A transaction, and where what it writes belongs. */
export interface Work {
  readonly tx: Db;
  readonly connection: string;
  readonly step: string;
  /**
   * Told of rows of a table (and side) that are new or changed; makes new statistics where that is due. `isNew`: not yet,
   * more rows follow before anybody asks for these.
   */
  readonly grown: (
    work: Work,
    table: Table,
    rows: { readonly length: number },
    how?: { readonly isNew?: boolean },
  ) => Promise<void>;
  /** Places of steps whose uncoupled records no longer wait for their first match in a table of their own. */
  readonly gathered: Set<string>;
}
/** Where uncoupled records stand; see sql_fresh.ts. */
export type Uncoupled = "uncoupled" | "fresh";
/** A table whose rows are counted, and the side where it holds both. */
export type Table = "couplings" | "changes" | `${"records" | "uncoupled"} ${Side}`;
