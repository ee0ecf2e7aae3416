/** What a command costs that asks nobody, against a program that does nothing. */
import type { Bench, Measure } from "../bench.ts";
import { project, runWell } from "../processes.ts";
import { judged, median, type Result } from "../results.ts";

const name = "start";
/** Runs of some tens of milliseconds; more of them than of those that take seconds. */
const RUNS = 7;

export const start: Measure = { names: [name], run: async (bench) => [await run(bench)] };

async function run(bench: Bench): Promise<Result> {
  const empty = `${bench.dir}/empty.ts`;
  await Deno.writeTextFile(empty, "");
  const times = { help: [] as number[], empty: [] as number[] };
  // The first of each fills the caches.
  for (let at = 0; at <= RUNS; at++) {
    const help = await runWell(Deno.execPath(), ["run", "-q", "-P=graph", "--no-prompt", `${project}main.ts`, "help"]);
    const nothing = await runWell(Deno.execPath(), ["run", "-q", "--no-prompt", empty]);
    if (at === 0) continue;
    times.help.push(help.ms);
    times.empty.push(nothing.ms);
  }
  const [help, nothing] = [median(times.help), median(times.empty)];
  return judged({
    ...{ name, value: help, unit: "ms", against: `empty program ${Math.round(nothing)} ms` },
    ...{ ratio: help / nothing, size: "help" },
  }, { sign: "<=", of: 4 });
}
