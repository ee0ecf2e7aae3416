import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Copy, run, type RunningSandbox, start, startSandbox, sync, withCopy } from "./program.ts";
import { writeCompany } from "./small_company.ts";

/** The small company in a copy of the tree; `prepare` edits the definitions before the sandbox starts. */
async function withCompany(
  prepare: (copy: Copy) => Promise<void>,
  work: (copy: Copy, sandbox: RunningSandbox) => Promise<void>,
): Promise<void> {
  await withCopy(async (copy) => {
    await prepare(copy);
    const sandbox = await startSandbox(copy.home, ...await writeCompany(`${copy.dir}data`));
    try {
      await work(copy, sandbox);
    } finally {
      await sandbox.stop();
    }
  });
}

const website = '    websiteurl: "website",\n';
const credit = '    creditlimit: toCrm("creditLimit"),\n';

Deno.test("sync fills a field that a definition gains, and nothing else; one that it loses changes nothing", () =>
  withCompany(
    async ({ edit }) => {
      await edit("pipelines/customers.ts", website, "");
      await edit("pipelines/customers.ts", credit, "");
    },
    async ({ home, edit }, sandbox) => {
      await sync(home);
      await browse(sandbox, "K101", { erp: "https://a.example" });
      await browse(sandbox, "K102", { crm: "https://b.example" });
      await browse(sandbox, "K103", { erp: "https://c.example", crm: "https://d.example" });
      await sync(home);
      const before = await rows(sandbox);

      await edit("pipelines/customers.ts", "    telephone1:", `${website}${credit}    telephone1:`);
      const gained = await sync(home, 3); // two values that differ want a person
      assertMatch(gained.stderr, /definition changed: (websiteurl, creditlimit|creditlimit, websiteurl) added/);
      const after = await rows(sandbox);
      const names = await sandbox.erp("customers", "?$select=number,creditLimit,website&$orderby=number");
      const accounts = await sandbox.crm("accounts", "?$select=accountnumber,creditlimit,websiteurl");
      for (const { number, creditLimit, website } of names) {
        const account = accounts.find((one) => one.accountnumber === number)!;
        assertEquals(Number(account.creditlimit), Number(creditLimit), String(number));
        const sites = [website || null, account.websiteurl];
        const wanted: Record<string, unknown[]> = {
          K101: ["https://a.example", "https://a.example"], // from the ERP
          K102: ["https://b.example", "https://b.example"], // from the CRM
          K103: ["https://c.example", "https://d.example"], // neither
        };
        assertEquals(sites, wanted[String(number)] ?? [null, null], String(number));
      }
      const moves = ["websiteurl", "website", "creditlimit", "creditlimit_base", "modifiedon", "lastModifiedDateTime"];
      const others = (all: Record<string, unknown>[]) => all.map((row) => without(row, [...moves, "versionnumber"]));
      assertEquals(others(after.customers), others(before.customers));
      assertEquals(others(after.accounts), others(before.accounts));
      assertEquals(after.other, before.other); // to the ETag: nothing was sent to them

      await edit("pipelines/customers.ts", website, "");
      const since = (await sandbox.requests()).at(-1)!.n;
      const lost = await sync(home); // the two values that differed are nobody's business any more
      assertStringIncludes(lost.stderr, "definition changed: websiteurl removed");
      assertEquals(
        (await sandbox.requests(since)).filter((one) => one.operation === "write" || one.innerWrites > 0),
        [],
      );
      assertEquals(await rows(sandbox), after);

      await edit("pipelines/customers.ts", 'name: "customers"', 'name: "clients"');
      const renamed = await sync(home, 2);
      assertStringIncludes(renamed.stderr, 'call the step "customers" again');
      assertEquals(await rows(sandbox), after);
    },
  ));

