/** What a table may do of its own around the storing of a row. */
import type { Row } from "../tables.ts";
import type { Crm } from "./crm.ts";
import type { Values } from "./input.ts";

/** A row on its way into a table. */
export interface Write {
  /** As it was; undefined in a creation. */
  readonly before: Row | undefined;
  /** As it will be stored; rules may change it. */
  readonly row: Values & { id: string };
  /** The columns that were given. */
  readonly values: Values;
}

export interface TableRules {
  /** Fills in what follows from other columns and refuses what must not be; amounts are rounded afterwards. */
  prepare?(crm: Crm, write: Write): void;
  /** Changes other rows that follow from this one. */
  stored?(crm: Crm, write: { readonly before: Row | undefined; readonly row: Row }): void;
  /** Refuses a deletion that somebody asked for; one that goes along with another row's is never refused. */
  removing?(crm: Crm, row: Row): void;
  /** Changes other rows once this one is gone. */
  removed?(crm: Crm, row: Row): void;
}
