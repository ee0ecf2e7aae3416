/** The report of the store in SQL, what is listed, and the rows that a name finds. */
import { type RawBuilder, sql } from "kysely";
import { allUncoupled } from "./sql_fresh.ts";
import { changeRow, couplingRow, type Db, free, openOnes, type Place, recordRow, rowsOf, sharers } from "./sql_rows.ts";
import type { Listed, ReportedChange, ReportedCoupling, ReportedRecord, ReportLine, ReportRow, Side } from "./store.ts";
import { comparePoints, decode, storable, unescape } from "./text.ts";

/** Of lines. What is at hand while memory is tidied up stays for long: larger pages take more of it, and little less time. */
const pageSize = 100;
/**
 * The lines of one step in pages; `tx` is a transaction that sees one snapshot. One query, fetched a page at a time, so
 * that memory stays flat; the database gathers the next page while one is worked on.
 */
export async function* reportLines(tx: Db, place: Place): AsyncGenerator<readonly ReportLine[], void, void> {
  await sql`select set_config(name, value, true) from (values ${planning}) given(name, value)`.execute(tx);
  await sql`declare report no scroll cursor for ${lineQuery(place)}`.execute(tx);
  function fetch() {
    const fetched = sql.raw<Fetched>(`fetch ${pageSize} from report`).execute(tx);
    fetched.catch(() => {}); // thrown where it is waited for, which nobody does after leaving
    return fetched;
  }
  let next = fetch();
  for (;;) {
    const { rows } = await next;
    const isLast = rows.length < pageSize;
    if (!isLast) next = fetch();
    yield rows.map((row) => lineOf(place.step, row));
    if (isLast) break;
  }
  await sql`close report`.execute(tx);
}

/**
 * All lines are wanted, however few the planner expects: sets are joined with sets. A loop over the one with a search in
 * the other took ten times as long, and without statistics for ever.
 */
const planning = sql`('enable_nestloop', 'off'), ('cursor_tuple_fraction', '1')`;

/** Of a row k of `uncoupled`: keys were made for it, and all of them are blank. */
const blankKeys = sql.raw("array_remove(k.keys, null) = '{}'");

/** Of a line: its texts as a JSON array in the order of {@link lineOf}, and its open changes, null for none. */
interface Fetched {
  readonly row: string;
  readonly open: string | null;
}

type Texts = readonly (string | null)[];

/** Both sides' records meet the couplings in one pass each; what is left over on either side has none. */
function lineQuery({ connection, step }: Place): RawBuilder<unknown> {
  const at = sql`connection = ${connection} and step = ${step}`;
  const records = (side: Side) =>
    sql`(select id, key, label, modified_at, state from records where ${at} and side = ${side})`;
  const open = (side: Side) =>
    sql`(select source, json_build_object('id', id, 'side', side, 'op', op, 'source', source, 'target', target,
      'state', state, 'reasons', reasons) as change from changes where ${at} and side = ${side} and state in ${openOnes})`;
  // What is long is left behind before anything is joined or sorted (offset 0 keeps it so), and the JSON is made of what
  // is sorted already, so that somebody can work on the lines meanwhile.
  return sql`
    select array_to_json(array[erp_id, crm_id, state, definition, how,
        written ->> 'side', written ->> 'at', written ->> 'run', case when compared then '' end,
        e_id, e_key, e_label, e_modified_at, r_id, r_key, r_label, r_modified_at,
        case when blank_keys then '' end])::text as row,
      case when to_crm is not null or to_erp is not null then json_build_array(to_crm, to_erp)::text end as open
    from (
      select coalesce(c.erp_id, e.id) as erp_id, coalesce(c.crm_id, r.id) as crm_id,
        c.state, c.definition, c.how, c.written, c.compared,
        e.id as e_id, e.key as e_key, e.label as e_label, e.modified_at as e_modified_at,
        r.id as r_id, r.key as r_key, r.label as r_label, r.modified_at as r_modified_at,
        k.id is not null as blank_keys, to_crm.change as to_crm, to_erp.change as to_erp
      from (
        select erp_id, crm_id, state, definition, how, written, base is not null as compared from couplings where ${at}
        offset 0
      ) c
      full join ${records("erp")} e on e.id = c.erp_id
      full join ${records("crm")} r on r.id = c.crm_id
      left join ${allUncoupled({ connection, step })} k on ${blankKeys} and c.state is null
        and k.side = case when e.id is null then 'crm' else 'erp' end and k.id = coalesce(e.id, r.id)
      left join ${open("crm")} to_crm on to_crm.source = coalesce(c.erp_id, e.id)
      left join ${open("erp")} to_erp on to_erp.source = coalesce(c.crm_id, r.id)
      where c.state is not null or e.state = 'present' or (r.state = 'present' and not exists (
        select from couplings o where o.connection = ${connection} and o.crm_id = r.id
          and o.step = any(${sharers({ connection, step })}) and o.state = 'coupled'))
      order by 1 nulls last, 2 nulls last
      offset 0
    ) line
    order by erp_id nulls last, crm_id nulls last`;
}

