/** What the parts of the connector that handle orders have in common. */
import type { ReadOptions } from "../connector.ts";
import type { Table } from "./table.ts";

/** Orders, with their lines where the handle was opened with them. */
export interface Orders {
  readonly head: Table;
  readonly lines: Table | null;
  /** Ids of orders that a stopped change left open, and that could not be released again: the next change tries it. */
  readonly unreleased: Set<string>;
}

/** What an answer must carry. */
export interface Wanted extends Pick<ReadOptions, "fields" | "partFields"> {
  readonly signal?: AbortSignal | undefined;
}
