/** Puts orders of CSV files into the CRM as submitted orders, over its own API: whether it runs elsewhere or here. */
import { type Change, type CrmAddress, type CrmRequests, openCrmRequests } from "./crm_requests.ts";
import { badCell, LoadError } from "./csv_folder.ts";
import { addDecimals, compareDecimals, multiplyDecimals, roundDecimal, subtractDecimals } from "./decimal.ts";
import { derivedId } from "./derived_id.ts";
import { rawNumber } from "./json.ts";
import { type FiledLine, type FiledOrder, readOrders } from "./order_files.ts";
import { midnightIn } from "./time_zone.ts";

/** What was put in, and what was special about it. */
export interface OrdersLoaded {
  readonly orders: number;
  readonly lines: number;
  /** Lines that were written in, since their product is retired. */
  readonly writeIns: number;
  /** Orders that were there already. */
  readonly skipped: number;
  /** Orders whose given totals aren't the sums of their lines: kept as given. */
  readonly givenTotals: number;
  /** Orders without a salesperson whose e-mail address an enabled user has: they are the application user's. */
  readonly withoutOwner: number;
  /** Names of price lists that were made, one for each currency that had none. */
  readonly priceLists: readonly string[];
}

export interface LoadOrdersOptions {
  readonly dir: string;
  /** Called after each few orders. */
  readonly onProgress?: (done: number, all: number) => void;
}

type CrmRow = Readonly<Record<string, unknown>>;
interface Currency {
  readonly id: string;
  readonly code: string;
  /** Digits of amounts. */
  readonly precision: number;
}
/** What of the CRM the orders refer to. */
interface Known {
  readonly accounts: ReadonlyMap<string, CrmRow>;
  readonly products: ReadonlyMap<string, CrmRow>;
  readonly users: ReadonlyMap<string, CrmRow>;
  readonly currencies: ReadonlyMap<string, Currency>;
  readonly baseCurrency: string;
  readonly pricePrecision: number;
  readonly timeZone: string;
}
/** An order that is ready to be sent, its currency apart. */
interface Ready {
  readonly order: FiledOrder;
  readonly currency: Currency;
  readonly account: CrmRow;
}

const ORDERS_AT_ONCE = 10;
const AFTER_SYNC = 'run "deno task sync" first, so that it is there';

/**
 * Loads the orders of a folder that the CRM doesn't have yet, so it can be repeated. Everything is looked up before the
 * first is written. Throws LoadError: "data_cell_refused" with file, line and column, "orders_before_sync" when the CRM
 * lacks a customer, product or currency, "orders_refused" with what the CRM says.
 */
export async function loadOrders(address: CrmAddress, { dir, onProgress }: LoadOrdersOptions): Promise<OrdersLoaded> {
  const filed = readOrders(dir);
  const crm = await openCrmRequests(address);
  const there = by(await crm.rows("salesorders?$select=ordernumber"), "ordernumber");
  const orders = filed.filter(({ number }) => !there.has(number.toLowerCase()));
  const known = await knownOf(crm);
  const ready = orders.map((order) => prepared(order, known));
  const { lists, made } = await priceLists(crm, { ready, known });

  const counts = { lines: 0, writeIns: 0, givenTotals: 0, withoutOwner: 0 };
  for (let at = 0; at < ready.length; at += ORDERS_AT_ONCE) {
    const part = ready.slice(at, at + ORDERS_AT_ONCE);
    await crm.send(part.map((one) => changesOf(one, { known, list: lists.get(one.currency.id)!, counts })));
    onProgress?.(at + part.length, ready.length);
  }
  return { orders: ready.length, ...counts, skipped: filed.length - ready.length, priceLists: made };
}

