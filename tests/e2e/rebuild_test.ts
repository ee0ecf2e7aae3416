import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "@std/csv";
import { copyInto, recover, run, type RunningSandbox, start, startSandbox, withHome } from "./program.ts";
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
      assertEquals((await run(home, "rebuild", "--confirm")).code, 0);
      await recover(home, itsSteps);
      assertEquals(await couplings(home), undisturbed);
      assertEquals(await numbered(sandbox), before.customers);
      const again = await run(home, "rebuild");
      assertEquals(again.code, 2);
      assertStringIncludes(again.stderr, "not_lost");
    });
  });
});

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

/** Step and ids of every pair. */
async function couplings(home: string): Promise<readonly string[]> {
  const { stdout } = await run(home, "report", "--only", "coupled");
  const rows = parse(stdout, { skipFirstRow: true }) as Record<string, string>[];
  assert(rows.length > before.customers);
  return rows.map((row) => [row["step"], row["erp_id"], row["crm_id"]].join(" ")).sort();
}

function writesOf(requests: Awaited<ReturnType<RunningSandbox["requests"]>>): readonly string[] {
  return requests.filter((one) => one.operation === "write" || one.innerWrites > 0).map((one) => one.path);
}
