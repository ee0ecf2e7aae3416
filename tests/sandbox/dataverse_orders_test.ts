import { assertEquals, assertMatch } from "@std/assert";
import { type Client, refusal } from "./client.ts";
import { amounts, bind, createProduct, line, openShop, order, patch, post, type Shop } from "./dataverse_shop.ts";

const TOTALS = "totallineitemamount totallineitemdiscountamount totaldiscountamount totalamountlessfreight " +
  "freightamount totaltax totalamount";

async function state(client: Client, id: string): Promise<readonly [number, number]> {
  const row = await client.get(`salesorders(${id})?$select=statecode,statuscode`);
  return [row.statecode, row.statuscode];
}

function end(client: Client, action: string, id: string, more: Readonly<Record<string, unknown>> = {}) {
  const close = { subject: "Sent", "salesorderid@odata.bind": bind("salesorders", id) };
  return client.crm(action, post({ OrderClose: close, Status: -1, ...more }));
}

Deno.test("an order is numbered, its customer's, in the currency of its list, and new", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop));
  const row = await client.get(`salesorders(${id})`);
  assertMatch(row.ordernumber, /^ORD-01000-[0-9A-F]{6}$/);
  assertEquals([row._customerid_value, row._accountid_value, row._contactid_value], [shop.account, shop.account, null]);
  assertEquals([row._transactioncurrencyid_value, row.statecode, row.statuscode], [shop.currency, 0, 1]);
  assertEquals(row._ownerid_value, (await client.get("WhoAmI")).UserId);
  const named = await client.create("salesorders", order(shop, { ordernumber: "SO-1" }));
  assertEquals((await client.get(`salesorders(${named})`)).ordernumber, "SO-1");
  assertEquals(await refusal(await client.crm("salesorders", post(order(shop, { ordernumber: "so-1" })))), [
    412,
    "0x80040237",
  ]);
  assertEquals(await refusal(await client.crm(`salesorders(${named})`, patch({ ordernumber: "SO-2" }))), [
    400,
    "0x80048d19",
  ]);
});

Deno.test("an order can be a person's", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const contact = await client.create("contacts", { lastname: "C" });
  const body = { name: "A", "customerid_contact@odata.bind": bind("contacts", contact) };
  const row = await client.get(`salesorders(${await client.create("salesorders", body)})`);
  assertEquals([row._customerid_value, row._accountid_value, row._contactid_value], [contact, null, contact]);
  assertEquals(await refusal(await client.crm(`contacts(${contact})`, { method: "DELETE" })), [405, "0x80040227"]);
});

const bodies: readonly (readonly [what: string, more: (shop: Shop) => Promise<Record<string, unknown>>])[] = [
  ["no customer", () => Promise.resolve({ "customerid_account@odata.bind": null })],
  ["an inactive price list", async ({ client, list }) => {
    await client.crm(`pricelevels(${list})`, patch({ statecode: 1 }));
    return {};
  }],
  ["another currency than its list's", async ({ client }) => {
    const euro = await client.create("transactioncurrencies", {
      ...{ isocurrencycode: "EUR", currencyname: "Euro", currencysymbol: "€" },
      ...{ currencyprecision: 2, currencytype: 0, exchangerate: 0.8 },
    });
    return { "transactioncurrencyid@odata.bind": bind("transactioncurrencies", euro) };
  }],
];
for (const [what, more] of bodies) {
  Deno.test(`an order is refused with ${what}`, async () => {
    await using shop = await openShop();
    const body = order(shop, await more(shop));
    assertEquals(await refusal(await shop.client.crm("salesorders", post(body))), [400, "0x80040203"]);
  });
}

for (const name of ["customerid@odata.bind", "customer@odata.bind", "priceLevelId@odata.bind"]) {
  Deno.test(`an order knows no property ${name}`, async () => {
    await using shop = await openShop();
    const body = order(shop, { [name]: bind("accounts", shop.account) });
    assertEquals(await refusal(await shop.client.crm("salesorders", post(body))), [400, "0x80048d19"]);
  });
}

