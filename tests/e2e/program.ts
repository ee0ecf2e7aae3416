/** The program as its users run it: commands in processes of their own, and the services over plain HTTP. */
import { sandboxCredentials } from "../../sandbox/mod.ts";

export const project = new URL("../../", import.meta.url).pathname;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HomeOptions {
  /** The store is the embedded database, even where the tests have a server: those that look into its folder need it. */
  readonly isEmbedded?: boolean;
}

/**
 * The addresses of stores, by home; a test may give a command another one. In a database of the server that
 * TEST_DATABASE_URL names (the gate starts one) a command takes less than half the time that it takes with the embedded
 * one.
 */
const stores = new Map<string, string>();

/** A home of its own under .tenging, removed when the work is done. */
export async function withHome<T>(work: (home: string) => Promise<T>, options: HomeOptions = {}): Promise<T> {
  await Deno.mkdir(`${project}.tenging`, { recursive: true });
  const home = await Deno.makeTempDir({ dir: `${project}.tenging`, prefix: "test-" });
  try {
    return await withStore(home, options, () => work(home));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Gives a home that was made by hand its store; those of {@link withHome} and {@link withCopy} have one. */
export async function withStore<T>(home: string, { isEmbedded }: HomeOptions, work: () => Promise<T>): Promise<T> {
  if (isEmbedded || !Deno.env.get("TEST_DATABASE_URL")) return await work();
  const { withDatabase } = await import("../postgres.ts");
  return await withDatabase(async ({ url }) => {
    stores.set(home, url);
    return await work();
  });
}

/** A copy of the tree whose definitions may be edited. Its homes are its own. */
export interface Copy {
  /** Ends with a slash. */
  readonly dir: string;
  readonly home: string;
  /** Replaces the only place where `file` says `from`; throws when it says so nowhere, or in several places. */
  edit(file: string, from: string, to: string): Promise<void>;
}

/** A copy of what the program needs to run, in a temporary folder that is removed when the work is done. */
export async function withCopy<T>(work: (copy: Copy) => Promise<T>, options: HomeOptions = {}): Promise<T> {
  const dir = `${await Deno.makeTempDir({ prefix: "tenging-" })}/`;
  try {
    for await (const { name } of Deno.readDir(project)) {
      if (!name.startsWith(".") && !["node_modules", "tests", "docs", "bench"].includes(name)) {
        copyInto(`${dir}${name}`, `${project}${name}`);
      }
    }
    await Deno.symlink(`${project}node_modules`, `${dir}node_modules`);
    // Where reading is narrowed to the tree, the packages that the link leads to are a part of it.
    const settings = await Deno.readTextFile(`${dir}deno.json`);
    const packages = JSON.stringify(await Deno.realPath(`${project}node_modules`));
    await Deno.writeTextFile(`${dir}deno.json`, settings.replaceAll('"read": ["."]', `"read": [".", ${packages}]`));
    const home = `${dir}.tenging`;
    const copy = { dir, home, edit: (file: string, from: string, to: string) => edit(`${dir}${file}`, from, to) };
    return await withStore(home, options, () => work(copy));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Copies a file, or a folder with all that is in it. */
export function copyInto(to: string, from: string): void {
  if (Deno.statSync(from).isFile) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to, { recursive: true });
  for (const { name } of Deno.readDirSync(from)) copyInto(`${to}/${name}`, `${from}/${name}`);
}

async function edit(path: string, from: string, to: string): Promise<void> {
  const parts = (await Deno.readTextFile(path)).split(from);
  if (parts.length !== 2) throw new Error(`"${from}" stands ${parts.length - 1} times in ${path}`);
  await Deno.writeTextFile(path, parts.join(to));
}

/** Permissions of commands whose task has those of another one. */
const permissions: Readonly<Record<string, string>> = {
  ...{ conflicts: "status", couple: "status", uncouple: "status", rebuild: "sync", retry: "sync" },
};

/** A command of the tree that the home lies in. */
function command(
  args: readonly string[],
  home: string,
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, `-P=${permissions[args[0]!] ?? args[0]}`, "--no-prompt", "main.ts", ...args],
    cwd: home.slice(0, home.lastIndexOf("/.tenging") + 1),
    // The database's second compilation takes longer than runs of this size do.
    // A database that somebody works with is none to test on.
    env: {
      ...{ TENGING_HOME: home, NO_COLOR: "1", DENO_V8_FLAGS: "--liftoff-only" },
      ...{ DATABASE_URL: stores.get(home) ?? "", DATABASE_URL_FILE: "", ...env },
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs one command to its end, with the permissions that its task has. */
export function run(home: string, ...args: string[]): Promise<Finished> {
  return start(home, ...args).end();
}

/** Milliseconds after which a command that has not ended is ended. */
const longest = 150_000;

/**
 * Synchronizes after a stop: at once, and where something is still in doubt again half an hour later, when no service
 * can be at work any more on what was sent before.
 */
export async function recover(home: string, options: readonly string[] = []): Promise<void> {
  const first = await run(home, "sync", ...options);
  if (first.code === 0) return;
  const later = command(["sync", ...options], home, {}, ["--preload", `${project}tests/e2e/half_an_hour_later.ts`]);
  const { code, stderr } = await later.output();
  const said = new TextDecoder().decode(stderr);
  if (first.code !== 3 || code !== 0) throw new Error(`sync ended with ${first.code}, ${code}: ${first.stderr}${said}`);
}

/** Synchronizes, and fails with what was said unless it ends with this code. */
export async function sync(home: string, code = 0): Promise<Finished> {
  const done = await run(home, "sync");
  if (done.code !== code) throw new Error(`sync ended with ${done.code} instead of ${code}: ${done.stderr}`);
  return done;
}

/** A command that is under way. */
export interface Started {
  readonly process: Deno.ChildProcess;
  /** Resolves once stderr has this text; rejects when the process ends without it, or after 45 seconds. */
  said(text: string): Promise<void>;
  /** Waits for its end; the code is 128 + the signal's number where a signal ended it. */
  end(): Promise<Finished>;
}

/** Starts one command, with the permissions that its task has. */
export function start(home: string, ...args: string[]): Started {
  return startWith({}, home, ...args);
}

/** The same with more variables of the environment. */
export function startWith(env: Readonly<Record<string, string>>, home: string, ...args: string[]): Started {
  const process = command(args, home, env).spawn();
  const overdue = setTimeout(() => process.kill("SIGKILL"), longest);
  const ended = process.status.finally(() => clearTimeout(overdue));
  const stdout = new Response(process.stdout).text();
  let stderr = "";
  let wake = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const piece of process.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += piece;
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })();
  return {
    process,
    async said(text) {
      const deadline = Promise.withResolvers<true>();
      const timer = setTimeout(() => deadline.resolve(true), 45_000);
      try {
        while (!stderr.includes(text)) {
          const isOver = await Promise.race([wake.promise, reading.then(() => true), deadline.promise]);
          if (isOver && !stderr.includes(text)) throw new Error(`It has not said "${text}": ${stderr}`);
        }
      } finally {
        clearTimeout(timer);
      }
    },
    async end() {
      const { code } = await ended;
      await reading;
      return { code, stdout: await stdout, stderr };
    },
  };
}

/** What the sandbox notes of a request. */
export interface LoggedRequest {
  readonly n: number;
  readonly service: "business_central" | "dataverse" | "token";
  readonly method: string;
  readonly path: string;
  readonly entity: string;
  readonly operation: "token" | "read" | "write" | "batch";
  readonly status: number;
  readonly rows: number;
  readonly innerReads: number;
  readonly innerWrites: number;
  readonly fault?: string;
  /** The single writes, those of a batch in their order. */
  readonly writes?: readonly LoggedWrite[];
}
export interface LoggedWrite {
  readonly method: string;
  /** A set or an action. */
  readonly entity: string;
  /** Null where neither the address nor the answer names it. */
  readonly id: string | null;
  /** The body as it was sent; null without one. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  readonly status: number;
}

export interface RunningSandbox {
  readonly erpUrl: string;
  readonly crmUrl: string;
  readonly companyId: string;
  readonly process: Deno.ChildProcess;
  /** Rows of a set of the CRM, all pages. */
  crm(set: string, query?: string): Promise<Record<string, unknown>[]>;
  /** Rows of an entity of the ERP, all pages. */
  erp(entity: string, query?: string): Promise<Record<string, unknown>[]>;
  /** A request with a token; the body is sent as JSON. */
  send(method: string, url: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** A request to the sandbox's own control addresses. */
  // deno-lint-ignore no-explicit-any
  control(method: string, path: string, body?: unknown): Promise<any>;
  /** The requests that both services got after number `since`. */
  requests(since?: number): Promise<LoggedRequest[]>;
  stop(): Promise<void>;
}

/** Starts the sandbox in a process of its own and waits until it answers. */
export async function startSandbox(home: string, ...args: string[]): Promise<RunningSandbox> {
  const process = command(["sandbox", ...args], home).spawn();
  const errors = new Response(process.stderr).text();
  const started = Promise.withResolvers<void>();
  const rest = (async () => {
    for await (const _ of process.stdout) started.resolve(); // its addresses are printed once it listens
    started.reject(new Error("The sandbox ended"));
  })();
  await started.promise.catch(async (error) => {
    throw new Error(`The sandbox did not start: ${await errors}`, { cause: error });
  });
  const address = JSON.parse(await Deno.readTextFile(`${home}/sandbox/address.json`));
  const tokens = new Map<string, string>();

  async function send(method: string, url: string, body?: unknown, headers: Record<string, string> = {}) {
    const { origin } = new URL(url);
    const token = tokens.get(origin) ?? await signIn(address.tokenUrl, origin);
    tokens.set(origin, token);
    return await fetch(url, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  async function all(url: string): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    for (let next: string | undefined = url; next !== undefined;) {
      const response = await send("GET", next);
      const page = await response.json();
      if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(page)}`);
      rows.push(...page.value);
      next = page["@odata.nextLink"];
    }
    return rows;
  }
  async function control(method: string, path: string, body?: unknown) {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(new URL(path, address.erpUrl), { method, ...sent });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }
  return {
    ...address,
    process,
    crm: (set, query = "") => all(`${address.crmUrl}${set}${query}`),
    erp: (entity, query = "") => all(`${address.erpUrl}companies(${address.companyId})/${entity}${query}`),
    send,
    control,
    requests: (since = 0) => control("GET", `/sandbox/requests?since=${since}`),
    async stop() {
      try {
        process.kill("SIGTERM");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended already
      }
      await process.status;
      await Promise.all([rest, errors]);
    },
  };
}

/** The number of the last request that the services got. */
export async function latest(sandbox: RunningSandbox): Promise<number> {
  return (await sandbox.requests()).at(-1)?.n ?? 0;
}

/** How many single writes the services got after a request, those of batches among them. */
export async function writesSince(sandbox: RunningSandbox, since: number): Promise<number> {
  const requests = (await sandbox.requests(since)).filter(({ service }) => service !== "token");
  return requests.reduce((sum, { operation, innerWrites }) => sum + innerWrites + (operation === "write" ? 1 : 0), 0);
}

/** The answer, read to its end; throws one that is no success. */
export async function ok(sent: Promise<Response>): Promise<{ readonly headers: Headers; readonly text: string }> {
  const response = await sent;
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return { headers: response.headers, text };
}

/** Creates a row of the CRM and returns its id. */
export async function insert(sandbox: RunningSandbox, set: string, row: Record<string, unknown>): Promise<string> {
  const { headers } = await ok(sandbox.send("POST", `${sandbox.crmUrl}${set}`, row));
  return headers.get("OData-EntityId")!.match(/\(([^)]+)\)$/)![1]!;
}

async function signIn(tokenUrl: string, origin: string): Promise<string> {
  const { clientId, clientSecret } = sandboxCredentials;
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${origin}/.default`,
  });
  const answer = await (await fetch(tokenUrl, { method: "POST", body })).json();
  return answer.access_token;
}
