/** Reading orders with their lines: all of them each time, or some. */
import { createHash } from "node:crypto";
import type { Page, Part, ReadOptions, Row } from "../connector.ts";
import { decodeName, encodeName } from "../blanks.ts";
import { later } from "../later.ts";
import { anyOf, guid, one, pages, queryOf, quoted, type RawRow } from "../odata.ts";
import { withAllLines } from "./expanded.ts";
import { orMissing } from "./extension_missing.ts";
import type { Orders, Wanted } from "./order.ts";
import { postedOrders } from "./order_posted.ts";
import { extensionFields } from "./order_view.ts";
import { cursorOf, parseCursor } from "./reading.ts";
import { readIds } from "./reading_ids.ts";
import { isKnown } from "./stamps.ts";
import { decimalsIn, idOf, mapRows, modifiedAt, selectOf, type Table, withFilter } from "./table.ts";

/** Orders of one answer: each comes with its lines, which the service's own limit of rows does not count. */
const ordersAPage = 1_000;

/** All that is known of a line, whatever was asked for: a version of the order speaks of it. */
const lineProperties = [
  ...["sequence", "lineType", "lineObjectNumber", "description", "unitOfMeasureCode", "quantity", "unitPrice"],
  ...["discountAmount", "amountExcludingTax", "shipmentDate", "shippedQuantity", "invoicedQuantity", "documentId"],
];

/**
 * Pages as the contract asks. An order's stamp says nothing of its lines, so all orders are read each time; a posted
 * one is gone from the page, which is told where ids are asked for.
 */
export async function* readOrders(orders: Orders, options: ReadOptions): AsyncGenerator<Page> {
  if (options.only === "ids") return yield* readOrderIds(orders, options);
  if (options.ids !== undefined) return yield* readSome(orders, options, options.ids);
  const { head } = orders;
  head.forget();
  const cursor = options.since === undefined ? null : parseCursor(options.since);
  let latest = cursor?.modified ?? null;
  let isFirst = true;
  const join = joiner(orders, options, true);
  for await (const page of rawPages(orders, options, undefined)) {
    const raws = await join(page.rows);
    for (const raw of raws) latest = later(latest, modifiedAt(raw));
    // Who could ask for changes would still send one request.
    const isOpen = raws.every((raw) => isKnown(cursor?.modified ?? null, modifiedAt(raw)));
    if (!isFirst && isOpen) head.http.countAs("documents");
    isFirst = false;
    const next = page.last ? cursorOf({ modified: latest }) : null;
    yield { ...await rowsOf(orders, raws, options), deleted: [], kind: "full", cursor: next };
  }
}

async function* readSome(orders: Orders, options: ReadOptions, ids: readonly string[]): AsyncGenerator<Page> {
  const missing = new Set(ids.map(guid));
  const join = joiner(orders, options, false);
  for (const chain of anyOf("id", [...missing], addressOf(orders, options).length)) {
    for await (const page of rawPages(orders, options, chain)) {
      for (const raw of page.rows) missing.delete(idOf(raw));
      const rows = await rowsOf(orders, await join(page.rows), options);
      yield { ...rows, deleted: [], kind: "some", cursor: null };
    }
  }
  const archived = missing.size === 0 ? [] : await postedOrders(orders.head, [...missing], options);
  for (const { id } of archived) missing.delete(id);
  yield { rows: [], left: [], deleted: [...missing], archived, kind: "some", cursor: null };
}

/** A filter on the state needs what the extension's page says of it. */
async function* readOrderIds(orders: Orders, options: ReadOptions): AsyncGenerator<Page> {
  orders.head.forget();
  const join = joiner(orders, { ...options, fields: withFilter(orders.head, []) }, true);
  yield* readIds(orders.head, { ...options, join });
}

/** Orders with one of these values in a property, as {@link findOrders} gives them, in as few requests as there can be. */
export async function findOrdersBy(
  orders: Orders,
  by: { readonly property: string; readonly literals: readonly string[] },
  wanted: Wanted,
): Promise<Row[]> {
  const found: Row[] = [];
  for (const chain of anyOf(by.property, [...new Set(by.literals)], addressOf(orders, wanted).length)) {
    found.push(...await findOrders(orders, chain, wanted));
  }
  return found;
}