async function knownOf(crm: CrmRequests): Promise<Known> {
  const [organization] = await crm.rows("organizations?$select=_basecurrencyid_value,pricingdecimalprecision");
  const columns = "transactioncurrencyid,isocurrencycode,currencyprecision";
  const currencies = (await crm.rows(`transactioncurrencies?$select=${columns}`)).map((row): Currency => ({
    id: String(row.transactioncurrencyid),
    code: String(row.isocurrencycode),
    precision: Number(row.currencyprecision),
  }));
  const base = currencies.find(({ id }) => id === organization!._basecurrencyid_value)!;
  const productColumns = "productid,productnumber,statecode,_defaultuomid_value";
  return {
    accounts: by(await crm.rows("accounts?$select=accountid,accountnumber"), "accountnumber"),
    products: by(await crm.rows(`products?$select=${productColumns}`), "productnumber"),
    users: by(
      await crm.rows("systemusers?$select=systemuserid,internalemailaddress&$filter=isdisabled eq false"),
      "internalemailaddress",
    ),
    currencies: new Map(currencies.map((currency) => [currency.code, currency])),
    baseCurrency: base.code,
    pricePrecision: Number(organization!.pricingdecimalprecision),
    timeZone: String((await crm.settings()).timeZone),
  };
}

/** The first row of each value, found in any case. */
function by(rows: readonly CrmRow[], column: string): Map<string, CrmRow> {
  const found = new Map<string, CrmRow>();
  for (const row of rows) {
    const value = row[column];
    if (typeof value === "string" && !found.has(value.toLowerCase())) found.set(value.toLowerCase(), row);
  }
  return found;
}

function prepared(order: FiledOrder, known: Known): Ready {
  const account = known.accounts.get(order.customerNumber.toLowerCase());
  if (account === undefined) throw beforeSync(order, "customerNumber", `customer "${order.customerNumber}"`);
  const code = order.currencyCode?.toUpperCase() ?? known.baseCurrency;
  const currency = known.currencies.get(code);
  if (currency === undefined) throw beforeSync(order, "currencyCode", `currency "${code}"`);
  for (const line of order.lines) {
    const product = known.products.get(line.number.toLowerCase());
    if (product === undefined) throw beforeSync(line, "lineObjectNumber", `product "${line.number}"`);
    if (product.statecode !== 0 && product.statecode !== 1) {
      throw badCell(line.record, "lineObjectNumber", `product "${line.number}" isn't published`, AFTER_SYNC);
    }
  }
  return { order, currency, account };
}

function beforeSync({ record }: FiledOrder | FiledLine, column: string, what: string): LoadError {
  const { message } = badCell(record, column, `the CRM has no ${what}`, AFTER_SYNC);
  return new LoadError("orders_before_sync", message);
}

/** One list for each currency: the active one with prices of most of the products, or else a new one. */
async function priceLists(
  crm: CrmRequests,
  { ready, known }: { ready: readonly Ready[]; known: Known },
): Promise<{ lists: Map<string, string>; made: string[] }> {
  const lists = new Map<string, string>();
  const made: string[] = [];
  const currencies = new Map(ready.map(({ currency }) => [currency.id, currency]));
  if (currencies.size === 0) return { lists, made };
  const active = await crm.rows("pricelevels?$select=pricelevelid,_transactioncurrencyid_value&$filter=statecode eq 0");
  const items = await crm.rows("productpricelevels?$select=_pricelevelid_value,_productid_value");
  for (const currency of currencies.values()) {
    const numbers = ready.filter((one) => one.currency === currency).flatMap(({ order }) => order.lines);
    const wanted = new Set(numbers.map(({ number }) => known.products.get(number.toLowerCase())!.productid));
    const of = (list: CrmRow) =>
      new Set(
        items.filter((item) => item._pricelevelid_value === list.pricelevelid && wanted.has(item._productid_value))
          .map((item) => item._productid_value),
      ).size;
    const [best] = active.filter((list) => list._transactioncurrencyid_value === currency.id)
      .map((list) => ({ id: String(list.pricelevelid), prices: of(list) }))
      .sort((a, b) => b.prices - a.prices);
    if (best !== undefined) {
      lists.set(currency.id, best.id);
      continue;
    }
    const [id, name] = [derivedId("orders", currency.code), `${currency.code} orders`];
    const bound = { "transactioncurrencyid@odata.bind": `/transactioncurrencies(${currency.id})` };
    await crm.send([[{ method: "POST", path: "pricelevels", body: { pricelevelid: id, name, ...bound } }]]);
    lists.set(currency.id, id);
    made.push(name);
  }
  return { lists, made };
}

interface Counts {
  lines: number;
  writeIns: number;
  givenTotals: number;
  withoutOwner: number;
}

