/** The schema of the database, as numbered steps that are applied in order and once. Nothing newer than PostgreSQL 15. */
import { type Kysely, sql } from "kysely";
import { ServiceError } from "../../errors.ts";
import { threeTrees } from "./0001_three_trees.ts";
import { storeId } from "./0002_store_id.ts";
import { goneAndOverruled } from "./0003_gone_and_overruled.ts";
import { cameToItsEnd } from "./0004_came_to_its_end.ts";
import { readAsAWhole } from "./0005_read_as_a_whole.ts";
import { leases } from "./0006_leases.ts";
import { rebuilt } from "./0007_rebuilt.ts";
import { signsOfLife } from "./0008_signs_of_life.ts";
import { restored } from "./0009_restored.ts";
import { dataPath } from "./0010_data_path.ts";
import { severalWays } from "./0011_several_ways.ts";
import { asSeen } from "./0012_as_seen.ts";
import { byId } from "./0013_by_id.ts";
import { fresh } from "./0014_fresh.ts";
import type { Migration } from "./migration.ts";

/** All migrations, in order of number. */
export const migrations: readonly Migration[] = [
  threeTrees,
  storeId,
  goneAndOverruled,
  cameToItsEnd,
  readAsAWhole,
  leases,
  rebuilt,
  signsOfLife,
  restored,
  dataPath,
  severalWays,
  asSeen,
  byId,
  fresh,
];

/**
 * Brings the schema up to date, all or nothing. Throws ServiceError "store_too_new" when the database has a migration
 * that this code doesn't know.
 */
export async function migrate(db: Kysely<unknown>, known: readonly Migration[] = migrations): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // Two processes that start at once: the second waits here and then finds nothing to do.
    await sql`select pg_advisory_xact_lock(hashtext('tenging migrations'))`.execute(tx);
    await sql`create table if not exists migrations (number int primary key, name text not null)`.execute(tx);
    const { rows } = await sql<{ at: number }>`select coalesce(max(number), 0) as at from migrations`.execute(tx);
    const at = rows[0]?.at ?? 0;
    const latest = known.at(-1)?.number ?? 0;
    if (at > latest) {
      throw new ServiceError(
        `Cannot open the store: its schema is number "${at}" and this version knows up to "${latest}"; update Tenging`,
        { service: "store", code: "store_too_new" },
      );
    }
    for (const { number, name, statements } of known.filter((migration) => migration.number > at)) {
      for (const statement of statements) await sql.raw(statement).execute(tx);
      await sql`insert into migrations (number, name) values (${number}::int, ${name}::text)`.execute(tx);
    }
  });
}

/** The number of the last migration that the database got; null when it has no tables of ours. */
export async function schemaNumber(db: Kysely<unknown>): Promise<number | null> {
  const known = await sql<{ isThere: boolean }>`select to_regclass('migrations') is not null as "isThere"`.execute(db);
  if (known.rows[0]?.isThere !== true) return null;
  const { rows } = await sql<{ at: number }>`select coalesce(max(number), 0) as at from migrations`.execute(db);
  return rows[0]?.at ?? 0;
}

/** The id of the store that the database holds; null when it holds none, or one of before stores had ids. */
export async function storeIdOf(db: Kysely<unknown>): Promise<string | null> {
  const known = await sql<{ isThere: boolean }>`select to_regclass('store') is not null as "isThere"`.execute(db);
  if (known.rows[0]?.isThere !== true) return null;
  const { rows } = await sql<{ id: string }>`select id from store`.execute(db);
  return rows[0]?.id ?? null;
}
