/** Fills an empty sandbox from folders of CSV files: everything, or nothing when a cell is bad. */
import type { Company } from "./business_central/facts.ts";
import { fillCompany } from "./business_central/fill.ts";
import { type CompanyFolder, readCompanyFolder } from "./business_central/from_csv.ts";
import { sets } from "./business_central/sets.ts";
import { badCell, csvFiles, type CsvRecord, LoadError, readCsv } from "./csv_folder.ts";
import { schemaOf } from "./dataverse/tables.ts";
import { divideDecimals } from "./decimal.ts";
import { derivedId } from "./derived_id.ts";
import type { Sandbox } from "./mod.ts";
import type { Cell, Row } from "./tables.ts";

export { LoadError } from "./csv_folder.ts";

/** What of a sandbox loading needs. */
export type Target = Pick<
  Sandbox,
  "erp" | "crm" | "addCrmRow" | "clock" | "companyId" | "localCurrency" | "isEmpty"
>;

/** Where the files are. */
export interface DataFolders {
  /** Named like the ERP's entities: customers.csv, items.csv, salespeople.csv … */
  readonly erp: string;
  /** Named like the CRM's tables: accounts.csv, systemusers.csv, products.csv, contacts.csv; absent: an empty CRM. */
  readonly crm?: string;
}

/** What was put in, and what was left out. */
export interface Loaded {
  /** Rows by entity set. */
  readonly erp: Readonly<Record<string, number>>;
  readonly crm: Readonly<Record<string, number>>;
  /** Files that hold no entity of the sandbox, sorted. */
  readonly ignoredFiles: readonly string[];
  /** Columns that their entity doesn't have, "customers.csv: customerPriceGroup". */
  readonly ignoredColumns: readonly string[];
}

/** The time of the last change of records that don't say. */
const MODIFIED = "2025-01-01T00:00:00.000Z";
/** Tables in the order in which their rows are put in, and the values of columns that a file leaves out. */
const crmDefaults: Readonly<Record<string, Readonly<Record<string, Cell>>>> = {
  systemusers: { isdisabled: false, islicensed: true, isintegrationuser: false },
  accounts: { customertypecode: 3, statecode: 0 },
  contacts: { statecode: 0 },
  products: { productstructure: 1, quantitydecimal: 2 },
};

/**
 * Loads both sides. Without a CRM folder the CRM gets a user for each salesperson and nothing else. Throws LoadError
 * when the sandbox has records already, or when a file can't be loaded; the message names file, line and column.
 */
export function loadData(sandbox: Target, folders: DataFolders): Loaded {
  const { localCurrency } = sandbox;
  const company = readCompanyFolder(folders.erp, { localCurrency });
  return fillSandbox(sandbox, () => {
    const erp = loadCompany(sandbox, company);
    const crm = folders.crm === undefined
      ? { rows: { systemusers: addUsersOfSalespeople(sandbox) }, ignoredFiles: [], ignoredColumns: [] }
      : loadCrmFolder(sandbox, folders.crm);
    return {
      erp,
      crm: crm.rows,
      ignoredFiles: [...company.ignoredFiles, ...crm.ignoredFiles].sort(),
      ignoredColumns: [...company.ignoredColumns, ...crm.ignoredColumns],
    };
  });
}

/**
 * Runs `fill` on an empty sandbox so that both sides get all of it or nothing. Throws LoadError when it isn't empty, or
 * when an earlier filling was cut off by the end of its process.
 */
export function fillSandbox<T>(sandbox: Target, fill: () => T): T {
  if (isHalfFilled(sandbox)) {
    throw new LoadError(
      "sandbox_half_filled",
      "Cannot load data: an earlier loading was cut off, so the sandbox holds a part of it; remove the sandbox's folder",
    );
  }
  if (!sandbox.isEmpty()) {
    throw new LoadError(
      "sandbox_not_empty",
      "Cannot load data: the sandbox holds records already; use another home, or remove the sandbox's folder",
    );
  }
  const marks = sandbox.erp.table("sandbox");
  marks.put({ id: "filling" });
  try {
    return sandbox.crm.transaction(() => sandbox.erp.transaction(fill));
  } finally {
    marks.delete("filling");
  }
}

/** True after a filling that was cut off: neither side may be used. */
export function isHalfFilled(sandbox: Pick<Target, "erp">): boolean {
  return sandbox.erp.table("sandbox").get("filling") !== undefined;
}

/** The company as the rules of the Business Central imitation know it. */
export function companyOf({ erp, clock, companyId, localCurrency }: Target): Company {
  return { tables: erp, clock, id: companyId, localCurrency, sets };
}

/** Adds an enabled, licensed CRM user for each salesperson; returns how many. */
export function addUsersOfSalespeople(sandbox: Target): number {
  let count = 0;
  for (const person of sandbox.erp.table("salespeoplePurchasers").all()) {
    sandbox.addCrmRow("systemusers", userOf(person));
    count++;
  }
  return count;
}

