/** How orders and their lines stand on the service's pages. */
import type { PartWrite, Value } from "../connector.ts";
import { decodeName, encodeName, withBlank, withoutBlank } from "../blanks.ts";
import type { RawRow } from "../odata.ts";
import { madeOf, readCodes, sendCodes, termFields } from "./codes.ts";
import { salesOrderLine } from "./order_schemas.ts";
import { type Body, refused, type View } from "./view.ts";
import { fieldsOf } from "../fields.ts";

/** Fields of an order that only the extension's page of orders has. */
export const extensionFields = ["yourReference", "workDescription", "shippingAgentCode", "quoteNumber"] as const;

const text = { kind: "text", nullable: true } as const;
const date = { kind: "date", nullable: true } as const;

/** Orders; reading must have added `lastShipmentDate`, `tableStatus` and the extension's fields to the rows. */
export const salesOrders: View = {
  made: {
    ...madeOf(termFields),
    salespersonCode: ["salesperson"],
    currencyCode: ["currencyCode"],
    state: ["status", "fullyShipped"],
    companyId: [],
    lastShipmentDate: ["number", "fullyShipped"],
    ...Object.fromEntries(extensionFields.map((field) => [field, []])),
  },
  async fill(work) {
    const { fields, rows, lookups } = work;
    const codes = await readCodes(termFields, work);
    const isWanted = (field: string) => fields.has(field) && rows.length > 0;
    const local = isWanted("currencyCode") ? (await lookups.localCurrency()).code : "";
    const companyId = isWanted("companyId") ? await lookups.companyId() : null;
    return (row) => ({
      ...codes(row),
      salespersonCode: textOf(row["salesperson"]),
      currencyCode: textOf(row["currencyCode"]) ?? textOf(local),
      state: stateOf(row),
      companyId,
      lastShipmentDate: withoutBlank(date, row["lastShipmentDate"] ?? null) as Value,
      ...Object.fromEntries(extensionFields.map((field) => [field, textOf(row[field])])),
    });
  },
  async send(work) {
    const codes = await sendCodes(termFields, work);
    return (write) => {
      const sent = codes(write);
      if ("refused" in sent) return sent;
      const body: Record<string, unknown> = { ...sent.body };
      // The page takes the local currency's code for orders in local currency, as it shows it.
      for (const [field, property] of [["currencyCode", "currencyCode"], ["salespersonCode", "salesperson"]] as const) {
        const value = write.fields[field];
        if (value !== undefined && !(write.op === "create" && value === null)) body[property] = value ?? "";
      }
      return { body };
    };
  },
};

/** Lines; a comment sells nothing and has no object. */
export const salesOrderLines: View = {
  made: {
    lineObject: ["lineType", "lineObjectNumber"],
    product: ["lineType", "lineObjectNumber"],
    unit: ["lineType", "lineObjectNumber", "unitOfMeasureCode"],
    comment: ["lineType"],
  },
  fill: () =>
    Promise.resolve((row) => ({
      lineObject: objectOf(row),
      product: productOf(row),
      unit: unitOf(row),
      comment: decodeName(String(row["lineType"])) === "Comment",
    })),
};

/**
 * The state of an order by its page, whose status "Open" means released, or waiting for a prepayment: only the table's
 * own status, which the extension's page has, tells which (`tableStatus`).
 */
export function stateOf(row: RawRow): "Draft" | "In Review" | "Pending Prepayment" | "Released" | "Shipped" {
  const status = decodeName(String(row["status"]));
  if (status !== "Open") return status as "Draft" | "In Review";
  if (row["fullyShipped"] === true) return "Shipped";
  return decodeName(String(row["tableStatus"] ?? "")) === "Pending Prepayment" ? "Pending Prepayment" : "Released";
}

/** What a line sells: "Item 1896-S"; null for a comment. */
export function objectOf(row: RawRow): string | null {
  const type = decodeName(String(row["lineType"]));
  const number = textOf(row["lineObjectNumber"]);
  return type === "Comment" || number === null ? null : `${type} ${number}`;
}

/** The same where it is an item or a resource. */
function productOf(row: RawRow): string | null {
  const object = objectOf(row);
  return object !== null && /^(Item|Resource) /.test(object) ? object : null;
}

/** The unit among those of the item or resource: "Item 1896-S PCS". */
function unitOf(row: RawRow): string | null {
  const product = productOf(row);
  const code = textOf(row["unitOfMeasureCode"]);
  return product === null || code === null ? null : `${product} ${code}`;
}

const lineTypes = ["Item", "Resource", "Account", "Charge", "Fixed Asset"] as const;
const lineFields: Readonly<Record<string, Parameters<typeof withBlank>[0]>> = fieldsOf(salesOrderLine);

/** Properties of a line in the order in which the service must take them: later ones change what earlier ones set. */
const inOrder = ["unitOfMeasureCode", "quantity", "unitPrice", "discountAmount", "description", "shipmentDate"];

/** What the line of a write sells: null for a comment, undefined where the write leaves it as it is. */
export function soldBy({ product, lineObject }: PartWrite["fields"]): Value | undefined {
  return product ?? (lineObject === undefined ? product : lineObject);
}

/** A line's fields as properties of the page: a unit of the product is called by its code there. */
function asProperties({ unit, ...fields }: PartWrite["fields"]): PartWrite["fields"] {
  if (unit === undefined) return fields;
  const name = String(unit ?? "");
  const product = `${soldBy(fields) ?? ""} `;
  const code = name.startsWith(product) ? name.slice(product.length) : name.slice(name.lastIndexOf(" ") + 1);
  return { ...fields, unitOfMeasureCode: code === "" ? null : code };
}

/**
 * What is sent for a line. A new line without an object is a comment, of which the service takes nothing but its text.
 */
export function lineBody({ op, key, fields: given }: PartWrite): Body {
  const body: Record<string, unknown> = op === "create" ? { sequence: Number(key) } : {};
  const fields = asProperties(given);
  const object = soldBy(fields);
  if (op === "create" || object !== undefined) {
    const named = (object ?? null) === null ? ["Comment", ""] as const : parseObject(String(object));
    if (named === null) {
      return refused("unknown_code", `${key}/lineObject`, `"${object}" names no item, resource, account or charge`);
    }
    const [type, number] = named;
    body["lineType"] = encodeName(type);
    if (type === "Comment") return { body: { ...body, ...only(fields, ["description"]) } };
    body["lineObjectNumber"] = number;
  }
  const sent = only(fields, inOrder);
  // What is blank in a new line is the service's to fill.
  for (const field of inOrder) if (op === "create" && (fields[field] ?? null) === null) delete sent[field];
  return { body: { ...body, ...sent } };
}

function parseObject(object: string): readonly [string, string] | null {
  const type = lineTypes.find((name) => object.startsWith(`${name} `));
  return type === undefined ? null : [type, object.slice(type.length + 1)];
}

function only(fields: PartWrite["fields"], names: readonly string[]): Record<string, unknown> {
  const given = names.filter((name) => fields[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, withBlank(lineFields[name]!, fields[name] ?? null)]));
}

function textOf(value: unknown): string | null {
  return (withoutBlank(text, value ?? "") as string | null) ?? null;
}
