/** A folder of CSV files as the rows of a company: every cell is checked before any row is put in. */
import { badCell, csvFiles, type CsvRecord, LoadError, readCsv } from "../csv_folder.ts";
import type { Cell } from "../tables.ts";
import { priceLists } from "./extension_csv.ts";
import type { FieldFact } from "./facts.ts";
import type { Seed } from "./fill.ts";
import { checkedText } from "./input.ts";
import { Refusal } from "./refusal.ts";
import { sets } from "./sets.ts";

/** What a folder holds. */
export interface CompanyFolder {
  /** References before what refers to them. */
  readonly seeds: readonly Seed[];
  /** Numbers that contacts of the folder have. */
  readonly contactNumbers: ReadonlySet<string>;
  /** Files that hold no entity of the sandbox. */
  readonly ignoredFiles: readonly string[];
  /** Columns that their entity doesn't have, "customers.csv: shoeSize", and how many rows belong to nothing. */
  readonly ignoredColumns: readonly string[];
}

/** Entity sets in the order in which they are put in. */
const order = [
  "countriesRegions",
  "paymentTerms",
  "shipmentMethods",
  "itemCategories",
  "unitsOfMeasure",
  "currencies",
  "currencyExchangeRates",
  "salespeoplePurchasers",
  "shippingAgents",
  "customerPriceGroups",
  "customers",
  "contacts",
  "items",
  "resources",
  "itemUnitsOfMeasure",
  "resourceUnitsOfMeasure",
  "priceListHeaders",
  "priceListLines",
];
/** Files that aren't called like their entity set. */
const otherNames: Readonly<Record<string, string>> = {
  "salespeople.csv": "salespeoplePurchasers",
  "countries.csv": "countriesRegions",
};
/** Columns that aren't called like their field. */
const renamed: Readonly<Record<string, string>> = {
  "salespeoplePurchasers.phoneNumber": "phoneNo",
  "salespeoplePurchasers.commissionPercent": "commisionPercent",
  "contacts.companyNumber": "customerNumber",
  "customers.customerPriceGroup": "customerPriceGroupCode",
  "customerPriceGroups.displayName": "description",
  "resources.displayName": "name",
  "shippingAgents.displayName": "name",
  "itemUnitsOfMeasure.qtyPerUnitOfMeasure": "quantityPerUnitOfMeasure",
  "resourceUnitsOfMeasure.qtyPerUnitOfMeasure": "quantityPerUnitOfMeasure",
  "priceListLines.assignToType": "sourceType",
  "priceListLines.assignToNumber": "sourceNumber",
};
/** Columns with codes that the API shows as ids, or not at all. */
const extra: Readonly<Record<string, FieldFact>> = {
  "customers.paymentTermsCode": { kind: "code", max: 10 },
  "customers.shipmentMethodCode": { kind: "code", max: 10 },
  "customers.customerPriceGroupCode": { kind: "code", max: 10 },
  "customers.shippingAgentCode": { kind: "code", max: 10 },
  "contacts.customerNumber": { kind: "code", max: 20 },
};
/** Which column refers to which set. */
const references: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  customers: {
    country: "countriesRegions",
    salespersonCode: "salespeoplePurchasers",
    currencyCode: "currencies",
    paymentTermsCode: "paymentTerms",
    shipmentMethodCode: "shipmentMethods",
    customerPriceGroupCode: "customerPriceGroups",
    shippingAgentCode: "shippingAgents",
  },
  contacts: { country: "countriesRegions", customerNumber: "customers" },
  items: { itemCategoryCode: "itemCategories", baseUnitOfMeasureCode: "unitsOfMeasure" },
  resources: { baseUnitOfMeasureCode: "unitsOfMeasure" },
  itemUnitsOfMeasure: { itemNumber: "items", code: "unitsOfMeasure" },
  resourceUnitsOfMeasure: { resourceNumber: "resources", code: "unitsOfMeasure" },
  priceListLines: { unitOfMeasureCode: "unitsOfMeasure", currencyCode: "currencies" },
  currencyExchangeRates: { currencyCode: "currencies", relationalCurrencyCode: "currencies" },
};
/** Sets whose codes say enough: one that no file lists is added with the code as its name. */
const addedWhenMissing = [
  ...["countriesRegions", "paymentTerms", "shipmentMethods", "itemCategories", "shippingAgents", "customerPriceGroups"],
];
/** Fields that rows need besides their code, and what they are for. */
const needed: Readonly<Record<string, readonly string[]>> = {
  customers: ["displayName"],
  contacts: ["displayName"],
  itemUnitsOfMeasure: ["itemNumber", "code"],
  resourceUnitsOfMeasure: ["resourceNumber", "code"],
  priceListLines: ["priceListCode", "assetNumber"],
};

