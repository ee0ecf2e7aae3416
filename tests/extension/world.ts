/** A sandbox with the extension, plain HTTP to both of its APIs, and the connector on top. */
import { openBusinessCentral } from "../../connectors/business_central/client.ts";
import type { Connector } from "../../connectors/connector.ts";
import { loadData } from "../../sandbox/load.ts";
import { startSandbox } from "../../sandbox/mod.ts";
import { openGate, testClock } from "../connectors/stub.ts";

// deno-lint-ignore no-explicit-any
export type Body = any;
export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: Body;
}
export interface ExtensionWorld extends AsyncDisposable {
  readonly connector: Connector;
  readonly clock: ReturnType<typeof testClock>;
  /** Opens another connector to the same company; the extension is used unless it says otherwise. */
  connect(more: { extension?: boolean; pageSize?: number }): Connector;
  /** Sends to a path under the company in the extension's API, or in the standard one. */
  send(method: string, path: string, body?: unknown, api?: "standard" | "extension"): Promise<Reply>;
  /** Creates records there; throws unless they are created. */
  create(set: string, ...bodies: readonly Body[]): Promise<Body[]>;
  standard(set: string, ...bodies: readonly Body[]): Promise<Body[]>;
  /** Fills the company from a folder of CSV files. */
  load(folder: string): void;
  setting(body: Readonly<Record<string, unknown>>): Promise<void>;
}

export async function startWorld(): Promise<ExtensionWorld> {
  const dir = await Deno.makeTempDir();
  const clock = testClock();
  const sandbox = await startSandbox({ dir, clock });
  const { tenant: _tenant, ...account } = sandbox.credentials;
  const environment = sandbox.erpUrl.replace(/\/api\/v2\.0\/?$/, "");
  const scope = "https://api.businesscentral.dynamics.com/.default";
  const connect: ExtensionWorld["connect"] = (more) =>
    openBusinessCentral({
      baseUrl: environment,
      companyId: sandbox.companyId,
      token: { address: sandbox.tokenUrl, ...account, scope },
      limiter: openGate(),
      clock,
      extension: true,
      ...more,
    });
  const form = { grant_type: "client_credentials", client_id: account.clientId, client_secret: account.clientSecret };
  let token: string | null = null;
  async function signIn(): Promise<string> {
    const signedIn = await fetch(sandbox.tokenUrl, { method: "POST", body: new URLSearchParams({ ...form, scope }) });
    return (await signedIn.json()).access_token;
  }
  async function send(method: string, url: string, body?: unknown): Promise<Reply> {
    token ??= await signIn();
    const answer = await fetch(url, {
      method,
      headers: {
        "Authorization": `Bearer ${token}`,
        "If-Match": "*",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status === 401) { // it expired: the clock has passed
      token = null;
      return await send(method, url, body);
    }
    return { status: answer.status, text, body: text.startsWith("{") ? JSON.parse(text) : undefined };
  }
  const routes = { standard: "api/v2.0", extension: "api/tenging/integration/v1.0" };
  const world: ExtensionWorld = {
    connector: connect({}),
    clock,
    connect,
    send: (method, path, body, api = "extension") =>
      send(method, `${environment}/${routes[api]}/companies(${sandbox.companyId})/${path}`, body),
    create: (set, ...bodies) => createAll(set, bodies, "extension"),
    standard: (set, ...bodies) => createAll(set, bodies, "standard"),
    load: (folder) => void loadData(sandbox, { erp: folder }),
    async setting(body) {
      const { status, text } = await send("POST", `${new URL(sandbox.erpUrl).origin}/sandbox/business_central`, body);
      if (status >= 300) throw new Error(text);
    },
    async [Symbol.asyncDispose]() {
      await sandbox.stop();
      await Deno.remove(dir, { recursive: true });
    },
  };
  async function createAll(set: string, bodies: readonly Body[], api: "standard" | "extension"): Promise<Body[]> {
    const created = [];
    for (const body of bodies) {
      const reply = await world.send("POST", set, body, api);
      if (reply.status !== 201) throw new Error(`${set}: ${reply.status} ${reply.text}`);
      created.push(reply.body);
    }
    return created;
  }
  return world;
}
