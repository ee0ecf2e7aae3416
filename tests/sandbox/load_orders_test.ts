import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parse } from "@std/csv";
import { LoadError } from "../../sandbox/load.ts";
import { loadOrders } from "../../sandbox/load_orders.ts";
import type { Sandbox } from "../../sandbox/mod.ts";
import { midnightIn } from "../../sandbox/time_zone.ts";
import { sharedData, sharedTest } from "../shared.ts";
import { type Client, openClient } from "./client.ts";
import { amounts } from "./dataverse_shop.ts";

const HEADS = "number,customerNumber,currencyCode,orderDate,requestedDeliveryDate,salespersonCode,freightAmount," +
  "totalAmountExcludingTax,totalTaxAmount,shipToName,shipToCity";
const LINES = "documentNumber,lineType,lineObjectNumber,description,quantity,unitPrice,discountPercent";

interface Files {
  readonly header?: string;
  readonly lineHeader?: string;
  readonly heads?: readonly string[];
  readonly lines?: readonly string[];
}

/** A CRM with two customers, an active and a retired product, a draft, and a folder of orders. */
async function withOrders(
  files: Files,
  test: (at: { client: Client; dir: string; load: () => ReturnType<typeof loadOrders> }) => Promise<void>,
): Promise<void> {
  await using client = await openClient();
  const { sandbox } = client;
  addCustomers(sandbox, ["C1", "C2"]);
  addProducts(sandbox, [["P1", 0], ["P2", 1], ["P3", 2]]);
  sandbox.addCrmRow("systemusers", { lastname: "Rún", internalemailaddress: "jona@example.com" });
  const dir = Deno.makeTempDirSync();
  const write = (name: string, header: string, rows: readonly string[]) =>
    Deno.writeTextFileSync(`${dir}/${name}.csv`, [header, ...rows, ""].join("\n"));
  try {
    write(
      "salesOrders",
      files.header ?? HEADS,
      files.heads ?? ["O1,C1,,2026-02-01,2026-03-01,JR,5.5,25.67,0,Fjall ehf.,Vík"],
    );
    write(
      "salesOrderLines",
      files.lineHeader ?? LINES,
      files.lines ?? ["O1,Item,P1,Chair,3,10.006,10", "O1,Item,P2,Table,1,-1.335,0"],
    );
    write("salespeople", "code,email", ["JR,jona@example.com"]);
    await test({ client, dir, load: () => loadOrders(sandbox, { dir }) });
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

function addCustomers(sandbox: Sandbox, numbers: readonly string[]): void {
  sandbox.crm.transaction(() => {
    for (const number of numbers) sandbox.addCrmRow("accounts", { name: number, accountnumber: number });
  });
}

function addProducts(sandbox: Sandbox, products: readonly (readonly [number: string, state: number])[]): void {
  const [unit] = [...sandbox.crm.table("uoms").all()];
  const units = { defaultuomscheduleid: unit!.uomscheduleid!, defaultuomid: unit!.id, quantitydecimal: 2 };
  sandbox.crm.transaction(() => {
    for (const [number, statecode] of products) {
      sandbox.addCrmRow("products", { ...units, name: number, productnumber: number, statecode });
    }
  });
}

Deno.test("loadOrders() makes submitted orders with the given prices, a retired product written in", () =>
  withOrders({}, async ({ client, load }) => {
    await client.control("dataverse", { timeZone: "Europe/Paris" });
    assertEquals(await load(), {
      ...{ orders: 1, lines: 2, writeIns: 1, skipped: 0, givenTotals: 0, withoutOwner: 0 },
      priceLists: ["USD orders"],
    });
    const expand = "$expand=order_details,customerid_account($select=accountnumber),ownerid($select=fullname)";
    const [order] = (await client.get(`salesorders?${expand},pricelevelid($select=name)`)).value;
    assertEquals([order.ordernumber, order.name, order.statecode, order.statuscode], ["O1", "O1", 1, 3]);
    assertEquals([order.customerid_account.accountnumber, order.ownerid.fullname], ["C1", "Rún"]);
    assertEquals([order.shipto_name, order.shipto_city, order.shipto_line1], ["Fjall ehf.", "Vík", null]);
    assertEquals([order.submitdate, order.requestdeliveryby], ["2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z"]);
    assertEquals([order.pricelevelid.name, order.ispricelocked], ["USD orders", false]);
    const lines = order.order_details.map((line: Record<string, unknown>) => [
      ...[line.productdescription, line.quantity, line.priceperunit, line.manualdiscountamount, line.extendedamount],
      line._uomid_value === null,
    ]);
    assertEquals(lines, [
      [null, 3, 10.01, 3, 27.03, false],
      ["Table (product P2 is retired)", 1, -1.34, 0, -1.34, true],
    ]);
    assertEquals(await amounts(client, `salesorders(${order.salesorderid})`, "totalamount freightamount"), [
      ...["31.1900", "5.5000"],
    ]);
  }));

Deno.test("loadOrders() leaves orders alone that are there, and loads the others", () =>
  withOrders({ heads: ["O1,C1,,,,,,,,,", "O2,c2,,,,,,,,,"], lines: ["O2,,p1,,1,1,"] }, async ({ client, load }) => {
    const first = await load();
    assertEquals([first.orders, first.skipped, first.withoutOwner], [2, 0, 2]);
    const [one, two] = (await client.get("salesorders?$orderby=ordernumber")).value;
    await client.crm(`salesorders(${two.salesorderid})`, { method: "DELETE" });
    const second = await load();
    assertEquals([second.orders, second.skipped, second.lines, second.priceLists], [1, 1, 1, []]);
    const after = (await client.get("salesorders?$orderby=ordernumber")).value;
    assertEquals(
      after.map((row: Record<string, unknown>) => [row.ordernumber, row.salesorderid === one.salesorderid]),
      [["O1", true], ["O2", false]],
    );
    assertEquals([after[0]["@odata.etag"], (await load()).orders], [one["@odata.etag"], 0]);
  }));

const totals: readonly (readonly [head: string, kept: boolean, net: string, total: string])[] = [
  ["33.06,0", false, "33.0300", "38.5300"], // a cent a line may come of rounding
  ["33.07,0", true, "33.0700", "38.5700"],
  ["33.03,1.255", true, "33.0300", "39.7900"],
  [",", false, "33.0300", "38.5300"],
  ["100.004,", true, "100.0000", "105.5000"],
];
for (const [head, kept, net, total] of totals) {
  Deno.test(`loadOrders() with totals "${head}" ${kept ? "keeps" : "makes"} ${total}`, () =>
    withOrders(
      { heads: [`O1,C1,,,,,5.5,${head},,`], lines: Array(3).fill("O1,Item,P1,Chair,1,11.01,0") },
      async ({ client, load }) => {
        assertEquals((await load()).givenTotals, kept ? 1 : 0);
        const [order] = (await client.get("salesorders")).value;
        assertEquals([order.ispricelocked, order.statecode], [kept, 1]);
        const names = "totalamountlessfreight totalamount";
        assertEquals(await amounts(client, `salesorders(${order.salesorderid})`, names), [net, total]);
        // They stay while the order is opened, changed and submitted again.
        for (const change of [{ statecode: 0 }, { description: "x" }, { statecode: 1 }]) {
          const init = { method: "PATCH", body: JSON.stringify(change) };
          assertEquals((await client.crm(`salesorders(${order.salesorderid})`, init)).status, 204);
        }
        assertEquals(await amounts(client, `salesorders(${order.salesorderid})`, names), [net, total]);
      },
    ));
}

Deno.test("loadOrders() takes the active price list of the currency with most of the products", () =>
  withOrders({}, async ({ client, load }) => {
    const { sandbox } = client;
    const [product] = sandbox.crm.table("products").where("productnumber", "P1");
    const euro = sandbox.addCrmRow("transactioncurrencies", {
      ...{ isocurrencycode: "EUR", currencyname: "Euro", currencysymbol: "€", currencyprecision: 2 },
      ...{ currencytype: 0, exchangerate: "0.8" },
    });
    const list = (name: string, more: Record<string, string | number>, hasPrice: boolean) => {
      const pricelevelid = sandbox.addCrmRow("pricelevels", { name, ...more });
      if (!hasPrice) return;
      const item = { pricelevelid, productid: product!.id, uomid: product!.defaultuomid!, amount: "1" };
      sandbox.addCrmRow("productpricelevels", item);
    };
    list("empty", {}, false);
    list("inactive", { statecode: 1 }, true);
    list("foreign", { transactioncurrencyid: euro }, true);
    list("right", {}, true);
    assertEquals((await load()).priceLists, []);
    const [order] = (await client.get("salesorders?$expand=pricelevelid($select=name)")).value;
    assertEquals(order.pricelevelid.name, "right");
  }));

const bad: readonly (readonly [what: string, files: Files, code: string, said: string])[] = [
  [
    "a number that isn't one",
    { lines: ["O1,Item,P1,Chair,3,10.006,10", "O1,Item,P1,Chair,x,1,0"] },
    "data_cell_refused",
    '"salesOrderLines.csv" line 3, column "quantity": "x" isn\'t a number',
  ],
  [
    "a day that isn't one",
    { heads: ["O1,C1,,2026-02-30,,,,,,,"], lines: [] },
    "data_cell_refused",
    'column "orderDate"',
  ],
  ["no customer", { heads: ["O1,,,,,,,,,,"], lines: [] }, "data_cell_refused", 'line 2, column "customerNumber"'],
  ["an order twice", { heads: ["O1,C1,,,,,,,,,", "O1,C1,,,,,,,,,"] }, "data_cell_refused", 'line 3, column "number"'],
  ["a line of no order", { lines: ["O9,Item,P1,,1,1,0"] }, "data_cell_refused", 'has no order "O9"'],
  ["a line of an account", { lines: ["O1,Account,P1,,1,1,0"] }, "data_cell_refused", 'column "lineType"'],
  ["a blank price", { lines: ["O1,Item,P1,,1,,0"] }, "data_cell_refused", 'line 2, column "unitPrice": it is blank'],
  ["a blank quantity", { lines: ["O1,Item,P1,,,1,0"] }, "data_cell_refused", 'column "quantity": it is blank'],
  [
    "columns that are not known",
    { header: "number,customerNumber,shipToZip,colour", heads: ["O1,C1,1,red"], lines: [] },
    "data_cell_refused",
    '"salesOrders.csv" line 1, column "shipToZip", "colour": it is not known there; call it',
  ],
  [
    "a misspelt column of the lines",
    { lineHeader: LINES.replace("unitPrice", "unitprice") },
    "data_cell_refused",
    '"salesOrderLines.csv" line 1, column "unitprice": it is not known there; call it by the name of a column',
  ],
  [
    "lines without a column that is needed",
    { lineHeader: "lineObjectNumber,quantity,unitPrice", lines: ["P1,1,1"] },
    "data_cell_refused",
    '"salesOrderLines.csv" line 1, column "documentNumber": the header lacks this column; add it',
  ],
  ["a draft", { lines: ["O1,Item,P3,,1,1,0"] }, "data_cell_refused", 'product "P3" isn\'t published'],
  [
    "an unknown customer",
    { heads: ["O1,C9,,,,,,,,,"] },
    "orders_before_sync",
    'no customer "C9"; run "deno task sync"',
  ],
  ["an unknown product", { lines: ["O1,Item,P9,,1,1,0"] }, "orders_before_sync", 'no product "P9"'],
  ["an unknown currency", { heads: ["O1,C1,EUR,,,,,,,,"] }, "orders_before_sync", 'no currency "EUR"'],
  ["what the CRM refuses", { heads: ["O1,C1,,,,,-1,,,,"] }, "orders_refused", "the CRM answers 400"],
];
for (const [what, files, code, said] of bad) {
  Deno.test(`loadOrders() refuses ${what} and loads nothing of that order`, () =>
    withOrders(files, async ({ client, load }) => {
      const error = await assertRejects(load, LoadError);
      assertEquals(error.code, code);
      assertStringIncludes(error.message, said);
      assertEquals((await client.get("salesorders")).value, []);
    }));
}

Deno.test("loadOrders() names the files that a folder lacks", () =>
  withOrders({}, async ({ dir, load }) => {
    Deno.removeSync(`${dir}/salesOrderLines.csv`);
    const error = await assertRejects(load, LoadError);
    assertStringIncludes(error.message, "it has no salesOrderLines.csv");
  }));

const days: readonly (readonly [zone: string, day: string, instant: string])[] = [
  ["UTC", "2026-01-31", "2026-01-31T00:00:00Z"],
  ["Europe/Paris", "2026-07-01", "2026-06-30T22:00:00Z"],
  ["America/Los_Angeles", "2026-01-31", "2026-01-31T08:00:00Z"],
  ["Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z"], // the clocks go forward later on that day
  ["Asia/Kolkata", "1996-07-04", "1996-07-03T18:30:00Z"],
];
for (const [zone, day, instant] of days) {
  Deno.test(`midnightIn(${zone}, ${day})`, () => assertEquals(midnightIn(zone, day), instant));
}

for (
  const [name, orders, lines, givenTotals] of [["northwind", 830, 2155, 0], ["adventureworks", 32, 542, 32]] as const
) {
  sharedTest(
    `loadOrders() puts the ${orders} orders of ${name} into the CRM`,
    async () => {
      await using client = await openClient();
      const { sandbox } = client;
      const dir = `${sharedData}/${name}`;
      const csv = (file: string) =>
        parse(Deno.readTextFileSync(`${dir}/${file}.csv`), { skipFirstRow: true }) as Record<string, string>[];
      addCustomers(sandbox, csv("customers").map(({ number }) => number!));
      const items = csv("items");
      addProducts(sandbox, items.map(({ number, blocked }) => [number!, blocked === "true" ? 1 : 0]));
      const pound = { isocurrencycode: "GBP", currencyname: "Pound", currencysymbol: "£", currencytype: 0 };
      sandbox.addCrmRow("transactioncurrencies", { ...pound, currencyprecision: 2, exchangerate: "0.8" });
      const progress: number[] = [];
      const loaded = await loadOrders(sandbox, { dir, onProgress: (done) => progress.push(done) });
      const blocked = new Set(items.filter((item) => item.blocked === "true").map(({ number }) => number));
      const writeIns = csv("salesOrderLines").filter((line) => blocked.has(line.lineObjectNumber)).length;
      assertEquals([loaded.orders, loaded.lines, loaded.writeIns, loaded.givenTotals], [
        ...[orders, lines, writeIns, givenTotals],
      ]);
      assertEquals([progress.at(-1), progress.length > 1], [orders, true]);
      assertEquals(sandbox.crm.table("salesorders").size, orders);
      assertEquals(sandbox.crm.table("salesorderdetails").size, lines);
      assertEquals([...sandbox.crm.table("salesorders").all()].filter((row) => row.statecode !== 1), []);
      assertEquals((await loadOrders(sandbox, { dir })).skipped, orders);
    },
  );
}
