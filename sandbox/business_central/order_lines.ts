/** The rules of the lines of a sales order. */
import { canonicalDecimal, compareDecimals, divideDecimals, multiplyDecimals } from "../decimal.ts";
import type { Cell, Row } from "../tables.ts";
import { grossOf, headOf, less, linesOf, precisionOf, priceIn, roundTo } from "./amounts.ts";
import { changedRow, freeSequence, keyOf, wholeRow } from "./company.ts";
import { type Company, noDate, type SetRules, type Values, zeroGuid } from "./facts.ts";
import { noSuchRelation, ruleBroken } from "./refusal.ts";
import { put } from "./write.ts";

/** What a line of each type refers to. */
const objects: Readonly<Record<string, string>> = {
  Item: "items",
  Account: "accounts",
  Resource: "resources",
  "Fixed Asset": "fixedAssets",
  Charge: "itemCharges",
};
/** Tables with the units of what isn't sold in its base unit only, and their column. */
const moreUnits: Readonly<Record<string, readonly [table: string, column: string]>> = {
  Item: ["itemUnitsOfMeasure", "itemId"],
  Resource: ["resourceUnitsOfMeasure", "resourceId"],
};
const objectFields = ["itemId", "accountId", "lineType", "lineObjectNumber"];

export const lineRules: SetRules = {
  insert(company, line, input) {
    const order = openOrder(company, line);
    for (const name of ["itemId", "accountId"]) delete line[name];
    const sequences = linesOf(company, order).map((one) => Number(one["sequence"]));
    if (!input.has("sequence") || line["sequence"] === 0) line["sequence"] = Math.max(0, ...sequences) + 10_000;
    else freeSequence(sequences, Number(line["sequence"]));
    setObject(company, line, input);
    settle(company, { order, line, input, before: null });
  },
  inserted(company, line) {
    touch(company, headOf(company, line)!);
    return line;
  },
  update(company, before, values, input) {
    const order = openOrder(company, before);
    for (const name of ["documentId", "sequence"]) {
      if (name in values && values[name] !== before[name]) throw ruleBroken(`"${name}" of a line can't be changed.`);
    }
    for (const name of ["itemId", "accountId"]) delete values[name];
    const line: Values = { ...before, ...values };
    if (objectFields.some((name) => input.has(name))) setObject(company, line, input, before);
    if (line["objectId"] !== before["objectId"] && isSome(before["shippedQuantity"])) {
      throw ruleBroken(`Line ${before["sequence"]} has been shipped: what it sells can't be changed.`);
    }
    if (compareDecimals(String(line["quantity"]), String(before["shippedQuantity"])) < 0) {
      throw ruleBroken(`The quantity of line ${before["sequence"]} can't be less than what has been shipped.`);
    }
    settle(company, { order, line, input, before });
    for (const [name, value] of Object.entries(line)) if (value !== before[name]) values[name] = value;
  },
  updated(company, line) {
    noteShipped(company, headOf(company, line)!);
    return line;
  },
  remove(company, line) {
    openOrder(company, line);
    if (line["shippedQuantity"] !== line["invoicedQuantity"]) {
      throw ruleBroken(`Line ${line["sequence"]} can't be deleted: it has been shipped and not invoiced.`);
    }
  },
  removed: (company, line) => noteShipped(company, headOf(company, line)!),
};

/** How many base units a unit of a line is. */
export function quantityPerUnit(company: Company, line: Readonly<Values>): string {
  const [table, column] = moreUnits[String(line["lineType"])] ?? [];
  if (table === undefined || column === undefined) return "1";
  const unit = company.tables.table(table).where(column, line["objectId"] ?? zeroGuid)
    .find((one) => one["unitId"] === line["unitOfMeasureId"]);
  return String(unit?.["quantityPerUnitOfMeasure"] ?? "1");
}

/** True when everything that an order sells has been shipped. */
export function isShipped(company: Company, order: Row): boolean {
  const sold = linesOf(company, order).filter((line) => (line["lineType"] ?? "Comment") !== "Comment");
  return sold.length > 0 &&
    sold.every((line) => isSome(line["quantity"]) && line["quantity"] === line["shippedQuantity"]);
}

/** A changed line touches its order only when that makes it shipped as a whole, or no longer so. */
export function noteShipped(company: Company, order: Row): void {
  if (isShipped(company, order) !== (order["fullyShipped"] === true)) touch(company, order);
}

