/** What people do with sales orders on the service's own pages, which no standard API offers. */
import type { Row } from "../tables.ts";
import { isDecimal } from "../decimal.ts";
import { isObject, type Json } from "../json.ts";
import { invoiceTogether } from "./combined_invoice.ts";
import { byKey } from "./company.ts";
import type { Company } from "./facts.ts";
import { endApproval, releaseOrder, reopenOrder, requestApproval } from "./orders.ts";
import { invoiceOrder, type Posted, postOrder, type Quantities, shipOrder } from "./posting.ts";
import { badRequest, Refusal } from "./refusal.ts";
import { deleteRecord } from "./write.ts";

/** What became of an order. */
export interface Done extends Posted {
  readonly number: string;
  /** As the API shows it; "gone" when the order is there no more. */
  readonly status: "Draft" | "In Review" | "Open" | "gone";
}

type Action = (company: Company, order: Row, quantities?: Quantities) => Posted | void;
const actions = {
  /** Closes it for editing. */
  release: releaseOrder,
  /** Opens it for editing. */
  reopen: (company, order) => reopenOrder(company, order),
  requestApproval,
  /** Ends an approval: the order is released. */
  approve: (company, order) => endApproval(company, order, true),
  /** Ends an approval: the order is open again. */
  reject: (company, order) => endApproval(company, order, false),
  /** Ships the given quantities, or what the lines say. */
  ship: shipOrder,
  /** Invoices what has been shipped; the order goes when nothing is left. */
  invoice: invoiceOrder,
  /** Ships and invoices everything. */
  post: postOrder,
  delete: (company, order) => deleteRecord(company, "salesOrders", order),
} as const satisfies Readonly<Record<string, Action>>;
export type OrderAction = keyof typeof actions;

/** By action: does it to the order of this number. Throws a Refusal; nothing has happened then. */
export interface OrderDesk
  extends Readonly<Record<OrderAction, (number: string, lines?: Readonly<Record<string, string>>) => Done>> {
  /** Invoices what has been shipped of these orders on one invoice; tells of the first order. */
  invoiceTogether(numbers: readonly string[]): Done;
}

/** `around` runs each action, so that its changes can be committed late. */
export function openDesk(company: Company, around: <T>(work: () => T) => T): OrderDesk {
  const find = (number: string): Row => {
    const order = byKey(company, "salesOrders", number);
    if (order !== undefined) return order;
    throw new Refusal(404, "Internal_RecordNotFound", `The salesOrder ${number} doesn't exist.`);
  };
  const run = (numbers: readonly string[], work: (orders: readonly Row[]) => Posted | void): Done =>
    around(() =>
      company.tables.transaction(() => {
        const orders = numbers.map(find);
        const posted = work(orders);
        const after = company.tables.table("salesOrders").get(orders[0]!.id);
        const status = (after === undefined ? "gone" : after["status"] ?? "Draft") as Done["status"];
        return { number: String(orders[0]!["number"]), status, ...posted };
      })
    );
  const one = (name: OrderAction) => (number: string, lines?: Readonly<Record<string, string>>): Done => {
    const quantities = lines === undefined ? undefined : new Map(Object.entries(lines).map(quantityOf));
    return run([number], ([order]) => (actions[name] as Action)(company, order!, quantities));
  };
  return {
    ...Object.fromEntries(Object.keys(actions).map((name) => [name, one(name as OrderAction)])) as Pick<
      OrderDesk,
      OrderAction
    >,
    invoiceTogether: (numbers) => run(numbers, (orders) => invoiceTogether(company, orders)),
  };
}

/** Answers "orders/<number>/<action>"; undefined when the path isn't one of these. Throws a Refusal. */
export function atDesk(desk: OrderDesk, path: string, body: Json): Done | undefined {
  const match = /^orders\/([^/]+)\/(\w+)$/.exec(path);
  if (match === null || !Object.hasOwn(desk, match[2]!)) return undefined;
  const number = decodeURIComponent(match[1]!);
  if (match[2] === "invoiceTogether") {
    const others = isObject(body) ? body["with"] : undefined;
    const isList = Array.isArray(others) && others.every((one) => typeof one === "string");
    if (!isList) throw badRequest(`"with" must be a list of numbers: ["S-ORD101002"].`);
    return desk.invoiceTogether([...new Set([number, ...others])]);
  }
  const lines = isObject(body) ? body["lines"] : undefined;
  if (lines !== undefined && !isObject(lines)) throw badRequest(`"lines" must be an object: {"10000": "2"}.`);
  const quantities = lines === undefined ? undefined : Object.fromEntries(
    Object.entries(lines).map(([sequence, quantity]) => {
      const isRaw = typeof quantity === "object" && quantity !== null && "rawJSON" in quantity;
      return [sequence, isRaw ? String(quantity.rawJSON) : String(quantity)];
    }),
  );
  return desk[match[2] as OrderAction](number, quantities);
}

function quantityOf([sequence, quantity]: [string, string]): [number, string] {
  if (!/^\d+$/.test(sequence) || !isDecimal(quantity)) {
    throw badRequest(`"${sequence}": "${quantity}" isn't a line's sequence and a quantity.`);
  }
  return [Number(sequence), quantity];
}
