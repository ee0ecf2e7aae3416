/** Both services and the definitions in one process, for tests that synchronize an order many times over. */
import { openBusinessCentral } from "../../connectors/business_central/client.ts";
import type { Clock } from "../../connectors/connector.ts";
import { openDataverse } from "../../connectors/dataverse/client.ts";
import { limits, openLimiter } from "../../connectors/limiter.ts";
import { loadPipeline } from "../../cli/pipeline.ts";
import { select } from "../../engine/plan.ts";
import { holdCreations } from "../../engine/rebuild.ts";
import { runPipeline } from "../../engine/run.ts";
import { loadData } from "../../sandbox/load.ts";
import { type Sandbox, startSandbox } from "../../sandbox/mod.ts";
import { memoryStore } from "../../store/memory.ts";
import type { Reason, Run, Store } from "../../store/store.ts";
import { project } from "./program.ts";
import { csv, writeCompany } from "./small_company.ts";

export type Row = Record<string, unknown>;

/** How a run is cut short. */
export interface Stop {
  /** At which request that writes, or inside: at which change that a service stores; from 1. */
  readonly at: number;
  /** before: that request isn't sent. after: it takes effect, and isn't answered. inside: so is the one it belongs to. */
  readonly when: "before" | "after" | "inside";
  /** dies: nothing is sent or saved from then on. away: nothing is sent. once: the requests after it are as always. */
  readonly fate: "dies" | "away" | "once";
}

export interface Sync {
  /** A selector; all steps if not given. */
  readonly steps?: string;
  readonly stop?: Stop;
  /** Half an hour after the run before, when no service is at work any more on what that one sent. */
  readonly later?: boolean;
  /** A day after the run before, when all ids are looked through. */
  readonly nextDay?: boolean;
  /** Called once nothing stands in the way of the run, before any step starts. */
  readonly onAccepted?: () => Promise<void>;
  /** The store is lost: what both sides tell of it is restored, and nothing is synchronized. */
  readonly rebuild?: boolean;
}

export interface Synced {
  /** Null where the process died. */
  readonly run: Run | null;
  /** What was sent that writes, single requests of a batch apart: "PATCH salesOrders(…)". */
  readonly sent: readonly string[];
  /** Whether there was something to cut short. */
  readonly isCut: boolean;
}

/** What people do on both sides, and see. */
export interface People {
  /** Rows of a set of the CRM. */
  crm(path: string): Promise<Row[]>;
  /** Rows of an entity of the ERP. */
  erp(path: string): Promise<Row[]>;
  /** What a person sends to the CRM, of any version; gives the id of what was created. */
  asCrmUser(method: string, path: string, body?: Row): Promise<string>;
}

export interface World extends People, AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly store: Store;
  /** All that was sent since the beginning. */
  readonly sent: readonly string[];
  sync(how?: Sync): Promise<Synced>;
  /** What a person sends to the ERP, of any version; gives the id of what was created. */
  asErpUser(method: string, path: string, body?: Row): Promise<string>;
  control(path: string, body: unknown): Promise<void>;
  /** The reasons that are listed of a step, `id`: the record of the CRM that they are about. */
  listed(step?: string): Promise<readonly (Reason & { readonly id: string })[]>;
}

const connection = "default";

export interface WorldOptions {
  /** Whether the company has the extension, and whether the connection says so; both true if not given. */
  readonly company?: boolean;
  readonly extension?: boolean;
  /** Steps that are switched on or off; none if not given. */
  readonly steps?: Readonly<Record<string, boolean>>;
  /** More of the ERP's files, by name. */
  readonly files?: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;
}