/** Orders that fit a filter, mapped; those outside the handle's filter are among them. */
export async function findOrders(orders: Orders, $filter: string, wanted: Wanted): Promise<Row[]> {
  const found: Row[] = [];
  const join = joiner(orders, wanted, false);
  for await (const page of rawPages(orders, wanted, $filter)) {
    found.push(...await allRowsOf(orders, await join(page.rows), wanted));
  }
  return found;
}

/** One order as its page has it now, with its lines; null where there is none. */
export async function currentOrder(orders: Orders, id: string, wanted: Wanted): Promise<RawRow | null> {
  const { head } = orders;
  const path = `${head.company}${head.entity.name}(${guid(id)})${queryFor(orders, wanted, undefined)}`;
  return await one(head.http, path, { decimals: decimalsOf(orders), signal: wanted.signal });
}

/** Orders as their page has them now, by id, in as few requests as there can be; those that are gone are left out. */
export async function currentOrders(
  orders: Orders,
  ids: readonly string[],
  wanted: Wanted,
): Promise<ReadonlyMap<string, RawRow>> {
  const found = new Map<string, RawRow>();
  for (const chain of anyOf("id", ids, addressOf(orders, wanted).length)) {
    for await (const page of rawPages(orders, wanted, chain)) {
      for (const raw of page.rows) found.set(idOf(raw), raw);
    }
  }
  return found;
}

/** The rows of such orders, one for each, whether they lie in the handle's filter or not. Throws as mapping does. */
export async function orderRows(orders: Orders, raws: readonly RawRow[], wanted: Wanted): Promise<Row[]> {
  return await allRowsOf(orders, await joiner(orders, wanted, false)(raws), wanted);
}

/** The lines that stand in an order's answer. */
export function linesOf(raw: RawRow): readonly RawRow[] {
  const lines = raw[linesName];
  return Array.isArray(lines) ? (lines as RawRow[]).toSorted(bySequence) : [];
}
const linesName = "salesOrderLines";
function bySequence(one: RawRow, other: RawRow): number {
  return Number(one["sequence"]) - Number(other["sequence"]);
}

/** What a line holds, as text: equal while nobody changed it. Its ETag also moves when a discount is spread anew. */
export function contentOf(line: RawRow): string {
  return JSON.stringify(lineProperties.map((property) => line[property] ?? null));
}

/** The version of a document: that of its head, its state, and what its lines hold. */
export function versionOf(orders: Orders, raw: RawRow): string {
  const etag = String(raw["@odata.etag"]);
  if (orders.lines === null) return etag;
  const lines = createHash("sha256").update(linesOf(raw).map(contentOf).join("\n")).digest("hex").slice(0, 20);
  return `${etag} ${encodeName(decodeName(String(raw["status"])))} ${lines}`;
}

async function rowsOf(
  orders: Orders,
  raws: readonly RawRow[],
  wanted: Wanted,
): Promise<{ rows: Row[]; left: string[] }> {
  const { head, lines } = orders;
  const mapped = await mapRows(head, raws, wanted.fields);
  if (lines === null) return mapped;
  const byId = new Map(raws.map((raw) => [idOf(raw), raw]));
  const chosen = mapped.rows.map((row) => byId.get(row.id)!);
  const all = (await mapRows(lines, chosen.flatMap(linesOf), wanted.partFields ?? [])).rows;
  let at = 0;
  const rows = mapped.rows.map((row, position): Row => {
    const raw = chosen[position]!;
    const parts = linesOf(raw).map((line): Part => ({ key: String(line["sequence"]), data: all[at++]!.data }));
    return { ...row, version: versionOf(orders, raw), parts };
  });
  return { rows, left: mapped.left };
}

async function allRowsOf(orders: Orders, raws: readonly RawRow[], wanted: Wanted): Promise<Row[]> {
  const { head } = orders;
  const anywhere = { ...head, entity: { ...head.entity, filter: {} } };
  return (await rowsOf({ ...orders, head: anywhere }, raws, wanted)).rows;
}