Deno.test("sync goes on with the definition that it began with when a person edits it meanwhile", () =>
  withCompany(
    ({ edit }) => edit("pipelines/customers.ts", website, ""),
    async ({ home, edit }, sandbox) => {
      await browse(sandbox, "K101", { erp: "https://a.example" });
      await sandbox.control("POST", "/sandbox/faults", [
        { kind: "latency", service: "dataverse", match: "/accounts", ms: 3_000, times: 1 },
      ]);
      const first = start(home, "sync");
      await first.said("customers: In Process");
      await edit("pipelines/customers.ts", "    telephone1:", `${website}    telephone1:`);
      const { code, stderr } = await first.end();
      assertEquals([code, stderr.includes("definition changed")], [0, false], stderr);
      const site = async () => (await sandbox.crm("accounts", "?$filter=accountnumber eq 'K101'"))[0]!.websiteurl;
      assertEquals(await site(), null);
      assertStringIncludes((await sync(home)).stderr, "definition changed: websiteurl added");
      assertEquals(await site(), "https://a.example");
    },
  ));

/** Gives a company a website on one side or both. */
async function browse(sandbox: RunningSandbox, number: string, sites: { erp?: string; crm?: string }): Promise<void> {
  if (sites.erp !== undefined) {
    const [row] = await sandbox.erp("customers", `?$filter=number eq '${number}'`);
    const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/customers(${row!.id})`;
    const etag = { "If-Match": String(row!["@odata.etag"]) };
    await (await sandbox.send("PATCH", url, { website: sites.erp }, etag)).body?.cancel();
  }
  if (sites.crm !== undefined) {
    const [row] = await sandbox.crm("accounts", `?$filter=accountnumber eq '${number}'`);
    const url = `${sandbox.crmUrl}accounts(${row!.accountid})`;
    await (await sandbox.send("PATCH", url, { websiteurl: sites.crm })).body?.cancel();
  }
}

type Rows = Record<string, unknown>[];
/** Whole rows: those that the step writes, without their versions, and all others with them. */
async function rows({ erp, crm }: RunningSandbox): Promise<{ customers: Rows; accounts: Rows; other: Rows }> {
  const plain = (all: Rows) => all.map((row) => without(row, ["@odata.etag"]));
  return {
    customers: plain(await erp("customers")),
    accounts: plain(await crm("accounts")),
    other: (await Promise.all([
      erp("contacts", "?$filter=type eq 'Person'"), // the company contact follows its customer
      ...["items", "currencies", "unitsOfMeasure", "salespeoplePurchasers"].map((set) => erp(set)),
      ...["contacts", "products", "transactioncurrencies", "uomschedules", "systemusers"].map((set) => crm(set)),
    ])).flat(),
  };
}

function without(row: Record<string, unknown>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([field]) => !fields.includes(field)));
}

/** A mistake in a definition: what is written instead of what, and what the message says of it. */
interface Mistake {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Step, field and remedy; the file is always expected. */
  readonly said: readonly string[];
}
const customers = "pipelines/customers.ts";
const mistakes: Readonly<Record<string, Mistake>> = {
  "a cycle": {
    file: "pipelines/mod.ts",
    from: "export const steps",
    to: "(customers.dependsOn as Step[]).push(contacts);\nexport const steps",
    said: ["pipelines/customers.ts", "customers → contacts → customers", "take one dependency away"],
  },
  "definitions that import each other": {
    file: "pipelines/currencies.ts",
    from: 'name: "currencies",',
    to: 'name: "currencies",\n  dependsOn: [customers],',
    said: ["import each other", "a step can only depend on one that does not depend on it"],
  },
  "an unknown dependency": {
    file: "pipelines/mod.ts",
    from: "...[salespeople, currencies, units, unitGroups, itemUnits, resourceUnits],",
    to: "...[salespeople, currencies, unitGroups, itemUnits, resourceUnits],",
    said: ["pipelines/items.ts", 'step "items"', '"units"', "add it to the pipeline"],
  },
  "a misspelt field of the ERP": {
    file: customers,
    from: '"phoneNumber"',
    to: '"phoneNumbr"',
    said: [customers, 'step "customers"', 'field "telephone1"', 'did you mean "phoneNumber"?'],
  },
  "a misspelt field of the CRM": {
    file: customers,
    from: "emailaddress1:",
    to: "emailadress1:",
    said: [customers, 'step "customers"', 'field "emailadress1"', 'did you mean "emailaddress1"?'],
  },
  "a missing inverse": {
    file: customers,
    from: 'convert("country", countryName)',
    to: 'convert("country", { name: "shout", forward: (code: string | null) => code?.toUpperCase() ?? null } as never)',
    said: [customers, 'step "customers"', 'field "address1_country"', '"shout" has no "backward"', "toCrm()"],
  },
  "a wrong type": {
    file: customers,
    from: 'toCrm("creditLimit")',
    to: 'toCrm("displayName")',
    said: [customers, 'step "customers"', 'field "creditlimit"', "a text can't be copied into a decimal", "convert()"],
  },
  "a constant that is no choice": {
    file: customers,
    from: "customertypecode: constant(3)",
    to: "customertypecode: constant(33)",
    said: [customers, 'step "customers"', 'field "customertypecode"', "33", "its values are 1, 2, 3"],
  },
  "a field of the CRM that may not be written": {
    file: customers,
    from: 'creditlimit: toCrm("creditLimit")',
    to: 'creditlimit_base: toCrm("creditLimit")',
    said: [customers, 'step "customers"', 'field "creditlimit_base"', "can never be written in the CRM", "fromCrm()"],
  },
  "a field of the ERP that may not be written": {
    file: customers,
    from: 'toCrm("creditLimit")',
    to: '"balanceDue"',
    said: [customers, 'step "customers"', 'field "creditlimit"', '"balanceDue" can never be written', "toCrm()"],
  },
  "a filter that a creation does not meet": {
    file: customers,
    from: "    customertypecode: constant(3),\n",
    to: "",
    said: [customers, 'step "customers"', 'field "customertypecode"', "write customertypecode: constant(3)"],
  },
};

Deno.test("sync refuses a definition with a mistake before any request, and says where it is", () =>
  withCompany(
    () => Promise.resolve(),
    async ({ dir, home, edit }, sandbox) => {
      for (const [mistake, { file, from, to, said }] of Object.entries(mistakes)) {
        const right = await Deno.readTextFile(`${dir}${file}`);
        await edit(file, from, to);
        if (to.includes("dependsOn: [customers]")) {
          const text = await Deno.readTextFile(`${dir}${file}`);
          await Deno.writeTextFile(`${dir}${file}`, `import { customers } from "./customers.ts";\n${text}`);
        }
        const refused = await run(home, "sync");
        assertEquals(refused.code, 2, `${mistake}: ${refused.stderr}`);
        for (const part of said) assertStringIncludes(refused.stderr, part, mistake);
        await Deno.writeTextFile(`${dir}${file}`, right);
      }
      assertEquals(await sandbox.requests(), []);
    },
  ));

Deno.test("check names the file and line of a definition that can't be loaded", () =>
  withCopy(async ({ home, edit }) => {
    await edit(
      "pipelines/customers.ts",
      '    telephone1: "phoneNumber"',
      '    telephone1: onConflict("erp", "phoneNumber")',
    );
    const text = await Deno.readTextFile("pipelines/customers.ts");
    const line = text.slice(0, text.indexOf("    telephone1: ")).split("\n").length;
    const { code, stderr } = await run(home, "check");
    assertEquals(code, 2);
    assertStringIncludes(stderr, `Cannot load pipelines/customers.ts:${line}:17: ReferenceError: onConflict is not `);
    await edit("pipelines/customers.ts", 'from "./currencies.ts"', 'from "./curencies.ts"');
    const { stderr: missing } = await run(home, "check");
    assertMatch(missing, /^Cannot load pipelines\/customers\.ts:8:\d+: .*curencies\.ts"\.; deno check/m);
  }));
