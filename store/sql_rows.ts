/**
 * What the SQL of the store has in common: rows are read as JSON text, one column each, so that every driver gives
 * the same, and lists go in as one JSON parameter, which measured faster than a VALUES list.
 */
import { type Kysely, type RawBuilder, sql } from "kysely";
import { openStates, unsettledStates } from "./refusals.ts";
import { decode, encode } from "./text.ts";

/** Anything that runs SQL: the database or a transaction. */
export type Db = Kysely<unknown>;

/** A list as a JSON parameter. By way of text: some drivers would encode a json parameter once more. */
export function json(value: unknown): RawBuilder<unknown> {
  return sql`${encode(value)}::text::json`;
}

/** A list of ids as a text array that an index can be used with. */
export function ids(values: readonly string[]): RawBuilder<unknown> {
  return sql`array(select json_array_elements_text(${json(values)}))`;
}

/** The values of a query's only column, `row`. */
export async function rowsOf<T>(db: Db, query: RawBuilder<unknown>): Promise<T[]> {
  const { rows } = await (query as RawBuilder<{ row: string }>).execute(db);
  return rows.map(({ row }) => decode<T>(row));
}

/** A StoredRecord from the table `records` under this alias; null where an outer join found none. */
export function recordRow(alias: string): RawBuilder<unknown> {
  return sql.raw(`case when ${alias}.id is null then null else json_build_object(
    'id', ${alias}.id, 'key', ${alias}.key, 'label', ${alias}.label, 'data', ${alias}.data,
    'version', ${alias}.version, 'modifiedAt', ${alias}.modified_at, 'fingerprint', ${alias}.fingerprint,
    'frozen', ${alias}.frozen, 'state', ${alias}.state, 'mergedInto', ${alias}.merged_into) end`);
}

/** A Coupling from the table `couplings` under the alias c; null where an outer join found none. */
export const couplingRow = sql.raw(`case when c.erp_id is null then null else json_build_object(
  'erpId', c.erp_id, 'crmId', c.crm_id, 'state', c.state, 'base', c.base,
  'seen', json_build_object('erp', c.seen_erp, 'crm', c.seen_crm),
  'definition', c.definition, 'how', c.how, 'written', c.written, 'resolution', c.resolution) end`);

/** A Change from the table `changes` under the alias h. */
export const changeRow = sql.raw(`json_build_object(
  'id', h.id, 'run', h.run, 'step', h.step, 'side', h.side, 'op', h.op, 'source', h.source, 'target', h.target,
  'after', h.after, 'before', h.before, 'basis', h.basis, 'version', h.version, 'state', h.state, 'reasons', h.reasons,
  'lost', h.lost, 'attempts', h.attempts, 'retryAt', h.retry_at, 'at', h.at)`);

/** A Pair, where {@link pairJoins} stands behind the couplings c. */
export const pairRow = sql`json_build_object('coupling', ${couplingRow}, 'erp', ${recordRow("e")},
  'crm', ${recordRow("r")})`;
/**
 * The two records of each coupling c of a page. LATERAL and LIMIT make the database fetch each by its id; left to
 * itself it compares every coupling with every record where its statistics don't know the step yet.
 */
export const pairJoins = sql`left join lateral (${recordOf("erp")}) e on true
  left join lateral (${recordOf("crm")}) r on true`;

function recordOf(side: "erp" | "crm"): RawBuilder<unknown> {
  return sql.raw(`select * from records o where o.connection = c.connection and o.step = c.step and o.side = '${side}'
    and o.id = c.${side}_id limit 1`);
}

/**
 * That record r (of the side) is present and no coupling names it; of the CRM, that no other step has coupled it. Two
 * questions, since one with OR keeps the database from comparing sets.
 */
export function alone(alias: string, side: "erp" | "crm"): RawBuilder<unknown> {
  const unnamed = (more: string) =>
    `not exists (select from couplings c where c.connection = ${alias}.connection
    and c.${side}_id = ${alias}.id and ${more})`;
  const own = `${alias}.state = 'present' and ${unnamed(`c.step = ${alias}.step`)}`;
  if (side === "erp") return sql.raw(own);
  return sql.raw(`${own} and ${unnamed(`c.step <> ${alias}.step and c.state = 'coupled'`)}`);
}

/** The position in match_keys of a row that says: keys were saved for this record, and all of them are null. */
export const noKey = -1;

/** {@link openStates} and {@link unsettledStates} for `in`: written out, so that partial indexes are used. */
export const openOnes = listed(openStates);
export const unsettledOnes = listed(unsettledStates);

function listed(states: readonly string[]): RawBuilder<unknown> {
  return sql.raw(`(${states.map((state) => `'${state}'`).join(", ")})`);
}
