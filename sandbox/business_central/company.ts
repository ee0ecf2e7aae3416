/** A company's rows: what a stored row looks like from outside, how references are found, where numbers come from. */
import type { SandboxClock } from "../service.ts";
import type { Cell, Row, Tables } from "../tables.ts";
import { blank, escapeName, type FieldFact, sets, zeroGuid } from "./fields.ts";
import { noSuchRelation, Refusal, ruleBroken } from "./refusal.ts";

/** What the rules work on. */
export interface Company {
  readonly tables: Tables;
  readonly clock: SandboxClock;
  readonly id: string;
  readonly localCurrency: string;
}

/** The stored fields of a set with their blank values. */
const blanks: ReadonlyMap<string, Readonly<Record<string, Cell>>> = new Map(
  Object.entries(sets).map(([set, { fields }]) => {
    const values: Record<string, Cell> = { version: 1 };
    for (const [name, fact] of Object.entries(fields)) {
      if (name === "id" || fact.shown) continue;
      if (fact.ref) values[fact.ref.column] = zeroGuid;
      else values[name] = blank(fact);
    }
    if (set === "contacts") Object.assign(values, { firstName: "", middleName: "", surname: "", customerId: zeroGuid });
    if (set === "customers") values["contactId"] = zeroGuid;
    return [set, values];
  }),
);

/** A new row with every stored field blank. */
export function blankRow(set: string, id: string, modified: string): Row {
  return { ...blanks.get(set)!, id, lastModifiedDateTime: modified };
}

/** The row as it is stored: without the fields that are blank, which are most of a large company. */
export function sparseRow(set: string, row: Row): Row {
  const values = blanks.get(set)!;
  const kept: Record<string, Cell> = {};
  for (const name in row) {
    if (row[name] !== values[name] || name === "version" || name === "type") kept[name] = row[name]!;
  }
  return kept as unknown as Row;
}

/** A stored row with its blank fields. */
export function wholeRow(set: string, row: Row): Row {
  return { ...blanks.get(set), ...row };
}

/** The row again with other values, a new version and the time of the change. */
export function changedRow(company: Company, row: Row, values: Readonly<Record<string, Cell>>): Row {
  const lastModifiedDateTime = new Date(company.clock.now()).toISOString();
  return { ...row, ...values, id: row.id, version: Number(row["version"]) + 1, lastModifiedDateTime };
}

/** The opaque version of a row as its ETag. */
export function etagOf(row: Row): string {
  return `W/"${btoa(`44;${row.id};${row["version"]};`)}"`;
}

/** The rows of a set: those of its table, or of the table that it is a view of. */
export function* rowsOf(company: Company, set: string, after = 0): Generator<readonly [place: number, row: Row]> {
  for (const entry of company.tables.table(sets[set]!.of ?? set).after(after)) {
    if (isIn(company, set, entry[1])) yield entry;
  }
}

/** True for a row that the set shows; a view leaves some out. */
export function isIn(company: Company, set: string, row: Row): boolean {
  if (set === "customerContacts") return row["type"] === "Person";
  if (set === "contactsInformation") return customerIdOf(company, row) !== zeroGuid;
  return true;
}

/** The one row of the sets that have just one; made up until somebody writes it. */
export function singleRow(company: Company, set: string): Row {
  for (const row of company.tables.table(set).all()) return row;
  const row = blankRow(set, company.id, "2024-01-01T00:00:00.000Z");
  if (set === "companyInformation") return { ...row, displayName: "Sandbox Company" };
  return { ...row, localCurrencyCode: company.localCurrency };
}

/** The customer that a contact, or the company it belongs to, stands for; zeros where there is none. */
export function customerIdOf(company: Company, contact: Row): string {
  const head = contact["companyId"] === contact.id
    ? contact
    : company.tables.table("contacts").get(String(contact["companyId"]));
  return String((head ?? contact)["customerId"] ?? zeroGuid);
}

/** The contacts of a customer, its company contact first. */
export function contactsOf(company: Company, customer: Row): Row[] {
  const contacts = company.tables.table("contacts");
  const head = contacts.get(String(customer["contactId"]));
  if (head === undefined) return [];
  return [head, ...contacts.where("companyId", head.id).filter((row) => row.id !== head.id)];
}

/** What an answer or a filter sees of one field: codes for references, escaped choices, decimals as canonical text. */
export function shownValue(company: Company, set: string, name: string, row: Row): Cell {
  const fact = sets[set]!.fields[name]!;
  const special = computed[`${set}.${name}`];
  if (special !== undefined) return special(company, row);
  if (fact.ref?.by === "key") return keyOf(company, fact.ref.set, String(row[fact.ref.column] ?? zeroGuid));
  const value = row[fact.ref?.column ?? name] ?? blank(fact);
  return fact.kind === "enum" ? escapeName(String(value)) : value;
}

