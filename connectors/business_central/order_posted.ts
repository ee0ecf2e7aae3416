/**
 * Orders that were posted: the service takes them away, what is left are invoices and shipments.
 *
 * Posted lines keep the sequence of the order's line that they come from, so quantities are summed up by it. What the
 * order had asked for is gone. It is found by the id that its invoices keep, and by its number, which its shipments have
 * too: an invoice for shipments of several orders names none of them.
 *
 * "Invoiced" says that nothing shipped waits for an invoice. The service keeps an order as long as an item of it was
 * shipped and not invoiced, so items whose invoice can't be found are on such a common one. It takes away other lines
 * before they are invoiced: where nothing else was shipped, "Partly Invoiced" says that no invoice is known for a part.
 */
import type { Archived, Fields, Part, PartWrite, ReadOptions, Recalled, Write } from "../connector.ts";
import { canonical } from "../json.ts";
import { withoutBlank, zeroGuid } from "../blanks.ts";
import { anyOf, guid, queryOf, quoted, type RawRow, someOf } from "../odata.ts";
import type { Wanted } from "./order.ts";
import { soldBy } from "./order_view.ts";
import { type DocumentSet, documentsOf, linesOf, withoutUndone } from "./posted_documents.ts";
import { idOf, type Table } from "./table.ts";
import { isEqual } from "./writing.ts";

/** What posted documents say of one order. */
interface Posted {
  /** The order's id; of an order without invoice that of its first shipment. */
  readonly id: string;
  readonly number: string;
  readonly invoices: readonly RawRow[];
  readonly shipments: readonly RawRow[];
}

/** Those of these orders that were posted, as far as their documents tell. */
export async function postedOrders(
  head: Table,
  ids: readonly string[],
  wanted: Wanted & Pick<ReadOptions, "keys">,
): Promise<Archived[]> {
  const byKey = new Map(
    Object.entries(wanted.keys ?? {}).map(([id, number]) => [number, guid(id)] as const)
      .filter(([, id]) => ids.includes(id)),
  );
  const find = (set: DocumentSet, property: string, values: readonly string[]) =>
    documentsOf(head, set, anyOf(property, values, 600), wanted.signal);
  const byId = await find("salesInvoices", "orderId", ids);
  const named = new Set(byId.map((invoice) => String(invoice["orderNumber"])));
  const others = [...byKey.keys()].filter((number) => !named.has(number));
  const byNumber = await find("salesInvoices", "orderNumber", others.map(quoted));
  const shipments = await find("salesShipments", "orderNumber", [...named, ...others].map(quoted));
  return grouped([...byId, ...byNumber], shipments, byKey).filter(isPosted).map((posted): Archived => {
    const parts = partsOf(posted);
    return {
      id: posted.id,
      data: among(wanted.fields, known(posted)),
      ...(parts === null
        ? {}
        : { parts: parts.map(({ key, data }) => ({ key, data: among(wanted.partFields, data) })) }),
      frozen: reasonOf(posted),
    };
  });
}

/**
 * Posted orders with this correlation, for a creation whose order may have been posted meanwhile. Their rows hold what
 * was sent where the documents say nothing else. Another customer may have the same number for an order of its own, and
 * the same customer for one of earlier years: documents of others, or from before the creation, are not ours. One with
 * other lines may have been changed before it was posted: a person tells.
 */
export async function recallPosted(
  head: Table,
  sent: readonly Correlated[],
  wanted: Wanted & { readonly property: string; readonly since: string },
): Promise<readonly (readonly Recalled[])[]> {
  if (sent.length === 0) return [];
  const { property, signal } = wanted;
  const filters = anyOf(property, [...new Set(sent.map(({ value }) => quoted(value)))], 900);
  const all = {
    invoices: await documentsOf(head, "salesInvoices", filters, signal),
    shipments: await documentsOf(head, "salesShipments", filters, signal),
  };
  const isFound = all.invoices.length + all.shipments.length > 0;
  const numbers = isFound ? await customerNumbers(head, sent.map(({ write }) => write), signal) : new Map();
  const since = Date.parse(wanted.since);
  return sent.map(({ write, value }) => {
    const { customerId } = write.fields;
    const isOwn = (document: RawRow) =>
      isEqual(value, document[property]) && Date.parse(String(document["lastModifiedDateTime"])) >= since &&
      (typeof customerId !== "string" || document["customerNumber"] === numbers.get(guid(customerId)));
    return recalledFrom(
      { invoices: all.invoices.filter(isOwn), shipments: all.shipments.filter(isOwn) },
      write,
      wanted,
    );
  });
}

