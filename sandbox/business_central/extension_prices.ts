/** Price groups, sales prices of the first pricing model, price lists with their lines, and their rules. */
import { compareDecimals } from "../decimal.ts";
import type { Row } from "../tables.ts";
import { byKey as rowByKey, changedRow, currencyCodeOf, keyOf, wholeRow } from "./company.ts";
import {
  byKey,
  choice,
  code,
  type Company,
  decimal,
  EXTENSION_ROUTE,
  type FieldFact,
  flag,
  guid,
  noDate,
  readOnly,
  set,
  type SetFact,
  shown,
  text,
  type Values,
  zeroGuid,
} from "./facts.ts";
import { fixed, refuseTwin } from "./extension_rules.ts";
import { baseUnitOf, type Kept } from "./extension_units.ts";
import { noSuchRelation, ruleBroken } from "./refusal.ts";
import { find, put } from "./write.ts";

const id = readOnly(guid);
const modified = readOnly({ kind: "datetime" });
const date: FieldFact = { kind: "date" };
const route = EXTENSION_ROUTE;
const currency: FieldFact = { ...byKey("currencies", "currencyId", 10), value: currencyCodeOf };
const unit = byKey("unitsOfMeasure", "unitOfMeasureId", 10);
const amountTypes = choice("Any", "Price", "Discount");
const status = choice("Draft", "Active", "Inactive");
const priceType = choice("Any", "Sale", "Purchase");
const sourceType = choice(
  ...["All", "All Customers", "Customer", "Customer Price Group", "Customer Disc. Group", "All Vendors", "Vendor"],
  ...["All Jobs", "Job", "Job Task", "Campaign", "Contact"],
);
/** What a line takes from its list when the list doesn't let lines differ. */
const fromHeader = ["sourceType", "sourceNumber", "currencyId", "startingDate", "endingDate", "amountType"] as const;

/** The one currency of a group's sales prices; blank where they have several. */
function currencyOfGroup(company: Company, group: Row): string {
  const codes = new Set(
    company.tables.table("salesPrices").where("salesCode", group["code"]!)
      .filter((price) => price["salesType"] === "Customer Price Group")
      .map((price) => currencyCodeOf(company, price)),
  );
  if (codes.size > 1) return "";
  return [...codes][0] ?? company.localCurrency;
}

function header(company: Company, line: Readonly<Values>): Row | undefined {
  return find(company, "priceListHeaders", line["priceListId"] ?? zeroGuid);
}

/** The item or resource of a line. Throws a Refusal where there is none with the number. */
function asset(company: Company, line: Readonly<Values>): Row | null {
  const { assetType, assetNumber } = line;
  if (assetType !== "Item" && assetType !== "Resource") return null;
  const kind = assetType === "Item" ? "items" : "resources";
  const found = rowByKey(company, kind, String(assetNumber));
  if (found === undefined) throw noSuchRelation("assetNumber", String(assetNumber), kind);
  return found;
}

/** The unit that a line prices. */
function unitOfLine(company: Company, line: Row): string {
  const named = keyOf(company, "unitsOfMeasure", String(line["unitOfMeasureId"] ?? zeroGuid));
  if (named !== "") return named;
  const whole = wholeRow(company, "priceListLines", line);
  const owner = asset(company, whole);
  return owner === null ? "" : baseUnitOf(company, whole["assetType"] as Kept, owner.id);
}

/** A list that is not a draft is closed, unless the company lets active ones be edited. */
function openFor(company: Company, line: Readonly<Values>): Row {
  const list = header(company, line);
  if (list === undefined) throw ruleBroken("A price list line needs a price list.");
  const isAllowed = company.tables.table("settings").get("pages")?.["editActivePrices"] === true;
  if (list["status"] !== "Draft" && !isAllowed) {
    throw ruleBroken(`Price list ${list["code"]} must have the status Draft; it is ${list["status"]}.`);
  }
  return list;
}

/** What follows from the asset and the list, and what a line may not be. */
function complete(company: Company, line: Values, list: Row): void {
  if (list["allowUpdatingDefaults"] !== true) {
    for (const column of fromHeader) {
      if (column !== "amountType" || list[column] !== "Any") line[column] = list[column]!;
    }
  }
  const owner = asset(company, line);
  line["description"] = owner === null ? "" : String(owner["displayName"] ?? owner["name"] ?? "");
  if (compareDecimals(String(line["minimumQuantity"]), "0") < 0) {
    throw ruleBroken("Minimum Quantity can't be negative.");
  }
  if (compareDecimals(String(line["unitPrice"]), "0") < 0) throw ruleBroken("Unit Price can't be negative.");
  if (line["amountType"] === "Price") line["lineDiscountPercent"] = "0";
  if (line["amountType"] === "Discount") line["unitPrice"] = "0";
  if (line["endingDate"] !== noDate && line["endingDate"]! < line["startingDate"]!) {
    throw ruleBroken("Ending Date can't lie before Starting Date.");
  }
  line["status"] = list["status"]!;
  line["priceType"] = list["priceType"]!;
}

function linesOf(company: Company, list: Row): readonly Row[] {
  return company.tables.table("priceListLines").where("priceListId", list.id).map((line) => {
    return wholeRow(company, "priceListLines", line);
  });
}

/** Lines of one list that price the same thing in the same way contradict each other once the list is active. */
function refuseTwins(company: Company, list: Row): void {
  const told = [
    ...["assetType", "assetNumber", "variantCode", "unitOfMeasureId", "minimumQuantity", "currencyId"],
    ...["startingDate", "endingDate", "sourceType", "sourceNumber", "amountType"],
  ];
  const met = new Set<string>();
  for (const line of linesOf(company, list)) {
    const words = JSON.stringify(told.map((column) => line[column]));
    if (met.has(words)) {
      throw ruleBroken(`Price list ${list["code"]} has two lines for ${line["assetNumber"]} that are the same.`);
    }
    met.add(words);
  }
}

