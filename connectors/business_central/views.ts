/**
 * How the handles of entities.ts stand on Business Central's pages: most fields are properties of one page; views fill
 * the others from elsewhere and write them back there.
 */
import type { Field, Write } from "../connector.ts";
import { withBlank } from "../blanks.ts";
import type { RawRow } from "../odata.ts";
import { articles } from "./articles.ts";
import { madeOf, readCodes, sendCodes, termFields } from "./codes.ts";
import { extensionViews } from "./extension_views.ts";
import { salesOrderLines, salesOrders } from "./order_view.ts";
import { joinName, nameParts, type PersonName, splitName } from "./person_name.ts";
import { refused, type View } from "./view.ts";

const customers: View = {
  made: madeOf(termFields),
  fill: (work) => readCodes(termFields, work),
  send: (work) => sendCodes(termFields, work),
};

const currencies: View = {
  made: { exchangeRate: [] },
  whole: true,
  async more(rows, lookups) {
    const local = await lookups.localCurrency();
    return local.code === "" || rows.some((row) => row["code"] === local.code) ? [] : [local];
  },
  async fill({ fields, lookups }) {
    if (!fields.has("exchangeRate")) return () => ({});
    const rates = await lookups.rates();
    return (row) => ({ exchangeRate: rates(String(row["code"])) });
  },
};

const persons: View = {
  made: {
    firstName: ["displayName"],
    middleName: ["displayName"],
    lastName: ["displayName"],
    customerId: ["companyNumber"],
  },
  only: { property: "type", value: "Person" },
  async fill({ fields, rows, lookups }) {
    const companies = fields.has("customerId") ? rows.map((row) => String(row["companyNumber"])) : [];
    const customers = await lookups.customers(companies.filter((number) => number !== ""));
    return (row) => ({
      ...splitName(String(row["displayName"] ?? "")),
      customerId: customers.get(String(row["companyNumber"])) ?? null,
    });
  },
  async send({ writes, lookups, current }) {
    const parents = writes.map((write) => write.fields["customerId"]).filter((id) => typeof id === "string");
    const companies = parents.length === 0 ? new Map<string, string>() : await lookups.companies(parents);
    const partial = writes.filter((write) => write.op === "update" && namesOf(write) > 0 && namesOf(write) < 3);
    const ids = partial.map((write) => String(write.id));
    const now = ids.length === 0 ? new Map<string, RawRow>() : await current(ids, ["displayName"]);
    return (write) => {
      const body: Record<string, unknown> = write.op === "create" ? { type: "Person" } : {};
      if (namesOf(write) > 0) {
        const before = splitName(String(now.get(String(write.id))?.["displayName"] ?? ""));
        const sent = Object.fromEntries(nameParts.map((part) => [part, partOf(write, part) ?? before[part]]));
        body["displayName"] = joinName(sent as unknown as PersonName);
      }
      const parent = write.fields["customerId"];
      if (typeof parent === "string") {
        const company = companies.get(parent.toLowerCase());
        if (company === undefined) {
          return refused("no_company_contact", "customerId", "the customer has no contact of type Company");
        }
        body["companyNumber"] = company;
      }
      return { body };
    };
  },
};
function namesOf(write: Write): number {
  return nameParts.filter((part) => part in write.fields).length;
}
/** undefined: not sent, so it stays what it was; a blank that is sent takes the part away. */
function partOf(write: Write, part: string): string | undefined {
  return part in write.fields ? String(write.fields[part] ?? "") : undefined;
}

/** One row, whose local currency stands on another page. */
const company: View = {
  made: { currencyCode: [] },
  whole: true,
  async fill({ fields, lookups }) {
    const code = fields.has("currencyCode") ? (await lookups.localCurrency()).code : "";
    return () => ({ currencyCode: code === "" ? null : code });
  },
};

const plain: View = { made: {} };
const views = new Map<string, View>([
  ["customers", customers],
  ["currencies", currencies],
  ["contacts", persons],
  ["items", articles("Item")],
  ["companyInformation", company],
  ["salesOrders", salesOrders],
  ["salesOrderLines", salesOrderLines],
]);
/** The view behind a handle, given whether the extension's pages are used; most are plain pages. */
export function viewOf(entity: string, extension: boolean): View {
  return (extension ? extensionViews.get(entity) : undefined) ?? views.get(entity) ?? plain;
}

/**
 * The plain fields of a write as page properties. A creation leaves blanks to the service. What blanks or fills other
 * properties goes first, since the service takes properties in the order of the body: the customer, then countries,
 * which blank city, postal code and state.
 */
export function plainBody(view: View, write: Write, fields: Readonly<Record<string, Field>>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const name of Object.keys(write.fields).toSorted((one, other) => rank(one) - rank(other))) {
    const value = write.fields[name]!;
    const field = fields[name];
    if (Object.hasOwn(view.made, name) || field === undefined || (write.op === "create" && value === null)) continue;
    body[name] = withBlank(field, value);
  }
  return body;
}

function rank(property: string): number {
  if (property === "customerId") return 0;
  return /country$/i.test(property) ? 1 : 2;
}