/** A creation with its correlation. */
export interface Correlated {
  readonly write: Write;
  readonly value: string;
}

function recalledFrom(
  { invoices, shipments }: Pick<Posted, "invoices" | "shipments">,
  write: Write,
  { fields, partFields = [] }: Wanted,
): Recalled[] {
  return grouped(invoices, shipments).map((posted): Recalled => {
    const doubt =
      `the order "${posted.number}" was posted with the number and other lines; cancel the one of the CRM, ` +
      "and if the posted one is another order, enter it anew";
    const parts = partsOf(posted) ?? [];
    const data: Fields = { ...write.fields, ...known(posted) };
    const sent = (write.parts ?? []).map((part): Part => {
      const more = parts.find(({ key }) => key === part.key)?.data ?? {};
      return { key: part.key, data: someOf(partFields, { ...asStored(part), ...more }) };
    });
    return {
      id: posted.id,
      version: "",
      modifiedAt: null,
      data: someOf(fields, data),
      frozen: reasonOf(posted),
      ...(write.parts === undefined ? {} : { parts: sent }),
      ...(isAsSent(posted, write.parts ?? []) ? {} : { doubt }),
    };
  });
}

/** Whether all posted lines are among those that were sent; what was not shipped yet is in no document. */
function isAsSent({ invoices, shipments }: Posted, sent: readonly PartWrite[]): boolean {
  const known = new Set(sent.map(({ key }) => key));
  return [...linesOf(invoices), ...withoutUndone(shipments, known)].every(({ key, object }) =>
    object === null || sent.some((part) => part.key === key && soldBy(part.fields) === object)
  );
}

