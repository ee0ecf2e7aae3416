/**
 * Who works on a connection of a database: a lock that ends with the session that holds it. Its holder gives signs of life;
 * where they stop although the session stands, somebody else may end that session and take the lock.
 */
import { sql } from "kysely";
import { ServiceError } from "../errors.ts";
import { type Link, openLink, schema } from "./postgres_link.ts";
import { refusalOf } from "./postgres_refusals.ts";
import { nameOf, type PostgresAddress, sessionLost } from "./postgres_socket.ts";

export interface Lock {
  /** What the sessions are to be called that work under it: they end with its own when it is taken over. */
  readonly working: string;
  /** Throws ServiceError "store_lost" when the session broke: another process may work there by now. */
  guard(): void;
  /** Gives signs of life from now on: once the tables for them are there. */
  beat(): Promise<void>;
  release(): Promise<void>;
}

export interface LockOptions {
  readonly connection: string;
  /** Whether it waits for one that only looks. */
  readonly wait: boolean;
  /** Told when the session broke that holds it. */
  readonly onLost?: (error: ServiceError) => void;
}

/** How long one that works waits for one that only looks, in PostgreSQL's words. */
const patience = "2s";
/** Milliseconds between two signs of life, and after how long without one nobody is waited for, in PostgreSQL's words. */
const pause = 15_000;
const lifeless = "60s";

/**
 * Locks the connection, which takes a session. One that gave no sign of life for a minute loses it: its process hangs, or
 * the network parted it from the database; what it still saves is refused by the steps' leases. Throws ServiceError
 * "store_locked" with the process that has it: after two seconds, or at once where `wait` is false.
 */
export async function lockConnection(
  address: PostgresAddress,
  { connection, wait, onLost = () => {} }: LockOptions,
): Promise<Lock> {
  let working: string;
  let timer: ReturnType<typeof setInterval> | undefined;
  const link = await openLink(address, { sessions: 1, onLost });
  try {
    const { rows } = await sql<{ session: number }>`select pg_backend_pid() as session`.execute(link.db);
    working = workingUnder(rows[0]!.session);
    const taken = await take(link, { connection, wait }) ||
      (wait && await endLifeless(link, connection) && await take(link, { connection, wait }));
    if (!taken) throw await refusal(link, { address, connection });
  } catch (error) {
    await link.close();
    throw refusalOf(address, error);
  }
  return {
    working,
    guard: () => {
      if (link.isBroken()) throw sessionLost(address, "the session broke that kept other processes away");
    },
    beat: async () => {
      const beat = () =>
        sql`insert into holders (connection, session, seen)
          values (${connection}::text, pg_backend_pid(), clock_timestamp())
          on conflict (connection) do update set session = excluded.session, seen = excluded.seen`.execute(link.db);
      await beat();
      // One that fails is followed by the next; that the session broke is told by its closing.
      timer = setInterval(() => void beat().catch(() => {}), pause);
      Deno.unrefTimer(timer);
    },
    release: async () => {
      clearInterval(timer);
      try {
        // The server may be some time behind in noticing that a session has ended.
        if (!link.isBroken() && timer !== undefined) {
          await sql`delete from holders where connection = ${connection}`.execute(link.db);
        }
        if (!link.isBroken()) await sql`select pg_advisory_unlock_all()`.execute(link.db);
      } finally {
        await link.close();
      }
    },
  };
}

/** Two numbers that stand for a connection of this program. */
function keys(connection: string) {
  return sql`hashtext(${schema}), hashtext(${connection})`;
}

async function take(link: Link, { connection, wait }: { connection: string; wait: boolean }): Promise<boolean> {
  if (!wait) {
    const { rows } = await sql<{ got: boolean }>`select pg_try_advisory_lock(${keys(connection)}) as got`
      .execute(link.db);
    return rows[0]?.got === true;
  }
  await sql`set lock_timeout = ${sql.lit(patience)}`.execute(link.db);
  try {
    await sql`select pg_advisory_lock(${keys(connection)})`.execute(link.db);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "55P03") return false; // lock_not_available
    throw error;
  }
}

/** What sessions are called that work under the lock of this one. */
function workingUnder(session: number): string {
  return `tenging:${session}`;
}

/**
 * Ends the session that holds the lock and gave no sign of life; false where it did, or may not be ended. The sessions
 * that work under it are ended first: one may stand in the middle of a transaction, and who saves next would wait for it.
 */
async function endLifeless(link: Link, connection: string): Promise<boolean> {
  const { db } = link;
  const { rows } = await sql<{ isThere: boolean }>`select to_regclass('holders') is not null as "isThere"`.execute(db);
  if (rows[0]?.isThere !== true) return false;
  const found = await lifelessHolder(link, connection);
  if (found === null) return false;
  const { session } = found;
  try {
    await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where datname = current_database() and application_name = ${workingUnder(session)}`.execute(db);
    const ended = await sql<{ ended: boolean }>`select pg_terminate_backend(${session}::int, 5000) as ended`.execute(
      db,
    );
    return ended.rows[0]?.ended === true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "42501") return false; // insufficient_privilege: another user's
    throw error;
  }
}

export interface LifelessHolder {
  readonly session: number;
  /** ISO 8601, by the clock of the database: its last sign of life. */
  readonly seen: string;
}

/** Who has the lock and gave no sign of life for a minute; null where nobody has it, or its holder gave one. */
export async function lifelessHolder({ db }: Link, connection: string): Promise<LifelessHolder | null> {
  const { rows } = await sql<LifelessHolder>`select l.pid as session,
      to_char(h.seen at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as seen
    from pg_locks l join holders h on h.connection = ${connection} and h.session = l.pid
    where ${isLock(connection)} and h.seen < clock_timestamp() - ${sql.lit(lifeless)}::interval`.execute(db);
  return rows[0] ?? null;
}

/** Whether a row `l` of pg_locks is the lock of this connection, and somebody has it. */
function isLock(connection: string) {
  return sql`l.locktype = 'advisory' and l.granted and l.objsubid = 2
      and l.database = (select oid from pg_database where datname = current_database())
      and (l.classid::bigint, l.objid::bigint) = (hashtext(${schema})::bigint & 4294967295,
        hashtext(${connection})::bigint & 4294967295)`;
}

async function refusal(
  { db }: Link,
  { address, connection }: { readonly address: PostgresAddress; readonly connection: string },
): Promise<ServiceError> {
  const { rows } = await sql<{ name: string | null; host: string | null }>`
    select a.application_name as name, host(a.client_addr) as host
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where ${isLock(connection)}`.execute(db);
  const process = /^tenging (\d+)$/.exec(rows[0]?.name ?? "")?.[1];
  const who = process === undefined ? "another process" : `process ${process} on ${rows[0]?.host ?? "this machine"}`;
  return new ServiceError(
    `Cannot work on connection "${connection}" in ${
      nameOf(address)
    }: ${who} works on it; wait until it ends, or stop it`,
    { service: "store", code: "store_locked" },
  );
}
