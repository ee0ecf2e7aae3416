/** What the connector asks an environment once: who it is, its base currency, how its tables and columns behave. */
import { ServiceError } from "../../errors.ts";
import type { Http } from "../http.ts";
import { guid, one, pages, queryOf, type RawRow, recordOf } from "../odata.ts";

export interface Environment {
  /** The ids of the account's user and of the organization: `UserId`, `OrganizationId`. */
  whoAmI(signal?: AbortSignal): Promise<RawRow>;
  organization(signal?: AbortSignal): Promise<{ readonly name: string }>;
  /** The id of the base currency's row. */
  baseCurrencyId(signal?: AbortSignal): Promise<string>;
  /** Its ISO code. */
  baseCurrency(signal?: AbortSignal): Promise<string>;
  /** Logical names of the tables with change tracking. */
  tracked(signal?: AbortSignal): Promise<ReadonlySet<string>>;
  /** The columns of a table (its logical name) that hold days as they are, not the instants at which they begin. */
  plainDays(table: string, signal?: AbortSignal): Promise<ReadonlySet<string>>;
}

export function openEnvironment(http: Http): Environment {
  const whoAmI = once(async (signal) => await one(http, "WhoAmI", { signal }) ?? {});
  const organization = once(async (signal) => {
    const rows = await allOf(http, `organizations${queryOf({ $select: "name,_basecurrencyid_value" })}`, signal);
    const row = rows[0];
    if (row === undefined) throw lacks("an organization");
    return row;
  });
  const baseCurrency = once(async (signal) => {
    const id = text(await organization(signal), "_basecurrencyid_value");
    const path = `transactioncurrencies(${guid(id)})${queryOf({ $select: "isocurrencycode" })}`;
    const row = await one(http, path, { signal, counts: "lookups" });
    if (row === null) throw lacks("the row of its base currency");
    return text(row, "isocurrencycode");
  });
  const tracked = once(async (signal) => {
    const query = queryOf({ $select: "LogicalName", $filter: "ChangeTrackingEnabled eq true" });
    const rows = await allOf(http, `EntityDefinitions${query}`, signal);
    return new Set(rows.map((row) => text(row, "LogicalName")));
  });
  const plainDays = new Map<string, (signal?: AbortSignal) => Promise<ReadonlySet<string>>>();
  function plainDaysOf(table: string): (signal?: AbortSignal) => Promise<ReadonlySet<string>> {
    const dates =
      `EntityDefinitions(LogicalName='${table}')/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata`;
    return once(async (signal) => {
      const rows = await allOf(http, dates + queryOf({ $select: "LogicalName,DateTimeBehavior" }), signal);
      const plain = rows.filter(({ DateTimeBehavior }) => recordOf(DateTimeBehavior)["Value"] === "DateOnly");
      return new Set(plain.map((row) => text(row, "LogicalName")));
    });
  }
  return {
    whoAmI,
    organization: async (signal) => ({ name: text(await organization(signal), "name") }),
    baseCurrencyId: async (signal) => text(await organization(signal), "_basecurrencyid_value").toLowerCase(),
    baseCurrency,
    tracked,
    plainDays(table, signal) {
      const known = plainDays.get(table) ?? plainDaysOf(table);
      plainDays.set(table, known);
      return known(signal);
    },
  };
}

async function allOf(http: Http, path: string, signal: AbortSignal | undefined): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  for await (const page of pages(http, path, { signal, counts: "lookups" })) rows.push(...page.rows);
  return rows;
}

/** Asked at most once; a failure is not kept. */
function once<T>(ask: (signal?: AbortSignal) => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let asked: Promise<T> | null = null;
  return (signal) => {
    asked ??= ask(signal).catch((error) => {
      asked = null;
      throw error;
    });
    return asked;
  };
}

/** A value that must be there; throws ServiceError "bad_row". */
export function text(row: RawRow, column: string): string {
  const value = row[column];
  if (typeof value === "string" && value !== "") return value;
  throw lacks(`a value of "${column}"`);
}
function lacks(what: string): ServiceError {
  return new ServiceError(
    `Cannot read from "dataverse": it does not give ${what}; check what the account may read`,
    { service: "dataverse", code: "bad_row" },
  );
}