function touch(company: Company, order: Row): void {
  const fullyShipped = isShipped(company, order);
  put(company, "salesOrders", changedRow(company, wholeRow(company, "salesOrders", order), { fullyShipped }));
}

/** The order of a line, which must be open for editing. */
function openOrder(company: Company, line: Readonly<Values>): Row {
  const order = headOf(company, line);
  if (order === undefined) throw ruleBroken(`"documentId" must be the id of a sales order.`);
  checkOpen(order);
  return order;
}

/** Throws a Refusal when the order, and so its lines, can't be edited. */
export function checkOpen(order: Row): void {
  const status = String(order["status"] ?? "Draft");
  if (status === "Draft") return;
  const said = status === "Open" ? "Released" : "Pending Approval";
  throw ruleBroken(
    `Status must be equal to 'Open' in Sales Header: Document Type=Order, No.=${order["number"]}. ` +
      `Current value is '${said}'.`,
  );
}

/** What the line sells, with everything that follows from it and wasn't given. */
function setObject(company: Company, line: Values, input: ReadonlyMap<string, Cell>, before?: Row): void {
  const ids = { Item: given(input, "itemId"), Account: given(input, "accountId") };
  if (ids.Item !== "" && ids.Account !== "") throw ruleBroken("A line can't have both an itemId and an accountId.");
  const byId = ids.Item !== "" ? "Item" : ids.Account !== "" ? "Account" : undefined;
  const lineType = String(input.get("lineType") ?? byId ?? before?.["lineType"] ?? "Comment");
  if (byId !== undefined && byId !== lineType) throw ruleBroken(`A line of type ${lineType} can't have that id.`);
  line["lineType"] = lineType;
  const number = given(input, "lineObjectNumber") ||
    (byId === undefined && before?.["lineType"] === lineType ? String(before["lineObjectNumber"]) : "");
  const table = objects[lineType];
  if (table === undefined) {
    if (number !== "") throw noSuchRelation("lineObjectNumber", number, "standard texts");
    Object.assign(line, { objectId: zeroGuid, lineObjectNumber: "" });
    return;
  }
  const id = byId === undefined ? "" : ids[byId];
  const rows = company.tables.table(table);
  const object = id === "" ? rows.where("number", number)[0] : rows.get(id);
  if (object === undefined && id === "" && number === "") {
    Object.assign(line, { objectId: zeroGuid, lineObjectNumber: "" });
    return;
  }
  if (object === undefined) throw noSuchRelation(id === "" ? "lineObjectNumber" : "itemId", id || number, table);
  if (number !== "" && object["number"] !== number) {
    throw ruleBroken("lineObjectNumber and the id contradict each other.");
  }
  if (object.id === before?.["objectId"]) return;
  checkSaleable(lineType, object);
  Object.assign(line, { objectId: object.id, lineObjectNumber: object["number"]! });
  const defaults: Values = {
    description: object["displayName"] ?? object["name"] ?? "",
    description2: object["displayName2"] ?? object["name2"] ?? "",
    unitOfMeasureId: object["baseUnitOfMeasureId"] ?? zeroGuid,
  };
  for (const [name, value] of Object.entries(defaults)) {
    const isGiven = input.has(name) || (name === "unitOfMeasureId" && input.has("unitOfMeasureCode"));
    if (!isGiven) line[name] = value;
  }
}

function checkSaleable(lineType: string, object: Row): void {
  if (object["blocked"] === true) {
    throw ruleBroken(`Blocked must be equal to 'No' in ${lineType}: No.=${object["number"]}. Current value is 'Yes'.`);
  }
  if (lineType !== "Account") return;
  if ((object["accountType"] ?? "Posting") !== "Posting" || object["directPosting"] !== true) {
    throw ruleBroken(`Direct Posting must be equal to 'Yes' in G/L Account: No.=${object["number"]}.`);
  }
}

interface Settling {
  readonly order: Row;
  readonly line: Values;
  readonly input: ReadonlyMap<string, Cell>;
  readonly before: Row | null;
}

