import { assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { insert, ok, run, type RunningSandbox, startSandbox, sync, withCopy } from "./program.ts";
import { writeCompany } from "./small_company.ts";

type Row = Record<string, unknown>;

Deno.test("where the definition says so, an order that the ERP begins is made in the CRM, priced as in the ERP", async () => {
  await withCopy(async ({ home, edit }) => {
    await edit("pipelines/orders.ts", 'toCrm: { unmatched: "leave" }', 'toCrm: { unmatched: "insert" }');
    const list = 'coupled("companyId", standardPriceList)';
    await edit("pipelines/orders.ts", `optional(toCrm(${list}))`, `toCrm(${list})`);
    const data = await Deno.makeTempDir();
    try {
      const sandbox = await startSandbox(home, ...await writeCompany(data));
      try {
        await work(home, sandbox);
      } finally {
        await sandbox.stop();
      }
    } finally {
      await Deno.remove(data, { recursive: true });
    }
  });
});

async function work(home: string, sandbox: RunningSandbox): Promise<void> {
  await sync(home);
  await fromErp(home, sandbox);
  await retiredMeanwhile(home, sandbox);
}

/** Item, account, comment, and an item that is blocked before anybody saw the order. */
async function fromErp(home: string, sandbox: RunningSandbox): Promise<void> {
  const order = await post(sandbox, "salesOrders", {
    customerNumber: "K101",
    externalDocumentNumber: "PHONE-1",
    salesOrderLines: [
      { lineType: "Item", lineObjectNumber: "V101", quantity: 10, unitPrice: 11.27, discountAmount: 7.5 },
      { lineType: "Item", lineObjectNumber: "V102", quantity: 3, unitPrice: 13.45 },
      { lineType: "Account", lineObjectNumber: "6110", description: "Fitting on site", quantity: 2, unitPrice: 45.25 },
      { lineType: "Comment", description: "By the back door" },
    ],
  });
  const address = `${sandbox.erpUrl}companies(${sandbox.companyId})/salesOrders(${order.id})`;
  await ok(sandbox.send("PATCH", address, { discountAmount: 10 }, { "If-Match": "*" })); // off the whole
  await block(sandbox, "V102");
  // Products are retired beside the orders, in no order: here the retired one comes first.
  assertEquals((await run(home, "sync", "--select", "publishing")).code, 0);
  await sync(home);

  const [head, ...others] = await sandbox.crm("salesorders");
  assertEquals(others, []);
  assertEquals([head!.statecode, head!.ordernumber, head!.totalamount], [1, "PHONE-1", 226.05]);
  const [listRow] = await sandbox.crm("pricelevels", `?$filter=pricelevelid eq ${head!._pricelevelid_value}`);
  assertEquals(listRow!._transactioncurrencyid_value, head!._transactioncurrencyid_value);
  assertEquals(await crmLines(sandbox, String(head!.salesorderid)), [
    ["V101", null, 10, 11.27, 7.5, 105.2],
    [null, "V102 Vara nr. 2 (retired product)", 3, 13.45, 0, 40.35],
    [null, "Fitting on site", 2, 45.25, 0, 90.5],
  ]);
  const erp = async () =>
    (await sandbox.erp("salesOrders", `?$filter=number eq '${order.number}'&$expand=salesOrderLines`))[0]!;
  const made = await erp();
  assertEquals([made.totalAmountExcludingTax, (made.salesOrderLines as Row[]).map((line) => line.lineType)], [
    226.05,
    ["Item", "Item", "Account", "Comment"],
  ]);
  await writesNothing(home, sandbox);
  assertEquals((await erp())["@odata.etag"], made["@odata.etag"]);

  await sandbox.control("POST", `/sandbox/business_central/orders/${order.number}/ship`, {
    lines: Object.fromEntries(
      (made.salesOrderLines as Row[]).filter((line) => line.lineType !== "Comment")
        .map((line) => [String(line.sequence), String(line.quantity)]),
    ),
  });
  await sync(home);
  const [fulfilled] = await sandbox.crm("salesorders");
  assertEquals([fulfilled!.statecode, fulfilled!.totalamount], [3, 226.05]);
}

/** Products that are retired once the CRM's orders are made, one before the ERP has its order: no line is lost. */
async function retiredMeanwhile(home: string, sandbox: RunningSandbox): Promise<void> {
  await submit(sandbox, "BEFORE", "V103");
  const after = await submit(sandbox, "AFTER", "V104");
  await block(sandbox, "V103");
  await sync(home, 3);
  const erpLines = async (of: string) => {
    const query = `?$filter=externalDocumentNumber eq '${of}'&$expand=salesOrderLines`;
    return (await sandbox.erp("salesOrders", query)).flatMap((order) => order.salesOrderLines as Row[]);
  };
  const sold = async (of: string) => (await erpLines(of)).map((line) => [line.lineObjectNumber, line.quantity]);

  // The ERP takes no line of a blocked item: the order waits as a whole, and comes when the item is sold again.
  assertEquals([await sold("BEFORE"), await sold("AFTER")], [[], [["V104", 5]]]);
  const report = await run(home, "report", "--only", "listed");
  const [line, ...others] = parse(report.stdout, { skipFirstRow: true }) as unknown as Record<string, string>[];
  assertEquals([line!.crm_name, line!.error_code, others], ["BEFORE", "refused", []]);
  assertEquals(line!.error_message!.includes("V103"), true, line!.error_message);
  await block(sandbox, "V103", false);
  await block(sandbox, "V104");
  await sync(home);
  assertEquals(await sold("BEFORE"), [["V103", 5]]);

  // A line that stands keeps its product, and what the ERP changes of it still comes.
  const [own] = await erpLines("AFTER");
  const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/salesOrderLines(${own!.id})`;
  await ok(sandbox.send("PATCH", url, { quantity: 7 }, { "If-Match": "*" }));
  await sync(home);
  assertEquals(await crmLines(sandbox, after), [["V104", null, 7, 15.5, null, 108.5]]);
  assertEquals(await sold("AFTER"), [["V104", 7]]);
  const [product] = await sandbox.crm("products", "?$filter=productnumber eq 'V104'");
  const [order] = await sandbox.crm("salesorders", `?$filter=salesorderid eq ${after}`);
  assertEquals([product!.statecode, order!.statecode], [1, 1]);
  await writesNothing(home, sandbox);
}

async function writesNothing(home: string, sandbox: RunningSandbox): Promise<void> {
  const { length } = await sandbox.requests();
  await sync(home);
  const later = await sandbox.requests(length);
  assertEquals(later.filter((request) => request.operation === "write" || request.innerWrites > 0), []);
}

/** Product, description, quantity, price, discount and amount of the lines of an order in the CRM. */
async function crmLines(sandbox: RunningSandbox, id: string): Promise<unknown[][]> {
  const numbers = new Map((await sandbox.crm("products")).map((one) => [one.productid, one.productnumber]));
  const lines = await sandbox.crm("salesorderdetails", `?$filter=_salesorderid_value eq ${id}&$orderby=lineitemnumber`);
  return lines.map((line) => [
    ...[numbers.get(line._productid_value) ?? null, line.productdescription, line.quantity, line.priceperunit],
    ...[line.manualdiscountamount, line.extendedamount],
  ]);
}

/** A submitted order in the CRM: five of a product. */
async function submit(sandbox: RunningSandbox, number: string, product: string): Promise<string> {
  const [account] = await sandbox.crm("accounts", "?$filter=accountnumber eq 'K101'");
  const [row] = await sandbox.crm("products", `?$filter=productnumber eq '${product}'`);
  const id = await insert(sandbox, "salesorders", {
    ...{ name: number, ordernumber: number },
    "customerid_account@odata.bind": `/accounts(${account!.accountid})`,
    "pricelevelid@odata.bind": `/pricelevels(${row!._pricelevelid_value})`,
  });
  await insert(sandbox, "salesorderdetails", {
    "salesorderid@odata.bind": `/salesorders(${id})`,
    "productid@odata.bind": `/products(${row!.productid})`,
    "uomid@odata.bind": `/uoms(${row!._defaultuomid_value})`,
    quantity: 5,
  });
  await ok(sandbox.send("PATCH", `${sandbox.crmUrl}salesorders(${id})`, { statecode: 1 }));
  return id;
}

async function post(sandbox: RunningSandbox, entity: string, row: Row): Promise<Row> {
  const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/${entity}`;
  return JSON.parse((await ok(sandbox.send("POST", url, row))).text);
}

async function block(sandbox: RunningSandbox, number: string, blocked = true): Promise<void> {
  const [item] = await sandbox.erp("items", `?$filter=number eq '${number}'`);
  const url = `${sandbox.erpUrl}companies(${sandbox.companyId})/items(${item!.id})`;
  await ok(sandbox.send("PATCH", url, { blocked }, { "If-Match": String(item!["@odata.etag"]) }));
}
