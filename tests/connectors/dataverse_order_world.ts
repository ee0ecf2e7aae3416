/** The sandbox's CRM with what orders need: an account, a unit group, products, a price list. */
import type { Fields, Opened, PartWrite, Row, Write } from "../../connectors/connector.ts";
import type { Dataverse } from "../../connectors/dataverse/client.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { openWorld, type World } from "./dataverse_world.ts";

export interface OrderWorld extends World {
  readonly account: string;
  readonly unit: string;
  readonly list: string;
  /** An active product that costs 100 by the list. */
  readonly product: string;
  /** A product that is retired. */
  readonly retired: string;
  readonly orders: Opened;
}

export const headFields = [
  ...["ordernumber", "name", "customerid", "statecode", "freightamount", "totalamount", "totalexcludingtax"],
  ...["requestdeliveryby", "description", "datefulfilled"],
];
export const partFields = [
  ...["productid", "productdescription", "uomid", "quantity", "priceperunit", "manualdiscountamount", "linediscount"],
  ...["extendedamount", "quantityshipped", "lineitemnumber", "isfreight", "linetype", "isproductoverridden"],
];
export const wanted = { fields: headFields, partFields };

export function openOrders(crm: Dataverse): Opened {
  return crm.open(dv.salesOrders, dv.salesOrderLines);
}

export async function openOrderWorld(): Promise<OrderWorld> {
  const world = await openWorld();
  const account = await world.add("accounts", { name: "Árvakur hf.", customertypecode: 3 });
  const group = await world.add("uomschedules", { name: "PCS", baseuomname: "PCS" });
  const unit = await unitOf(world, group);
  const [currency] = (await world.api("GET", "transactioncurrencies"))["value"] as { transactioncurrencyid: string }[];
  const list = await world.add("pricelevels", {
    name: "Retail",
    "transactioncurrencyid@odata.bind": `/transactioncurrencies(${currency!.transactioncurrencyid})`,
  });
  const product = await addProduct(world, { productnumber: "1896-S", name: "ATHENS Desk", group, unit });
  const retired = await addProduct(world, { productnumber: "1900-S", name: "PARIS Chair", group, unit });
  await world.add("productpricelevels", {
    "pricelevelid@odata.bind": `/pricelevels(${list})`,
    "productid@odata.bind": `/products(${product})`,
    "uomid@odata.bind": `/uoms(${unit})`,
    amount: 100,
  });
  for (const id of [product, retired]) {
    await world.api("PATCH", `products(${id})`, { statecode: 0, statuscode: 1 });
  }
  await world.api("PATCH", `products(${retired})`, { statecode: 1, statuscode: 2 });
  return Object.assign(world, { account, unit, list, product, retired, orders: openOrders(world.crm) });
}

export async function unitOf(world: World, group: string): Promise<string> {
  const units = (await world.api("GET", `uoms?$filter=_uomscheduleid_value eq ${group}`))["value"] as {
    uomid: string;
  }[];
  return units[0]!.uomid;
}

function addProduct(
  world: World,
  { productnumber, name, group, unit }: Record<"productnumber" | "name" | "group" | "unit", string>,
): Promise<string> {
  return world.add("products", {
    productnumber,
    name,
    productstructure: 1,
    quantitydecimal: 2,
    "defaultuomscheduleid@odata.bind": `/uomschedules(${group})`,
    "defaultuomid@odata.bind": `/uoms(${unit})`,
  });
}

/** The n-th id of a line that tests choose. */
export function line(n: number): string {
  return `bbbbbbbb-0000-5000-8000-${String(n).padStart(12, "0")}`;
}
export function part(op: PartWrite["op"], key: string, fields: Fields = {}): PartWrite {
  return { op, key, fields };
}

/** A new order with a product's line, a line written in, and freight. */
export function newOrder(world: OrderWorld, id: string, fields: Fields = {}): Write {
  return {
    op: "create",
    id,
    version: null,
    fields: { ordernumber: `S-${id.slice(-3)}`, name: "Order", customerid: world.account, statecode: 1, ...fields },
    parts: [
      part("create", line(1), {
        productid: world.product,
        uomid: world.unit,
        quantity: "2",
        priceperunit: "99.5",
        manualdiscountamount: "9",
        lineitemnumber: 1,
      }),
      part("create", line(2), {
        productdescription: "Engraving",
        quantity: "1",
        priceperunit: "20",
        lineitemnumber: 2,
      }),
      part("create", "freight", { priceperunit: "15" }),
    ],
  };
}

export async function writeOrder(orders: Opened, write: Write) {
  const outcomes = await orders.write([write], wanted);
  if (outcomes.length !== 1) throw new Error(`${outcomes.length} outcomes for one write`);
  return outcomes[0]!;
}

/** A row's parts, each by some of its fields. */
export function shown(row: Row, ...fields: readonly string[]): unknown[] {
  return row.parts!.map(({ key, data }) => [key, ...fields.map((field) => data[field])]);
}