/** Unit, price, discount, dates and what is left to ship: checked where given, else what follows. */
function settle(company: Company, { order, line, input, before }: Settling): void {
  if (line["objectId"] === zeroGuid) return checkNothingSold(line);
  checkUnit(company, line);
  const isOther = before === null || ["objectId", "unitOfMeasureId"].some((name) => line[name] !== before[name]);
  if (isOther && !input.has("unitPrice")) line["unitPrice"] = defaultPrice(company, order, line);
  settleDiscount(company, { order, line, input, before });
  const toShip = less(String(line["quantity"]), String(line["shippedQuantity"]));
  const toInvoice = less(String(line["quantity"]), String(line["invoicedQuantity"]));
  const isNewQuantity = before === null || before["quantity"] !== line["quantity"];
  if (isNewQuantity && !input.has("shipQuantity")) line["shipQuantity"] = toShip;
  if (isNewQuantity && !input.has("invoiceQuantity")) line["invoiceQuantity"] = toInvoice;
  if (compareDecimals(String(line["shipQuantity"]), toShip) > 0) {
    throw ruleBroken(`You can't ship more than ${toShip} units of line ${line["sequence"]}.`);
  }
  if (line["shipmentDate"] === noDate) {
    const requested = String(order["requestedDeliveryDate"] ?? noDate);
    line["shipmentDate"] = requested === noDate ? String(order["postingDate"]) : requested;
  }
}

function checkNothingSold(line: Values): void {
  const amounts = ["quantity", "unitPrice", "discountAmount", "discountPercent"].filter((name) => isSome(line[name]));
  if (line["unitOfMeasureId"] !== zeroGuid) amounts.push("unitOfMeasureCode");
  if (amounts.length > 0) throw ruleBroken(`A line that sells nothing can't have: ${amounts.join(", ")}.`);
}

function checkUnit(company: Company, line: Values): void {
  const lineType = String(line["lineType"]);
  const [table, column] = moreUnits[lineType] ?? [];
  if (table === undefined || column === undefined) return;
  const object = company.tables.table(objects[lineType]!).get(String(line["objectId"]));
  const unitId = String(line["unitOfMeasureId"]);
  if (unitId === zeroGuid) throw ruleBroken(`${lineType} ${line["lineObjectNumber"]} has no base unit of measure.`);
  const known = unitId === object?.["baseUnitOfMeasureId"] ||
    company.tables.table(table).where(column, line["objectId"]!).some((unit) => unit["unitId"] === unitId);
  if (known) return;
  throw noSuchRelation("unitOfMeasureCode", keyOf(company, "unitsOfMeasure", unitId), table);
}

/** The price of the item or resource for a unit of the line, in the currency of the order. */
function defaultPrice(company: Company, order: Row, line: Values): string {
  const object = company.tables.table(objects[String(line["lineType"])]!).get(String(line["objectId"]));
  const local = multiplyDecimals(String(object?.["unitPrice"] ?? "0"), quantityPerUnit(company, line));
  const currencyId = String(order["currencyId"] ?? zeroGuid);
  const price = priceIn(company, local, currencyId, String(order["postingDate"]));
  if (price !== undefined) return price;
  if (!isSome(local)) return "0";
  throw ruleBroken(
    `There is no exchange rate of ${keyOf(company, "currencies", currencyId)} on ${order["postingDate"]}.`,
  );
}

/** Discount and percent follow from each other; the one that was given, or else the percent, is kept. */
function settleDiscount(company: Company, { order, line, input, before }: Settling): void {
  const precision = precisionOf(company, order["currencyId"]);
  const gross = grossOf(line, precision);
  const named = [...input.keys()].findLast((name) => name === "discountAmount" || name === "discountPercent");
  if (named === "discountAmount") {
    line["discountAmount"] = roundTo(String(line["discountAmount"]), precision);
    line["discountPercent"] = isSome(gross)
      ? canonicalDecimal(divideDecimals(multiplyDecimals(String(line["discountAmount"]), "100"), gross, 5))
      : "0";
    if (!isSome(gross) && isSome(line["discountAmount"])) throw ruleBroken("There is no amount to be discounted.");
  } else if (named === "discountPercent" || before === null || gross !== grossOf(before, precision)) {
    const percent = multiplyDecimals(gross, String(line["discountPercent"]));
    line["discountAmount"] = roundTo(divideDecimals(percent, "100", 12), precision);
  }
  const percent = String(line["discountPercent"]);
  if (compareDecimals(percent, "0") < 0 || compareDecimals(percent, "100") > 0) {
    throw ruleBroken(`The line discount must be between 0 and 100 percent; it would be ${percent}.`);
  }
}

/** The text of an input that isn't blank or zeros. */
function given(input: ReadonlyMap<string, Cell>, name: string): string {
  const value = String(input.get(name) ?? "");
  return value === zeroGuid ? "" : value;
}

function isSome(decimal: Cell | undefined): boolean {
  return compareDecimals(String(decimal ?? "0"), "0") !== 0;
}
