import { assertEquals, assertMatch } from "@std/assert";
import { parse } from "@std/csv";
import { insert, ok, run, type RunningSandbox, startSandbox, sync, withCopy } from "./program.ts";
import { writeCompany } from "./small_company.ts";

/** Every accented letter of both languages, in both cases. */
const icelandic = "Þórður Æsgeirsson & Ýr Ðaðadóttir – ÁÉÍÓÚÝÖÆÞÐ áéíóúýöæþð ehf.";
const polish = "Zażółć Gęślą Jaźń – ĄĆĘŁŃÓŚŹŻ ąćęłńóśźż Sp. z o.o.";

Deno.test("sync carries new records and changed fields both ways, to the byte", async () => {
  await withCopy(async ({ dir, home, edit }) => {
    for (const step of ["customers", "contacts"]) {
      await edit(`pipelines/${step}.ts`, 'fromCrm: { unmatched: "leave" }', 'fromCrm: { unmatched: "insert" }');
    }
    const sandbox = await startSandbox(home, ...await writeCompany(`${dir}data`));
    try {
      await sync(home);
      const there = new Set((await sandbox.erp("customers", "?$select=number")).map((one) => one.number));

      // In the CRM: two new accounts, one with a person behind it, and a phone number. In the ERP: two names.
      const account = await insert(sandbox, "accounts", {
        name: icelandic,
        customertypecode: 3,
        telephone1: "555 0999",
      });
      await insert(sandbox, "accounts", { name: polish, customertypecode: 3 });
      const person = { firstname: "Þórdís Łucja", lastname: "Æsgeirsdóttir-Śniadecka" };
      const parent = { "parentcustomerid_account@odata.bind": `/accounts(${account})` };
      await insert(sandbox, "contacts", { ...person, ...parent });
      const [known] = await sandbox.crm("accounts", "?$select=name&$filter=accountnumber eq 'K103'");
      await ok(
        sandbox.send("PATCH", `${sandbox.crmUrl}accounts(${known!.accountid})`, { telephone1: "+48 58 555 01 03" }),
      );
      await rename(sandbox, "customers", "K105", { displayName: polish.replace("Gęślą", "Świerszczową") });
      await rename(sandbox, "contacts", "P105", { displayName: "Ástríður Wójcik" });

      await sync(home);
      const customers = await sandbox.erp("customers", "?$select=number,displayName,phoneNumber");
      const accounts = await sandbox.crm("accounts", "?$select=name,accountnumber,telephone1");
      for (const name of [icelandic, polish]) {
        const made = customers.filter((one) => one.displayName === name);
        assertEquals(made.length, 1, name);
        assertMatch(String(made[0]!.number), /^C\d{5}$/); // the number series gave it
        assertEquals(there.has(made[0]!.number), false);
        assertEquals(accounts.filter((one) => one.name === name).map((one) => one.accountnumber), [made[0]!.number]);
      }
      assertEquals(customers.find((one) => one.number === "K103")!.phoneNumber, "+48 58 555 01 03");
      const renamed = accounts.find((one) => one.accountnumber === "K105")!;
      assertEquals(renamed.name, polish.replace("Gęślą", "Świerszczową"));

      const persons = await sandbox.erp("contacts", "?$select=displayName,type");
      assertEquals(persons.filter((one) => one.displayName === `${person.firstname} ${person.lastname}`).length, 1);
      const contacts = await sandbox.crm("contacts", "?$select=firstname,lastname");
      assertEquals(contacts.filter((one) => one.firstname === "Ástríður" && one.lastname === "Wójcik").length, 1);

      const report = await run(home, "report");
      const lines = parse(report.stdout, { skipFirstRow: true }) as unknown as Record<string, string>[];
      for (const name of [icelandic, polish, polish.replace("Gęślą", "Świerszczową")]) {
        const [line, ...others] = lines.filter((one) => one.step === "customers" && one.erp_name === name);
        assertEquals([others.length, line?.crm_name, line?.coupling_state], [0, name, "coupled"]);
      }
      const bytes = new TextEncoder();
      assertEquals(includes(bytes.encode(report.stdout), bytes.encode(polish)), true);
    } finally {
      await sandbox.stop();
    }
  });
});

/** Changes a record of the ERP as somebody with its number would. */
async function rename(
  sandbox: RunningSandbox,
  entity: string,
  number: string,
  change: Record<string, unknown>,
): Promise<void> {
  const [row] = await sandbox.erp(entity, `?$filter=number eq '${number}'`);
  const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/${entity}(${row!.id})`;
  await ok(sandbox.send("PATCH", url, change, { "If-Match": String(row!["@odata.etag"]) }));
}

function includes(all: Uint8Array, part: Uint8Array): boolean {
  return all.some((_, at) => part.every((byte, offset) => all[at + offset] === byte));
}
