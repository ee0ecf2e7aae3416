/** The entity sets of the extension's API beside those of units and prices, and what they do. */
import { currencyCodeOf, customerIdOf } from "./company.ts";
import {
  byKey,
  choice,
  code,
  decimal,
  EXTENSION_ROUTE,
  type FieldFact,
  flag,
  guid,
  listOnly,
  readOnly,
  set,
  type SetFact,
  type SetRules,
  shown,
  text,
  type Values,
} from "./facts.ts";
import { addDecimals } from "../decimal.ts";
import type { Row } from "../tables.ts";
import { standardSets } from "./fields.ts";
import { fixed } from "./extension_rules.ts";
import { priceSets } from "./extension_prices.ts";
import { keepsUnits, unitSets } from "./extension_units.ts";
import { orderRules, releaseOrder, reopenOrder } from "./orders.ts";
import { joinName } from "./person_name.ts";

const id = readOnly(guid);
const modified = readOnly({ kind: "datetime" });
const fax = text(30, { check: "phone" });
const route = EXTENSION_ROUTE;
const standard = (name: string): SetFact => standardSets[name]!;

/** The parts of a person's name; given, they make the whole name, and stay as they were given. */
const nameParts = ["firstName", "middleName", "surname"] as const;
const named: SetRules = {
  prepare(_company, values, input, before) {
    if (!nameParts.some((part) => input.has(part)) || input.has("displayName")) return;
    const part = (name: (typeof nameParts)[number]) => String(values[name] ?? before?.[name] ?? "");
    values["displayName"] = joinName({
      firstName: part("firstName"),
      middleName: part("middleName"),
      surname: part("surname"),
    });
  },
  insert: (_company, row, input) => keepParts(row, input),
  update(company, before, values, input) {
    fixed("number").update!(company, before, values, input);
    keepParts(values, input, before);
  },
};

function keepParts(values: Values, input: ReadonlyMap<string, Values[string]>, before?: Row): void {
  if (!nameParts.some((part) => input.has(part)) || input.has("displayName")) return;
  for (const part of nameParts) values[part] = input.get(part) ?? before?.[part] ?? "";
}

/** Each page that stands in for a standard one has its properties, and lets the creator choose the id. */
function inPlaceOf(name: string, fields: Readonly<Record<string, FieldFact>>, rules: SetRules): SetFact {
  const { entity, key, series, fields: known } = standard(name);
  return set(entity, { ...known, id: guid, ...fields }, { key, series, of: name, route, address: name, rules });
}

/** What the standard page calls Draft, In Review and Open, in the words of the table. */
const statuses = { "Draft": "Open", "Open": "Released", "In Review": "Pending Approval" } as const;
function statusOf(order: Row): keyof typeof statuses {
  return (order["status"] ?? "Draft") as keyof typeof statuses;
}

/** How many of each item lie where, by the item ledger. */
function inventories({ tables }: { readonly tables: { table(name: string): { all(): Iterable<Row> } } }): Row[] {
  const sums = new Map<string, Row>();
  for (const entry of tables.table("itemLedgerEntries").all()) {
    const locationCode = String(entry["locationCode"] ?? "");
    const place = `${entry["itemId"]} ${locationCode}`;
    const before = String(sums.get(place)?.["inventory"] ?? "0");
    const inventory = addDecimals(before, String(entry["quantity"] ?? "0"));
    sums.set(place, { id: place, itemId: entry["itemId"]!, locationCode, inventory });
  }
  return [...sums.values()];
}

/** Numbers of the tables whose deletions the extension notes. */
const tableNumbers: Readonly<Record<string, number>> = {
  customers: 18,
  contacts: 5050,
  items: 27,
  resources: 156,
  salespeoplePurchasers: 13,
  currencies: 4,
  unitsOfMeasure: 204,
  unitGroups: 5400,
  itemUnitsOfMeasure: 5404,
  resourceUnitsOfMeasure: 205,
  customerPriceGroups: 6,
  priceListHeaders: 7000,
  priceListLines: 7001,
  shippingAgents: 291,
  salesOrders: 36,
};

