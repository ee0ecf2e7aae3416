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

/** Runs a command as its task does; throws what it said unless it ends with code 0. */
export function tenging({ home, database }: Place, ...args: readonly string[]): Promise<Ended> {
  const env = { TENGING_HOME: home, DATABASE_URL: database?.url ?? "", DATABASE_URL_FILE: "", ...quiet };
  return runWell(Deno.execPath(), taskOf(args), { env });
}

/** Nobody watches. */
export const quiet = { NO_COLOR: "1", TERM: "dumb" } as const;

/** The arguments of Deno for a command, with its task's flags and permissions; in the project's folder. */
export function taskOf([name, ...args]: readonly string[]): readonly string[] {
  const [, ...flags] = settings.tasks[name!]!.command.split(" ");
  return [...flags, ...args];
}

const settings: { readonly tasks: Readonly<Record<string, { readonly command: string }>> } = JSON.parse(
  await Deno.readTextFile(`${project}deno.json`),
);

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
