/**
 * The permission sets of deno.json are as narrow as they can be. Every entry is taken away in turn, and a run of the
 * command must end differently then: so an entry that no run uses is found as well.
 */
import { assert, assertEquals } from "@std/assert";
import { permissionSetOf } from "../cli/run_command.ts";
import { type Copy, project, withCopy } from "./e2e/program.ts";
import { writeCompany } from "./e2e/small_company.ts";

type Entries = true | readonly string[];
type Entry = Readonly<Record<string, Entries>>;
interface Run {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The exit code, and the code of the error where there is one, with the whole set. */
  readonly ends: string;
}

const settings = JSON.parse(await Deno.readTextFile(`${project}deno.json`));
const packages = Deno.realPathSync(`${project}node_modules`);
const sets: Readonly<Record<string, Entry>> = settings.permissions;
/** What a user adds to reach the real services, which no test does. */
const realHost = /\.dynamics\.com$|^login\.microsoftonline\.com$/;

/** Runs of the commands of each set. The cheap ones stand first: the first that ends differently is enough. */
function runsOf(folder: string, data: readonly string[]): Readonly<Record<string, readonly Run[]>> {
  // A secret's file can lie anywhere; without the rest of a connection it is refused, but only when it was read.
  const secret = { TENGING_ERP_CLIENT_SECRET_FILE: `${folder}/secret` };
  const [done, served, fresh] = ["done", "served", "new"].map((name) => ({ TENGING_HOME: `.tenging/${name}` }));
  const withSecret = (...args: string[]): Run => ({ args, env: secret, ends: "2 configuration_incomplete" });
  // So can the address of a database, where nothing listens. A home that is in use would keep its own store.
  const database = { ...fresh, DATABASE_URL_FILE: `${folder}/database` };
  const onServer = (...args: string[]): Run => ({ args, env: database, ends: "5 store_unreachable" });
  return {
    graph: [{ args: ["graph"], ends: "0" }, { args: ["help"], ends: "0" }],
    sync: [onServer("sync"), withSecret("sync"), { args: ["sync"], env: done!, ends: "0" }],
    plan: [onServer("plan"), withSecret("plan"), {
      args: ["plan", "--out", "exports/plan.json"],
      env: done!,
      ends: "0",
    }],
    check: [onServer("check", "units", "--sample", "1"), withSecret("check", "units", "--sample", "1"), {
      args: ["check", "units", "--sample", "1"],
      env: done!,
      ends: "0",
    }],
    status: [
      onServer("status"),
      { args: ["status"], env: done!, ends: "0" },
      { args: ["conflicts", "list"], env: done!, ends: "0" },
      { args: ["status"], env: served!, ends: "0" },
    ],
    report: [
      onServer("report"),
      { args: ["report", "--out", "exports/couplings.csv"], env: done!, ends: "0" },
      { args: ["report"], env: served!, ends: "0" },
    ],
    serve: [onServer("serve", "--port", "0"), withSecret("serve"), {
      args: ["serve", "--port", "0"],
      env: done!,
      ends: "143",
    }],
    sandbox: [{ args: ["sandbox", ...data], env: fresh!, ends: "143" }],
  };
}

interface Started {
  readonly process: Deno.ChildProcess;
  /** Resolves when a server is ready, and when the process has ended. */
  readonly ready: Promise<void>;
  /** How it ended: see {@link Run.ends}. */
  ending(): Promise<string>;
}

function start(copy: Copy, run: Run, set: { readonly name: string; readonly entry: Entry }): Started {
  const config = `${copy.dir}deno.${set.name}.json`;
  const { read = [] } = set.entry;
  // The copy's packages are the project's own.
  const entry = { ...set.entry, read: read === true ? true : [...read, packages] };
  Deno.writeTextFileSync(config, JSON.stringify({ ...settings, permissions: { [set.name]: entry } }));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", `--config=${config}`, `-P=${set.name}`, "--no-prompt", "main.ts", ...run.args],
    cwd: copy.dir,
    env: { NO_COLOR: "1", TENGING_HOME: "", DATABASE_URL: "", DATABASE_URL_FILE: "", ...run.env },
    ...{ stdin: "null", stdout: "null", stderr: "piped" },
  }).spawn();
  const ready = Promise.withResolvers<void>();
  const said = (async () => {
    let text = "";
    for await (const piece of process.stderr.pipeThrough(new TextDecoderStream())) {
      text += piece;
      // What `serve` and `sandbox` say last before they wait.
      if (/^Next: (curl|deno task sync \(in another)/m.test(text)) ready.resolve();
    }
    ready.resolve();
    return text;
  })();
  return {
    process,
    ready: ready.promise,
    async ending() {
      const text = await said;
      const { code } = await process.status;
      return [code, ...text.match(/(?<= \[)[a-z_]+(?=\]$)/m) ?? []].join(" ");
    },
  };
}