interface Checked extends Seed {
  readonly record: CsvRecord;
}

/** Reads and checks a folder. Throws LoadError naming file, line and column of the first bad cell. */
export function readCompanyFolder(dir: string, options: { readonly localCurrency: string }): CompanyFolder {
  const ignoredFiles: string[] = [];
  const ignoredColumns = new Set<string>();
  const bySet = new Map<string, Checked[]>();
  for (const file of csvFiles(dir)) {
    const set = otherNames[file] ?? file.slice(0, -".csv".length);
    if (!order.includes(set)) {
      ignoredFiles.push(file);
      continue;
    }
    if (bySet.has(set)) {
      throw new LoadError("data_file_twice", `Cannot load "${file}": another file holds ${set} too; keep one of them`);
    }
    bySet.set(set, readCsv(dir, file).map((record) => checkRecord(set, record, ignoredColumns)));
  }
  if (bySet.size === 0) {
    throw new LoadError(
      "data_folder_empty",
      `Cannot load "${dir}": none of its files holds an entity of the ERP; name them like customers.csv or items.csv`,
    );
  }
  putPriceLists(bySet);
  leaveOutStrayUnits(bySet, ignoredColumns);
  const keys = new Map(order.map((set) => [set, keysOf(set, bySet.get(set) ?? [])]));
  const seeds = new Map<string, Seed[]>(bySet);
  for (const [set, rows] of bySet) {
    for (const row of rows) checkReferences(row, set, { keys, seeds, localCurrency: options.localCurrency });
  }
  return {
    seeds: order.flatMap((set) => contactsInOrder(seeds.get(set) ?? [])),
    contactNumbers: new Set(keys.get("contacts")!.keys()),
    ignoredFiles,
    ignoredColumns: [...ignoredColumns],
  };
}

function checkRecord(set: string, record: CsvRecord, ignoredColumns: Set<string>): Checked {
  const values: Record<string, Cell> = {};
  for (const [column, cell] of record.cells) {
    const name = renamed[`${set}.${column}`] ?? column;
    const { fields } = sets[set]!;
    const field = extra[`${set}.${name}`] ?? (Object.hasOwn(fields, name) ? fields[name] : undefined);
    if (field === undefined || field.shown || name === "balanceDue") {
      ignoredColumns.add(`${record.file}: ${column}`);
      continue;
    }
    if (cell.trim() === "") continue; // blank: the field's default
    try {
      values[name] = checkedText(column, field, cell);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw badCell(record, column, error.message.replace(/\.$/, ""), "correct the cell, or leave it blank");
    }
  }
  if (set === "contacts") values["type"] ??= "Person";
  const { key, series } = sets[set]!;
  if (key !== null && !series && values[key] === undefined) {
    throw badCell(record, key, "it is blank", "give every record its code");
  }
  for (const name of needed[set] ?? []) {
    if (values[name] === undefined) {
      throw badCell(record, name, "it is blank", `give every record its ${name === "displayName" ? "name" : name}`);
    }
  }
  return { set, values, record };
}

/** Records by number or code. Throws LoadError where two have the same, or the same id. */
function keysOf(set: string, rows: readonly Checked[]): Map<string, Checked> {
  const { key } = sets[set]!;
  const found = new Map<string, Checked>();
  const ids = new Map<string, Checked>();
  for (const row of rows) {
    for (const [column, seen] of [[key, found], ["id", ids]] as const) {
      const value = column === null ? undefined : row.values[column];
      if (column === null || value === undefined) continue;
      const first = seen.get(String(value));
      if (first !== undefined) {
        const what = `"${value}" stands on line ${first.record.line} already`;
        throw badCell(row.record, column, what, "make it unique, or remove one of the two lines");
      }
      seen.set(String(value), row);
    }
  }
  return found;
}