Deno.test("lines cost what the list says, in the cents of the currency, and the order is their sum", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop, { freightamount: 7.1, discountpercentage: 10 }));
  const listed = await client.create("salesorderdetails", line(shop, id, { manualdiscountamount: 0.505, tax: 1.234 }));
  assertEquals(
    await amounts(client, `salesorderdetails(${listed})`, "priceperunit baseamount manualdiscountamount tax"),
    ["2.5000", "10.0000", "0.5100", "1.2300"],
  );
  assertEquals(await amounts(client, `salesorderdetails(${listed})`, "extendedamount pricingerrorcode"), [
    "10.7200",
    "0",
  ]);
  const own = { ispriceoverridden: true, priceperunit: 3.333, quantity: 1.5 };
  const overridden = await client.create("salesorderdetails", line(shop, id, own));
  assertEquals(await amounts(client, `salesorderdetails(${overridden})`, "priceperunit extendedamount"), [
    "3.3300",
    "5.0000",
  ]);
  const written = { isproductoverridden: true, productdescription: "Delivery", quantity: 1, priceperunit: 20 };
  await client.create("salesorderdetails", { ...written, "salesorderid@odata.bind": bind("salesorders", id) });
  assertEquals(await amounts(client, `salesorders(${id})`, TOTALS), [
    ...["34.4900", "0.5100", "3.4500", "31.0400", "7.1000", "1.2300", "39.3700"],
  ]);
  assertEquals((await client.crm(`salesorders(${id})`, patch({ discountamount: 1, freightamount: 0 }))).status, 204);
  assertEquals(await amounts(client, `salesorders(${id})`, "totaldiscountamount totalamount"), ["4.4500", "31.2700"]);
  await client.crm(`salesorderdetails(${overridden})`, { method: "DELETE" });
  assertEquals(await amounts(client, `salesorders(${id})`, "totallineitemamount totalamount"), ["29.4900", "26.7700"]);
});

Deno.test("a price that the list lacks is 0 and an error of line and order, until it is overridden", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop));
  const inDozens = line(shop, id, { "uomid@odata.bind": bind("uoms", shop.dozen), priceperunit: 9 });
  const lineId = await client.create("salesorderdetails", inDozens);
  const errors = async () => [
    ...await amounts(client, `salesorderdetails(${lineId})`, "priceperunit pricingerrorcode"),
    ...await amounts(client, `salesorders(${id})`, "pricingerrorcode totalamount"),
  ];
  assertEquals(await errors(), ["0.0000", "11", "1", "0.0000"]);
  await client.crm(`salesorderdetails(${lineId})`, patch({ ispriceoverridden: true, priceperunit: 9 }));
  assertEquals(await errors(), ["9.0000", "0", "0", "36.0000"]);
});

Deno.test("another price list gives lines other prices, but for overridden ones", async () => {
  await using shop = await openShop();
  const { client, list } = shop;
  const other = await client.create("pricelevels", { name: "Wholesale" });
  await client.create("productpricelevels", {
    amount: 2,
    "pricelevelid@odata.bind": bind("pricelevels", other),
    "productid@odata.bind": bind("products", shop.product),
    "uomid@odata.bind": bind("uoms", shop.piece),
  });
  const lines = [line(shop, null), line(shop, null, { ispriceoverridden: true, priceperunit: 1 })];
  const id = await client.create("salesorders", order(shop, { order_details: lines }));
  assertEquals(await amounts(client, `salesorders(${id})`, "totalamount"), ["14.0000"]);
  await client.crm(`salesorders(${id})`, patch({ "pricelevelid@odata.bind": bind("pricelevels", other) }));
  assertEquals(await amounts(client, `salesorders(${id})`, "totalamount"), ["12.0000"]);
  assertEquals(await refusal(await client.crm(`pricelevels(${other})`, { method: "DELETE" })), [405, "0x80040227"]);
  assertEquals((await client.crm(`pricelevels(${list})`, { method: "DELETE" })).status, 204);
});

