/** What a store with very many couplings costs: memory of the first run, a run with few changes, the report. */
import type { Bench, Measure } from "../bench.ts";
import type { Ended } from "../processes.ts";
import { type ServerPlace, syncCustomers, tenging, wrongCounts, wrongStore } from "../product.ts";
import { digits, judged, median, type Result } from "../results.ts";
import { changedPhone } from "../world.ts";

const CHANGED = 1000;

const names = {
  ...{ changes: "changes among many", peak: "peak memory", growth: "peak memory, growth" },
  ...{ report: "report", reportPeak: "report, peak memory" },
} as const;

export const large: Measure = { names: Object.values(names), run };

interface Synced extends ServerPlace {
  readonly customers: number;
  /** Of the first synchronization, in MB. */
  readonly peak: number;
  readonly why: string | null;
}

async function run(bench: Bench): Promise<readonly Result[]> {
  const many = await synced(bench, bench.sizes.large);
  const results: Result[] = [];
  if ([names.report, names.reportPeak].some(bench.wants)) results.push(...await report(bench, many));
  if (![names.changes, names.peak, names.growth].some(bench.wants)) return results;
  const small = await synced(bench, bench.sizes.small);
  results.push(...memory(small, many));
  if (bench.wants(names.changes)) results.push(await changes(bench, small, many));
  return results;
}

async function synced(bench: Bench, customers: number): Promise<Synced> {
  const place = await bench.place(customers);
  const { peak, ms } = await syncCustomers(place);
  bench.say(`first sync of ${customers}: ${digits(ms / 1000)} s, ${digits(peak)} MB`);
  return { ...place, customers, peak, why: await wrongStore(place) };
}

function memory(small: Synced, many: Synced): Result[] {
  const why = small.why ?? many.why;
  const value = { value: many.peak, unit: "MB", size: `${many.customers} customers` };
  const growth = { against: `${digits(small.peak)} MB with ${small.customers}`, ratio: many.peak / small.peak };
  return [
    judged({ name: names.peak, ...value, against: "", ratio: null }, { sign: "<=", of: 400 }, why),
    judged({ name: names.growth, ...value, ...growth }, { sign: "<=", of: 1.7 }, why),
  ];
}

async function changes(bench: Bench, small: Synced, many: Synced): Promise<Result> {
  const times = { small: [] as number[], many: [] as number[] };
  const wrong = new Set<string>();
  // The round before the first is the sandboxes' own: they put what changed in order when they are first asked for it.
  for (let round = 0; round <= bench.rounds; round++) {
    for (const [name, place] of [["small", small], ["many", many]] as const) {
      await place.services.change(CHANGED, round);
      const { ms } = await tenging(place, "sync", "--select", "customers");
      if (round > 0) times[name].push(ms);
      bench.say(`${CHANGED} changes among ${place.customers}: ${digits(ms / 1000)} s`);
      const found = await place.services.accounts(`startswith(telephone1,'${changedPhone(round)}')`);
      const why = wrongCounts([[`accounts with what changed among ${place.customers}`, found, CHANGED]]);
      if (why !== null) wrong.add(why);
    }
  }
  const [few, lot] = [median(times.small), median(times.many)];
  return judged(
    {
      ...{ name: names.changes, value: lot / 1000, unit: "s", ratio: lot / few },
      ...{ against: `${digits(few / 1000)} s`, size: `${CHANGED} of ${many.customers}, of ${small.customers}` },
    },
    { sign: "<=", of: 1.5 },
    [...wrong].join(", ") || null,
  );
}

async function report(bench: Bench, many: Synced): Promise<Result[]> {
  const file = `${many.home}/report.csv`;
  const runs: Ended[] = [];
  for (let round = 1; round <= bench.rounds; round++) {
    runs.push(await tenging(many, "report", "--out", file));
    bench.say(`report of ${many.customers}: ${digits(runs.at(-1)!.ms / 1000)} s, ${digits(runs.at(-1)!.peak)} MB`);
  }
  const why = wrongCounts([["lines of coupled customers", await coupledIn(file), many.customers]]);
  const [ms, peak] = [median(runs.map((one) => one.ms)), median(runs.map((one) => one.peak))];
  const size = `${many.customers} couplings`;
  const alone = { against: "", ratio: null, size };
  return [
    judged({ name: names.report, value: ms / 1000, unit: "s", ...alone }, { sign: "<=", of: 15 }, why),
    judged({ name: names.reportPeak, value: peak, unit: "MB", ...alone }, { sign: "<=", of: 150 }, why),
  ];
}

/** Lines of a report that say that a customer is coupled. */
async function coupledIn(file: string): Promise<number> {
  let rest = "";
  let count = 0;
  using opened = await Deno.open(file);
  for await (const piece of opened.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.includes(",customers,") && line.includes(",coupled,")) count++;
  }
  return count;
}