/** Adds to rows what other pages say of them, as far as it is wanted. */
function joiner(orders: Orders, wanted: Wanted, whole: boolean): (rows: readonly RawRow[]) => Promise<RawRow[]> {
  const { head } = orders;
  const { signal } = wanted;
  const more = extensionFields.filter((field) => wanted.fields.includes(field));
  const asked = [...more, ...(wanted.fields.includes("state") ? ["status"] : [])];
  const expanded = { lines: linesName, decimals: decimalsOf(orders), signal };
  let all: Promise<ReadonlyMap<string, RawRow>> | null = null;
  return async (rows) => {
    const complete = await Promise.all(rows.map((raw) => withAllLines(head.http, raw, expanded)));
    const extras = head.extension === null || asked.length === 0 || rows.length === 0
      ? new Map<string, RawRow>()
      : whole
      ? await (all ??= extrasOf(head, asked, { filters: [undefined], signal }))
      : await extrasOf(head, asked, { filters: anyOf("id", rows.map(idOf), 600), signal });
    const shipped = complete.filter((raw) => raw["fullyShipped"] === true).map((raw) => String(raw["number"]));
    const dates = wanted.fields.includes("lastShipmentDate") ? await lastShipments(head, shipped, signal) : new Map();
    return complete.map((raw) => {
      const extra = extras.get(idOf(raw));
      const named = more.map((field) => [field, extra?.[field]] as const);
      const tableStatus = extra?.["status"];
      return {
        ...raw,
        ...Object.fromEntries(named),
        tableStatus,
        lastShipmentDate: dates.get(String(raw["number"])) ?? null,
      };
    });
  };
}

async function extrasOf(
  head: Table,
  fields: readonly string[],
  { filters, signal }: {
    readonly filters: readonly (string | undefined)[];
    readonly signal: AbortSignal | undefined;
  },
): Promise<ReadonlyMap<string, RawRow>> {
  const found = new Map<string, RawRow>();
  for (const $filter of filters) {
    for (const raw of await extensionRows(head, { $select: ["id", ...fields].join(), $filter }, signal)) {
      found.set(idOf(raw), raw);
    }
  }
  return found;
}

/** Rows of the extension's page of orders. Throws ServiceError "extension_missing" where the company lacks it. */
export async function extensionRows(
  head: Table,
  query: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<readonly RawRow[]> {
  const rows: RawRow[] = [];
  const headers = { Prefer: `odata.maxpagesize=${head.pageSize}` };
  const options = { headers, counts: "lookups" as const, signal };
  try {
    for await (const page of pages(head.http, `${head.extension}${head.entity.name}${queryOf(query)}`, options)) {
      rows.push(...page.rows);
    }
  } catch (error) {
    throw orMissing(error, head.entity);
  }
  return rows;
}

/** The day of the last posted shipment of these orders, by order number. */
async function lastShipments(
  head: Table,
  numbers: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const days = new Map<string, string>();
  for (const $filter of anyOf("orderNumber", numbers.map(quoted), 600)) {
    const query = queryOf({ $select: "orderNumber,postingDate", $filter });
    for (const shipment of await head.list("salesShipments" + query, { signal })) {
      const number = String(shipment["orderNumber"]);
      const day = String(shipment["postingDate"]);
      if (day > (days.get(number) ?? "")) days.set(number, day);
    }
  }
  return days;
}

function decimalsOf({ head, lines }: Orders): ReadonlySet<string> {
  return lines === null ? decimalsIn(head) : decimalsIn(head).union(decimalsIn(lines));
}

function queryFor(orders: Orders, wanted: Wanted, $filter: string | undefined): string {
  const { head, lines } = orders;
  const properties = selectOf(head, withFilter(head, wanted.fields)).split(",");
  const $select = [...new Set([...properties, "number", "status", "fullyShipped"])].join();
  const $expand = lines === null ? undefined : `${linesName}($select=${["id", ...lineProperties].join()})`;
  return queryOf({ $select, $expand, $filter });
}

function addressOf(orders: Orders, wanted: Wanted): string {
  const { http, company, entity } = orders.head;
  return http.root + company + entity.name + queryFor(orders, wanted, undefined);
}

function rawPages(orders: Orders, wanted: Wanted, $filter: string | undefined): ReturnType<typeof pages> {
  const { http, company, entity, pageSize } = orders.head;
  return pages(http, company + entity.name + queryFor(orders, wanted, $filter), {
    headers: { Prefer: `odata.maxpagesize=${Math.min(pageSize, ordersAPage)}` },
    decimals: decimalsOf(orders),
    signal: wanted.signal,
  });
}
