/**
 * What the SQL of the store has in common: rows are read as JSON text, one column each, so that every driver gives
 * the same, and lists go in as one JSON parameter, which measured faster than a VALUES list.
 */
import { type Kysely, type RawBuilder, sql } from "kysely";
import { baseColumn } from "./sql_bases.ts";
import { openStates, unsettledStates } from "./refusals.ts";
import { decode, delimited, encode, signs } from "./text.ts";

/** Anything that runs SQL: the database or a transaction. */
export type Db = Kysely<unknown>;

/** Each id's once, as it came last. */
export function lastOf<T extends { readonly id: string }>(rows: readonly T[]): readonly T[] {
  if (new Set(rows.map(({ id }) => id)).size === rows.length) return rows;
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

/** A list as a JSON parameter. By way of text: some drivers would encode a json parameter once more. */
export function json(value: unknown): RawBuilder<unknown> {
  return sql`${encode(value)}::text::json`;
}

/** A list of ids as a text array that an index can be used with. */
export function ids(values: readonly string[]): RawBuilder<unknown> {
  return sql`array(select json_array_elements_text(${json(values)}))`;
}

/** A column of {@link given}: its name and type. */
export type Given = readonly [name: string, type: "text" | "json" | "jsonb" | "int" | "list"];

/** Rows as a table; each has the columns in this order, as {@link delimited} takes them. */
export function given(rows: readonly (readonly (string | null)[])[], columns: readonly Given[]): RawBuilder<unknown> {
  const column = ([name, type]: Given, at: number) => {
    const value = `line.columns[${at + 1}]`;
    const typed = type === "list"
      ? `string_to_array(${value}, ${quoted(signs.element)}, ${quoted(signs.nullElement)})`
      : `${value}${type === "text" ? "" : `::${type}`}`;
    return `${typed} as "${name}"`;
  };
  // Without the offset each column would take its line apart anew.
  return sql`(select ${sql.raw(columns.map(column).join(", "))} from (
    select string_to_array(one, ${sql.raw(quoted(signs.column))}, ${sql.raw(quoted(signs.nullColumn))}) as columns
    from string_to_table(${delimited(rows)}::text, ${sql.raw(quoted(signs.row))}) one offset 0) line)`;
}

function quoted(sign: string): string {
  return `E'\\x${sign.charCodeAt(0).toString(16)}'`;
}

/** The values of a query's only column, `row`. */
export async function rowsOf<T>(db: Db, query: RawBuilder<unknown>): Promise<T[]> {
  const { rows } = await (query as RawBuilder<{ row: string }>).execute(db);
  return rows.map(({ row }) => decode<T>(row));
}

/**
 * A StoredRecord from the table `records` under this alias; null where an outer join found none. `candidates`: a
 * property of this name besides.
 */
export function recordRow(alias: string, candidates?: RawBuilder<unknown>): RawBuilder<unknown> {
  const properties = sql.raw(`'id', ${alias}.id, 'key', ${alias}.key, 'label', ${alias}.label, 'data', ${alias}.data,
    'version', ${alias}.version, 'modifiedAt', ${alias}.modified_at, 'fingerprint', ${alias}.fingerprint,
    'frozen', ${alias}.frozen, 'state', ${alias}.state, 'mergedInto', ${alias}.merged_into`);
  const more = candidates === undefined ? sql`` : sql`, 'candidates', ${candidates}`;
  return sql`case when ${sql.raw(alias)}.id is null then null else json_build_object(${properties}${more}) end`;
}

/** A Coupling from the table `couplings` under the alias c; null where an outer join found none. */
export const couplingRow = sql`case when c.erp_id is null then null else json_build_object(
  'erpId', c.erp_id, 'crmId', c.crm_id, 'state', c.state, 'base', ${baseColumn},
  'seen', json_build_object('erp', c.seen_erp, 'crm', c.seen_crm),
  'definition', c.definition, 'how', c.how, 'written', c.written, 'resolution', c.resolution) end`;

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

/** That no coupling of its step names this record, not even a tombstone: several questions, for an index each. */
export function unnamed(alias: string, side: "erp" | "crm"): RawBuilder<unknown> {
  const none = (more: string) =>
    `not exists (select from couplings c where c.connection = ${alias}.connection and c.step = ${alias}.step
    and c.${side}_id = ${alias}.id${more})`;
  if (side === "erp") return sql.raw(none(""));
  return sql.raw(`${none(" and c.state <> 'tombstone'")} and ${none(" and c.state = 'tombstone'")}`);
}

/** A step. */
export interface Place {
  readonly connection: string;
  readonly step: string;
}

/** The other steps that have couplings of the same entity of the CRM, or of one that was never saved; as an array. */
export function sharers({ connection, step }: Place): RawBuilder<unknown> {
  return sql`array(select o.step from steps o left join steps own on own.connection = o.connection and own.step = ${step}
    where o.connection = ${connection} and o.step <> ${step} and o.coupled > 0
      and (o.entities ->> 'crm' = own.entities ->> 'crm') is not false)`;
}

/**
 * Of a step's rows of the table `uncoupled` under this alias: whether no other step has coupled the record of the CRM. As a
 * rule there is none that could, and nothing is looked up.
 */
export function free(alias: string, place: Place): RawBuilder<unknown> {
  const [side, id] = [sql.raw(`${alias}.side`), sql.raw(`${alias}.id`)];
  return sql`(${side} = 'erp' or cardinality(${sharers(place)}) = 0 or not exists (select from couplings c
    where c.connection = ${place.connection} and c.crm_id = ${id} and c.step = any(${sharers(place)})
      and c.state = 'coupled'))`;
}

/** {@link openStates} and {@link unsettledStates} for `in`: written out, so that partial indexes are used. */
export const openOnes = listed(openStates);
export const unsettledOnes = listed(unsettledStates);

/** Texts for `in`. They are written by us, and have no quotes in them. */
export function listed(states: readonly string[]): RawBuilder<unknown> {
  return sql.raw(`(${["", ...states].map((state) => `'${state}'`).join(", ")})`); // an empty list is no SQL
}
