/**
 * Items whose stock moved: `inventory` is summed up from the item ledger when an item is read, so most postings leave
 * the item's own time stamp alone. The ledger's entries have stamps.
 */
import type { ReadOptions } from "../connector.ts";
import { later } from "../later.ts";
import { anyOf, pages, queryOf, quoted } from "../odata.ts";
import { isKnown, since } from "./stamps.ts";
import { modifiedAt, type Table } from "./table.ts";

const ledger = "itemLedgerEntries";

/** Whether a reading of these fields must follow the ledger. */
export function isStock(table: Table, fields: readonly string[]): boolean {
  return table.entity.name === "items" && fields.includes("inventory");
}

/** The stamp of the newest entry; null where there is none. Asked before the items are read, so that none is missed. */
export async function newestEntry(table: Table, signal: AbortSignal | undefined): Promise<string | null> {
  const query = queryOf({ $select: "lastModifiedDateTime", $orderby: "lastModifiedDateTime desc", $top: "1" });
  const [entry] = await table.list(ledger + query, { signal });
  return entry === undefined ? null : modifiedAt(entry);
}

/** Numbers of items by the entries since the cursor less the overlap. */
export interface Moved {
  /** With entries after the cursor. */
  readonly fresh: readonly string[];
  /** Only with entries that the last reading may have seen: they are read again, since an entry can appear late. */
  readonly overlapping: readonly string[];
  /** Where to go on: the latest stamp that the service stated. */
  readonly ledger: string | null;
}

export async function movedSince(table: Table, stamp: string | null, options: ReadOptions): Promise<Moved> {
  const query = queryOf({
    $select: "itemNumber,lastModifiedDateTime",
    $filter: stamp === null ? undefined : since(stamp, table.overlapMs),
  });
  const fresh = new Set<string>();
  const all = new Set<string>();
  let latest = stamp;
  const headers = { Prefer: `odata.maxpagesize=${table.pageSize}` };
  const path = table.standard + ledger + query;
  for await (const page of pages(table.http, path, { headers, signal: options.signal, counts: "lookups" })) {
    for (const entry of page.rows) {
      const number = String(entry["itemNumber"]);
      all.add(number);
      if (!isKnown(stamp, modifiedAt(entry))) fresh.add(number);
      latest = later(latest, modifiedAt(entry));
    }
  }
  return { fresh: [...fresh], overlapping: [...all.difference(fresh)], ledger: latest };
}

/** Filters for the pages of these items; `around` is the length of the address without the filter. */
export function itemFilters(numbers: readonly string[], around: number): string[] {
  return anyOf("number", numbers.map(quoted), around);
}
