import { assert, assertEquals } from "@std/assert";
import { type Copy, copyInto, run, type RunningSandbox, startSandbox, withCopy } from "./program.ts";
import { before, writeCompany } from "./small_company.ts";

const kills = 20;

Deno.test("sync ends well after the sandbox was killed at any of its writes, and nothing is there twice", async () => {
  await withCopy(async (copy) => {
    for (const step of ["customers", "contacts"]) {
      await copy.edit(`pipelines/${step}.ts`, 'fromCrm: { unmatched: "leave" }', 'fromCrm: { unmatched: "insert" }');
    }
    const writes = await untouched(copy);
    const last = kills - 1;
    const counts = Array.from({ length: kills }, (_, at) => 1 + Math.round((at * (writes - 1)) / last));
    assertEquals([new Set(counts).size, counts[0], counts[last]], [kills, 1, writes]);
    const rest = [...counts];
    const work = async () => {
      for (let count = rest.shift(); count !== undefined; count = rest.shift()) {
        await killed(copy, count, count % 5 === 0).catch((error) => {
          throw new Error(`Killed at write ${count} of ${writes}`, { cause: error });
        });
      }
    };
    await Promise.all([work(), work()]);
  });
});

/** Loads the company once, keeps it as it was, and counts the writes of a run that nothing stops. */
async function untouched({ dir, home }: Copy): Promise<number> {
  const filled = await startSandbox(home, ...await writeCompany(`${dir}data`));
  await filled.stop();
  await copyInto(`${home}/filled`, `${home}/sandbox`);
  const sandbox = await startSandbox(home);
  try {
    await sandbox.control("POST", "/sandbox/faults", [{ kind: "kill", writes: 1_000_000 }]);
    const done = await run(home, "sync");
    assertEquals(done.code, 0, done.stderr);
    await assertComplete(sandbox);
    return (await sandbox.control("GET", "/sandbox/faults"))[0].met;
  } finally {
    await sandbox.stop();
  }
}

async function killed(copy: Copy, writes: number, again: boolean): Promise<void> {
  const home = `${copy.home}/killed-${writes}`;
  await copyInto(`${home}/sandbox`, `${copy.home}/filled`);
  await Deno.remove(`${home}/sandbox/ports.json`); // two of them run at the same time
  const first = await startSandbox(home);
  try {
    await first.control("POST", "/sandbox/faults", [{ kind: "kill", writes }]);
    const stopped = await run(home, "sync");
    assertEquals((await first.process.status).code, 137);
    assertEquals(stopped.code, 5, stopped.stderr);
  } finally {
    await first.stop();
  }
  const second = await startSandbox(home);
  try {
    const done = await run(home, "sync");
    assertEquals(done.code, 0, done.stderr);
    await assertComplete(second);
    if (again) {
      const since = (await second.requests()).at(-1)!.n;
      assertEquals((await run(home, "sync")).code, 0);
      assertEquals((await second.requests(since)).filter((one) => one.operation !== "read").map((one) => one.path), []);
    }
  } finally {
    await second.stop();
  }
  await Deno.remove(home, { recursive: true });
}

/** Each side has its own records and one for each of the other side's, and they point at each other. */
async function assertComplete(sandbox: RunningSandbox): Promise<void> {
  const { accounts, contacts } = before;
  const bothSides = before.customers + accounts.own;
  const customers = await sandbox.erp("customers", "?$select=id,number,displayName");
  const inCrm = await sandbox.crm("accounts", "?$select=accountnumber,name");
  const pair = (number: unknown, name: unknown) => `${number} ${name}`;
  const pairs = customers.map((one) => pair(one.number, one.displayName)).sort();
  assertEquals([customers.length, new Set(pairs).size, inCrm.length], [bothSides, bothSides, bothSides]);
  assertEquals(inCrm.map((one) => pair(one.accountnumber, one.name)).sort(), pairs);

  const persons = (await sandbox.erp("contacts", "?$select=displayName,type")).filter((one) => one.type === "Person");
  const people = await sandbox.crm("contacts", "?$select=fullname,_parentcustomerid_value");
  const names = persons.map((one) => one.displayName).sort();
  assertEquals([persons.length, new Set(names).size], [before.persons + contacts.own, before.persons + contacts.own]);
  assertEquals(people.map((one) => one.fullname).sort(), names);
  assert(people.every((one) => inCrm.some((account) => account.accountid === one._parentcustomerid_value)));

  const items = await sandbox.erp("items", "?$select=number");
  const products = await sandbox.crm("products", "?$select=productnumber");
  assertEquals(products.map((one) => one.productnumber).sort(), items.map((one) => one.number).sort());
  assertEquals(items.length, before.items);
  const groups = await sandbox.crm("uomschedules", "?$select=name");
  assertEquals(groups.filter((one) => String(one.name).startsWith("NAV ")).length, before.units);
  assertEquals((await sandbox.crm("uoms", "?$select=name")).length, before.units + 1); // and the default one
  const currencies = await sandbox.crm("transactioncurrencies", "?$select=isocurrencycode");
  assertEquals(currencies.map((one) => one.isocurrencycode).sort(), ["EUR", "ISK", "USD"]);
}