const all: Readonly<Record<string, SetFact>> = {
  ...unitSets,
  ...priceSets,
  shippingAgents: set("shippingAgent", {
    id,
    code: code(10),
    name: text(50),
    internetAddress: text(250),
    accountNumber: text(30),
    lastModifiedDateTime: modified,
  }, { route, rules: fixed("code") }),
  "extension customers": inPlaceOf("customers", {
    contactName: text(100),
    faxNumber: fax,
    mobilePhoneNumber: fax,
    primaryContactNumber: byKey("contacts", "primaryContactId", 20),
    shippingAgentCode: byKey("shippingAgents", "shippingAgentId", 10),
    customerPriceGroupCode: byKey("customerPriceGroups", "customerPriceGroupId", 10),
    customerPostingGroupCode: code(20),
    generalBusinessPostingGroupCode: code(20),
    taxBusinessPostingGroupCode: code(20),
  }, fixed("number")),
  "extension contacts": inPlaceOf("contacts", {
    firstName: text(30),
    middleName: text(30),
    surname: text(30),
    customerId: { ...shown(guid), value: customerIdOf },
    faxNumber: fax,
    pager: text(30),
    salespersonCode: byKey("salespeoplePurchasers", "salespersonId", 20),
    currencyCode: { ...byKey("currencies", "currencyId", 10), value: currencyCodeOf },
  }, named),
  "extension items": inPlaceOf("items", {
    inventory: readOnly(decimal),
    unitVolume: decimal,
    grossWeight: decimal,
    netWeight: decimal,
    vendorNumber: code(20),
    vendorItemNumber: text(50),
  }, { ...keepsUnits("Item"), update: fixed("number").update! }),
  "extension salesOrders": set("salesOrder", {
    id,
    number: readOnly(code(20)),
    customerNumber: readOnly(byKey("customers", "customerId", 20)),
    externalDocumentNumber: code(35),
    yourReference: text(35),
    workDescription: text(2048),
    quoteNumber: readOnly(code(20)),
    shippingAgentCode: byKey("shippingAgents", "shippingAgentId", 10),
    status: { ...readOnly(choice(...Object.values(statuses))), value: (_company, row) => statuses[statusOf(row)] },
    openedForChange: { ...shown(flag), value: (_company, row) => row["openedForChange"] === true },
    lastModifiedDateTime: modified,
  }, {
    insert: false,
    route,
    of: "salesOrders",
    address: "salesOrders",
    rules: {
      ...orderRules,
      actions: { release: releaseOrder, reopen: (company, order) => reopenOrder(company, order, true) },
    },
  }),
  inventoryByLocation: set("inventoryAtLocation", {
    itemNumber: { ...shown(code(20)), ref: { set: "items", column: "itemId", by: "key" } },
    locationCode: readOnly(code(10)),
    inventory: readOnly(decimal),
  }, { ...listOnly, route, rows: inventories }),
  deletedRecords: set("deletedRecord", {
    id,
    entryNumber: readOnly({ kind: "integer" }),
    tableNumber: {
      ...readOnly({ kind: "integer" }),
      value: (_company, row) => tableNumbers[String(row["table"])] ?? 0,
    },
    recordSystemId: { ...readOnly(guid), value: (_company, row) => row["systemId"] ?? "" },
    number: { ...readOnly(code(20)), value: (_company, row) => String(row["key"] ?? "") },
    deletedAt: { ...readOnly({ kind: "datetime" }), value: (_company, row) => row["lastModifiedDateTime"] ?? "" },
    lastModifiedDateTime: modified,
  }, { ...listOnly, route, has: (_company, row) => String(row["table"]) in tableNumbers }),
};

/** Its pages that delete; the others don't. */
const removable: ReadonlySet<string> = new Set(["extension contacts", "salesPrices", "priceListLines"]);

/** Every set of the extension, by a name that no other set has. */
export const extensionSets: Readonly<Record<string, SetFact>> = Object.fromEntries(
  Object.entries(all).map(([name, fact]) => [name, { ...fact, remove: removable.has(name) }]),
);

/** The standard sets whose rules the extension adds to: items, which keep their units. */
export const extendedSets: Readonly<Record<string, SetFact>> = {
  items: { ...standard("items"), rules: { ...standard("items").rules, ...keepsUnits("Item") } },
};
