/**
 * Uncoupled records of sides that are read for the first time, with their keys: in a table without an index until they
 * are matched, since most of them are coupled then. Who asks for uncoupled records is told of these as well.
 */
import { type RawBuilder, sql } from "kysely";
import { type Db, ids, type Place, rowsOf, unnamed } from "./sql_rows.ts";
import type { Work } from "./sql_work.ts";
import type { PageSave, Side } from "./store.ts";

const columns = sql.raw("connection, step, side, id, fingerprint, keys, made, agrees, unclear");

/** Whether the step may have rows in the table `fresh`; else that is not looked through. */
export function isFresh({ connection, step }: Place): RawBuilder<unknown> {
  return sql`exists (select from steps s where s.connection = ${connection} and s.step = ${step} and s.fresh)`;
}

/** The rows of a step in both tables, as a table; in no order. */
export function allUncoupled({ connection, step }: Place): RawBuilder<unknown> {
  const at = sql`connection = ${connection} and step = ${step}`;
  return sql`(select ${columns} from uncoupled where ${at}
    union all select ${columns} from fresh where ${at} and ${isFresh({ connection, step })})`;
}

/**
 * Has the rows that the next pages of new sides bring, all with keys, in the table `fresh`. False where the step has
 * uncoupled records in the other one, or was rebuilt: its couplings are restored record by record.
 */
export async function begin({ tx, connection, step }: Work): Promise<boolean> {
  const at = sql`connection = ${connection} and step = ${step}`;
  const { rows } = await sql`update steps set fresh = true
    where ${at} and not coalesce(rebuilt, false) and not exists (select from uncoupled where ${at})
    returning 1 as begun`.execute(tx);
  return rows.length > 0;
}

/**
 * Whether something may be known of the records of a page of a new side: a coupling names one, one was read before, or
 * is said to be gone in the same page. Then each has to be looked for.
 */
export async function areKnown({ tx, connection, step }: Work, side: Side, page: PageSave): Promise<boolean> {
  const { records, left, deleted, merged = [] } = page;
  const read = new Set(records.map(({ id }) => id));
  const gone = [...left, ...deleted, ...merged.map(({ id }) => id)];
  if (gone.some((id) => read.has(id))) return true;
  const at = sql`connection = ${connection} and step = ${step}`;
  const { rows } = await sql<{ known: boolean }>`select exists (select from couplings where ${at})
    or exists (select from records where ${at} and side = ${side} and id = any(${ids([...read, ...gone])})) as known`
    .execute(tx);
  return rows[0]!.known;
}

/** Whether the two sides can be matched in the table `fresh` alone. */
export async function isWhole({ tx, connection, step }: Work): Promise<boolean> {
  const at = sql`connection = ${connection} and step = ${step}`;
  const has = (side: Side) => sql`exists (select from fresh where ${at} and side = ${side})`;
  const { rows } = await sql<{ whole: boolean }>`select ${has("erp")} and ${has("crm")}
    and not exists (select from uncoupled where ${at}) as whole`.execute(tx);
  return rows[0]!.whole;
}

/** Moves rows u of the table `fresh` to the others. */
export async function move(work: Work, which: RawBuilder<unknown> = sql`true`): Promise<void> {
  const { tx, connection, step } = work;
  const moved = await rowsOf<Record<Side, number>>(
    tx,
    sql`with moved as (
        delete from fresh u where u.connection = ${connection} and u.step = ${step} and ${which} returning u.*
      ), there as (insert into uncoupled (${columns}) select ${columns} from moved)
      select json_build_object('erp', count(*) filter (where side = 'erp'), 'crm', count(*) filter (where side = 'crm'))::text
        as row from moved`,
  );
  for (const side of ["erp", "crm"] as const) {
    await work.grown(work, `uncoupled ${side}`, { length: moved[0]![side] });
  }
}

/** Moves all rows of the step: from now on they are looked for one by one. */
export async function gather(work: Work): Promise<void> {
  await move(work);
  await sql`update steps set fresh = false where connection = ${work.connection} and step = ${work.step}`
    .execute(work.tx);
}

/**
 * {@link gather} for all steps of a connection (null: of all) whose first reading ended with its process, perhaps with the
 * server: rows that are missing are made again of the records, without keys. Nobody else must be at work there.
 */
export async function restore(db: Db, connection: string | null): Promise<void> {
  const own = connection === null ? sql`` : sql`and connection = ${connection}`;
  const { rows } = await sql<Place>`select connection, step from steps where fresh ${own}`.execute(db);
  for (const place of rows) {
    await db.transaction().execute(async (tx) => {
      await gather({ ...place, tx, grown: () => Promise.resolve(), gathered: new Set() });
      for (const side of ["erp", "crm"] as const) {
        await sql`insert into uncoupled (connection, step, side, id, fingerprint)
          select r.connection, r.step, r.side, r.id, r.fingerprint from records r
          where r.connection = ${place.connection} and r.step = ${place.step} and r.side = ${side}
            and r.state = 'present' and ${unnamed("r", side)}
          on conflict do nothing`.execute(tx);
      }
    });
  }
}
