/** A company's rows: what a stored row looks like from outside, how references are found, where numbers come from. */
import type { Cell, Row } from "../tables.ts";
import { blank, type Company, escapeName, type FieldFact, type SetFact, type Values, zeroGuid } from "./facts.ts";
import { noSuchRelation, Refusal, ruleBroken } from "./refusal.ts";

/** The stored fields of a set with their blank values, once they were asked for. */
const blanks = new WeakMap<SetFact, Readonly<Values>>();

function blanksOf(fact: SetFact): Readonly<Values> {
  let values = blanks.get(fact);
  if (values === undefined) {
    const made: Values = { version: 1 };
    for (const [name, field] of Object.entries(fact.fields)) {
      if (name === "id" || field.shown) continue;
      if (field.ref) made[field.ref.column] = zeroGuid;
      else made[name] = blank(field);
    }
    blanks.set(fact, values = { ...made, ...fact.hidden });
  }
  return values;
}

/** The set whose table holds the rows of a set: its own, or the one that it is a view of. */
export function tableOf(company: Company, set: string): string {
  return company.sets[set]!.of ?? set;
}

/** A new row with every stored field blank. */
export function blankRow(company: Company, set: string, id: string, modified: string): Row {
  return { ...blanksOf(company.sets[set]!), id, lastModifiedDateTime: modified };
}

/** The row as it is stored: without the fields that are blank, which are most of a large company. */
export function sparseRow(company: Company, set: string, row: Row): Row {
  const values = blanksOf(company.sets[set]!);
  const kept: Record<string, Cell> = {};
  for (const name in row) {
    if (row[name] !== values[name] || name === "version" || name === "type") kept[name] = row[name]!;
  }
  return kept as unknown as Row;
}

/** A stored row with its blank fields. */
export function wholeRow(company: Company, set: string, row: Row): Row {
  return { ...blanksOf(company.sets[set]!), ...row };
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
  const made = company.sets[set]!.rows?.(company);
  if (made !== undefined) {
    for (let at = after; at < made.length; at++) yield [at + 1, made[at]!];
    return;
  }
  for (const entry of company.tables.table(tableOf(company, set)).after(after)) {
    if (isIn(company, set, entry[1])) yield entry;
  }
}

/** True for a row that the set shows; a view may leave some out. */
export function isIn(company: Company, set: string, row: Row): boolean {
  return company.sets[set]!.has?.(company, row) ?? true;
}

/** The one row of a set that has just one; made up until somebody writes it. */
export function singleRow(company: Company, set: string): Row {
  for (const row of company.tables.table(set).all()) return row;
  return { ...blankRow(company, set, company.id, ""), ...company.sets[set]!.single!(company) };
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
  const fact = company.sets[set]!.fields[name]!;
  const computed = fact.value?.(company, row);
  if (computed !== undefined) return fact.kind === "enum" ? escapeName(String(computed)) : computed;
  if (fact.ref?.by === "key") return keyOf(company, fact.ref.set, String(row[fact.ref.column] ?? zeroGuid));
  const value = row[fact.ref?.column ?? name] ?? blank(fact);
  return fact.kind === "enum" ? escapeName(String(value)) : value;
}

/** The code of a row's currency; the local currency where none is set. */
export function currencyCodeOf(company: Company, row: Row): string {
  const id = String(row["currencyId"] ?? zeroGuid);
  return id === zeroGuid ? company.localCurrency : keyOf(company, "currencies", id);
}

/** The number or code of a row; blank where there is no such row. */
export function keyOf(company: Company, set: string, id: string): string {
  if (id === zeroGuid) return "";
  const key = company.sets[set]!.key;
  return key === null ? "" : String(company.tables.table(set).get(id)?.[key] ?? "");
}

/** The row with this number or code. */
export function byKey(company: Company, set: string, key: string): Row | undefined {
  return company.tables.table(set).where(company.sets[set]!.key!, key)[0];
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
  salesInvoices: { last: "PS-INV103000", step: 1 },
  salesOrders: { last: "S-ORD101000", step: 1 },
  salesShipments: { last: "PS-SHPT102000", step: 1 },
  items: { last: "I00000", step: 10 },
};

/** Where a series starts that nobody has set up: the first letter of the set, and zeros. */
function firstNumber(set: string): string {
  return `${set[0]!.toUpperCase()}00000`;
}

/** Gives out numbers of a set's series; `save` keeps where it has come to. */
export function openSeries(
  company: Company,
  set: string,
  taken?: ReadonlySet<string>,
): { next(): string; save(): void } {
  const table = company.tables.table("numberSeries");
  const series = table.get(set) ?? { id: set, ...firstSeries[set] ?? { last: firstNumber(set), step: 10 } };
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

/** The next number of the item ledger: given out when an entry is made, so a later one may be there to be read earlier. */
export function nextEntryNumber(company: Company): number {
  const table = company.tables.table("numberSeries");
  const last = table.get("itemLedgerEntries")?.["last"] ?? company.tables.table("itemLedgerEntries").size;
  table.put({ id: "itemLedgerEntries", last: Number(last) + 1 });
  return Number(last) + 1;
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
  const fact = company.sets[set]!;
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
  const { entity, key: field } = company.sets[set]!;
  throw new Refusal(
    400,
    "Internal_EntityWithSameKeyExists",
    `The record of ${entity} already exists. Identification fields and values: ${field}='${key}'.`,
  );
}

/** Throws a Refusal when a line of the document has this sequence. */
export function freeSequence(taken: readonly number[], sequence: number): void {
  if (!taken.includes(sequence)) return;
  throw new Refusal(
    400,
    "Internal_EntityWithSameKeyExists",
    `The record already exists. Identification fields and values: sequence='${sequence}'.`,
  );
}
