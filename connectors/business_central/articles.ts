/** What is sold: items and resources, as lines of orders and prices refer to them. */
import type { View } from "./view.ts";

export type Article = "Item" | "Resource";

/** What a line of an order calls it: "Item 1896-S". */
export function lineObject(kind: Article, number: string): string {
  return `${kind} ${number}`;
}

/** One of its units: "Item 1896-S PCS"; null where there is none. */
export function unitOf(object: string | null, code: string): string | null {
  return object === null || code === "" ? null : `${object} ${code}`;
}

/** Prices are in the local currency; the pages say neither which that is nor whose the articles are. */
export function articles(kind: Article): View {
  return {
    made: {
      currencyCode: [],
      companyId: [],
      lineObject: ["number"],
      unitGroupCode: ["number"],
      baseUnit: ["number", "baseUnitOfMeasureCode"],
    },
    async fill({ fields, rows, lookups }) {
      const isWanted = (field: string) => fields.has(field) && rows.length > 0;
      const code = isWanted("currencyCode") ? (await lookups.localCurrency()).code : "";
      const companyId = isWanted("companyId") ? await lookups.companyId() : null;
      return (row) => {
        const object = lineObject(kind, String(row["number"] ?? ""));
        return {
          currencyCode: code === "" ? null : code,
          companyId,
          lineObject: object,
          unitGroupCode: object,
          baseUnit: unitOf(object, String(row["baseUnitOfMeasureCode"] ?? "")),
        };
      };
    },
  };
}
