/** What the extension's log says of deletions; the standard API says nothing. */
import { later } from "../later.ts";
import { pages, queryOf } from "../odata.ts";
import { since } from "./stamps.ts";
import { modifiedAt, type Table } from "./table.ts";

/** Table numbers in the log, by handle: of pages that the extension serves, and whose records are gone once deleted. */
const tableNumbers: Readonly<Record<string, number>> = {
  customers: 18,
  contacts: 5050,
  items: 27,
  resources: 156,
  unitGroups: 5400,
  itemUnitsOfMeasure: 5404,
  resourceUnitsOfMeasure: 205,
  customerPriceGroups: 6,
  priceListHeaders: 7000,
  priceListLines: 7001,
  shippingAgents: 291,
};
const log = "deletedRecords";

/** Whether deletions of a table are in the log. */
export function isLogged({ entity, company, extension }: Table): boolean {
  return company === extension && Object.hasOwn(tableNumbers, entity.name);
}

/** The stamp of the log's newest entry; null where there is none. Asked before records are read, so that none is missed. */
export async function newestDeletion(table: Table, signal: AbortSignal | undefined): Promise<string | null> {
  const query = queryOf({ $select: "lastModifiedDateTime", $orderby: "lastModifiedDateTime desc", $top: "1" });
  for await (const { rows: [entry] } of pages(table.http, table.extension + log + query, { signal })) {
    return entry === undefined ? null : modifiedAt(entry);
  }
  return null;
}

/** Ids of a table's records that were deleted since a stamp less the overlap, and the stamp to go on from. */
export async function deletedSince(
  table: Table,
  stamp: string | null,
  signal: AbortSignal | undefined,
): Promise<{ readonly ids: readonly string[]; readonly log: string | null }> {
  const own = `tableNumber eq ${tableNumbers[table.entity.name]}`;
  const $filter = stamp === null ? own : `${since(stamp, table.overlapMs)} and ${own}`;
  const path = table.extension + log + queryOf({ $select: "recordSystemId,lastModifiedDateTime", $filter });
  const headers = { Prefer: `odata.maxpagesize=${table.pageSize}` };
  const ids: string[] = [];
  let latest = stamp;
  for await (const { rows } of pages(table.http, path, { headers, signal })) {
    for (const entry of rows) {
      ids.push(String(entry["recordSystemId"]).toLowerCase());
      latest = later(latest, modifiedAt(entry));
    }
  }
  return { ids: [...new Set(ids)], log: latest };
}
