/** What the parts of the connector that handle orders have in common. */
import type { ReadOptions } from "../connector.ts";
import type { Table } from "./table.ts";

/** Orders, with their lines where the handle was opened with them. */
export interface Orders {
  readonly head: Table;
  readonly lines: Table | null;
  /** Ids of orders that were released, and that no stopped change could release again: the next change does. */
  readonly unreleased: Set<string>;
}

/** What an answer must carry. */
export type Wanted = Pick<ReadOptions, "fields" | "partFields" | "signal">;
