/** The store in SQL: one dialect, PostgreSQL 15, for the embedded database and for a server alike. */
import { type RawBuilder, sql } from "kysely";
import { DefinitionError, RecordError, ServiceError, StepError } from "../errors.ts";
import { isKnownRecord, writeAtOnce } from "./sql_at_once.ts";
import { allUncoupled, isFresh } from "./sql_fresh.ts";
import { holdBeside } from "./sql_hold.ts";
import {
  changeRow,
  type Db,
  free,
  ids,
  json,
  listed,
  pairJoins,
  pairRow,
  type Place,
  recordRow,
  rowsOf,
} from "./sql_rows.ts";
import { listedBy, namedRows, reportLines } from "./sql_report.ts";
import type { Sessions } from "./sql_sessions.ts";
import { writeMatches } from "./sql_uncoupled.ts";
import type { Work } from "./sql_work.ts";
import { writePage, writeRun, writeSettlement } from "./sql_write.ts";
import type { Change, FoundRecord, Keyset, Pair, Pin, RecordFilter, Run, Side, StepState, Store } from "./store.ts";
import { storable } from "./text.ts";

/**
 * A store over a database that has the schema of migrations/. What the database refuses becomes ServiceError
 * "store_failed". `close` ends what is under way in it.
 */
export function sqlStore(database: Sessions): Store {
  const shared = { grown: growth(), gathered: new Set<string>() };
  function write<T>(action: string, work: (tx: Db) => Promise<T>): Promise<T> {
    return attempt(action, () => database.write(work));
  }
  function read<T>(action: string, query: RawBuilder<unknown>): Promise<T[]> {
    return attempt(action, () => database.read((db) => rowsOf<T>(db, query)));
  }

  return {
    connection: (connection, pin, { anew = false } = {}) =>
      write(`read connection "${connection}"`, async (tx) => {
        if (pin !== undefined) {
          await sql`insert into connections (connection, pin) values (${connection}::text, ${json(pin)}::jsonb)
            on conflict (connection) do ${anew ? sql`update set pin = excluded.pin` : sql`nothing`}`.execute(tx);
        }
        const query = sql`select pin::text as row from connections where connection = ${connection}`;
        return (await rowsOf<Pin>(tx, query))[0] ?? null;
      }),
    steps: (connection) =>
      read(
        `read the steps of connection "${connection}"`,
        sql`select to_json(step)::text as row from steps where connection = ${connection} order by step`,
      ),
    step: async (connection, step) => (await read<StepState>(`read step "${step}"`, stepQuery(connection, step)))[0]!,
    saveRun: (connection, run) => write(`save run "${run.runId}"`, (tx) => writeRun(tx, connection, run)),
    runs: (connection, { limit, runId }) =>
      read<Run>(
        `read the runs of connection "${connection}"`,
        // The newest are found before any is read.
        sql`select run::text as row from (
            select connection, run_id from runs where connection = ${connection}
              ${when(runId !== undefined, () => sql`and run_id = ${storable(runId!)}`)}
            order by started_at desc, run_id desc limit ${limit}::int
          ) newest join runs using (connection, run_id) order by started_at desc, run_id desc`,
      ),
    savePage: async (connection, step, side, page) => {
      const action = `save a page of step "${step}", side "${side}"`;
      const place = { connection, step, ...shared };
      const left = await attempt(action, async () => {
        try {
          return await database.read((db) => writeAtOnce({ tx: db, ...place }, { side, page }));
        } catch (error) {
          if (isKnownRecord(error)) return page;
          throw error;
        }
      });
      if (left !== null) await write(action, (tx) => writePage({ tx, ...place }, { side, page: left }));
    },
    records: (connection, step, side, filter, { after = "", limit }) =>
      read<FoundRecord>(
        `read records of step "${step}", side "${side}"`,
        sql`with wanted as (
            ${wantedIds({ connection, step, side }, filter, { after: storable(after), limit })}
            order by id limit ${limit}::int
          )
          select ${
          recordRow("r", "uncoupled" in filter ? candidatesOf({ connection, step, side }) : undefined)
        }::text as row
          from wanted join records r
            on r.connection = ${connection} and r.step = ${step} and r.side = ${side} and r.id = wanted.id
          order by r.id`,
      ),
    match: (connection, step, matching) =>
      write(`couple records of step "${step}" by their keys`, async (tx) => {
        const work = { tx, connection, step, ...shared };
        const held = await holdBeside(work, matching.lease);
        return await writeMatches(work, { matching, hasFresh: held.hasFresh && matching.group === 0 });
      }),
    pairs: (connection, step, { definition, after = "", limit }) =>
      // Two queries, because the one that nearly always runs can then go by the index of dirty couplings alone.
      write(`read pairs of step "${step}"`, async (tx) => {
        const { rows } = await sql<{ other: boolean }>`select
            exists (select from couplings where connection = ${connection} and step = ${step}
              and definition < ${definition}) or
            exists (select from couplings where connection = ${connection} and step = ${step}
              and definition > ${definition}) as other`.execute(tx);
        const wanted = rows[0]?.other === true ? sql`(c.dirty or c.definition <> ${definition})` : sql`c.dirty`;
        return rowsOf<Pair>(
          tx,
          sql`select ${pairRow}::text as row from (
              select * from couplings c where c.connection = ${connection} and c.step = ${step}
                and c.state = 'coupled' and c.erp_id > ${storable(after)} and ${wanted}
              order by c.erp_id limit ${limit}::int
            ) c ${pairJoins} order by c.erp_id`,
        );
      }),
    lookup: (connection, step, side, by, values) =>
      read(
        `look up records of step "${step}", side "${side}"`,
        lookupQuery({ connection, step, side }, by, values),
      ),
    save: (connection, step, settlement) =>
      write(
        `save what was decided in step "${step}"`,
        (tx) => writeSettlement({ tx, connection, step, ...shared }, settlement),
      ),
    changes: (connection, { step, run, side, sources, states, lost }, { after = "", limit }) =>
      read<Change>(
        `read the changes of connection "${connection}"`,
        sql`select ${changeRow}::text as row from changes h
            where h.connection = ${connection} and h.id > ${storable(after)} and h.state in ${listed(states)}
              ${when(step !== undefined, () => sql`and h.step = ${step}`)}
              ${when(run !== undefined, () => sql`and h.run = ${run}`)}
              ${when(side !== undefined, () => sql`and h.side = ${side}`)}
              ${when(sources !== undefined, () => sql`and h.source = any(${ids(sources!)})`)}
              ${when(lost === true, () => sql`and h.lost <> '[]'`)}
            order by h.id limit ${limit}::int`,
      ),
    listed: (connection, step) =>
      attempt(`read what step "${step}" lists`, () => database.read((db) => listedBy(db, { connection, step }))),
    named: (connection, step, name) =>
      attempt(
        `look for "${name}" in step "${step}"`,
        () => database.read((db) => namedRows(db, { connection, step }, name)),
      ),
    report: async function* (connection, steps) {
      const { tx, end } = await attempt("read the report", database.snapshot);
      try {
        for (const step of steps) yield* reportLines(tx, { connection, step });
      } catch (error) {
        throw failed("read the report", error);
      } finally {
        await end();
      }
    },
    close: database.close,
  };
}

