/** Puts ready rows into a company without going through its HTTP interface: for loaded and generated data. */
import { derivedId } from "../derived_id.ts";
import type { Cell, Row } from "../tables.ts";
import { blankRow, byKey, openSeries, resolveReference } from "./company.ts";
import { type Company, zeroGuid } from "./facts.ts";
import { unitRowId } from "./extension_units.ts";
import { addCompanyContact, addLedgerEntry, nameContact, put } from "./write.ts";

/**
 * A record to put in: stored values by field name, references by code. Besides the set's own fields, customers know
 * `paymentTermsCode` and `shipmentMethodCode`, and a person `customerNumber`, the customer it works for. A missing id
 * is derived from set and key, a missing number comes from the series.
 */
export interface Seed {
  readonly set: string;
  readonly values: Readonly<Record<string, Cell>>;
}

/** References that the API itself shows by id only. */
const moreReferences: Readonly<Record<string, { readonly set: string; readonly column: string }>> = {
  paymentTermsCode: { set: "paymentTerms", column: "paymentTermsId" },
  shipmentMethodCode: { set: "shipmentMethods", column: "shipmentMethodId" },
  customerPriceGroupCode: { set: "customerPriceGroups", column: "customerPriceGroupId" },
  shippingAgentCode: { set: "shippingAgents", column: "shippingAgentId" },
};

export interface FillOptions {
  /** The time of the last change of rows that don't say; ISO 8601 in UTC. */
  readonly modified: string;
  /** Contact numbers that company contacts must not get, because later rows bring them. */
  readonly takenNumbers?: ReadonlySet<string>;
}

/**
 * Puts all rows in as one transaction, references before what refers to them, and returns how many there are of each
 * set. A reference to nothing throws; the caller checks rows first.
 */
export function fillCompany(company: Company, seeds: Iterable<Seed>, options: FillOptions): Record<string, number> {
  const counts: Record<string, number> = {};
  company.tables.transaction(() => {
    const numbers = new Map(["customers", "contacts", "items"].map((set) => {
      return [set, openSeries(company, set, set === "contacts" ? options.takenNumbers : undefined)];
    }));
    for (const seed of seeds) {
      putSeed(company, seed, { modified: options.modified, next: (set) => numbers.get(set)!.next() });
      counts[seed.set] = (counts[seed.set] ?? 0) + 1;
    }
    for (const series of numbers.values()) series.save();
  });
  return counts;
}

function putSeed(
  company: Company,
  { set, values }: Seed,
  { modified, next }: { modified: string; next: (set: string) => string },
): void {
  const { fields, key, series } = company.sets[set]!;
  const number = key === null ? "" : String(values[key] ?? "") || (series ? next(set) : "");
  const id = String(values["id"] ?? "") || derivedId(set, number || JSON.stringify(values));
  let row: Record<string, Cell> = { ...blankRow(company, set, id, modified) };
  for (const [name, value] of Object.entries(values)) {
    const field = fields[name];
    const ref = field?.ref ?? moreReferences[name];
    if (ref !== undefined && field?.ref?.by !== "id") {
      row[ref.column] = resolveReference(company, name, { kind: "code", ref: { ...ref, by: "key" } }, String(value));
    } else if (name !== "customerNumber" && name !== "id") {
      row[name] = value;
    }
  }
  if (key !== null) row[key] = number;
  if (set === "contacts") {
    row["companyId"] = row["type"] === "Company"
      ? id
      : companyContactOf(company, String(values["customerNumber"] ?? ""));
    nameContact(row);
  }
  // The base unit came into being with what it is a unit of.
  if (set.endsWith("UnitsOfMeasure")) row = { ...row, id: unitRowId(set, row) };
  if (set === "customers") {
    addCompanyContact(company, row as unknown as Row, next("contacts"), derivedId("company contact", id));
  } else {
    const { inventory = "0" } = row;
    if (set === "items") row["inventory"] = "0";
    put(company, set, row as unknown as Row);
    if (set === "items" && inventory !== "0") addStock(company, row as unknown as Row, String(inventory));
  }
}

/** Stock that an item begins with, as an entry of the ledger. */
function addStock(company: Company, item: Row, quantity: string): void {
  const at = String(item["lastModifiedDateTime"]);
  addLedgerEntry(company, item, {
    id: derivedId("itemLedgerEntries", item.id),
    entryType: quantity.startsWith("-") ? "Negative Adjmt." : "Positive Adjmt.",
    quantity,
    postingDate: at.slice(0, 10),
    lastModifiedDateTime: at,
  });
}

/** The company contact behind a customer number, or the company contact that has this number itself. */
function companyContactOf(company: Company, number: string): string {
  if (number === "") return zeroGuid;
  const customer = byKey(company, "customers", number);
  const head = customer === undefined ? byKey(company, "contacts", number)?.id : customer["contactId"];
  if (head === undefined) throw new TypeError(`Cannot put in a person of "${number}": no customer has that number`);
  return String(head);
}
