/**
 * `deno task simulate`: plants known bugs to see that the oracles catch them, then plays histories of users, runs and
 * faults on the real engine, and fails where one ends otherwise than it must.
 */
import { parseArgs } from "node:util";
import postgres from "postgres";
import { findPrograms, startServer } from "../postgres_server.ts";
import type { Tally } from "./batch.ts";
import { exhaustive } from "./exhaustive.ts";
import { historyOf } from "./history.ts";
import { hunt, type Hunted } from "./patched.ts";
import { planted } from "./planted.ts";
import { plantedInSql } from "./planted_sql.ts";
import { play } from "./play.ts";
import { compareAll, playAll, threads } from "./pool.ts";
import type { Comparison } from "./stores.ts";
import { enough, leastReached, situations } from "./situations.ts";

const usage = `Usage: deno task simulate [options]

  --histories N   histories that are played (20000)
  --seed N        another seed, other histories (drawn, and printed)
  --history K     play this one alone, and print what happens in it
  --exhaustive    instead of drawn ones: every fault at every call of chosen histories, and pairs of faults
  --store STORE   play each in memory and in pglite (the embedded database) or postgres (a server that it starts, and
                  stops), and compare byte for byte
  --bugs N        histories in which each planted bug has to be caught (4000; 0: plant none)
  --log FILE      write a digest of each history's log
  --json          print one JSON document instead of text`;

const encoder = new TextEncoder();
function print(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}
function say(text: string): void {
  Deno.stderr.writeSync(encoder.encode(`${text}\n`));
}

interface Options {
  readonly histories: number;
  readonly seed: number;
  readonly bugs: number;
  readonly log: string | null;
  readonly isExhaustive: boolean;
  readonly isJson: boolean;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      ...{
        histories: { type: "string" },
        seed: { type: "string" },
        history: { type: "string" },
        bugs: { type: "string" },
      },
      ...{ store: { type: "string" }, log: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } },
      exhaustive: { type: "boolean" },
    },
  });
  if (values.help) return print(usage), 0;
  const seed = numberOf("seed", values.seed) ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  const history = numberOf("history", values.history);
  const isExhaustive = values.exhaustive === true;
  if (history !== null) return await replay(seed, history, isExhaustive);
  const options: Options = {
    histories: numberOf("histories", values.histories) ?? 20_000,
    ...{ seed, bugs: numberOf("bugs", values.bugs) ?? 4_000, log: values.log ?? null },
    ...{ isExhaustive, isJson: values.json === true },
  };
  if (values.store === "pglite") {
    return await compare(options, { place: "in the embedded database", databases: ["pglite"] });
  }
  if (values.store === "postgres") return await compareOnServer(options);
  if (values.store !== undefined && values.store !== "memory") {
    throw new RangeError(`--store is memory, pglite or postgres, not "${values.store}"`);
  }
  return await simulate(options);
}

/** A whole number, at least 0; null where nothing is said. */
function numberOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(`--${name} is a whole number, not "${text}"`);
  return Number(text);
}

async function simulate({ histories: wanted, seed, bugs, log, isExhaustive, isJson }: Options): Promise<number> {
  say(`Seed ${seed}`);
  const chosen = isExhaustive ? await exhaustive(seed) : undefined;
  const histories = chosen?.length ?? wanted;
  const hunted = bugs === 0 || isExhaustive ? [] : await huntAll({ seed, histories: bugs });
  const started = Date.now();
  let said = started;
  let told = 0;
  const batch = { seed, from: 0, to: histories, without: [], isLogged: log !== null, isShort: false };
  const tally = await playAll(chosen === undefined ? batch : { ...batch, histories: chosen }, {
    onProgress: ({ histories: done, violations }) => {
      for (; told < violations.length; told++) {
        const { oracle, what, history } = violations[told]!;
        say(`Violated in history ${history}: ${oracle}: ${what}`);
      }
      if (Date.now() - said < 10_000) return;
      said = Date.now();
      const rate = Math.round(done / ((said - started) / 1000));
      say(`${done} of ${histories} histories, ${rate} a second, ${violations.length} violations`);
    },
  });
  const missed = isExhaustive || histories < enough
    ? []
    : situations.filter((name) => (tally.situations[name] ?? 0) < leastReached);
  const isCalm = tally.withFault < 0.9 * tally.histories;
  if (log !== null) {
    const lines = Object.entries(tally.digests).sort(([a], [b]) => Number(a) - Number(b)).map((one) => one.join(" "));
    await Deno.writeTextFile(log, `${lines.join("\n")}\n`);
  }
  if (isJson) print(JSON.stringify(documentOf(tally, { seed, hunted }), null, 2));
  else tell(tally, { seconds: (Date.now() - started) / 1000, hunted });
  for (const name of missed) {
    say(`Not proven: "${name}" was reached in ${tally.situations[name] ?? 0} histories, less than ${leastReached}`);
  }
  if (isCalm) say(`Not proven: only ${tally.withFault} of ${tally.histories} histories had a fault`);
  for (const { bug } of hunted.filter(({ caught }) => caught === null)) say(`Not caught: the planted bug "${bug}"`);
  const [first] = tally.violations;
  if (first !== undefined) {
    say(`Violated: ${first.oracle}: ${first.what}`);
    say(`Next: deno task simulate --seed ${seed}${isExhaustive ? " --exhaustive" : ""} --history ${first.history}`);
  }
  return first !== undefined || missed.length > 0 || isCalm || hunted.some(({ caught }) => caught === null) ? 1 : 0;
}