function when(applies: boolean, part: () => RawBuilder<unknown>): RawBuilder<unknown> {
  return applies ? part() : sql``;
}

/** Gives the errors of the database a name: ServiceError "store_failed". `action` completes "Cannot …". */
export async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failed(action, error);
  }
}

/** Errors of ours pass; those of the database get a name. Its detail may quote values, so only its message is kept. */
function failed(action: string, error: unknown): unknown {
  for (const ours of [DefinitionError, RecordError, ServiceError, StepError]) if (error instanceof ours) return error;
  const message = error instanceof Error ? error.message : String(error);
  if ((error as { code?: unknown }).code === "53100") {
    return new ServiceError(
      `Cannot ${action}: the database's disk is full; make room there, then run it again`,
      { service: "store", code: "store_failed", cause: error },
    );
  }
  return new ServiceError(
    `Cannot ${action}: the database answered "${message}"; run it again, and if it stays so, keep the log`,
    { service: "store", code: "store_failed", cause: error },
  );
}

/**
 * Statistics for the planner: the embedded database makes none by itself, and without them it takes every step for a
 * handful of rows, and compares each row with each. Made anew in the same transaction, before what needs them,
 * whenever the rows of a step and side that are new to a table outnumber those that were known. Who makes some keeps
 * others from it until its transaction ends, which a rehearsal's does late: nobody waits, but tries again next time.
 */
function growth(): Work["grown"] {
  const counted = new Map<string, { known: number; fresh: number }>();
  return async ({ tx, connection, step }, table, rows, { isNew = false } = {}) => {
    const place = JSON.stringify([table, connection, step]);
    const count = counted.get(place) ?? { known: 250, fresh: 0 };
    counted.set(place, count);
    count.fresh += rows.length;
    if (isNew || count.fresh <= count.known) return;
    const name = table.split(" ")[0]!;
    const { rows: others } = await sql`select from pg_locks where relation = ${name}::regclass and granted
      and database = (select oid from pg_database where datname = current_database())
      and mode = 'ShareUpdateExclusiveLock' and pid <> pg_backend_pid()`.execute(tx);
    if (others.length > 0) return;
    // A sample of 3,000 rows says enough; the usual one of 30,000 reads half of a small table.
    await sql`select set_config('default_statistics_target', '10', true)`.execute(tx);
    await sql.raw(`analyze (skip_locked) ${name}`).execute(tx);
    count.known += count.fresh;
    count.fresh = 0;
  };
}

