import { assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { insert, ok, run, type RunningSandbox, startSandbox, sync, withHome } from "./program.ts";
import { csv, writeCompany } from "./small_company.ts";

/** Prices of the ERP in euros, as the sandbox reads them. */
const prices = ["V101", "V102"].map((assetNumber, at) => ({
  ...{ priceListCode: "EURO", assignToType: "All Customers", assignToNumber: "", assetType: "Item", assetNumber },
  ...{ unitOfMeasureCode: "", minimumQuantity: "0", currencyCode: "EUR", unitPrice: ["12.4", "30"][at]! },
  ...{ lineDiscountPercent: "", startingDate: "2025-01-01", endingDate: "" },
}));

Deno.test("an order goes from the CRM to the ERP, and how far it got comes back after each run, to the cent", async () => {
  const data = await Deno.makeTempDir();
  try {
    const args = await writeCompany(data);
    await Deno.writeTextFile(`${data}/erp/priceListLines.csv`, csv(prices));
    await withHome(async (home) => {
      const sandbox = await startSandbox(home, ...args);
      try {
        await leadToCash(home, sandbox);
      } finally {
        await sandbox.stop();
      }
    });
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

async function leadToCash(home: string, sandbox: RunningSandbox): Promise<void> {
  const { crmUrl } = sandbox;
  const one = async (set: string, query: string) => {
    const rows = await sandbox.crm(set, query);
    assertEquals(rows.length, 1, `${set}${query}`);
    return rows[0]!;
  };
  await stock(sandbox, "V101", "25");
  await sync(home);

  // What the salesperson sees: a product that is published, its stock, and the ERP's price in euros.
  const product = await one("products", "?$filter=productnumber eq 'V101'");
  assertEquals([product.statecode, product.quantityonhand], [0, 25]);
  const list = await one("pricelevels", "?$filter=name eq 'EURO'");
  const euro = await one("transactioncurrencies", "?$filter=isocurrencycode eq 'EUR'");
  assertEquals([list.statecode, list._transactioncurrencyid_value], [0, euro.transactioncurrencyid]);
  const price = await one(
    "productpricelevels",
    `?$filter=_productid_value eq ${product.productid} and ` +
      `_pricelevelid_value eq ${list.pricelevelid}`,
  );
  assertEquals([price.amount, price._uomid_value], [12.4, product._defaultuomid_value]);

  // The order: ten pieces at the list's price less 7.50, two hours of work written in, freight, and 12.34 off the whole.
  const account = await one("accounts", "?$filter=accountnumber eq 'K102'");
  const id = await insert(sandbox, "salesorders", {
    name: "Nets",
    ordernumber: "ORD-7001",
    "customerid_account@odata.bind": `/accounts(${account.accountid})`,
    "pricelevelid@odata.bind": `/pricelevels(${list.pricelevelid})`,
    "transactioncurrencyid@odata.bind": `/transactioncurrencies(${euro.transactioncurrencyid})`,
    discountamount: 12.34,
    freightamount: 19.9,
  });
  const order = { "salesorderid@odata.bind": `/salesorders(${id})` };
  await insert(sandbox, "salesorderdetails", {
    ...order,
    "productid@odata.bind": `/products(${product.productid})`,
    "uomid@odata.bind": `/uoms(${product._defaultuomid_value})`,
    quantity: 10,
    manualdiscountamount: 7.5,
  });
  const work = { isproductoverridden: true, productdescription: "Fitting on site", quantity: 2, priceperunit: 45.25 };
  await insert(sandbox, "salesorderdetails", { ...order, ...work, ispriceoverridden: true });
  const crmOrder = async (): Promise<Record<string, unknown>> => {
    const row: Record<string, unknown> = await one("salesorders", `?$filter=salesorderid eq ${id}`);
    const lines = await sandbox.crm(
      "salesorderdetails",
      `?$filter=_salesorderid_value eq ${id}&$orderby=lineitemnumber`,
    );
    return {
      ...row,
      shipped: lines.map((line) => line.quantityshipped),
      prices: lines.map((line) => line.priceperunit),
    };
  };
  assertEquals([(await crmOrder()).totalamount, (await crmOrder()).prices], [214.56, [12.4, 45.25]]);

  await sync(home); // it is still being written
  assertEquals(await sandbox.erp("salesOrders"), []);

  // Submitted: the ERP has it with all of its lines, as a draft.
  await ok(sandbox.send("PATCH", `${crmUrl}salesorders(${id})`, { statecode: 1 }));
  const submitted = (await crmOrder())["@odata.etag"];
  await sync(home);
  const erpOrder = async () => {
    const [row, ...others] = await sandbox.erp("salesOrders", "?$expand=salesOrderLines");
    assertEquals(others, []);
    return row! as Record<string, unknown> & { salesOrderLines: Record<string, unknown>[] };
  };
  const made = await erpOrder();
  assertEquals(
    [made.status, made.externalDocumentNumber, made.customerNumber, made.currencyCode, made.discountAmount],
    ["Draft", "ORD-7001", "K102", "EUR", 12.34],
  );
  assertEquals(made.totalAmountExcludingTax, 214.56);
  const lines = made.salesOrderLines.map((line) =>
    ["lineType", "lineObjectNumber", "description", "unitOfMeasureCode", "quantity", "unitPrice", "discountAmount"]
      .map((property) => line[property])
  );
  assertEquals(lines, [
    ["Item", "V101", "Vara nr. 1", "STK", 10, 12.4, 7.5],
    ["Account", "6110", "Fitting on site", "", 2, 45.25, 0],
    ["Account", "6910", "Freight", "", 1, 19.9, 0],
  ]);
  assertEquals((await crmOrder())["@odata.etag"], submitted); // nothing was written back

  // Released: the CRM's order stays submitted.
  const act = (action: string, body?: unknown) =>
    sandbox.control("POST", `/sandbox/business_central/orders/${made.number}/${action}`, body);
  await act("release");
  await sync(home);
  assertEquals([(await erpOrder()).status, (await crmOrder()).statecode], ["Open", 1]);

  // Shipped in part: the line says how much, and the stock is less.
  await act("ship", { lines: { "10000": "4" } });
  await sync(home);
  let now = await crmOrder();
  assertEquals([now.statecode, now.shipped, now.datefulfilled], [1, [4, null], null]);
  assertEquals((await one("products", "?$filter=productnumber eq 'V101'")).quantityonhand, 21);

  // All of it shipped: fulfilled.
  await act("ship");
  await sync(home);
  now = await crmOrder();
  assertEquals([(await erpOrder()).fullyShipped, now.statecode, now.shipped], [true, 3, [10, 2]]);
  assertEquals(typeof now.datefulfilled, "string");
  assertEquals((await one("products", "?$filter=productnumber eq 'V101'")).quantityonhand, 15);

  // Invoiced: the ERP's order is gone, its invoice stands, and the CRM's order is invoiced and not missing.
  await act("invoice");
  assertEquals(await sandbox.erp("salesOrders"), []);
  const [invoice] = await sandbox.erp("salesInvoices");
  assertEquals([invoice!.orderNumber, invoice!.totalAmountExcludingTax], [made.number, 214.56]);
  await sync(home);
  now = await crmOrder();
  assertEquals([now.statecode, now.totalamount], [4, 214.56]);

  const { length } = await sandbox.requests();
  await sync(home);
  const later = await sandbox.requests(length);
  assertEquals(later.filter((request) => request.operation === "write" || request.innerWrites > 0), []);
  const report = await run(home, "report");
  const rows = parse(report.stdout, { skipFirstRow: true }) as unknown as Record<string, string>[];
  const row = rows.find((line) => line.step === "orders")!;
  assertEquals([row.coupling_state, row.crm_name], ["coupled", "Nets"]);
}

/** Counts the stock of an item: the difference is posted to the ledger. */
async function stock(sandbox: RunningSandbox, number: string, inventory: string): Promise<void> {
  const [item] = await sandbox.erp("items", `?$filter=number eq '${number}'`);
  const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/items(${item!.id})`;
  const etag = { "If-Match": String(item!["@odata.etag"]) };
  await ok(sandbox.send("PATCH", url, { inventory: Number(inventory) }, etag));
}
