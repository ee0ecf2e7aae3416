/** The demo company: made-up records of both services, the same on every machine. */
import type { Seed } from "./business_central/fill.ts";
import { fillCompany } from "./business_central/fill.ts";
import { demoGroups, demoPrices } from "./demo_prices.ts";
import {
  categories,
  countries,
  type Country,
  currencies,
  jobs,
  materials,
  plain,
  salespeople,
  services,
  things,
  units,
} from "./demo_words.ts";
import { derivedId } from "./derived_id.ts";
import { addUsersOfSalespeople, companyOf, fillSandbox, type Loaded, type Target } from "./load.ts";
import type { Cell } from "./tables.ts";

export interface DemoOptions {
  /** Another seed gives other streets, prices and relations; 1 by default. */
  readonly seed?: number;
  /** 1 to 200,000; 200 by default. Persons (three for four customers) and items (at most 120 for a small company) follow. */
  readonly customers?: number;
}

/** A row of the CRM by column, as {@link Target.addCrmRow} takes it. */
export interface CrmSeed {
  readonly set: string;
  readonly values: Readonly<Record<string, Cell>>;
}

/** The records of a demo, made while they are asked for, so a large company never stands in memory twice. */
export interface Demo {
  erp(): Iterable<Seed>;
  /** Accounts; users are made from the salespeople. `owner` gives the CRM's user of a salesperson's code. */
  crm(owner: (salesperson: string) => string): Iterable<CrmSeed>;
}

/** All time stamps lie after this moment and a few months before any clock that this runs on. */
const BASE = Date.parse("2025-06-02T08:00:00Z");
/** Half a minute between the records of 200,000 customers is ten weeks. */
const STEP = 30_000;
const MOST = 200_000;

/** Fills an empty sandbox with the demo company. Throws LoadError when it isn't empty, RangeError on a bad size. */
export function loadDemo(sandbox: Target, options: DemoOptions = {}): Loaded {
  const demo = demoCompany({ ...options, localCurrency: sandbox.localCurrency });
  return fillSandbox(sandbox, () => {
    const erp = fillCompany(companyOf(sandbox), demo.erp(), { modified: new Date(BASE).toISOString() });
    const users = addUsersOfSalespeople(sandbox);
    const byMail = (code: string) => {
      const person = sandbox.erp.table("salespeoplePurchasers").where("code", code)[0]!;
      return sandbox.crm.table("systemusers").where("internalemailaddress", person["email"]!)[0]!.id;
    };
    let accounts = 0;
    for (const { set, values } of demo.crm(byMail)) {
      sandbox.addCrmRow(set, values);
      accounts++;
    }
    return { erp, crm: { systemusers: users, accounts }, ignoredFiles: [], ignoredColumns: [] };
  });
}

/** Describes the demo company without putting it anywhere. */
export function demoCompany(options: DemoOptions & { readonly localCurrency: string }): Demo {
  const { seed = 1, customers = 200, localCurrency } = options;
  if (!Number.isInteger(customers) || customers < 1 || customers > MOST) {
    throw new RangeError(`Cannot make a demo of ${customers} customers: it must be a whole number from 1 to ${MOST}`);
  }
  const local = (code: string) => code === localCurrency ? "" : code;
  return {
    *erp() {
      yield* setup(localCurrency);
      yield* demoGroups();
      for (let at = 0; at < customers; at++) {
        const company = customerAt(at, seed);
        yield { set: "customers", values: { ...company.values, currencyCode: local(company.country.currency) } };
        if (at % 4 !== 3) yield personAt(at, seed, company);
      }
      for (let at = 0; at < Math.min(120, 20 + customers); at++) yield itemAt(at, seed);
      yield* demoPrices((at) => itemAt(at, seed), localCurrency);
    },
    crm: (owner) => accounts(customers, seed, owner),
  };
}

