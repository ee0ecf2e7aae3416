/** Inserting, changing and deleting records, with what the service does besides. */
import type { Cell, Row } from "../tables.ts";
import {
  blankRow,
  changedRow,
  freeKey,
  manualNumbersAllowed,
  newKey,
  nextEntryNumber,
  nextNumber,
  resolveReference,
  shownValue,
  sparseRow,
  tableOf,
  wholeRow,
} from "./company.ts";
import { type Company, type SetFact, type Values, zeroGuid } from "./facts.ts";
import type { Body, Input } from "./input.ts";
import { breakName, joinName } from "./person_name.ts";
import { noSuchRelation, Refusal, ruleBroken } from "./refusal.ts";
import { addDecimals, canonicalDecimal } from "../decimal.ts";

/** What a customer and its company contact have in common; a change on one is written to the other. */
const SHARED = [
  "displayName",
  "addressLine1",
  "addressLine2",
  "city",
  "state",
  "country",
  "postalCode",
  "phoneNumber",
  "email",
  "website",
  "taxRegistrationNumber",
] as const;

/**
 * Adds a record, with the records that come along with it, and returns its row. Throws a Refusal; nothing is changed
 * then.
 */
export function insertRecord(company: Company, set: string, { input, parts }: Body): Row {
  return company.tables.transaction(() => {
    const fact = company.sets[set]!;
    const table = tableOf(company, set);
    const id = String(input.get("id") ?? company.clock.uuid());
    if (company.tables.table(table).get(id) !== undefined) throw idTaken(fact, id);
    const row: Values = { ...blankRow(company, table, id, new Date(company.clock.now()).toISOString()) };
    Object.assign(row, resolved(company, fact, input));
    fact.rules?.prepare?.(company, row, input);
    if (fact.key !== null) row[fact.key] = newKey(company, table, String(row[fact.key] ?? ""));
    if (table === "customers" || table === "contacts") requireName(row);
    if (table === "contacts") completeContact(company, row);
    fact.rules?.insert?.(company, row, input);
    const stock = String(row["inventory"] ?? "0");
    if (table === "items") row["inventory"] = "0";
    let stored = row as unknown as Row;
    if (table === "customers") stored = addCompanyContact(company, stored, nextNumber(company, "contacts"));
    else put(company, table, stored);
    for (const [name, bodies] of parts) {
      const { set: part, parent } = fact.navigation![name]!;
      for (const body of bodies) {
        insertRecord(company, part, { ...body, input: new Map([...body.input, [parent!, stored.id]]) });
      }
    }
    stored = fact.rules?.inserted?.(company, find(company, table, stored.id)!) ?? stored;
    return table === "items" ? postInventory(company, stored, stock) : stored;
  });
}

/** Changes a record and returns its row. Throws a Refusal; nothing is changed then. */
export function updateRecord(company: Company, set: string, stored: Row, input: Input): Row {
  return company.tables.transaction(() => {
    const fact = company.sets[set]!;
    const table = tableOf(company, set);
    const before = wholeRow(company, table, stored);
    if (set === "customerContacts") return updateCustomerContact(company, before, input);
    if ((input.get("id") ?? before.id) !== before.id) throw ruleBroken(`The id of ${fact.entity} can't be changed.`);
    const values = resolved(company, fact, input);
    delete values["id"];
    fact.rules?.prepare?.(company, values, input, before);
    if (fact.key !== null && Object.hasOwn(values, fact.key) && values[fact.key] !== before[fact.key]) {
      rename(company, table, before, values);
    }
    if ("displayName" in values && (table === "customers" || table === "contacts")) requireName(values);
    if ("country" in values && before["country"] !== "" && values["country"] !== before["country"]) {
      const named = Object.keys(values); // in the order of the body, in which they are validated
      const behind = named.slice(named.indexOf("country"));
      for (const field of ["city", "postalCode", "state"]) if (!behind.includes(field)) values[field] = "";
    }
    if (table === "contacts") changeContact(company, before, values);
    const stock = values["inventory"];
    delete values["inventory"];
    if (table === "items") changeItem(company, before, values);
    fact.rules?.update?.(company, before, values, input);
    let after = put(company, table, changedRow(company, before, values));
    if (table === "customers") writeThrough(company, after, "contacts", String(after["contactId"]));
    if (table === "contacts" && after["customerId"] !== zeroGuid) {
      writeThrough(company, after, "customers", String(after["customerId"]));
    }
    after = fact.rules?.updated?.(company, after, before) ?? after;
    return stock === undefined ? after : postInventory(company, after, String(stock));
  });
}

