/**
 * The limit: how fast the data can be had and kept at all. The services' pages are fetched without a look at them, and
 * `psql \copy` puts what a first synchronization kept into tables of the same definition.
 */
import type { Drained, Reading } from "./drain.ts";
import { ours, runWell } from "./processes.ts";
import { type ServerPlace, wrongCounts } from "./product.ts";
import type { Database } from "./server.ts";
import { type Logged, type Services, signIn } from "./services.ts";

export interface Limit {
  /** Of whole processes, in milliseconds. */
  readonly ms: number;
  readonly drainMs: number;
  readonly copyMs: number;
  /** Why nothing can be measured against it; null when it is sound. */
  readonly why: string | null;
}
/** Files with the rows of the store's tables. */
export interface Dump {
  readonly files: ReadonlyMap<string, string>;
  /** Rows of `records`. */
  readonly records: number;
}

/** The tables with a row for each record and each pair. */
const tables = ["records", "couplings"];
/** How much faster than `psql \copy` the services must be, so that it is not them who are measured. */
const LEAST = 2.5;
/** What the connectors prefer when they read everything; the log of the sandbox doesn't tell it. */
const prefers = {
  business_central: "odata.maxpagesize=2500",
  dataverse:
    'odata.track-changes,odata.maxpagesize=2500,odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"',
};

/** Writes the rows that a synchronization kept to files. */
export async function dump(database: Database, dir: string): Promise<Dump> {
  const files = new Map(tables.map((name) => [name, `${dir}/${name}.copy`]));
  for (const [name, file] of files) {
    await database.psql(`\\copy (select * from ${name} where step = 'customers') to '${file}'`);
  }
  return { files, records: await database.number("select count(*) from records where step = 'customers'") };
}

/** Measures it once, in fresh tables of the place's database. */
export async function limit({ services, database }: ServerPlace, dumped: Dump): Promise<Limit> {
  const drained = await drain(services);
  await database.psql(
    ...["drop schema if exists bench_limit cascade", "create schema bench_limit"],
    ...tables.map((name) => `create table bench_limit.${name} (like ${name} including all)`),
    "checkpoint",
  );
  const copied = new Map<string, number>();
  for (const [name, file] of dumped.files) {
    copied.set(name, (await database.psql(`\\copy bench_limit.${name} from '${file}'`)).ms);
  }
  const copyMs = [...copied.values()].reduce((sum, ms) => sum + ms, 0);
  const perSecond = dumped.records / copied.get("records")! * 1000;
  const slow = drained.rates.filter(({ rate }) => rate < LEAST * perSecond)
    .map(({ service, rate }) =>
      `the sandbox's ${service} gives ${Math.round(rate)} rows/s, psql takes ${Math.round(perSecond)}`
    );
  const wrong = wrongCounts([
    ["copied records", await database.number("select count(*) from bench_limit.records"), dumped.records],
    ["copied couplings", await database.number("select count(*) from bench_limit.couplings"), services.customers],
  ]);
  const why = [...slow, ...drained.wrong, ...(wrong === null ? [] : [wrong])].join(", ") || null;
  return { ms: drained.ms + copyMs, drainMs: drained.ms, copyMs, why };
}

/** Fetches all that a synchronization read of customers and accounts, by the requests that it sent itself. */
async function drain(services: Services): Promise<{
  readonly ms: number;
  readonly rates: readonly { readonly service: string; readonly rate: number }[];
  readonly wrong: readonly string[];
}> {
  const before = await services.log();
  const names = ["business_central", "dataverse"] as const;
  const { erpUrl, crmUrl, tokenUrl } = services.address;
  const readings = await Promise.all(names.map(async (service): Promise<Reading> => {
    const { href } = new URL(firstPage(before, service), service === "dataverse" ? crmUrl : erpUrl);
    return { url: href, headers: { ...await signIn(tokenUrl, href), Prefer: prefers[service] } };
  }));
  const file = new URL("drain.ts", import.meta.url).pathname;
  const { ms, stdout } = await runWell(Deno.execPath(), [...ours, file, JSON.stringify(readings)]);
  const each = JSON.parse(stdout) as readonly Drained[];
  const after = await services.log(before.at(-1)?.n);
  const rowsOf = (name: string) =>
    after.filter(({ service }) => service === name).reduce((sum, { rows }) => sum + rows, 0);
  return {
    ms,
    rates: names.map((service, at) => ({ service, rate: services.customers / each[at]!.ms * 1000 })),
    wrong: names.filter((name) => rowsOf(name) !== services.customers)
      .map((name) => `${rowsOf(name)} rows of ${name} were drained instead of ${services.customers}`),
  };
}

/** The path of the largest page that was read from the beginning. */
function firstPage(log: readonly Logged[], service: Logged["service"]): string {
  const firsts = log.filter((one) =>
    one.service === service && one.method === "GET" && !/skiptoken|deltatoken/i.test(one.path)
  );
  const largest = firsts.toSorted((a, b) => b.rows - a.rows)[0];
  if (largest === undefined) {
    throw new Error(`Cannot find the limit: nothing was read of ${service}; synchronize first`);
  }
  return largest.path;
}
