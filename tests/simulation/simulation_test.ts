/** The short form of `deno task simulate`. */
import { assert, assertEquals } from "@std/assert";
import { isCi } from "../shared.ts";
import { playBatch } from "./batch.ts";
import { exhaustive } from "./exhaustive.ts";
import { hunt } from "./patched.ts";
import { planted } from "./planted.ts";
import { plantedInSql } from "./planted_sql.ts";
import { oracleNames } from "./oracles.ts";
import { playAll } from "./pool.ts";
import { compareStores } from "./stores.ts";

/** Another one each time, but where a failure would stop everybody. */
const seed = isCi ? 20_260_101 : crypto.getRandomValues(new Uint32Array(1))[0]!;
const all = { without: [], isLogged: false, isShort: false } as const;

Deno.test("simulate() finds nothing wrong in histories of a seed that nobody chose", async () => {
  const tally = await playAll({ seed, from: 0, to: 1_000, ...all });
  assertEquals(tally.violations.slice(0, 1), [], `deno task simulate --seed ${seed}`);
  assert(tally.withFault >= 0.9 * tally.histories, `${tally.withFault} of ${tally.histories} with a fault`);
});

Deno.test("simulate() finds nothing wrong after single faults and pairs of faults", async () => {
  const chosen = (await exhaustive(seed)).filter((_, at) => at % 50 === 0);
  const tally = await playAll({ seed, from: 0, to: chosen.length, histories: chosen, ...all });
  assertEquals(tally.violations.slice(0, 1), [], `deno task simulate --exhaustive --seed ${seed}`);
  assertEquals(tally.withFault, chosen.length);
});

Deno.test("simulate() plays the same history alike twice", async () => {
  const digests = async () => (await playBatch({ seed, from: 0, to: 60, ...all, isLogged: true })).digests;
  const [one, other] = [await digests(), await digests()];
  assertEquals(one, other);
  assertEquals(new Set(Object.values(one)).size, 60);
});

Deno.test("simulate() decides alike on the store in memory and on PGlite", async () => {
  assertEquals(await compareStores({ seed, from: 0, to: 3, database: "pglite" }), { compared: 3, differing: [] });
});

Deno.test("every planted bug is caught", async () => {
  const left = [...plantedInSql, ...planted];
  const known: readonly string[] = [...oracleNames, "stores alike"];
  const caught: (readonly [string, boolean])[] = [];
  await Promise.all([1, 2].map(async () => {
    for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
      const found = await hunt(bug, { seed, histories: 4_000 });
      caught.push([bug.name, found.caught !== null && known.includes(found.caught.oracle)]);
    }
  }));
  assertEquals(caught.filter(([, isCaught]) => !isCaught), [], `deno task simulate --histories 0 --seed ${seed}`);
  assertEquals(caught.length, 31);
});

/** What each of these oracles alone sees. */
const alone = [
  ["loser's value not kept", "lineage"],
  ["lookup sent uncoupled", "lookups"],
  ["deleted record created again", "nothing revived"],
  ["equal edits called a conflict", "reasons hold"],
  ["base not updated when unchanged", "reasons hold"],
] as const;
for (const [name, without] of alone) {
  Deno.test({
    name: `the planted bug "${name}" slips through without the oracle "${without}"`,
    fn: async () => {
      const bug = planted.find((one) => one.name === name)!;
      assertEquals((await hunt(bug, { seed, histories: 100, without })).caught, null);
    },
  });
}