const partOf = (name: string) => (_company: Company, row: Row): Cell => row[name] ?? "";
/** Fields that no column holds under their own name. */
const computed: Readonly<Record<string, (company: Company, row: Row) => Cell>> = {
  "customers.currencyCode": (company, row) =>
    (row["currencyId"] ?? zeroGuid) === zeroGuid
      ? company.localCurrency
      : keyOf(company, "currencies", String(row["currencyId"])),
  "contacts.companyName": (company, row) =>
    company.tables.table("contacts").get(String(row["companyId"]))?.["displayName"] ?? "",
  "contacts.contactBusinessRelation": (company, row) => customerIdOf(company, row) === zeroGuid ? "None" : "Customer",
  "customerContacts.lastName": partOf("surname"),
  "customerContacts.professionalTitle": partOf("jobTitle"),
  "customerContacts.primaryPhoneNumber": partOf("phoneNumber"),
  "customerContacts.customerId": customerIdOf,
  "customerContacts.customerName": (company, row) =>
    company.tables.table("customers").get(customerIdOf(company, row))?.["displayName"] ?? "",
  "contactsInformation.contactId": partOf("id"),
  "contactsInformation.contactNumber": partOf("number"),
  "contactsInformation.contactName": partOf("displayName"),
  "contactsInformation.contactType": partOf("type"),
  "contactsInformation.relatedId": customerIdOf,
  "contactsInformation.relatedType": () => "Customer",
  "companyInformation.currencyCode": (company) => company.localCurrency,
};

/** The number or code of a row; blank where there is no such row. */
export function keyOf(company: Company, set: string, id: string): string {
  if (id === zeroGuid) return "";
  const key = sets[set]!.key;
  return key === null ? "" : String(company.tables.table(set).get(id)?.[key] ?? "");
}

/** The row with this number or code. */
export function byKey(company: Company, set: string, key: string): Row | undefined {
  return company.tables.table(set).where(sets[set]!.key!, key)[0];
}

/** What a reference is stored as. Throws a Refusal when nothing has that id or code. */
export function resolveReference(company: Company, name: string, fact: FieldFact, value: string): string {
  const { set, by } = fact.ref!;
  if (value === "" || value === zeroGuid) return zeroGuid;
  if (set === "currencies" && isLocal(company, by, value)) return zeroGuid;
  const row = by === "id" ? company.tables.table(set).get(value) : byKey(company, set, value);
  if (row === undefined) throw noSuchRelation(name, value, set);
  return row.id;
}

function isLocal(company: Company, by: "id" | "key", value: string): boolean {
  const code = by === "key" ? value : keyOf(company, "currencies", value);
  return code === company.localCurrency;
}

/** How numbers are given out: the last one used, and what is added for the next. */
const firstSeries: Readonly<Record<string, { readonly last: string; readonly step: number }>> = {
  customers: { last: "C00000", step: 10 },
  contacts: { last: "CT000000", step: 1 },
  items: { last: "I00000", step: 10 },
};

/** Gives out numbers of a set's series; `save` keeps where it has come to. */
export function openSeries(
  company: Company,
  set: string,
  taken?: ReadonlySet<string>,
): { next(): string; save(): void } {
  const table = company.tables.table("numberSeries");
  const series = table.get(set) ?? { id: set, ...firstSeries[set]! };
  const step = BigInt(Number(series["step"]));
  let last = String(series["last"]);
  return {
    next() {
      do {
        last = last.replace(/\d+$/, (digits) => (BigInt(digits) + step).toString().padStart(digits.length, "0"));
      } while (taken?.has(last) || byKey(company, set, last) !== undefined);
      return last;
    },
    save: () => table.put({ ...series, last }),
  };
}

/** The next free number of a set's series. */
export function nextNumber(company: Company, set: string): string {
  const series = openSeries(company, set);
  const number = series.next();
  series.save();
  return number;
}

/** True when people may choose the numbers of this set themselves. */
export function manualNumbersAllowed(company: Company, set: string): boolean {
  return company.tables.table("numberSettings").get(set)?.["manual"] === true;
}

export function allowManualNumbers(company: Company, set: string, manual: boolean): void {
  company.tables.table("numberSettings").put({ id: set, manual });
}

/** The key of a new record: the one given, or the next of its series. Throws a Refusal when it may not have that. */
export function newKey(company: Company, set: string, given: string): string {
  const fact = sets[set]!;
  if (given === "") {
    if (fact.series) return nextNumber(company, set);
    throw ruleBroken(`The field "${fact.key}" of ${fact.entity} must have a value; it can't be blank.`);
  }
  if (fact.series && !manualNumbersAllowed(company, set)) {
    throw ruleBroken(`Numbers of ${set} come from their number series, which doesn't allow manual numbers.`);
  }
  freeKey(company, set, given);
  return given;
}

/** Throws a Refusal when a record has this number or code. */
export function freeKey(company: Company, set: string, key: string): void {
  if (byKey(company, set, key) === undefined) return;
  const { entity, key: field } = sets[set]!;
  throw new Refusal(
    400,
    "Internal_EntityWithSameKeyExists",
    `The record of ${entity} already exists. Identification fields and values: ${field}='${key}'.`,
  );
}
