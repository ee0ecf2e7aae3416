/** A home with its services, on a store of its own, whose program is started as users do and killed at its edges. */
import postgres from "postgres";
import { type Copy, type Finished, type RunningSandbox, startSandbox } from "../e2e/program.ts";
import { writeCompany } from "../e2e/small_company.ts";

export const boundaries = [
  ...["before the intent", "after the intent", "during the remote write", "after the remote write"],
  ...["before the coupling", "after the coupling", "before the cursor", "after the cursor", "during the report"],
] as const;
export type Boundary = typeof boundaries[number];

/** Puts the edges before `sync` and `report`, and lets users of the CRM create as well. */
export async function prepare(copy: Copy, { withoutIntent }: { readonly withoutIntent: boolean }): Promise<void> {
  await Deno.copyFile(new URL("edges.ts", import.meta.url), `${copy.dir}edges.ts`);
  for (const task of ["sync", "report"]) {
    const command = (flags: string) => `${flags}-P=${task} --no-prompt main.ts ${task}"`;
    await copy.edit("deno.json", command(""), command("--preload ./edges.ts "));
  }
  // The report alone may not read what names the edge.
  const own = [
    '"report": {',
    '"read": true,',
    '"write": [".tenging", "exports"],',
    '"net": ["127.0.0.1"],',
    '"env": ["TENGING_',
  ]
    .join("\n      ");
  await copy.edit("deno.json", `${own}HOME"`, `${own}*"`);
  for (const step of ["customers", "contacts"]) {
    await copy.edit(`pipelines/${step}.ts`, 'fromCrm: { unmatched: "leave" }', 'fromCrm: { unmatched: "insert" }');
  }
  if (!withoutIntent) return;
  await copy.edit("engine/propagate.ts", "noteSent(context, changes))", "changes)");
}

export interface Home {
  readonly name: string;
  readonly sandbox: RunningSandbox;
  /**
   * A run to its end; later: half an hour ahead, when nothing can be under way any more; full: with a look through both
   * sides for what was deleted.
   */
  sync(options?: { readonly later?: boolean; readonly full?: boolean }): Promise<Finished>;
  /** The coupling report, as the text of its file. */
  report(): Promise<string>;
  /** Kills a run where it meets the boundary for the nth time; false when it ended before. */
  kill(boundary: Boundary, options: { readonly nth: number; readonly pause: number }): Promise<boolean>;
  stop(): Promise<void>;
}

const select = ["--select", "+contacts"];

/** `database`: the address of an empty one; null for the store in the home. */
export async function openHome(copy: Copy, name: string, database: string | null): Promise<Home> {
  const home = `${copy.home}/${name}`;
  await Deno.mkdir(home, { recursive: true });
  const sandbox = await startSandbox(home, ...await writeCompany(`${copy.dir}data-${name}`));
  const sql = database === null ? null : postgres(database, { max: 1, onnotice: () => {} });
  const out = `exports/${name}.csv`;
  let met = Promise.withResolvers<void>();
  const over = new AbortController();
  const killer = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: over.signal }, () => {
    met.resolve();
    return new Promise<Response>(() => {});
  });

  function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const child = new Deno.Command(Deno.execPath(), {
      ...{ args: ["task", "-q", ...args], cwd: copy.dir, stdin: "null", stdout: "piped", stderr: "piped" },
      env: {
        ...{ TENGING_HOME: home, NO_COLOR: "1", DENO_V8_FLAGS: "--liftoff-only" },
        ...{ DATABASE_URL: database ?? "", DATABASE_URL_FILE: "", ...env },
      },
    }).spawn();
    const finished = Promise.all([child.status, new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return { pid: child.pid, end: finished.then(([{ code }, stdout, stderr]) => ({ code, stdout, stderr })) };
  }

  /** The process that has the store. */
  async function holder(): Promise<number> {
    if (sql === null) return Number(await Deno.readTextFile(`${home}/store.lock`));
    const rows = await sql`select distinct application_name as name from pg_stat_activity
      where datname = current_database() and application_name like 'tenging %'`;
    const pids = rows.map(({ name }) => Number(name.slice("tenging ".length))).filter(isAlive);
    if (pids.length !== 1) throw new Error(`${name}: ${pids.length} processes have the store`);
    return pids[0]!;
  }

  return {
    name,
    sandbox,
    sync: ({ later = false, full = false } = {}) =>
      start(["sync", ...select, ...(full ? ["--full"] : [])], later ? { TENGING_EDGE_LATER: "1" } : {}).end,
    async report() {
      const done = await start(["report", "--out", out]).end;
      if (done.code !== 0) throw new Error(`report ended with ${done.code}: ${done.stderr}`);
      const text = await Deno.readTextFile(`${copy.dir}${out}`);
      await Deno.remove(`${copy.dir}${out}`);
      return text;
    },
    async kill(boundary, { nth, pause }) {
      met = Promise.withResolvers();
      const { port } = killer.addr;
      const edge = JSON.stringify({ name: boundary, nth, url: `http://127.0.0.1:${port}/` });
      const isReport = boundary === "during the report";
      const { pid: parent, end } = start(isReport ? ["report", "--out", out] : ["sync", ...select], {
        TENGING_EDGE: edge,
      });
      const early = await Promise.race([met.promise.then(() => null), end]);
      if (early !== null) {
        if (![0, 3].includes(early.code)) throw new Error(`${name}: ended with ${early.code}: ${early.stderr}`);
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      const pid = await holder();
      if (pid === parent) throw new Error(`${name}: the store is held by the task, not by its program`);
      Deno.kill(pid, "SIGKILL");
      const { code } = await end;
      if (code === 0 || isAlive(pid)) {
        throw new Error(`${name}: process ${pid} was killed; its task ended with ${code}`);
      }
      if (isReport && isFile(`${copy.dir}${out}`)) throw new Error(`${name}: a killed report left ${out}`);
      if (sql !== null && !isReport) {
        const taken = await sql`select step from tenging.steps where lease ->> 'holder' like ${`% process ${pid}`}`;
        if (taken.length === 0) throw new Error(`${name}: no step was last taken by process ${pid}`);
      }
      return true;
    },
    async stop() {
      await sql?.end({ timeout: 5 });
      await sandbox.stop();
      over.abort();
    },
  };
}

interface Started {
  readonly pid: number;
  readonly end: Promise<Finished>;
}

function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT"); // no effect on one that runs
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
