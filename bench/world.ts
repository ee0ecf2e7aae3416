/** The made-up world that is measured: customers in the ERP, and the accounts that stand for them in the CRM. */
import type { Seed } from "../sandbox/business_central/fill.ts";
import { fillCompany } from "../sandbox/business_central/fill.ts";
import { addUsersOfSalespeople, companyOf, fillSandbox } from "../sandbox/load.ts";
import type { Sandbox } from "../sandbox/mod.ts";
import type { Cell } from "../sandbox/tables.ts";

export interface WorldOptions {
  /** 1 to 1,000,000 on each side. */
  readonly customers: number;
  /** False: no accounts, so that a synchronization creates them all. */
  readonly accounts?: boolean;
  /** Another seed gives other values; 1 by default. */
  readonly seed?: number;
}

/** All time stamps lie well before any clock that this runs on, 10 seconds apart. */
const BASE = Date.parse("2025-01-01T00:00:00Z");
const STEP = 10_000;
/** Rows in one transaction: what it may undo stands in memory twice. */
const CHUNK = 20_000;

const nameWords = ["Þórsmörk", "Łąka", "Bücher", "Søborg", "Cranmoor", "Žďár", "Ærø", "Älvsjö", "Ísafold", "Weißbach"];
const trades = [
  "Trading",
  "Möbel",
  "Ölgerð",
  "Narzędzia",
  "Foods",
  "Papír",
  "Tools & Parts",
  "Værft",
  "Glass",
  "Textiles",
];
const forms = ["Ltd.", "GmbH", "Sp. z o.o.", "ehf.", "A/S"];
const countries = [
  ...[["IS", "Iceland", "+354 5"], ["PL", "Poland", "+48 61 "], ["DE", "Germany", "+49 30 "]],
  ...[["DK", "Denmark", "+45 33 "], ["GB", "United Kingdom", "+44 20 "]],
] as const;
const cities = ["Akureyri", "Łódź", "Köln", "Århus", "Bath"];
const streets = ["Ægisgata", "ul. Łąkowa", "Hauptstraße", "Nørregade", "Mill Lane", "Öldugata"];
/** Codes with what one unit of the local currency, USD, is worth. */
const currencies = [["EUR", "Euro", "€", "0.8"], ["GBP", "Pound sterling", "£", "0.64"]] as const;
/** Terms and methods by code, with the choices that the CRM has for them; blank: none. */
const terms = [["30 DAYS", 1], ["60 DAYS", 4], ["", null]] as const;
const methods = [["FOB", 1], ["NOCHARGE", 2], ["", null]] as const;
const PEOPLE = 20;

/** Fills an empty sandbox. Both sides say the same of each customer, so that a synchronization only couples them. */
export function fillWorld(sandbox: Sandbox, { customers, accounts = true, seed = 1 }: WorldOptions): void {
  fillSandbox(sandbox, () => {
    const modified = new Date(BASE).toISOString();
    fillCompany(companyOf(sandbox), setup(), { modified });
    addUsersOfSalespeople(sandbox);
    for (const [code, currencyname, currencysymbol, exchangerate] of currencies) {
      const names = { isocurrencycode: code, currencyname, currencysymbol };
      sandbox.addCrmRow("transactioncurrencies", { ...names, currencyprecision: 2, currencytype: 0, exchangerate });
    }
  });
  const made = rowMaker(sandbox, seed);
  for (let from = 0; from < customers; from += CHUNK) {
    const rows = Array.from({ length: Math.min(CHUNK, customers - from) }, (_, at) => made(from + at));
    sandbox.erp.transaction(() => {
      for (const { customer } of rows) sandbox.erp.table("customers").put(customer);
    });
    if (!accounts) continue;
    sandbox.crm.transaction(() => {
      for (const { account } of rows) sandbox.addCrmRow("accounts", account);
    });
  }
}

/** Everything that customers refer to. */
function* setup(): Generator<Seed> {
  for (const [code, displayName] of countries) yield { set: "countriesRegions", values: { code, displayName } };
  for (const [set, codes] of [["paymentTerms", terms], ["shipmentMethods", methods]] as const) {
    for (const [code] of codes) if (code !== "") yield { set, values: { code, displayName: code } };
  }
  for (const [currencyCode, displayName, symbol, rate] of currencies) {
    yield { set: "currencies", values: { code: currencyCode, displayName, symbol, amountDecimalPlaces: "2:2" } };
    const amounts = { exchangeRateAmount: rate, relationalExchangeRateAmount: "1" };
    yield { set: "currencyExchangeRates", values: { currencyCode, startingDate: "2020-01-01", ...amounts } };
  }
  for (let at = 0; at < PEOPLE; at++) {
    const values = { code: `SP${at}`, displayName: `Seller Nr${at}`, email: `seller${at}@tenging.example` };
    yield { set: "salespeoplePurchasers", values: { ...values, phoneNo: `+354 555 01${at + 10}` } };
  }
}

interface Pair {
  readonly customer: { readonly id: string } & Record<string, Cell>;
  readonly account: Record<string, Cell>;
}

