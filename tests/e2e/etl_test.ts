/** The plain job of docs/connectors.md, as it stands there: customers of the ERP, or of a folder, in a table. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import postgres from "postgres";
import { sandboxCredentials } from "../../sandbox/mod.ts";
import { postgresTest, withDatabase } from "../postgres.ts";
import {
  type Copy,
  type Finished,
  ok,
  project,
  type RunningSandbox,
  startSandbox,
  startWith,
  withCopy,
} from "./program.ts";
import { before, writeCompany } from "./small_company.ts";

type Row = Record<string, unknown>;
interface Job {
  readonly copy: Copy;
  readonly sql: (statement: string) => Promise<Row[]>;
  /** Writes tenging.json with this ERP, and runs a command against the table. */
  run(erp: object, ...args: string[]): Promise<Finished>;
}

const page = await Deno.readTextFile(`${project}docs/connectors.md`);
function block(language: string): string {
  const [, code] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)!;
  return code!;
}

async function withJob(work: (job: Job) => Promise<void>): Promise<void> {
  await withDatabase((database) =>
    withCopy(async (copy) => {
      await Deno.writeTextFile(`${copy.dir}pipelines/customer_table.ts`, block("ts"));
      await Deno.writeTextFile(
        `${copy.dir}pipelines/mod.ts`,
        'import { customerTable } from "./customer_table.ts";\nexport const steps = [customerTable];\nexport const models = [];\n',
      );
      const client = postgres(database.url, { max: 1, onnotice: () => {} });
      const sql = async (statement: string) => [...await client.unsafe(statement)] as Row[];
      await sql("create schema sales");
      await sql("set search_path to sales");
      await sql(block("sql"));
      const env = {
        TENGING_ERP_CLIENT_SECRET: sandboxCredentials.clientSecret,
        TENGING_CRM_DATABASE_URL: database.url,
      };
      async function run(erp: object, ...args: string[]): Promise<Finished> {
        const crm = { database: { schema: "sales" } };
        await Deno.writeTextFile(`${copy.dir}tenging.json`, JSON.stringify({ connections: { default: { erp, crm } } }));
        return await startWith(env, `${copy.home}/etl`, ...args).end();
      }
      try {
        await work({ copy, sql, run });
      } finally {
        await client.end({ timeout: 5 });
      }
    })
  );
}

function ends({ code, stderr }: Finished, expected: number): void {
  assertEquals(code, expected, stderr);
}

const everything = "select xmin::text, * from customers order by number";

