/**
 * The work on each row that is read from memory: its decimals kept, checked, mapped, and made a record with its
 * fingerprint, by the functions that a run calls. It is what a reading takes beyond the transport and JSON.parse of the same
 * answers, against JSON.parse alone.
 */
import type { Bench, Measure } from "../bench.ts";
import { readSettings } from "../../cli/configuration.ts";
import { loadPipeline } from "../../cli/pipeline.ts";
import { recordOf } from "../../engine/record.ts";
import { exchange, wholeText } from "../../connectors/exchange.ts";
import { compile } from "../../engine/compile.ts";
import { connect } from "../connectors.ts";
import { project } from "../processes.ts";
import { judged, median, type Result } from "../results.ts";

const names = { erp: "per row work, ERP", crm: "per row work, CRM" } as const;
/** Rounds of some tens of milliseconds; the first are the compiler's. */
const WARM = 3;
const ROUNDS = 9;

export const perRow: Measure = { names: Object.values(names), run };

async function run(bench: Bench): Promise<readonly Result[]> {
  const services = await bench.services(bench.sizes.embeddedFirst);
  const tape = replayed();
  const connectors = connect(services, { fetch: tape.fetch });
  const { steps } = await loadPipeline(readSettings(null), `${project}pipelines`);
  const { step, fields } = compile(steps.find(({ name }) => name === "customers")!);
  const results: Result[] = [];
  for (const side of ["erp", "crm"] as const) {
    const times = { work: [] as number[], parse: [] as number[] };
    let count = 0;
    for (let round = -WARM; round < ROUNDS; round++) {
      tape.asked.clear();
      const began = performance.now();
      count = 0;
      for await (const page of connectors[side].open(step.extract[side]).read({ fields: fields[side] })) {
        for (const row of page.rows) if (recordOf(step.extract[side], fields[side], row).fingerprint !== "") count++;
      }
      const read = performance.now() - began;
      const texts: string[] = [];
      const sent = performance.now();
      for (const url of tape.asked) {
        const { chunks } = await exchange(url, plain, { ...transport, fetch: tape.fetch });
        texts.push(wholeText(chunks));
      }
      const transported = performance.now() - sent;
      const parsed = performance.now();
      for (const text of texts) JSON.parse(text);
      const parse = performance.now() - parsed;
      if (round < 0) continue;
      times.parse.push(parse);
      times.work.push(read - transported - parse);
    }
    const [work, parse] = [median(times.work), median(times.parse)];
    const micros = (ms: number) => ms / count * 1000;
    const why = count === services.customers ? null : `${count} rows instead of ${services.customers}`;
    results.push(judged(
      {
        ...{ name: names[side], value: micros(work), unit: "µs", ratio: work / parse },
        ...{ against: `JSON.parse ${micros(parse).toFixed(1)} µs`, size: `${count} rows` },
      },
      { sign: "<=", of: 3 },
      why,
    ));
  }
  return results;
}

const plain = { method: "GET", headers: new Headers(), body: null };
const transport = {
  ...{ service: "sandbox", action: "read again", maxBytes: 1e9 },
  deadlines: { first: 60_000, idle: 60_000, total: 60_000 },
};

/** A fetch that asks the service once for each address, and gives the same answer from memory afterwards. */
function replayed(): { fetch: typeof fetch; asked: Set<string> } {
  const answers = new Map<string, { readonly text: string; readonly init: ResponseInit }>();
  const asked = new Set<string>();
  return {
    asked,
    async fetch(input, init) {
      const request = new Request(input, init);
      const key = `${request.method} ${request.url} ${await request.clone().text()}`;
      if (!answers.has(key)) {
        const response = await fetch(request);
        const { status, headers } = response;
        answers.set(key, { text: await response.text(), init: { status, headers } });
      }
      const { text, init: answered } = answers.get(key)!;
      if (request.method === "GET") asked.add(request.url);
      return new Response(text, answered);
    },
  };
}
