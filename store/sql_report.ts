/** The report of the store in SQL: one query, fetched a page at a time inside a transaction, so that memory stays flat. */
import { type RawBuilder, sql } from "kysely";
import { sourceOf } from "./refusals.ts";
import { changeRow, couplingRow, type Db, free, ids, openOnes, recordRow, rowsOf } from "./sql_rows.ts";
import type { Change, ReportRow } from "./store.ts";
import { comparePoints } from "./text.ts";

const pageSize = 1000;
type Line = Omit<ReportRow, "step" | "open">;

/** The rows of one step; `tx` is a transaction that sees one snapshot. */
export async function* reportRows(tx: Db, place: { connection: string; step: string }): AsyncIterable<ReportRow> {
  await sql`declare report no scroll cursor for ${lineQuery(place)}`.execute(tx);
  for (;;) {
    const lines = await rowsOf<Line>(tx, sql.raw(`fetch ${pageSize} from report`));
    const open = await openChanges(tx, place, lines);
    for (const line of lines) yield { step: place.step, ...line, open: openOf(line, open) };
    if (lines.length < pageSize) break;
  }
  await sql`close report`.execute(tx);
}

/** Only ids are sorted; the records are fetched, each by its id, when their page is. */
function lineQuery({ connection, step }: { connection: string; step: string }): RawBuilder<unknown> {
  const records = (side: "erp" | "crm") =>
    sql`uncoupled o where o.connection = ${connection} and o.step = ${step} and o.side = ${side} and ${free("o")}`;
  const byId = (side: "erp" | "crm", id: string) =>
    sql`(select * from records o where o.connection = ${connection} and o.step = ${step} and o.side = ${side}
      and o.id = ${sql.raw(id)} limit 1)`;
  return sql`
    select json_build_object('coupling', ${couplingRow}, 'erp', ${recordRow("e")}, 'crm', ${recordRow("r")},
      'blankKeys', c.erp_id is null and exists (select from uncoupled u where u.connection = ${connection}
        and u.step = ${step} and array_remove(u.keys, null) = '{}'
        and (u.side, u.id) = (case when e.id is null then 'crm' else 'erp' end, coalesce(e.id, r.id))))::text as row
    from (
      select erp_id, crm_id, true as coupled from couplings where connection = ${connection} and step = ${step}
      union all select o.id, null, false from ${records("erp")}
      union all select null, o.id, false from ${records("crm")}
      order by erp_id nulls last, crm_id nulls last offset 0
    ) line
    left join lateral (select * from couplings d where line.coupled and d.connection = ${connection}
      and d.step = ${step} and d.erp_id = line.erp_id limit 1) c on true
    left join lateral ${byId("erp", "line.erp_id")} e on true
    left join lateral ${byId("crm", "line.crm_id")} r on true
    order by line.erp_id nulls last, line.crm_id nulls last`;
}

async function openChanges(
  tx: Db,
  { connection, step }: { connection: string; step: string },
  lines: readonly Line[],
): Promise<Map<string, Change>> {
  const sources = { crm: lines.map(erpId), erp: lines.map(crmId) };
  const among = (side: "erp" | "crm") =>
    sql`(h.side = ${side} and h.source = any(${ids(sources[side].filter((id) => id !== null))}))`;
  const changes = await rowsOf<Change>(
    tx,
    sql`select ${changeRow}::text as row from changes h where h.connection = ${connection} and h.step = ${step}
      and h.state in ${openOnes} and (${among("crm")} or ${among("erp")}) order by h.id`,
  );
  return new Map(changes.map((change) => [sourceOf(change), change]));
}

function openOf(line: Line, open: Map<string, Change>): Change[] {
  const sources = [{ side: "crm", source: erpId(line) }, { side: "erp", source: crmId(line) }] as const;
  const found = sources.map(({ side, source }) => source === null ? undefined : open.get(sourceOf({ side, source })));
  return found.filter((change) => change !== undefined).sort((a, b) => comparePoints(a.id, b.id));
}

function erpId({ coupling, erp }: Line): string | null {
  return coupling?.erpId ?? erp?.id ?? null;
}
function crmId({ coupling, crm }: Line): string | null {
  return coupling?.crmId ?? crm?.id ?? null;
}
