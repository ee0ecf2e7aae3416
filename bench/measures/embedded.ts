/** The database in the home: a first synchronization beside the server's, and a run of all steps with nothing to do. */
import type { Bench, Measure } from "../bench.ts";
import { syncCustomers, tenging, wrongStore } from "../product.ts";
import { digits, judged, median, type Result } from "../results.ts";

const names = ["PGlite first sync", "all steps, nothing changed, PGlite"] as const;

export const embedded: Measure = {
  names,
  async run(bench) {
    const results: Result[] = [];
    if (bench.wants(names[0])) results.push(await beside(bench));
    if (bench.wants(names[1])) results.push(await unchanged(bench));
    return results;
  },
};

async function beside(bench: Bench): Promise<Result> {
  const customers = bench.sizes.embeddedFirst;
  const times = { embedded: [] as number[], server: [] as number[] };
  const wrong = new Set<string>();
  for (let round = 1; round <= bench.rounds; round++) {
    for (const store of ["embedded", "server"] as const) {
      const place = store === "server" ? await bench.place(customers) : await bench.embeddedPlace(customers);
      const { ms } = await syncCustomers(place);
      times[store].push(ms);
      bench.say(`first sync of ${customers}, ${store}: ${digits(ms / 1000)} s`);
      const why = await wrongStore(place);
      if (why !== null) wrong.add(why);
      await place.database?.drop();
    }
  }
  const [own, theirs] = [median(times.embedded), median(times.server)];
  return judged(
    {
      ...{ name: names[0], value: own / 1000, unit: "s", ratio: theirs / own },
      ...{ against: `server ${digits(theirs / 1000)} s`, size: `${customers} customers` },
    },
    { sign: ">=", of: 0.3 },
    [...wrong].join(", ") || null,
  );
}

async function unchanged(bench: Bench): Promise<Result> {
  const customers = bench.sizes.embedded;
  const place = await bench.embeddedPlace(customers);
  await tenging(place, "sync");
  const why = await wrongStore(place);
  const times: number[] = [];
  const last = (await place.services.log()).at(-1)!.n;
  for (let round = 1; round <= bench.rounds; round++) {
    const { ms } = await tenging(place, "sync");
    times.push(ms);
    bench.say(`all steps, nothing changed among ${customers}: ${digits(ms / 1000)} s`);
  }
  const writes = (await place.services.log(last)).reduce((sum, { innerWrites }) => sum + innerWrites, 0);
  return judged(
    {
      ...{ name: names[1], value: median(times) / 1000, unit: "s", against: "", ratio: null },
      size: `${customers} couplings`,
    },
    { sign: "<=", of: 3 },
    writes === 0 ? why : `${writes} writes although nothing changed`,
  );
}