Deno.test("a line is refused with a product that can't be sold, or neither product nor description", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop));
  const draft = await createProduct(shop, "P-2");
  const hours = await client.create("uomschedules", { name: "Hours", baseuomname: "Hour" });
  const hour = (await client.get(`uoms?$filter=_uomscheduleid_value eq ${hours}`)).value[0].uomid;
  const refused = [
    line(shop, id, { "productid@odata.bind": bind("products", draft) }),
    line(shop, id, { "uomid@odata.bind": bind("uoms", hour) }),
    line(shop, id, { "uomid@odata.bind": null }),
    line(shop, id, { "productid@odata.bind": null }),
    line(shop, id, { productdescription: "Chair" }),
    line(shop, id, { isproductoverridden: true, productdescription: "Chair" }),
    { "salesorderid@odata.bind": bind("salesorders", id), isproductoverridden: true, quantity: 1 },
    line(shop, null),
  ];
  for (const body of refused) {
    assertEquals(await refusal(await client.crm("salesorderdetails", post(body))), [400, "0x80040203"]);
  }
  const lineId = await client.create("salesorderdetails", line(shop, id));
  assertEquals(await refusal(await client.crm(`salesorderdetails(${lineId})`, patch({ isproductoverridden: true }))), [
    400,
    "0x80048d19",
  ]);
  // A product that is retired afterwards stays on its line, which can still be changed.
  await client.crm(`products(${shop.product})`, patch({ statecode: 1 }));
  assertEquals((await client.crm(`salesorderdetails(${lineId})`, patch({ quantity: 5 }))).status, 204);
  assertEquals(await refusal(await client.crm(`products(${shop.product})`, { method: "DELETE" })), [405, "0x80040227"]);
});

Deno.test("only active orders and their lines are edited", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop, { order_details: [line(shop, null)] }));
  const [row] = (await client.get(`salesorderdetails?$filter=_salesorderid_value eq ${id}`)).value;
  const lineId = row.salesorderdetailid;
  assertEquals((await client.crm(`salesorders(${id})`, patch({ statecode: 1, name: "Tables" }))).status, 204);
  assertEquals(await state(client, id), [1, 3]);
  const refused = [
    await client.crm(`salesorders(${id})`, patch({ name: "Chairs" })),
    await client.crm(`salesorders(${id})`, patch({ statecode: 0, name: "Chairs" })),
    await client.crm(`salesorderdetails(${lineId})`, patch({ quantity: 5 })),
    await client.crm("salesorderdetails", post(line(shop, id))),
    await client.crm(`salesorderdetails(${lineId})`, { method: "DELETE" }),
  ];
  for (const answer of refused) assertEquals(await refusal(answer), [400, "0x80048408"]);
  assertEquals((await client.get(`salesorderdetails(${lineId})`)).salesorderstatecode, 1);
  assertEquals((await client.crm(`salesorders(${id})`, patch({ statecode: 0 }))).status, 204);
  assertEquals((await client.crm(`salesorderdetails(${lineId})`, patch({ quantity: 5 }))).status, 204);
  assertEquals(await amounts(client, `salesorders(${id})`, "totalamount"), ["12.5000"]);
});

