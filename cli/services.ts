/** The two services of a run: the real ones that are configured, or the sandbox. */
import { relative, resolve } from "node:path";
import { openBusinessCentral } from "../connectors/business_central/client.ts";
import type { Clock, Connector } from "../connectors/connector.ts";
import { openCsvFolder } from "../connectors/csv/client.ts";
import { openDataverse } from "../connectors/dataverse/client.ts";
import { limits, openLimiter } from "../connectors/limiter.ts";
import { openPostgresTables } from "../connectors/postgres/client.ts";
import { DefinitionError } from "../errors.ts";
import { connectSocket, nameOf } from "../store/postgres_socket.ts";
import type { Pin, Store } from "../store/store.ts";
import { openBuiltInSandbox } from "./built_in_sandbox.ts";
import type { Account, Configuration } from "./configuration.ts";
import { textOf } from "./files.ts";
import type { Filling } from "./fill_sandbox.ts";
import { type Project, refuseDatabase, refuseForeignHosts } from "./permissions.ts";
import type { Folder, Tables } from "./replacements.ts";

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
    const connectors = connect({ erp, crm, clock, settings: configuration, dir: options.project.dir });
    // Comes before the first request: from here on this home never gets a sandbox, whatever the services answer.
    await Deno.mkdir(options.home, { recursive: true });
    await Deno.writeTextFile(`${options.home}/real`, `${configuration.connection}\n`);
    const messages = [`Using ${placesOf(services)}`];
    return { kind: "real", ...connectors, messages };
  }
  const sandbox = await openBuiltInSandbox(`${options.home}/sandbox`, { filling: options.filling });
  const { clientId, clientSecret } = sandbox.credentials;
  const account = { tokenUrl: sandbox.tokenUrl, clientId, clientSecret };
  const connectors = connect({
    erp: { ...account, ...of(sandbox.erpUrl, "/api/v2.0/"), companyId: sandbox.companyId },
    crm: { ...account, ...of(sandbox.crmUrl, "/api/data/v9.2/") },
    clock,
    settings: configuration,
    dir: options.project.dir,
  });
  const where = sandbox.isOurs
    ? `its state is in ${relative(options.project.dir, options.home)}/sandbox`
    : `it runs at ${new URL(sandbox.erpUrl).origin}`;
  const messages = [`Nothing is configured: using the built-in sandbox, ${where}`, ...sandbox.messages];
  return { kind: "sandbox", ...connectors, messages, close: sandbox.stop };
}

/** How messages call the two services: by the host of an account, the folder or the database. */
export function placesOf({ erp, crm }: NonNullable<Configuration["services"]>): string {
  return [erp, crm].map((one) =>
    "folder" in one ? `"${one.folder}"` : "database" in one ? `the ${nameOf(one.database)}` : new URL(one.baseUrl).host
  ).join(" and ");
}

/** Throws DefinitionError "net_not_permitted" when this command may not reach the services that are configured. */
export function refuseUnreachable({ services }: Configuration, project: Project): void {
  if (services === null) return;
  const hosts: string[] = [];
  for (const service of [services.erp, services.crm]) {
    if ("database" in service) refuseDatabase(service.database, project);
    else if (!("folder" in service)) hosts.push(service.baseUrl, service.tokenUrl);
  }
  refuseForeignHosts(hosts, project);
}

/** A service's own address, without the path of its API. */
function of(url: string, api: string): { baseUrl: string; scope: string } {
  const baseUrl = url.endsWith(api) ? url.slice(0, -api.length) : url;
  return { baseUrl, scope: `${new URL(url).origin}/.default` };
}

interface Places extends NonNullable<Configuration["services"]> {
  readonly clock: Clock;
  readonly settings: Pick<Configuration, "owner" | "extension" | "timeZone">;
  /** The folder that others count from. */
  readonly dir: string;
}

function connect({ erp, crm, ...options }: Places): Pick<Services, "erp" | "crm" | "warnings" | "close"> {
  const { clock, dir, settings: { owner, extension, timeZone } } = options;
  const token = ({ tokenUrl, clientId, clientSecret, scope }: Account) => {
    return { address: tokenUrl, clientId, clientSecret, scope };
  };
  const opened: { close(): Promise<void> }[] = [];
  function replaced(place: Folder | Tables): Connector {
    if ("folder" in place) return openCsvFolder({ dir: resolve(dir, place.folder), clock });
    const { database: address, schema } = place;
    const socket = () => connectSocket(address, "database");
    const tables = openPostgresTables({ address, name: nameOf(address), socket, schema, clock });
    opened.push(tables);
    return tables;
  }
  const dataverse = !("baseUrl" in crm) ? null : openDataverse({
    baseUrl: crm.baseUrl,
    token: token(crm),
    limiter: openLimiter({ clock, ...limits.dataverse }),
    clock,
    timeZone,
    ...(owner.model === "team" ? { ownerTeam: owner.team } : {}),
  });
  const first = !("baseUrl" in erp) ? replaced(erp) : openBusinessCentral({
    baseUrl: erp.baseUrl,
    companyId: erp.companyId,
    token: token(erp),
    limiter: openLimiter({ clock, ...limits.business_central }),
    clock,
    extension,
    ...(dataverse === null ? {} : { rateCurrency: () => dataverse.baseCurrency() }),
  });
  return {
    erp: first,
    crm: "baseUrl" in crm ? dataverse! : replaced(crm),
    async warnings(signal) {
      const warning = await dataverse?.zoneWarning(signal) ?? null;
      return warning === null ? [] : [warning];
    },
    async close() {
      for (const one of opened) await one.close();
    },
  };
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
