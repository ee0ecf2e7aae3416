/** A sweep: nothing but the ids of what lies in a handle's filter, and when it was modified last. */
import type { AnyEntity, Fields, Page, ReadOptions } from "../connector.ts";
import { pages, queryOf } from "../odata.ts";
import type { Context } from "./context.ts";
import { filterOf, headersOf, type Reading } from "./read.ts";
import { mergeColumns, withoutMerged } from "./merged.ts";
import { columnsOf, modifiedAt, tableOf } from "./rows.ts";
import { completionOf } from "./views.ts";

/** Pages as {@link ReadOptions.only} promises them; what the service can't decide of the filter is read as well. */
export async function* readIds(
  context: Context,
  entity: AnyEntity,
  { signal }: Pick<ReadOptions, "signal">,
): AsyncGenerator<Page> {
  const also = mergeColumns(entity);
  const columns = columnsOf(entity, [], { timeZone: context.timeZone, also });
  const reading: Reading = { context, columns, signal };
  const isDecided = Object.keys(entity.filter as Fields).every((field) => decidesAlone(entity, field));
  const $select = isDecided ? [columns.table.id, ...also, "modifiedon"].join() : columns.select;
  const complete = completionOf(context, columns, { signal });
  const path = entity.name + queryOf({ $select, $filter: filterOf(reading) });
  for await (
    const { rows: raws } of pages(context.http, path, {
      headers: headersOf(reading, { most: context.pageSize }),
      decimals: columns.decimals,
      signal,
      counts: "sweep",
    })
  ) {
    const { own, merged } = withoutMerged(raws, columns.idOf);
    const met = isDecided
      ? own.map((raw) => ({ id: columns.idOf(raw), modifiedAt: modifiedAt(raw) }))
      : (await complete(own)).rows.map(({ id, modifiedAt }) => ({ id, modifiedAt }));
    const told = merged.length === 0 ? {} : { merged };
    yield { rows: [], deleted: [], left: [], met, ...told, kind: "full", cursor: null };
  }
}

/** The service compares text without regard to case, and knows nothing of derived fields; it sees days in its own way. */
function decidesAlone(entity: AnyEntity, field: string): boolean {
  const { kind } = entity.fields[field]!;
  return !tableOf(entity).derived.includes(field) && (kind === "choice" || kind === "integer" || kind === "boolean");
}
