/** What views need from other pages of a company. Each is read when it is first asked for, then kept. */
import { ServiceError } from "../../errors.ts";
import type { RawRow } from "../odata.ts";
import { withoutBlank } from "../blanks.ts";
import { anyOf, guid, queryOf } from "../odata.ts";
import { exchangeRates, type RateRow } from "./rates.ts";

/** Reads all rows of a set, with this query; `decimals` come as text. */
export type List = (
  path: string,
  options?: { decimals?: ReadonlySet<string>; signal?: AbortSignal | undefined },
) => Promise<RawRow[]>;

export interface LookupOptions {
  readonly list: List;
  readonly constants: Constants;
  /** The day, "2026-01-31". */
  readonly today: () => string;
  /** The code of the currency that rates are expressed against; null is the local currency. */
  readonly rateCurrency: () => Promise<string | null>;
}

export type CodeSet = "paymentTerms" | "shipmentMethods";

export interface Constants {
  /** The general ledger setup as a currency row: its id, the local currency's code and symbol. */
  localCurrency(): Promise<RawRow & { readonly code: string }>;
  /** The id of the one company record. Throws ServiceError "bad_row" where its page is empty. */
  companyId(): Promise<string>;
}

export interface Lookups extends Constants {
  /** The day, "2026-01-31". */
  today(): string;
  /** Codes of a code table by id. */
  codes(set: CodeSet): Promise<ReadonlyMap<string, string>>;
  /** The rate of a currency today; null where there is none. Throws ServiceError "base_currency_unknown". */
  rates(): Promise<(code: string) => string | null>;
  /** The customer behind each of these company contacts, by the contact's number. */
  customers(companyNumbers: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The number of the company contact of each of these customers, by customer id. */
  companies(customerIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

const amounts = new Set(["exchangeRateAmount", "relationalExchangeRateAmount"]);

/** What a company keeps for good: asked for once, whatever handles need it. */
export function openConstants(list: List): Constants {
  async function readLocalCurrency(): Promise<RawRow & { code: string }> {
    const [setup] = await list("generalLedgerSetup");
    const code = setup?.["localCurrencyCode"];
    if (setup === undefined || typeof code !== "string") return { code: "" };
    return {
      "@odata.etag": setup["@odata.etag"],
      id: setup["id"],
      lastModifiedDateTime: setup["lastModifiedDateTime"],
      code,
      displayName: code,
      symbol: setup["localCurrencySymbol"] ?? "",
      amountDecimalPlaces: "",
    };
  }

  async function readCompanyId(): Promise<string> {
    const [row] = await list("companyInformation" + queryOf({ $select: "id" }));
    if (row !== undefined) return String(row["id"]).toLowerCase();
    throw new ServiceError(
      `Cannot read the company of "business_central": its page companyInformation is empty; open the Company ` +
        "Information page there once",
      { service: "business_central", code: "bad_row" },
    );
  }

  return { localCurrency: once(readLocalCurrency), companyId: once(readCompanyId) };
}

export function openLookups(options: LookupOptions): Lookups {
  const { list, constants: { localCurrency, companyId } } = options;

  async function readCodes(set: CodeSet): Promise<ReadonlyMap<string, string>> {
    const rows = await list(set + queryOf({ $select: "id,code" }));
    return new Map(rows.map((row) => [String(row["id"]).toLowerCase(), String(row["code"])]));
  }

  async function readRates(): Promise<(code: string) => string | null> {
    const local = (await localCurrency()).code;
    const $select = "currencyCode,startingDate,relationalCurrencyCode," + [...amounts].join(",");
    const rows = await list("currencyExchangeRates" + queryOf({ $select }), { decimals: amounts });
    const against = await options.rateCurrency() ?? local;
    const rates = exchangeRates(rows.map(rateOf), { local, against, today: options.today() });
    if (rates(against) === null) throw baseCurrencyUnknown(against);
    return rates;
  }

  const rates = once(readRates);
  const codes = {
    paymentTerms: once(() => readCodes("paymentTerms")),
    shipmentMethods: once(() => readCodes("shipmentMethods")),
  };
  /** Customers by the number of their company contact, as far as they were read. */
  const known = new Map<string, string>();
  async function readLinks($filter?: string): Promise<[string, string][]> {
    const links = (await list("customers" + linkQuery($filter))).flatMap(linksOf);
    for (const [id, number] of links) known.set(number, id);
    return links;
  }
  const allLinks = once(() => readLinks());

  return {
    today: options.today,
    codes: (set) => codes[set](),
    localCurrency,
    companyId,
    rates,
    async customers(companyNumbers) {
      if (companyNumbers.some((number) => !known.has(number))) await allLinks();
      return known;
    },
    async companies(customerIds) {
      const filters = anyOf("id", [...new Set(customerIds)].map(guid), 600);
      const found: [string, string][] = [];
      for (const $filter of filters) found.push(...await readLinks($filter));
      return new Map(found);
    },
  };
}

/** Without it every currency would seem to lack a rate of its own. */
function baseCurrencyUnknown(code: string): ServiceError {
  return new ServiceError(
    `Cannot read exchange rates of "business_central": the CRM counts in "${code}", which is no currency there or has no ` +
      "rate that is valid today; enter one on the Exchange Rates page of that currency",
    { service: "business_central", code: "base_currency_unknown" },
  );
}

function linkQuery($filter?: string): string {
  const $expand = "contactsInformation($select=contactNumber,contactType)";
  return queryOf({ $select: "id", $expand, $filter });
}

/** Customer id and number of its company contact; the same page lists the company's persons as well. */
function linksOf(customer: RawRow): [string, string][] {
  const contacts = customer["contactsInformation"];
  if (!Array.isArray(contacts)) return [];
  return (contacts as RawRow[])
    .filter((contact) => contact["contactType"] === "Company")
    .map((contact) => [String(customer["id"]).toLowerCase(), String(contact["contactNumber"])]);
}

function rateOf(row: RawRow): RateRow {
  return {
    currencyCode: String(row["currencyCode"]),
    startingDate: withoutBlank({ kind: "date", nullable: true }, row["startingDate"]) as string | null,
    exchangeRateAmount: String(row["exchangeRateAmount"]),
    relationalCurrencyCode: withoutBlank({ kind: "text", nullable: true }, row["relationalCurrencyCode"]) as
      | string
      | null,
    relationalExchangeRateAmount: String(row["relationalExchangeRateAmount"]),
  };
}

/** Keeps what was read; a failure is not kept. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null;
  return () => {
    kept ??= read().catch((error: unknown) => {
      kept = null;
      throw error;
    });
    return kept;
  };
}