/** The numbers that posted documents know customers by, by id: shipments have no customer's id. */
async function customerNumbers(
  { list }: Table,
  writes: readonly Write[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const ids = writes.map(({ fields }) => fields["customerId"]).filter((id) => typeof id === "string");
  const numbers = new Map<string, string>();
  for (const $filter of anyOf("id", [...new Set(ids.map(guid))], 600)) {
    for (const customer of await list("customers" + queryOf({ $select: "id,number", $filter }), { signal })) {
      numbers.set(idOf(customer), String(customer["number"]));
    }
  }
  return numbers;
}

function asStored({ key, fields }: PartWrite): Fields {
  const lineObject = soldBy(fields) ?? null;
  return { sequence: Number(key), comment: lineObject === null, ...fields, lineObject };
}

/**
 * Documents by the order that they come from; those that people made without an order are no order's. `byKey`: ids of
 * orders by their number.
 */
function grouped(
  invoices: readonly RawRow[],
  shipments: readonly RawRow[],
  byKey: ReadonlyMap<string, string> = new Map(),
): Posted[] {
  const numbers = new Set([...invoices, ...shipments].map((document) => textOf(document["orderNumber"])));
  numbers.delete(null);
  return [...numbers as Set<string>].map((number): Posted => {
    const isOf = (document: RawRow) => document["orderNumber"] === number;
    const own = { invoices: invoices.filter(isOf), shipments: shipments.filter(isOf) };
    const ids = own.invoices.map((invoice) => invoice["orderId"]).filter((id) => typeof id === "string");
    const id = byKey.get(number) ?? ids.find((one) => one !== zeroGuid) ?? (own.shipments[0] ?? own.invoices[0]!)["id"];
    return { id: String(id).toLowerCase(), number, ...own };
  });
}

/** A shipment that was undone has lines that take back the others: nothing was posted then. */
function isPosted({ invoices, shipments }: Posted): boolean {
  return invoices.length > 0 || [...balanceOf({ invoices, shipments })].some(([, quantity]) => quantity !== 0n);
}

function reasonOf({ number, invoices, shipments }: Posted): string {
  const [kind, documents] = invoices.length > 0 ? ["invoice", invoices] as const : ["shipment", shipments] as const;
  const names = documents.map((document) => `"${document["number"]}"`).join(", ");
  return `The order "${number}" was posted as ${kind} ${names}, ` +
    (kind === "invoice" ? "" : "its invoice does not name it, ") + "nobody can write it any more";
}

function known(posted: Posted): Fields {
  const { number, invoices, shipments } = posted;
  const first = invoices[0] ?? shipments[0]!;
  const days = shipments.map((shipment) => String(shipment["postingDate"])).toSorted();
  const open = notInvoiced(posted);
  const isInvoiced = open.length === 0 || open.some((object) => object.startsWith("Item "));
  const total = (property: string): Fields => {
    return invoices.length === 0 ? {} : { [property]: added(invoices.map((invoice) => String(invoice[property]))) };
  };
  return {
    number,
    externalDocumentNumber: textOf(first["externalDocumentNumber"]),
    customerName: textOf(first["customerName"]),
    ...total("totalAmountExcludingTax"),
    ...total("totalAmountIncludingTax"),
    fullyShipped: true,
    ...(days.length === 0 ? {} : { lastShipmentDate: days.at(-1)! }),
    state: isInvoiced ? "Invoiced" : "Partly Invoiced",
  };
}

/** What was shipped, "Item 1896-S", of which more went out than the order's own invoices have. */
function notInvoiced(posted: Posted): string[] {
  return [...balanceOf(posted)].filter(([, quantity]) => quantity > 0n).map(([object]) => object);
}

/** How much more of each object was shipped than invoiced, in units of the last place that is kept. */
function balanceOf({ invoices, shipments }: Pick<Posted, "invoices" | "shipments">): ReadonlyMap<string, bigint> {
  const left = new Map<string, bigint>();
  for (const [sign, documents] of [[1n, shipments], [-1n, invoices]] as const) {
    for (const { object, quantity } of linesOf(documents)) {
      if (object !== null) left.set(object, (left.get(object) ?? 0n) + sign * scaled(quantity));
    }
  }
  return left;
}

/** Shipped and invoiced quantities by line; null where a sequence means different objects, which no posting makes. */
function partsOf({ invoices, shipments }: Posted): Part[] | null {
  const byKey = new Map<string, { object: string | null; shipped: string[]; invoiced: string[] }>();
  const invoiced = linesOf(invoices);
  const shipped = withoutUndone(shipments, new Set(invoiced.map(({ key }) => key)));
  for (const [kind, lines] of [["shipped", shipped], ["invoiced", invoiced]] as const) {
    for (const { key, object, quantity } of lines) {
      const met = byKey.get(key) ?? { object, shipped: [], invoiced: [] };
      if (met.object !== object) return null;
      met[kind].push(quantity);
      byKey.set(key, met);
    }
  }
  return [...byKey].map(([key, { shipped, invoiced }]) => {
    // Without an invoice of its own nothing says how much of a line was invoiced.
    const known = invoices.length === 0 ? {} : { invoicedQuantity: added(invoiced) };
    return { key, data: { shippedQuantity: added(shipped), ...known } };
  });
}

const places = 5;
/** Units of the last place that is kept. */
function scaled(decimal: string): bigint {
  const [whole = "0", part = ""] = canonical(decimal).split(".");
  return BigInt(whole + part.slice(0, places).padEnd(places, "0"));
}
/** The exact sum of decimals. */
function added(decimals: readonly string[]): string {
  const sum = decimals.reduce((so, decimal) => so + scaled(decimal), 0n);
  const digits = String(sum < 0n ? -sum : sum).padStart(places + 1, "0");
  return canonical(`${sum < 0n ? "-" : ""}${digits.slice(0, -places)}.${digits.slice(-places)}`);
}

/** Those of these fields that are known. */
function among(names: readonly string[] = [], data: Fields): Fields {
  return Object.fromEntries(Object.entries(data).filter(([name]) => names.includes(name)));
}
function textOf(value: unknown): string | null {
  return withoutBlank({ kind: "text", nullable: true }, value ?? "") as string | null;
}