postgresTest(
  "sync fills a table from the ERP, lists what it refuses, and keeps it as the ERP has it",
  () =>
    withJob(async ({ copy, sql, run }) => {
      const sandbox = await startSandbox(copy.home, ...await writeCompany(`${copy.dir}data`));
      try {
        const erp = {
          ...{ tenant: sandboxCredentials.tenant, environment: "sandbox", companyId: sandbox.companyId },
          ...{ clientId: sandboxCredentials.clientId, baseUrl: sandbox.erpUrl.replace("/api/v2.0/", "") },
          tokenUrl: JSON.parse(await Deno.readTextFile(`${copy.home}/sandbox/address.json`)).tokenUrl,
        };
        await sql(`alter table customers add constraint few check (credit_limit < 9000),
        add constraint known check (city <> 'Leith' or postal_code = '400')`);
        const unasked = await run(erp, "sync");
        ends(unasked, 2);
        assertStringIncludes(unasked.stderr, 'database "tenging_test_');

        const first = await run(erp, "sync", "--yes");
        ends(first, 3);
        const filled = await sql(everything);
        const numbers = ["K101", "K102", "K103", "K104", "K105", "K106", "K107", "K108", "K110"]; // not K109
        assertEquals(filled.map(({ number }) => number), numbers);
        assertEquals(filled.at(-1)!.credit_limit, null); // what is refused by its field is left out alone
        const { xmin: _xmin, id: _id, ...k102 } = filled[1]!;
        assertEquals(k102, {
          ...{ number: "K102", title: "Ægir Sjávarafurðir hf.", street: "Strandgata 17", city: "Akureyri" },
          ...{ postal_code: "600", country: "IS", phone: "+354 555 0111", email: "post1@company.example" },
          ...{ currency: "EUR", salesperson: "BW", credit_limit: "1000.00", blocked: " " },
        });
        const report = await run(erp, "report");
        const refused = report.stdout.split("\n").filter((line) => line.includes("refused"));
        assertEquals(refused.map((line) => /K1\d\d/.exec(line)?.[0]).toSorted(), ["K109", "K110"], report.stdout);
        assert(refused.every((line) => line.includes("SQLSTATE 23514")), refused.join("\n"));

        ends(await run(erp, "sync"), 3);
        assertEquals(await sql(everything), filled); // to the version: nothing was written

        await change(sandbox, "K101", { city: "Reykjavík" });
        await change(sandbox, "K109", { postalCode: "400" });
        await change(sandbox, "K110", { creditLimit: 7000.25 });
        await sql("update customers set city = 'Elsewhere' where number = 'K103'");
        await sql("delete from customers where number = 'K104'");
        ends(await run(erp, "sync"), 3);
        const cities = await sql(
          "select number, city, credit_limit from customers where number in ('K101', 'K103', 'K109', 'K110')",
        );
        assertEquals(cities.toSorted((a, b) => String(a.number) < String(b.number) ? -1 : 1), [
          { number: "K101", city: "Reykjavík", credit_limit: "0.00" },
          { number: "K103", city: "Gdynia", credit_limit: "2000.00" },
          { number: "K109", city: "Leith", credit_limit: "8000.00" },
          { number: "K110", city: "Portland", credit_limit: "7000.25" },
        ]);
        const gone = await run(erp, "report");
        assert(gone.stdout.split("\n").some((line) => line.includes("K104") && line.includes("missing")), gone.stdout);
      } finally {
        await sandbox.stop();
      }
    }),
);

postgresTest(
  "sync moves a folder of CSV files into a table with the same definition",
  () =>
    withJob(async ({ copy, sql, run }) => {
      await writeCompany(`${copy.dir}data`);
      const erp = { folder: "data/erp" };
      ends(await run(erp, "sync", "--yes"), 0);
      const moved = await sql(everything);
      assertEquals(moved.length, before.customers);
      assertEquals([moved[3]!.title, moved[3]!.credit_limit], ["Łódzkie Przędzalnie S.A.", "3000.00"]);
      ends(await run(erp, "sync"), 0);
      assertEquals(await sql(everything), moved);

      await copy.edit("data/erp/customers.csv", "Bryggen 4", "Bryggen 5");
      ends(await run(erp, "sync"), 0);
      assertEquals(await sql("select street from customers where number = 'K105'"), [{ street: "Bryggen 5" }]);

      const file = `${copy.dir}data/erp/customers.csv`;
      const lines = (await Deno.readTextFile(file)).split("\r\n");
      await Deno.writeTextFile(file, lines.filter((line) => !line.includes("K106")).join("\r\n"));
      ends(await run(erp, "sync"), 0); // the definition says that a customer which is gone takes its row along
      assertEquals((await sql(everything)).map(({ number }) => number).includes("K106"), false);

      await copy.edit("data/erp/customers.csv", '"3000"', '"three thousand"');
      const bad = await run(erp, "sync");
      ends(bad, 5);
      assertStringIncludes(bad.stderr, 'customers.csv", line 5: field "creditLimit" holds no decimal');
    }),
);

/** Changes a customer as a person in the ERP does. */
async function change(sandbox: RunningSandbox, number: string, body: Row): Promise<void> {
  const [row] = await sandbox.erp("customers", `?$filter=number eq '${number}'`);
  const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/customers(${row!.id})`;
  await ok(sandbox.send("PATCH", url, body, { "If-Match": String(row!["@odata.etag"]) }));
}
