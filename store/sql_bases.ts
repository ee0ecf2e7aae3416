/**
 * Bases that are the records as they stand: of a pair that agreed when it was coupled nothing else is kept until one of its
 * records becomes another one, which most never do. A first synchronization writes much less by it.
 */
import { sql } from "kysely";

const mark = `'"seen"'`;
/** The base of a coupling that was made with `steps.bases` of its definition, of records that are still the same. */
export const asSeen = sql.raw(`${mark}::json`);
/** Whether a coupling c has such a base. */
export const isAsSeen = sql.raw(`c.base::text = ${mark}`);

/** The base of a coupling c in full. */
export const baseColumn = sql.raw(`case when c.base::text = ${mark} then (
  select json_build_object(
    'erp', json_object_agg(f.one ->> 'name',
      coalesce(case when f.one ->> 'erp' is null then (f.one -> 'value')::json else e.value end, 'null') order by f.at),
    'crm', json_object_agg(f.one ->> 'name', coalesce(r.value, 'null') order by f.at))
  from steps s cross join jsonb_array_elements(s.bases -> c.definition) with ordinality f(one, at)
    left join (${dataOf("erp")}) e on e.key = f.one ->> 'erp' left join (${dataOf("crm")}) r on r.key = f.one ->> 'crm'
  where s.connection = c.connection and s.step = c.step) else c.base end`);

function dataOf(side: "erp" | "crm"): string {
  return `select d.key, d.value from records o, json_each(o.data) d
    where o.connection = c.connection and o.step = c.step and o.side = '${side}' and o.id = c.${side}_id`;
}
