/** Sales orders from CSV files: salesOrders.csv and salesOrderLines.csv, in columns as the ERP's API has them. */
import { badCell, csvFiles, type CsvRecord, LoadError, readCsv } from "./csv_folder.ts";
import { isDecimal } from "./decimal.ts";

/** An order as the files have it; amounts and quantities are decimals, days ISO dates, null what is blank. */
export interface FiledOrder {
  readonly record: CsvRecord;
  readonly number: string;
  readonly customerNumber: string;
  /** Null: the local currency. */
  readonly currencyCode: string | null;
  readonly orderDate: string | null;
  readonly requestedDeliveryDate: string | null;
  readonly freight: string | null;
  /** What the head says that its lines come to; null: it doesn't say. */
  readonly totalExcludingTax: string | null;
  readonly totalTax: string | null;
  /** Address of the salesperson, where salespeople.csv has one. */
  readonly salespersonEmail: string | null;
  /** By column of the CRM's order. */
  readonly shipTo: Readonly<Record<string, string>>;
  readonly lines: readonly FiledLine[];
}

/** A line; one of an item or a resource. */
export interface FiledLine {
  readonly record: CsvRecord;
  readonly number: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string;
  readonly discountPercent: string;
}

const HEADS = "salesOrders.csv";
const LINES = "salesOrderLines.csv";
/** Files that this reads, and the loading of a company passes over. */
export const orderFiles: readonly string[] = [HEADS, LINES];
const shipTo: Readonly<Record<string, string>> = {
  shipToName: "shipto_name",
  shipToAddressLine1: "shipto_line1",
  shipToAddressLine2: "shipto_line2",
  shipToCity: "shipto_city",
  shipToState: "shipto_stateorprovince",
  shipToPostCode: "shipto_postalcode",
  shipToCountry: "shipto_country",
};

/** Columns that are read, and those of an export of the ERP that the CRM has from the customer or the product. */
const columns: Readonly<Record<string, { readonly read: readonly string[]; readonly passedOver: readonly string[] }>> =
  {
    [HEADS]: {
      read: [
        ...["number", "customerNumber", "currencyCode", "orderDate", "requestedDeliveryDate", "salespersonCode"],
        ...["freightAmount", "totalAmountExcludingTax", "totalTaxAmount", ...Object.keys(shipTo)],
      ],
      passedOver: [
        ...["id", "externalDocumentNumber", "postingDate", "customerName", "sellToAddressLine1", "sellToAddressLine2"],
        ...["sellToCity", "sellToState", "sellToCountry", "sellToPostCode", "paymentTermsCode", "shipmentMethodCode"],
        ...["totalAmountIncludingTax", "status", "lastModifiedDateTime"],
      ],
    },
    [LINES]: {
      read: [
        ...["documentNumber", "lineType", "lineObjectNumber", "description", "quantity", "unitPrice"],
        "discountPercent",
      ],
      passedOver: ["sequence", "unitOfMeasureCode", "amountExcludingTax"],
    },
  };

/** Reads the orders of a folder with their lines in the order of the file. Throws LoadError, which names the cell. */
export function readOrders(dir: string): FiledOrder[] {
  const files = csvFiles(dir);
  const missing = [HEADS, LINES].filter((file) => !files.includes(file));
  if (missing.length > 0) {
    throw new LoadError(
      "data_folder_empty",
      `Cannot load orders from "${dir}": it has no ${missing.join(" and no ")}; name a folder that has both`,
    );
  }
  const emails = emailsOf(dir, files);
  const lines = new Map<string, FiledLine[]>();
  const heads = readRecords(dir, HEADS);
  for (const record of heads) {
    const number = needed(record, "number");
    if (lines.has(number)) throw badCell(record, "number", `"${number}" stands there twice`, "take one of them out");
    lines.set(number, []);
  }
  for (const record of readRecords(dir, LINES)) {
    const number = needed(record, "documentNumber");
    const those = lines.get(number);
    if (those === undefined) {
      throw badCell(
        record,
        "documentNumber",
        `${HEADS} has no order "${number}"`,
        "add the order, or take the line out",
      );
    }
    those.push(lineOf(record));
  }
  return heads.map((record) => orderOf(record, { lines, emails }));
}

