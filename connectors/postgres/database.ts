/** Sessions with a database: they open when they are needed, and what waits for an answer gets one when they break. */
import type net from "node:net";
import postgres from "postgres";
import { ServiceError } from "../../errors.ts";
import { refusalOf, service } from "./refusals.ts";

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}
export interface DatabaseOptions {
  readonly address: DatabaseAddress;
  /** How messages call it. */
  readonly name: string;
  /** Connects, as encrypted as it should be. */
  readonly socket: () => Promise<net.Socket>;
}

/** Runs one statement; parameters are text. */
export type Query = <R extends object>(statement: string, parameters?: readonly string[]) => Promise<readonly R[]>;

export interface Database {
  readonly query: Query;
  /**
   * Runs `work` in a transaction and commits. Throws what `work` throws, after undoing all of it, and {@link Unanswered}
   * where the answer to the commit got lost.
   */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Nobody can tell whether a commit took effect. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** How many statements can be under way at once: a step reads, and sends four batches. */
const sessions = 5;

interface Client {
  readonly sql: postgres.Sql;
  /** All its sessions are open. */
  readonly opened: Promise<unknown>;
  /** The end of all its sessions, once one broke. */
  lost: ServiceError | null;
  readonly waiting: Set<(error: ServiceError) => void>;
}

/** Nothing is sent before something is asked. A session that broke ends those beside it; what is asked next opens others. */
export function openDatabase(options: DatabaseOptions): Database {
  let current: Client | null = null;
  let isClosing = false;

  /** With all sessions from the beginning: the driver never lends one that it has to open for that. */
  async function client(): Promise<Client> {
    if (current === null) {
      const sql = postgres(settingsOf(options, () => connect(made)));
      const opened = Promise.withResolvers<unknown>();
      const made: Client = { sql, opened: opened.promise, lost: null, waiting: new Set() };
      current = made;
      // As many at once open as many sessions.
      const asked = Array.from({ length: sessions }, () => answered(made, () => sql.unsafe("select 1")));
      opened.resolve(Promise.all(asked));
    }
    const made = current;
    await made.opened;
    return made;
  }

  /** The driver would go on connecting to what closes the connection again, for ever: a client that broke has no more. */
  async function connect(made: Client): Promise<net.Socket> {
    if (made.lost !== null) throw made.lost;
    try {
      const socket = await options.socket();
      if (made.lost !== null) {
        socket.destroy(); // or it would be used by nobody, and never closed
        throw made.lost;
      }
      socket.once("close", () => {
        if (!isClosing) lose(made, broken(options.name));
      });
      return socket;
    } catch (error) {
      throw lose(made, refusalOf(options.name, error));
    }
  }

  /** The driver never answers some of what it is asked while a connection breaks. */
  function lose(made: Client, error: ServiceError): ServiceError {
    if (made.lost !== null) return made.lost;
    made.lost = error;
    if (current === made) current = null;
    for (const reject of made.waiting) reject(error);
    made.waiting.clear();
    void made.sql.end({ timeout: 0 });
    return error;
  }

  function answered<T>(made: Client, ask: () => PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (made.lost !== null) throw made.lost;
      made.waiting.add(reject);
      ask().then(
        (answer) => {
          made.waiting.delete(reject);
          resolve(answer);
        },
        (error) => {
          made.waiting.delete(reject);
          reject(endsSession(error) ? lose(made, refusalOf(options.name, error)) : error);
        },
      );
    });
  }

  function queryOn(made: Client, sql: Pick<postgres.Sql, "unsafe">): Query {
    return async <R extends object>(statement: string, parameters: readonly string[] = []) => {
      const ask = () => sql.unsafe<R[]>(statement, [...parameters], { prepare: true });
      return await answered(made, ask) as readonly R[];
    };
  }

  return {
    async query(statement, parameters) {
      try {
        const made = await client();
        return await queryOn(made, made.sql)(statement, parameters);
      } catch (error) {
        throw refusalOf(options.name, error);
      }
    },
    async transaction(work) {
      const made = await client();
      const session = await answered(made, () => made.sql.reserve());
      const query = queryOn(made, session);
      try {
        await query("begin");
        const result = await undoing(query, work);
        try {
          await query("commit");
        } catch (error) {
          if (made.lost === null) throw error; // refused, so all of it is undone
          throw new Unanswered(made.lost.message, { cause: error });
        }
        return result;
      } finally {
        if (made.lost === null) session.release();
      }
    },
    async close() {
      isClosing = true;
      await current?.sql.end({ timeout: 5 });
      current = null;
    },
  };

  async function undoing<T>(query: Query, work: (query: Query) => Promise<T>): Promise<T> {
    try {
      return await work(query);
    } catch (error) {
      // Of a session that broke the server undoes it.
      await query("rollback").catch((also) => {
        if (!(also instanceof ServiceError)) throw also;
      });
      throw error;
    }
  }
}

/** Whether an answer, or what came instead of one, says that its session is over. */
function endsSession(error: unknown): boolean {
  const { severity, code } = error as { severity?: unknown; code?: unknown };
  return severity === "FATAL" || /^(CONNECTION_\w+|CONNECT_TIMEOUT|ERR_STREAM_\w+|E[A-Z]+)$/.test(String(code));
}

function broken(name: string): ServiceError {
  return new ServiceError(
    `Cannot go on with ${name}: the connection to it broke; run it again`,
    { service, code: "database_unreachable", retryable: true },
  );
}

/** All that the driver would else take from variables of the environment is given. */
function settingsOf(
  { address: { host, port, database, user, password } }: DatabaseOptions,
  socket: () => Promise<net.Socket>,
): postgres.Options<Record<string, never>> {
  const settings = {
    ...{ host, port, database, user, pass: () => password, socket, max: sessions },
    ...{ ssl: false, sslnegotiation: null, target_session_attrs: undefined }, // the socket is encrypted already
    ...{ idle_timeout: null, max_lifetime: null, keep_alive: 30, connect_timeout: 15, backoff: () => 0 },
    ...{ max_pipeline: 1, prepare: true, debug: false, fetch_types: false, publications: "" },
    onnotice: () => {},
    connection: {
      application_name: "tenging",
      // How values become text must not depend on what the server or the user prefers.
      ...{ DateStyle: "ISO, YMD", TimeZone: "UTC", extra_float_digits: "1", bytea_output: "hex" },
      // A plan made while the table was empty would read all of it for each batch; compiling costs more than it gives.
      ...{ plan_cache_mode: "force_custom_plan", jit: "off" },
      ...{ default_transaction_isolation: "read committed", default_transaction_read_only: "off" },
    },
  };
  return settings as unknown as postgres.Options<Record<string, never>>;
}
