/** A sweep: nothing but the ids of what lies in a handle's filter, and when it was modified last. */
import type { Fields, Met, Page, ReadOptions } from "../connector.ts";
import { pages, queryOf, type RawRow } from "../odata.ts";
import { filterOf, readWhole } from "./reading.ts";
import { decimalsIn, idOf, mapRows, modifiedAt, selectOf, type Table, withFilter } from "./table.ts";

/**
 * Pages as {@link ReadOptions.only} promises them. What the service can't decide of the filter is read as well; `join`
 * adds to rows what other pages say of them.
 */
export async function* readIds(
  table: Table,
  { signal, join }: Pick<ReadOptions, "signal"> & { join?: (rows: readonly RawRow[]) => Promise<readonly RawRow[]> },
): AsyncGenerator<Page> {
  const given = signal === undefined ? {} : { signal };
  if (table.view.whole === true) {
    table.forget();
    for await (const { rows } of readWhole(table, { fields: [], ...given }, "sweep")) yield pageOf(rows);
    return;
  }
  const isDecided = Object.keys(table.entity.filter as Fields).every((field) => decidesAlone(table, field));
  if (!isDecided) table.forget();
  const $select = isDecided ? "id,lastModifiedDateTime" : selectOf(table, withFilter(table, []));
  const path = table.company + table.entity.name + queryOf({ $select, $filter: filterOf(table) });
  const headers = { Prefer: `odata.maxpagesize=${table.pageSize}` };
  const options = { headers, decimals: decimalsIn(table), counts: "sweep" as const, ...given };
  for await (const { rows: raws } of pages(table.http, path, options)) {
    if (isDecided) yield pageOf(raws.map((raw) => ({ id: idOf(raw), modifiedAt: modifiedAt(raw) })));
    else yield pageOf((await mapRows(table, await join?.(raws) ?? raws, [])).rows);
  }
}

function pageOf(rows: readonly Met[]): Page {
  const met = rows.map(({ id, modifiedAt }) => ({ id, modifiedAt }));
  return { rows: [], deleted: [], left: [], met, kind: "full", cursor: null };
}

/** The service sees these values as we do; text it compares without regard to case, and other pages it doesn't see. */
function decidesAlone({ entity, view }: Table, field: string): boolean {
  const { kind } = entity.fields[field]!;
  const value: unknown = entity.filter[field];
  if (Object.hasOwn(view.made, field)) return false;
  if (kind === "boolean") return typeof value === "boolean";
  return kind === "choice" && typeof value === "string" && /^[A-Za-z]+$/.test(value);
}
