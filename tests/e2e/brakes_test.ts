/** Each brake, as processes: it stops the step before its first write, says so, and `--allow` lets it pass. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { latest, ok, run, type RunningSandbox, startSandbox, withCopy, writesSince } from "./program.ts";
import { csv } from "./small_company.ts";

/** One more than is always few. */
const many = 26;
const file = "pipelines/customers.ts";
const customer = (at: number, more: Readonly<Record<string, string>> = {}) => ({
  ...{ number: `K${100 + at}`, displayName: `Customer ${at}`, postalCode: String(1000 + at), phoneNumber: "" },
  ...more,
});

interface Try {
  readonly brake: string;
  /** What the message says. */
  readonly because: string;
  /** The step is read to its end: how deletions are seen. */
  readonly full?: boolean;
  /** Another brake that would stop it then. */
  readonly also?: string;
  readonly written: number;
}

Deno.test("sync stops before the first write for each brake, and passes by its word", () =>
  withCopy(async (copy) => {
    const data = `${copy.dir}data`;
    await Deno.mkdir(data);
    await Deno.writeTextFile(`${data}/customers.csv`, csv(Array.from({ length: many }, (_, at) => customer(at))));
    const sandbox = await startSandbox(copy.home, "--data", data);
    const select = ["--select", "customers"];
    /** Without the word once, and with it; counts what reached the services. */
    async function pass({ brake, because, full, also, written }: Try): Promise<void> {
      const how = [...select, ...full ? ["--full"] : [], ...also === undefined ? [] : ["--allow", also]];
      let since = await latest(sandbox);
      const stopped = await run(copy.home, "sync", ...how);
      assertEquals(stopped.code, 7, stopped.stderr);
      assertStringIncludes(stopped.stderr, 'Cannot go on with step "customers": ');
      assertStringIncludes(stopped.stderr, because);
      assertStringIncludes(stopped.stderr, `--allow ${brake}`);
      assertEquals(await writesSince(sandbox, since), 0, brake);
      since = await latest(sandbox);
      const passed = await run(copy.home, "sync", ...how, "--allow", brake);
      assertEquals(passed.code, 0, passed.stderr);
      assertEquals(await writesSince(sandbox, since), written, brake);
    }

    try {
      await sandbox.control("POST", "/sandbox/business_central", { manualNumbers: { customers: true } });
      // A first load is many creations, and not held back.
      assertEquals((await run(copy.home, "sync", "--select", "+customers")).code, 0);

      await Promise.all((await ids(sandbox)).map((id) => patch(sandbox, id, { phoneNumber: "+354 555 0100" })));
      await pass({ brake: "changes", because: `all ${many} pairs would be written`, written: many });

      await Promise.all(Array.from({ length: many }, (_, at) => post(sandbox, customer(many + at))));
      const because = `${many} records would be created, more than 25`;
      await pass({ brake: "creations", because, written: many });

      await post(sandbox, customer(900, { displayName: "CUSTOMER 1", postalCode: "1001" }));
      await pass({ brake: "candidates", because: '"CUSTOMER 1" like "Customer 1"', written: 1 });

      await copy.edit(file, "where({ customertypecode: 3, statecode: 0 })", "where({ customertypecode: 3 })");
      await patch(sandbox, (await ids(sandbox))[0]!, { phoneNumber: "+354 555 0199" });
      await pass({ brake: "filter", because: "the filter of the CRM is another one", written: 1 });

      await copy.edit(file, 'fromCrm: { unmatched: "leave" },', 'missing: { erp: "deactivate" },');
      await Promise.all((await ids(sandbox)).slice(0, many).map((id) => remove(sandbox, id)));
      const deletions = `${many} records would be deleted, put out of use or uncoupled, more than 25`;
      await pass({ brake: "deletions", because: deletions, full: true, written: many });
      assertEquals((await sandbox.crm("accounts", "?$filter=statecode eq 1")).length, many);

      const left = await ids(sandbox);
      await Promise.all(left.map((id) => remove(sandbox, id)));
      const empty = '"customers" lists no record at all, and had more than 25';
      await pass({ brake: "empty", because: empty, full: true, also: "deletions", written: left.length });
    } finally {
      await sandbox.stop();
    }
  }));

async function ids(sandbox: RunningSandbox): Promise<readonly string[]> {
  return (await sandbox.erp("customers", "?$select=id&$orderby=number")).map(({ id }) => String(id));
}
function url(sandbox: RunningSandbox, path = ""): string {
  return `${sandbox.erpUrl}companies(${sandbox.companyId})/customers${path}`;
}
async function post(sandbox: RunningSandbox, row: Readonly<Record<string, string>>): Promise<void> {
  await ok(sandbox.send("POST", url(sandbox), row));
}
async function patch(sandbox: RunningSandbox, id: string, row: Readonly<Record<string, string>>): Promise<void> {
  await ok(sandbox.send("PATCH", url(sandbox, `(${id})`), row, { "If-Match": "*" }));
}
async function remove(sandbox: RunningSandbox, id: string): Promise<void> {
  await ok(sandbox.send("DELETE", url(sandbox, `(${id})`), undefined, { "If-Match": "*" }));
}
