/** The state of the imitated environment: rows, versions, settings, and what an empty environment holds. */
import type { SandboxClock } from "../service.ts";
import type { Cell, Row, Table, Tables } from "../tables.ts";
import type { TableSchema } from "./schema.ts";
import { schemas } from "./tables.ts";

/** What can be switched from outside (POST /sandbox/dataverse). */
export interface CrmSettings {
  /** By entity set: whether the table answers to `odata.track-changes`. */
  readonly changeTracking: Readonly<Record<string, boolean>>;
  /** By entity set: alternate keys as an administrator would define them, each a list of columns. */
  readonly alternateKeys: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Delta tokens up to this version are refused as expired. */
  readonly deltaTokensFrom: number;
  /** False: totals of orders, and prices that aren't overridden, are kept as they were given. */
  readonly priceCalculation: boolean;
  /** The application user's zone, an IANA name: in it the day of a time stamp such as requestdeliveryby is meant. */
  readonly timeZone: string;
  /** By entity set: day columns that an administrator gave the behaviour DateOnly, so that they hold no instants. */
  readonly dateOnly: Readonly<Record<string, readonly string[]>>;
}

export interface Crm {
  readonly tables: Tables;
  readonly clock: SandboxClock;
  /** Who the requests come from: the application user. */
  readonly me: string;
  readonly organizationId: string;
  readonly businessUnitId: string;
  readonly baseCurrencyId: string;
  rows(schema: TableSchema): Table;
  /** Rows that were deleted: id and the version at which that happened. */
  deleted(schema: TableSchema): Table;
  organization(): Row;
  /** The latest version that was given to a change. */
  version(): number;
  /** The next version, for a change that is made now. */
  nextVersion(): number;
  /** The time as the service stamps it: whole seconds. */
  stamp(): string;
  settings(): CrmSettings;
  set(settings: CrmSettings): void;
}

/** Change tracking is on for the tables that people use it for; a test switches it off to see the other way. */
const defaults: CrmSettings = {
  changeTracking: {
    accounts: true,
    contacts: true,
    products: true,
    pricelevels: true,
    salesorders: true,
    salesorderdetails: true,
  },
  alternateKeys: {},
  deltaTokensFrom: 0,
  priceCalculation: true,
  timeZone: "UTC",
  dateOnly: {},
};

/** Opens the environment that the tables hold; fills them with an empty environment when they are new. */
export function openCrm(tables: Tables, options: { clock: SandboxClock; localCurrency: string }): Crm {
  const { clock } = options;
  const known = tables.table("sandbox");
  if (known.get("environment") === undefined) found(tables, options);
  const environment = known.get("environment")!;
  const kept = known.get("settings");
  let settings = kept === undefined ? defaults : withDefaults(JSON.parse(String(kept.json)));
  // A version that only the expiry of delta tokens took is in no row.
  let version = Math.max(1_000_000, settings.deltaTokensFrom, ...schemas.map((schema) => latest(tables, schema)));
  return {
    tables,
    clock,
    me: String(environment.me),
    organizationId: String(environment.organizationId),
    businessUnitId: String(environment.businessUnitId),
    baseCurrencyId: String(environment.baseCurrencyId),
    rows: (schema) => tables.table(schema.set),
    deleted: (schema) => tables.table(`deleted ${schema.set}`),
    organization: () => tables.table("organizations").get(String(environment.organizationId))!,
    version: () => version,
    nextVersion: () => ++version,
    stamp: () => stampOf(clock),
    settings: () => settings,
    set(next) {
      known.put({ id: "settings", json: JSON.stringify(next) });
      settings = next;
    },
  };
}

/** The table with its columns as the settings have them. */
export function asSet<T extends TableSchema | undefined>(crm: Crm, schema: T): T {
  const names = crm.settings().dateOnly[schema?.set ?? ""] ?? [];
  if (schema === undefined || names.length === 0) return schema;
  const days = names.map((name) => [name, { ...schema.columns[name]!, kind: "date" as const }]);
  return { ...schema, columns: { ...schema.columns, ...Object.fromEntries(days) } };
}