/** Deletes a record. Throws a Refusal when others need it. */
export function deleteRecord(company: Company, set: string, stored: Row): void {
  company.tables.transaction(() => {
    const fact = company.sets[set]!;
    const table = tableOf(company, set);
    const row = wholeRow(company, table, stored);
    if (table === "contacts" && row["customerId"] !== zeroGuid) {
      throw ruleBroken(
        `Contact ${row["number"]} can't be deleted: it stands for a customer. Delete the customer first.`,
      );
    }
    fact.rules?.remove?.(company, row);
    refuseWhileUsed(company, table, row);
    const contact = table === "customers" ? find(company, "contacts", row["contactId"]!) : undefined;
    if (contact !== undefined) put(company, "contacts", changedRow(company, contact, { customerId: zeroGuid }));
    removeRow(company, table, row);
    fact.rules?.removed?.(company, row);
  });
}

/** What people call a record by, or what it belongs to. */
const callNames = ["number", "sourceNumber", "itemNumber", "resourceNumber", "priceListCode", "code"];

/** Takes a row away and notes in the table "deletedRecords" which one of which table it was, and when. */
export function removeRow(company: Company, table: string, row: Row): void {
  const { fields } = company.sets[table]!;
  const name = callNames.find((field) => Object.hasOwn(fields, field));
  const key = name === undefined ? "" : shownValue(company, table, name, row);
  const noted = company.tables.table("deletedRecords");
  company.tables.table(table).delete(row.id);
  noted.put({
    id: company.clock.uuid(),
    entryNumber: noted.size + 1,
    table,
    systemId: row.id,
    key,
    lastModifiedDateTime: new Date(company.clock.now()).toISOString(),
    version: 1,
  });
}

function refuseWhileUsed(company: Company, table: string, row: Row): void {
  const { entity } = company.sets[table]!;
  if (company.tables.table("salesOrderLines").where("objectId", row.id).length > 0) {
    throw ruleBroken(`The ${entity} can't be deleted: salesOrderLines use it.`);
  }
  for (const [other, fact] of Object.entries(company.sets)) {
    if (fact.of !== undefined) continue;
    for (const { ref } of Object.values(fact.fields)) {
      if (ref?.set !== table) continue;
      const users = company.tables.table(other).where(ref.column, row.id).filter((user) => user.id !== row.id);
      if (users.length > 0) {
        throw ruleBroken(`The ${entity} can't be deleted: ${other} use it.`);
      }
    }
  }
}

function idTaken({ entity }: SetFact, id: string): Refusal {
  return new Refusal(400, "Internal_EntityWithSameKeyExists", `The record of ${entity} already exists: id='${id}'.`);
}

/** The company contact that every customer has, made together with it; returns the customer that points at it. */
export function addCompanyContact(company: Company, customer: Row, number: string, id = company.clock.uuid()): Row {
  const contact: Values = { ...blankRow(company, "contacts", id, String(customer["lastModifiedDateTime"])) };
  for (const field of SHARED) contact[field] = customer[field]!;
  Object.assign(contact, { number, type: customer["type"], companyId: id, customerId: customer.id });
  nameContact(contact);
  put(company, "contacts", contact as unknown as Row);
  return put(company, "customers", { ...customer, contactId: id });
}

/** Sets what follows from a contact's name: the parts of a person's, and the search name. */
export function nameContact(contact: Values, oldName = ""): void {
  const name = String(contact["displayName"]);
  if (contact["type"] === "Person") Object.assign(contact, breakName(name));
  const search = contact["searchName"];
  if (search === "" || search === oldName.toUpperCase()) contact["searchName"] = name.toUpperCase();
}

