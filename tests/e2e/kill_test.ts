import { assert, assertEquals } from "@std/assert";
import {
  type Copy,
  copyInto,
  recover,
  run,
  type RunningSandbox,
  start,
  startSandbox,
  withCopy,
  withStore,
} from "./program.ts";
import { isCi } from "../shared.ts";
import { before, itsSteps, writeCompany } from "./small_company.ts";

/** Each takes some seconds of two processors. */
const kills = isCi ? 10 : 20;

/** What becomes of the sync whose services went away: it ends with exit code 5, or dies with them. */
const fates = ["gives up", "dies"] as const;
interface Round {
  /** The sandbox is killed when this many writes are in its files. */
  readonly writes: number;
  readonly fate: typeof fates[number];
}

Deno.test("sync ends well after the sandbox was killed at any of its writes, and nothing is there twice", async () => {
  await withCopy(async (copy) => {
    for (const step of ["customers", "contacts"]) {
      await copy.edit(`pipelines/${step}.ts`, 'fromCrm: { unmatched: "leave" }', 'fromCrm: { unmatched: "insert" }');
    }
    // The same five tries, but within a tenth of a second instead of half a minute.
    await copy.edit("connectors/faults.ts", "1_000 * 2 ** attempt", "2 * 2 ** attempt");
    const total = await untouched(copy);
    const rounds = Array.from({ length: kills }, (_, at): Round => ({
      writes: 1 + Math.round((at * (total - 1)) / (kills - 1)),
      fate: fates[at % fates.length]!,
    }));
    assertEquals(new Set(rounds.map(({ writes }) => writes)).size, kills);
    assertEquals([rounds[0]!.writes, rounds[kills - 1]!.writes], [1, total]);
    const work = async () => {
      for (let round = rounds.shift(); round !== undefined; round = rounds.shift()) {
        const { writes, fate } = round;
        const home = `${copy.home}/killed-${writes}`;
        copyInto(home, `${copy.dir}filled`);
        const isEmbedded = writes % 4 === 1; // where there is a server, some have the one store and some the other
        await withStore(home, { isEmbedded }, () => killed(home, round)).catch((cause) => {
          throw new Error(`Killed at write ${writes} of ${total}; sync ${fate}`, { cause });
        });
      }
    };
    for (const one of await Promise.allSettled([work(), work(), work()])) {
      if (one.status === "rejected") throw one.reason;
    }
  });
});

/** Loads the company once, keeps both its services, and counts the writes of a whole run. */
async function untouched({ dir, home }: Copy): Promise<number> {
  const filled = await startSandbox(home, ...await writeCompany(`${dir}data`));
  await filled.stop();
  await Deno.remove(`${home}/sandbox/ports.json`); // homes that are used at the same time need ports of their own
  copyInto(`${dir}filled`, home);
  const sandbox = await startSandbox(home);
  try {
    await sandbox.control("POST", "/sandbox/faults", [{ kind: "kill", writes: 1_000_000 }]);
    assertEquals((await run(home, "sync", ...itsSteps)).code, 0);
    await assertComplete(sandbox);
    return (await sandbox.control("GET", "/sandbox/faults"))[0].met;
  } finally {
    await sandbox.stop();
  }
}

async function killed(home: string, { writes, fate }: Round): Promise<void> {
  const first = await startSandbox(home);
  await first.control("POST", "/sandbox/faults", [{ kind: "kill", writes }]);
  const running = start(home, "sync", ...itsSteps);
  assertEquals((await first.process.status).code, 137);
  if (fate === "dies") kill(running.process);
  const stopped = await running.end();
  // On a busy machine it may have given up by itself before it was killed.
  assert((fate === "dies" ? [137, 5] : [5]).includes(stopped.code), `${stopped.code}: ${stopped.stderr}`);
  await first.stop();
  const second = await startSandbox(home);
  try {
    await recover(home, itsSteps);
    await assertComplete(second);
    if (writes % 8 === 1) await assertQuiet(second, home);
  } finally {
    await second.stop();
  }
  await Deno.remove(home, { recursive: true });
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
  }
}

/** Another run writes nothing. */
async function assertQuiet(sandbox: RunningSandbox, home: string): Promise<void> {
  const since = (await sandbox.requests()).at(-1)!.n;
  assertEquals((await run(home, "sync", ...itsSteps)).code, 0);
  const wrote = (await sandbox.requests(since)).filter((one) => one.operation === "write" || one.innerWrites > 0);
  assertEquals(wrote.map((one) => `${one.method} ${one.path}`), []);
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
