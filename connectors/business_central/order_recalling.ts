/**
 * Orders that an earlier attempt at a creation may have left.
 *
 * An order is ours if it is the customer's, has our correlation (the external document number, else Your Reference) and
 * the lines that were sent. With other lines it may be ours and edited since, or another one of the same number. Your
 * Reference is written right after the order, so an order that has neither may be ours if it has every value that was
 * sent. Where it may be, a person tells.
 */
import type { Fields, PartWrite, Recalled, Row, WantedFields, Write } from "../connector.ts";
import { ServiceError } from "../../errors.ts";
import { canonical } from "../json.ts";
import { anyOf, guid, quoted, someOf } from "../odata.ts";
import type { Orders } from "./order.ts";
import { extraBody, patchExtra } from "./order_head.ts";
import { recallPosted } from "./order_posted.ts";
import { extensionRows, findOrders, findOrdersBy } from "./order_reading.ts";
import { extensionFields, soldBy } from "./order_view.ts";
import { idOf, service } from "./table.ts";
import { isEqual } from "./writing.ts";

type Recalling = WantedFields & { readonly since: string };

/** See the contract. */
export async function recallOrders(
  orders: Orders,
  writes: readonly Write[],
  wanted: Recalling,
): Promise<readonly (readonly Recalled[])[]> {
  const given: (readonly Recalled[])[] = [];
  for (const [at, found] of (await lookedFor(orders, writes, wanted)).entries()) {
    const [row, ...others] = found.filter(({ doubt }) => doubt === undefined);
    const isOne = row !== undefined && others.length === 0;
    const isNew = isOne && await isCompleted(orders, { ...writes[at]!, id: row.id }, wanted);
    given.push(isNew ? await findOrders(orders, `id eq ${row.id}`, wanted) : found);
  }
  return given;
}

/**
 * Writes what the extension keeps of an order where the creation was stopped before it, and the order is still there:
 * what is only given to new orders would be missing for good. What stands there stays. False where nothing was written.
 */
async function isCompleted(orders: Orders, { id, ...sent }: Write, wanted: WantedFields): Promise<boolean> {
  const extra = extraBody(orders, { ...sent, id });
  if (extra === null) return false;
  const $select = ["id", ...Object.keys(extra)].join();
  const [now] = await extensionRows(orders.head, { $select, $filter: `id eq ${id}` }, wanted.signal);
  const lacking = Object.entries(extra).filter(([name]) => now !== undefined && (now[name] ?? "") === "");
  if (lacking.length === 0) return false;
  const stopped = await patchExtra(orders, id!, { body: Object.fromEntries(lacking), wanted });
  if (stopped?.kind !== "unknown") return stopped === null;
  const message =
    `Cannot complete a new order, which an interrupted run left without ${lacking.map(([name]) => name)}: ` +
    `${stopped.message}; run it again`;
  throw new ServiceError(message, { service, code: "outcome_unknown" });
}

/** A creation's own correlation: the property that orders have it in, and its value. */
interface Correlation {
  readonly property: "externalDocumentNumber" | "yourReference";
  readonly value: string;
}

/** Null: such an order is never created. */
function correlationOf({ head }: Orders, { fields }: Write): Correlation | null {
  const { externalDocumentNumber, yourReference } = fields;
  if (typeof externalDocumentNumber === "string") {
    return { property: "externalDocumentNumber", value: externalDocumentNumber };
  }
  if (typeof yourReference !== "string" || head.extension === null) return null;
  return { property: "yourReference", value: yourReference };
}

async function lookedFor(
  orders: Orders,
  writes: readonly Write[],
  wanted: Recalling,
): Promise<readonly (readonly Recalled[])[]> {
  const sent = writes.map((write) => ({ write, by: correlationOf(orders, write), found: [] as readonly Recalled[] }));
  for (const property of ["externalDocumentNumber", "yourReference"] as const) {
    const own = sent.filter(({ by }) => by?.property === property);
    if (own.length === 0) continue;
    const values = own.map(({ by }) => by!.value);
    const there = property === "yourReference"
      ? await withReference(orders, values, wanted)
      : await findOrdersBy(orders, { property, literals: values.map(quoted) }, comparing(wanted));
    for (const one of own) one.found = openOrders(there, { ...one, by: one.by! }, wanted);
    const rest = own.filter(({ found }) => found.length === 0);
    const posted = await recallPosted(orders.head, rest.map(({ write, by }) => ({ write, value: by!.value })), {
      ...wanted,
      property: property === "yourReference" ? "customerPurchaseOrderReference" : property,
    });
    for (const [at, one] of rest.entries()) {
      one.found = posted[at]!;
      if (one.found.length > 0 || property !== "yourReference") continue;
      one.found = await withoutReference(orders, one.write, { ...wanted, reference: one.by!.value });
    }
  }
  return sent.map(({ found }) => found);
}

