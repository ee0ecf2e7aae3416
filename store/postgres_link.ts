/** Connections to a PostgreSQL server, for Kysely. */
import type net from "node:net";
import { CompiledQuery, Kysely } from "kysely";
import { PostgresJSDialect, PostgresJSDriver } from "kysely-postgres-js";
import postgres from "postgres";
import type { ServiceError } from "../errors.ts";
import { refusalOf, refuseServer } from "./postgres_refusals.ts";
import { connectSocket, type PostgresAddress, reasonOf, sessionLost, unreachable } from "./postgres_socket.ts";
import type { Db } from "./sql_rows.ts";

/** The schema of the store's tables, so that a database can have other tenants. */
export const schema = "tenging";

export interface Link {
  readonly db: Db;
  /** Whether one of its sessions broke: then it has none any more, and refuses what it is asked. */
  isBroken(): boolean;
  close(): Promise<void>;
}

export interface LinkOptions {
  /** How many sessions it has, all from the beginning. */
  readonly sessions: number;
  /** What the server calls its sessions; else after this process. */
  readonly name?: string;
  /** Called before every use; throws when the database must not be used any more. */
  readonly guard?: () => void;
  /** Told once when a session of an open link broke. */
  readonly onLost?: (error: ServiceError) => void;
}

/**
 * Connects, and looks what the server is. Throws ServiceError "store_unreachable", "store_not_trusted",
 * "store_sign_in_refused", "store_database_missing", "store_server_too_old" or "store_unfit". Once one of its sessions
 * breaks, whatever waits for an answer, and all that is asked later, throws "store_lost".
 */
export async function openLink(address: PostgresAddress, options: LinkOptions): Promise<Link> {
  const { guard = () => {}, onLost = () => {} } = options;
  let isOpen = false;
  let isClosing = false;
  let lost: ServiceError | null = null;
  const waiting = new Set<(error: ServiceError) => void>();
  const client = postgres(settingsOf(address, options, connect));

  /** The driver would go on connecting to what closes the connection again, for ever: once broken there are no more. */
  async function connect(): Promise<net.Socket> {
    if (lost !== null) throw lost;
    try {
      const socket = await connectSocket(address);
      if (lost !== null) {
        socket.destroy(); // or it would be used by nobody, and never closed
        throw lost;
      }
      socket.once("close", () => {
        if (isClosing) return;
        lose(
          isOpen
            ? sessionLost(address, "the connection to it broke")
            : unreachable(address, "what listens there closes the connection at once"),
        );
      });
      return socket;
    } catch (error) {
      throw lose(error as ServiceError);
    }
  }

  /**
   * The driver forgets what it is asked between the failure of a connection and its end, and whoever waits for a
   * connection that could not be made: these would never be answered.
   */
  function lose(error: ServiceError): ServiceError {
    if (lost !== null) return lost;
    lost = error;
    for (const reject of waiting) reject(error);
    waiting.clear();
    void client.end({ timeout: 0 });
    if (isOpen && !isClosing) onLost(error);
    return error;
  }

  /** Not a race with one promise for all: that one would hold every answer for as long as it waits. */
  function answered<T>(ask: () => PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (lost !== null) throw lost;
      waiting.add(reject);
      const end = (settle: () => void) => {
        waiting.delete(reject);
        settle();
      };
      ask().then(
        (answer) => end(() => resolve(answer)),
        (error) =>
          end(() => reject(isOpen && endsSession(error) ? lose(sessionLost(address, `"${reasonOf(error)}"`)) : error)),
      );
    });
  }

  const { reserve } = client;
  client.reserve = async () => {
    guard();
    const session = await answered(reserve);
    const { unsafe } = session;
    session.unsafe =
      ((...query: Parameters<typeof unsafe>) => answered(() => unsafe(...query)).then(taken)) as typeof unsafe;
    return session;
  };
  const dialect = new PostgresJSDialect({ postgres: client });
  const driver = new PostgresJSDriver({ postgres: client });
  dialect.createDriver = () => driver;
  // The library's own fails in another way where this one does, and hides what went wrong before.
  driver.rollbackTransaction = async (connection) => {
    try {
      await connection.executeQuery(CompiledQuery.raw("rollback"));
    } catch (error) {
      if (lost === null) throw error; // else the end of its session has undone it
    }
  };
  const db = new Kysely<unknown>({ dialect });
  const link: Link = {
    db,
    isBroken: () => lost !== null,
    close: async () => {
      isClosing = true;
      await client.end({ timeout: 5 });
      await db.destroy();
    },
  };
  try {
    const query = `select current_setting('server_version_num')::int as version,
      current_setting('server_encoding') as encoding`;
    // As many at once open as many sessions.
    const answers = Array.from({ length: options.sessions }, () => answered(() => client.unsafe<Server[]>(query)));
    for (const [server] of await Promise.all(answers)) refuseServer(address, server!);
    isOpen = true;
    return link;
  } catch (error) {
    const refusal = refusalOf(address, error);
    lose(refusal);
    await link.close();
    throw refusal;
  }
}

/**
 * Takes the rows out of an answer. The driver's answers hold on to each other until all memory is searched, which for
 * those of a report would be hundreds of megabytes later.
 */
function taken<T extends postgres.RowList<postgres.Row[]>>(answer: T): T {
  const { command, count } = answer;
  return Object.assign(answer.splice(0), { command, count }) as T;
}

type Server = Parameters<typeof refuseServer>[1];

/** Whether an answer, or what came instead of one, says that its session is over. */
function endsSession(error: unknown): boolean {
  const { severity, code } = error as { severity?: unknown; code?: unknown };
  return severity === "FATAL" || /^(CONNECTION_\w+|CONNECT_TIMEOUT|ERR_STREAM_\w+|E[A-Z]+)$/.test(String(code));
}

/** All that the driver would else take from variables of the environment is given. */
function settingsOf(
  { host, port, database, user, password }: PostgresAddress,
  { sessions: max, name = `tenging ${Deno.pid}` }: LinkOptions,
  socket: () => Promise<net.Socket>,
): postgres.Options<Record<string, never>> {
  const settings = {
    ...{ host, port, database, user, pass: () => password, socket, max },
    // The socket is encrypted already where it should be.
    ...{ ssl: false, sslnegotiation: null, target_session_attrs: undefined },
    // A session that holds a lock must not be ended by the driver.
    ...{ idle_timeout: null, max_lifetime: null, keep_alive: 30, connect_timeout: 15, backoff: () => 0 },
    // That it could not fetch the types of arrays the driver would tell nobody but the process.
    ...{ max_pipeline: 1, prepare: true, debug: false, fetch_types: false, publications: "" },
    onnotice: () => {},
    connection: {
      application_name: name,
      search_path: schema,
      // Plans made without knowing the values would read whole tables; compiling them costs more than it gives.
      ...{ plan_cache_mode: "force_custom_plan", jit: "off" },
      // A setting of the server or the user's may end sessions that wait for a service, or for who reads a report.
      ...{ idle_session_timeout: "0", idle_in_transaction_session_timeout: "0" }, // the driver leaves numbers of 0 out
    },
  };
  return settings as unknown as postgres.Options<Record<string, never>>;
}
