/** Local imitations of Business Central and Dataverse, for people and tests; nothing leaves this machine. */
import type { OrderDesk } from "./business_central/desk.ts";
import { businessCentral } from "./business_central/service.ts";
import { openCrm } from "./dataverse/crm.ts";
import { loadRow } from "./dataverse/load_row.ts";
import { dataverse } from "./dataverse/service.ts";
import { createFaults } from "./faults.ts";
import { openLog } from "./log.ts";
import { serve } from "./serve.ts";
import type { SandboxClock, ServiceContext } from "./service.ts";
import { type Cell, openTables, type Tables } from "./tables.ts";
import { createTokens, type Credentials } from "./token.ts";

export interface SandboxOptions {
  /** Folder that holds the sandbox's state; made when it doesn't exist. */
  readonly dir: string;
  /** 0, the default: any free port. The host is always 127.0.0.1. */
  readonly port?: { readonly erp?: number; readonly crm?: number };
  readonly clock?: SandboxClock;
  /** False: no answer is compressed, whatever the client accepts; true by default. */
  readonly compress?: boolean;
  /** Used only when the folder is new; "USD" by default. */
  readonly localCurrency?: string;
  /** For the fault "kill"; ends the process by default. */
  readonly kill?: () => void;
  /** Called when somebody posts to /sandbox/stop; absent: such a request is refused. */
  readonly onStopRequest?: () => void;
}

export interface Sandbox {
  /** Where the ERP's API begins: append "companies(<companyId>)/customers". */
  readonly erpUrl: string;
  /** Where the CRM's API begins: append "accounts". */
  readonly crmUrl: string;
  readonly tokenUrl: string;
  readonly credentials: Credentials;
  readonly companyId: string;
  readonly environment: string;
  readonly localCurrency: string;
  /** The rows themselves; those of the CRM are for reading: {@link Sandbox.addCrmRow} stores them. */
  readonly erp: Tables;
  readonly crm: Tables;
  /**
   * Stores a row of the CRM as a creation over HTTP would, with the service's defaults, and returns its id (the key
   * column's, or a new one). Lookups are given by column and id, text is read by the column's kind, and states, full
   * names, createdon and modifiedon may be given. Throws TypeError "<column>: <why>". For many rows call it inside
   * `crm.transaction`.
   */
  addCrmRow(set: string, values: Readonly<Record<string, Cell>>): string;
  /**
   * What people do with the ERP's sales orders on its own pages: release, ship, post … by the order's number. Throws an
   * Error that says why the service refuses.
   */
  readonly erpOrders: OrderDesk;
  readonly clock: SandboxClock;
  /** True while neither side has records that somebody loaded or wrote. */
  isEmpty(): boolean;
  /** Ends both servers and releases the folder. */
  stop(): Promise<void>;
}

/** The sandbox's only account. Not a secret: the sandbox listens on loopback and holds made-up data. */
export const sandboxCredentials: Credentials = {
  tenant: "5a7d0b0c-0000-4000-8000-00000000d0e0",
  clientId: "5a7d0b0c-0000-4000-8000-00000000c11e",
  clientSecret: "sandbox",
};
const ENVIRONMENT = "sandbox";
/** Tables whose rows somebody put there: the others an empty service has, too. */
const LOADED = {
  erp: ["customers", "contacts", "items", "salespeoplePurchasers", "currencies", "unitsOfMeasure"],
  crm: ["accounts", "contacts", "products", "pricelevels", "salesorders"],
};

/**
 * Starts both services on the state in `dir`. Throws Deno.errors.Busy when another process uses the folder,
 * Deno.errors.AddrInUse when a given port is taken.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dir } = options;
  Deno.mkdirSync(dir, { recursive: true });
  const lock = locked(dir);
  const closers: (() => void | Promise<void>)[] = [() => lock.close()];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const clock = options.clock ?? { now: () => Date.now(), uuid: () => crypto.randomUUID() };
    const erp = openTables(`${dir}/erp.journal`);
    closers.push(() => erp.close());
    const crm = openTables(`${dir}/crm.journal`);
    closers.push(() => crm.close());
    const log = openLog(`${dir}/requests.jsonl`);
    closers.push(() => log.close());

    const { companyId, localCurrency } = identity(erp, options.localCurrency ?? "USD", clock);
    const environment = openCrm(crm, { clock, localCurrency });
    const ports = { erp: 0, crm: 0 };
    const faults = createFaults();
    const context = (side: "erp" | "crm"): ServiceContext => ({
      tables: side === "erp" ? erp : crm,
      clock,
      origin: () => `http://127.0.0.1:${ports[side]}`,
      tenant: sandboxCredentials.tenant,
      environment: ENVIRONMENT,
      companyId,
      localCurrency,
      denies: (method, path) => {
        const service = side === "erp" ? "business_central" : "dataverse";
        return faults.denies({ service, method, path });
      },
    });
    const shared = {
      tokens: createTokens(sandboxCredentials, clock),
      faults,
      log,
      clock,
      compress: options.compress ?? true,
      kill: options.kill ?? (() => Deno.exit(137)),
      ...(options.onStopRequest === undefined ? {} : { stop: options.onStopRequest }),
    };
    const services = { erp: businessCentral(context("erp")), crm: dataverse(context("crm"), environment) };
    for (const [side, tables] of [["erp", erp], ["crm", crm]] as const) {
      const service = services[side];
      const port = options.port?.[side] ?? 0;
      const server = await serve({ ...shared, service, port, onCommit: tables.onCommit });
      closers.push(server.close);
      ports[side] = server.port;
    }

    const urls = {
      erpUrl: `http://127.0.0.1:${ports.erp}/v2.0/${sandboxCredentials.tenant}/${ENVIRONMENT}/api/v2.0/`,
      crmUrl: `http://127.0.0.1:${ports.crm}/api/data/v9.2/`,
      tokenUrl: `http://127.0.0.1:${ports.erp}/${sandboxCredentials.tenant}/oauth2/v2.0/token`,
    };
    const address = { pid: Deno.pid, ...urls, companyId, environment: ENVIRONMENT };
    Deno.writeTextFileSync(`${dir}/address.json.tmp`, JSON.stringify(address, null, 2) + "\n");
    Deno.renameSync(`${dir}/address.json.tmp`, `${dir}/address.json`);
    closers.push(() => Deno.removeSync(`${dir}/address.json`));
    return {
      ...urls,
      credentials: sandboxCredentials,
      companyId,
      environment: ENVIRONMENT,
      localCurrency,
      erp,
      crm,
      erpOrders: services.erp.orders,
      addCrmRow: (set, values) => loadRow(environment, set, values),
      clock,
      isEmpty: () =>
        LOADED.erp.every((name) => erp.table(name).size === 0) &&
        LOADED.crm.every((name) => crm.table(name).size === 0),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What stays the same for the life of the folder. */
function identity(
  erp: Tables,
  localCurrency: string,
  clock: SandboxClock,
): { companyId: string; localCurrency: string } {
  const settings = erp.table("sandbox");
  if (settings.get("identity") === undefined) settings.put({ id: "identity", companyId: clock.uuid(), localCurrency });
  const row = settings.get("identity")!;
  return { companyId: String(row.companyId), localCurrency: String(row.localCurrency) };
}

function locked(dir: string): Deno.FsFile {
  const file = Deno.openSync(`${dir}/lock`, { create: true, write: true });
  if (file.tryLockSync(true)) return file;
  file.close();
  throw new Deno.errors.Busy(
    `Cannot start the sandbox in "${dir}": another process uses it; stop that process, or use another TENGING_HOME`,
  );
}
