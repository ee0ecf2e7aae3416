/** `deno task kill-test`: kills the program at its boundaries, and counts what is there twice, lost or nobody's. */
import { parseArgs } from "node:util";
import { findPrograms, startServer } from "../postgres_server.ts";
import { boundaries } from "./home.ts";
import { killMany, type Place } from "./kills.ts";
import postgres from "postgres";

const usage = `Usage: deno task kill-test [options]

  --kills N         kills, in turn at each of the ${boundaries.length} boundaries (200)
  --store STORE     pglite, postgres or both: the store of the program that is killed (both)
  --seed N          other moments and other edits (1)
  --without-intent  on a copy of the program that saves no intent before a creation: it has to report duplicates
  --json            print one JSON document instead of text`;
const options = {
  kills: { type: "string", default: "200" },
  store: { type: "string", default: "both" },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
  "without-intent": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;
const values = read();
if (values.help) {
  write(Deno.stdout, usage);
  Deno.exit(0);
}
const [kills, seed] = [Number(values.kills), Number(values.seed)];
if (!Number.isInteger(kills) || kills < boundaries.length) {
  fail(`--kills is a whole number, at least ${boundaries.length}: there are so many boundaries`);
}
if (!Number.isInteger(seed)) fail(`--seed is a whole number, not "${values.seed}"`);
if (!["pglite", "postgres", "both"].includes(values.store)) {
  fail(`--store is pglite, postgres or both, not "${values.store}"`);
}

const begun = performance.now();
const say = (line: string) =>
  write(Deno.stderr, `${((performance.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${line}`);
const programs = values.store === "pglite" ? null : findPrograms();
if (values.store !== "pglite" && programs === null) fail("PostgreSQL's server is not installed; say --store pglite");
const server = programs === null ? null : await startServer(programs);
let code = 1;
try {
  const killed = await killMany({
    ...{ kills, seed, places: await placesOf(values.store), withoutIntent: values["without-intent"], onProgress: say },
  });
  const share = Math.floor(kills / boundaries.length);
  const isShort = Object.values(killed.boundaries).some((hits) => hits < share);
  code = killed.duplicates + killed.lost + killed.orphans > 0 || isShort ? 1 : 0;
  say(`done, ${((performance.now() - begun) / 1000 / killed.kills).toFixed(1)} s for a kill`);
  if (values.json) write(Deno.stdout, JSON.stringify(killed));
  else {
    for (const name of boundaries) write(Deno.stdout, `${name.padEnd(24)}${killed.boundaries[name]}`);
    const { duplicates, lost, orphans } = killed;
    write(Deno.stdout, `${killed.kills} kills: ${duplicates} duplicates, ${lost} lost, ${orphans} orphans`);
  }
} finally {
  await server?.stop();
}
Deno.exit(code);

/** Two homes, of each store one where both are wanted. */
async function placesOf(store: string): Promise<readonly Place[]> {
  const kinds = store === "both" ? ["pglite", "postgres"] : [store, store];
  return await Promise.all(kinds.map(async (kind, at) => {
    const name = `${kind}-${at + 1}`;
    if (server === null || kind === "pglite") return { name, database: null };
    const database = `kill_${at + 1}`;
    const sql = postgres(server.url, { max: 1, onnotice: () => {} });
    await sql.unsafe(`create database ${database} template template0 encoding 'UTF8'`);
    await sql.end();
    return { name, database: server.url.replace(/\/postgres$/, `/${database}`) };
  }));
}

function read() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

function fail(message: string): never {
  write(Deno.stderr, `Cannot test: ${message}\n\n${usage}`);
  Deno.exit(2);
}

function write(to: { writeSync(bytes: Uint8Array): number }, line: string): void {
  to.writeSync(new TextEncoder().encode(`${line}\n`));
}