/** Orders that have one of these references: the extension's page knows which. */
async function withReference(orders: Orders, values: readonly string[], wanted: Recalling): Promise<readonly Row[]> {
  const { head } = orders;
  const ids: string[] = [];
  for (const $filter of anyOf("yourReference", [...new Set(values)].map(quoted), 600)) {
    ids.push(...(await extensionRows(head, { $select: "id", $filter }, wanted.signal)).map(idOf));
  }
  return ids.length === 0 ? [] : await findOrdersBy(orders, { property: "id", literals: ids }, comparing(wanted));
}

function comparing(wanted: Recalling): WantedFields {
  const more = ["number", "customerId", "externalDocumentNumber", "yourReference"];
  return withMore(wanted, more, ["lineObject", "quantity"]);
}

/** The customer's orders with this correlation: another customer may have the same number for an order of its own. */
function openOrders(
  rows: readonly Row[],
  { write: sent, by }: { readonly write: Write; readonly by: Correlation },
  wanted: Recalling,
): readonly Recalled[] {
  const { customerId } = sent.fields;
  const since = Date.parse(wanted.since);
  const own = rows.filter(({ data, modifiedAt }) =>
    isEqual(by.value, data[by.property]) && (modifiedAt === null || Date.parse(modifiedAt) >= since) &&
    (typeof customerId !== "string" || isEqual(customerId, data["customerId"]))
  );
  return own.map((row): Recalled => {
    const doubt = `the order "${row.data["number"]}" has the number and other lines; give it the same lines if it is ` +
      "the same order, or another number if it is not, then synchronize again";
    return { ...asAsked(row, wanted), ...(hasLines(row, sent.parts ?? []) ? {} : { doubt }) };
  });
}

/** Orders that were cut off before their reference was written, and look like it in everything else. */
async function withoutReference(
  orders: Orders,
  sent: Write,
  { reference, ...wanted }: Recalling & { readonly reference: string },
): Promise<readonly Recalled[]> {
  const later = new Set<string>(["discountAmount", ...extensionFields]); // written after the order itself
  const names = Object.keys(sent.fields).filter((name) => !later.has(name));
  const partNames = (sent.parts ?? []).flatMap(({ fields }) => Object.keys(fields));
  const more = withMore(wanted, [...names, "number", "externalDocumentNumber", "yourReference"], [
    "lineObject",
    ...partNames,
  ]);
  const rows = await findOrders(orders, ofCustomer(sent, wanted).join(" and "), more);
  const isOne = ({ data, parts = [] }: Row) => {
    return data["externalDocumentNumber"] === null && data["yourReference"] === null &&
      names.every((name) => isAsSent(sent.fields[name], data[name])) &&
      parts.length >= (sent.parts ?? []).length && (sent.parts ?? []).every(({ key, fields }) => {
        const stored = parts.find((part) => part.key === key)?.data;
        return stored !== undefined && stored["lineObject"] === (soldBy(fields) ?? null) &&
          (stored["lineObject"] === null || Object.keys(fields).every((name) => isAsSent(fields[name], stored[name])));
      });
  };
  return rows.filter(isOne).map((row) => ({
    ...asAsked(row, wanted),
    doubt: `the order "${row.data["number"]}" has the same values and no reference; write "${reference}" into its ` +
      "Your Reference if it is the same order, or anything else if it is not, then synchronize again",
  }));
}

function ofCustomer({ fields: { customerId } }: Write, { since }: Recalling): string[] {
  const modified = `lastModifiedDateTime ge ${new Date(since).toISOString()}`;
  return typeof customerId === "string" ? [`customerId eq ${guid(customerId)}`, modified] : [modified];
}

/** Whether an order sells what was sent, and nothing else. Comments come and go. */
function hasLines({ parts = [] }: Row, sent: readonly PartWrite[]): boolean {
  const selling = sent.filter(({ fields }) => (soldBy(fields) ?? null) !== null);
  const stored = parts.filter(({ data }) => data["lineObject"] !== null);
  return selling.length === stored.length && selling.every(({ key, fields }) => {
    const data = stored.find((part) => part.key === key)?.data;
    return data?.["lineObject"] === soldBy(fields) && isAsSent(fields["quantity"], data?.["quantity"]);
  });
}

/** What was sent blank, or not at all, is the service's own choice. */
function isAsSent(sent: Fields[string] | undefined, stored: Fields[string] | undefined): boolean {
  if ((sent ?? null) === null || sent === "") return true;
  return isEqual(sent, stored) || isNumber(sent) && isNumber(stored) && canonical(String(sent)) === stored;
}
function isNumber(value: unknown): boolean {
  return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value);
}

function withMore(
  { fields, partFields = [], ...wanted }: Recalling,
  more: readonly string[],
  moreOfParts: readonly string[],
): WantedFields {
  const { signal } = wanted;
  return {
    ...(signal === undefined ? {} : { signal }),
    fields: [...new Set([...fields, ...more])],
    partFields: [...new Set([...partFields, ...moreOfParts])],
  };
}

/** The row with what was asked for, and nothing that only the comparison needed. */
function asAsked({ parts, ...row }: Row, { fields, partFields = [] }: Recalling): Row {
  return {
    ...row,
    data: someOf(fields, row.data),
    ...(parts === undefined ? {} : { parts: parts.map(({ key, data }) => ({ key, data: someOf(partFields, data) })) }),
  };
}
