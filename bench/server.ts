/** A PostgreSQL server for the benchmark, and what `psql` is asked of its databases: independent of the product. */
import { findPrograms, startServer } from "../tests/postgres_server.ts";
import { type Ended, runWell } from "./processes.ts";

/** Where the store's tables are. */
const env = { PGOPTIONS: "-c search_path=tenging" };
/** What differs from a new server's defaults, for all that is measured on it. */
const settings = { shared_buffers: "1GB", max_wal_size: "4GB" };
const shown = [
  ...["server_version", "shared_buffers", "work_mem", "maintenance_work_mem", "max_wal_size", "fsync"],
  ...["synchronous_commit", "full_page_writes", "wal_level", "max_connections"],
];

export interface Database {
  readonly url: string;
  /** Runs commands of psql, one after the other, in one process. */
  psql(...commands: string[]): Promise<Ended>;
  /** The single value that a query finds. */
  number(sql: string): Promise<number>;
  drop(): Promise<void>;
}
export interface Server {
  /** "shared_buffers 1GB, …" */
  readonly settings: string;
  /** Makes an empty database. */
  create(): Promise<Database>;
  stop(): Promise<void>;
}

/** Starts one on loopback. Throws where its programs are not installed. */
export async function openServer(): Promise<Server> {
  const programs = findPrograms();
  if (programs === null) throw new Error("Cannot measure: PostgreSQL's programs are not there; install its server");
  const server = await startServer(programs, { settings });
  const psql = (url: string, ...commands: string[]) =>
    runWell(`${programs}/psql`, [
      ...["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
      ...commands.flatMap((command) => ["-c", command]),
      url,
    ], { env });
  let count = 0;
  const { stdout } = await psql(server.url, ...shown.map((name) => `show ${name}`));
  return {
    settings: stdout.trim().split("\n").map((value, at) => `${shown[at]} ${value}`).join(", "),
    async create() {
      const name = `bench_${++count}`;
      await psql(server.url, `create database ${name} template template0 encoding 'UTF8'`);
      const url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
      return {
        url,
        psql: (...commands) => psql(url, ...commands),
        number: async (sql) => Number((await psql(url, sql)).stdout),
        drop: async () => void await psql(server.url, `drop database ${name} with (force)`),
      };
    },
    stop: () => server.stop(),
  };
}
