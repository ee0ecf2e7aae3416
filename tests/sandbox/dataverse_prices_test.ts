import { assertEquals } from "@std/assert";
import { refusal } from "./client.ts";
import { amounts, bind, createProduct, openShop, patch, post, type Shop } from "./dataverse_shop.ts";

const item = ({ list, product, dozen }: Shop, more: Readonly<Record<string, unknown>> = {}) => ({
  amount: 27.994,
  "pricelevelid@odata.bind": bind("pricelevels", list),
  "productid@odata.bind": bind("products", product),
  "uomid@odata.bind": bind("uoms", dozen),
  ...more,
});

Deno.test("a price list item takes number, unit group and currency from product and list", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("productpricelevels", item(shop));
  const row = await client.get(`productpricelevels(${id})`);
  assertEquals(
    [row.productnumber, row._uomscheduleid_value, row._transactioncurrencyid_value, row.pricingmethodcode],
    ["P-1", shop.group, shop.currency, 1],
  );
  assertEquals(await amounts(client, `productpricelevels(${id})`, "amount amount_base"), ["27.9900", "27.9900"]);
  assertEquals([row.statecode, row._ownerid_value], [undefined, undefined]);
});

Deno.test("a price list has one price for a product in a unit, and keeps its items", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("productpricelevels", item(shop));
  assertEquals(await refusal(await client.crm("productpricelevels", post(item(shop)))), [412, "0x80040237"]);
  const other = await client.create("pricelevels", { name: "Retail" });
  const moved = { "pricelevelid@odata.bind": bind("pricelevels", other) };
  assertEquals(await refusal(await client.crm(`productpricelevels(${id})`, patch(moved))), [400, "0x80048d19"]);
  assertEquals(await refusal(await client.crm(`productpricelevels(${id})`, patch({ productnumber: "P-2" }))), [
    400,
    "0x80048d19",
  ]);
  assertEquals((await client.crm(`productpricelevels(${id})`, patch({ amount: 30 }))).status, 204);
  const lists = await client.get(`pricelevels(${shop.list})?$expand=price_level_product_price_levels($select=amount)`);
  assertEquals(
    lists.price_level_product_price_levels.map((row: { amount: number }) => row.amount),
    [2.5, 30],
  );
  await client.crm(`pricelevels(${shop.list})`, { method: "DELETE" });
  assertEquals((await client.get("productpricelevels")).value, []);
});

const units: readonly (readonly [what: string, more: (shop: Shop) => Promise<Record<string, unknown>>])[] = [
  ["a unit of another group", async ({ client }) => {
    const group = await client.create("uomschedules", { name: "Hours", baseuomname: "Hour" });
    const { value } = await client.get(`uoms?$filter=_uomscheduleid_value eq ${group}`);
    return { "uomid@odata.bind": bind("uoms", value[0].uomid) };
  }],
  ["no amount", () => Promise.resolve({ amount: null })],
  ["no list", () => Promise.resolve({ "pricelevelid@odata.bind": null })],
];
for (const [what, more] of units) {
  Deno.test(`a price list item is refused with ${what}`, async () => {
    await using shop = await openShop();
    const body = item(shop, await more(shop));
    assertEquals(await refusal(await shop.client.crm("productpricelevels", post(body))), [400, "0x80040203"]);
  });
}

Deno.test("a price list keeps its currency, and its items have no other", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const euro = await client.create("transactioncurrencies", {
    ...{ isocurrencycode: "EUR", currencyname: "Euro", currencysymbol: "€" },
    ...{ currencyprecision: 2, currencytype: 0, exchangerate: 0.8 },
  });
  const inEuro = { "transactioncurrencyid@odata.bind": bind("transactioncurrencies", euro) };
  assertEquals(await refusal(await client.crm(`pricelevels(${shop.list})`, patch(inEuro))), [400, "0x80048d19"]);
  const list = await client.create("pricelevels", { name: "Europe", ...inEuro });
  const id = await client.create(
    "productpricelevels",
    item(shop, { amount: 20, "pricelevelid@odata.bind": bind("pricelevels", list) }),
  );
  assertEquals(await amounts(client, `productpricelevels(${id})`, "amount amount_base"), ["20.0000", "25.0000"]);
  const dollars = { "transactioncurrencyid@odata.bind": bind("transactioncurrencies", shop.currency) };
  assertEquals(await refusal(await client.crm(`productpricelevels(${id})`, patch(dollars))), [400, "0x80040203"]);
});