/** A function from a place to the two rows of it; what it gives depends on the seed and the place only. */
function rowMaker({ erp, crm }: Sandbox, seed: number): (at: number) => Pair {
  const idBy = (tables: Sandbox["erp"], set: string, field: string) => (value: string) =>
    tables.table(set).where(field, value)[0]!.id;
  const people = [...erp.table("salespeoplePurchasers").all()].map(({ id, email }) => ({
    ...{ id, user: idBy(crm, "systemusers", "internalemailaddress")(String(email)) },
  }));
  const money = currencies.map(([code]) => ({
    ...{ id: idBy(erp, "currencies", "code")(code), crm: idBy(crm, "transactioncurrencies", "isocurrencycode")(code) },
  }));
  const idsOf = (set: string, codes: readonly (readonly [string, number | null])[]) =>
    codes.map(([code, choice]) => ({ id: code === "" ? null : idBy(erp, set, "code")(code), choice }));
  const [termIds, methodIds] = [idsOf("paymentTerms", terms), idsOf("shipmentMethods", methods)];

  return (at) => {
    const chance = chances(seed, at);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)]!;
    const [country, countryName, prefix] = pick(countries);
    const text = {
      name: `${pick(nameWords)} ${pick(trades)} ${at + 1} ${pick(forms)}`,
      phone: `${prefix}${Math.floor(chance() * 900_000) + 100_000}`,
      email: chance() < 0.85 ? `post${at}@customer${at % 977}.example` : "",
      website: chance() < 0.5 ? `https://www.customer${at}.example` : "",
      mobile: chance() < 0.4 ? `${prefix}${Math.floor(chance() * 900_000) + 100_000}` : "",
      line1: `${pick(streets)} ${Math.floor(chance() * 98) + 1}`,
      line2: chance() < 0.15 ? `${Math.floor(chance() * 5) + 1}B` : "",
      city: pick(cities),
      postalCode: String(Math.floor(chance() * 90_000) + 10_000),
    };
    const [person, term, method] = [chance() < 0.9 ? pick(people) : null, pick(termIds), pick(methodIds)];
    const currency = chance() < 0.3 ? pick(money) : null;
    const creditLimit = String(Math.floor(chance() * 40) * 2500);
    const number = `C${String(at + 1).padStart(8, "0")}`;
    const given = {
      ...{ number, displayName: text.name, phoneNumber: text.phone, email: text.email, website: text.website },
      ...{ mobilePhoneNumber: text.mobile, addressLine1: text.line1, addressLine2: text.line2, city: text.city },
      ...{ country, postalCode: text.postalCode, creditLimit: creditLimit === "0" ? "" : creditLimit },
      ...{ salespersonId: person?.id ?? "", paymentTermsId: term.id ?? "", shipmentMethodId: method.id ?? "" },
      ...{ currencyId: currency?.id ?? "" },
    };
    const account = {
      ...{ accountid: guid(chance, at), accountnumber: number, name: text.name, telephone1: text.phone },
      ...{ emailaddress1: text.email, websiteurl: text.website, telephone2: text.mobile },
      ...{ address1_line1: text.line1, address1_line2: text.line2, address1_city: text.city },
      ...{ address1_postalcode: text.postalCode, address1_country: countryName, creditlimit: creditLimit },
      ...{ paymenttermscode: term.choice, address1_freighttermscode: method.choice, customertypecode: 3 },
      ...(currency === null ? {} : { transactioncurrencyid: currency.crm }),
      ...(person === null ? {} : { ownerid: person.user }),
    };
    const lastModifiedDateTime = new Date(BASE + at * STEP).toISOString();
    return {
      customer: { id: guid(chance, at), version: 1, type: "Company", ...stored(given), lastModifiedDateTime },
      account,
    };
  };
}

/** The sandbox keeps no fields that are blank. */
function stored(given: Readonly<Record<string, string>>): Record<string, Cell> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
}

/** What phone numbers begin with after a change; the round is a number of one digit. */
export function changedPhone(round: number): string {
  return `+99 ${round} `;
}

/** Gives some customers, spread evenly over all, another phone number, as people in the ERP would. */
export function changeCustomers(
  { erp, clock }: Sandbox,
  change: { readonly count: number; readonly round: number },
): void {
  const customers = erp.table("customers");
  const every = Math.floor(customers.size / change.count);
  let at = 0;
  erp.transaction(() => {
    for (const row of [...customers.all()]) {
      if (at++ % every !== 0 || at > change.count * every) continue;
      const phoneNumber = `${changedPhone(change.round)}${100_000 + at}`;
      const lastModifiedDateTime = new Date(clock.now()).toISOString();
      customers.put({ ...row, phoneNumber, version: Number(row["version"]) + 1, lastModifiedDateTime });
    }
  });
}

/** A GUID of version 4 that no other place has: its first part is the place, scattered. */
function guid(chance: () => number, at: number): string {
  const hex = (digits: number) => Math.floor(chance() * 16 ** digits).toString(16).padStart(digits, "0");
  const first = (Math.imul(at + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return `${first}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(8)}${hex(4)}`;
}

/** Numbers from 0 to 1 that follow from the seed and a place only (splitmix32). */
function chances(seed: number, at: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(at + 1, 0x85ebca6b);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4294967296;
  };
}
