import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "@std/csv";
import { type Copy, insert, latest, run, type RunningSandbox, startSandbox, withCopy } from "./program.ts";
import { itsSteps, writeCompany } from "./small_company.ts";

const column = "tng_businesscentralid";
/** A table of the CRM with the column, its key, and the step that fills it. */
const tables = [
  ["accounts", "accountid", "customers"],
  ["contacts", "contactid", "contacts"],
  ["products", "productid", "items"],
  ["pricelevels", "pricelevelid", "standard price list"],
] as const;
const options = [...itsSteps, "--select", "standard price list"];

const configure = ({ dir }: Copy, linkColumn: boolean) =>
  Deno.writeTextFile(`${dir}tenging.json`, JSON.stringify({ connections: { default: { linkColumn } } }));

Deno.test("the link column is left alone unless it is switched on, and brings back pairs that a person coupled", async () => {
  await withCopy(async (copy) => {
    const { home } = copy;
    const sandbox = await startSandbox(home, ...await writeCompany(`${copy.dir}data`));
    try {
      // Two contacts under one account whom nobody can tell apart: a person says which of them is P103.
      const twin = {
        ...{ firstname: "Święta", lastname: "Łąka", emailaddress1: "person2@company.example" },
        "parentcustomerid_account@odata.bind": "/accounts(00000002-aaaa-4aaa-8aaa-aaaaaaaaaaaa)",
      };
      const twins = [await insert(sandbox, "contacts", twin), await insert(sandbox, "contacts", twin)] as const;
      assertEquals((await run(home, "sync", ...options)).code, 3);
      assertEquals((await sandbox.requests()).filter(mentionsIt), []);
      for (const [set] of tables) assertEquals(await linksIn(sandbox, set), []);

      await configure(copy, true);
      const since = await latest(sandbox);
      assertStringIncludes((await run(home, "sync", ...options)).stderr, `${column} added`);
      assert((await sandbox.requests(since)).some(mentionsIt));
      const coupled = await run(home, "couple", "contacts", "P103", twins[1]);
      assertEquals(coupled.code, 0, coupled.stderr);
      assertEquals((await run(home, "sync", ...options)).code, 0);
      const pairs = await couplings(home);
      assert(pairs.some((pair) => pair.endsWith(` ${twins[1]}`)));
      for (const [set, key, step] of tables) {
        const linked = (await linksIn(sandbox, set)).map((row) => [step, row[column], row[key]].join(" "));
        assertEquals(linked.sort(), pairs.filter((pair) => pair.startsWith(`${step} `)), set);
      }

      const records = await inventory(sandbox);
      await Deno.remove(`${home}/store`, { recursive: true });
      const rebuilt = await run(home, "rebuild", "--json");
      const { steps } = JSON.parse(rebuilt.stdout);
      for (const [, , step] of tables) {
        const { byLink, byId, byKeys } = steps.find((one: { step: string }) => one.step === step);
        const itsPairs = pairs.filter((pair) => pair.startsWith(`${step} `)).length;
        assertEquals([byLink, byId, byKeys], [itsPairs, 0, 0], step);
      }
      assert(/^Restored \d+ couplings by link, \d+ by id and \d+ by keys; /m.test(rebuilt.stderr), rebuilt.stderr);
      const [own] = (await report(home)).filter((row) => row["crm_id"] === twins[1]);
      assertEquals([own!["matched_by"], own!["created_by"]], [column, "user"]);
      assertEquals((await run(home, "sync", ...options)).code, 0);
      assert([0, 3].includes((await run(home, "rebuild", "--confirm")).code)); // steps that did not run stay held
      assertEquals((await run(home, "sync", ...options)).code, 0);
      assertEquals([await couplings(home), await inventory(sandbox)], [pairs, records]);
      // Parting writes to no service: the column still says what it said.
      const parted = await run(home, "uncouple", "contacts/P103");
      assertStringIncludes(parted.stderr, `Clear "${column}" of the CRM's record`);
    } finally {
      await sandbox.stop();
    }
  }, { isEmbedded: true });
});

function mentionsIt({ path, writes = [] }: Awaited<ReturnType<RunningSandbox["requests"]>>[number]): boolean {
  return path.includes(column) || writes.some(({ fields }) => fields !== null && column in fields);
}

async function linksIn(sandbox: RunningSandbox, set: string): Promise<Record<string, unknown>[]> {
  return (await sandbox.crm(set)).filter((row) => row[column] !== null);
}

async function report(home: string): Promise<readonly Record<string, string>[]> {
  return parse((await run(home, "report")).stdout, { skipFirstRow: true }) as Record<string, string>[];
}

/** Step and ids of every pair. */
async function couplings(home: string): Promise<readonly string[]> {
  const pairs = (await report(home)).filter((row) => row["erp_id"] !== "" && row["crm_id"] !== "");
  return pairs.map((row) => [row["step"], row["erp_id"], row["crm_id"]].join(" ")).sort();
}

/** How many rows the tables with the column have, and the ERP's entities behind them. */
async function inventory(sandbox: RunningSandbox): Promise<readonly number[]> {
  const crm = await Promise.all(tables.map(([set]) => sandbox.crm(set)));
  const erp = await Promise.all(["customers", "contacts", "items"].map((entity) => sandbox.erp(entity)));
  return [...crm, ...erp].map((rows) => rows.length);
}
