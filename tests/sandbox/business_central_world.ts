/** The Business Central imitation on loopback with one signed-in client; for the tests of its protocol. */
import { businessCentral } from "../../sandbox/business_central/service.ts";
import { createFaults } from "../../sandbox/faults.ts";
import { openLog } from "../../sandbox/log.ts";
import { serve } from "../../sandbox/serve.ts";
import { openTables, type Tables } from "../../sandbox/tables.ts";
import { createTokens } from "../../sandbox/token.ts";

// deno-lint-ignore no-explicit-any
export type Body = any;
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}
export interface World {
  /** The address of the company, with a slash at its end. */
  readonly company: string;
  /** The address of the API, with a slash at its end. */
  readonly api: string;
  readonly tables: Tables;
  /** Sends a request to a path under the company, or to a whole address. */
  send(method: string, path: string, how?: { body?: unknown; headers?: Record<string, string> }): Promise<Reply>;
  /** Creates records and returns their bodies; fails unless each is answered 201. */
  create(set: string, ...bodies: readonly Body[]): Promise<Body[]>;
  configure(settings: Body): Promise<void>;
  /** What people do with an order of this number: POST of an action to the control address, with its status and body. */
  act(number: string, action: string, body?: Body): Promise<[status: number, body: Body]>;
  /** The test's clock, in milliseconds; every reading adds one. */
  time: number;
}

const TENANT = "test-tenant";
const COMPANY_ID = "0c000000-0000-4000-8000-000000000001";

export async function withBusinessCentral(work: (world: World) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  const tables = openTables(`${dir}/erp.journal`);
  const log = openLog(`${dir}/requests.jsonl`);
  let now = Date.parse("2026-03-01T12:00:00.000Z");
  const clock = { now: () => now++, uuid: () => crypto.randomUUID() };
  const service = businessCentral({
    tables,
    clock,
    origin: () => "",
    tenant: TENANT,
    environment: "test",
    companyId: COMPANY_ID,
    localCurrency: "ISK",
  });
  const tokens = createTokens({ tenant: TENANT, clientId: "client", clientSecret: "secret" }, clock);
  const server = await serve({
    port: 0,
    service,
    tokens,
    faults: createFaults(),
    log,
    clock,
    onCommit: tables.onCommit,
    kill: () => {},
  });
  try {
    const origin = `http://127.0.0.1:${server.port}`;
    const form = {
      grant_type: "client_credentials",
      client_id: "client",
      client_secret: "secret",
      scope: `${origin}/.default`,
    };
    const given = await fetch(`${origin}/${TENANT}/oauth2/v2.0/token`, {
      method: "POST",
      body: new URLSearchParams(form),
    });
    const { access_token } = await given.json();
    const api = `${origin}/v2.0/${TENANT}/test/api/v2.0/`;
    const company = `${api}companies(${COMPANY_ID})/`;
    const world: World = {
      company,
      api,
      tables,
      async send(method, path, how = {}) {
        const response = await fetch(new URL(path, company), {
          method,
          headers: {
            "Authorization": `Bearer ${access_token}`,
            ...(how.body === undefined ? {} : { "Content-Type": "application/json" }),
            ...how.headers,
          },
          ...(how.body === undefined
            ? {}
            : { body: typeof how.body === "string" ? how.body : JSON.stringify(how.body) }),
        });
        const text = await response.text();
        const isJson = (response.headers.get("content-type") ?? "").startsWith("application/json");
        return {
          status: response.status,
          headers: response.headers,
          text,
          body: isJson ? JSON.parse(text) : undefined,
        };
      },
      async create(set, ...bodies) {
        const created = [];
        for (const body of bodies) {
          const reply = await world.send("POST", set, { body });
          if (reply.status !== 201) throw new Error(`${set}: ${reply.status} ${reply.text}`);
          created.push(reply.body);
        }
        return created;
      },
      async configure(settings) {
        const response = await fetch(`${origin}/sandbox/business_central`, {
          method: "POST",
          body: JSON.stringify(settings),
        });
        if (!response.ok) throw new Error(await response.text());
        await response.body?.cancel();
      },
      async act(number, action, body) {
        const response = await fetch(`${origin}/sandbox/business_central/orders/${number}/${action}`, {
          method: "POST",
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return [response.status, await response.json()];
      },
      get time() {
        return now;
      },
      set time(value) {
        now = value;
      },
    };
    await work(world);
  } finally {
    await server.close();
    log.close();
    tables.close();
    await Deno.remove(dir, { recursive: true });
  }
}

/** The values of one field, in the order of the answer. */
export function values(reply: Reply, field: string): unknown[] {
  return reply.body.value.map((row: Body) => row[field]);
}
