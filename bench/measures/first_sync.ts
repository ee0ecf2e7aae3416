/** The first synchronization of coupled-to-be customers, and a full one when nothing changed, against the limit. */
import type { Bench, Measure } from "../bench.ts";
import { type Dump, dump, type Limit, limit } from "../limit.ts";
import { syncCustomers, wrongStore } from "../product.ts";
import { digits, judged, median, type Result } from "../results.ts";

const names = ["first sync", "full run, nothing changed"] as const;

export const firstSync: Measure = { names, run };

async function run(bench: Bench): Promise<readonly Result[]> {
  const customers = bench.sizes.first;
  const times: Record<(typeof names)[number], number[]> = { "first sync": [], "full run, nothing changed": [] };
  const limits: Limit[] = [];
  const wrong = new Set<string>();
  let dumped: Dump | null = null;
  for (let round = 1; round <= bench.rounds; round++) {
    const place = await bench.place(customers);
    const measured = async (name: (typeof names)[number], ...options: readonly string[]) => {
      await place.database.psql("checkpoint");
      const { ms } = await syncCustomers(place, ...options);
      times[name].push(ms);
      const why = await wrongStore(place);
      if (why !== null) wrong.add(`${name}: ${why}`);
      bench.say(`${name}, round ${round}: ${digits(ms / 1000)} s`);
    };
    await measured("first sync");
    dumped ??= await dump(place.database, bench.dir);
    const found = await limit(place, dumped);
    limits.push(found);
    bench.say(`limit, round ${round}: drain ${digits(found.drainMs / 1000)} s, copy ${digits(found.copyMs / 1000)} s`);
    await measured("full run, nothing changed", "--full");
    await place.database.drop();
  }
  const best = median(limits.map(({ ms }) => ms));
  const unsound = limits.filter(({ why }) => why !== null);
  // One slow round of three does not decide the median.
  const why = [...wrong, ...(unsound.length * 2 > limits.length ? [unsound[0]!.why!] : [])].join("; ") || null;
  const line = (name: (typeof names)[number], ratio: (ms: number) => number) => {
    const ms = median(times[name]);
    const against = `limit ${digits(best / 1000)} s`;
    return { name, value: ms / 1000, unit: "s", against, ratio: ratio(ms), size: `${customers} customers` };
  };
  return [
    judged(line("first sync", (ms) => best / ms), { sign: ">=", of: 0.55 }, why),
    judged(line("full run, nothing changed", (ms) => ms / best), { sign: "<=", of: 1 }, why),
  ];
}
