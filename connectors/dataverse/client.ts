/** Dataverse's Web API v9.2 as a {@link Connector}. */
import type { AnyEntity, Clock, Connector, Identity, Limiter, Opened, Row, Write } from "../connector.ts";
import { openHttp, type TokenSource } from "../http.ts";
import { guid } from "../odata.ts";
import type { Context } from "./context.ts";
import { costOf, costOfDocuments } from "./cost.ts";
import { timeZoneOf } from "./days.ts";
import { documentOf, documentsBy, readDocuments } from "./documents.ts";
import { openEnvironment, text } from "./environment.ts";
import type { Document } from "./order_lines.ts";
import { read, rowsBy } from "./read.ts";
import { readIds } from "./read_ids.ts";
import { columnsOf, tableOf } from "./rows.ts";
import { zoneWarning } from "./user_zone.ts";
import { writeAll } from "./write.ts";
import { writeDocuments } from "./write_documents.ts";

export interface DataverseOptions {
  /** The environment, `https://org.crm4.dynamics.com`; with or without `/api/data/v9.2`. */
  readonly baseUrl: string;
  readonly token: TokenSource;
  readonly limiter: Limiter;
  readonly clock: Clock;
  /** Rows of one page; the service gives 5,000 at most. */
  readonly pageSize?: number;
  /** Writes of one batch, at most 100, which is the default; documents have fewer. */
  readonly batchSize?: number;
  /** The id of the team that owns what we create without an owner; without it, the account does. */
  readonly ownerTeam?: string;
  /** The IANA name of the time zone of the account's user, "Europe/Berlin"; "UTC" if not given. */
  readonly timeZone?: string;
  readonly fetch?: typeof fetch;
}

export interface Dataverse extends Connector {
  /** The ISO code of the organization's base currency, which all exchange rates count against. */
  baseCurrency(signal?: AbortSignal): Promise<string>;
  /** What to tell people where the user's own time zone is not the connection's; null where they agree. */
  zoneWarning(signal?: AbortSignal): Promise<string | null>;
}

const protocol = { "OData-MaxVersion": "4.0", "OData-Version": "4.0" };

/** Opens an environment; nothing is sent before something is asked of it. */
export function openDataverse(options: DataverseOptions): Dataverse {
  const { clock, limiter, token, ownerTeam } = options;
  const http = openHttp({
    service: "dataverse",
    origin: rootOf(options.baseUrl),
    token,
    limiter,
    clock,
    headers: protocol,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  const environment = openEnvironment(http);
  const context: Context = {
    http,
    environment,
    clock,
    limiter,
    pageSize: Math.min(options.pageSize ?? 5_000, 5_000),
    batchSize: Math.min(options.batchSize ?? 100, 100),
    ownerTeam: ownerTeam === undefined ? undefined : guid(ownerTeam),
    timeZone: timeZoneOf(options.timeZone ?? "UTC"),
  };

  function open(entity: AnyEntity, parts?: AnyEntity): Opened {
    const table = tableOf(entity);
    const own: Context = { ...context, http: http.part() };
    if (parts !== undefined) return openDocuments(own, documentOf(entity, parts));
    return {
      read: (asked) => asked.only === "ids" ? readIds(own, entity, asked) : read(own, entity, asked),
      write: (writes, asked) => writeAll(own, entity, writes, asked),
      async recall(writes, { fields, signal }) {
        const columns = columnsOf(entity, fields, { timeZone: own.timeZone, everything: true });
        return await recalled(writes, table.id, (terms) => rowsBy(own, columns, { terms, signal }));
      },
      requests: own.http.requests,
      cost: (writes) => costOf(own, entity, writes),
    };
  }

  /** A change set takes effect as a whole or not at all: nothing is ever left to restore. */
  function openDocuments(own: Context, document: Document): Opened {
    return {
      read: (asked) => readDocuments(own, document, asked),
      write: (writes, asked) => writeDocuments(own, document, { ...asked, writes }),
      recall: (writes, asked) =>
        recalled(writes, "salesorderid", (terms) => documentsBy(own, document, { ...asked, terms })),
      requests: own.http.requests,
      cost: (writes) => costOfDocuments(own, document, writes),
    };
  }

  return {
    service: "dataverse",
    open,
    async identity(signal): Promise<Identity> {
      const organization = text(await environment.whoAmI(signal), "OrganizationId").toLowerCase();
      const { name } = await environment.organization(signal);
      return { service: "dataverse", name, parts: { organization } };
    },
    requests: http.requests,
    baseCurrency: environment.baseCurrency,
    zoneWarning: (signal) => zoneWarning(context, signal),
  };
}

/** Ids are ours to choose, so an earlier attempt can only have left the record with this one. */
async function recalled(
  writes: readonly Write[],
  column: string,
  find: (terms: readonly string[]) => Promise<readonly Row[]>,
): Promise<readonly (readonly Row[])[]> {
  const ids = writes.map(({ id }) => id === null ? null : guid(id));
  const terms = [...new Set(ids)].flatMap((id) => id === null ? [] : [`${column} eq ${id}`]);
  const found = terms.length === 0 ? [] : await find(terms);
  return ids.map((id) => found.filter((row) => row.id === id));
}

function rootOf(baseUrl: string): string {
  const base = baseUrl.replace(/\/+$/, "");
  return /\/api\/data\/v[\d.]+$/.test(base) ? base : `${base}/api/data/v9.2`;
}
