/** A PostgreSQL server for the time of the tests, where its programs are found. */

/** A server that was started for tests. */
export interface TestServer {
  /** Of its superuser, with the password, and of its database "postgres". */
  readonly url: string;
  /** Ends it as a crash does, and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The folder of `initdb` and `postgres`: the newest of Debian's, else one on PATH; null when there is none. */
export function findPrograms(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = foldersIn(debian).map(Number).filter((version) => version >= 15).sort((a, b) => b - a);
  const folders = [
    ...versions.map((version) => `${debian}/${version}/bin`),
    ...(Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== ""),
  ];
  return folders.find((folder) => ["initdb", "postgres"].every((name) => isFile(`${folder}/${name}`))) ?? null;
}

export interface ServerOptions {
  /** A certificate (PEM), with which it offers TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Of its configuration, beside the defaults of a new server; those of {@link careless} where they are left out. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What tests need: none of them ends by a power failure. */
const careless = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", shared_buffers: "64MB" };

/** Starts a server on loopback that loses everything when it is stopped. */
export async function startServer(
  programs: string,
  { tls, settings = careless }: ServerOptions = {},
): Promise<TestServer> {
  const dir = await Deno.makeTempDir({ prefix: "tenging-postgres-" });
  const owner = ownerOfData();
  const password = crypto.randomUUID();
  try {
    await Deno.writeTextFile(`${dir}/password`, password);
    await Deno.mkdir(`${dir}/data`, { mode: 0o700 });
    const { uid = null, gid = null } = owner;
    if (uid !== null) { for (const path of ["", "/password", "/data"]) await Deno.chown(`${dir}${path}`, uid, gid); }
    const initdb = await new Deno.Command(`${programs}/initdb`, {
      args: [
        ...["-D", `${dir}/data`, "-U", "tests", `--pwfile=${dir}/password`, "-A", "scram-sha-256", "--no-sync"],
        // Order by the rules of a language: what the store orders must not depend on it.
        ...["-E", "UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US"],
      ],
      ...{ cwd: dir, ...owner, stdout: "null", stderr: "piped" },
    }).output();
    if (!initdb.success) throw new Error(`initdb failed: ${new TextDecoder().decode(initdb.stderr)}`);
    if (tls !== undefined) {
      for (const [name, text] of [["server.crt", tls.certificate], ["server.key", tls.key]] as const) {
        await Deno.writeTextFile(`${dir}/data/${name}`, text, { mode: 0o600 });
        if (uid !== null) await Deno.chown(`${dir}/data/${name}`, uid, gid);
      }
    }
    return await listen(programs, {
      dir,
      owner,
      password,
      settings: { ...settings, ssl: tls === undefined ? "off" : "on" },
    });
  } catch (error) {
    await Deno.remove(dir, { recursive: true });
    throw error;
  }
}

interface Place {
  readonly dir: string;
  readonly owner: { readonly uid?: number; readonly gid?: number };
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
}

async function listen(programs: string, { dir, owner, password, settings: given }: Place): Promise<TestServer> {
  const port = freePort();
  const settings = {
    ...{ port, listen_addresses: "127.0.0.1", unix_socket_directories: "", max_connections: 200 },
    ...given,
  };
  const command = new Deno.Command(`${programs}/postgres`, {
    args: ["-D", `${dir}/data`, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    ...{ cwd: dir, ...owner, stdin: "null", stdout: "null", stderr: "piped" },
  });
  let end = await begin(command);
  return {
    url: `postgres://tests:${password}@127.0.0.1:${port}/postgres`,
    async restart() {
      await end("SIGQUIT");
      end = await begin(command);
    },
    async stop() {
      await end("SIGINT"); // connections are closed, nothing is waited for
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Returns what ends it, once it accepts connections. */
async function begin(command: Deno.Command): Promise<(signal: Deno.Signal) => Promise<void>> {
  const server = command.spawn();
  const ready = Promise.withResolvers<void>();
  const reading = (async () => {
    let text = "";
    for await (const piece of server.stderr.pipeThrough(new TextDecoderStream())) {
      text = (text + piece).slice(-10_000);
      if (text.includes("ready to accept connections")) ready.resolve();
    }
    ready.reject(new Error(`PostgreSQL ended: ${text}`));
  })();
  await ready.promise;
  return async (signal) => {
    server.kill(signal);
    await Promise.all([server.status, reading]);
  };
}

/** initdb and the server refuse to run as root. */
function ownerOfData(): Place["owner"] {
  if (Deno.uid() !== 0) return {};
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((option) => new Deno.Command("id", { args: [option, name] }).outputSync());
    if (!uid?.success || !gid?.success) continue;
    const [user, group] = [uid, gid].map(({ stdout }) => Number(new TextDecoder().decode(stdout)));
    return { uid: user!, gid: group! };
  }
  throw new Error("PostgreSQL can't be started as root, and there is no user postgres or nobody");
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

function foldersIn(path: string): readonly string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