/** What an earlier version of the sandbox kept lacks what has come since. */
function withDefaults(kept: Partial<CrmSettings>): CrmSettings {
  return { ...defaults, ...kept, changeTracking: { ...defaults.changeTracking, ...kept.changeTracking } };
}

function latest(tables: Tables, schema: TableSchema): number {
  let version = 0;
  for (const name of [schema.set, `deleted ${schema.set}`]) {
    for (const row of tables.table(name).all()) version = Math.max(version, Number(row.versionnumber));
  }
  return version;
}

function stampOf(clock: SandboxClock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** Puts there what nobody creates: organization, base currency, root business unit with its team, a user, a unit. */
function found(tables: Tables, { clock, localCurrency }: { clock: SandboxClock; localCurrency: string }): void {
  const ids = {
    organizationId: clock.uuid(),
    businessUnitId: clock.uuid(),
    baseCurrencyId: clock.uuid(),
    me: clock.uuid(),
  };
  const at = stampOf(clock);
  let versionnumber = 1_000_000;
  const put = (set: string, id: string, row: Readonly<Record<string, Cell>>): string => {
    tables.table(set).put({
      id,
      createdon: at,
      modifiedon: at,
      createdby: ids.me,
      modifiedby: ids.me,
      versionnumber: ++versionnumber,
      ...row,
    });
    return id;
  };
  tables.transaction(() => {
    put("organizations", ids.organizationId, {
      name: "sandbox",
      basecurrencyid: ids.baseCurrencyId,
      basecurrencyprecision: 2,
      basecurrencysymbol: symbolOf(localCurrency),
      languagecode: 1033,
      localeid: 1033,
      pricingdecimalprecision: 2,
      currencydecimalprecision: 2,
      expirechangetrackingindays: 7,
      createproductswithoutparentinactivestate: false,
    });
    put("transactioncurrencies", ids.baseCurrencyId, {
      isocurrencycode: localCurrency,
      currencyname: localCurrency,
      currencysymbol: symbolOf(localCurrency),
      currencyprecision: 2,
      exchangerate: "1.0000000000",
      currencytype: 0,
      organizationid: ids.organizationId,
      statecode: 0,
      statuscode: 1,
    });
    put("businessunits", ids.businessUnitId, { name: "sandbox", organizationid: ids.organizationId });
    put("systemusers", ids.me, {
      fullname: "# Integration",
      firstname: "#",
      lastname: "Integration",
      applicationid: "5a7d0b0c-0000-4000-8000-00000000c11e",
      accessmode: 4,
      isdisabled: false,
      islicensed: false,
      isintegrationuser: false,
      businessunitid: ids.businessUnitId,
      organizationid: ids.organizationId,
    });
    put("teams", clock.uuid(), {
      name: "sandbox",
      isdefault: true,
      teamtype: 0,
      businessunitid: ids.businessUnitId,
      administratorid: ids.me,
      organizationid: ids.organizationId,
    });
    const group = put("uomschedules", clock.uuid(), {
      name: "Default Unit",
      baseuomname: "Primary Unit",
      organizationid: ids.organizationId,
      statecode: 0,
      statuscode: 1,
    });
    put("uoms", clock.uuid(), {
      name: "Primary Unit",
      quantity: "1.00",
      isschedulebaseuom: true,
      uomscheduleid: group,
      organizationid: ids.organizationId,
    });
    tables.table("sandbox").put({ id: "environment", ...ids });
  });
}

function symbolOf(currency: string): string {
  const symbols: Readonly<Record<string, string>> = { USD: "$", EUR: "€", GBP: "£", PLN: "zł", ISK: "kr" };
  return symbols[currency] ?? currency;
}
