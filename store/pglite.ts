/** The embedded store: PostgreSQL in this process, in a folder of its own. */
import { Kysely, PGliteDialect, sql } from "kysely";
import { ServiceError } from "../errors.ts";
import { migrate } from "./migrations/mod.ts";
import { attempt, sqlStore } from "./sql.ts";
import { restore } from "./sql_fresh.ts";
import { rehearsal, sessions } from "./sql_sessions.ts";
import type { Store } from "./store.ts";

export interface PgliteOptions {
  /** What is written is seen through this store alone, and gone when it is closed; where no store is, none is made. */
  readonly rehearsal?: boolean;
}

/**
 * Opens the store in this folder, which is made when it isn't there; undefined: in memory, for tests. One process at
 * a time, kept by a lock file beside the folder. Throws ServiceError "store_locked", "store_too_new",
 * "store_unreadable" or "store_failed". Close it, or the process doesn't end.
 */
export async function openPglite(dir?: string, options: PgliteOptions = {}): Promise<Store> {
  if (dir === undefined) return await open(undefined, options);
  const lock = await lockFolder(dir);
  const end = async () => {
    try {
      await remove(`${dir}.rehearsal`);
    } finally {
      lock.close();
    }
  };
  try {
    await remove(`${dir}.rehearsal`); // one that was killed left it
    // An empty store would tie its home to it, although nothing was kept.
    const place = options.rehearsal && !await exists(dir) ? `${dir}.rehearsal` : dir;
    await make(place);
    const store = await open(place, options);
    return { ...store, close: () => store.close().finally(end) };
  } catch (error) {
    await end();
    throw error;
  }
}

async function open(dir: string | undefined, options: PgliteOptions): Promise<Store> {
  // Imported here: it takes a tenth of a second that commands without a store shouldn't wait for.
  const { PGlite } = await import("@electric-sql/pglite");
  const pglite = await (dir === undefined ? PGlite.create({ loadDataDir: await template() }) : PGlite.create(dir))
    .catch((error) => {
      throw new ServiceError(
        `Cannot open the store in "${dir ?? "memory"}": the database does not start ("${messageOf(error)}"); ` +
          `put a copy back, or move the folder away to begin with a first run`,
        { service: "store", code: "store_unreadable", cause: error },
      );
    });
  // Kysely knows that it has one connection, and lends it to one at a time.
  const db = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite }) });
  try {
    await attempt("bring the store up to date", async () => {
      await migrate(db);
      await restore(db, null);
    });
  } catch (error) {
    await pglite.close();
    throw error;
  }
  // Nothing else gives back the room of replaced rows. A few milliseconds, a second after a first run.
  const vacuum = async () => void await attempt("give back room in the store", () => sql`vacuum`.execute(db));
  if (options.rehearsal) {
    const store = sqlStore(await rehearsal(db));
    return { ...store, close: () => store.close().then(vacuum).finally(() => db.destroy()) };
  }
  const store = sqlStore(sessions(db));
  return {
    ...store,
    saveRun: async (connection, run) => {
      await store.saveRun(connection, run);
      if (run.status !== "In Process") await vacuum();
    },
    close: () => db.destroy(),
  };
}

/** A data folder that is ready to use: making one takes seven seconds, unpacking it one. */
async function template(): Promise<Blob> {
  const { dataDir } = await import("@electric-sql/pglite-prepopulatedfs");
  return await dataDir();
}

/** Makes the data folder beside its place and then moves it there, so that a stop on the way leaves none. */
async function make(dir: string): Promise<void> {
  if (await exists(dir)) return;
  const half = `${dir}.new`;
  await remove(half);
  const { PGlite } = await import("@electric-sql/pglite");
  const pglite = await PGlite.create({ dataDir: half, loadDataDir: await template() });
  await pglite.close();
  // The log of a first run would otherwise stay as large as 1 GB.
  await Deno.writeTextFile(`${half}/postgresql.conf`, "\nmin_wal_size = 32MB\nmax_wal_size = 64MB\n", { append: true });
  await Deno.rename(half, dir);
}

/** The database does not lock its folder, and two processes in it would destroy it. */
async function lockFolder(dir: string): Promise<Deno.FsFile> {
  const parent = dir.replace(/[^/\\]+[/\\]*$/, "");
  if (parent !== "") await Deno.mkdir(parent, { recursive: true });
  const path = `${dir}.lock`;
  const file = await Deno.open(path, { create: true, read: true, write: true });
  if (!await file.tryLock(true)) {
    file.close();
    throw new ServiceError(
      `Cannot open the store in "${dir}": process ${await holder(path)} holds it; wait until it ends, or stop it`,
      { service: "store", code: "store_locked" },
    );
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  return file;
}

async function holder(path: string): Promise<string> {
  // Where locks are mandatory (Windows) a locked file can't be read.
  const pid = await Deno.readTextFile(path).catch(() => "");
  return pid.trim() === "" ? "another one" : pid.trim();
}

async function remove(dir: string): Promise<void> {
  if (await exists(dir)) await Deno.remove(dir, { recursive: true });
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
