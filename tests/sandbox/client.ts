/** For the tests of the sandbox: one that runs in a folder of its own, and plain requests to it. Imports nothing else of ours. */
import { type Sandbox, type SandboxOptions, startSandbox } from "../../sandbox/mod.ts";

export interface Client extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly dir: string;
  /** A request with a token to an address under the CRM's base, or an absolute one. */
  crm(path: string, init?: RequestInit): Promise<Response>;
  /** POST of a row; its id. */
  create(set: string, row: unknown): Promise<string>;
  /** The JSON of a GET. Fails on another status than 200. */
  // deno-lint-ignore no-explicit-any
  get(path: string, headers?: Record<string, string>): Promise<any>;
  /** /sandbox/…; with a body a POST. */
  control(path: string, body?: unknown): Promise<Response>;
}

/** Starts a sandbox; `await using` stops it and removes its folder. */
export async function openClient(options: Partial<SandboxOptions> = {}): Promise<Client> {
  const dir = options.dir ?? Deno.makeTempDirSync();
  const sandbox = await startSandbox({ ...options, dir });
  const token = await tokenOf(sandbox);
  const crm = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${token}`);
    if (typeof init.body === "string" && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
    return fetch(new URL(path, sandbox.crmUrl), { ...init, headers });
  };
  return {
    sandbox,
    dir,
    crm,
    async create(set, row) {
      const answer = await crm(set, { method: "POST", body: JSON.stringify(row) });
      const text = await answer.text();
      if (answer.status !== 204) throw new Error(`${answer.status} ${text}`);
      return /\(([^)]+)\)$/.exec(answer.headers.get("OData-EntityId")!)![1]!;
    },
    async get(path, headers = {}) {
      const answer = await crm(path, { headers });
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return await answer.json();
    },
    control: (path, body) =>
      fetch(
        new URL(`/sandbox/${path}`, sandbox.crmUrl),
        body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
      ),
    async [Symbol.asyncDispose]() {
      await sandbox.stop();
      if (options.dir === undefined) Deno.removeSync(dir, { recursive: true });
    },
  };
}

export async function tokenOf(sandbox: Pick<Sandbox, "tokenUrl" | "credentials" | "crmUrl">): Promise<string> {
  const answer = await fetch(sandbox.tokenUrl, { method: "POST", body: tokenForm(sandbox) });
  return (await answer.json()).access_token;
}

export function tokenForm({ credentials, crmUrl }: Pick<Sandbox, "credentials" | "crmUrl">): URLSearchParams {
  return new URLSearchParams({
    grant_type: "client_credentials",
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    scope: `${new URL(crmUrl).origin}/.default`,
  });
}

/** Status and error code of an answer. */
export async function refusal(answer: Response): Promise<[status: number, code: string]> {
  return [answer.status, (await answer.json()).error.code];
}
