import { assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { sharedData, sharedTest } from "../shared.ts";
import { run, type RunningSandbox, startSandbox, withHome } from "./program.ts";

type Row = Record<string, string>;
const rowsOf = (file: string): Row[] => parse(Deno.readTextFileSync(file), { skipFirstRow: true }) as unknown as Row[];
const rows = (folder: string, file: string): Row[] => rowsOf(`${sharedData}/${folder}/${file}.csv`);
interface Step {
  step: string;
  coupled: number;
  uncoupled: number;
  toCrm: { counts: Record<string, number> };
  fromCrm: { counts: Record<string, number> };
}
const stepOf = (document: string, name: string): Step =>
  JSON.parse(document).steps.find((one: Step) => one.step === name);

/** Loads a folder into an empty sandbox, synchronizes, and reads the two services. */
async function synchronized(
  folder: string,
  look: (sandbox: RunningSandbox, document: string) => Promise<void>,
  exit: number,
): Promise<void> {
  await withHome(async (home) => {
    const done = await run(home, "sync", "--json", "--data", `${sharedData}/${folder}`);
    assertEquals(done.code, exit, done.stderr);
    for (const { toCrm, fromCrm } of JSON.parse(done.stdout).steps as Step[]) {
      for (const { read, ...others } of [toCrm.counts, fromCrm.counts]) {
        assertEquals(read, Object.values(others).reduce((sum, count) => sum + count, 0));
      }
    }
    const sandbox = await startSandbox(home);
    try {
      await look(sandbox, done.stdout);
    } finally {
      await sandbox.stop();
    }
  });
}
const count = (all: readonly unknown[]) => all.length;
const texts = (all: readonly Record<string, unknown>[], field: string) => all.map((row) => String(row[field])).sort();

/** The CRM stores text without trailing spaces. */
const stored = (text: string | undefined) => text!.trimEnd();

/** Every customer of the CSV folder is an account with the same name, number and address line. */
async function assertAccounts(sandbox: RunningSandbox, folder: string): Promise<void> {
  const customers = rows(folder, "customers");
  const accounts = await sandbox.crm("accounts", "?$select=name,accountnumber,address1_line1,address1_city");
  assertEquals(texts(accounts, "accountnumber"), texts(customers, "number"));
  const byNumber = new Map(accounts.map((account) => [account.accountnumber, account]));
  for (const customer of customers) {
    const { name, address1_line1: line, address1_city: city } = byNumber.get(customer.number)!;
    assertEquals(
      [name, line ?? "", city ?? ""],
      [customer.displayName, customer.addressLine1, customer.city].map(stored),
    );
  }
}

/** Every person of the CSV folder is a contact of the account of its company. */
async function assertContacts(sandbox: RunningSandbox, folder: string): Promise<void> {
  const persons = rows(folder, "contacts");
  const accounts = await sandbox.crm("accounts", "?$select=accountnumber");
  const numbers = new Map(accounts.map((account) => [account.accountid, account.accountnumber]));
  const contacts = await sandbox.crm("contacts", "?$select=firstname,middlename,lastname,_parentcustomerid_value");
  const found = contacts.map((row) => {
    const name = [row.firstname, row.middlename, row.lastname].filter((part) => part !== null).join(" ");
    return `${name} of ${numbers.get(row._parentcustomerid_value)}`;
  }).sort();
  assertEquals(found, persons.map((person) => `${person.displayName} of ${person.companyNumber}`).sort());
}

sharedTest("sync of adventureworks couples what the folder has, and lists what lacks a rate", async () => {
  await synchronized("adventureworks", async (sandbox, document) => {
    const rated = new Set(rows("adventureworks", "currencyExchangeRates").map((rate) => rate.currencyCode));
    const codes = rows("adventureworks", "currencies").map((currency) => currency.code!);
    const withRate = codes.filter((code) => rated.has(code) || code === "USD");
    assertEquals([withRate.length, codes.length - withRate.length], [14, 91]);
    const currencies = await sandbox.crm("transactioncurrencies", "?$select=isocurrencycode,exchangerate");
    assertEquals(texts(currencies, "isocurrencycode"), withRate.sort());
    assertEquals(stepOf(document, "currencies").coupled, 14);
    assertEquals(stepOf(document, "currencies").toCrm.counts.blocked, 91);
    assertEquals(stepOf(document, "salespeople").coupled, count(rows("adventureworks", "salespeople")));
    assertEquals(stepOf(document, "units").coupled, count(rows("adventureworks", "unitsOfMeasure")));
    await assertAccounts(sandbox, "adventureworks");
    await assertContacts(sandbox, "adventureworks");
    const products = await sandbox.crm("products", "?$select=productnumber,statecode");
    assertEquals(texts(products, "productnumber"), texts(rows("adventureworks", "items"), "number"));
    const blocked = rows("adventureworks", "items").filter((item) => item.blocked === "true");
    const inState = (state: number) => products.filter((product) => product.statecode === state);
    assertEquals(texts(inState(1), "productnumber"), texts(blocked, "number"));
    assertEquals([count(inState(0)), count(inState(1))], [406, 98]);
    assertEquals(
      [701, 440].join(),
      [
        count(await sandbox.crm("accounts", "?$select=name")),
        count(await sandbox.crm("contacts", "?$select=fullname")),
      ].join(),
    );
  }, 3);
});

sharedTest("sync of northwind couples everything and ends with exit code 0", async () => {
  await synchronized("northwind", async (sandbox, document) => {
    await assertAccounts(sandbox, "northwind");
    await assertContacts(sandbox, "northwind");
    const products = await sandbox.crm("products", "?$select=productnumber,name");
    assertEquals(texts(products, "name"), texts(rows("northwind", "items"), "displayName"));
    const numbers = [91, 91, 77];
    assertEquals(["customers", "contacts", "items"].map((step) => stepOf(document, step).coupled), numbers);
  }, 0);
});

sharedTest("sync of contoso-bc lists the items without a unit", async () => {
  await synchronized("contoso-bc", async (sandbox, document) => {
    await assertAccounts(sandbox, "contoso-bc");
    const items = rows("contoso-bc", "items");
    const withUnit = items.filter((item) => item.baseUnitOfMeasureCode !== "");
    assertEquals([withUnit.length, items.length - withUnit.length], [27, 3]);
    const products = await sandbox.crm("products", "?$select=productnumber");
    const resources = rows("contoso-bc", "resources"); // services among the products
    assertEquals(texts(products, "productnumber"), texts([...withUnit, ...resources], "number"));
    assertEquals(stepOf(document, "customers").coupled, 5);
    assertEquals(stepOf(document, "items").toCrm.counts.blocked, 3);
  }, 3);
});

sharedTest(
  "sync --only-coupled couples the true pairs of a filled CRM, no false one, and creates nothing",
  async () => {
    await withHome(async (home) => {
      const truth = rowsOf(`${sharedData}/crm-generated/adventureworks-seed1/truth-accounts.csv`);
      const done = await run(
        home,
        "sync",
        "--only-coupled",
        "--data",
        `${sharedData}/adventureworks`,
        "--crm-data",
        `${sharedData}/crm-generated/adventureworks-seed1`,
      );
      assertEquals(done.code, 3, done.stderr);
      const report = await run(home, "report");
      const lines = parse(report.stdout, { skipFirstRow: true }) as unknown as Row[];
      const customers = lines.filter((line) => line.step === "customers");
      const coupled = customers.filter((line) => line.erp_id !== "" && line.crm_id !== "");
      const pairs = new Map(
        truth.filter((row) => row.couple === "true").map((row) => [row.customerNumber, row.accountid]),
      );
      const right = coupled.filter((line) => pairs.get(line.erp_number!) === line.crm_id);
      assertEquals(coupled.length - right.length, 0, "false pairs");
      assertEquals(right.length >= 430, true, `${right.length} of ${pairs.size} pairs`);
      const unclear = new Set(
        truth.filter((row) => row.kind!.startsWith("duplicate-in-crm")).flatMap((
          row,
        ) => [row.accountid, row.customerNumber]),
      );
      assertEquals(coupled.filter((line) => unclear.has(line.crm_id) || unclear.has(line.erp_number)), []);
      const alone = customers.filter((line) => line.erp_id !== "" && line.crm_id === "");
      assertEquals(alone.length, rows("adventureworks", "customers").length - coupled.length);
      const reasons = new Set(alone.map((line) => line.error_code));
      assertEquals([...reasons].sort(), ["ambiguous", "no_candidate"]);
      for (const line of alone.filter((one) => one.error_code === "ambiguous")) {
        assertEquals(/[0-9a-f]{8}-/.test(line.waiting_for + line.error_message!), true, line.erp_number);
      }
      const sandbox = await startSandbox(home);
      try {
        const accounts = rowsOf(`${sharedData}/crm-generated/adventureworks-seed1/accounts.csv`);
        assertEquals(count(await sandbox.crm("accounts", "?$select=name")), accounts.length);
      } finally {
        await sandbox.stop();
      }
    });
  },
);
