import type { Newest, StoredRecord } from "./store.ts";

/** The record of these that was modified last; null where none states a time. The first of several that were. */
export function newestOf(records: readonly Pick<StoredRecord, "id" | "modifiedAt">[]): Newest | null {
  let newest: Newest | null = null;
  for (const { id, modifiedAt } of records) {
    if (modifiedAt !== null && modifiedAt > (newest?.modifiedAt ?? "")) newest = { id, modifiedAt };
  }
  return newest;
}