Deno.test("fulfilling leaves an orderclose; a fulfilled order can only be invoiced", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop, { ordernumber: "SO-1" }));
  await client.crm(`salesorders(${id})`, patch({ statecode: 1 }));
  assertEquals(await refusal(await client.crm(`salesorders(${id})`, patch({ statecode: 3 }))), [400, "0x80048408"]);
  assertEquals(await refusal(await client.crm(`salesorders(${id})`, patch({ statecode: 4 }))), [400, "0x80048408"]);
  assertEquals(await refusal(await end(client, "FulfillSalesOrder", id, { Status: 3 })), [400, "0x80048408"]);
  assertEquals((await end(client, "FulfillSalesOrder", id)).status, 204);
  assertEquals(await state(client, id), [3, 100001]);
  const closes = (await client.get("ordercloses")).value;
  assertEquals(
    closes.map((row: Record<string, unknown>) => [row._salesorderid_value, row.subject, row.ordernumber]),
    [[id, "Sent", "SO-1"]],
  );
  assertEquals(await refusal(await client.crm(`salesorders(${id})`, patch({ statecode: 0 }))), [400, "0x80048408"]);
  assertEquals(await refusal(await end(client, "CancelSalesOrder", id)), [400, "0x80048408"]);
  assertEquals((await client.crm(`salesorders(${id})`, patch({ statecode: 4 }))).status, 204);
  assertEquals(await state(client, id), [4, 100003]);
  assertEquals((await client.get("ordercloses")).value.length, 1);
});

Deno.test("a canceled order stays canceled", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop));
  assertEquals(await refusal(await client.crm(`salesorders(${id})`, patch({ statecode: 2 }))), [400, "0x80048408"]);
  assertEquals((await end(client, "CancelSalesOrder", id, { Status: 4 })).status, 204);
  assertEquals(await state(client, id), [2, 4]);
  for (const statecode of [0, 1, 4]) {
    assertEquals(await refusal(await client.crm(`salesorders(${id})`, patch({ statecode }))), [400, "0x80048408"]);
  }
  assertEquals(await refusal(await client.crm("FulfillSalesOrder", post({ Status: 3 }))), [400, "0x80048d19"]);
  assertEquals((await client.crm("FulfillSalesOrder")).status, 405);
});

Deno.test("a line changes the version of its order when a total changes, and not else", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop, { order_details: [line(shop, null)] }));
  const lineId = (await client.get("salesorderdetails")).value[0].salesorderdetailid;
  const version = async () => (await client.get(`salesorders(${id})?$select=name`))["@odata.etag"];
  const first = await version();
  await client.crm(`salesorderdetails(${lineId})`, patch({ quantityshipped: 2 }));
  assertEquals(await version(), first);
  await client.crm(`salesorderdetails(${lineId})`, patch({ quantity: 2 }));
  assertEquals(await version() === first, false);
  assertEquals(await refusal(await client.crm(`salesorders(${id})`, patch({ name: "B" }, first))), [412, "0x80060882"]);
});

Deno.test("a deep insert makes an order with its lines or nothing, and $expand shows them", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const bad = order(shop, { order_details: [line(shop, null), line(shop, null, { "uomid@odata.bind": null })] });
  assertEquals(await refusal(await client.crm("salesorders", post(bad))), [400, "0x80040203"]);
  assertEquals((await client.get("salesorders")).value, []);
  const lines = [line(shop, null, { lineitemnumber: 7 }), line(shop, null, { quantity: 1 })];
  const id = await client.create("salesorders", order(shop, { order_details: lines }));
  const expand = "$expand=order_details($select=quantity,lineitemnumber;$orderby=quantity),pricelevelid($select=name)";
  const row = await client.get(`salesorders(${id})?${expand}`);
  assertEquals(
    row.order_details.map((one: Record<string, unknown>) => [one.quantity, one.lineitemnumber]),
    [[1, 8], [4, 7]],
  );
  assertEquals([row.totalamount, row.pricelevelid.name], [12.5, "Retail"]);
  await client.crm(`salesorders(${id})`, { method: "DELETE" });
  assertEquals((await client.get("salesorderdetails")).value, []);
});

