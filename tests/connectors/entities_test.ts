import { assert, assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import { schemas as bcSchemas } from "../../connectors/business_central/schemas.ts";
import type { AnyEntity } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { schemas as dvSchemas } from "../../connectors/dataverse/schemas.ts";
import { tables } from "../../connectors/dataverse/tables.ts";

const sides: readonly (readonly [string, readonly AnyEntity[], Readonly<Record<string, unknown>>])[] = [
  ["business_central", Object.values(bc), bcSchemas],
  ["dataverse", Object.values(dv), dvSchemas],
];
const every = sides.flatMap(([, entities]) => entities);
/** Entities that fields refer to by code and that have no handle: value maps stand for them. */
const withoutHandle = ["paymentTerms", "shipmentMethods", "uoms"];

Deno.test("entities: key, label, references, access and initial values name fields of the handle", () => {
  for (const entity of every) {
    const named = [
      entity.key,
      entity.label,
      ...entity.carries,
      ...Object.keys(entity.refs),
      ...Object.keys(entity.access as object),
      ...Object.keys(entity.initial),
    ];
    for (const field of named) assert(field in entity.fields, `${entity.name}.${field}`);
  }
});

Deno.test("entities: every reference leads to a handle of the same service, by id, key or a carried field", () => {
  for (const [service, entities] of sides) {
    for (const entity of entities) {
      for (const [field, reference] of Object.entries(entity.refs)) {
        if (reference === undefined) continue;
        const target = entities.find(({ name }) => name === reference.entity);
        const where = `${service} ${entity.name}.${field}`;
        assertEquals(entity.fields[field]?.kind, "lookup", where);
        if (target === undefined) assert(withoutHandle.includes(reference.entity), where);
        else if (!["id", "key"].includes(reference.by)) assert(target.carries.includes(reference.by), where);
      }
    }
  }
});

Deno.test("entities: a handle and its schema have the same name and the same fields", () => {
  for (const [service, entities, schemas] of sides) {
    assertEquals(Object.keys(schemas).toSorted(), entities.map(({ name }) => name).toSorted(), service);
    for (const entity of entities) {
      assertEquals(Object.keys((schemas[entity.name] as { shape: object }).shape), Object.keys(entity.fields));
    }
  }
});

Deno.test("entities: a value that a new record has by itself is one that the field can have", () => {
  for (const entity of every) {
    for (const [field, value] of Object.entries(entity.initial)) {
      const { kind, values } = entity.fields[field]!;
      assert(kind === "boolean" ? typeof value === "boolean" : values?.includes(value as number), field);
    }
  }
});

Deno.test("dv: every lookup of a handle has a column behind it, and every table a handle", () => {
  assertEquals(Object.keys(tables).toSorted(), Object.values(dv).map(({ name }) => name).toSorted());
  for (const entity of Object.values(dv) as AnyEntity[]) {
    const { lookups, derived } = tables[entity.name]!;
    const fields = Object.keys(entity.fields).filter((field) => entity.fields[field]!.kind === "lookup");
    assertEquals(Object.keys(lookups).toSorted(), fields.filter((field) => !derived.includes(field)).toSorted());
  }
});

// When a field may be written, as the services have it: anything else is writable at any time.
const never = "never", create = "create", update = "update";
const accessTable: readonly (readonly [string, AnyEntity, Record<string, string>])[] = [
  ["customers", bc.customers, { id: never, number: create, balanceDue: never }],
  ["salespeople", bc.salespeople, { code: create }],
  ["currencies", bc.currencies, { code: create, exchangeRate: never }],
  ["unitsOfMeasure", bc.unitsOfMeasure, { code: create }],
  ["persons", bc.persons, { id: never, number: create, displayName: never, customerId: create, companyNumber: never }],
  ["items", bc.items, {
    id: never,
    number: create,
    unitCost: never,
    inventory: never,
    baseUnitOfMeasureCode: create,
    currencyCode: never,
    companyId: never,
    lineObject: never,
    unitGroupCode: never,
    baseUnit: never,
  }],
  ["company", bc.company, { id: never, displayName: never, currencyCode: never }],
  ["salesOrders", bc.salesOrders, {
    number: never,
    customerName: never,
    billToName: never,
    billToAddressLine1: never,
    billToAddressLine2: never,
    billToCity: never,
    billToState: never,
    billToCountry: never,
    billToPostCode: never,
    totalAmountExcludingTax: never,
    totalAmountIncludingTax: never,
    fullyShipped: never,
    lastShipmentDate: never,
    state: never,
    companyId: never,
    quoteNumber: never,
  }],
  ["salesOrderLines", bc.salesOrderLines, {
    sequence: create,
    amountExcludingTax: never,
    shippedQuantity: never,
    invoicedQuantity: never,
    documentId: create,
    comment: never,
  }],
  ["accounts", dv.accounts, { creditlimit_base: never, statecode: update }],
  ["systemusers", dv.systemusers, {
    fullname: never,
    isdisabled: never,
    islicensed: never,
    isintegrationuser: never,
  }],
  ["transactioncurrencies", dv.transactioncurrencies, {
    isocurrencycode: create,
    currencytype: create,
    statecode: update,
  }],
  ["unitGroups", dv.unitGroups, { baseuomname: create, baseuomid: never, statecode: update }],
  ["contacts", dv.contacts, { fullname: never, parentcustomeridtype: create, statecode: update }],
  ["products", dv.products, {
    productstructure: create,
    defaultuomscheduleid: create,
    pricelevelid: update,
    statecode: update,
  }],
  ["uoms", dv.uoms, { uomscheduleid: create, isschedulebaseuom: never, baseuomid: never }],
  ["priceLists", dv.priceLists, { transactioncurrencyid: create, statecode: update }],
  ["priceListItems", dv.priceListItems, {
    productnumber: never,
    pricelevelid: create,
    productid: create,
    uomscheduleid: create,
    transactioncurrencyid: never,
  }],
  ["dv.salesOrders", dv.salesOrders, {
    ordernumber: create,
    transactioncurrencyid: create,
    totaldiscountamount: never,
    totallineitemamount: never,
    totalamountlessfreight: never,
    totaltax: never,
    totalamount: never,
    totalexcludingtax: never,
  }],
  ["dv.salesOrderLines", dv.salesOrderLines, {
    salesorderdetailid: never,
    isproductoverridden: create,
    linediscount: never,
    baseamount: never,
    extendedamount: never,
    isfreight: never,
    linetype: never,
  }],
];
for (const [name, entity, access] of accessTable) {
  Deno.test(`entities: ${name} says which fields may not be written when`, () => {
    assertEquals(entity.access, access);
  });
}

Deno.test("entities: which values come from other records", () => {
  const entities: AnyEntity[] = [...Object.values(bc), ...Object.values(dv)];
  const elsewhere = entities.flatMap(({ name, fields }) => {
    return Object.keys(fields).filter((field) => fields[field]!.elsewhere).map((field) => `${name}.${field}`);
  });
  assertEquals(elsewhere, [
    "contacts.customerId",
    "customerPriceGroups.currencyCode",
    "unitGroups.baseUnitOfMeasureCode",
  ]);
});

// The longest values that the services store, and what a creation must have.
const lengths: readonly (readonly [AnyEntity, Record<string, number>])[] = [
  [bc.customers, { number: 20, displayName: 100, addressLine2: 50, city: 30, country: 10, email: 80, website: 255 }],
  [bc.salespeople, { code: 20, displayName: 50, phoneNo: 30 }],
  [bc.unitsOfMeasure, { code: 10, displayName: 50 }],
  [bc.persons, { firstName: 30, lastName: 30, jobTitle: 30, mobilePhoneNumber: 30 }],
  [bc.items, { displayName: 100, displayName2: 50, gtin: 14 }],
  [bc.company, { displayName: 100 }],
  [bc.salesOrders, { number: 20, externalDocumentNumber: 35, shipToName: 100, shipToState: 30, shipToPostCode: 20 }],
  [bc.salesOrderLines, { description: 100 }],
  [dv.accounts, { accountnumber: 20, name: 160, telephone1: 50, address1_line1: 250, address1_city: 80 }],
  [dv.systemusers, { internalemailaddress: 100, mobilephone: 64 }],
  [dv.transactioncurrencies, { isocurrencycode: 5, currencyname: 100, currencysymbol: 10 }],
  [dv.unitGroups, { name: 200, baseuomname: 100 }],
  [dv.contacts, { firstname: 50, lastname: 50, fullname: 160, emailaddress1: 100 }],
  [dv.products, { productnumber: 100, name: 100 }],
  [dv.uoms, { name: 100 }],
  [dv.priceLists, { name: 100, description: 2000 }],
  [dv.priceListItems, { productnumber: 100 }],
  [dv.salesOrders, {
    ordernumber: 100,
    name: 300,
    shipto_name: 200,
    shipto_line1: 250,
    shipto_city: 80,
    shipto_postalcode: 20,
    billto_stateorprovince: 50,
    billto_country: 80,
  }],
  [dv.salesOrderLines, { productdescription: 250, description: 2000 }],
];
const required: readonly (readonly [AnyEntity, readonly string[]])[] = [
  [bc.customers, ["displayName"]],
  [bc.salespeople, ["code"]],
  [bc.currencies, ["code"]],
  [bc.unitsOfMeasure, ["code"]],
  [bc.persons, ["customerId", "lastName"]],
  [bc.items, []],
  [bc.company, []],
  [bc.salesOrders, ["customerId", "externalDocumentNumber"]],
  [bc.salesOrderLines, []],
  [dv.accounts, ["name"]],
  [dv.systemusers, []],
  [dv.transactioncurrencies, [
    "currencyname",
    "currencyprecision",
    "currencysymbol",
    "currencytype",
    "exchangerate",
    "isocurrencycode",
  ]],
  [dv.unitGroups, ["baseuomname", "name"]],
  [dv.contacts, ["lastname", "parentcustomerid"]],
  [dv.uoms, ["name", "quantity", "uomscheduleid"]],
  [dv.priceLists, ["name", "transactioncurrencyid"]],
  [dv.priceListItems, ["amount", "pricelevelid", "productid", "uomid"]],
  [dv.salesOrders, ["customerid", "name"]],
  [dv.salesOrderLines, ["quantity"]],
  [dv.products, ["defaultuomid", "defaultuomscheduleid", "name", "productnumber", "quantitydecimal"]],
];
Deno.test("entities: lengths and required fields are the services' own", () => {
  for (const [entity, known] of lengths) {
    for (const [field, max] of Object.entries(known)) {
      assertEquals(entity.fields[field]?.max, max, `${entity.name}.${field}`);
    }
  }
  for (const [entity, fields] of required) {
    const marked = Object.keys(entity.fields).filter((field) => entity.fields[field]!.required === true);
    assertEquals(marked.toSorted(), [...fields], entity.name);
  }
});

Deno.test("bc: only the fields that the extension adds to orders need it, and lines hang under their orders", () => {
  const fields: AnyEntity["fields"] = bc.salesOrders.fields;
  const needy = Object.keys(fields).filter((field) => fields[field]!.needs === "extension");
  assertEquals(needy, ["yourReference", "workDescription", "shippingAgentCode", "quoteNumber"]);
  assertEquals([bc.salesOrderLines.partOf, bc.salesOrderLines.partKey], ["salesOrders", "number"]);
  assertEquals([bc.salesOrders.partOf, bc.items.carries], [null, ["lineObject"]]);
});

Deno.test("dv: the tables that bear the link column have it for a text of 36 signs, which nothing requires", () => {
  const linked = (Object.values(dv) as AnyEntity[]).flatMap(({ name, fields }) => {
    return Object.entries(fields).filter(([, { needs }]) => needs === "link column").map(([field]) => [name, field]);
  });
  const tables = ["accounts", "contacts", "products", "pricelevels"];
  assertEquals(linked, tables.map((name) => [name, "tng_businesscentralid"]));
  for (const { fields } of [dv.accounts, dv.contacts, dv.products, dv.priceLists]) {
    const { kind, max, nullable, required } = fields.tng_businesscentralid;
    assertEquals({ kind, max, nullable, required }, { kind: "text", max: 36, nullable: true, required: undefined });
  }
});

Deno.test("entities: a field whose blank stops a creation on the other side says what to do", () => {
  const sources: readonly (readonly [AnyEntity, string])[] = [
    [bc.customers, "displayName"],
    [bc.currencies, "exchangeRate"],
    [bc.currencies, "symbol"],
    [bc.currencies, "displayName"],
    [bc.persons, "lastName"],
    [bc.persons, "customerId"],
    [bc.items, "displayName"],
    [bc.items, "baseUnitOfMeasureCode"],
    [bc.company, "currencyCode"],
    [bc.salesOrders, "customerId"],
    [dv.accounts, "name"],
    [dv.contacts, "lastname"],
    [dv.contacts, "parentcustomerid"],
  ];
  for (const [entity, field] of sources) assert(entity.fields[field]?.blank, `${entity.name}.${field}`);
});

Deno.test("where() narrows a handle and keeps the one it was called on", () => {
  const narrow = dv.accounts.where({ customertypecode: 3 }).where({ statecode: 0 });
  assertEquals(narrow.filter, { customertypecode: 3, statecode: 0 });
  assertEquals(dv.accounts.filter, {});
  assertEquals([narrow.name, narrow.key], ["accounts", "accountnumber"]);
});
