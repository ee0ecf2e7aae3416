import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import { sharedData, sharedTest } from "../shared.ts";
import { run, type RunningSandbox, startSandbox, sync, withHome } from "./program.ts";

type Row = Record<string, string>;
type Found = Record<string, unknown>;
const rowsOf = (text: string) => parse(text, { skipFirstRow: true }) as unknown as Row[];

/** A folder, its sandbox, and what the first run, the loading of the orders and the second run left in it. */
interface Loaded {
  readonly home: string;
  readonly sandbox: RunningSandbox;
  rows(file: string): Row[];
  /** The CRM's orders before the second run. */
  readonly before: readonly Found[];
}

async function loaded(folder: string, exit: number, look: (loaded: Loaded) => Promise<void>): Promise<void> {
  await withHome(async (home) => {
    const sandbox = await startSandbox(home, "--data", `${sharedData}/${folder}`);
    try {
      await sync(home, exit);
      const done = await run(home, "sandbox", "load-orders", `${sharedData}/${folder}`);
      assertEquals(done.code, 0, done.stderr);
      const before = await sandbox.crm("salesorders", "?$orderby=ordernumber");
      await sync(home, exit);
      const rows = (file: string) => rowsOf(Deno.readTextFileSync(`${sharedData}/${folder}/${file}.csv`));
      await look({ home, sandbox, rows, before });
      const { length } = await sandbox.requests();
      await sync(home, exit);
      const later = await sandbox.requests(length);
      assertEquals(later.filter((request) => request.operation === "write" || request.innerWrites > 0), []);
    } finally {
      await sandbox.stop();
    }
  });
}

/** Whole hundredths of a product of decimal texts, halves away from zero. */
function cents(...factors: readonly string[]): number {
  let [digits, places] = [1n, 0];
  for (const factor of factors) {
    const [whole, part = ""] = factor.split(".");
    digits *= BigInt(whole + part);
    places += part.length;
  }
  const scale = 10n ** BigInt(places);
  return Number((digits * 200n + scale) / (2n * scale));
}
const inCents = (amount: unknown) => Math.round(Number(amount) * 100);
const asText = (amount: number) => (amount / 100).toFixed(2);

/** What the file says of a line, as it must stand in the ERP. */
function lineOfFile(line: Row, isRetired: boolean): string {
  const price = cents(line.unitPrice!);
  const discount = cents(asText(cents(asText(price), line.quantity!)), line.discountPercent!, "0.01");
  const sold = isRetired
    ? `Account 6110 "${line.description} (product ${line.lineObjectNumber} is retired)" `
    : `${line.lineType} ${line.lineObjectNumber} ${line.unitOfMeasureCode}`;
  return `${sold} × ${Number(line.quantity)} @ ${price} - ${discount}`;
}
function lineOfErp(line: Found): string {
  const sold = line.lineType === "Account"
    ? `Account ${line.lineObjectNumber} "${line.description}" ${line.unitOfMeasureCode}`
    : `${line.lineType} ${line.lineObjectNumber} ${line.unitOfMeasureCode}`;
  return `${sold} × ${line.quantity} @ ${inCents(line.unitPrice)} - ${inCents(line.discountAmount)}`;
}

/** Every order of the file is in the ERP with what the file says, all of its lines, and its freight. */
async function assertOrders({ sandbox, rows }: Loaded): Promise<{ orders: number; lines: number; writtenIn: number }> {
  const retired = new Set(rows("items").filter((item) => item.blocked === "true").map((item) => item.number));
  const orders = new Map(
    (await sandbox.erp("salesOrders", "?$expand=salesOrderLines")).map((
      order,
    ) => [order.externalDocumentNumber, order]),
  );
  const filed = rows("salesOrders");
  assertEquals([...orders.keys()].sort(), filed.map((order) => order.number).sort());
  const lines = Map.groupBy(rows("salesOrderLines"), (line) => line.documentNumber);
  const counts = { orders: orders.size, lines: 0, writtenIn: 0 };
  for (const order of filed) {
    const found = orders.get(order.number)!;
    assertEquals(
      [
        ...[found.status, found.customerNumber, found.currencyCode, found.orderDate, found.requestedDeliveryDate],
        ...[found.shipToName, found.shipToAddressLine1, found.shipToCity, found.shipToState, found.shipToPostCode],
        found.shipToCountry,
      ],
      [
        ...["Draft", order.customerNumber, order.currencyCode || "USD", order.orderDate, order.requestedDeliveryDate],
        ...[order.shipToName, order.shipToAddressLine1, order.shipToCity, order.shipToState, order.shipToPostCode],
        order.shipToCountry,
      ].map((text) => text!.trimEnd()),
      order.number,
    );
    const [own, freight] = [found.salesOrderLines as Found[], cents(order.freightAmount!)];
    const expected = lines.get(order.number)!.map((line) => lineOfFile(line, retired.has(line.lineObjectNumber)));
    assertEquals(own.map(lineOfErp), [...expected, `Account 6910 "Freight"  × 1 @ ${freight} - 0`], order.number);
    counts.lines += own.length - 1;
    counts.writtenIn += own.filter((line) => String(line.description).endsWith("is retired)")).length;
  }
  return counts;
}

