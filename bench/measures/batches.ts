/** Writing to a CRM that is 50 ms away: hundreds in a batch against one by one, with as many requests at once. */
import type { Bench, Measure } from "../bench.ts";
import type { Row } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { connect } from "../connectors.ts";
import { digits, judged, median, type Result } from "../results.ts";

const name = "writes at 50 ms latency";
const LATENCY = 50;
const AT_ONCE = 8;
/** What is written in one round; one by one it takes long enough with few. */
const MANY = 4000;
const FEW = 200;

export const batches: Measure = { names: [name], run: async (bench) => [await run(bench)] };

async function run(bench: Bench): Promise<Result> {
  const services = await bench.services(MANY); // nobody else has this one: accounts differ from customers afterwards
  const faults = new URL("/sandbox/faults", services.address.crmUrl);
  const rates = { batched: [] as number[], single: [] as number[] };
  for (let round = 1; round <= bench.rounds; round++) {
    for (const [kind, batchSize, count] of [["batched", 100, MANY], ["single", 1, FEW]] as const) {
      const accounts = connect(services, { batchSize, atOnce: AT_ONCE }).crm.open(dv.accounts);
      const rows: Row[] = [];
      for await (const page of accounts.read({ fields: ["fax"] })) rows.push(...page.rows);
      const writes = rows.slice(0, count).map(({ id, version }, at) => {
        return { op: "update" as const, id, version, fields: { fax: `+99 ${round} ${at} ${batchSize}` } };
      });
      const rule = { service: "dataverse", kind: "latency", ms: LATENCY, times: 1_000_000 };
      await send(faults, "POST", [rule]);
      const began = performance.now();
      const outcomes = await accounts.write(writes, { fields: ["fax"] });
      const ms = performance.now() - began;
      await send(faults, "DELETE");
      const stored = outcomes.filter((outcome) => outcome.kind === "ok").length;
      if (stored !== count) throw new Error(`Cannot measure: ${stored} of ${count} writes took effect`);
      rates[kind].push(count / ms * 1000);
      bench.say(`${count} writes, ${batchSize} in a request: ${digits(ms / 1000)} s`);
    }
  }
  const found = await services.accounts(`startswith(fax,'+99 ${bench.rounds} ')`);
  const why = found === MANY ? null : `${found} accounts have the last value instead of ${MANY}`;
  const [batched, single] = [median(rates.batched), median(rates.single)];
  return judged(
    {
      ...{ name, value: batched, unit: "records/s", against: `${digits(single)} one by one` },
      ...{ ratio: batched / single, size: `${AT_ONCE} requests at once` },
    },
    { sign: ">=", of: 50 },
    why,
  );
}

async function send(url: URL, method: string, body?: unknown): Promise<void> {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`Cannot set a fault: ${response.status}`);
}
