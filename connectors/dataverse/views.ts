/** What a row's own columns do not say: the base unit of a unit group, and the row that nobody may change. */
import type { Fields, Row } from "../connector.ts";
import type { Http } from "../http.ts";
import { anyOf, guid, pages, queryOf, type RawRow } from "../odata.ts";
import type { Context } from "./context.ts";
import { text } from "./environment.ts";
import type { Columns } from "./rows.ts";

/** Rows as they came, as rows of the handle; those outside its filter by id only. */
export interface Completion {
  (raws: readonly RawRow[]): Promise<{ readonly rows: Row[]; readonly left: string[] }>;
}

const baseCurrencyRow = "It is the organization's base currency, which the service does not let anybody change";

/**
 * Completes the rows of one reading, asking for what they lack once and only when there are rows. `each`: the rows are
 * new, so every call asks again, for just its own rows.
 */
export function completionOf(
  { http, environment, pageSize }: Context,
  columns: Columns,
  options: { readonly signal?: AbortSignal | undefined; readonly each?: boolean },
): Completion {
  const { logical } = columns.table;
  const { signal, each } = options;
  let asked: Promise<ReadonlyMap<string, Fields>> | null = null;
  function unitsOf(groups: readonly string[]): Promise<ReadonlyMap<string, Fields>> {
    if (each) return baseUnits(http, { groups, pageSize, signal });
    return asked ??= baseUnits(http, { pageSize, signal });
  }
  return async (raws) => {
    const rows: Row[] = [];
    const left: string[] = [];
    if (raws.length === 0) return { rows, left };
    const units = logical === "uomschedule" ? await unitsOf(raws.map(columns.idOf)) : null;
    const frozen = logical === "transactioncurrency" ? await environment.baseCurrencyId(signal) : null;
    for (const raw of raws) {
      const { row, inFilter } = columns.rowOf(raw, units?.get(columns.idOf(raw)));
      if (!inFilter) left.push(row.id);
      else rows.push(row.id === frozen ? { ...row, frozen: baseCurrencyRow } : row);
    }
    return { rows, left };
  };
}

/** Ids and names of base units by unit group: of all groups, or of some. */
async function baseUnits(
  http: Http,
  options: { groups?: readonly string[]; pageSize: number; signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<string, Fields>> {
  const base = "isschedulebaseuom eq true";
  const $select = "uomid,name,_uomscheduleid_value";
  const around = http.root.length + `uoms${queryOf({ $select, $filter: `${base} and ()` })}`.length;
  const filters = options.groups === undefined
    ? [base]
    : anyOf("_uomscheduleid_value", options.groups.map(guid), around).map((chain) => `${base} and (${chain})`);
  const units = new Map<string, Fields>();
  const headers = { Prefer: `odata.maxpagesize=${options.pageSize}` };
  for (const $filter of filters) {
    const path = `uoms${queryOf({ $select, $filter })}`;
    for await (const page of pages(http, path, { headers, signal: options.signal, counts: "lookups" })) {
      for (const unit of page.rows) {
        const fields = { baseuomid: text(unit, "uomid").toLowerCase(), baseuomname: text(unit, "name") };
        units.set(text(unit, "_uomscheduleid_value").toLowerCase(), fields);
      }
    }
  }
  return units;
}
