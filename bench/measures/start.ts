/** What commands cost that open no store, against a program that does nothing: `graph` is the most demanding one. */
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
  const command = ["run", "-q", "-P=graph", "--no-prompt", `${project}main.ts`];
  const programs = {
    graph: [...command, "graph"],
    help: [...command, "help"],
    empty: ["run", "-q", "--no-prompt", empty],
  };
  const times = { graph: [] as number[], help: [] as number[], empty: [] as number[] };
  // The first of each fills the caches.
  for (let at = 0; at <= RUNS; at++) {
    for (const one of ["graph", "help", "empty"] as const) {
      const { ms } = await runWell(Deno.execPath(), programs[one]);
      if (at > 0) times[one].push(ms);
    }
  }
  const [graph, help, nothing] = [median(times.graph), median(times.help), median(times.empty)];
  const against = `help ${Math.round(help)} ms, empty program ${Math.round(nothing)} ms`;
  return judged(
    { name, value: graph, unit: "ms", against, ratio: graph / nothing, size: "graph" },
    { sign: "<=", of: 4 },
  );
}