/** The records of a file whose header has only columns that are known: a misspelt one would be left out in silence. */
function readRecords(dir: string, file: string): CsvRecord[] {
  const records = readCsv(dir, file);
  const { read, passedOver } = columns[file]!;
  const unknown = [...records[0]?.cells.keys() ?? []].filter((name) =>
    !read.includes(name) && !passedOver.includes(name)
  );
  if (unknown.length === 0) return records;
  throw badCell(
    { file, line: 1 },
    unknown.join('", "'),
    "it is not known there",
    `call it by the name of a column that is read (${read.join(", ")}), or take it out`,
  );
}

function orderOf(
  record: CsvRecord,
  { lines, emails }: { lines: ReadonlyMap<string, FiledLine[]>; emails: ReadonlyMap<string, string> },
): FiledOrder {
  const number = needed(record, "number");
  const places = Object.entries(shipTo).map(([name, column]) => [column, text(record, name)] as const);
  return {
    record,
    number,
    customerNumber: needed(record, "customerNumber"),
    currencyCode: text(record, "currencyCode"),
    orderDate: day(record, "orderDate"),
    requestedDeliveryDate: day(record, "requestedDeliveryDate"),
    freight: decimal(record, "freightAmount"),
    totalExcludingTax: decimal(record, "totalAmountExcludingTax"),
    totalTax: decimal(record, "totalTaxAmount"),
    salespersonEmail: emails.get(text(record, "salespersonCode") ?? "") ?? null,
    shipTo: Object.fromEntries(places.filter((place): place is readonly [string, string] => place[1] !== null)),
    lines: lines.get(number)!,
  };
}

function lineOf(record: CsvRecord): FiledLine {
  const type = text(record, "lineType") ?? "Item";
  if (type !== "Item" && type !== "Resource") {
    throw badCell(record, "lineType", `"${type}" is no product`, "leave only lines with Item and Resource");
  }
  const number = needed(record, "lineObjectNumber");
  return {
    record,
    number,
    description: text(record, "description") ?? number,
    quantity: neededDecimal(record, "quantity"),
    unitPrice: neededDecimal(record, "unitPrice"),
    discountPercent: decimal(record, "discountPercent") ?? "0",
  };
}

/** E-mail addresses of the salespeople by their code; a folder without that file has none. */
function emailsOf(dir: string, files: readonly string[]): Map<string, string> {
  const emails = new Map<string, string>();
  for (const record of files.includes("salespeople.csv") ? readCsv(dir, "salespeople.csv") : []) {
    const [code, email] = [text(record, "code"), text(record, "email")];
    if (code !== null && email !== null) emails.set(code, email);
  }
  return emails;
}

function text(record: CsvRecord, column: string): string | null {
  return record.cells.get(column)?.trim() || null;
}

function needed(record: CsvRecord, column: string): string {
  const value = text(record, column);
  if (value !== null) return value;
  if (record.cells.has(column)) throw badCell(record, column, "it is blank", "fill it in");
  throw badCell({ ...record, line: 1 }, column, "the header lacks this column", "add it, with a value on every line");
}

function decimal(record: CsvRecord, column: string): string | null {
  const value = text(record, column);
  if (value === null || isDecimal(value)) return value;
  throw badCell(record, column, `"${value}" isn't a number`, "write digits with a point");
}

function neededDecimal(record: CsvRecord, column: string): string {
  needed(record, column);
  return decimal(record, column)!;
}

function day(record: CsvRecord, column: string): string | null {
  const value = text(record, column);
  const isDay = value === null ||
    (/^\d{4}-\d{2}-\d{2}$/.test(value) && new Date(`${value}T00:00:00Z`).toJSON()?.startsWith(value));
  if (isDay) return value;
  throw badCell(record, column, `"${value}" isn't a day`, "write it as 2026-01-31");
}
