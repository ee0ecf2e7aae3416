/** The contract of the extension: its description, the sandbox's answers and the connector's handles agree. */
import { assert, assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import { apiOf, apis } from "../../connectors/business_central/routes.ts";
import { viewOf } from "../../connectors/business_central/views.ts";
import type { AnyEntity, Field } from "../../connectors/connector.ts";
import { encodeName } from "../../connectors/blanks.ts";
import type { Page, PageField } from "../../extension/page.ts";
import { pages, route } from "../../extension/pages.ts";
import { type Body, type ExtensionWorld, startWorld } from "./world.ts";

const all: readonly Page[] = Object.values(pages);
const guidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A value that the field can have, other than the one that the records have. */
const samples: Readonly<Record<string, unknown>> = {
  "customers.email": "a@example.org",
  "contacts.email": "a@example.org",
  "contacts.companyNumber": "CT000002",
  "contacts.type": "Person",
  "items.gtin": "12345",
  "itemUnitsOfMeasure.code": "HOUR",
  "resourceUnitsOfMeasure.code": "PCS",
  "resourceUnitsOfMeasure.resourceNumber": "MARTY",
  "customers.phoneNumber": "123",
  "contacts.phoneNumber": "123",
  "customers.mobilePhoneNumber": "123",
  "contacts.mobilePhoneNumber": "123",
  "customers.faxNumber": "123",
  "contacts.faxNumber": "123",
  "priceListLines.assetNumber": "I00020",
  "priceListLines.assetType": "_x0020_",
  "priceListLines.amountType": "Any",
  "items.itemCategoryCode": "CAT",
};
/** By entity set that is pointed at. */
const targets: Readonly<Record<string, string>> = {
  items: "I00020",
  resources: "LINA",
  unitsOfMeasure: "BOX",
  currencies: "EUR",
  shippingAgents: "DHL",
  customerPriceGroups: "RETAIL",
  customers: "C00020",
  salespeoplePurchasers: "AB",
  contacts: "CT000001",
  priceListHeaders: "S2",
};

interface Prepared extends ExtensionWorld {
  /** Ids of code tables by set. */
  readonly ids: Readonly<Record<string, string>>;
}
async function prepared(): Promise<Prepared> {
  const world = await startWorld();
  await world.setting({ editActivePrices: true });
  await world.standard("unitsOfMeasure", { code: "PCS" }, { code: "HOUR" });
  const [box] = await world.standard("unitsOfMeasure", { code: "BOX" });
  const [euro] = await world.standard("currencies", { code: "EUR", displayName: "Euro" });
  const [terms] = await world.standard("paymentTerms", { code: "NET" });
  const [method] = await world.standard("shipmentMethods", { code: "FOB" });
  const [category] = await world.standard("itemCategories", { code: "CAT", displayName: "Category" });
  await world.standard("salespeoplePurchasers", { code: "AB", displayName: "Anna" });
  await world.create("shippingAgents", { code: "DHL" });
  const [gone] = await world.standard("unitsOfMeasure", { code: "GONE" });
  await world.send("DELETE", `unitsOfMeasure(${gone.id})`, undefined, "standard");
  await world.create("customerPriceGroups", { code: "RETAIL" });
  await world.create("customers", { displayName: "Sól ehf." }, { displayName: "Máni ehf." });
  const chair = { displayName: "Chair", baseUnitOfMeasureCode: "PCS" };
  await world.create("items", chair, { ...chair, displayName: "Table" });
  await world.standard("items", { ...chair, displayName: "Lamp", inventory: 3 });
  await world.create("items", { ...chair, displayName: "Stool" }); // the last one: nothing was posted for it
  await world.create("resources", { number: "LINA", name: "Lina", baseUnitOfMeasureCode: "HOUR" });
  await world.create("resources", { number: "MARTY", name: "Marty", baseUnitOfMeasureCode: "HOUR" });
  await world.create("itemUnitsOfMeasure", { itemNumber: "I00010", code: "BOX", quantityPerUnitOfMeasure: 12 });
  await world.create("resourceUnitsOfMeasure", { resourceNumber: "LINA", code: "BOX", quantityPerUnitOfMeasure: 8 });
  await world.create("priceListHeaders", { code: "S1", allowUpdatingDefaults: true }, { code: "S2" });
  await world.create("priceListLines", {
    priceListCode: "S1",
    assetType: "Item",
    assetNumber: "I00010",
    amountType: "Any",
  });
  await world.create("salesPrices", { itemNumber: "I00010", salesType: "All_x0020_Customers" });
  await world.standard("salesOrders", { customerNumber: "C00010" });
  await world.create("contacts", { type: "Person", companyNumber: "CT000001", surname: "Berg" });
  const ids = { currencies: euro.id, paymentTerms: terms.id, shipmentMethods: method.id, unitsOfMeasure: box.id };
  return Object.assign(world, { ids: { ...ids, itemCategories: category.id } });
}
/** What a new record must have; with a number nobody has yet. */
function least(page: Page, at: number): Body {
  const line = { priceListCode: "S1", assetType: "Item", assetNumber: "I00010", amountType: "Any" };
  const bodies: Readonly<Record<string, Body>> = {
    resources: { number: `R${at}`, baseUnitOfMeasureCode: "HOUR" },
    customerPriceGroups: { code: `G${at}` },
    salesPrices: { itemNumber: "I00010", salesType: "All_x0020_Customers", minimumQuantity: at + 1 },
    priceListHeaders: { code: `L${at}` },
    priceListLines: line,
    itemUnitsOfMeasure: { itemNumber: "I00020", code: `U${at}` },
    resourceUnitsOfMeasure: { resourceNumber: "MARTY", code: `U${at}` },
    shippingAgents: { code: `A${at}` },
    customers: { displayName: "New" },
    contacts: { displayName: "New", type: "Company" },
    items: { displayName: "New" },
  };
  return bodies[page.set];
}
function sample({ ids }: Prepared, { set }: Page, name: string, field: PageField): unknown {
  const own = samples[`${set}.${name}`];
  if (own !== undefined) return own;
  if (name === "id") return "aaaaaaaa-0000-4000-8000-00000000000a";
  switch (field.kind) {
    case "boolean":
      return true;
    case "decimal":
      return set.endsWith("UnitsOfMeasure") ? 24 : 7.25;
    case "integer":
      return 7;
    case "date":
      return "2026-02-03";
    case "datetime":
      return "2026-02-03T04:05:06Z";
    case "guid":
      return (name === "itemCategoryId" ? ids["itemCategories"] : ids[field.of ?? ""]) ??
        "bbbbbbbb-0000-4000-8000-00000000000b";
    case "choice":
      return encodeName(field.choices!.at(1)!);
    default:
      return (field.of === undefined ? undefined : targets[field.of]) ?? "X1".slice(0, field.length);
  }
}
function looksLike(field: PageField, value: unknown): boolean {
  switch (field.kind) {
    case "boolean":
      return typeof value === "boolean";
    case "decimal":
      return typeof value === "number";
    case "integer":
      return Number.isInteger(value);
    case "date":
      return /^\d{4}-\d{2}-\d{2}$/.test(String(value));
    case "datetime":
      return /^\d{4}-\d{2}-\d{2}T.*Z$/.test(String(value));
    case "guid":
      return guidForm.test(String(value));
    case "choice":
      return field.choices!.some((choice) => encodeName(choice) === value);
    default:
      return typeof value === "string" && value.length <= (field.length ?? 0) &&
        (field.kind === "text" || value === value.toUpperCase()) && (field.filled !== true || value !== "");
  }
}

Deno.test("contract: every property that the description names is read, with its type, and no other", async () => {
  await using world = await prepared();
  for (const { set, fields } of all) {
    const { body } = await world.send("GET", set);
    const row: Body = body.value.at(0);
    assert(row !== undefined, `${set} has no row`);
    const names = Object.keys(row).filter((name) => !name.startsWith("@odata."));
    assertEquals(names.toSorted(), Object.keys(fields).toSorted(), set);
    for (const [name, field] of Object.entries(fields)) {
      assert(looksLike(field, row[name]), `${set}.${name} is ${JSON.stringify(row[name])}, no ${field.kind}`);
    }
    const selected = await world.send("GET", `${set}?$select=${Object.keys(fields).join()}`);
    assertEquals(selected.status, 200, set);
  }
});

Deno.test("contract: every property is written on creation as the description says", async () => {
  await using world = await prepared();
  let at = 0;
  for (const page of all.filter(({ insert }) => insert)) {
    for (const [name, field] of Object.entries(page.fields)) {
      const value = sample(world, page, name, field);
      if (page.set.endsWith("UnitsOfMeasure")) await world.standard("unitsOfMeasure", { code: `U${at}` });
      const body = { ...least(page, at++), [name]: value };
      if (page.set === "contacts" && ["firstName", "middleName", "surname", "companyNumber"].includes(name)) {
        Object.assign(body, { displayName: undefined, surname: body.surname ?? "Berg", type: "Person" });
      }
      const isFromSeries = name === "number" && ["customers", "contacts", "items"].includes(page.set);
      if (isFromSeries) continue; // the series allows no numbers of one's own
      const reply = await world.send("POST", page.set, body);
      const what = `${page.set}.${name}: ${reply.text}`;
      if (field.edit === "never") {
        assertEquals(reply.status, 400, what);
        continue;
      }
      assertEquals(reply.status, 201, what);
      assertEquals(reply.body[name], value, what);
    }
  }
});

Deno.test("contract: every property is changed, or kept, as the description says", async () => {
  await using world = await prepared();
  for (const page of all.filter(({ modify }) => modify)) {
    for (const [name, field] of Object.entries(page.fields)) {
      const { body } = await world.send("GET", page.set);
      // The quantity of a base unit is fixed, so another unit is taken.
      const row: Body = body.value.findLast((one: Body) =>
        one.code === undefined || one.code !== one.baseUnitOfMeasureCode
      );
      const value = sample(world, page, name, field);
      const reply = await world.send("PATCH", `${page.set}(${row.id})`, { [name]: value });
      const what = `${page.set}.${name}: ${reply.text}`;
      if (field.edit === "never" || field.edit === "create" && value !== row[name]) {
        assertEquals(reply.status, 400, what);
      } else {
        assertEquals(reply.status, 200, what);
        assertEquals(reply.body[name], value, what);
      }
    }
  }
});

Deno.test("contract: sets are inserted into, changed and deleted from where the description says so only", async () => {
  await using world = await prepared();
  for (const page of all) {
    const { body: { value: [row] } } = await world.send("GET", page.set);
    if (!page.insert) assertEquals((await world.send("POST", page.set, {})).status, 405, page.set);
    if (row.id === undefined) continue; // rows of a query have no id
    if (!page.modify) assertEquals((await world.send("PATCH", `${page.set}(${row.id})`, {})).status, 405, page.set);
    const isRefused = (await world.send("DELETE", `${page.set}(${row.id})`)).status === 405;
    assertEquals(isRefused, !page.remove, page.set);
  }
});

Deno.test("contract: every action of the description is there, and no other", async () => {
  await using world = await prepared();
  const { body: { value: [order] } } = await world.send("GET", "salesOrders");
  await world.standard(`salesOrders(${order.id})/salesOrderLines`, {
    lineType: "Item",
    lineObjectNumber: "I00010",
    quantity: 1,
  });
  for (const { set, actions = [] } of all) {
    const { body: { value: [row] } } = await world.send("GET", set);
    for (const { name } of actions) {
      assertEquals((await world.send("POST", `${set}(${row.id})/Microsoft.NAV.${name}`)).status, 204, `${set} ${name}`);
    }
    assertEquals((await world.send("POST", `${set}(${row.id ?? ""})/Microsoft.NAV.post`)).status, 404, set);
  }
});

Deno.test("contract: the connector uses the address that the app has", () => {
  assertEquals(apis.extension, `api/${route.publisher}/${route.group}/${route.version}/`);
  for (const [key, { set }] of Object.entries(pages)) assertEquals(key, set);
});

const kinds: Readonly<Record<PageField["kind"], Field["kind"]>> = {
  text: "text",
  code: "text",
  decimal: "decimal",
  integer: "integer",
  boolean: "boolean",
  date: "date",
  datetime: "datetime",
  guid: "text", // an id that points at nothing: the record's own
  choice: "choice",
};
const handles = Object.values<AnyEntity>(bc).filter((entity) => apiOf(entity, true) === "extension");

Deno.test("contract: every field of a handle stands on its page, with kind, length, choices and the right to write", () => {
  assertEquals(handles.length, 12);
  for (const entity of handles) {
    const page = all.find(({ set }) => set === entity.name)!;
    const view = viewOf(entity.name, true);
    for (const properties of Object.values(view.made)) {
      for (const property of properties) assert(property in page.fields, `${entity.name}: ${property}`);
    }
    const own = Object.entries(entity.fields).filter(([name]) => !(name in view.made));
    for (const [name, field] of own) {
      const where = `${entity.name}.${name}`;
      assert(name in page.fields, `${where} is no property of the page`);
      const described = page.fields[name]!;
      assertEquals(field.kind, described.of === undefined ? kinds[described.kind] : "lookup", where);
      if (field.max !== undefined && described.length !== undefined) assert(field.max >= described.length, where);
      if (described.kind === "choice") assertEquals(field.values, described.choices, where);
      const access: unknown = entity.access[name];
      if (access === undefined) assertEquals(described.edit, "always", where);
      if (access === "create") assert(described.edit !== "never", where);
    }
  }
});
