/** Price lists as a file of lines has them: what a header says follows from its lines. */
import type { CsvRecord } from "../csv_folder.ts";
import type { Cell } from "../tables.ts";
import type { Seed } from "./fill.ts";

/** A seed with the place that it came from. */
export interface Placed extends Seed {
  readonly record: CsvRecord;
}

/** What a list takes from its first line. */
const fromFirst = ["sourceType", "sourceNumber", "currencyCode"] as const;

/**
 * The headers of the lists that the lines name, active, one for each code, called like the price group that they are
 * for; and the lines with what follows from list and amounts. Lines may differ from their list, as in files they do.
 */
export function priceLists(
  lines: readonly Placed[],
  { groups, names }: {
    readonly groups: ReadonlyMap<string, Seed>;
    /** What an item or resource is called, by "Item 1896-S". */
    readonly names: ReadonlyMap<string, string>;
  },
): { readonly headers: readonly Placed[]; readonly lines: readonly Placed[] } {
  const headers = new Map<string, Placed>();
  const counts = new Map<string, number>();
  const completed = lines.map(({ values, record }): Placed => {
    const code = String(values["priceListCode"]);
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    if (!headers.has(code)) {
      headers.set(code, { set: "priceListHeaders", record, values: headOf(code, values, groups) });
    }
    const assetType = values["assetType"] ?? "Item";
    const description = names.get(`${assetType} ${values["assetNumber"]}`) ?? "";
    const amountType = amountTypeOf(values);
    const known = {
      priceType: "Sale",
      status: "Active",
      lineNumber: count * 10_000,
      assetType,
      description,
      amountType,
    };
    return { set: "priceListLines", record, values: { ...values, ...known } };
  });
  return { headers: [...headers.values()], lines: completed };
}

function headOf(
  code: string,
  line: Readonly<Record<string, Cell>>,
  groups: ReadonlyMap<string, Seed>,
): Record<string, Cell> {
  const taken = fromFirst.flatMap((field) => line[field] === undefined ? [] : [[field, line[field]] as const]);
  const group = line["sourceType"] === "Customer Price Group" ? groups.get(String(line["sourceNumber"])) : undefined;
  const description = String(group?.values["description"] ?? "") || code;
  return {
    code,
    description,
    priceType: "Sale",
    status: "Active",
    allowUpdatingDefaults: true,
    ...Object.fromEntries(taken),
  };
}

/** A cell that is blank says that the line has no price, or no discount. */
function amountTypeOf(values: Readonly<Record<string, Cell>>): string {
  const [price, discount] = [values["unitPrice"], values["lineDiscountPercent"]];
  if (price === undefined) return discount === undefined ? "Any" : "Discount";
  return discount === undefined || discount === "0" ? "Price" : "Any";
}
