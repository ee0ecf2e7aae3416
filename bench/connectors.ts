/** The connectors on a sandbox, as the program opens them, for what is measured in this process. */
import { openBusinessCentral } from "../connectors/business_central/client.ts";
import type { Clock, Connector } from "../connectors/connector.ts";
import { openDataverse } from "../connectors/dataverse/client.ts";
import { limits, openLimiter } from "../connectors/limiter.ts";
import { sandboxCredentials } from "../sandbox/mod.ts";
import type { Services } from "./services.ts";

const clock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export interface ConnectOptions {
  readonly fetch?: typeof fetch;
  /** Of the CRM: writes in one batch. */
  readonly batchSize?: number;
  /** Of the CRM: requests at once, all the time. */
  readonly atOnce?: number;
}

/** Opens both services of a sandbox. */
export function connect(
  { address }: Services,
  { fetch, batchSize, atOnce }: ConnectOptions,
): Readonly<Record<"erp" | "crm", Connector>> {
  const { clientId, clientSecret } = sandboxCredentials;
  const common = { clock, ...(fetch === undefined ? {} : { fetch }) };
  const service = (url: string, api: string) => ({
    baseUrl: url.slice(0, -api.length),
    token: { address: address.tokenUrl, clientId, clientSecret, scope: `${new URL(url).origin}/.default` },
  });
  const crm = openDataverse({
    ...{ ...common, ...service(address.crmUrl, "/api/data/v9.2/"), ...(batchSize === undefined ? {} : { batchSize }) },
    limiter: openLimiter({
      ...{ clock, ...limits.dataverse },
      ...(atOnce === undefined ? {} : { atOnce: { first: atOnce, most: atOnce } }),
    }),
  });
  const erp = openBusinessCentral({
    ...{ ...common, ...service(address.erpUrl, "/api/v2.0/"), companyId: address.companyId, extension: true },
    limiter: openLimiter({ clock, ...limits.business_central }),
    rateCurrency: () => crm.baseCurrency(),
  });
  return { erp, crm };
}