/** Everything that customers and items refer to. */
function* setup(localCurrency: string): Generator<Seed> {
  for (const { code, name } of countries) yield { set: "countriesRegions", values: { code, displayName: name } };
  for (const days of ["30", "60", "21"]) {
    const values = { code: `${days} DAYS`, displayName: `Net ${days} days`, dueDateCalculation: `${days}D` };
    yield { set: "paymentTerms", values };
  }
  for (
    const [code, displayName] of [["FOB", "Free on board"], ["NOCHARGE", "Free of charge"], ["PICKUP", "Collected"]]
  ) {
    yield { set: "shipmentMethods", values: { code: code!, displayName: displayName! } };
  }
  for (const [code, displayName] of categories) yield { set: "itemCategories", values: { code, displayName } };
  for (const [code, displayName, internationalStandardCode] of units) {
    yield { set: "unitsOfMeasure", values: { code, displayName, internationalStandardCode } };
  }
  for (const [code, displayName, symbol, amountDecimalPlaces] of currencies) {
    if (code === localCurrency) continue;
    yield { set: "currencies", values: { code, displayName, symbol, amountDecimalPlaces } };
  }
  for (const [currencyCode, , , , dollars] of currencies) {
    if (currencyCode === localCurrency || dollars === null) continue;
    const rate = (startingDate: string, relationalExchangeRateAmount: string): Seed => ({
      set: "currencyExchangeRates",
      values: { currencyCode, startingDate, exchangeRateAmount: "100", relationalExchangeRateAmount },
    });
    yield rate("0001-01-01", dollars);
    if (currencyCode === "EUR") yield* [rate("2025-01-01", "106.2"), rate("2025-07-01", "109.9")];
    if (currencyCode === "GBP") yield* [rate("2025-05-01", "126.6"), rate("2099-01-01", "130")]; // the last: not yet
  }
  for (const [at, [code, displayName]] of salespeople.entries()) {
    const email = `${plain(displayName).replaceAll(" ", ".")}@tenging.example`;
    const phoneNo = `+354 555 ${String(110 + at).padStart(4, "0")}`;
    yield { set: "salespeoplePurchasers", values: { code, displayName, email, phoneNo, jobTitle: "Sales" } };
  }
}

interface Company {
  readonly country: Country;
  readonly values: Readonly<Record<string, Cell>>;
  /** The name without its legal form, the form, and another way to write it. */
  readonly stem: string;
  readonly otherForm: string;
  readonly domain: string;
}

/** A customer by its place: names follow from the place, so that no two small companies share one. */
function customerAt(at: number, seed: number): Company {
  const chance = chances(seed, "customer", at);
  const country = countries[at % countries.length]!;
  const nth = Math.floor(at / countries.length);
  const first = country.first[nth % country.first.length]!;
  const turn = Math.floor(nth / country.first.length);
  const second = country.second[(turn + nth) % country.second.length]!;
  const again = Math.floor(turn / country.second.length);
  const stem = `${first} ${second}${again === 0 ? "" : ` ${again + 1}`}`;
  const [form, otherForm] = country.forms[nth % country.forms.length]!;
  const [city, postalCode, state] = pick(chance, country.places);
  const domain = `${plain(stem).replaceAll(" ", "-")}.example`;
  return {
    country,
    stem,
    otherForm,
    domain,
    values: {
      displayName: `${stem} ${form}`,
      type: "Company",
      addressLine1: `${pick(chance, country.streets)} ${1 + Math.floor(chance() * 98)}`,
      addressLine2: chance() < 0.15 ? `${1 + Math.floor(chance() * 5)}B` : "",
      city,
      state,
      country: country.code,
      postalCode,
      phoneNumber: `${country.prefix}${digits(chance, 6)}`,
      email: chance() < 0.85 ? `post@${domain}` : "",
      website: chance() < 0.5 ? `https://www.${domain}` : "",
      salespersonCode: chance() < 0.9 ? pick(chance, salespeople)[0] : "",
      paymentTermsCode: at % 40 === 10 ? "21 DAYS" : ["30 DAYS", "60 DAYS", ""][Math.floor(chance() * 3)]!,
      shipmentMethodCode: at % 90 === 12 ? "PICKUP" : ["FOB", "NOCHARGE", ""][Math.floor(chance() * 3)]!,
      creditLimit: String(Math.floor(chance() * 40) * 2500),
      blocked: at % 50 === 49 ? "All" : " ",
      lastModifiedDateTime: stamp(at),
    },
  };
}

function personAt(at: number, seed: number, company: Company): Seed {
  const chance = chances(seed, "person", at);
  const { given, family } = company.country;
  const names = [pick(chance, given), ...(chance() < 0.3 ? [pick(chance, given)] : []), pick(chance, family)];
  return {
    set: "contacts",
    values: {
      customerNumber: `C${String((at + 1) * 10).padStart(5, "0")}`, // what the series gives the customer before it
      type: "Person",
      displayName: names.join(" "),
      jobTitle: pick(chance, jobs),
      email: `${plain(names[0]!)}.${plain(names.at(-1)!)}@${company.domain}`,
      phoneNumber: company.values["phoneNumber"]!,
      mobilePhoneNumber: chance() < 0.6 ? `${company.country.prefix}${digits(chance, 6)}` : "",
      addressLine1: company.values["addressLine1"]!,
      city: company.values["city"]!,
      country: company.country.code,
      postalCode: company.values["postalCode"]!,
      lastModifiedDateTime: stamp(at),
    },
  };
}