/** Stores a whole row and returns it. */
export function put(company: Company, set: string, row: Row): Row {
  company.tables.table(set).put(sparseRow(company, set, row));
  company.sets[set]?.rules?.stored?.(company, row);
  return row;
}

/** The whole row with this id. */
export function find(company: Company, set: string, id: Cell): Row | undefined {
  const row = company.tables.table(set).get(String(id));
  return row === undefined ? undefined : wholeRow(company, set, row);
}

/** The input with references as the ids that are stored. */
function resolved(company: Company, fact: SetFact, input: Input): Values {
  const values: Values = {};
  for (const [name, value] of input) {
    const field = fact.fields[name]!;
    if (field.among !== undefined) checkAmong(company, name, field.among, String(value));
    if (field.ref === undefined) {
      values[name] = value;
      continue;
    }
    const id = resolveReference(company, name, field, String(value));
    const { column } = field.ref;
    if (Object.hasOwn(values, column) && values[column] !== id) {
      throw ruleBroken(
        `The values of ${fact.entity} contradict each other: "${name}" names another record than the id beside it.`,
      );
    }
    values[column] = id;
  }
  return values;
}

/** A table relation is checked only where the company keeps such a list at all. */
function checkAmong(company: Company, name: string, set: string, code: string): void {
  const table = company.tables.table(set);
  if (code === "" || table.size === 0 || table.where("code", code).length > 0) return;
  throw noSuchRelation(name, code, set);
}

function requireName(values: Values): void {
  if (values["displayName"] === "") {
    throw new Refusal(400, "BadRequest_RequiredParamNotProvided", `"displayName" must have a value.`);
  }
}

/** A new number or code: the record is renamed, and whatever refers to it by code shows the new one. */
function rename(company: Company, set: string, before: Row, values: Values): void {
  const fact = company.sets[set]!;
  const key = fact.key!;
  const to = String(values[key]);
  if (to === "") throw ruleBroken(`The field "${key}" of ${fact.entity} can't be blank.`);
  if (fact.series && !manualNumbersAllowed(company, set)) {
    throw ruleBroken(`Numbers of ${set} come from their number series, which doesn't allow manual numbers.`);
  }
  freeKey(company, set, to);
  if (set !== "countriesRegions") return;
  for (const table of ["customers", "contacts"]) {
    for (const row of company.tables.table(table).where("country", before["code"]!)) {
      put(company, table, changedRow(company, wholeRow(company, table, row), { country: to }));
    }
  }
}

function completeContact(company: Company, row: Values): void {
  const id = String(row["id"]);
  const given = String(row["companyId"]);
  if (row["type"] === "Company") {
    if (given !== zeroGuid) throw ruleBroken(`A contact of type Company can't belong to another company.`);
    row["companyId"] = id;
  } else {
    checkCompany(company, given);
  }
  nameContact(row);
}

function checkCompany(company: Company, id: string): void {
  const head = find(company, "contacts", id);
  if (head !== undefined && head["type"] !== "Company") {
    throw noSuchRelation("companyNumber", String(head["number"]), "contacts of type Company");
  }
}

function changeContact(company: Company, before: Row, values: Values): void {
  if ("type" in values && values["type"] !== before["type"]) {
    throw ruleBroken(`The type of contact ${before["number"]} can't be changed.`);
  }
  if ("companyId" in values && values["companyId"] !== before["companyId"]) {
    if (before["type"] === "Company") throw ruleBroken("A contact of type Company can't belong to another company.");
    checkCompany(company, String(values["companyId"]));
  }
  if (!("displayName" in values) || values["displayName"] === before["displayName"]) return;
  const named: Values = { ...before, ...values };
  nameContact(named, String(before["displayName"]));
  for (const part of ["firstName", "middleName", "surname", "searchName"]) values[part] = named[part]!;
}

function changeItem(company: Company, before: Row, values: Values): void {
  const isChanged = (field: string) => Object.hasOwn(values, field) && values[field] !== before[field];
  const hasEntries = company.tables.table("itemLedgerEntries").where("itemId", before.id).length > 0;
  if (hasEntries && (isChanged("baseUnitOfMeasureId") || isChanged("type"))) {
    throw ruleBroken(`The base unit and the type of item ${before["number"]} can't change: it has ledger entries.`);
  }
}

