/** The sandbox's CRM with a connector to it, and plain HTTP beside the connector. */
import type { AnyEntity, Fields, Opened, Outcome, Page, ReadOptions, Row, Write } from "../../connectors/connector.ts";
import { type Dataverse, type DataverseOptions, openDataverse } from "../../connectors/dataverse/client.ts";
import { limits, openLimiter } from "../../connectors/limiter.ts";
import { startSandbox } from "../../sandbox/mod.ts";
import { type TestClock, testClock } from "./stub.ts";

export interface World extends AsyncDisposable {
  readonly crm: Dataverse;
  readonly clock: TestClock;
  /** A connector with other options, to the same environment. */
  connect(options: Partial<DataverseOptions>): Dataverse;
  /** Plain Web API; answers the parsed body. Throws for a status that is no success. */
  api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Settings of the sandbox: "dataverse", "faults". */
  set(what: string, body: unknown): Promise<void>;
  /** Creates a row by plain HTTP; its id. */
  add(set: string, row: Record<string, unknown>): Promise<string>;
}

export async function openWorld(): Promise<World> {
  const dir = await Deno.makeTempDir();
  const clock = testClock();
  let ids = 0;
  const uuid = () => `11111111-0000-4000-8000-${String(++ids).padStart(12, "0")}`;
  const sandbox = await startSandbox({ dir, clock: { now: clock.now, uuid } });
  const origin = new URL(sandbox.crmUrl).origin;
  const token = { address: sandbox.tokenUrl, ...sandbox.credentials, scope: `${origin}/.default` };

  function connect(options: Partial<DataverseOptions>): Dataverse {
    const limiter = openLimiter({ clock, ...limits.dataverse });
    return openDataverse({ baseUrl: origin, token, limiter, clock, ...options });
  }
  async function api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(new URL(path, sandbox.crmUrl), {
      method,
      headers: { Authorization: `Bearer ${await signIn()}`, "Content-Type": "application/json", ...representation },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  }
  async function signIn(): Promise<string> {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: token.clientId,
      client_secret: token.clientSecret,
      scope: token.scope,
    });
    const answer = await fetch(sandbox.tokenUrl, { method: "POST", body: form });
    return (await answer.json())["access_token"];
  }
  return {
    crm: connect({}),
    clock,
    connect,
    api,
    async set(what, body) {
      const answer = await fetch(`${origin}/sandbox/${what}`, { method: "POST", body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
      await answer.body?.cancel();
    },
    async add(set, row) {
      const stored = await api("POST", set, row);
      return String(stored[`${singular(set)}id`]);
    },
    async [Symbol.asyncDispose]() {
      await sandbox.stop();
      await Deno.remove(dir, { recursive: true });
    },
  };
}
const representation = { Prefer: "return=representation" };
function singular(set: string): string {
  return set.endsWith("ies") ? `${set.slice(0, -3)}y` : set.slice(0, -1);
}

/** All pages of a reading as one. */
export async function readAll(opened: Opened, options: ReadOptions): Promise<Page & { readonly pages: number }> {
  let all: Page = { rows: [], deleted: [], left: [], kind: "full", cursor: null };
  let pages = 0;
  for await (const page of opened.read(options)) {
    pages++;
    all = {
      ...page,
      rows: [...all.rows, ...page.rows],
      deleted: [...all.deleted, ...page.deleted],
      left: [...all.left, ...page.left],
    };
  }
  return { ...all, pages };
}

/** The only outcome of one write. */
export async function writeOne(crm: Dataverse, entity: AnyEntity, write: Write, fields: readonly string[]) {
  const outcomes = await crm.open(entity).write([write], { fields });
  if (outcomes.length !== 1) throw new Error(`${outcomes.length} outcomes for one write`);
  return outcomes[0]!;
}
/** The row that an outcome of this kind holds. */
export function rowIn(outcome: Outcome | undefined, kind: "ok" | "exists" = "ok"): Row {
  if (outcome !== undefined && outcome.kind === kind && "row" in outcome) return outcome.row;
  throw new Error(`not ${kind}: ${JSON.stringify(outcome)}`);
}
export function create(id: string, fields: Fields): Write {
  return { op: "create", id, version: null, fields };
}
export function update(id: string, version: string | null, fields: Fields): Write {
  return { op: "update", id, version, fields };
}
/** The n-th id that tests choose. */
export function chosen(n: number): string {
  return `aaaaaaaa-0000-5000-8000-${String(n).padStart(12, "0")}`;
}