Deno.test("price lists take bulk messages; units, currencies and prices take none", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const create = (set: string, logical: string, row: Record<string, unknown>) =>
    client.crm(
      `${set}/Microsoft.Dynamics.CRM.CreateMultiple`,
      post({ Targets: [{ "@odata.type": `Microsoft.Dynamics.CRM.${logical}`, ...row }] }),
    );
  assertEquals((await create("pricelevels", "pricelevel", { name: "A" })).status, 200);
  const refused = [
    await create("productpricelevels", "productpricelevel", item(shop)),
    await create("uoms", "uom", { name: "B" }),
    await create("transactioncurrencies", "transactioncurrency", { isocurrencycode: "EUR" }),
  ];
  for (const answer of refused) assertEquals(await refusal(answer), [404, "0x8006088a"]);
});

Deno.test("a unit stays in its group; the base unit stays one and is not deleted alone", async () => {
  await using shop = await openShop();
  const { client, piece, dozen } = shop;
  assertEquals(await refusal(await client.crm(`uoms(${piece})`, patch({ quantity: 2 }))), [400, "0x80040203"]);
  assertEquals(await refusal(await client.crm(`uoms(${piece})`, { method: "DELETE" })), [400, "0x80040203"]);
  assertEquals((await client.crm(`uoms(${dozen})`, patch({ name: "DZ", quantity: 12 }))).status, 204);
  const other = await client.create("uomschedules", { name: "Hours", baseuomname: "Hour" });
  const moved = { "uomscheduleid@odata.bind": bind("uomschedules", other) };
  assertEquals(await refusal(await client.crm(`uoms(${dozen})`, patch(moved))), [400, "0x80048d19"]);
  assertEquals((await client.crm(`uoms(${dozen})`, { method: "DELETE" })).status, 204);
});

const states: readonly (readonly [way: readonly number[], status: number])[] = [
  [[0], 204],
  [[0, 1], 204],
  [[0, 1, 0], 204],
  [[0, 3, 0], 204],
  [[1], 400],
  [[0, 2], 400],
  [[0, 1, 2], 400],
  [[0, 1, 3], 400],
];
for (const [way, status] of states) {
  Deno.test(`a product goes from draft by the states ${way.join(", ")}: ${status}`, async () => {
    await using shop = await openShop();
    const id = await createProduct(shop, "P-2");
    const answers = [];
    for (const statecode of way) answers.push((await shop.client.crm(`products(${id})`, patch({ statecode }))).status);
    assertEquals(answers, [...way.slice(1).map(() => 204), status]);
  });
}

Deno.test("a product has a default price list only once it is there, and the list stays active", async () => {
  await using shop = await openShop();
  const { client, list, product } = shop;
  const withList = { "pricelevelid@odata.bind": bind("pricelevels", list) };
  assertEquals((await client.crm(`products(${product})`, patch(withList))).status, 204);
  const row = await client.get(`products(${product})?$expand=pricelevelid($select=name)`);
  assertEquals([row._pricelevelid_value, row.pricelevelid.name], [list, "Retail"]);
  assertEquals(await refusal(await client.crm(`pricelevels(${list})`, patch({ statecode: 1 }))), [400, "0x80040203"]);
  const other = await client.create("pricelevels", { name: "Old" });
  assertEquals((await client.crm(`pricelevels(${other})`, patch({ statecode: 1 }))).status, 204);
  assertEquals((await client.get(`pricelevels(${other})`)).statuscode, 100002);
  const body = { ...withList, name: "P-2", productnumber: "P-2", quantitydecimal: 2 };
  assertEquals(await refusal(await client.crm("products", post(body))), [400, "0x80048d19"]);
});
