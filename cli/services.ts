/** The two services of a run: the real ones that are configured, or the sandbox. */
import { relative } from "node:path";
import { openBusinessCentral } from "../connectors/business_central/client.ts";
import type { Clock, Connector } from "../connectors/connector.ts";
import { openDataverse } from "../connectors/dataverse/client.ts";
import { limits, openLimiter } from "../connectors/limiter.ts";
import { DefinitionError } from "../errors.ts";
import type { Pin, Store } from "../store/store.ts";
import { openBuiltInSandbox } from "./built_in_sandbox.ts";
import type { Account, Configuration } from "./configuration.ts";
import { textOf } from "./files.ts";
import type { Filling } from "./fill_sandbox.ts";
import { type Project, refuseForeignHosts } from "./permissions.ts";

export interface Services {
  readonly kind: Pin["kind"];
  readonly erp: Connector;
  readonly crm: Connector;
  /** One line each, for the user. */
  readonly messages: readonly string[];
  /** What the services themselves say against the configuration, one line each; asks them. */
  warnings(signal: AbortSignal): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface ServicesOptions {
  readonly home: string;
  readonly configuration: Configuration;
  readonly project: Project;
  readonly clock: Clock;
  readonly filling: Filling;
}

/**
 * Opens connectors; sends no request but to find a sandbox. Throws DefinitionError "net_not_permitted", or what the
 * sandbox refuses.
 */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { configuration, clock } = options;
  const { services } = configuration;
  if (services !== null) {
    const { erp, crm } = services;
    refuseUnreachable(configuration, options.project);
    const connectors = connect({ erp, crm, clock, settings: configuration });
    // Comes before the first request: from here on this home never gets a sandbox, whatever the services answer.
    await Deno.mkdir(options.home, { recursive: true });
    await Deno.writeTextFile(`${options.home}/real`, `${configuration.connection}\n`);
    const messages = [`Using ${new URL(erp.baseUrl).host} and ${new URL(crm.baseUrl).host}`];
    return { kind: "real", ...connectors, messages, close: () => Promise.resolve() };
  }
  const sandbox = await openBuiltInSandbox(`${options.home}/sandbox`, { filling: options.filling });
  const { clientId, clientSecret } = sandbox.credentials;
  const account = { tokenUrl: sandbox.tokenUrl, clientId, clientSecret };
  const connectors = connect({
    erp: { ...account, ...of(sandbox.erpUrl, "/api/v2.0/"), companyId: sandbox.companyId },
    crm: { ...account, ...of(sandbox.crmUrl, "/api/data/v9.2/") },
    clock,
    settings: configuration,
  });
  const where = sandbox.isOurs
    ? `its state is in ${relative(options.project.dir, options.home)}/sandbox`
    : `it runs at ${new URL(sandbox.erpUrl).origin}`;
  const messages = [`Nothing is configured: using the built-in sandbox, ${where}`, ...sandbox.messages];
  return { kind: "sandbox", ...connectors, messages, close: sandbox.stop };
}

/** Throws DefinitionError "net_not_permitted" when this command may not reach the services that are configured. */
export function refuseUnreachable({ services }: Configuration, project: Project): void {
  if (services === null) return;
  const { erp, crm } = services;
  refuseForeignHosts([erp.baseUrl, erp.tokenUrl, crm.baseUrl, crm.tokenUrl], project);
}

/** A service's own address, without the path of its API. */
function of(url: string, api: string): { baseUrl: string; scope: string } {
  const baseUrl = url.endsWith(api) ? url.slice(0, -api.length) : url;
  return { baseUrl, scope: `${new URL(url).origin}/.default` };
}

interface Accounts {
  readonly erp: Account & { readonly companyId: string };
  readonly crm: Account;
  readonly clock: Clock;
  readonly settings: Pick<Configuration, "owner" | "extension" | "timeZone">;
}

function connect(
  { erp, crm, clock, settings: { owner, extension, timeZone } }: Accounts,
): Pick<Services, "erp" | "crm" | "warnings"> {
  const token = ({ tokenUrl, clientId, clientSecret, scope }: Account) => {
    return { address: tokenUrl, clientId, clientSecret, scope };
  };
  const dataverse = openDataverse({
    baseUrl: crm.baseUrl,
    token: token(crm),
    limiter: openLimiter({ clock, ...limits.dataverse }),
    clock,
    timeZone,
    ...(owner.model === "team" ? { ownerTeam: owner.team } : {}),
  });
  const businessCentral = openBusinessCentral({
    baseUrl: erp.baseUrl,
    companyId: erp.companyId,
    token: token(erp),
    limiter: openLimiter({ clock, ...limits.business_central }),
    clock,
    extension,
    rateCurrency: () => dataverse.baseCurrency(),
  });
  async function warnings(signal: AbortSignal): Promise<readonly string[]> {
    const warning = await dataverse.zoneWarning(signal);
    return warning === null ? [] : [warning];
  }
  return { erp: businessCentral, crm: dataverse, warnings };
}

/** Throws DefinitionError "configuration_missing" where a home that belongs to real services would get a sandbox. */
export async function refuseOtherKind(
  store: Store,
  configuration: Configuration,
  { home, database = null }: { readonly home: string; readonly database?: string | null },
): Promise<void> {
  const pin = await store.connection(configuration.connection);
  const kind = configuration.services === null ? "sandbox" : "real";
  const isReal = textOf(`${home}/real`) !== null;
  const pinned = isReal ? "real" : pin?.kind ?? kind;
  if (pinned === kind) return;
  const where = isReal || database === null ? `"${home}"` : `the ${database}`;
  const remedy = "set TENGING_HOME to another folder under .tenging" +
    (isReal || database === null ? "" : ", and DATABASE_URL to another database");
  if (pinned === "real") {
    throw new DefinitionError(
      "configuration_missing",
      `Cannot use the sandbox: ${where} belongs to real services, and tenging.json names none; put the connection back, ` +
        `or ${remedy}`,
    );
  }
  throw new DefinitionError(
    "other_environment",
    `Cannot use the real services: ${where} belongs to the sandbox; ${remedy}`,
  );
}
