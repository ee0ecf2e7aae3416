/** Orders of the small company, as people make and look at them on either side. */
import { openWorld, type People, type Row, type World, type WorldOptions } from "./order_world.ts";

export type Lines = Row & { readonly lines: Row[] };

/** The small company, synchronized once, with stock of what the orders sell. */
export async function openShop(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  for (const number of ["V101", "V102"]) {
    const [item] = await world.erp(`items?$filter=number eq '${number}'`);
    await world.asErpUser("PATCH", `items(${item!["id"]})`, { inventory: 1_000 });
  }
  await world.sync();
  return world;
}

/** A submitted order in the CRM: V101, V102, work that is written in, and freight. Gives its id. */
export async function submit(world: People, number: string): Promise<string> {
  const [account] = await world.crm("accounts?$filter=accountnumber eq 'K101'");
  const [list] = await world.crm("pricelevels");
  const id = await world.asCrmUser("POST", "salesorders", {
    ...{ name: number, ordernumber: number, freightamount: 19.9 },
    "customerid_account@odata.bind": `/accounts(${account!["accountid"]})`,
    "pricelevelid@odata.bind": `/pricelevels(${list!["pricelevelid"]})`,
  });
  for (const [product, quantity] of [["V101", 10], ["V102", 4]] as const) await addLine(world, id, product, quantity);
  await world.asCrmUser("POST", "salesorderdetails", {
    "salesorderid@odata.bind": `/salesorders(${id})`,
    ...{ isproductoverridden: true, productdescription: "Fitting on site" },
    ...{ quantity: 2, priceperunit: 45.25, ispriceoverridden: true },
  });
  await world.asCrmUser("PATCH", `salesorders(${id})`, { statecode: 1 });
  return id;
}

/** A line of an active order in the CRM, at the price of its list. */
export async function addLine(world: People, order: string, product: string, quantity: number): Promise<string> {
  const [row] = await world.crm(`products?$filter=productnumber eq '${product}'`);
  return await world.asCrmUser("POST", "salesorderdetails", {
    "salesorderid@odata.bind": `/salesorders(${order})`,
    "productid@odata.bind": `/products(${row!["productid"]})`,
    "uomid@odata.bind": `/uoms(${row!["_defaultuomid_value"]})`,
    quantity,
  });
}

/** An order of the CRM. */
export async function crmOrder(world: People, id: string): Promise<Lines> {
  const [row] = await world.crm(`salesorders?$filter=salesorderid eq ${id}`);
  const lines = await world.crm(`salesorderdetails?$filter=_salesorderid_value eq ${id}&$orderby=lineitemnumber`);
  const numbers = new Map((await world.crm("products")).map((one) => [one["productid"], one["productnumber"]]));
  return { ...row!, lines: lines.map((line) => ({ ...line, product: numbers.get(line["_productid_value"]) ?? null })) };
}

/** The orders of the ERP that have this external document number. */
export async function erpOrders(world: People, number: string): Promise<Lines[]> {
  const rows = await world.erp(`salesOrders?$filter=externalDocumentNumber eq '${number}'&$expand=salesOrderLines`);
  return rows.map((row) => ({ ...row, lines: row["salesOrderLines"] as Row[] }));
}

/** The order of the ERP that has this external document number; throws where there is none, or several. */
export async function erpOrder(world: People, number: string): Promise<Lines & { readonly number: string }> {
  const [row, ...others] = await erpOrders(world, number);
  if (row === undefined || others.length > 0) {
    throw new Error(`There are ${others.length + (row ? 1 : 0)} of ${number}`);
  }
  return row as Lines & { readonly number: string };
}

/** Lines as "what × quantity @ price", of either side. */
export function linesOf({ lines }: Lines): string[] {
  return lines.map((line) =>
    `${line["lineObjectNumber"] ?? line["product"] ?? line["productdescription"]} × ${line["quantity"]} @ ` +
    `${line["unitPrice"] ?? line["priceperunit"]}`
  );
}

/** Where the extension's pages are, for what people send to the ERP. */
export function extensionPath({ sandbox }: World): string {
  return `../../tenging/integration/v1.0/companies(${sandbox.companyId})/`;
}
