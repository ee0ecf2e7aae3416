import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openBuiltInSandbox, startFilled } from "../../cli/built_in_sandbox.ts";
import type { Filling } from "../../cli/fill_sandbox.ts";
import { DefinitionError, ServiceError } from "../../errors.ts";
import { startSandbox } from "../../sandbox/mod.ts";

const empty: Filling = { data: null, crmData: null, localCurrency: null, isEmpty: true };
const demo: Filling = { ...empty, isEmpty: false };

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await test(`${home}/sandbox`);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("startFilled() keeps its addresses from one time to the next", () =>
  inFolder(async (dir) => {
    const first = await startFilled(dir, { filling: empty });
    await first.stop();
    const second = await startFilled(dir, { filling: demo });
    await second.stop();
    assertEquals([second.erpUrl, second.crmUrl], [first.erpUrl, first.crmUrl]);
    assertEquals([first.messages.length, second.messages.length], [1, 0]);
  }));

Deno.test("startFilled() goes to other ports when its own are taken, unless the user named them", () =>
  inFolder(async (dir) => {
    const blocker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    try {
      const { port } = blocker.addr;
      const named = { filling: empty, port: { erp: port } };
      assertEquals((await assertRejects(() => startFilled(dir, named), DefinitionError)).code, "port_in_use");
      await Deno.mkdir(dir, { recursive: true });
      await Deno.writeTextFile(`${dir}/ports.json`, JSON.stringify({ erp: port, crm: port }));
      const sandbox = await startFilled(dir, { filling: empty });
      await sandbox.stop();
      assertEquals(new URL(sandbox.erpUrl).port === String(port), false);
      assertEquals(JSON.parse(await Deno.readTextFile(`${dir}/ports.json`)).erp, Number(new URL(sandbox.erpUrl).port));
    } finally {
      blocker.close();
    }
  }));

Deno.test("openBuiltInSandbox() uses the one that runs and loads nothing into it", () =>
  inFolder(async (dir) => {
    const running = await startFilled(dir, { filling: empty });
    try {
      const found = await openBuiltInSandbox(dir, { filling: demo });
      assertEquals([found.isOurs, found.crmUrl, found.companyId], [false, running.crmUrl, running.companyId]);
      const data = { ...demo, data: "/nowhere" };
      const refused = await assertRejects(() => openBuiltInSandbox(dir, { filling: data }), DefinitionError);
      assertEquals(refused.code, "sandbox_not_empty");
      const taken = await assertRejects(() => startFilled(dir, { filling: demo }), ServiceError);
      assertEquals(taken.code, "sandbox_in_use");
    } finally {
      await running.stop();
    }
  }));

Deno.test("startFilled() refuses other data for a folder in use, and an address left by a killed process is nobody's", () =>
  inFolder(async (dir) => {
    const first = await startFilled(dir, { filling: empty });
    const address = await Deno.readTextFile(`${dir}/address.json`);
    await first.stop();
    await Deno.writeTextFile(`${dir}/address.json`, address);
    const again = await openBuiltInSandbox(dir, { filling: demo });
    await again.stop();
    assertEquals(again.isOurs, true);
    const other = { ...demo, localCurrency: "EUR" };
    assertEquals(
      (await assertRejects(() => startFilled(dir, { filling: other }), DefinitionError)).code,
      "sandbox_not_empty",
    );
  }));

Deno.test("startFilled() begins again where a filling was cut short", () =>
  inFolder(async (dir) => {
    const cut = await startSandbox({ dir });
    cut.erp.table("sandbox").put({ id: "filling" });
    await cut.stop();
    const sandbox = await startFilled(dir, { filling: demo });
    await sandbox.stop();
    assertEquals(sandbox.messages[0]?.startsWith("It was filled with the demo company: "), true);
  }));

Deno.test("startFilled() says of each wish that comes too late that it does", () =>
  inFolder(async (dir) => {
    const first = await startSandbox({ dir, localCurrency: "ISK" }); // stopped before anything was filled in
    await first.stop();
    const refuse = (filling: Filling) => assertRejects(() => startFilled(dir, { filling }), DefinitionError);
    assertStringIncludes((await refuse({ ...demo, localCurrency: "EUR" })).message, 'has "ISK"');
    const filled = await startFilled(dir, { filling: { ...demo, localCurrency: "ISK" } });
    await filled.stop();
    assertEquals((await refuse(empty)).code, "sandbox_not_empty");
  }));

Deno.test("startFilled() keeps the port that the user named when only the other one is taken", () =>
  inFolder(async (dir) => {
    const blocker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const erp = free.addr.port;
    free.close();
    try {
      await Deno.mkdir(dir, { recursive: true });
      await Deno.writeTextFile(`${dir}/ports.json`, JSON.stringify({ erp: 0, crm: blocker.addr.port }));
      const sandbox = await startFilled(dir, { filling: empty, port: { erp, crm: 0 } });
      await sandbox.stop();
      assertEquals(new URL(sandbox.erpUrl).port, String(erp));
    } finally {
      blocker.close();
    }
  }));

Deno.test("openBuiltInSandbox() takes files of state that were cut short for missing ones", () =>
  inFolder(async (dir) => {
    await Deno.mkdir(dir, { recursive: true });
    for (const name of ["ports.json", "address.json"]) await Deno.writeTextFile(`${dir}/${name}`, '{"erp": 1');
    const sandbox = await openBuiltInSandbox(dir, { filling: empty });
    await sandbox.stop();
    assertEquals(sandbox.isOurs, true);
  }));