Deno.test("totals are kept as given where the price calculation is off, or an order's prices are locked", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create("salesorders", order(shop, { order_details: [line(shop, null)] }));
  assertEquals(await refusal(await client.crm("salesorders", post(order(shop, { totalamount: 1 })))), [
    400,
    "0x80048d19",
  ]);
  const total = () => amounts(client, `salesorders(${id})`, "totalamount");
  await client.crm(`salesorders(${id})`, patch({ totalamount: 99 }));
  assertEquals(await total(), ["10.0000"]);
  await client.control("dataverse", { priceCalculation: false });
  await client.crm(`salesorders(${id})`, patch({ totalamount: 99 }));
  assertEquals(await total(), ["99.0000"]);
  await client.control("dataverse", { priceCalculation: true });
  await client.crm(`salesorders(${id})`, patch({ ispricelocked: true }));
  await client.crm("salesorderdetails", post(line(shop, id)));
  assertEquals(await total(), ["99.0000"]);
  await client.crm(`salesorders(${id})`, patch({ ispricelocked: false }));
  assertEquals(await total(), ["10.0000"]);
  await client.crm("salesorderdetails", post(line(shop, id)));
  assertEquals(await total(), ["20.0000"]);
});

Deno.test("days of an order are instants", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const id = await client.create(
    "salesorders",
    order(shop, { requestdeliveryby: "2026-03-02T00:00:00+01:00", submitdate: "2026-03-01" }),
  );
  const row = await client.get(`salesorders(${id})`);
  assertEquals([row.requestdeliveryby, row.submitdate], ["2026-03-01T23:00:00Z", "2026-03-01T00:00:00Z"]);
  assertEquals((await client.control("dataverse", { timeZone: "Mars/Olympus" })).status, 400);
  await client.control("dataverse", { timeZone: "Europe/Paris" });
  assertEquals((await (await client.control("dataverse")).json()).timeZone, "Europe/Paris");
});

Deno.test("the settings of the user follow the time zone", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const address = `usersettingscollection(${(await client.get("WhoAmI")).UserId})`;
  const biases = "timezonebias,timezonestandardbias,timezonedaylightbias";
  const seen: number[][] = [];
  for (const timeZone of ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]) {
    await client.control("dataverse", { timeZone });
    const row = await client.get(`${address}?$select=${biases}`);
    seen.push(biases.split(",").map((name) => Number(row[name])));
    assertEquals("timezonedaylightmonth" in row, false);
  }
  assertEquals(seen, [[0, 0, 0], [-60, 0, -60], [300, 0, -60], [-330, 0, 0]]);
  const statuses = await Promise.all([
    client.crm(`usersettingscollection(${shop.account})`),
    client.crm(address, { method: "DELETE" }),
    client.crm(`${address}?$select=uilanguageid`),
  ].map(async (answer) => (await answer).status));
  assertEquals(statuses, [404, 405, 501]);
});

Deno.test("days of an order in a column of dates alone are days", async () => {
  await using shop = await openShop();
  const { client } = shop;
  const old = await client.create("salesorders", order(shop, { requestdeliveryby: "2026-03-02T00:00:00Z" }));
  assertEquals((await client.control("dataverse", { dateOnly: { salesorders: ["createdon"] } })).status, 400);
  await client.control("dataverse", { dateOnly: { salesorders: ["requestdeliveryby"] } });
  const instant = post(order(shop, { requestdeliveryby: "2026-03-02T00:00:00Z" }));
  assertEquals((await client.crm("salesorders", instant)).status, 400);
  const id = await client.create("salesorders", order(shop, { requestdeliveryby: "2026-03-02" }));
  for (const one of [old, id]) {
    assertEquals((await client.get(`salesorders(${one})`)).requestdeliveryby, "2026-03-02");
  }
  const dates = "EntityDefinitions(LogicalName='salesorder')/Attributes/" +
    "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior";
  const { value } = await client.get(dates);
  const behaviour = (name: string) =>
    (value as { LogicalName: string; DateTimeBehavior: { Value: string } }[])
      .find(({ LogicalName }) => LogicalName === name)?.DateTimeBehavior.Value;
  assertEquals(["requestdeliveryby", "submitdate"].map(behaviour), ["DateOnly", "UserLocal"]);
});