function lineOf(step: string, { row, open }: Fetched): ReportLine {
  const texts = textsOf(row);
  return {
    step,
    erp: recordOf(texts, 9),
    crm: recordOf(texts, 13),
    coupling: couplingOf(texts),
    open: open === null ? none : changesOf(open),
    blankKeys: texts[17] !== null,
  };
}

const none: readonly never[] = [];

function couplingOf(texts: Texts): ReportedCoupling | null {
  if (texts[2] === null) return null;
  const written = texts[5] === null ? null : { side: texts[5] as Side, at: texts[6]!, run: texts[7]! };
  return {
    erpId: texts[0]!,
    crmId: texts[1]!,
    state: texts[2] as ReportedCoupling["state"],
    definition: texts[3]!,
    how: texts[4]!,
    written,
    isCompared: texts[8] !== null,
  };
}

function recordOf(texts: Texts, at: number): ReportedRecord | null {
  const id = texts[at]!;
  return id === null ? null : { id, key: texts[at + 1]!, label: texts[at + 2]!, modifiedAt: texts[at + 3]! };
}

function changesOf(open: string): ReportedChange[] {
  const changes = decode<(ReportedChange | null)[]>(open).filter((change) => change !== null);
  return changes.sort((a, b) => comparePoints(a.id, b.id));
}

/** The rows of one step that have this id or key. */
export function namedRows(db: Db, place: Place, name: string): Promise<ReportRow[]> {
  const { connection, step } = place;
  const named = (side: Side) => sql`(select id from named where side = ${side})`;
  const byId = (side: Side, id: string) =>
    sql`(select * from records o where o.connection = ${connection} and o.step = ${step} and o.side = ${side}
      and o.id = ${sql.raw(id)} limit 1)`;
  return rowsOf<ReportRow>(
    db,
    sql`
    with named as materialized (
      select side, id from records where connection = ${connection} and step = ${step} and key = ${storable(name)}
      union select side, ${storable(name)} from (values ('erp'), ('crm')) sides(side)
    )
    select json_build_object('step', ${step}::text, 'coupling', ${couplingRow}, 'erp', ${recordRow("e")},
      'crm', ${recordRow("r")},
      'open', coalesce((select json_agg(${changeRow} order by h.id) from changes h where h.connection = ${connection}
        and h.step = ${step} and h.state in ${openOnes} and h.source in (line.erp_id, line.crm_id)
        and h.source = case h.side when 'crm' then line.erp_id else line.crm_id end), '[]'),
      'blankKeys', c.erp_id is null and exists (select from ${allUncoupled(place)} k
        where ${blankKeys} and (k.side, k.id) = (case when e.id is null then 'crm' else 'erp' end,
          coalesce(e.id, r.id))))::text as row
    from (
      select erp_id, crm_id, true as coupled from couplings where connection = ${connection} and step = ${step}
        and erp_id in ${named("erp")}
      union select erp_id, crm_id, true from couplings where connection = ${connection} and step = ${step}
        and state <> 'tombstone' and crm_id in ${named("crm")}
      union select erp_id, crm_id, true from couplings where connection = ${connection} and step = ${step}
        and state = 'tombstone' and crm_id in ${named("crm")}
      union all select o.id, null, false from ${aloneIn(place, "erp")} and o.id in ${named("erp")}
      union all select null, o.id, false from ${aloneIn(place, "crm")} and o.id in ${named("crm")}
    ) line
    left join lateral (select * from couplings d where line.coupled and d.connection = ${connection}
      and d.step = ${step} and d.erp_id = line.erp_id limit 1) c on true
    left join lateral ${byId("erp", "line.erp_id")} e on true
    left join lateral ${byId("crm", "line.crm_id")} r on true
    order by line.erp_id nulls last, line.crm_id nulls last`,
  );
}

/** How many open changes of the step have which reasons. */
export function listedBy(db: Db, { connection, step }: Place): Promise<Listed[]> {
  const codes = (isAside: boolean) =>
    sql`(select coalesce(string_agg(distinct reason ->> 'code', ' ' order by reason ->> 'code'), '')
      from jsonb_array_elements(reasons) listed(reason) where (reason ? 'sent') = ${isAside}::boolean) collate "C"`;
  const listOf = (codes: string) => sql.raw(`to_json(string_to_array(${codes}, ' '))`);
  return rowsOf<Listed>(
    db,
    sql`
    select json_build_object('codes', ${listOf("codes")}, 'aside', ${listOf("aside")}, 'changes', count(*),
      'retryAt', case when count(retry_at) = count(*) then min(retry_at) end)::text as row
    from (
      select retry_at, ${codes(false)} as codes, ${codes(true)} as aside from changes
      where connection = ${connection} and step = ${step} and state = 'open' and reasons <> '[]'
    ) listed
    group by codes, aside order by codes, aside`,
  );
}

/** Uncoupled records of a side, as the store counts them. */
function aloneIn({ connection, step }: Place, side: Side): RawBuilder<unknown> {
  return sql`${allUncoupled({ connection, step })} o where o.side = ${side} and ${free("o", { connection, step })}`;
}

/** The texts of a JSON array, as they went in. */
function textsOf(json: string): Texts {
  const texts: Texts = JSON.parse(json);
  return json.includes("\uFFFF") ? texts.map((text) => text && unescape(text)) : texts;
}