/** The change set of an order: head, lines, and the state in which the head's own totals stay. */
function changesOf(
  { order, currency, account }: Ready,
  { known, list, counts }: { known: Known; list: string; counts: Counts },
): Change[] {
  const user = known.users.get(order.salespersonEmail?.toLowerCase() ?? "");
  const given = givenTotals(order, { currency, known });
  const day = (at: string | null) => at === null ? null : midnightIn(known.timeZone, at);
  counts.lines += order.lines.length;
  if (user === undefined) counts.withoutOwner++;
  if (given !== null) counts.givenTotals++;
  const head = {
    ordernumber: order.number,
    name: order.number,
    "customerid_account@odata.bind": `/accounts(${account.accountid})`,
    "pricelevelid@odata.bind": `/pricelevels(${list})`,
    ...(user === undefined ? {} : { "ownerid@odata.bind": `/systemusers(${user.systemuserid})` }),
    ...order.shipTo,
    submitdate: day(order.orderDate),
    requestdeliveryby: day(order.requestedDeliveryDate),
    freightamount: order.freight === null ? null : rawNumber(order.freight),
  };
  const lines = order.lines.map((line, at): Change => {
    const product = known.products.get(line.number.toLowerCase())!;
    const isRetired = product.statecode === 1;
    if (isRetired) counts.writeIns++;
    const { price, discount } = amountsOf(line, { currency, known });
    const what = isRetired ? { isproductoverridden: true, productdescription: writtenIn(line) } : {
      "productid@odata.bind": `/products(${product.productid})`,
      "uomid@odata.bind": `/uoms(${product._defaultuomid_value})`,
      ispriceoverridden: true,
    };
    const place = { "salesorderid@odata.bind": "$1", lineitemnumber: at + 1, sequencenumber: at + 1 };
    const amounts = { priceperunit: rawNumber(price), manualdiscountamount: rawNumber(discount) };
    const body = { ...place, ...what, quantity: rawNumber(line.quantity), ...amounts };
    return { method: "POST", path: "salesorderdetails", body };
  });
  return [
    { method: "POST", path: "salesorders", body: head },
    ...lines,
    { method: "PATCH", path: "$1", body: { ...given, statecode: 1 } },
  ];
}

/** At most what the column holds; the number stays whole. */
function writtenIn({ description, number }: FiledLine): string {
  const note = ` (product ${number} is retired)`;
  return `${description.slice(0, 250 - note.length)}${note}`;
}

/** A line's amounts as the CRM rounds them. */
function amountsOf(
  { unitPrice, quantity, discountPercent }: FiledLine,
  { currency, known }: { currency: Currency; known: Known },
): { price: string; base: string; discount: string } {
  const price = roundDecimal(unitPrice, known.pricePrecision);
  const base = roundDecimal(multiplyDecimals(price, quantity), currency.precision);
  const part = multiplyDecimals(base, multiplyDecimals(discountPercent, "0.01"));
  return { price, base, discount: roundDecimal(part, currency.precision) };
}

/**
 * The head's totals where they are not the sums of the lines, give or take the rounding of each line; null where they
 * are. With them the order's prices are locked, or the CRM would put its own sums there.
 */
function givenTotals(
  order: FiledOrder,
  at: { currency: Currency; known: Known },
): Readonly<Record<string, unknown>> | null {
  let [sum, discounts] = ["0", "0"];
  for (const line of order.lines) {
    const { base, discount } = amountsOf(line, at);
    sum = addDecimals(sum, subtractDecimals(base, discount));
    discounts = addDecimals(discounts, discount);
  }
  const { precision } = at.currency;
  const net = roundDecimal(order.totalExcludingTax ?? sum, precision);
  const tax = roundDecimal(order.totalTax ?? "0", precision);
  const difference = subtractDecimals(net, sum).replace("-", "");
  const tolerance = multiplyDecimals(`1e-${precision}`, String(order.lines.length));
  if (compareDecimals(difference, tolerance) <= 0 && compareDecimals(tax, "0") === 0) return null;
  const freight = roundDecimal(order.freight ?? "0", precision);
  return {
    ispricelocked: true,
    totallineitemamount: rawNumber(net),
    totallineitemdiscountamount: rawNumber(discounts),
    totaldiscountamount: 0,
    totalamountlessfreight: rawNumber(net),
    totaltax: rawNumber(tax),
    totalamount: rawNumber(addDecimals(addDecimals(net, freight), tax)),
  };
}