/** Neither version nor totals of the CRM's orders moved when they were brought to the ERP. */
async function assertUntouched({ sandbox, before }: Loaded): Promise<void> {
  assertEquals(await sandbox.crm("salesorders", "?$orderby=ordernumber"), before);
}

const listed = async (home: string, step: string): Promise<Row[]> => {
  const { stdout } = await run(home, "report", "--only", "listed");
  return rowsOf(stdout).filter((line) => line.step === step);
};

sharedTest(
  "all orders of northwind come to the ERP with all of their lines, and nothing is written twice",
  async () => {
    await loaded("northwind", 0, async (data) => {
      assertEquals(await assertOrders(data), { orders: 830, lines: 2_155, writtenIn: 228 });
      await assertUntouched(data);
      const { home, sandbox, rows } = data;
      assertEquals(await listed(home, "orders"), []);
      const products = await sandbox.crm("products", "?$select=productnumber,statecode");
      assertEquals(
        products.map((product) => `${product.productnumber} ${product.statecode === 1}`).sort(),
        rows("items").map((item) => `${item.number} ${item.blocked}`).sort(),
      );
    });
  },
);

sharedTest(
  "orders of adventureworks come with other totals than their lines: listed, neither side changed",
  async () => {
    await loaded("adventureworks", 3, async (data) => {
      assertEquals(await assertOrders(data), { orders: 32, lines: 542, writtenIn: 0 });
      await assertUntouched(data);
      const orders = await listed(data.home, "orders");
      assertEquals(
        orders.map((line) => line.crm_name).sort(),
        data.rows("salesOrders").map(({ number }) => number).sort(),
      );
      assertEquals(new Set(orders.map((line) => line.error_code)), new Set(["totals_differ"]));
      await assertProducts(data);
      await assertPrices(data);
    });
  },
);

/** Blocked items are retired products, the others published, each with its card's price on the standard list. */
async function assertProducts({ sandbox, rows }: Loaded): Promise<void> {
  const items = rows("items");
  const [standard] = await sandbox.crm("pricelevels", "?$filter=startswith(name,'Business Central')");
  const products = await sandbox.crm("products", "?$select=productnumber,statecode,_pricelevelid_value");
  const numbers = new Map(products.map((product) => [product.productid, product.productnumber]));
  assertEquals([0, 1].map((state) => products.filter((product) => product.statecode === state).length), [406, 98]);
  assertEquals(
    products.map((one) => `${one.productnumber} ${one.statecode} ${one._pricelevelid_value}`).sort(),
    items.map((item) => `${item.number} ${item.blocked === "true" ? 1 : 0} ${standard!.pricelevelid}`).sort(),
  );
  const prices = await sandbox.crm(
    "productpricelevels",
    `?$filter=_pricelevelid_value eq ${standard!.pricelevelid}`,
  );
  assertEquals(
    prices.map((price) => `${numbers.get(price._productid_value)} ${inCents(price.amount)}`).sort(),
    items.map((item) => `${item.number} ${cents(item.unitPrice!)}`).sort(),
  );
}

/** The lines of price lists that the CRM can hold are there, the others are listed, each with its reason. */
async function assertPrices({ home, sandbox, rows }: Loaded): Promise<void> {
  const filed = rows("priceListLines");
  const today = new Date().toISOString().slice(0, 10);
  const why = (line: Row) =>
    Number(line.minimumQuantity) > 0
      ? "minimum quantity"
      : line.unitPrice === ""
      ? "discount only"
      : line.endingDate !== "" && line.endingDate! < today
      ? "expired"
      : line.startingDate! > today
      ? "not yet valid"
      : null;
  const lists = new Map((await sandbox.crm("pricelevels")).map((list) => [list.pricelevelid, list.name]));
  const products = await sandbox.crm("products", "?$select=productnumber");
  const numbers = new Map(products.map((product) => [product.productid, product.productnumber]));
  const units = new Map((await sandbox.crm("uoms", "?$select=name")).map((unit) => [unit.uomid, unit.name]));
  const codes = new Set(filed.map((line) => line.priceListCode));
  const prices = (await sandbox.crm("productpricelevels")).map((price) => ({
    ...{ list: String(lists.get(price._pricelevelid_value)), number: numbers.get(price._productid_value) },
    ...{ unit: units.get(price._uomid_value), amount: inCents(price.amount) },
  })).filter(({ list }) => codes.has(list));
  const held = filed.filter((line) => why(line) === null);
  assertEquals(
    prices.map((price) => `${price.list} ${price.number} ${price.unit} ${price.amount}`).sort(),
    held.map((line) => `${line.priceListCode} ${line.assetNumber} ${line.unitOfMeasureCode} ${cents(line.unitPrice!)}`)
      .sort(),
  );
  assert(held.length > 0 && held.length < filed.length);
  const others = await listed(home, "price list lines");
  assertEquals(new Set(others.map((line) => line.error_code)), new Set(["unfit"]));
  const counted = (reasons: readonly (string | null | undefined)[]) =>
    Object.entries(Object.groupBy(reasons, (reason) => String(reason))).map(([reason, all]) =>
      `${all!.length} ${reason}`
    )
      .sort();
  assertEquals(
    counted(others.map((line) => line.error_message!.match(/\(([^)]*)\)/)?.[1])),
    counted(filed.map(why).filter((reason) => reason !== null)),
  );
}
