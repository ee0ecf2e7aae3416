/** How handles stand on the extension's pages. */
import type { Write } from "../connector.ts";
import { decodeName } from "../blanks.ts";
import type { RawRow } from "../odata.ts";
import { articles, lineObject, unitOf } from "./articles.ts";
import { nameParts } from "./person_name.ts";
import { refused, type View } from "./view.ts";

/** A choice as the table has it; on the wire its name is escaped. */
function chosen(row: RawRow, property: string): string {
  return decodeName(String(row[property] ?? ""));
}
function textOf(row: RawRow, property: string): string {
  return String(row[property] ?? "");
}
function isZero(decimal: unknown): boolean {
  return Number(decimal ?? 0) === 0; // exact for zero, whatever the digits
}

/** The day that no page means. */
const noDay = "0001-01-01";

/** Why the CRM can't hold a price that is valid on these days. */
function unfitDays(row: RawRow, today: string): string | null {
  const [starts, ends] = [textOf(row, "startingDate"), textOf(row, "endingDate")];
  if (ends !== "" && ends !== noDay && ends < today) return "expired";
  return starts > today ? "not yet valid" : null;
}

const salesPrices: View = {
  made: {
    line: [
      ...["itemNumber", "salesCode", "currencyCode", "variantCode", "unitOfMeasureCode", "minimumQuantity"],
      "startingDate",
    ],
    priceGroupCode: ["salesType", "salesCode"],
    lineObject: ["itemNumber"],
    unit: ["itemNumber", "unitCode"],
    unfit: ["minimumQuantity", "variantCode", "startingDate", "endingDate"],
  },
  days: { field: "unfit", starts: "startingDate", ends: "endingDate" },
  fill({ lookups }) {
    const today = lookups.today();
    return Promise.resolve((row) => {
      const object = lineObject("Item", textOf(row, "itemNumber"));
      const words = salesPrices.made["line"]!.map((property) => textOf(row, property));
      return {
        line: words.filter((word) => word !== "" && word !== "0" && word !== noDay).join(" "),
        priceGroupCode: chosen(row, "salesType") === "Customer Price Group" ? textOf(row, "salesCode") || null : null,
        lineObject: object,
        unit: unitOf(object, textOf(row, "unitCode")),
        unfit: !isZero(row["minimumQuantity"])
          ? "minimum quantity"
          : textOf(row, "variantCode") !== ""
          ? "variant"
          : unfitDays(row, today),
      };
    });
  },
};

const priceListLines: View = {
  made: {
    line: ["priceListCode", "lineNumber"],
    lineObject: ["assetType", "assetNumber"],
    unit: ["assetType", "assetNumber", "unitCode"],
    unfit: [
      ...["minimumQuantity", "amountType", "unitPrice", "lineDiscountPercent", "variantCode", "assetType"],
      ...["currencyCode", "listCurrencyCode", "status", "startingDate", "endingDate"],
    ],
  },
  days: { field: "unfit", starts: "startingDate", ends: "endingDate" },
  fill({ lookups }) {
    const today = lookups.today();
    return Promise.resolve((row) => {
      const object = assetOf(row);
      return {
        line: `${row["priceListCode"]} ${row["lineNumber"]}`,
        lineObject: object,
        unit: unitOf(object, textOf(row, "unitCode")),
        unfit: unfitLine(row, today),
      };
    });
  },
};

function assetOf(row: RawRow): string | null {
  const kind = chosen(row, "assetType");
  return kind === "Item" || kind === "Resource" ? lineObject(kind, textOf(row, "assetNumber")) : null;
}

/** The first reason that applies. */
function unfitLine(row: RawRow, today: string): string | null {
  if (!isZero(row["minimumQuantity"])) return "minimum quantity";
  const discounts = isZero(row["unitPrice"]) && !isZero(row["lineDiscountPercent"]);
  if (chosen(row, "amountType") === "Discount" || discounts) return "discount only";
  if (textOf(row, "variantCode") !== "") return "variant";
  if (assetOf(row) === null) return "not an item or resource";
  if (textOf(row, "currencyCode") !== textOf(row, "listCurrencyCode")) return "other currency";
  if (chosen(row, "status") !== "Active") return "not active";
  return unfitDays(row, today);
}