/** Runs to the end; a server is stopped as soon as it is ready. */
async function endingOf(copy: Copy, run: Run, set: { readonly name: string; readonly entry: Entry }): Promise<string> {
  const fresh = `${copy.dir}.tenging/new`;
  await Deno.mkdir(fresh, { recursive: true });
  await Deno.remove(fresh, { recursive: true });
  const started = start(copy, run, set);
  await started.ready;
  if (["serve", "sandbox"].includes(run.args[0]!)) stop(started.process);
  return await started.ending();
}

function stop(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGTERM");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
  }
}

/** The set without one of its entries, for each; what may be read anywhere is also narrowed to the project. */
function narrower(set: Entry): { readonly without: string; readonly entry: Entry }[] {
  return Object.entries(set).flatMap(([permission, entries]) => {
    const { [permission]: _, ...others } = set;
    if (entries === true) {
      return [
        { without: permission, entry: others },
        { without: `${permission} outside the project`, entry: { ...others, [permission]: ["."] } },
      ];
    }
    return entries.filter((one) => permission !== "net" || !realHost.test(one)).map((one) => ({
      without: `${permission} ${one}`,
      entry: { ...others, [permission]: entries.filter((other) => other !== one) },
    }));
  });
}

/** Path → when it was written, of all files of the copy outside the home and the reports. */
async function filesOf(dir: string, path = ""): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(`${dir}${path}`)) {
    const inner = `${path}${entry.name}`;
    if (entry.isSymlink || /^(\.tenging|exports|deno\.\w+\.json)$/.test(inner)) continue;
    if (entry.isDirectory) found.push(...await filesOf(dir, `${inner}/`));
    else found.push(`${inner} ${(await Deno.stat(`${dir}${inner}`)).mtime?.toISOString()}`);
  }
  return found.sort();
}

function listOf(entries: Entries): readonly string[] {
  return entries === true ? ["everything"] : entries;
}

Deno.test("a permission set writes to the home and the reports, and reaches loopback and the real services", () => {
  for (const [name, { read, write = [], net = [], env, ...others }] of Object.entries(sets)) {
    assertEquals(others, {}, `${name} may do nothing else`);
    assert(env !== true, name);
    // A secret's file and a folder of CSV files can lie anywhere.
    assertEquals(read, name === "graph" ? ["."] : true, name);
    const folders = ["report", "plan"].includes(name) ? [".tenging", "exports"] : [".tenging"];
    assertEquals(listOf(write).filter((path) => !folders.includes(path)), [], name);
    assertEquals(listOf(net).filter((host) => host !== "127.0.0.1" && !realHost.test(host)), [], name);
  }
});

Deno.test("every task runs its command with the set of that name, and asks for nothing", () => {
  for (const [name, { command }] of Object.entries<{ command: string }>(settings.tasks)) {
    if (["test", "simulate", "kill-test", "bench"].includes(name)) continue; // for developers, who run their own code with them
    const set = permissionSetOf([name]);
    // Where much passes through memory it is to stay flat.
    const flags = ["graph", "help", "sandbox"].includes(name)
      ? ""
      : `--v8-flags=${
        name === "report" ? "--max-semi-space-size=2" : "--max-semi-space-size=64,--heap-growing-percent=100"
      } `;
    assertEquals(command, `deno run -q ${flags}-P=${set} --no-prompt main.ts ${name}`);
  }
});

Deno.test("each entry of a permission set is used by a run, and runs write to the home and the report only", (t) =>
  withCopy(async (copy) => {
    const folder = await Deno.makeTempDir({ prefix: "tenging-data-" });
    const servers: Started[] = [];
    try {
      await Deno.writeTextFile(`${folder}/secret`, "not a real one\n");
      await Deno.writeTextFile(`${folder}/database`, "postgres://somebody@127.0.0.1:1/nothing\n");
      const data = await writeCompany(folder);
      const runs = runsOf(folder, data);
      assertEquals(Object.keys(runs).sort(), Object.keys(sets).sort());
      const before = await filesOf(copy.dir);

      const first = { args: ["sync", ...data], env: { TENGING_HOME: ".tenging/done" }, ends: "0" };
      assertEquals(await endingOf(copy, first, { name: "sync", entry: sets.sync! }), first.ends);
      const serve = { args: ["serve", "--port", "0"], env: { TENGING_HOME: ".tenging/served" }, ends: "143" };
      servers.push(start(copy, serve, { name: "serve", entry: sets.serve! }));
      await servers[0]!.ready;

      for (const [name, entry] of Object.entries(sets)) {
        for (const run of runs[name]!) {
          await t.step(`${name}: "${run.args[0]}" needs no more than its set`, async () => {
            assertEquals(await endingOf(copy, run, { name, entry }), run.ends);
          });
        }
      }
      assertEquals(await filesOf(copy.dir), before);

      for (const [name, set] of Object.entries(sets)) {
        for (const { without, entry } of narrower(set)) {
          await t.step(`${name} needs "${without}"`, async () => {
            for (const run of runs[name]!) {
              if (await endingOf(copy, run, { name, entry }) !== run.ends) return;
            }
            assert(false, "no run needs it: take it out of the set");
          });
        }
      }
    } finally {
      for (const server of servers) {
        stop(server.process);
        await server.ending();
      }
      await Deno.remove(folder, { recursive: true });
    }
  }));
