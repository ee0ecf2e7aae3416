/** `deno task bench`: measures the product against what the machine can do, in the same run. */
import { parseArgs } from "node:util";
import { type Measure, sizes, withBench } from "./bench.ts";
import { measures } from "./measures/all.ts";
import { project } from "./processes.ts";
import { failed, json, type Result, table } from "./results.ts";

const usage = `Usage: deno task bench [options]

  --sizes full    with the sizes that the goals are meant for, up to a million customers (default: quick)
  --only NAME     lines whose name begins so; can be repeated
  --rounds N      how often each thing is measured; the median counts (3)

Lines: ${measures.flatMap(({ names }) => names).join(" · ")}
The results are also in bench/results.json.`;

const encoder = new TextEncoder();
const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(`${text}\n`));
const say = (text: string) => void Deno.stderr.writeSync(encoder.encode(`${text}\n`));

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      ...{ sizes: { type: "string", default: "quick" }, rounds: { type: "string", default: "3" } },
      ...{ only: { type: "string", multiple: true, default: [] }, help: { type: "boolean" } },
    },
  });
  const wants = (name: string) => isWanted(name, values.only);
  const chosen = measures.filter(({ names }) => names.some(wants));
  const rounds = Number(values.rounds);
  const size = Object.hasOwn(sizes, values.sizes) ? sizes[values.sizes as keyof typeof sizes] : null;
  if (values.help || size === null || chosen.length === 0 || !(rounds >= 1)) return print(usage), values.help ? 0 : 2;

  let results: readonly Result[] = [];
  await withBench({ sizes: size, rounds, say, wants }, async (bench) => {
    print(`load ${loads()} · PostgreSQL: ${bench.server.settings}`);
    for (const measure of chosen) results = [...results, ...await measured(measure, () => measure.run(bench))];
    print(`load ${loads()}`);
  });
  results = results.filter(({ name }) => wants(name));
  await Deno.writeTextFile(`${project}bench/results.json`, json(results));
  print(table(results));
  return results.every(({ holds }) => holds === true) ? 0 : 1;
}

function isWanted(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((beginning) => name.startsWith(beginning));
}

/** A measure that throws leaves its lines void; the others are still measured. */
async function measured({ names }: Measure, work: () => Promise<readonly Result[]>): Promise<readonly Result[]> {
  try {
    return await work();
  } catch (error) {
    return names.map((name) => failed(name, error));
  }
}

function loads(): string {
  return Deno.loadavg().map((load) => load.toFixed(2)).join(" ");
}

if (import.meta.main) Deno.exit(await main());