function stepQuery(connection: string, step: string): RawBuilder<unknown> {
  const place = { connection, step };
  const uncoupled = (side: Side) =>
    sql`(select count(*) from ${allUncoupled(place)} u where u.side = ${side} and ${free("u", place)})`;
  const isKnown = (side: Side) =>
    sql`exists (select from records r where r.connection = ${connection} and r.step = ${step} and r.side = ${side})`;
  return sql`select json_build_object(
      'lease', s.lease, 'definition', s.definition, 'ended', s.ended, 'loaded', coalesce(s.loaded, false),
      'rebuilt', coalesce(s.rebuilt, false), 'restored', coalesce(s.restored, false),
      'rules', coalesce(s.rules, '{}'), 'entities', s.entities,
      'cursors', json_build_object('erp', s.cursor_erp, 'crm', s.cursor_crm),
      'swept', json_build_object('erp', s.swept_erp, 'crm', s.swept_crm),
      'whole', json_build_object('erp', s.whole_erp, 'crm', s.whole_crm),
      'newest', json_build_object('erp', s.newest_erp, 'crm', s.newest_crm),
      'known', json_build_object('erp', ${isKnown("erp")}, 'crm', ${isKnown("crm")}),
      'coupled', coalesce(s.coupled, 0),
      'uncoupled', json_build_object('erp', ${uncoupled("erp")}, 'crm', ${uncoupled("crm")}),
      'listed', (select count(*) from changes h where h.connection = ${connection} and h.step = ${step}
        and h.state = 'open' and h.reasons <> '[]'))::text as row
    from (select) one left join steps s on s.connection = ${connection} and s.step = ${step}`;
}

/** Their ids in no order; where not all are needed the first `limit` of them are among these. */
function wantedIds(
  { connection, step, side }: Place & { readonly side: Side },
  filter: RecordFilter,
  { after, limit }: Required<Keyset>,
): RawBuilder<unknown> {
  const of = (alias: string) =>
    sql`${sql.raw(alias)}.connection = ${connection} and ${sql.raw(alias)}.step = ${step}
      and ${sql.raw(alias)}.side = ${side} and ${sql.raw(alias)}.id > ${after}`;
  const records = sql`select r.id from records r where ${of("r")}`;
  if ("ids" in filter) return sql`${records} and r.id = any(${ids(filter.ids)})`;
  if ("uncoupled" in filter || "unkeyed" in filter) {
    const { groups, made } = "unkeyed" in filter ? filter.unkeyed : { groups: 0, made: "" };
    const unkeyed = sql`(coalesce(cardinality(u.keys), 0) < ${groups} or u.made <> ${made})`;
    const wanted = sql`${of("u")} and ${free("u", { connection, step })}
      ${when("unkeyed" in filter, () => sql`and ${unkeyed}`)}`;
    // Each in its order by itself, so that the first goes by its index.
    const inOrder = (table: RawBuilder<unknown>) => sql`(select u.id from ${table} order by u.id limit ${limit}::int)`;
    return sql`select id from (${inOrder(sql`uncoupled u where ${wanted}`)}
      union all ${inOrder(sql`fresh u where ${isFresh({ connection, step })} and ${wanted}`)}) both_tables`;
  }
  // EXCEPT hashes or sorts, however many ids the planner expects; NOT IN and NOT EXISTS took minutes here.
  return sql`${records} and r.state = 'present' except select unnest(m.ids) from met m
    where m.connection = ${connection} and m.step = ${step} and m.side = ${side} and m.run = ${filter.unseen}`;
}

/** The ids that an uncoupled record r could be, where its key is not its own; else null. */
function candidatesOf(
  { connection, step, side }: { connection: string; step: string; side: Side },
): RawBuilder<unknown> {
  return sql`(select to_json(n.${sql.raw(side === "erp" ? "crm" : "erp")}) from uncoupled u join unclear n
    on n.connection = ${connection} and n.step = ${step} and n.position = u.unclear and n.key = u.keys[u.unclear + 1]
    where u.connection = ${connection} and u.step = ${step} and u.side = ${side} and u.id = r.id)`;
}

function lookupQuery(
  { connection, step, side }: { connection: string; step: string; side: Side },
  by: string,
  values: readonly string[],
): RawBuilder<unknown> {
  const given = sql`json_array_elements_text(${json([...new Set(values)])}) given(value)`;
  const at = (alias: string) => sql`${sql.raw(alias)}.connection = ${connection} and ${sql.raw(alias)}.step = ${step}`;
  const value = by === "key" ? sql`o.key` : sql`o.data ->> ${by}::text`;
  const found = by === "id"
    ? sql`select value, value as id from ${given}`
    : sql`select value, o.id from ${given} join records o on ${value} = value where ${at("o")} and o.side = ${side}`;
  return sql`
    with found as materialized (${found})
    select json_build_object('value', found.value, 'pair', ${pairRow})::text as row
    from found join couplings c on c.${sql.raw(side)}_id = found.id and ${at("c")} and c.state = 'coupled'
      ${pairJoins}
    order by found.value collate "C", c.erp_id`;
}
