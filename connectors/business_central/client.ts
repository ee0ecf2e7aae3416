/** The connector of Business Central's API v2.0, and of the extension's where it is installed: one company under one account. */
import { ServiceError } from "../../errors.ts";
import type { AnyEntity, Clock, Connector, Identity, Limiter, Opened } from "../connector.ts";
import { openHttp, type TokenSource } from "../http.ts";
import { guid, one } from "../odata.ts";
import { costOf } from "./cost.ts";
import { withExtension } from "./extension_missing.ts";
import { openConstants, openLookups } from "./lookups.ts";
import { openOrders } from "./orders.ts";
import { read } from "./reading.ts";
import { readIds } from "./reading_ids.ts";
import { apiOf, companyPath } from "./routes.ts";
import { schemas } from "./schemas.ts";
import { listOf, service, type Table } from "./table.ts";
import { viewOf } from "./views.ts";
import { lateFor, recall, write } from "./writing.ts";

export interface BusinessCentralOptions {
  /** The environment, e.g. `https://api.businesscentral.dynamics.com/v2.0/<tenant>/<environment>`. */
  readonly baseUrl: string;
  readonly companyId: string;
  readonly token: TokenSource;
  readonly limiter: Limiter;
  readonly clock: Clock;
  /** Rows of one answer; the service gives at most 20,000, which is the default. Of whole records 5,000 at most are asked for. */
  readonly pageSize?: number;
  /** How far behind the cursor is read again; 60 minutes if not given. */
  readonly overlapMs?: number;
  /** The currency that exchange rates are expressed against; null, or not given, is the local currency. */
  readonly rateCurrency?: () => Promise<string | null>;
  /** Whether the company has the extension: its pages and actions are used then. */
  readonly extension?: boolean;
  readonly fetch?: typeof fetch;
}

/** Opens the connector; nothing is sent before something is read or written. */
export function openBusinessCentral(options: BusinessCentralOptions): Connector {
  const { clock, companyId, pageSize = 20_000, overlapMs = 3_600_000, extension = false } = options;
  const http = openHttp({
    service,
    origin: options.baseUrl,
    token: options.token,
    limiter: options.limiter,
    clock,
    headers: { "Accept-Language": "en-US" }, // messages name fields by their captions
    ...(options.fetch && { fetch: options.fetch }),
  });
  const company = companyPath("standard", companyId);

  const constants = openConstants(listOf(http, company, { pageSize }));

  function openTable(entity: AnyEntity): Table {
    const own = http.part();
    const schema = schemas[entity.name];
    if (schema === undefined) throw new TypeError(`Cannot open "${entity.name}": Business Central has no such handle`);
    const list = listOf(own, company, { pageSize });
    const make = () =>
      openLookups({
        list,
        constants,
        today: () => new Date(clock.now()).toISOString().slice(0, 10),
        rateCurrency: options.rateCurrency ?? (() => Promise.resolve(null)),
      });
    let lookups = make();
    return {
      entity,
      fields: entity.fields,
      schema,
      view: viewOf(entity.name, extension),
      http: own,
      clock,
      limiter: options.limiter,
      company: companyPath(apiOf(entity, extension), companyId),
      standard: company,
      extension: extension ? companyPath("extension", companyId) : null,
      pageSize,
      overlapMs,
      list,
      lookups: () => lookups,
      forget() {
        lookups = make();
      },
    };
  }

  return {
    service,
    open(entity, parts): Opened {
      const table = openTable(entity);
      if (entity.name === "salesOrders") {
        return openOrders({
          head: table,
          lines: parts === undefined ? null : openTable(parts),
          unreleased: new Set(),
        });
      }
      return withExtension(
        {
          read: (asked) => asked.only === "ids" ? readIds(table, asked) : read(table, asked),
          write: (writes, asked) => write(table, writes, asked),
          recall: (writes, asked) => recall(table, writes, asked),
          ...(entity.creation === "lookup" ? { lateFor } : {}),
          requests: () => table.http.requests(),
          cost: (writes) => costOf(table, writes),
        },
        entity,
        { installed: extension, used: apiOf(entity, extension) === "extension" },
      );
    },
    async identity(signal): Promise<Identity> {
      const row = await one(http, company.slice(0, -1), { signal });
      if (row === null) {
        throw new ServiceError(
          `Cannot find the company "${companyId}" in "${http.root}": there is none with this id; ` +
            "choose one of those that the address companies lists",
          { service, code: "company_not_found", status: 404 },
        );
      }
      return { service, name: String(row["name"] ?? ""), parts: { ...placeOf(http.root), company: guid(companyId) } };
    },
    requests: () => http.requests(),
  };
}

/** Tenant and environment as the address names them; an address without a tenant has none. */
function placeOf(root: string): Record<string, string> {
  const path = new URL(root).pathname.split("/").filter((part) => part !== "" && part.toLowerCase() !== "v2.0");
  const [environment = "", tenant] = path.map((part) => decodeURIComponent(part)).toReversed();
  return tenant === undefined ? { environment } : { tenant, environment };
}