/** Copies what customer and company contact share to the other one, where it differs. */
function writeThrough(company: Company, from: Row, set: "customers" | "contacts", id: string): void {
  const other = find(company, set, id);
  if (other === undefined) return;
  const values: Values = {};
  for (const field of SHARED) {
    if (other[field] !== from[field]) values[field] = from[field]!;
  }
  if (Object.keys(values).length === 0) return;
  if (set === "contacts") changeContact(company, other, values);
  put(company, set, changedRow(company, other, values));
}

/** A written stock is no value of the item: the difference is posted to the ledger. */
function postInventory(company: Company, item: Row, wanted: string): Row {
  const difference = canonicalDecimal(addDecimals(wanted, negated(String(item["inventory"]))));
  if (difference === "0") return item;
  if (item["type"] !== "Inventory") throw ruleBroken(`Item ${item["number"]} has no stock: its type isn't Inventory.`);
  if (item["baseUnitOfMeasureId"] === zeroGuid) {
    throw ruleBroken(`Stock of item ${item["number"]} can't be posted: it has no base unit of measure.`);
  }
  const isLess = difference.startsWith("-");
  addLedgerEntry(company, item, {
    entryType: isLess ? "Negative Adjmt." : "Positive Adjmt.",
    quantity: difference,
    postingDate: new Date(company.clock.now()).toISOString().slice(0, 10),
  });
  return find(company, "items", item.id)!;
}

/** Adds an entry to the item ledger; the item's stock follows from it, and the item itself counts as unchanged. */
export function addLedgerEntry(company: Company, item: Row, values: Values): void {
  put(company, "itemLedgerEntries", {
    ...blankRow(company, "itemLedgerEntries", company.clock.uuid(), new Date(company.clock.now()).toISOString()),
    itemId: item.id,
    entryNumber: nextEntryNumber(company),
    ...values,
  });
  const inventory = canonicalDecimal(addDecimals(String(item["inventory"] ?? "0"), String(values["quantity"])));
  put(company, "items", { ...wholeRow(company, "items", item), inventory });
}

function negated(decimal: string): string {
  return decimal.startsWith("-") ? decimal.slice(1) : `-${decimal}`;
}

/** The page for names: a person's parts are set one by one, and the whole name follows from them. */
function updateCustomerContact(company: Company, before: Row, input: Input): Row {
  const columns: Record<string, string> = {
    lastName: "surname",
    professionalTitle: "jobTitle",
    primaryPhoneNumber: "phoneNumber",
  };
  const values: Values = {};
  for (const [name, value] of input) {
    if (name !== "customerId") values[columns[name] ?? name] = value;
  }
  if ("firstName" in values || "surname" in values) {
    const parts = { ...before, ...values } as Row & { firstName: string; middleName: string; surname: string };
    values["displayName"] = joinName(parts);
    requireName(values);
    if (before["searchName"] === String(before["displayName"]).toUpperCase()) {
      values["searchName"] = values["displayName"].toUpperCase();
    }
  }
  const customerId = input.get("customerId");
  if (customerId !== undefined) moveCustomer(company, before, String(customerId));
  return put(company, "contacts", changedRow(company, before, values));
}

/** Writing a person's customer gives the person's whole company to that customer. */
function moveCustomer(company: Company, person: Row, customerId: string): void {
  const head = find(company, "contacts", person["companyId"]!);
  if (head === undefined) throw ruleBroken(`Contact ${person["number"]} belongs to no company.`);
  if (head["customerId"] === customerId) return;
  const to = find(company, "customers", customerId);
  if (to === undefined) throw noSuchRelation("customerId", customerId, "customers");
  const from = find(company, "customers", head["customerId"]!);
  if (from !== undefined) put(company, "customers", { ...from, contactId: zeroGuid });
  const replaced = find(company, "contacts", to["contactId"]!);
  if (replaced !== undefined) put(company, "contacts", changedRow(company, replaced, { customerId: zeroGuid }));
  put(company, "customers", { ...to, contactId: head.id });
  put(company, "contacts", changedRow(company, head, { customerId }));
}
