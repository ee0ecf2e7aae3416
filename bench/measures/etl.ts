/**
 * The plain job of docs/connectors.md: the ERP's customers in a table that refuses some of them, and the same job again,
 * against `psql \copy` of the same rows into the same table.
 */
import { sandboxCredentials } from "../../sandbox/mod.ts";
import type { Bench, Measure } from "../bench.ts";
import { project, runWell } from "../processes.ts";
import { type Place, quiet, type ServerPlace, taskOf, wrongCounts } from "../product.ts";
import { digits, judged, median, type Result } from "../results.ts";

const names = ["plain ETL job", "plain ETL job again"] as const;

export const etl: Measure = { names, run };

/** Every thousandth row is one that the table refuses. */
const refused = "number not like '%999'";

async function run(bench: Bench): Promise<readonly Result[]> {
  const customers = bench.sizes.first;
  const times = { job: [] as number[], again: [] as number[], copy: [] as number[] };
  const wrong = new Set<string>();
  const page = await Deno.readTextFile(`${project}docs/connectors.md`);
  for (let round = 1; round <= bench.rounds; round++) {
    const place = await bench.place(customers);
    const { database } = place;
    await database.psql(
      ...["create schema sales", `set search_path to sales; ${blockOf(page, "sql")}`],
      ...[`alter table sales.customers add constraint wanted check (${refused})`, "checkpoint"],
    );
    const dir = await copied(`${bench.dir}/etl-${round}/`);
    await Deno.writeTextFile(`${dir}pipelines/customer_table.ts`, blockOf(page, "ts"));
    await Deno.writeTextFile(
      `${dir}pipelines/mod.ts`,
      'import { customerTable } from "./customer_table.ts";\nexport const steps = [customerTable];\nexport const models = [];\n',
    );
    await Deno.writeTextFile(`${dir}tenging.json`, JSON.stringify(configuration(place)));
    const job = async (...options: string[]) => {
      const env = {
        ...{ TENGING_HOME: `${dir}.tenging/etl`, DATABASE_URL: database.url, DATABASE_URL_FILE: "", ...quiet },
        ...{ TENGING_ERP_CLIENT_SECRET: sandboxCredentials.clientSecret, TENGING_CRM_DATABASE_URL: database.url },
      };
      const ended = await runWell(Deno.execPath(), taskOf(["sync", ...options]), { env, dir, codes: [3] });
      const why = await wrongJob(place);
      if (why !== null) wrong.add(why);
      return ended;
    };
    const first = await job("--yes");
    times.job.push(first.ms);
    bench.say(`plain ETL job, round ${round}: ${digits(first.ms / 1000)} s, ${digits(first.peak)} MB`);
    const written = "select sum(xmin::text::bigint) from sales.customers";
    const before = await database.number(written);
    const again = await job();
    times.again.push(again.ms);
    if (await database.number(written) !== before) wrong.add("the second job wrote to the table");
    bench.say(`again, round ${round}: ${digits(again.ms / 1000)} s, ${digits(again.peak)} MB`);
    const file = `${bench.dir}/customers.copy`;
    await database.psql(
      ...[`\\copy sales.customers to '${file}'`, "create schema bench_limit"],
      ...["create table bench_limit.customers (like sales.customers including all)", "checkpoint"],
    );
    times.copy.push((await database.psql(`\\copy bench_limit.customers from '${file}'`)).ms);
    bench.say(`copy, round ${round}: ${digits(times.copy.at(-1)! / 1000)} s`);
    await database.drop();
  }
  const why = [...wrong].join("; ") || null;
  const [job, again, copy] = [median(times.job), median(times.again), median(times.copy)];
  const size = `${customers} customers`;
  const line = (name: string, ms: number) => ({ name, value: ms / 1000, unit: "s", size });
  return [
    judged(
      { ...line(names[0], job), against: `copy ${digits(copy / 1000)} s`, ratio: copy / job },
      { sign: ">=", of: 0.25 },
      why,
    ),
    judged(
      { ...line(names[1], again), against: `first ${digits(job / 1000)} s`, ratio: job / again },
      { sign: ">=", of: 3 },
      why,
    ),
  ];
}

/** Copies what the program needs to run, so that its definitions may be others. */
async function copied(dir: string): Promise<string> {
  await Deno.mkdir(dir);
  for await (const { name } of Deno.readDir(project)) {
    if (name.startsWith(".") || ["bench", "docs", "node_modules", "tests"].includes(name)) continue;
    await runWell("cp", ["-r", `${project}${name}`, `${dir}${name}`]);
  }
  await Deno.symlink(`${project}node_modules`, `${dir}node_modules`);
  // Reading is narrowed to the tree, and the packages lie outside of it.
  const settings = await Deno.readTextFile(`${dir}deno.json`);
  const packages = JSON.stringify(await Deno.realPath(`${project}node_modules`));
  await Deno.writeTextFile(`${dir}deno.json`, settings.replaceAll('"read": ["."]', `"read": [".", ${packages}]`));
  return dir;
}

function blockOf(page: string, language: string): string {
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)![1]!;
}

function configuration({ services: { address } }: Place): unknown {
  const { tenant, clientId } = sandboxCredentials;
  const { companyId, erpUrl, tokenUrl } = address;
  const erp = { tenant, environment: "sandbox", companyId, clientId, tokenUrl };
  const baseUrl = erpUrl.replace("/api/v2.0/", "");
  return { connections: { default: { erp: { ...erp, baseUrl }, crm: { database: { schema: "sales" } } } } };
}

/** Why the table, or what is kept of the job, is not what it must be; null when it is. Asked without the product. */
async function wrongJob({ database, services: { customers } }: ServerPlace): Promise<string | null> {
  const bad = Math.floor((customers - 999) / 1000) + 1;
  const of = "step = 'customer table'";
  const count = async (what: string, from: string, wanted: number) =>
    [what, await database.number(`select count(*) from ${from}`), wanted] as const;
  return wrongCounts([
    await count("rows", "sales.customers", customers - bad),
    await count("couplings", `couplings where ${of} and state = 'coupled'`, customers - bad),
    await count("listed rows", `changes where ${of} and state = 'open'`, bad),
  ]);
}
