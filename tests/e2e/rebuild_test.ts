import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "@std/csv";
import { copyInto, recover, run, type RunningSandbox, start, startSandbox, withHome } from "./program.ts";
import { sharedData, sharedTest } from "../shared.ts";
import { before, itsSteps, writeCompany } from "./small_company.ts";

Deno.test("rebuild couples the same pairs after a kill and a lost store, and nothing is there twice", async () => {
  await withHome(async (parent) => {
    const filled = await startSandbox(`${parent}/filled`, ...await writeCompany(`${parent}/data`));
    await filled.stop();
    await Deno.remove(`${parent}/filled/sandbox/ports.json`); // each copy needs ports of its own
    const undisturbed = await withSandbox(parent, "undisturbed", async (_, home) => {
      await recover(home, itsSteps);
      return await couplings(home);
    });
    await withSandbox(parent, "lost", async (sandbox, home) => {
      const killed = start(home, "sync", ...itsSteps);
      await killed.said("customers: In Process");
      while (await numbered(sandbox) < before.accounts.known + 1) await sandbox.requests();
      killed.process.kill("SIGKILL");
      await killed.end();
      await Deno.remove(`${home}/store`, { recursive: true });

      const since = (await sandbox.requests()).at(-1)!.n;
      const rebuilt = await run(home, "rebuild");
      assertEquals(rebuilt.code, 3, rebuilt.stderr);
      assertStringIncludes(rebuilt.stderr, "Next: deno task sync");
      assertEquals(writesOf(await sandbox.requests(since)), []);

      const accounts = await numbered(sandbox);
      const held = await run(home, "sync", ...itsSteps);
      assertEquals([held.code, await numbered(sandbox)], [3, accounts], held.stderr);
      assertEquals((await run(home, "rebuild")).code, 3);
      const confirmed = await run(home, "rebuild", "--confirm");
      assertEquals(confirmed.code, 3); // the other steps were not synchronized
      assertStringIncludes(confirmed.stdout, "customers, contacts");
      await recover(home, itsSteps);
      assertEquals(await couplings(home), undisturbed);
      assertEquals(await numbered(sandbox), before.customers);
      const again = await run(home, "rebuild");
      assertEquals(again.code, 2);
      assertStringIncludes(again.stderr, "not_lost");
    });
  }, { isEmbedded: true });
});

sharedTest(
  "rebuild couples the pairs of adventureworks and a filled CRM again, and nothing is there twice",
  async () => {
    await withHome(async (home) => {
      const crm = `${sharedData}/crm-generated/adventureworks-seed1`;
      const sandbox = await startSandbox(home, "--data", `${sharedData}/adventureworks`, "--crm-data", crm);
      try {
        assertEquals((await run(home, "sync")).code, 3);
        const [pairs, records] = [await couplings(home), await inventory(sandbox)];
        const customers = await sandbox.erp("customers", "?$select=id,number");
        for (const { id } of customers.slice(0, 200)) {
          const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/customers(${id})`;
          const answer = await sandbox.send("PATCH", url, { website: `https://${id}.example` }, { "If-Match": "*" });
          assertEquals(answer.status, 200, await answer.text());
        }
        const since = (await sandbox.requests()).at(-1)!.n;
        const killed = start(home, "sync");
        while (writesOf(await sandbox.requests(since)).length < 1) await killed.said("salespeople");
        killed.process.kill("SIGKILL");
        assertEquals((await killed.end()).code, 137);
        await Deno.remove(`${home}/store`, { recursive: true });

        const begun = (await sandbox.requests()).at(-1)!.n;
        const rebuilt = await run(home, "rebuild");
        assertEquals(rebuilt.code, 3, rebuilt.stderr);
        assertEquals(writesOf(await sandbox.requests(begun)), []);
        assertEquals((await run(home, "sync")).code, 3);
        assertEquals(await couplings(home), pairs);
        assertEquals((await run(home, "rebuild", "--confirm")).code, 0);
        assertEquals((await run(home, "sync")).code, 3);
        assertEquals([await couplings(home), await inventory(sandbox)], [pairs, records]);
      } finally {
        await sandbox.stop();
      }
    }, { isEmbedded: true });
  },
);

/** How many records each table of both services has. */
async function inventory(sandbox: RunningSandbox): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const set of ["accounts", "contacts", "products", "uomschedules", "uoms", "pricelevels", "productpricelevels"]) {
    counts[set] = (await sandbox.crm(set)).length;
  }
  for (const entity of ["customers", "contacts", "items", "unitsOfMeasure", "currencies"]) {
    counts[`ERP ${entity}`] = (await sandbox.erp(entity)).length;
  }
  return counts;
}

/** A copy of the filled sandbox has the same ids. */
async function withSandbox<T>(
  parent: string,
  name: string,
  work: (sandbox: RunningSandbox, home: string) => Promise<T>,
): Promise<T> {
  const home = `${parent}/${name}`;
  copyInto(home, `${parent}/filled`);
  const sandbox = await startSandbox(home);
  try {
    return await work(sandbox, home);
  } finally {
    await sandbox.stop();
  }
}

/** How many accounts have a number of the ERP; a customer that is there twice counts twice. */
async function numbered(sandbox: RunningSandbox): Promise<number> {
  const accounts = await sandbox.crm("accounts", "?$select=accountnumber");
  return accounts.filter(({ accountnumber }) => (accountnumber ?? "") !== "").length;
}

/** Step and ids of every pair, also of those in conflict. */
async function couplings(home: string): Promise<readonly string[]> {
  const { stdout } = await run(home, "report");
  const all = parse(stdout, { skipFirstRow: true }) as Record<string, string>[];
  const rows = all.filter((row) => row["erp_id"] !== "" && row["crm_id"] !== "");
  assert(rows.length > before.customers);
  return rows.map((row) => [row["step"], row["erp_id"], row["crm_id"]].join(" ")).sort();
}

function writesOf(requests: Awaited<ReturnType<RunningSandbox["requests"]>>): readonly string[] {
  return requests.filter((one) => one.operation === "write" || one.innerWrites > 0).map((one) => one.path);
}