const unitGroups: View = {
  made: {
    code: ["sourceType", "sourceNumber"],
    baseUnit: ["sourceType", "sourceNumber", "baseUnitOfMeasureCode"],
  },
  fill: () =>
    Promise.resolve((row) => {
      const kind = chosen(row, "sourceType") === "Resource" ? "Resource" : "Item";
      const code = lineObject(kind, textOf(row, "sourceNumber"));
      return { code, baseUnit: unitOf(code, textOf(row, "baseUnitOfMeasureCode")) };
    }),
};

function unitsOf(kind: "Item" | "Resource", number: "itemNumber" | "resourceNumber"): View {
  return {
    made: { unit: [number, "code"], unitGroupCode: [number], isBaseUnit: ["code", "baseUnitOfMeasureCode"] },
    fill: () =>
      Promise.resolve((row) => {
        const object = lineObject(kind, textOf(row, number));
        return {
          unit: unitOf(object, textOf(row, "code")),
          unitGroupCode: object,
          isBaseUnit: row["code"] === row["baseUnitOfMeasureCode"],
        };
      }),
  };
}

/**
 * Persons with the parts of their names and their company's customer on one page. Somebody with one name alone has it
 * as the first name there; a CRM needs a last one.
 */
const persons: View = {
  made: {
    firstName: ["firstName", "surname"],
    middleName: ["middleName"],
    lastName: ["surname", "firstName"],
    customerId: ["customerId"],
  },
  only: { property: "type", value: "Person" },
  fill: () => Promise.resolve((row) => ({ ...partsOf(row), customerId: idOrNull(row["customerId"]) })),
  async send({ writes, lookups, current }) {
    const parents = writes.map((write) => write.fields["customerId"]).filter((id) => typeof id === "string");
    const companies = parents.length === 0 ? new Map<string, string>() : await lookups.companies(parents);
    const partial = writes.filter((write) => write.op === "update" && namesOf(write) > 0 && namesOf(write) < 3);
    const ids = partial.map((write) => String(write.id));
    const now = ids.length === 0 ? new Map<string, RawRow>() : await current(ids, properties);
    return (write) => {
      const body: Record<string, unknown> = write.op === "create" ? { type: "Person" } : {};
      const parent = write.fields["customerId"];
      if (typeof parent === "string") {
        const company = companies.get(parent.toLowerCase());
        if (company === undefined) {
          return refused("no_company_contact", "customerId", "the customer has no contact of type Company");
        }
        body["companyNumber"] = company;
      }
      if (namesOf(write) > 0) {
        const parts = { ...partsOf(now.get(String(write.id)) ?? {}), ...write.fields };
        for (const part of nameParts) body[part === "lastName" ? "surname" : part] = parts[part] ?? "";
      }
      return { body };
    };
  },
};
const properties = ["firstName", "middleName", "surname"];

function partsOf(row: RawRow): Record<(typeof nameParts)[number], string | null> {
  const [firstName, middleName, surname] = properties.map((property) => textOf(row, property) || null);
  return surname === null
    ? { firstName: null, middleName: null, lastName: [firstName, middleName].filter((part) => part).join(" ") || null }
    : { firstName: firstName!, middleName: middleName!, lastName: surname! };
}
function namesOf(write: Write): number {
  return nameParts.filter((part) => part in write.fields).length;
}
function idOrNull(id: unknown): string | null {
  return typeof id === "string" && !/^[0-]*$/.test(id) ? id.toLowerCase() : null;
}

/** Views of handles that only the extension has, and of those whose page it has another one for. */
export const extensionViews: ReadonlyMap<string, View> = new Map([
  ["resources", articles("Resource")],
  ["salesPrices", salesPrices],
  ["priceListLines", priceListLines],
  ["unitGroups", unitGroups],
  ["itemUnitsOfMeasure", unitsOf("Item", "itemNumber")],
  ["resourceUnitsOfMeasure", unitsOf("Resource", "resourceNumber")],
  ["contacts", persons],
]);
