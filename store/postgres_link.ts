/** Connections to a PostgreSQL server, for Kysely. */
import { Kysely, sql } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import postgres from "postgres";
import { refusalOf, refuseServer } from "./postgres_refusals.ts";
import { connectSocket, type PostgresAddress, unreachable } from "./postgres_socket.ts";
import type { Db } from "./sql_rows.ts";

/** The schema of the store's tables, so that a database can have other tenants. */
export const schema = "tenging";

export interface Link {
  readonly db: Db;
  /** Rejects once the driver has lost a query, which is then never answered. */
  readonly broken: Promise<never>;
  close(): Promise<void>;
}

export interface LinkOptions {
  /** The most connections that it has at once. */
  readonly max: number;
  /** What the server calls its sessions; else after this process. */
  readonly name?: string;
  /** Called before every use; throws when the database must not be used any more. */
  readonly guard?: () => void;
  /** Called when a connection broke, or was closed. */
  readonly onClose?: () => void;
}

/**
 * Connects, and looks what the server is. Throws ServiceError "store_unreachable", "store_not_trusted",
 * "store_sign_in_refused", "store_database_missing", "store_server_too_old" or "store_unfit".
 */
export async function openLink(address: PostgresAddress, options: LinkOptions): Promise<Link> {
  const { guard = () => {} } = options;
  let isOpen = false;
  let sockets = 0;
  const client = postgres(settingsOf(address, options, () => {
    guard();
    // The driver would go on connecting to what closes the connection again, for ever.
    if (!isOpen && ++sockets > 1) throw unreachable(address, "what listens there closes the connection at once");
    return connectSocket(address);
  }));
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {}); // for whoever waits then
  /**
   * The driver writes what it has gathered a moment later, also when the connection has broken meanwhile: it throws where
   * nobody can catch it, and forgets the query.
   */
  const onError = (event: ErrorEvent) => {
    const stack = event.error instanceof TypeError ? event.error.stack ?? "" : "";
    if (!/nextWrite .*postgres\/src\/connection\.js/.test(stack)) return;
    event.preventDefault();
    broken.reject(unreachable(address, "the connection broke while a query was sent", event.error));
  };
  globalThis.addEventListener("error", onError);
  const { reserve } = client;
  client.reserve = () => {
    guard();
    return reserve();
  };
  const db = new Kysely<unknown>({ dialect: new PostgresJSDialect({ postgres: client }) });
  const link: Link = {
    ...{ db, broken: broken.promise },
    close: async () => {
      try {
        await client.end({ timeout: 5 });
        await db.destroy();
      } finally {
        globalThis.removeEventListener("error", onError);
      }
    },
  };
  try {
    const { rows } = await sql<{ version: number; encoding: string }>`select
      current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`
      .execute(db);
    for (const server of rows) refuseServer(address, server);
    isOpen = true;
    return link;
  } catch (error) {
    await link.close();
    throw refusalOf(address, error);
  }
}

/** All that the driver would else take from variables of the environment is given. */
function settingsOf(
  { host, port, database, user, password }: PostgresAddress,
  { max, name = `tenging ${Deno.pid}`, onClose }: LinkOptions,
  socket: () => ReturnType<typeof connectSocket>,
): postgres.Options<Record<string, never>> {
  const settings = {
    ...{ host, port, database, user, pass: () => password, socket, max, onclose: onClose },
    // The socket is encrypted already where it should be.
    ...{ ssl: false, sslnegotiation: null, target_session_attrs: undefined },
    // A session that holds a lock must not be ended by the driver.
    ...{ idle_timeout: null, max_lifetime: null, keep_alive: 30, connect_timeout: 15, backoff: () => 0 },
    // Without the types the driver never hands out its first connection.
    ...{ max_pipeline: 1, prepare: true, debug: false, fetch_types: true, publications: "" },
    onnotice: () => {},
    connection: {
      application_name: name,
      search_path: schema,
      // Plans made without knowing the values would read whole tables; compiling them costs more than it gives.
      ...{ plan_cache_mode: "force_custom_plan", jit: "off" },
    },
  };
  return settings as unknown as postgres.Options<Record<string, never>>;
}
