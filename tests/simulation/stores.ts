/** The same histories on the store in memory and on one that runs SQL. */
import { Kysely, PGliteDialect, sql } from "kysely";
import { PGlite } from "@electric-sql/pglite";
import { dataDir } from "@electric-sql/pglite-prepopulatedfs";
import { migrate } from "../../store/migrations/mod.ts";
import { openLink, schema } from "../../store/postgres_link.ts";
import type { PostgresAddress } from "../../store/postgres_socket.ts";
import { sqlStore } from "../../store/sql.ts";
import { sessions } from "../../store/sql_sessions.ts";
import type { Store } from "../../store/store.ts";
import { historyOf } from "./history.ts";
import { play, type Played } from "./play.ts";

export interface Compared {
  readonly compared: number;
  /** Histories that ended otherwise, or went otherwise, by number. */
  readonly differing: readonly Difference[];
}

export interface Difference {
  readonly history: number;
  /** The first line of both that is not the same, from where it differs. */
  readonly memory: string;
  readonly database: string;
}

/** Histories `from` (inclusive) to `to` (exclusive) of a seed. */
export interface Comparison {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** The embedded one, or a database on a server, empty at first. */
  readonly database: "pglite" | PostgresAddress;
  /** Ends with the first history that differs. */
  readonly isShort?: boolean;
}

/** Plays each on both, and compares every call, what was sent, what the store holds and the report, byte for byte. */
export async function compareStores({ seed, from, to, database, isShort = false }: Comparison): Promise<Compared> {
  const { db, close } = database === "pglite" ? await embedded() : await onServer(database);
  const differing: Difference[] = [];
  let compared = 0;
  try {
    await migrate(db);
    const { rows } = await sql<{ name: string }>`select tablename as name from pg_tables
      where schemaname = current_schema() and tablename not in ('migrations', 'store')`.execute(db);
    for (let number = from; number < to; number++) {
      // Far cheaper than to truncate them: few rows, and no files that are made anew.
      for (const { name } of rows) await sql`delete from ${sql.id(name)}`.execute(db);
      const history = historyOf(seed, number);
      const one = await textOf(await play(history, { isLogged: true }));
      const other = await textOf(await play(history, { isLogged: true, store: inPages(sqlStore(sessions(db))) }));
      compared++;
      if (one !== other) differing.push({ history: number, ...firstDifference(one, other) });
      if (isShort && differing.length > 0) break;
    }
  } finally {
    await close();
  }
  return { compared, differing };
}

interface Opened {
  readonly db: Kysely<unknown>;
  close(): Promise<void>;
}

async function embedded(): Promise<Opened> {
  const pglite = await PGlite.create({ loadDataDir: await dataDir() });
  const db = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) });
  return { db, close: () => db.destroy() };
}

async function onServer(address: PostgresAddress): Promise<Opened> {
  const { db, close } = await openLink(address, { sessions: 4 });
  await sql`create schema if not exists ${sql.id(schema)}`.execute(db);
  return { db, close };
}

/** So few at once that even a small history has several pages of what is read in order. */
const pageSize = 2;

/** Reads in small pages what is asked for in large ones, so that the pages of the SQL meet each other. */
export function inPages(store: Store): Store {
  return {
    ...store,
    records: (connection, step, side, filter, page) =>
      "ids" in filter
        ? store.records(connection, step, side, filter, page)
        : pages(page, ({ id }) => id, (next) => store.records(connection, step, side, filter, next)),
    pairs: (connection, step, page) =>
      pages(page, ({ coupling }) => coupling.erpId, (next) => store.pairs(connection, step, { ...page, ...next })),
    changes: (connection, filter, page) =>
      pages(page, ({ id }) => id, (next) => store.changes(connection, filter, next)),
  };
}

interface Page {
  readonly after?: string;
  readonly limit: number;
}

async function pages<T>(
  { after, limit }: Page,
  idOf: (row: T) => string,
  read: (page: Page) => Promise<readonly T[]>,
): Promise<T[]> {
  const all: T[] = [];
  let last = after;
  while (all.length < limit) {
    const size = Math.min(pageSize, limit - all.length);
    const rows = await read({ limit: size, ...last === undefined ? {} : { after: last } });
    all.push(...rows);
    if (rows.length < size) break;
    last = idOf(rows.at(-1)!);
  }
  return all;
}

function firstDifference(one: string, other: string): { readonly memory: string; readonly database: string } {
  const [lines, others] = [one.split("\n"), other.split("\n")];
  const at = lines.findIndex((line, index) => line !== others[index]);
  const [line, otherLine] = [lines[at < 0 ? lines.length : at] ?? "", others[at < 0 ? lines.length : at] ?? ""];
  let same = 0;
  while (same < line.length && line[same] === otherLine[same]) same++;
  const piece = (text: string) => text.slice(Math.max(0, same - 80), same + 120);
  return { memory: piece(line), database: piece(otherLine) };
}

async function textOf(played: Played): Promise<string> {
  return [...played.log, JSON.stringify(played.violations), await played.outcome()].join("\n");
}
