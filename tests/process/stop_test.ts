/** A signal that asks the program to end, while a service takes its time. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { project, recover, start, startSandbox, withHome } from "../e2e/program.ts";
import { before, itsSteps, writeCompany } from "../e2e/small_company.ts";

const waiting = `
  import { listenForInterruption } from "${project}cli/interruption.ts";
  const output = { message: (text) => console.error(text) };
  listenForInterruption(output, "something ends first", { within: 200 });
  setInterval(() => {}, 60_000);
  console.log("waiting");
`;

Deno.test("listenForInterruption() ends a program that does not come to its end in time", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    ...{ args: ["run", "-A", "-q", "--no-check", "--ext=ts", "-"], cwd: project },
    ...{ stdin: "piped", stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } },
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(waiting));
  await input.close();
  const said = child.stdout.getReader();
  assertEquals(new TextDecoder().decode((await said.read()).value), "waiting\n");
  said.releaseLock();
  child.kill("SIGTERM");
  const [{ code }, errors] = await Promise.all([child.status, new Response(child.stderr).text()]);
  await child.stdout.cancel();
  assertEquals(code, 143);
  assertStringIncludes(errors, "Stopping: something ends first");
  assertStringIncludes(errors, "took longer than 0.2 s");
});

/** Milliseconds after which a program that still runs is killed: the ten seconds that it has, and half as much. */
const patience = 15_000;

Deno.test("sync ends within ten seconds of a signal although a service does not answer, and the next one completes it", () =>
  withHome(async (home) => {
    const data = await Deno.makeTempDir({ prefix: "tenging-data-" });
    const sandbox = await startSandbox(home, ...await writeCompany(data));
    try {
      const slow = { kind: "latency", service: "dataverse", method: "POST", match: "$batch", ms: 60_000, times: 99 };
      await sandbox.control("POST", "/sandbox/faults", [slow]);
      const sync = start(home, "sync", ...itsSteps);
      while ((await sandbox.control("GET", "/sandbox/faults"))[0].met === 0);
      sync.process.kill("SIGTERM");
      const overdue = setTimeout(() => sync.process.kill("SIGKILL"), patience);
      const { code, stderr } = await sync.end();
      clearTimeout(overdue);
      assertEquals(code, 143, stderr);
      await sandbox.control("DELETE", "/sandbox/faults");
      await recover(home, itsSteps);
      const accounts = await sandbox.crm("accounts", "?$select=name");
      assertEquals(accounts.length, before.customers + before.accounts.own);
      assertEquals(new Set(accounts.map(({ name }) => name)).size, accounts.length);
    } finally {
      await sandbox.stop();
      await Deno.remove(data, { recursive: true });
    }
  }, { isEmbedded: true }));
