import { assert, assertEquals } from "@std/assert";
import { copyInto, recover, type RunningSandbox, startSandbox, withCopy, withStore } from "./program.ts";
import { isCi } from "../shared.ts";
import { itsSteps, writeCompany } from "./small_company.ts";

type Fault = Readonly<Record<string, unknown>>;
const both = ["business_central", "dataverse"] as const;

/** Every other request that writes takes effect and gets no answer; sent again it gets one. */
const lost = (first: 0 | 1): Fault[] =>
  both.flatMap((service) =>
    Array.from({ length: 12 }, (_, at) => ({ kind: "lost_reply", service, method: "POST", after: first + 2 * at }))
  );
/** Each service turns requests away and breaks off; once, no token is good any longer. */
const busy: Fault[] = [
  { kind: "expired_token", service: "business_central", after: 7 },
  ...both.flatMap((service) => [
    { kind: "429", service, after: 1 },
    { kind: "429", service, after: 3, retryAfter: 1 },
    { kind: "429", service, method: "POST", retryAfter: "date" },
    { kind: "503", service, after: 4, times: 2 },
    { kind: "503", service, method: "POST", after: 1, retryAfter: 1 },
    { kind: "reset", service, after: 5 },
    { kind: "reset", service, method: "POST", after: 2 },
    { kind: "latency", service, after: 2, ms: 20 },
  ]),
];

Deno.test("sync comes to the same result when replies get lost, and when services are busy", async () => {
  await withCopy(async (copy) => {
    for (const step of ["customers", "contacts"]) {
      await copy.edit(`pipelines/${step}.ts`, 'fromCrm: { unmatched: "leave" }', 'fromCrm: { unmatched: "insert" }');
    }
    // Where the service says nothing of when to come back: a fiftieth of the usual wait.
    await copy.edit("connectors/faults.ts", "1_000 * 2 ** attempt", "20 * 2 ** attempt");
    const sandbox = await startSandbox(copy.home, ...await writeCompany(`${copy.dir}data`));
    await sandbox.stop();
    await Deno.remove(`${copy.home}/sandbox/ports.json`); // homes that are used at the same time need their own
    copyInto(`${copy.dir}filled`, copy.home);

    const result = (name: string, faults: Fault[]) => {
      const home = `${copy.home}/${name}`;
      copyInto(home, `${copy.dir}filled`);
      return withStore(home, {}, () => synchronized(home, faults)).catch((cause) => {
        throw new Error(`With ${name}`, { cause });
      });
    };
    const expected = await result("no faults", []);
    const others = isCi ? {} : { "others lost": lost(1) };
    for (const [name, faults] of Object.entries({ "lost replies": lost(0), ...others, "busy": busy })) {
      assertEquals(await result(name, faults), expected, name);
    }
  });
});

/** A first run, and a second one after changes on both sides, under faults; what the services have then. */
async function synchronized(home: string, faults: Fault[]): Promise<Record<string, string[]>> {
  const sandbox = await startSandbox(home);
  try {
    await sandbox.control("POST", "/sandbox/faults", faults);
    await recover(home, itsSteps);
    await change(sandbox);
    await recover(home, itsSteps);
    await assertHit(sandbox);
    await sandbox.control("DELETE", "/sandbox/faults");
    return await contents(sandbox);
  } finally {
    await sandbox.stop();
  }
}

/** Each kind of fault befell the services that it was meant for. */
async function assertHit(sandbox: RunningSandbox): Promise<void> {
  const set: { kind: string; service: string; hit: number }[] = await sandbox.control("GET", "/sandbox/faults");
  for (const { kind, service } of set) {
    assert(set.some((one) => one.kind === kind && one.service === service && one.hit > 0), `${kind} of ${service}`);
  }
}

/** Somebody changes phone numbers in the ERP and in the CRM, of different companies. */
async function change(sandbox: RunningSandbox): Promise<void> {
  const customers = await sandbox.erp("customers", "?$select=id,number&$filter=number le 'K103'");
  for (const { id, number, "@odata.etag": etag } of customers) {
    const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/customers(${id})`;
    await done(
      sandbox.send("PATCH", url, { phoneNumber: `+354 555 7${String(number).slice(1)}` }, { "If-Match": String(etag) }),
    );
  }
  const accounts = await sandbox.crm("accounts", "?$select=accountnumber");
  for (const { accountid, accountnumber } of accounts.filter((one) => String(one.accountnumber) > "K107")) {
    await done(
      sandbox.send("PATCH", `${sandbox.crmUrl}accounts(${accountid})`, {
        telephone1: `+47 55 50 ${String(accountnumber).slice(1)}`,
      }),
    );
  }
}

async function done(sent: Promise<Response>): Promise<void> {
  const response = await sent;
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  await response.body?.cancel();
}

/** What people would see; the ids that services give differ from run to run. */
async function contents({ erp, crm }: RunningSandbox): Promise<Record<string, string[]>> {
  const lines = (rows: Record<string, unknown>[], fields: string[]) =>
    rows.map((row) => fields.map((field) => `${row[field] ?? ""}`).join(" | ")).sort();
  return {
    customers: lines(await erp("customers"), ["number", "displayName", "phoneNumber", "city", "country", "email"]),
    persons: lines(await erp("contacts"), ["type", "displayName", "companyName", "email"]),
    items: lines(await erp("items"), ["number", "displayName"]),
    accounts: lines(await crm("accounts"), ["accountnumber", "name", "telephone1", "address1_city", "creditlimit"]),
    contacts: lines(await crm("contacts"), ["fullname", "emailaddress1"]),
    products: lines(await crm("products"), ["productnumber", "name", "price"]),
    groups: lines(await crm("uomschedules"), ["name", "baseuomname"]),
    units: lines(await crm("uoms"), ["name"]),
    currencies: lines(await crm("transactioncurrencies"), ["isocurrencycode", "exchangerate"]),
  };
}
