/** A database with the connector to its tables, and plain SQL beside it. */
import postgres from "postgres";
import { openPostgresTables, type PostgresTables } from "../../connectors/postgres/client.ts";
import { connectSocket, nameOf } from "../../store/postgres_socket.ts";
import { addressOf, createDatabase, type TestDatabase } from "../postgres.ts";
import { type TestClock, testClock } from "./stub.ts";

export interface PostgresWorld extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly connector: PostgresTables;
  readonly clock: TestClock;
  /** Runs a statement as somebody else in the database; rows of text and numbers. */
  sql(statement: string, parameters?: readonly (string | number | null)[]): Promise<Record<string, unknown>[]>;
}

export async function openPostgresWorld(pageSize = 2): Promise<PostgresWorld> {
  const database = await createDatabase();
  const address = addressOf(database);
  const clock = testClock();
  const client = postgres(database.url, { max: 2, onnotice: () => {} });
  const connector = openPostgresTables({
    ...{ address, name: nameOf(address), schema: "public", clock, pageSize },
    socket: () => connectSocket(address, "database"),
  });
  return {
    database,
    connector,
    clock,
    sql: async (statement, parameters = []) => [...await client.unsafe(statement, [...parameters])],
    async [Symbol.asyncDispose]() {
      await connector.close();
      await client.end({ timeout: 5 });
      await database.drop();
    },
  };
}
