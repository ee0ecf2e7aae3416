/** How the methods of the store in SQL reach the database: each a transaction of its own, or all within one. */
import { type ControlledTransaction, sql } from "kysely";
import { ServiceError } from "../errors.ts";
import type { Db } from "./sql_rows.ts";

/** Ways to run SQL. What `work` throws undoes what it did. */
export interface Sessions {
  /** One transaction. */
  write<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  /** One query, for reading. */
  read<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** One moment to read from until it is ended. */
  snapshot(): Promise<{ readonly tx: Db; end(): Promise<void> }>;
  /** Ends what is under way; the database stays open. */
  close(): Promise<void>;
}

/** Every write is kept. */
export function sessions(db: Db): Sessions {
  return {
    write: (work) => db.transaction().execute(work),
    read: (work) => work(db),
    snapshot: async () => {
      const tx = await db.startTransaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute();
      return { tx, end: () => tx.rollback().execute() };
    },
    close: () => Promise.resolve(),
  };
}

/**
 * Nothing is kept: one transaction from here to the close. Each call is a savepoint in it, one after the other. `guard`
 * is called before each, and throws when there must be no more.
 */
export async function rehearsal(db: Db, { guard = () => {} }: { readonly guard?: () => void } = {}): Promise<Sessions> {
  const tx = await db.startTransaction().setIsolationLevel("repeatable read").execute();
  // A server from version 17 on may end long transactions.
  await sql`select set_config(name, '0', true) from pg_settings
    where name = 'transaction_timeout'`.execute(tx);
  const inTurn = turns();
  const run = <T>(work: (tx: Db) => Promise<T>) => inTurn(() => (guard(), within(tx, work)));
  return {
    write: run,
    read: run,
    snapshot: async () => {
      const begun = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<void>();
      // The cursor goes with the savepoint, also when its reader leaves early.
      const reading = run(() => (begun.resolve(), ended.promise.then(() => Promise.reject(left))))
        .catch((error) => error === left ? undefined : Promise.reject(error));
      await Promise.race([begun.promise, reading]);
      return { tx, end: () => (ended.resolve(), reading) };
    },
    close: () => inTurn(() => tx.rollback().execute()),
  };
}

const left = new Error("The reader left");

/** Runs works one after the other, in the order in which they came. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}

async function within<T>(tx: ControlledTransaction<unknown>, work: (tx: Db) => Promise<T>): Promise<T> {
  const inner = await tx.savepoint("call").execute();
  try {
    const result = await work(tx);
    await inner.releaseSavepoint("call").execute();
    return result;
  } catch (error) {
    // Where the session broke there is nothing left to undo.
    if (!(error instanceof ServiceError && error.code === "store_lost")) {
      await inner.rollbackToSavepoint("call").execute();
      await inner.releaseSavepoint("call").execute();
    }
    throw error;
  }
}
