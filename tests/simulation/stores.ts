/** The same histories on the store in memory and in the embedded database. */
import { Kysely, PGliteDialect, sql } from "kysely";
import { PGlite } from "@electric-sql/pglite";
import { dataDir } from "@electric-sql/pglite-prepopulatedfs";
import { migrate } from "../../store/migrations/mod.ts";
import { sqlStore } from "../../store/sql.ts";
import { sessions } from "../../store/sql_sessions.ts";
import { historyOf } from "./history.ts";
import { play, type Played } from "./play.ts";

export interface Compared {
  readonly compared: number;
  /** Numbers of the histories that ended otherwise, or went otherwise. */
  readonly differing: readonly number[];
}

/** Histories `from` (inclusive) to `to` (exclusive) of a seed. */
export interface Comparison {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** Plays each on both, and compares every call, what was sent, what the store holds and the report, byte for byte. */
export async function compareStores({ seed, from, to }: Comparison): Promise<Compared> {
  const pglite = await PGlite.create({ loadDataDir: await dataDir() });
  const db = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) });
  const differing: number[] = [];
  try {
    await migrate(db);
    const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables
      where schemaname = 'public' and tablename not in ('migrations', 'store')`.execute(db);
    const tables = rows.map(({ name }) => `"${name}"`).join(", ");
    for (let number = from; number < to; number++) {
      const history = historyOf(seed, number);
      const one = await play(history, { isLogged: true });
      const other = await play(history, { isLogged: true, store: sqlStore(sessions(db)) });
      if (await textOf(one) !== await textOf(other)) differing.push(number);
      await sql.raw(`truncate ${tables}`).execute(db);
    }
  } finally {
    await db.destroy();
  }
  return { compared: to - from, differing };
}

async function textOf(played: Played): Promise<string> {
  return [...played.log, JSON.stringify(played.violations), await played.outcome()].join("\n");
}
