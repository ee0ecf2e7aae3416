/** A company that sells chairs, for tests of orders: the connector's handle, and what somebody does at the desk. */
import { bc } from "../../connectors/business_central/entities.ts";
import type { AnyEntity, Fields, Opened, Outcome, Page, PartWrite, Row, Write } from "../../connectors/connector.ts";
import { okRow, startWorld as startCompany, type World } from "./business_central_world.ts";

const head: AnyEntity = bc.salesOrders;
export const standard = Object.keys(head.fields).filter((field) => head.fields[field]!.needs === undefined);
export const lineFields = Object.keys(bc.salesOrderLines.fields);
export const wanted = { fields: standard, partFields: lineFields };

export interface Shop extends World {
  readonly orders: Opened;
  readonly customerId: string;
  readonly item: Record<string, unknown>;
  /** What somebody does with an order on its own page in Business Central. */
  desk(row: Row, action: string, lines?: Record<string, string>): Promise<void>;
}

/** A company with a customer, an item for 12.345 a box, and G/L account 6110. */
export async function startShop(options: { extension?: boolean } = {}): Promise<Shop> {
  const world = await startCompany(options);
  await world.post("unitsOfMeasure", { code: "BOX", displayName: "Box" });
  const customer = await world.post("customers", { displayName: "Sól ehf.", city: "Akureyri" });
  const item = await world.post("items", { displayName: "Chair", unitPrice: 12.345, baseUnitOfMeasureCode: "BOX" });
  return Object.assign(world, {
    orders: world.connector.open(bc.salesOrders, bc.salesOrderLines),
    customerId: String(customer["id"]),
    item,
    async desk(row: Row, action: string, lines?: Record<string, string>) {
      const path = `/sandbox/business_central/orders/${row.data["number"]}/${action}`;
      await world.post(path, lines === undefined ? {} : { lines });
    },
  });
}

export function line(key: number, fields: Fields): PartWrite {
  return { op: "create", key: String(key), fields };
}
export function order(fields: Fields, parts: readonly PartWrite[] = []): Write {
  return { op: "create", id: null, version: null, fields, parts };
}
export function change(row: Row, fields: Fields, parts: readonly PartWrite[] = []): Write {
  return { op: "update", id: row.id, version: row.version, fields, parts };
}
/** Creates an order of the shop's customer: of three chairs, with the number PO, if nothing else is said. */
export async function create(shop: Shop, fields: Fields = {}, parts?: readonly PartWrite[]): Promise<Row> {
  const chairs = [line(10000, { lineObject: `Item ${shop.item["number"]}`, quantity: "3" })];
  const [outcome] = await shop.orders.write(
    [order({ customerId: shop.customerId, externalDocumentNumber: "PO", ...fields }, parts ?? chairs)],
    wanted,
  );
  return okRow(outcome);
}
export async function some(shop: Shop, ...ids: readonly string[]): Promise<Page> {
  const pages = await Array.fromAsync(shop.orders.read({ ...wanted, ids }));
  return {
    rows: pages.flatMap(({ rows }) => rows),
    deleted: pages.flatMap(({ deleted }) => deleted),
    left: pages.flatMap(({ left }) => left),
    archived: pages.flatMap(({ archived = [] }) => archived),
    kind: pages[0]!.kind,
    cursor: null,
  };
}
export function partsOf(row: Row | undefined): Record<string, Fields> {
  return Object.fromEntries((row?.parts ?? []).map(({ key, data }) => [key, data]));
}
export function refusedBy(outcome: Outcome | undefined): readonly [string, string | undefined] {
  if (outcome?.kind !== "refused") throw new Error(`not refused: ${JSON.stringify(outcome)}`);
  return [outcome.code, outcome.field];
}
