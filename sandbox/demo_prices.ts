/** What the demo company has on the pages of the extension: a few of each kind. */
import type { Seed } from "./business_central/fill.ts";
import type { Cell } from "./tables.ts";

/** What customers and price lists refer to. */
export function* demoGroups(): Generator<Seed> {
  yield { set: "shippingAgents", values: { code: "POST", name: "Ísafold Mail" } };
  yield { set: "shippingAgents", values: { code: "SEA", name: "Norræna Freight" } };
  yield { set: "customerPriceGroups", values: { code: "RETAIL", description: "Retail", allowLineDiscount: true } };
  yield { set: "customerPriceGroups", values: { code: "TRADE", description: "Trade", allowInvoiceDiscount: true } };
}

/** Resources, units of items, and price lists with lines: some that a CRM can hold, and one of each kind that it can't. */
export function* demoPrices(item: (at: number) => Seed, localCurrency: string): Generator<Seed> {
  const people = [["ANNA", "Anna Lind", "92"], ["JÓN", "Jón Berg", "78.5"], ["LATHE", "Lathe 3", "140"]] as const;
  for (const [number, name, unitPrice] of people) {
    const values = { number, name, type: number === "LATHE" ? "Machine" : "Person", unitPrice, unitCost: "41.25" };
    yield { set: "resources", values: { ...values, baseUnitOfMeasureCode: "HOUR" } };
  }
  for (const [at, quantityPerUnitOfMeasure] of [[0, "12"], [5, "24"], [10, "6"]] as const) {
    yield { set: "itemUnitsOfMeasure", values: { itemNumber: numberAt(at), code: "BOX", quantityPerUnitOfMeasure } };
  }
  yield* salesPrices(item);
  const lists: readonly Readonly<Record<string, Cell>>[] = [
    { code: "S00001", description: "Retail", sourceType: "Customer Price Group", sourceNumber: "RETAIL" },
    { code: "S00002", description: "Trade in dollars", sourceType: "Customer Price Group", sourceNumber: "TRADE" },
    { code: "S00003", description: "Next year", sourceType: "All Customers", status: "Draft" },
  ];
  const currencyCode = localCurrency === "EUR" ? "GBP" : "EUR"; // one that is not the local one
  const inList = (code: Cell) => code === "S00002" ? { currencyCode } : {};
  const open = { priceType: "Sale", status: "Active", allowUpdatingDefaults: true };
  for (const list of lists) yield { set: "priceListHeaders", values: { ...open, ...inList(list["code"]!), ...list } };
  const counts = new Map<Cell, number>();
  const line = (priceListCode: string, values: Readonly<Record<string, Cell>>): Seed => {
    const lineNumber = (counts.get(priceListCode) ?? 0) + 10_000;
    counts.set(priceListCode, lineNumber);
    const list = lists.find(({ code }) => code === priceListCode)!;
    const { sourceType, sourceNumber = "", status = "Active" } = list;
    const known = {
      priceListCode,
      lineNumber,
      priceType: "Sale",
      amountType: "Price",
      sourceType: sourceType!,
      status,
    };
    return { set: "priceListLines", values: { ...known, sourceNumber, ...inList(priceListCode), ...values } };
  };
  const priced = (at: number, factor: number, more: Readonly<Record<string, Cell>> = {}) => {
    const { displayName, baseUnitOfMeasureCode, unitPrice } = item(at).values;
    const asset = { assetType: "Item", assetNumber: numberAt(at), description: displayName! };
    const price = (Math.round(Number(unitPrice) * factor * 100) / 100).toString();
    return { ...asset, unitOfMeasureCode: baseUnitOfMeasureCode!, unitPrice: price, ...more };
  };
  for (const at of [0, 1, 2, 3, 6]) yield line("S00001", priced(at, 1.1));
  yield line("S00001", priced(7, 1.1, { unitOfMeasureCode: "" }));
  const anna = { assetType: "Resource", assetNumber: "ANNA", description: "Anna Lind", unitOfMeasureCode: "HOUR" };
  yield line("S00001", { ...anna, unitPrice: "99.5" });
  yield line("S00001", priced(8, 1, { startingDate: "2024-01-01", endingDate: "2025-03-31" }));
  yield line("S00001", priced(8, 1.1, { startingDate: "2025-04-01" }));
  yield line("S00001", priced(11, 1.2, { startingDate: "2099-01-01" }));
  for (const at of [0, 1, 2]) yield line("S00002", priced(at, 0.9));
  yield line("S00002", priced(0, 0.8, { minimumQuantity: "50" }));
  yield line("S00002", { ...priced(3, 1), unitPrice: "0", lineDiscountPercent: "7.5", amountType: "Discount" });
  yield line("S00003", priced(0, 1.15));
}

/** Prices of the first pricing model, for who switches that on. */
function* salesPrices(item: (at: number) => Seed): Generator<Seed> {
  const price = (at: number, more: Readonly<Record<string, Cell>>): Seed => {
    const { unitPrice, baseUnitOfMeasureCode } = item(at).values;
    const known = { itemNumber: numberAt(at), salesType: "Customer Price Group", salesCode: "RETAIL" };
    return {
      set: "salesPrices",
      values: { ...known, unitOfMeasureCode: baseUnitOfMeasureCode!, unitPrice: unitPrice!, ...more },
    };
  };
  yield price(0, {});
  yield price(1, { unitOfMeasureCode: "" });
  yield price(2, { minimumQuantity: "100" });
  yield price(3, { endingDate: "2025-03-31" });
  yield price(4, { salesType: "All Customers", salesCode: "" });
}

/** The number that the series gives the item at this place. */
function numberAt(at: number): string {
  return `I${String((at + 1) * 10).padStart(5, "0")}`;
}