function itemAt(at: number, seed: number): Seed {
  const chance = chances(seed, "item", at);
  const isService = at % 10 === 9;
  const nth = Math.floor(at / 10);
  const name = isService
    ? `${services[nth % services.length]}${
      nth < services.length ? "" : `, level ${1 + Math.floor(nth / services.length)}`
    }`
    : `${materials[at % materials.length]} ${things[(at + nth) % things.length]}, size ${1 + (nth % 7)}`;
  const cents = 100 + Math.floor(chance() * 90_000);
  const price = at % 13 === 5 ? `0.${String(cents).padStart(5, "0")}` : `${Math.floor(cents / 100)}.${cents % 100}`;
  return {
    set: "items",
    values: {
      displayName: name,
      type: isService ? "Service" : at % 10 === 4 ? "Non-Inventory" : "Inventory",
      itemCategoryCode: isService ? "WORK" : categories[at % 4]![0],
      baseUnitOfMeasureCode: isService ? "HOUR" : units[at % 5]![0],
      unitPrice: shortest(price),
      unitCost: shortest((cents * 0.006).toFixed(2)),
      blocked: at % 17 === 16,
      gtin: at % 3 === 0 && !isService ? `20${digits(chance, 11)}` : "",
      inventory: !isService && at % 10 !== 4 ? String(Math.floor(chance() * 250)) : "0",
      lastModifiedDateTime: stamp(at),
    },
  };
}

/** Accounts of the first fifty customers or so, a few of them written differently, some strangers, and one twice. */
function* accounts(customers: number, seed: number, owner: (salesperson: string) => string): Generator<CrmSeed> {
  const account = (key: string, values: Readonly<Record<string, Cell>>): CrmSeed => {
    const at = stamp(0).replace(/\.\d+Z$/, "Z");
    const filter = { customertypecode: 3, statecode: 0, createdon: at, modifiedon: at };
    return { set: "accounts", values: { accountid: derivedId("accounts", key), ...filter, ...values } };
  };
  const known = (at: number, name: (company: Company) => string, more: Readonly<Record<string, Cell>> = {}) => {
    const company = customerAt(at, seed);
    const { city, country, phoneNumber, postalCode, salespersonCode } = company.values;
    const owned = salespersonCode === "" ? {} : { ownerid: owner(String(salespersonCode)) };
    const address = { address1_city: city!, address1_postalcode: postalCode!, address1_country: country! };
    const values = { name: name(company), telephone1: at % 3 === 0 ? phoneNumber! : "", ...address, ...owned, ...more };
    return account(`customer ${at}${JSON.stringify(more)}`, values);
  };
  const same = (company: Company) => String(company.values["displayName"]);
  const ways: readonly ((company: Company) => string)[] = [
    (company) => String(company.values["displayName"]).toUpperCase(),
    (company) => `${company.stem} ${company.otherForm}`,
    (company) => company.stem,
    (company) => `${company.stem.replace(" ", "-")}, ${company.otherForm}`,
  ];
  for (let at = 1; at < Math.min(customers, 48); at++) {
    if (at % 8 !== 0) yield known(at, at % 11 === 4 ? ways[Math.floor(at / 11) % ways.length]! : same);
  }
  if (customers > 8) {
    for (const description of ["from a trade fair", "entered again"]) yield known(8, same, { description });
  }
  for (
    const [at, name] of ["Bláberg sf.", "Jasień Sp.k.", "Weißbach KG", "Cranmoor & Sons", "Bøgeskov I/S"].entries()
  ) {
    const [address1_city, address1_postalcode] = countries[at]!.places[4]!;
    const address = { address1_city, address1_postalcode, address1_country: countries[at]!.code };
    yield account(`stranger ${at}`, { name, ...address });
  }
}

function stamp(at: number): string {
  return new Date(BASE + at * STEP).toISOString();
}

function shortest(decimal: string): string {
  const trimmed = decimal.replace(/0+$/, "");
  return trimmed.endsWith(".") ? trimmed.slice(0, -1) : trimmed;
}

function pick<T>(chance: () => number, from: readonly T[]): T {
  return from[Math.floor(chance() * from.length)]!;
}

function digits(chance: () => number, count: number): string {
  return Array.from({ length: count }, () => Math.floor(chance() * 10)).join("");
}

/** Numbers from 0 to 1 that follow from the seed and a record's place only (splitmix32), so order doesn't matter. */
function chances(seed: number, kind: string, at: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(at + 1, 0x85ebca6b) ^ Math.imul(kind.charCodeAt(0), 0xc2b2ae35);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4294967296;
  };
}