function userOf(person: Row): Record<string, Cell> {
  const words = String(person["displayName"]).split(" ");
  const lastname = words.pop()!;
  return {
    ...crmDefaults["systemusers"],
    systemuserid: derivedId("systemusers", person.id),
    firstname: words.join(" "),
    lastname,
    internalemailaddress: person["email"] ?? "",
    domainname: person["email"] ?? "",
    mobilephone: person["phoneNo"] ?? "",
    createdon: MODIFIED,
    modifiedon: MODIFIED,
  };
}

function loadCompany(sandbox: Target, folder: CompanyFolder): Record<string, number> {
  const options = { modified: MODIFIED, takenNumbers: folder.contactNumbers };
  return fillCompany(companyOf(sandbox), folder.seeds, options);
}

interface CrmLoaded {
  readonly rows: Record<string, number>;
  readonly ignoredFiles: readonly string[];
  readonly ignoredColumns: readonly string[];
}

function loadCrmFolder(sandbox: Target, dir: string): CrmLoaded {
  const files = csvFiles(dir);
  const rows: Record<string, number> = {};
  const ignoredColumns = new Set<string>();
  const known = Object.keys(crmDefaults).map((set) => `${set}.csv`);
  for (const set of Object.keys(crmDefaults)) {
    if (!files.includes(`${set}.csv`)) continue;
    const records = readCsv(dir, `${set}.csv`);
    for (const record of records) addRecord(sandbox, set, { record, ignoredColumns });
    rows[set] = records.length;
  }
  if (Object.keys(rows).length === 0) {
    throw new LoadError(
      "data_folder_empty",
      `Cannot load "${dir}": none of its files holds a table of the CRM; name them ${known.join(", ")}`,
    );
  }
  const ignoredFiles = files.filter((file) => !known.includes(file));
  return { rows, ignoredFiles, ignoredColumns: [...ignoredColumns] };
}

function addRecord(
  sandbox: Target,
  set: string,
  { record, ignoredColumns }: { record: CsvRecord; ignoredColumns: Set<string> },
): void {
  const { columns } = schemaOf(set)!;
  const values: Record<string, Cell> = { createdon: MODIFIED, modifiedon: MODIFIED, ...crmDefaults[set] };
  if (set === "products") Object.assign(values, defaultUnit(sandbox));
  for (const [column, cell] of record.cells) {
    if (column === "transactioncurrency" && columns["transactioncurrencyid"] !== undefined) {
      const code = cell.trim().toUpperCase();
      if (code !== "") values["transactioncurrencyid"] = currencyId(sandbox, code, record);
    } else if (!Object.hasOwn(columns, column)) {
      ignoredColumns.add(`${record.file}: ${column}`);
    } else if (cell.trim() !== "") {
      values[column] = cell;
    }
  }
  // No product is without a number there; a file's product without one can't be matched by it, so any will do.
  if (set === "products") values["productnumber"] ??= `P-${derivedId(record.file, String(record.line)).slice(0, 8)}`;
  try {
    sandbox.addCrmRow(set, values);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [column = set, ...why] = error.message.split(": ");
    throw badCell(record, column, why.join(": ").replace(/\.$/, ""), "correct the cell");
  }
}

/** The group and unit that every environment has, for products of a file that doesn't name theirs. */
function defaultUnit({ crm }: Target): Record<string, Cell> {
  const [group] = [...crm.table("uomschedules").all()];
  const unit = crm.table("uoms").where("uomscheduleid", group!.id)[0]!;
  return { defaultuomscheduleid: group!.id, defaultuomid: unit.id };
}

/** The CRM's row of a currency; one that it lacks is added, with the ERP's rate of today (1 where there is none). */
function currencyId(sandbox: Target, code: string, record: CsvRecord): string {
  const found = sandbox.crm.table("transactioncurrencies").where("isocurrencycode", code)[0];
  if (found !== undefined) return found.id;
  if (!/^[A-Z]{3}$/.test(code)) {
    throw badCell(record, "transactioncurrency", `"${code}" isn't an ISO 4217 code`, "write three letters");
  }
  const currency = sandbox.erp.table("currencies").where("code", code)[0];
  return sandbox.addCrmRow("transactioncurrencies", {
    transactioncurrencyid: derivedId("transactioncurrencies", code),
    isocurrencycode: code,
    currencyname: currency?.["displayName"] || code,
    currencysymbol: currency?.["symbol"] || code,
    currencyprecision: 2,
    currencytype: 0,
    exchangerate: currency === undefined ? "1" : rateOf(sandbox, currency),
    createdon: MODIFIED,
    modifiedon: MODIFIED,
  });
}

/** Units of a currency for one unit of the local currency, by the newest rate that has begun. Zeros aren't stored. */
function rateOf({ erp, clock }: Target, currency: Row): string {
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const rates = erp.table("currencyExchangeRates").where("currencyId", currency.id)
    .filter((rate) => String(rate["startingDate"] ?? "") <= today && rate["relationalExchangeRateAmount"] !== undefined)
    .sort((a, b) => String(a["startingDate"] ?? "") < String(b["startingDate"] ?? "") ? 1 : -1);
  const [rate] = rates;
  if (rate === undefined || rate["exchangeRateAmount"] === undefined) return "1";
  return divideDecimals(String(rate["exchangeRateAmount"]), String(rate["relationalExchangeRateAmount"]), 10);
}
