/** The product as its users run it. */
import { type Ended, project, runWell } from "./processes.ts";
import type { Database } from "./server.ts";
import type { Services } from "./services.ts";

/** A home and the store that it is used with; null: the store in the home. */
export interface Place {
  readonly home: string;
  readonly database: Database | null;
  readonly services: Services;
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

/** Why the store doesn't hold what it must after all pairs were coupled; null when it does. */
export async function wrongStore(database: Database, customers: number): Promise<string | null> {
  const of = "step = 'customers'";
  return wrongCounts([
    ["couplings", await database.number(`select count(*) from couplings where ${of} and state = 'coupled'`), customers],
    ["couplings with a base", await database.number(`select count(base) from couplings where ${of}`), customers],
    ["records", await database.number(`select count(*) from records where ${of} and data <> '{}'`), 2 * customers],
    ["changes", await database.number(`select count(*) from changes where ${of}`), 0],
  ]);
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
