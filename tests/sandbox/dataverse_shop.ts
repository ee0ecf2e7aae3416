/** For the tests of prices and orders: a CRM with a product, a price list and a customer. */
import { type Client, openClient } from "./client.ts";

export interface Shop extends AsyncDisposable {
  readonly client: Client;
  readonly group: string;
  /** The group's base unit. */
  readonly piece: string;
  /** Twelve of them. */
  readonly dozen: string;
  /** Active; by the list 2.50 a piece, and nothing for a dozen. */
  readonly product: string;
  readonly list: string;
  readonly account: string;
  /** Of the list: the base currency. */
  readonly currency: string;
}

export const bind = (set: string, id: string) => `/${set}(${id})`;
export const post = (row: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(row) });
export const patch = (row: unknown, version = "*"): RequestInit => ({
  method: "PATCH",
  body: JSON.stringify(row),
  headers: { "If-Match": version },
});

export async function openShop(): Promise<Shop> {
  const client = await openClient();
  const group = await client.create("uomschedules", { name: "Pieces", baseuomname: "Piece" });
  const piece = (await client.get(`uoms?$filter=_uomscheduleid_value eq ${group}`)).value[0].uomid;
  const dozen = await client.create("uoms", {
    name: "Dozen",
    quantity: 12,
    "uomscheduleid@odata.bind": bind("uomschedules", group),
  });
  const list = await client.create("pricelevels", { name: "Retail" });
  const currency = (await client.get(`pricelevels(${list})`))._transactioncurrencyid_value;
  const account = await client.create("accounts", { name: "Fjall", accountnumber: "C1" });
  const product = await createProduct({ client, group, piece }, "P-1");
  await client.create("productpricelevels", {
    amount: 2.5,
    "pricelevelid@odata.bind": bind("pricelevels", list),
    "productid@odata.bind": bind("products", product),
    "uomid@odata.bind": bind("uoms", piece),
  });
  await client.crm(`products(${product})`, patch({ statecode: 0 }));
  const dispose = () => client[Symbol.asyncDispose]();
  return { client, group, piece, dozen, product, list, account, currency, [Symbol.asyncDispose]: dispose };
}

/** A draft in pieces. */
export function createProduct(
  { client, group, piece }: Pick<Shop, "client" | "group" | "piece">,
  number: string,
): Promise<string> {
  return client.create("products", {
    name: number,
    productnumber: number,
    quantitydecimal: 2,
    "defaultuomscheduleid@odata.bind": bind("uomschedules", group),
    "defaultuomid@odata.bind": bind("uoms", piece),
  });
}

/** The body of an order by the list. */
export function order({ account, list }: Shop, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: "Chairs",
    "customerid_account@odata.bind": bind("accounts", account),
    "pricelevelid@odata.bind": bind("pricelevels", list),
    ...more,
  };
}

/** The body of a line with the product in pieces; without an order for a nested one. */
export function line(
  shop: Shop,
  orderId: string | null,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    ...(orderId === null ? {} : { "salesorderid@odata.bind": bind("salesorders", orderId) }),
    "productid@odata.bind": bind("products", shop.product),
    "uomid@odata.bind": bind("uoms", shop.piece),
    quantity: 4,
    ...more,
  };
}

/** Amounts of a row with all their digits, by column. */
export async function amounts(client: Client, path: string, names: string): Promise<string[]> {
  const text = await (await client.crm(path)).text();
  return names.split(" ").map((name) => new RegExp(`"${name}":(-?[\\d.]+|null)`).exec(text)?.[1] ?? "absent");
}
