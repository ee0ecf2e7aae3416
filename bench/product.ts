/** The product as its users run it. */
import { PGlite } from "@electric-sql/pglite";
import { type Ended, project, runWell } from "./processes.ts";
import type { Database } from "./server.ts";
import type { Services } from "./services.ts";

/** A home on a sandbox. */
export interface Place {
  readonly home: string;
  readonly services: Services;
  /** The store; null: that in the home. */
  readonly database: Database | null;
}
/** The same with the store on the server. */
export interface ServerPlace extends Place {
  readonly database: Database;
}

/** Runs a command with the permissions of its task; throws what it said unless it ends with code 0. */
export function tenging({ home, database }: Place, ...args: readonly string[]): Promise<Ended> {
  return runWell(
    Deno.execPath(),
    ["run", "-q", `-P=${args[0]}`, "--no-prompt", `${project}main.ts`, ...args],
    { TENGING_HOME: home, DATABASE_URL: database?.url ?? "", DATABASE_URL_FILE: "", NO_COLOR: "1", TERM: "dumb" },
  );
}

/** Synchronizes the customers with all that they depend on. */
export function syncCustomers(place: Place, ...options: readonly string[]): Promise<Ended> {
  return tenging(place, "sync", "--select", "+customers", ...options);
}

/** Why the store doesn't hold what it must after all pairs were coupled; null when it does. Asks it without the product. */
export async function wrongStore({ home, database, services: { customers } }: Place): Promise<string | null> {
  const of = "step = 'customers'";
  const queries = [
    ["couplings", `select count(*) from couplings where ${of} and state = 'coupled'`, customers],
    ["couplings with a base", `select count(base) from couplings where ${of}`, customers],
    ["records", `select count(*) from records where ${of} and data::text <> '{}'`, 2 * customers],
    ["changes", `select count(*) from changes where ${of}`, 0],
  ] as const;
  const pglite = database === null ? await PGlite.create(`${home}/store`) : null;
  try {
    const counts: [string, number, number][] = [];
    for (const [what, sql, wanted] of queries) {
      const rows = await pglite?.query<{ count: number }>(sql);
      counts.push([what, rows === undefined ? await database!.number(sql) : Number(rows.rows[0]?.count), wanted]);
    }
    return wrongCounts(counts);
  } finally {
    await pglite?.close();
  }
}

/** Says which counts are not what they must be; null when all are. */
export function wrongCounts(
  counts: readonly (readonly [what: string, found: number, wanted: number])[],
): string | null {
  const wrong = counts.filter(([, found, wanted]) => found !== wanted);
  return wrong.length === 0
    ? null
    : wrong.map(([what, found, wanted]) => `${found} ${what} instead of ${wanted}`).join(", ");
}
