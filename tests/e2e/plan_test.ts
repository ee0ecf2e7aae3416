/** `plan` and `sync` with its file, as processes: a plan is carried out once, and not at all where something moved. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { latest, ok, run, startSandbox, withCopy, writesSince } from "./program.ts";
import { itsSteps, writeCompany } from "./small_company.ts";

interface PlanLine {
  readonly step: string;
  readonly op: string;
  readonly target: string | null;
  readonly name: string;
}

Deno.test("sync with a plan writes what the plan says, and refuses it once a record moved", () =>
  withCopy(async (copy) => {
    const data = await writeCompany(`${copy.dir}data`);
    const file = (name: string) => Deno.readTextFile(`${copy.dir}exports/${name}.json`);
    const planned = await run(copy.home, "plan", "--out", "exports/plan.json", ...itsSteps, ...data);
    assertEquals(planned.code, 0, planned.stderr);
    assertStringIncludes(planned.stderr, "Next: deno task sync exports/plan.json");
    assertStringIncludes(planned.stdout, "Recommended: couple, both sides have records");
    assertStringIncludes(planned.stdout, "Recommended: full synchronization, the CRM is empty");
    assertStringIncludes(planned.stdout, "toCrm accountnumber ← number");
    const lines: PlanLine[] = JSON.parse(await file("plan")).changes;
    assert(lines.length > 20, String(lines.length));

    const sandbox = await startSandbox(copy.home);
    try {
      const again = await run(copy.home, "plan", "--out", "exports/again.json", "--exit-code", ...itsSteps);
      assertEquals(again.code, 10, again.stderr);
      const changes = (text: string) => text.slice(text.indexOf('"changes"'), text.indexOf('],"summary"'));
      assertEquals(changes(await file("again")), changes(await file("plan")));
      assertEquals(await writesSince(sandbox, 0), 0);

      // One edit of a record that the plan writes.
      const edited = lines.find(({ step, op }) => step === "customers" && op === "update")!;
      const url = `${sandbox.crmUrl}accounts(${edited.target})`;
      const before = (await sandbox.crm("accounts")).find(({ accountid }) => accountid === edited.target)!;
      await ok(sandbox.send("PATCH", url, { telephone1: "+354 000" }));
      let since = await latest(sandbox);
      const stale = await run(copy.home, "sync", "exports/plan.json");
      assertEquals(stale.code, 7, stale.stderr);
      assertStringIncludes(stale.stderr, "[plan_stale]");
      const selected = itsSteps.filter((word) => word !== "--select").join(",");
      const next = `Next: deno task plan --select ${selected} --out exports/plan.json\n`;
      assertEquals(stale.stderr.slice(-next.length), next);
      assertStringIncludes(stale.stderr, edited.name);
      assertEquals(await writesSince(sandbox, since), 0);

      await ok(sandbox.send("PATCH", url, { telephone1: before.telephone1 }));
      since = await latest(sandbox);
      const done = await run(copy.home, "sync", "exports/plan.json");
      assertEquals(done.code, 0, done.stderr);
      assertEquals(done.stderr.split("Nothing is configured").length, 2, done.stderr); // said once
      assertEquals(await writesSince(sandbox, since), lines.length);

      const nothing = await run(copy.home, "plan", "--exit-code", "--json", ...itsSteps);
      assertEquals(nothing.code, 0, nothing.stderr);
      assertEquals(JSON.parse(nothing.stdout).changes, []);
      const late = await run(copy.home, "sync", "exports/plan.json");
      assertEquals(late.code, 7, late.stderr);
      assertStringIncludes(late.stderr, "any more");
    } finally {
      await sandbox.stop();
    }

    await copy.edit("pipelines/customers.ts", 'emailaddress1: "email",', "");
    const other = await run(copy.home, "sync", "exports/plan.json");
    assertEquals(other.code, 2, other.stderr);
    assertStringIncludes(other.stderr, "[plan_of_other_definition]");
  }));
