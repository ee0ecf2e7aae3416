/**
 * PostgreSQL for tests: the server that TEST_DATABASE_URL names (the gate starts one), else one of this file's own
 * where its programs are found. Each test works in a database of its own.
 */
import postgres from "postgres";
import type { PostgresAddress } from "../store/postgres.ts";
import { findPrograms, startServer } from "./postgres_server.ts";

export interface TestDatabase {
  /** Of somebody who may do everything in it; the password is in it. */
  readonly url: string;
  readonly password: string;
  /** Ends what is connected, and removes it. */
  drop(): Promise<void>;
}

const given = Deno.env.get("TEST_DATABASE_URL") || null;
const programs = given === null ? findPrograms() : null;
const own = programs === null ? null : await startServer(programs);
const server = given ?? own?.url ?? null;
if (own !== null) Deno.test.afterAll(() => own.stop());

/**
 * Registers a test that needs PostgreSQL. Without it the test is skipped and says so in its name: the gate lists it.
 */
export function postgresTest(name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void {
  const suffix = server === null ? " [skipped: needs PostgreSQL: set TEST_DATABASE_URL, or install its server]" : "";
  Deno.test({ name: name + suffix, ignore: server === null, fn });
}

/** Makes a database of its own for a test. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = `tenging_test_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer(`create database ${name} template template0 encoding 'UTF8'`);
  const url = new URL(server ?? "");
  url.pathname = `/${name}`;
  return {
    url: url.href,
    password: decodeURIComponent(url.password),
    drop: () => administer(`drop database ${name} with (force)`),
  };
}

/** Runs one statement as the server's administrator. */
export async function administer(statement: string): Promise<void> {
  const sql = postgres(server ?? "", { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Gives the test a database and removes it afterwards. */
export async function withDatabase<T>(work: (database: TestDatabase) => Promise<T>): Promise<T> {
  const database = await createDatabase();
  try {
    return await work(database);
  } finally {
    await database.drop();
  }
}

/** The parts of a database's address. */
export function addressOf({ url }: Pick<TestDatabase, "url">): PostgresAddress {
  const { hostname, port, pathname, username, password } = new URL(url);
  return {
    ...{ host: hostname, port: Number(port || 5432), database: pathname.slice(1), user: username },
    ...{ password: decodeURIComponent(password), tls: "disable", authorities: null },
  };
}