/** Units of items that no file has are no units of anything: exports have such rows, so they are named and left out. */
function leaveOutStrayUnits(bySet: Map<string, Checked[]>, ignored: Set<string>): void {
  const units = bySet.get("itemUnitsOfMeasure");
  if (units === undefined) return;
  const items = new Set((bySet.get("items") ?? []).map(({ values }) => values["number"]));
  const kept = units.filter(({ values }) => items.has(values["itemNumber"]!));
  const stray = units.length - kept.length;
  if (stray > 0) ignored.add(`${units[0]!.record.file}: ${stray} rows of items that are not there`);
  bySet.set("itemUnitsOfMeasure", kept);
}

/** Puts the headers of price lists beside their lines, which then say what follows from both. */
function putPriceLists(bySet: Map<string, Checked[]>): void {
  const lines = bySet.get("priceListLines");
  if (lines === undefined) return;
  const names = new Map<string, string>();
  for (const [kind, set, label] of [["Item", "items", "displayName"], ["Resource", "resources", "name"]] as const) {
    for (const { values } of bySet.get(set) ?? []) {
      names.set(`${kind} ${values["number"]}`, String(values[label] ?? ""));
    }
  }
  for (const { values, record } of lines) {
    const { assetType = "Item", assetNumber } = values;
    if ((assetType === "Item" || assetType === "Resource") && !names.has(`${assetType} ${assetNumber}`)) {
      const file = assetType === "Item" ? "items" : "resources";
      throw badCell(record, "assetNumber", `${file} has no "${assetNumber}"`, `add it to the file of ${file}`);
    }
  }
  const groups = keysOf("customerPriceGroups", bySet.get("customerPriceGroups") ?? []);
  const made = priceLists(lines, { groups, names });
  const given = bySet.get("priceListHeaders") ?? [];
  const known = new Set(given.map(({ values }) => values["code"]));
  bySet.set("priceListHeaders", [...given, ...made.headers.filter(({ values }) => !known.has(values["code"]))]);
  bySet.set("priceListLines", [...made.lines]);
}

function checkReferences(
  row: Checked,
  set: string,
  company: {
    readonly keys: ReadonlyMap<string, Map<string, Checked>>;
    readonly seeds: Map<string, Seed[]>;
    readonly localCurrency: string;
  },
): void {
  for (const [column, target] of Object.entries(references[set] ?? {})) {
    const code = String(row.values[column] ?? "");
    const known = company.keys.get(target)!;
    if (code === "" || known.has(code) || (target === "currencies" && code === company.localCurrency)) continue;
    // A person may also belong to a company that is no customer.
    if (column === "customerNumber" && company.keys.get("contacts")!.get(code)?.values["type"] === "Company") continue;
    if (!addedWhenMissing.includes(target)) {
      const shown = Object.entries(renamed).find(([from, to]) => to === column && from.startsWith(`${set}.`));
      const name = shown?.[0].split(".")[1] ?? column;
      throw badCell(
        row.record,
        name,
        `${target} has no "${code}"`,
        `add it to the file of ${target}, or clear the cell`,
      );
    }
    const label = Object.keys(sets[target]!.fields).find((name) =>
      ["displayName", "name", "description"].includes(name)
    )!;
    const added: Checked = { set: target, values: { code, [label]: code }, record: row.record };
    known.set(code, added);
    company.seeds.set(target, [...company.seeds.get(target) ?? [], added]);
  }
}

/** Companies among contacts before the persons that may belong to them; other sets stay as they are. */
function contactsInOrder(seeds: readonly Seed[]): Seed[] {
  const isPerson = ({ set, values }: Seed) => set === "contacts" && values["type"] === "Person";
  return [...seeds.filter((seed) => !isPerson(seed)), ...seeds.filter(isPerson)];
}