export const priceSets: Readonly<Record<string, SetFact>> = {
  customerPriceGroups: set("customerPriceGroup", {
    id,
    code: code(10),
    description: text(100),
    priceIncludesTax: flag,
    allowInvoiceDiscount: flag,
    allowLineDiscount: flag,
    currencyCode: { ...shown(code(10)), value: currencyOfGroup },
    lastModifiedDateTime: modified,
  }, { route, rules: fixed("code") }),
  salesPrices: set("salesPrice", {
    id,
    itemNumber: byKey("items", "itemId", 20),
    salesType: choice("Customer", "Customer Price Group", "All Customers", "Campaign"),
    salesCode: code(20),
    startingDate: date,
    currencyCode: currency,
    variantCode: code(10),
    unitOfMeasureCode: unit,
    unitCode: {
      ...shown(code(10)),
      value: (company, row) =>
        keyOf(company, "unitsOfMeasure", String(row["unitOfMeasureId"] ?? zeroGuid)) ||
        baseUnitOf(company, "Item", String(row["itemId"])),
    },
    minimumQuantity: decimal,
    endingDate: date,
    unitPrice: decimal,
    priceIncludesTax: flag,
    allowInvoiceDiscount: flag,
    allowLineDiscount: flag,
    lastModifiedDateTime: modified,
  }, {
    route,
    rules: {
      insert(company, row) {
        if (row["itemId"] === zeroGuid) throw ruleBroken("Item No. must have a value.");
        refuseTwin(company, "salesPrices", row, [
          ...["itemId", "salesType", "salesCode", "startingDate", "currencyId", "variantCode"] as const,
          ...["unitOfMeasureId", "minimumQuantity"] as const,
        ]);
      },
      update: fixed(
        ...["itemId", "salesType", "salesCode", "startingDate", "currencyId", "variantCode"],
        ...["unitOfMeasureId", "minimumQuantity"],
      ).update!,
    },
  }),
  priceListHeaders: set("priceListHeader", {
    id,
    code: code(20),
    description: text(250),
    priceType,
    amountType: amountTypes,
    sourceType,
    sourceNumber: code(20),
    currencyCode: currency,
    startingDate: date,
    endingDate: date,
    priceIncludesTax: flag,
    allowInvoiceDiscount: flag,
    allowLineDiscount: flag,
    allowUpdatingDefaults: flag,
    status,
    lastModifiedDateTime: modified,
  }, {
    route,
    rules: {
      insert(_company, row) {
        if (row["priceType"] === "Any") row["priceType"] = "Sale";
      },
      update(company, before, values, input) {
        fixed("code", "priceType").update!(company, before, values, input);
        const changed = Object.keys(values).filter((column) => values[column] !== before[column]);
        const isOpen = before["status"] === "Draft" || values["status"] === "Draft";
        const closed = changed.filter((column) => !["status", "description"].includes(column));
        if (!isOpen && closed.length > 0) {
          throw ruleBroken(`Price list ${before["code"]} must have the status Draft; it is ${before["status"]}.`);
        }
        if (values["status"] === "Active" && before["status"] !== "Active") refuseTwins(company, before);
      },
      updated(company, after, before) {
        const lets = after["allowUpdatingDefaults"] === true;
        const columns = ["status", ...(lets ? [] : fromHeader.filter((column) => column !== "amountType"))];
        if (columns.every((column) => after[column] === before[column])) return after;
        for (const line of linesOf(company, after)) {
          const values = Object.fromEntries(columns.map((column) => [column, after[column]!]));
          put(company, "priceListLines", changedRow(company, line, values));
        }
        return after;
      },
    },
  }),
  priceListLines: set("priceListLine", {
    id,
    priceListCode: byKey("priceListHeaders", "priceListId", 20),
    lineNumber: readOnly({ kind: "integer" }),
    priceType: readOnly(priceType),
    listCurrencyCode: {
      ...shown(code(10)),
      value: (company, row) => {
        const list = header(company, row);
        return list === undefined ? "" : currencyCodeOf(company, list);
      },
    },
    sourceType,
    sourceNumber: code(20),
    assetType: choice(" ", "Item", "Item Discount Group", "Resource", "Resource Group", "Service Cost", "G/L Account"),
    assetNumber: code(20),
    description: readOnly(text(100)),
    variantCode: code(10),
    unitOfMeasureCode: unit,
    unitCode: { ...shown(code(10)), value: unitOfLine },
    minimumQuantity: decimal,
    currencyCode: currency,
    amountType: amountTypes,
    unitPrice: decimal,
    lineDiscountPercent: decimal,
    startingDate: date,
    endingDate: date,
    status: readOnly(status),
    lastModifiedDateTime: modified,
  }, {
    route,
    rules: {
      insert(company, row) {
        const list = openFor(company, row);
        const last = linesOf(company, list).reduce((most, line) => Math.max(most, Number(line["lineNumber"])), 0);
        row["lineNumber"] = last + 10_000;
        complete(company, row, list);
      },
      update(company, before, values, input) {
        fixed("priceListId").update!(company, before, values, input);
        const list = openFor(company, before);
        const line: Values = { ...before, ...values };
        complete(company, line, list);
        for (const column of Object.keys(line)) if (line[column] !== before[column]) values[column] = line[column]!;
      },
      remove(company, line) {
        openFor(company, line);
      },
    },
  }),
};
