/**
 * What one statement saves of a page, each a transaction by itself: while a program works on the next page it sends
 * nothing, and a longer transaction would wait meanwhile with the step locked. So both sides are saved side by side.
 */
import { type RawBuilder, sql } from "kysely";
import { newestOf } from "./newest.ts";
import { differentOnes, insertRecords, seen, type SideRecords } from "./sql_records.ts";
import { ids, json, lastOf, rowsOf } from "./sql_rows.ts";
import { insertUncoupled } from "./sql_uncoupled.ts";
import type { Work } from "./sql_work.ts";
import { countNew } from "./sql_write.ts";
import type { PageSave, Side } from "./store.ts";

/**
 * That the transaction does not wait until it is on disk. What saves that a reading is complete waits, for all that was
 * written before it too; if the database goes down first, the embedded one with its process, everything is read again.
 */
const unhurried = sql`set_config('synchronous_commit', 'off', true)`;

/**
 * Returns what is left to be saved, in a transaction that refuses who lost the step; null: nothing. Throws what
 * {@link isKnownRecord} tells where a record of a new side was read before, or comes twice; then nothing was saved.
 */
export async function writeAtOnce(
  work: Work,
  { side, page }: { side: Side; page: PageSave },
): Promise<PageSave | null> {
  const { lease, deleted, left, merged = [], cursor, swept, whole, records } = page;
  if (lease === undefined || records.length === 0) return page;
  const isMore = [cursor, swept, whole].some((place) => place !== undefined) ||
    deleted.length + left.length + merged.length > 0;
  if (page.isNew) return !isMore && await writeNewRecords(work, { side, page }) ? null : page;
  const rest = await writeMet(work, { side, page });
  if (rest === null) return page;
  const isDone = rest.records.length + (rest.keys ?? []).length === 0 && rest.newest === undefined;
  return isDone && !isMore ? null : rest;
}

/** Whether {@link writeAtOnce} failed, and saved nothing, since a record was read before or comes twice. */
export function isKnownRecord(error: unknown): boolean {
  return (error as { code?: unknown }).code === "23505";
}

/**
 * Nothing is compared with what is there. False: nothing was saved, the step is somebody else's, has couplings, or these
 * would be the first records that are about to be matched. A record that comes twice in the page is refused like one that
 * was read before.
 */
async function writeNewRecords(
  work: Work,
  { side, page }: { readonly side: Side; readonly page: PageSave },
): Promise<boolean> {
  const { connection, step } = work;
  const { records, keys = [] } = page;
  const place = JSON.stringify([connection, step]);
  const into = page.keys === undefined || work.gathered.has(place) ? "uncoupled" : "fresh";
  const at = sql`connection = ${connection} and step = ${step}`;
  const isGiven = sql`exists (select from held where fresh or ${into} <> 'fresh')`;
  // A record that is not among the records is in neither of the other tables.
  const { rows } = await sql<{ fresh: boolean; begun: boolean }>`with held as materialized (
      select fresh, exists (select from uncoupled where ${at}) as begun, ${unhurried} ${fromStep(work, page)}
        and not exists (select from couplings where ${at}) for share),
    records_in as (${insertRecords(work, { side, records, areRead: true }, { isGiven, isAnew: true })}),
    uncoupled_in as (${insertUncoupled(work, side, { records, keys, isGiven, into })})
    select fresh, begun from held`.execute(work.tx);
  const [held] = rows;
  if (held === undefined) return false;
  if (into === "fresh" && !held.fresh) {
    if (!held.begun) return false;
    work.gathered.add(place);
    return await writeNewRecords(work, { side, page });
  }
  await countNew(work, side, { records, into });
  return true;
}

/** Saves that records were met. The page with those that differ from what is known of them; null: nothing was saved. */
async function writeMet(work: Work, { side, page }: { side: Side; page: PageSave }): Promise<PageSave | null> {
  const { connection, step } = work;
  const records = lastOf(page.records);
  const own: SideRecords = { side, records, areRead: true };
  const newest = newestOf([...page.newest === undefined ? [] : [page.newest], ...records]);
  const column = sql.raw(`newest_${side}`);
  const [found] = await rowsOf<{ isNewer: boolean; different: number[] }>(
    work.tx,
    sql`with page as materialized (select * from ${seen(own)} given), held as materialized (
      select ${unhurried},
        coalesce(${column} ->> 'modifiedAt', '') collate "C" < ${newest?.modifiedAt ?? ""}::text as newer
      ${fromStep(work, page)} for share
    ), forgotten as (
      delete from met where connection = ${connection} and step = ${step} and side = ${side} and run <> ${page.run}
        and exists (select from held)
    ), met_in as (
      insert into met (connection, step, side, run, ids)
        select ${connection}::text, ${step}::text, ${side}::text, ${page.run}::text,
          array(select id from page) || ${ids(page.met ?? [])} from held
    )
    select json_build_object('isNewer', newer, 'different',
      array(${differentOnes(work, own, sql`page`)}))::text as row from held`,
  );
  if (found === undefined) return null;
  const { isNewer, different } = found;
  const { newest: _, ...rest } = page;
  return {
    ...rest,
    records: different.map((at) => records[at]!),
    met: [],
    ...(isNewer ? { newest: newest! } : {}),
  };
}

function fromStep({ connection, step }: Work, { lease }: PageSave): RawBuilder<unknown> {
  return sql`from steps where connection = ${connection} and step = ${step} and lease = ${json(lease)}::jsonb`;
}
