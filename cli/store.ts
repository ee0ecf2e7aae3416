/** The store of a command: the database that DATABASE_URL names, else the one in its home. */
import { resolve } from "node:path";
import { ServiceError } from "../errors.ts";
import { nameOf, type PostgresAddress } from "../store/postgres_socket.ts";
import type { StoreBeside } from "../store/postgres.ts";
import type { Store } from "../store/store.ts";
import { readDatabaseUrl } from "./database_url.ts";
import { isThere } from "./files.ts";
import { noteDatabase, refuseOtherStore, verifierOf } from "./home_store.ts";
import { homeOf, refuseDatabase } from "./permissions.ts";
import { addressOf, findServing, type Serving } from "./serving.ts";
import { secretOf } from "./secret.ts";
import type { Session } from "./session.ts";

/** How {@link Serving} calls the store in a home. */
const embedded = "embedded";

/** With the id that a database keeps of it; the one in a home has none. */
export type OpenStore = Store & { readonly id?: string };

export interface OpenOptions {
  /** Nothing is kept. */
  readonly rehearsal?: boolean;
  /** Told when a session with the database broke, after which the store is of no more use. */
  readonly onLost?: (error: ServiceError) => void;
}

/**
 * Opens it for the one process that works on the connection. Throws ServiceError "served_elsewhere" with what to do
 * when `serve` has it, "store_locked" for others, DefinitionError "other_store" when the home is used with another one.
 */
export async function openStore(
  session: Session,
  connection: string,
  { rehearsal = false, onLost = () => {} }: OpenOptions = {},
): Promise<OpenStore> {
  const serving = await servingOf(session);
  if (serving !== null) throw served(serving);
  const home = homeOf(session.project, session.env);
  const database = databaseOf(session);
  refuseOtherStore(home, databaseName(session));
  if (database === null) {
    const { openPglite } = await import("../store/pglite.ts");
    return await openPglite(`${home}/store`, { rehearsal });
  }
  const { openPostgres } = await import("../store/postgres.ts");
  return await openPostgres(database, connection, {
    verify: verifierOf(home, nameOf(database)),
    ...{ rehearsal, onLost },
  });
}

/** Remembers that the home is used with this store, which a home does not leave again: only once it is accepted. */
export async function noteStore({ id }: OpenStore, session: Session): Promise<void> {
  const database = databaseName(session);
  if (database === null || id === undefined) return;
  await noteDatabase(homeOf(session.project, session.env), { database, id }, session.clock);
}

/**
 * The store if something was ever kept in it, for reading; null before the first run, and nothing is made then. On a
 * server it is open beside a process that works; where none does, `whenAlone` is called first.
 */
export async function openStoreIfAny(
  session: Session,
  connection: string,
  { whenAlone = () => Promise.resolve() }: { readonly whenAlone?: (store: Store) => Promise<void> } = {},
): Promise<StoreBeside | null> {
  const home = homeOf(session.project, session.env);
  const database = databaseOf(session);
  refuseOtherStore(home, databaseName(session));
  if (database !== null) {
    const { openPostgresBeside } = await import("../store/postgres.ts");
    return await openPostgresBeside(database, connection, { whenAlone, verify: verifierOf(home, nameOf(database)) });
  }
  if (!isThere(`${home}/store`)) return null;
  const store = await openStore(session, connection);
  try {
    await whenAlone(store);
    return { ...store, lifelessSince: null };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Whether something was ever kept in it; nothing is made. */
export async function hasStore(session: Session, connection: string): Promise<boolean> {
  if (databaseOf(session) === null) return isThere(`${homeOf(session.project, session.env)}/store`);
  const store = await openStoreIfAny(session, connection);
  await store?.close();
  return store !== null;
}

/** The `serve` of this home that works on this very store; null when there is none. */
export async function servingOf(session: Session): Promise<Serving | null> {
  const name = storeName(session);
  const serving = await findServing(homeOf(session.project, session.env));
  return serving?.store === name ? serving : null;
}

/** What tells the stores apart that commands of one home can work on. */
export function storeName(session: Session): string {
  return databaseName(session) ?? embedded;
}

/** How messages call the database that is the store; null where it is the one in the home. */
export function databaseName(session: Session): string | null {
  const database = databaseOf(session);
  return database === null ? null : nameOf(database);
}

/** The database that DATABASE_URL names; null without. Throws DefinitionError when it is of no use, or not permitted. */
function databaseOf({ env, project }: Session): PostgresAddress | null {
  const readFile = (path: string) => Deno.readTextFileSync(resolve(project.dir, path));
  const url = secretOf("DATABASE_URL", { env, readFile });
  if (url === null) return null;
  const address = readDatabaseUrl(url, readFile);
  refuseDatabase(address, project);
  return address;
}

function served(serving: Serving): ServiceError {
  return new ServiceError(
    `Cannot open the store: serve (process ${serving.pid}) holds it; start a run there with ` +
      `curl -X POST ${addressOf(serving)}/runs, or stop serve`,
    { service: "store", code: "served_elsewhere" },
  );
}
