/** Fields that are made from columns of the same row, by handle and field. */
import type { Value } from "../connector.ts";
import type { RawRow } from "../odata.ts";
import { minus, plus, rounded, times } from "./amounts.ts";

export interface Made {
  /** The columns that it is made from: all of them amounts and quantities. */
  readonly from: readonly string[];
  of(raw: RawRow): Value;
}

export const made: Readonly<Record<string, Readonly<Record<string, Made>>>> = {
  uoms: {
    baseuomid: { from: [], of: ({ uomid }) => String(uomid).toLowerCase() },
  },
  salesorders: {
    totalexcludingtax: {
      from: ["totalamount", "totaltax"],
      of: (raw) => raw["totalamount"] == null ? null : minus(amount(raw, "totalamount"), amount(raw, "totaltax")),
    },
  },
  salesorderdetails: {
    /** Rounded as the service rounds the line's amount: a volume discount is for one unit, a quantity has fractions. */
    linediscount: {
      from: ["manualdiscountamount", "volumediscountamount", "quantity"],
      of(raw) {
        const byVolume = times(amount(raw, "volumediscountamount"), amount(raw, "quantity"));
        return rounded(plus(amount(raw, "manualdiscountamount"), byVolume), 2);
      },
    },
    isfreight: { from: [], of: () => false },
    linetype: {
      from: ["isproductoverridden", "priceperunit"],
      of(raw) {
        if (raw["isproductoverridden"] !== true) return "product";
        return Number(raw["priceperunit"] ?? 0) === 0 ? "comment" : "write-in";
      },
    },
  },
};

function amount(raw: RawRow, column: string): string {
  return String(raw[column] ?? "0");
}