/** The small company of the other tests, nothing synchronized yet. */
export async function openWorld(
  { company = true, extension = true, steps: switched = {}, files = {} }: WorldOptions = {},
): Promise<World> {
  const dir = await Deno.makeTempDir();
  const [, erpFolder, , crmFolder] = await writeCompany(`${dir}/data`);
  for (const [name, lines] of Object.entries(files)) await Deno.writeTextFile(`${erpFolder}/${name}.csv`, csv(lines));
  let killed = () => {};
  const sandbox = await startSandbox({ dir: `${dir}/sandbox`, kill: () => killed() });
  loadData(sandbox, { erp: erpFolder!, crm: crmFolder! });
  let store = memoryStore();
  if (!company) await control("/sandbox/business_central", { extension: false });
  const all: string[] = [];
  const { steps, off } = await loadPipeline(
    { steps: switched, owner: { model: "person" }, extension, linkColumn: false },
    `${project}pipelines`,
  );
  const baseUrl = { erp: sandbox.erpUrl.replace("/api/v2.0/", ""), crm: sandbox.crmUrl.replace("/api/data/v9.2/", "") };
  const companyUrl = `${sandbox.erpUrl}companies(${sandbox.companyId})/`;
  const tokens = { erp: await signIn(sandbox, "erp"), crm: await signIn(sandbox, "crm") };

  async function sync(
    { steps: selector, stop, later = false, nextDay = false, rebuild = false, onAccepted }: Sync = {},
  ): Promise<Synced> {
    const ahead = nextDay ? 25 * 3_600_000 : later ? 1_800_000 : 0;
    const clock: Clock = { ...time, now: () => time.now() + ahead };
    const sent: string[] = [];
    if (rebuild) store = memoryStore();
    let requests = 0;
    let isCut = false;
    killed = () => {
      isCut = true;
      throw new Error("killed");
    };
    if (stop?.when === "inside") await control("/sandbox/faults", [{ kind: "kill", writes: stop.at }]);
    const send: typeof fetch = async (input, init) => {
      const isRead = (init?.method ?? "GET") === "GET" || String(input).endsWith("/token");
      if (isCut && stop?.fate !== "once") throw new TypeError("connection refused");
      if (isRead) return await fetch(input, init);
      const isLast = ++requests === stop?.at && stop.when !== "inside";
      isCut ||= isLast;
      if (isLast && stop?.when === "before") throw new TypeError("connection refused");
      const body = init!.body as Blob | null;
      sent.push(...requestsIn(init!.method!, String(input), await body?.text() ?? ""));
      const wasCut = isCut && !isLast;
      const answer = await fetch(input, init);
      if (isCut === wasCut) return answer;
      await answer.body?.cancel();
      throw new TypeError("connection reset");
    };
    const account = (side: "erp" | "crm") => {
      const { clientId, clientSecret } = sandbox.credentials;
      const scope = `${new URL(baseUrl[side]).origin}/.default`;
      return { address: sandbox.tokenUrl, clientId, clientSecret, scope };
    };
    const crm = openDataverse({
      baseUrl: baseUrl.crm,
      token: account("crm"),
      limiter: openLimiter({ clock, ...limits.dataverse }),
      clock,
      fetch: send,
    });
    const erp = openBusinessCentral({
      baseUrl: baseUrl.erp,
      companyId: sandbox.companyId,
      token: account("erp"),
      limiter: openLimiter({ clock, ...limits.business_central }),
      clock,
      extension,
      rateCurrency: () => crm.baseCurrency(),
      fetch: send,
    });
    const died = () => isCut && stop?.fate === "dies";
    const run = await runPipeline({
      ...{ connection, steps, off, erp, crm, clock, kind: "sandbox" },
      store: mortal(store, died),
      ...(rebuild ? { full: true, rebuild: { onRestored: () => {} } } : {}),
      onAccepted: async () => {
        if (rebuild) await holdCreations(store, { connection, steps, holder: "rebuild" });
        await onAccepted?.();
      },
      ...(selector === undefined ? {} : { selection: select(steps, selector) }),
    }).catch((error) => {
      if (error instanceof Death) return null;
      throw error;
    });
    all.push(...sent);
    await control("/sandbox/faults", [], "DELETE");
    return { run, sent, isCut };
  }

  async function control(path: string, body: unknown, method = "POST"): Promise<void> {
    const response = await fetch(new URL(path, sandbox.erpUrl), { method, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
  }
  async function ask(side: "erp" | "crm", method: string, path: string, body?: Row): Promise<Response> {
    const response = await fetch(`${side === "erp" ? companyUrl : sandbox.crmUrl}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${tokens[side]}`,
        "Content-Type": "application/json",
        ...(method === "GET" || method === "POST" ? {} : { "If-Match": "*" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
  const rows = async (side: "erp" | "crm", path: string): Promise<Row[]> =>
    (await (await ask(side, "GET", path)).json()).value;
  return {
    sandbox,
    get store() {
      return store;
    },
    sent: all,
    sync,
    crm: (path) => rows("crm", path),
    erp: (path) => rows("erp", path),
    async asCrmUser(method, path, body) {
      const response = await ask("crm", method, path, body);
      await response.body?.cancel();
      return /\(([^()]+)\)$/.exec(response.headers.get("OData-EntityId") ?? "")?.[1] ?? "";
    },
    async asErpUser(method, path, body) {
      const text = await (await ask("erp", method, path, body)).text();
      return text === "" ? "" : String(JSON.parse(text).id);
    },
    control,
    async listed(step = "orders") {
      const changes = await store.changes(connection, { step, states: ["open"] }, { limit: 1_000 });
      return changes.flatMap(({ reasons, source, target, side }) => {
        const id = (side === "erp" ? source : target) ?? source;
        return reasons.map((reason) => ({ ...reason, id }));
      });
    },
    async [Symbol.asyncDispose]() {
      await sandbox.stop();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Time as it is; nobody waits for it. */
const time: Clock = {
  now: () => Date.now(),
  sleep: (_ms, signal) => signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve(),
  random: () => 0,
  uuid: () => crypto.randomUUID(),
};

class Death extends Error {}

/** A store that a dead process can no longer reach. */
function mortal(store: Store, isDead: () => boolean): Store {
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...given: unknown[]) => isDead() ? Promise.reject(new Death()) : member.apply(target, given);
    },
  });
}

/** The requests that a request stands for, as "METHOD path" from the entity on; those of a batch that write. */
function requestsIn(method: string, url: string, body: string): readonly string[] {
  const short = (path: string) => decodeURIComponent(path).replace(/^.*?(companies\([^)]*\)\/|\/v9\.2\/)/, "");
  if (!url.endsWith("/$batch")) return [`${method} ${short(url)}`];
  if (body.startsWith("{")) {
    const { requests } = JSON.parse(body) as { requests: { method: string; url: string }[] };
    return requests.filter((one) => one.method !== "GET").map((one) => `${one.method} ${short(one.url)}`);
  }
  return [...body.matchAll(/^(POST|PATCH|PUT|DELETE) (\S+) HTTP/gm)].map(([, verb, path]) => `${verb} ${short(path!)}`);
}

async function signIn({ tokenUrl, erpUrl, crmUrl, credentials }: Sandbox, side: "erp" | "crm"): Promise<string> {
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    scope: `${new URL(side === "erp" ? erpUrl : crmUrl).origin}/.default`,
  });
  return (await (await fetch(tokenUrl, { method: "POST", body })).json()).access_token;
}
