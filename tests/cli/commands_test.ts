import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parse } from "@std/csv";
import { readArguments } from "../../cli/arguments.ts";
import type { Configuration } from "../../cli/configuration.ts";
import { nextAfterPlan, nextAfterSync, planFirst } from "../../cli/next_command.ts";
import { nothingToFill } from "../../cli/fill_sandbox.ts";
import { openServices, refuseOtherKind } from "../../cli/services.ts";
import { announceServing, findServing } from "../../cli/serving.ts";
import { refuseUnconfirmed } from "../../cli/synchronize.ts";
import { compile } from "../../engine/compile.ts";
import { customers } from "../../pipelines/customers.ts";
import { memoryStore } from "../../store/memory.ts";
import { openPglite } from "../../store/pglite.ts";
import { DefinitionError } from "../../errors.ts";
import { runOf } from "../reports/company.ts";
import { inWorld } from "./world.ts";

interface Direction {
  readonly counts: Readonly<Record<string, number>>;
}
interface Document {
  readonly mode: string;
  readonly status: string;
  readonly steps: readonly { step: string; coupled: number; toCrm: Direction; fromCrm: Direction }[];
  readonly totals: Readonly<Record<string, number>>;
}

function writeData(dir: string): string {
  const data = `${dir}/data`;
  Deno.mkdirSync(data);
  const files = {
    "unitsOfMeasure.csv": "code,displayName\nPCS,Piece\n",
    "salespeople.csv": "code,displayName,email,phoneNumber\nJR,Jóna Rún,jona@example.com,5551234\n",
    "customers.csv": "number,displayName,city,country,postalCode,salespersonCode\n" +
      "10,Þórsmörk ehf.,Reykjavík,IS,101,JR\n20,Łódź Żagle,Łódź,PL,90-001,\n",
    "items.csv": "number,displayName,type,baseUnitOfMeasureCode,unitPrice\nA1,Bolt,Inventory,PCS,1.25\n",
    "orders.csv": "number\n1\n",
    "salesOrders.csv": "number\n1\n",
  };
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${data}/${name}`, text);
  return data;
}

Deno.test("sync, status and report work on a folder of CSV files from the first run on", () =>
  inWorld(async ({ dir, run }) => {
    const data = writeData(dir);
    assertEquals((await run(["status"])).err, "Nothing has run yet\nNext: deno task sync\n");
    const nothing = await run(["report"]);
    assertEquals([nothing.code, nothing.out.split("\r\n").length], [0, 2]);
    assertEquals(nothing.err, "Next: deno task status\n");
    assertEquals([...Deno.readDirSync(dir)].some((entry) => entry.name === ".tenging"), false);

    const first = await run(["sync", "--data", data, "--json"]);
    assertEquals(first.code, 0);
    assertStringIncludes(first.err, " · nothing is listed\n");
    assertStringIncludes(
      first.err,
      "Files that no step reads: orders.csv, salesOrders.csv (salesOrders.csv: for deno task sandbox load-orders DIR)\n",
    );
    const document: Document = JSON.parse(first.out);
    assertEquals([document.mode, document.status], ["first", "Finished"]);
    const coupled = document.steps.map((step) => [step.step, step.coupled]);
    assertEquals(Object.fromEntries(coupled)["customers"], 2);
    assertEquals(Object.fromEntries(coupled)["items"], 1);
    for (const [name, total] of Object.entries(document.totals)) {
      const parts = document.steps.map(({ toCrm, fromCrm }) => (toCrm.counts[name] ?? 0) + (fromCrm.counts[name] ?? 0));
      assertEquals(total, parts.reduce((sum, part) => sum + part, 0), name);
    }

    const again = await run(["sync", "--data", data]);
    assertEquals([again.code, again.err.includes("[sandbox_not_empty]")], [2, true]);
    const second = await run(["sync", "--select", "+customers"]);
    assertEquals(second.code, 0);
    assertStringIncludes(second.err, " · nothing of these steps is listed\n");
    assertEquals(second.out.includes("items"), false);
    assertEquals(second.err.trimEnd().split("\n").at(-1), "Next: deno task report --out exports/couplings.csv");

    const status = JSON.parse((await run(["status", "--json"])).out);
    assertEquals(status.runs.map((run: Document) => run.mode), ["incremental", "first"]);
    const report = await run(["report", "--only", "coupled"]);
    const rows: Record<string, string>[] = parse(report.out, { skipFirstRow: true });
    const names = rows.filter((row) => row["step"] === "customers").map((row) => [row["erp_name"], row["crm_name"]]);
    assertEquals(names.sort(), [["Þórsmörk ehf.", "Þórsmörk ehf."], ["Łódź Żagle", "Łódź Żagle"]]);

    const check = await run(["check", "items", "--sample", "1"]);
    assertEquals([check.code, check.out.startsWith("ERP A1 Bolt\n")], [0, true]);
  }));

Deno.test("data that can't be loaded leaves nothing behind", () =>
  inWorld(async ({ dir, run }) => {
    const missing = await run(["sync", "--data", `${dir}/nowhere`]);
    assertEquals([missing.code, missing.err.includes("[data_folder_missing]")], [2, true]);
    const wrong = await run(["sync", "--data", writeData(dir), "--local-currency", "EUR"]);
    assertEquals(wrong.code, 0);
  }));

Deno.test("a definition step that is switched off is skipped and named", () =>
  inWorld(async ({ dir, run }) => {
    const text = '{"connections": {"default": {"steps": {"contacts": false}}}}';
    Deno.writeTextFileSync(`${dir}/tenging.json`, text);
    const graph = await run(["graph", "--json"]);
    const { steps } = JSON.parse(graph.out);
    assertEquals(steps.find((step: { step: string }) => step.step === "contacts").off, "switched off in tenging.json");
    Deno.writeTextFileSync(`${dir}/tenging.json`, text.replace("contacts", "contcats"));
    const misspelt = await run(["graph"]);
    assertEquals([misspelt.code, misspelt.err.includes('did you mean "contacts"?')], [2, true]);
  }));

const refusals: readonly (readonly [args: readonly string[], env: Record<string, string>, code: string])[] = [
  [["sync"], { TENGING_ERP_CLIENT_SECRET: "x" }, "configuration_incomplete"],
  [["sync", "--select", "custmers"], {}, "unknown_step"],
  [["sync", "--crm-data", "x"], {}, "bad_arguments"],
  [["sync", "--local-currency", "euro"], {}, "bad_arguments"],
  [["check", "--sample", "5"], {}, "bad_arguments"],
  [["check", "customers+", "--sample", "5"], {}, "bad_arguments"],
  [["graph", "--json", "--mermaid"], {}, "bad_arguments"],
  [["report", "--only", "conflicts"], {}, "bad_arguments"],
  [["sandbox", "--empty", "--data", "x"], {}, "bad_arguments"],
  [["serve", "--port", "99999"], {}, "bad_arguments"],
  [["help", "snyc"], {}, "unknown_command"],
];
for (const [args, env, code] of refusals) {
  Deno.test(`"${args.join(" ")}" ends with 2 and ${code}${"TENGING_ERP_CLIENT_SECRET" in env ? " with half a configuration" : ""}`, () =>
    inWorld(async ({ dir, run }) => {
      const ended = await run(args, env);
      assertEquals([ended.code, ended.out], [2, ""]);
      assertStringIncludes(ended.err, `[${code}]`);
      assertEquals([...Deno.readDirSync(dir)].some((entry) => entry.name === ".tenging"), false);
    }));
}

for (const command of ["graph", "status", "report", "check"]) {
  Deno.test(`${command} reads no secret and needs no whole connection`, () =>
    inWorld(async ({ dir, run }) => {
      Deno.writeTextFileSync(`${dir}/tenging.json`, '{"connections": {"default": {"erp": {"tenant": "x"}}}}');
      assertEquals((await run([command], { TENGING_ERP_CLIENT_SECRET_FILE: `${dir}/nowhere` })).code, 0);
    }));
}

Deno.test("check says that the definitions are in order, and what the configuration makes of them", () =>
  inWorld(async ({ dir, run }) => {
    const ended = await run(["check"]);
    assertEquals([ended.code, ended.out.includes("no problems: salespeople")], [0, true]);
    assertStringIncludes(ended.out, "belong to the salespeople, with the extension, time zone UTC\n");
    const narrow = { extension: false, linkColumn: true, timeZone: "Europe/Paris" };
    await Deno.writeTextFile(`${dir}/tenging.json`, JSON.stringify({ connections: { default: narrow } }));
    const { out } = await run(["check"]);
    assertStringIncludes(out, "without the extension, with the link column, time zone Europe/Paris\n");
    assertStringIncludes(out, "orders leaves out: shippingmethodcode, description, yourReference\n");
    assertEquals(JSON.parse((await run(["check", "--json"])).out).problems, []);
  }));

Deno.test("check says which steps wait for steps that are off", () =>
  inWorld(async ({ dir, run }) => {
    const waiting = async (steps: Record<string, boolean>) => {
      await Deno.writeTextFile(`${dir}/tenging.json`, JSON.stringify({ connections: { default: { steps } } }));
      return (await run(["check"])).out.split("\n").filter((line) => line.startsWith('Without "'));
    };
    const wait = "these wait for what was not coupled before:";
    assertEquals(await waiting({}), []);
    assertEquals(await waiting({ contacts: false }), []); // its one lookup is left as it is meanwhile
    assertEquals(await waiting({ items: false, "order lines": false }), [`Without "items", ${wait} item prices`]);
    assertEquals(await waiting({ items: false, resources: false }), [
      `Without "items", ${wait} item prices`,
      `Without "resources", ${wait} resource prices`,
      `Without "items" or "resources", ${wait} price list lines, order lines`,
    ]);
  }));

const account = { tokenUrl: "https://login.example/t", clientId: "c", clientSecret: "s", scope: "x" };
const real: Configuration = {
  connection: "default",
  services: {
    erp: { ...account, baseUrl: "https://erp.example/v2.0/t/e", companyId: "11111111-2222-4333-8444-555555555555" },
    crm: { ...account, baseUrl: "https://crm.example" },
  },
  steps: {},
  owner: { model: "person" },
  extension: false,
  linkColumn: false,
  timeZone: "UTC",
};

Deno.test("refuseUnconfirmed() asks once for each definition that writes to real services", async () => {
  const store = memoryStore();
  await refuseUnconfirmed({ ...real, services: null }, store, { steps: [customers] });
  const refused = async () => {
    const error = await assertRejects(() => refuseUnconfirmed(real, store, { steps: [customers] }), DefinitionError);
    assertEquals(error.code, "confirmation_missing");
    return error.message;
  };
  assertStringIncludes(await refused(), "erp.example and crm.example");
  assertStringIncludes(await refused(), "customers (first run)");
  const { hash, ruleHashes: rules } = compile(customers);
  const entities = { erp: "customers", crm: "accounts" };
  await store.save(real.connection, "customers", { definition: { hash, rules, entities } });
  await refuseUnconfirmed(real, store, { steps: [customers] });
  await store.save(real.connection, "customers", { definition: { hash: "another", rules, entities } });
  assertStringIncludes(await refused(), "customers (changed)");
});

const kinds: readonly (readonly [pinned: "real" | "sandbox" | null, isReal: boolean, code: string | null])[] = [
  [null, true, null],
  [null, false, null],
  ["real", true, null],
  ["sandbox", false, null],
  ["real", false, "configuration_missing"],
  ["sandbox", true, "other_environment"],
];
for (const [pinned, isReal, code] of kinds) {
  Deno.test(`refuseOtherKind() on a home of ${pinned ?? "nobody"} for ${isReal ? "real services" : "a sandbox"}`, async () => {
    const store = memoryStore();
    const who = { service: "x", name: "x", parts: {} };
    if (pinned !== null) await store.connection("default", { kind: pinned, erp: who, crm: who });
    const refuse = () => refuseOtherKind(store, isReal ? real : { ...real, services: null }, { home: ".tenging" });
    if (code === null) await refuse();
    else assertEquals((await assertRejects(refuse, DefinitionError)).code, code);
  });
}

Deno.test("refuseOtherKind() names the database where that is the store", async () => {
  const store = memoryStore();
  const who = { service: "x", name: "x", parts: {} };
  await store.connection("default", { kind: "sandbox", erp: who, crm: who });
  const place = { home: ".tenging", database: 'database "sync" on "db.example:5432"' };
  const error = await assertRejects(() => refuseOtherKind(store, real, place), DefinitionError);
  assertStringIncludes(error.message, 'the database "sync" on "db.example:5432" belongs to the sandbox');
  assertStringIncludes(
    error.message,
    "set TENGING_HOME to another folder under .tenging, and DATABASE_URL to another database",
  );
});

Deno.test("status shows a run that was killed as cancelled", () =>
  inWorld(async ({ dir, run }) => {
    const store = await openPglite(`${dir}/.tenging/store`);
    await store.saveRun("default", runOf("killed", { status: "In Process", finishedAt: null }));
    await store.close();
    const [killed] = JSON.parse((await run(["status", "--json"])).out).runs;
    assertEquals([killed.runId, killed.status], ["killed", "Cancelled"]);
  }));

Deno.test("a home with a store of its own takes no database, and one of a database no store of its own", () =>
  inWorld(async ({ dir, run }) => {
    const commands = [["sync"], ["status"], ["report"], ["check", "units", "--sample", "1"], ["serve", "--port", "0"]];
    const endings = async (env: Readonly<Record<string, string>>) => {
      const ended: string[] = [];
      for (const args of commands) {
        const { code, err } = await run(args, env);
        ended.push(`${code} ${err.match(/\[(\w+)\]\n$/)?.[1]}`);
      }
      return ended;
    };
    const nowhere = { DATABASE_URL: "postgres://somebody:hunter2@127.0.0.1:1/sync" };
    await (await openPglite(`${dir}/.tenging/store`)).close();
    assertEquals(await endings(nowhere), commands.map(() => "2 other_store"));
    const said = (await run(["sync"], nowhere)).err;
    assertStringIncludes(said, `DATABASE_URL names the database "sync" on "127.0.0.1:1"`);
    assertEquals(said.includes("hunter2"), false);

    await Deno.rename(`${dir}/.tenging/store`, `${dir}/.tenging/away`); // the documented way
    assertEquals(await endings(nowhere), commands.map(() => "5 store_unreachable"));
    await Deno.writeTextFile(
      `${dir}/.tenging/database.json`,
      '{"database":"database \\"sync\\" on \\"h:1\\"","id":"1"}',
    );
    assertEquals(await endings({}), commands.map(() => "2 other_store"));
    assertEquals([...Deno.readDirSync(`${dir}/.tenging`)].map(({ name }) => name).includes("store"), false);
    await Deno.writeTextFile(`${dir}/.tenging/database.json`, "{");
    assertEquals(await endings(nowhere), commands.map(() => "2 other_store"));
    await Deno.remove(`${dir}/.tenging/database.json`);
    assertEquals((await run(["status"])).code, 0);
  }));

Deno.test("a home with couplings of one model is refused with the other one, until it is chosen again", () =>
  inWorld(async ({ dir, run }) => {
    const chosen = async (steps: Readonly<Record<string, boolean>>) =>
      await Deno.writeTextFile(`${dir}/tenging.json`, JSON.stringify({ connections: { default: { steps } } }));
    assertEquals((await run(["sync", "--select", "units"])).code, 0);
    await chosen({ "price groups": true }); // nothing was coupled by price lists
    assertEquals((await run(["sync", "--select", "units"])).code, 0);
    await chosen({ "unit groups": true });
    for (const args of [["sync"], ["check", "items", "--sample", "1"]]) {
      const { code, err } = await run(args);
      assertEquals([code, err.match(/\[(\w+)\]\n$/)?.[1]], [2, "other_model"]);
      assertStringIncludes(err, 'this home has 6 records coupled by "units"');
    }
    const other = { TENGING_HOME: ".tenging/other" };
    assertEquals((await run(["sync", "--select", "unit groups"], other)).code, 0);
    await chosen({});
    assertEquals((await run(["sync", "--select", "units"])).code, 0);
    assertStringIncludes((await run(["sync"], other)).err, 'coupled by "unit groups"');
  }));

Deno.test("check STEP says that it filled a new home's sandbox", () =>
  inWorld(async ({ run }) => {
    const sampled = await run(["check", "units", "--sample", "1"]);
    assertEquals([sampled.code, sampled.err.includes("It was filled with the demo company")], [0, true]);
  }));

Deno.test("check STEP and sync say that the CRM's user has another time zone than the connection", () =>
  inWorld(async ({ dir, run }) => {
    const commands = [["check", "units", "--sample", "1"], ["sync", "--select", "units"]];
    for (const [timeZone, expected] of [["Europe/Berlin", true], ["UTC", false]]) {
      Deno.writeTextFileSync(`${dir}/tenging.json`, JSON.stringify({ connections: { default: { timeZone } } }));
      for (const command of commands) {
        const { code, err } = await run(command);
        assertEquals([code, err.includes("The time zone of the CRM's user is UTC+00:00,")], [0, expected]);
      }
    }
  }));

Deno.test("a home that held a real connection gets no sandbox, even when no service ever answered", () =>
  inWorld(async ({ dir }) => {
    const nobody = async () => await Promise.reject(new Error("no request is sent here"));
    const clock = { now: () => 0, random: () => 0, uuid: () => "", sleep: nobody };
    // A test may reach everything, so the permission set is of no account.
    await openServices({
      home: dir,
      configuration: real,
      project: { dir, set: "sync" },
      clock,
      filling: nothingToFill,
    });
    const refuse = (configuration: Configuration) => refuseOtherKind(memoryStore(), configuration, { home: dir });
    await refuse(real);
    const refused = await assertRejects(() => refuse({ ...real, services: null }), DefinitionError);
    assertEquals(refused.code, "configuration_missing");
  }));

const outs: readonly (readonly [out: string, code: string])[] = [
  [".tenging/serve.json", "file_not_permitted"],
  [".tenging/store.lock", "file_not_permitted"],
  [".tenging/store/base/1.csv", "file_not_permitted"],
  [".tenging/other/sandbox/x.csv", "file_not_permitted"],
  ["exports", "file_not_permitted"],
  ["exports/folder.csv", "file_not_writable"],
];
for (const [out, code] of outs) {
  Deno.test(`report --out ${out} is refused`, () =>
    inWorld(async ({ dir, run }) => {
      await Deno.mkdir(`${dir}/exports/folder.csv`, { recursive: true });
      const ended = await run(["report", "--out", `${dir}/${out}`]);
      assertEquals([ended.code, ended.err.includes(`[${code}]`)], [2, true], ended.err);
      assertEquals([...Deno.readDirSync(`${dir}/exports`)].map((entry) => entry.name), ["folder.csv"]);
    }));
}

const nexts: readonly (readonly [code: number, args: readonly string[], next: string])[] = [
  [0, ["sync"], "deno task report --out exports/couplings.csv"],
  [2, ["sync", "--select", "customers/C99999"], "deno task report"],
  [3, ["sync"], "deno task report --only listed"],
  [5, ["sync", "--data", "x"], "deno task sync"],
  [5, ["sync", "--allow", "filter"], "deno task sync --allow filter"],
  [7, ["sync", "--select", "items", "--yes"], "deno task plan --select items --allow creations --allow empty"],
  [5, ["sync", "--rebase"], "deno task sync --rebase"],
  [130, ["sync", "--full", "--select", "customers/10 000"], "deno task sync --select 'customers/10 000' --full"],
];
for (const [code, args, next] of nexts) {
  Deno.test(`nextAfterSync() after "${args.join(" ")}" that ended with ${code}`, () => {
    assertEquals(nextAfterSync(code, readArguments(args), { stopped: ["creations", "empty"] }), next);
  });
}

Deno.test("nextAfterSync() of a plan makes it anew, with all that it was made with", () => {
  const plan = { full: true, onlyCoupled: false, rebase: true, allow: ["filter" as const], select: "customers/10 000" };
  const options = "--select 'customers/10 000' --allow filter --allow deletions --full --rebase";
  for (const [path, out] of [["exports/a.json", "exports/a.json"], ["../b.json", "exports/b.json"]] as const) {
    const next = nextAfterSync(7, readArguments(["sync", path]), { stopped: ["deletions", "filter"], plan });
    assertEquals(next, `deno task plan ${options} --out ${out}`);
  }
  assertEquals(nextAfterSync(3, readArguments(["sync", "p.json"]), { plan }), "deno task report --only listed");
});

Deno.test("planFirst() plans what was asked for", () => {
  const args = readArguments(["sync", "--select", "items", "--rebase", "--full", "--json", "--allow", "filter"]);
  assertEquals(planFirst(args), "deno task plan --select items --allow filter --full --rebase --out exports/plan.json");
});

Deno.test("nextAfterPlan() lets the brakes pass that stopped it", () => {
  const args = readArguments(["plan", "--select", "items", "--allow", "filter", "--out", "exports/plan.json"]);
  const options = "--select items --allow filter --allow creations --allow empty --out exports/plan.json";
  assertEquals(nextAfterPlan(7, args, { stopped: ["creations", "empty"] }), `deno task plan ${options}`);
  assertEquals(nextAfterPlan(0, args), "deno task sync exports/plan.json");
});

Deno.test("findServing() finds who answers and takes what a killed one left for nobody", () =>
  inWorld(async ({ dir }) => {
    assertEquals(await findServing(dir), null);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => Response.json({ status: "ok", id: "this" }),
    );
    const { port } = server.addr;
    announceServing(dir, { port, id: "of a killed one", store: "embedded" });
    assertEquals(await findServing(dir), null);
    const takeBack = announceServing(dir, { port, id: "this", store: "embedded" });
    assertEquals(await findServing(dir), { pid: Deno.pid, port, id: "this", store: "embedded" });
    await Deno.writeTextFile(`${dir}/serve.json`, '{"pid": 1, ');
    assertEquals(await findServing(dir), null);
    await server.shutdown();
    announceServing(dir, { port, id: "this", store: "embedded" });
    assertEquals(await findServing(dir), null);
    takeBack();
    takeBack();
    assertEquals([...Deno.readDirSync(dir)].some((entry) => entry.name.startsWith("serve.json")), false);
  }));