function documentOf(tally: Tally, { seed, hunted }: { seed: number; hunted: readonly Hunted[] }) {
  const reached = situations.map((name) => [name, tally.situations[name] ?? 0] as const);
  return {
    ...{ histories: tally.histories, withFault: tally.withFault, faults: tally.faults },
    situations: Object.fromEntries(reached),
    violations: tally.violations,
    plantedBugs: hunted.length,
    plantedCaught: hunted.filter(({ caught }) => caught !== null).length,
    seed,
  };
}

function tell(tally: Tally, { seconds, hunted }: { seconds: number; hunted: readonly Hunted[] }): void {
  const share = (100 * tally.withFault / Math.max(1, tally.histories)).toFixed(1);
  const counts = situations.map((name) => tally.situations[name] ?? 0);
  print(`${tally.histories} histories in ${seconds.toFixed(0)} s, ${share} % with a fault, ${tally.faults} faults`);
  const reached = counts.filter((count) => count > 0).length;
  print(`${reached} of ${situations.length} situations came about, the rarest in ${Math.min(...counts)} histories`);
  if (hunted.length > 0) {
    print(`${hunted.filter(({ caught }) => caught !== null).length} of ${hunted.length} planted bugs caught`);
  }
  print(`${tally.violations.length} violations`);
}

/** Plants each bug in a copy of its own, two at a time. */
async function huntAll(budget: { seed: number; histories: number }): Promise<readonly Hunted[]> {
  const left = [...plantedInSql, ...planted];
  const hunted: Hunted[] = [];
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, async () => {
    for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
      const found = await hunt(bug, budget);
      hunted.push(found);
      const by = found.caught === null ? "not caught" : `"${found.caught.oracle}" in history ${found.caught.history}`;
      say(`Planted: ${bug.name}: ${by}`);
    }
  }));
  return hunted;
}

async function replay(seed: number, number: number, isExhaustive: boolean): Promise<number> {
  const history = isExhaustive ? (await exhaustive(seed))[number] : historyOf(seed, number);
  if (history === undefined) throw new RangeError(`there is no history ${number} among those of --exhaustive`);
  print(JSON.stringify(history, null, 1));
  const played = await play(history, { isLogged: true });
  for (const line of played.log) print(line);
  for (const { oracle, what } of played.violations) print(`Violated: ${oracle}: ${what}`);
  print(`${played.violations.length} violations`);
  return played.violations.length > 0 ? 1 : 0;
}

async function compareOnServer(options: Options): Promise<number> {
  const programs = findPrograms();
  if (programs === null) throw new RangeError("--store postgres needs the programs of PostgreSQL 15 or newer");
  const server = await startServer(programs);
  try {
    const databases = Array.from({ length: threads }, (_, thread) => `histories_${thread}`);
    const client = postgres(server.url, { max: 1 });
    for (const database of databases) await client.unsafe(`create database ${database} template template0`);
    await client.end();
    const { hostname: host, port, username: user, password } = new URL(server.url);
    const address = { host, port: Number(port), user, password, tls: "disable", authorities: null } as const;
    return await compare(options, {
      place: "on a PostgreSQL server",
      databases: databases.map((database) => ({ ...address, database })),
    });
  } finally {
    await server.stop();
  }
}

async function compare(
  { histories, seed, isJson }: Options,
  { place, databases }: { readonly place: string; readonly databases: readonly Comparison["database"][] },
): Promise<number> {
  say(`Seed ${seed}, in memory and ${place}`);
  const { compared, differing } = await compareAll({ seed, from: 0, to: histories, databases }, {
    onProgress: (so) => say(`${so.compared} of ${histories} histories, ${so.differing.length} differ`),
  });
  if (isJson) print(JSON.stringify({ histories: compared, differing, seed }, null, 2));
  else print(`${compared} histories in memory and ${place}, ${differing.length} differ`);
  for (const { history, memory, database } of differing.slice(0, 10)) {
    say(`History ${history} differs:\n  in memory: ${memory}\n  ${place}: ${database}`);
  }
  if (differing.length > 0) say(`Next: deno task simulate --seed ${seed} --history ${differing[0]!.history}`);
  return differing.length > 0 ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof RangeError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS"))) throw error;
    say(`Cannot simulate: ${(error as Error).message}\n\n${usage}`);
    Deno.exit(2);
  }
}
