/** Tables of a PostgreSQL database as a {@link Connector}. */
import {
  type AnyEntity,
  type Clock,
  type Connector,
  type Identity,
  noRequests,
  type Opened,
  type Requests,
} from "../connector.ts";
import { ServiceError } from "../../errors.ts";
import { type DatabaseOptions, openDatabase } from "./database.ts";
import { read } from "./reading.ts";
import { service } from "./refusals.ts";
import { describe, type Table } from "./table.ts";
import { recall, write } from "./writing.ts";

export interface PostgresTablesOptions extends DatabaseOptions {
  /** The schema of the tables. */
  readonly schema: string;
  readonly clock: Clock;
  /** Rows of one page; 10,000 if not given. */
  readonly pageSize?: number;
}

/** It has sessions with the database: close it. */
export interface PostgresTables extends Connector {
  close(): Promise<void>;
}

/** Opens the tables of a schema; nothing is sent before something is asked. */
export function openPostgresTables(options: PostgresTablesOptions): PostgresTables {
  const { name, schema, clock, pageSize = 10_000 } = options;
  const total = { ...noRequests };
  const database = openDatabase(options);

  function open(entity: AnyEntity, parts?: AnyEntity): Opened {
    if (parts !== undefined) {
      throw new ServiceError(
        `Cannot open "${entity.name}" with its parts: a table has no documents; switch the step off`,
        { service, code: "no_documents" },
      );
    }
    const own = { ...noRequests };
    const count = (what: "read" | "write") => {
      own[what]++;
      total[what]++;
    };
    const counted: typeof database = {
      ...database,
      query: (statement, parameters) => {
        count("read");
        return database.query(statement, parameters);
      },
      transaction: (work) => {
        count("write");
        return database.transaction(work);
      },
    };
    let looked: Promise<Table> | null = null;
    /** Looked at once, unless that failed. */
    function table(): Promise<Table> {
      looked ??= describe(counted, entity, { schema, pageSize }).catch((error) => {
        looked = null;
        throw error;
      });
      return looked;
    }
    return {
      async *read(asked) {
        asked.signal?.throwIfAborted();
        yield* read(await table(), asked);
      },
      write: async (writes, asked) => await write(await table(), writes, { ...asked, clock, name }),
      recall: async (sent, asked) => await recall(await table(), sent, asked),
      requests: (): Requests => ({ ...own }),
      batchSize: 1_000,
      cost: () => ({ requests: 1, units: 0 }),
    };
  }

  return {
    service,
    open,
    async identity(): Promise<Identity> {
      total.read++;
      const [row] = await database.query<{ cluster: string; database: string; name: string }>(
        `select (select system_identifier::text from pg_control_system()) as cluster, oid::text as database,
          datname as name from pg_database where datname = current_database()`,
      );
      const { cluster, database: id, name: called } = row!;
      return { service, name: `${called}.${schema}`, parts: { cluster, database: id, schema } };
    },
    requests: () => ({ ...total }),
    close: () => database.close(),
  };
}
