/** The store on a PostgreSQL server: for the one process that works on a connection, and for those that look. */
import { sql } from "kysely";
import { DefinitionError, ServiceError } from "../errors.ts";
import { migrate, migrations, schemaNumber, storeIdOf } from "./migrations/mod.ts";
import { type Link, openLink, schema } from "./postgres_link.ts";
import { lifelessHolder, type Lock, lockConnection } from "./postgres_lock.ts";
import { refusalOf } from "./postgres_refusals.ts";
import type { PostgresAddress } from "./postgres_socket.ts";
import { sqlStore } from "./sql.ts";
import { restore } from "./sql_fresh.ts";
import { rehearsal as rehearsalIn, sessions } from "./sql_sessions.ts";
import type { Store } from "./store.ts";

export { nameOf, type PostgresAddress } from "./postgres_socket.ts";

/** Called with the id of the store that is there (null: none) before anything is made; throws when it must be another. */
export type Verify = (id: string | null) => void;

export interface PostgresOptions {
  readonly verify?: Verify;
  /** What is written is seen through this store alone, and gone when it is closed. */
  readonly rehearsal?: boolean;
  /** Told when a session broke, after which nothing more is read or written. */
  readonly onLost?: (error: ServiceError) => void;
}

/** For steps side by side, a report, and who asks for the status. */
const sessionsOfRun = 4;
/** For a report, and who asks for the status. */
const sessionsBeside = 2;

/**
 * Opens the store for the process that works on this connection (of an ERP company with a CRM environment), and brings
 * its tables up to date. One process at a time: a lock of the database says so, held by a session of its own; when that
 * breaks, nothing more is read or written (ServiceError "store_lost"). Throws "store_locked", "store_too_new",
 * "store_forbidden", or what {@link openLink} and `verify` throw. Close it, or the process doesn't end.
 */
export async function openPostgres(
  address: PostgresAddress,
  connection: string,
  { verify = () => {}, rehearsal = false, onLost = () => {} }: PostgresOptions = {},
): Promise<Store & { readonly id: string }> {
  const lock = await lockConnection(address, { connection, wait: true, onLost });
  try {
    const link = await openLink(address, {
      ...{ sessions: rehearsal ? 1 : sessionsOfRun, name: lock.working, guard: lock.guard, onLost },
    });
    try {
      verify(await storeIdOf(link.db));
      await upToDate(link, address);
      await lock.beat();
      await restore(link.db, connection);
      const id = (await storeIdOf(link.db))!;
      const database = rehearsal ? await rehearsalIn(link.db, { guard: lock.guard }) : sessions(link.db);
      const close = async () => {
        try {
          if (!link.isBroken()) await database.close();
        } finally {
          await link.close().finally(lock.release);
        }
      };
      const store = sqlStore(database);
      return { ...store, id, close };
    } catch (error) {
      await link.close();
      throw errorOf(address, error);
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
}

export interface BesideOptions {
  readonly whenAlone?: (store: Store) => Promise<void>;
  readonly verify?: Verify;
}

/** A store for reading, and what is known of whoever works on it. */
export type StoreBeside = Store & {
  /** ISO 8601: the last sign of life of one that gave none for a minute; null where nobody works on it, or is alive. */
  readonly lifelessSince: string | null;
};

/**
 * Opens the store beside whoever works on the connection, for reading; null when nothing was ever kept there. While
 * nobody works on it, `whenAlone` is called first. Throws what {@link openPostgres} throws, but "store_locked" only
 * when the tables are those of an older version.
 */
export async function openPostgresBeside(
  address: PostgresAddress,
  connection: string,
  { whenAlone = () => Promise.resolve(), verify = () => {} }: BesideOptions = {},
): Promise<StoreBeside | null> {
  const link = await openLink(address, { sessions: sessionsBeside });
  try {
    verify(await storeIdOf(link.db));
    const number = await schemaNumber(link.db);
    if (number === null) {
      await link.close();
      return null;
    }
    if (number > migrations.length) await upToDate(link, address); // says that this version is too old for it
    const store = { ...sqlStore(sessions(link.db)), close: link.close };
    const lock = await lockConnection(address, { connection, wait: false }).catch((error: unknown) => {
      const isTaken = error instanceof ServiceError && error.code === "store_locked";
      if (isTaken && number === migrations.length) return null;
      throw error;
    });
    if (lock === null) return { ...store, lifelessSince: (await lifelessHolder(link, connection))?.seen ?? null };
    await alone(lock, { link, address, connection, work: () => whenAlone(store) });
    return { ...store, lifelessSince: null };
  } catch (error) {
    await link.close();
    throw errorOf(address, error);
  }
}

async function alone(
  lock: Lock,
  { link, address, connection, work }: {
    link: Link;
    address: PostgresAddress;
    connection: string;
    work: () => Promise<void>;
  },
): Promise<void> {
  try {
    await upToDate(link, address);
    await lock.beat();
    await restore(link.db, connection);
    await work();
  } finally {
    await lock.release();
  }
}

/** What `verify` and those who look refuse stays what it is. */
function errorOf(address: PostgresAddress, error: unknown): Error {
  return error instanceof DefinitionError ? error : refusalOf(address, error);
}

async function upToDate({ db }: Link, address: PostgresAddress): Promise<void> {
  try {
    const { rows } = await sql<{ isThere: boolean }>`select to_regnamespace(${schema}) is not null as "isThere"`
      .execute(db);
    // Not "if not exists" alone: that asks for the right to make one where somebody made it for us.
    if (rows[0]?.isThere !== true) await sql`create schema if not exists ${sql.id(schema)}`.execute(db);
    await migrate(db);
  } catch (error) {
    throw refusalOf(address, error);
  }
}
