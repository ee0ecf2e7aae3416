/** The connector against the sandbox's Business Central, with what somebody does there over plain HTTP. */
import { assert } from "@std/assert";
import { openBusinessCentral } from "../../connectors/business_central/client.ts";
import type { AnyEntity, Connector, Fields, Outcome, Page, ReadOptions, Row } from "../../connectors/connector.ts";
import { startSandbox } from "../../sandbox/mod.ts";
import { openGate, testClock } from "./stub.ts";

export interface World extends AsyncDisposable {
  readonly connector: Connector;
  readonly clock: ReturnType<typeof testClock>;
  /** Creates a record over plain HTTP, as somebody in Business Central would. */
  post(set: string, body: Record<string, unknown>): Promise<Record<string, unknown>>;
  get(path: string): Promise<Record<string, unknown>>;
  patch(set: string, row: Record<string, unknown>, body: Record<string, unknown>): Promise<void>;
  remove(set: string, row: Record<string, unknown>): Promise<void>;
  setting(body: Record<string, unknown>): Promise<void>;
  fault(rule: Record<string, unknown>): Promise<void>;
}

export async function startWorld(options: { pageSize?: number; extension?: boolean } = {}): Promise<World> {
  const dir = await Deno.makeTempDir();
  const clock = testClock();
  const sandbox = await startSandbox({ dir, clock });
  const { tenant: _tenant, ...account } = sandbox.credentials;
  const environment = sandbox.erpUrl.replace(/\/api\/v2\.0\/?$/, "");
  const host = new URL(sandbox.erpUrl).origin;
  const connector = openBusinessCentral({
    baseUrl: environment,
    companyId: sandbox.companyId,
    token: { address: sandbox.tokenUrl, ...account, scope: "https://api.businesscentral.dynamics.com/.default" },
    limiter: openGate(),
    clock,
    ...options,
  });
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: account.clientId,
    client_secret: account.clientSecret,
    scope: "https://api.businesscentral.dynamics.com/.default",
  });
  async function send(method: string, path: string, body: unknown, headers: Record<string, string> = {}) {
    const signedIn = await (await fetch(sandbox.tokenUrl, { method: "POST", body: form })).json();
    const company = `${environment}/api/v2.0/companies(${sandbox.companyId})/`;
    const answer = await fetch(path.startsWith("/") ? host + path : company + path, {
      method,
      headers: { Authorization: `Bearer ${signedIn.access_token}`, "Content-Type": "application/json", ...headers },
      ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert(answer.ok, `${method} ${path}: ${text}`);
    return text === "" ? {} : JSON.parse(text);
  }
  return {
    connector,
    clock,
    post: (set, body) => send("POST", set, body),
    get: (path) => send("GET", path, null),
    patch: (set, row, body) => send("PATCH", `${set}(${row["id"]})`, body, { "If-Match": String(row["@odata.etag"]) }),
    remove: (set, row) => send("DELETE", `${set}(${row["id"]})`, null, { "If-Match": String(row["@odata.etag"]) }),
    setting: (body) => send("POST", "/sandbox/business_central", body),
    fault: (rule) => send("POST", "/sandbox/faults", [rule]),
    async [Symbol.asyncDispose]() {
      await sandbox.stop();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

export async function readAll(world: World, entity: AnyEntity, options: ReadOptions): Promise<Page[]> {
  return await Array.fromAsync(world.connector.open(entity).read(options));
}
export function rowsOf(pages: readonly Page[]): Row[] {
  return pages.flatMap((page) => page.rows);
}
export function okRow(outcome: Outcome | undefined): Row {
  if (outcome?.kind !== "ok") throw new Error(`not ok: ${JSON.stringify(outcome)}`);
  return outcome.row;
}
export function creation(fields: Fields) {
  return { op: "create", id: null, version: null, fields } as const;
}
export function update(row: Row, fields: Fields) {
  return { op: "update", id: row.id, version: row.version, fields } as const;
}
