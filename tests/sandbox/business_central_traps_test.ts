import { assertEquals, assertNotEquals } from "@std/assert";
import { type Body, type Reply, values, withBusinessCentral, type World } from "./business_central_world.ts";

const ZERO = "00000000-0000-0000-0000-000000000000";

async function patch({ send }: World, path: string, body: Body): Promise<Reply> {
  return await send("PATCH", path, { body, headers: { "If-Match": "*" } });
}
async function refused(world: World, set: string, body: Body): Promise<string> {
  const reply = await world.send("POST", set, { body });
  assertEquals(reply.status, 400, reply.text);
  return reply.body.error.code;
}

Deno.test("businessCentral() gives numbers from series and refuses one of the caller's", () =>
  withBusinessCentral(async (world) => {
    const customers = await world.create("customers", { displayName: "A" }, { displayName: "B" });
    assertEquals(customers.map((one) => one.number), ["C00010", "C00020"]);
    assertEquals(values(await world.send("GET", "contacts"), "number"), ["CT000001", "CT000002"]);
    const [item] = await world.create("items", { displayName: "A" }) as [Body];
    assertEquals(item.number, "I00010");
    assertEquals(await refused(world, "items", { displayName: "B", number: "X1" }), "Application_DialogException");
    assertEquals((await patch(world, `items(${item.id})`, { number: "X1" })).status, 400);
  }));

Deno.test("businessCentral() takes manual numbers where the series allows them, but none twice", () =>
  withBusinessCentral(async (world) => {
    await world.configure({ manualNumbers: { customers: true } });
    const [own] = await world.create("customers", { displayName: "A", number: "c00010" }) as [Body];
    assertEquals(own.number, "C00010"); // a code is kept in capitals
    const again = await refused(world, "customers", { displayName: "B", number: "C00010" });
    assertEquals(again, "Internal_EntityWithSameKeyExists");
    const [next] = await world.create("customers", { displayName: "B" }) as [Body];
    assertEquals(next.number, "C00020"); // the series skips the one that is taken
    assertEquals(await refused(world, "items", { displayName: "A", number: "X1" }), "Application_DialogException");
  }));

Deno.test("businessCentral() needs a code where there is no series, and refuses it twice", () =>
  withBusinessCentral(async (world) => {
    await world.create("currencies", { code: "EUR", displayName: "Euro" });
    assertEquals(await refused(world, "currencies", { code: "eur" }), "Internal_EntityWithSameKeyExists");
    assertEquals(await refused(world, "currencies", { displayName: "Pound" }), "Application_DialogException");
  }));

Deno.test("businessCentral() renames a record, and what refers to it, when its code is written", () =>
  withBusinessCentral(async (world) => {
    await world.create("currencies", { code: "EUR" });
    const [person] = await world.create("salespeoplePurchasers", { code: "ÞG", displayName: "Þóra" }) as [Body];
    await world.create("countriesRegions", { code: "IS" });
    await world.create("customers", { displayName: "A", currencyCode: "EUR", salespersonCode: "þg", country: "IS" });
    assertEquals((await patch(world, `salespeoplePurchasers(${person.id})`, { code: "ÞÓR" })).body.code, "ÞÓR");
    for (const [set, code] of [["currencies", "EURO"], ["countriesRegions", "ISL"]] as const) {
      const { id } = (await world.send("GET", set)).body.value[0];
      assertEquals((await patch(world, `${set}(${id})`, { code })).status, 200);
    }
    const { currencyCode, salespersonCode, country } = (await world.send("GET", "customers")).body.value[0];
    assertEquals([currencyCode, salespersonCode, country], ["EURO", "ÞÓR", "ISL"]);
  }));

Deno.test("businessCentral() posts a written inventory to the ledger", () =>
  withBusinessCentral(async (world) => {
    await world.create("unitsOfMeasure", { code: "PCS" }, { code: "BOX" });
    const body = { displayName: "A", baseUnitOfMeasureCode: "PCS" };
    const [item] = await world.create("items", body) as [Body];
    assertEquals((await world.send("GET", "itemLedgerEntries/$count")).text, "0");
    const path = `items(${item.id})`;
    assertEquals((await patch(world, path, { inventory: 12.5 })).body.inventory, 12.5);
    assertEquals((await patch(world, path, { inventory: 2 })).body.inventory, 2);
    assertEquals((await patch(world, path, { inventory: 2 })).status, 200);
    const entries = await world.send("GET", "itemLedgerEntries");
    assertEquals(values(entries, "quantity"), [12.5, -10.5]);
    assertEquals(values(entries, "itemNumber"), ["I00010", "I00010"]);
    assertEquals(values(entries, "entryType"), ["Positive_x0020_Adjmt_x002E_", "Negative_x0020_Adjmt_x002E_"]);
    assertEquals((await patch(world, path, { baseUnitOfMeasureCode: "BOX" })).status, 400);
    assertEquals((await world.send("DELETE", path)).status, 400);
    const [service] = await world.create("items", { ...body, type: "Service" }) as [Body];
    assertEquals((await patch(world, `items(${service.id})`, { inventory: 1 })).status, 400);
    assertEquals(await refused(world, "items", { displayName: "B", inventory: 1 }), "Application_DialogException");
  }));

Deno.test("businessCentral() blanks the rest of the address when the country changes", () =>
  withBusinessCentral(async (world) => {
    const address = { city: "Selfoss", postalCode: "800", state: "Árnessýsla" };
    const [{ id }] = await world.create("customers", { displayName: "A", ...address }) as [Body];
    const change = async (body: Body) => {
      const { city, postalCode, state } = (await patch(world, `customers(${id})`, body)).body;
      return [city, postalCode, state];
    };
    assertEquals(await change({ country: "IS" }), ["Selfoss", "800", "Árnessýsla"]); // it was blank
    assertEquals(await change({ country: "is" }), ["Selfoss", "800", "Árnessýsla"]); // it stays the same
    assertEquals(await change({ country: "PL", city: "Łódź" }), ["Łódź", "", ""]);
    // Properties are validated in the order of the body.
    assertEquals(await change({ city: "Vík", country: "IS", postalCode: "870" }), ["", "870", ""]);
    assertEquals(await change({ country: "PL" }), ["", "", ""]);
    assertEquals((await world.send("GET", "contacts")).body.value[0].postalCode, "");
  }));

Deno.test.each([
  ["customers", { phoneNumber: "555 abc" }, "Application_FieldValidationException"],
  ["customers", { email: "nobody" }, "Application_FieldValidationException"],
  ["contacts", { mobilePhoneNumber: "síma" }, "Application_FieldValidationException"],
  ["salespeoplePurchasers", { code: "X", email: "a b@c" }, "Application_FieldValidationException"],
  ["customers", { country: "XX" }, "Internal_InvalidTableRelation"],
  ["customers", { salespersonCode: "XX" }, "Internal_InvalidTableRelation"],
  ["customers", { currencyCode: "XX" }, "Internal_InvalidTableRelation"],
  ["customers", { paymentTermsId: "0c000000-0000-4000-8000-000000000009" }, "Internal_InvalidTableRelation"],
  ["customers", { shipmentMethodId: "0c000000-0000-4000-8000-000000000009" }, "Internal_InvalidTableRelation"],
  ["items", { baseUnitOfMeasureCode: "XX" }, "Internal_InvalidTableRelation"],
  ["contacts", { type: "Person", companyNumber: "XX" }, "Internal_InvalidTableRelation"],
])(
  "businessCentral() refuses a record of %s with %j",
  (set: string, body: Body, code: string) =>
    withBusinessCentral(async (world) => {
      await world.create("countriesRegions", { code: "IS" });
      assertEquals(await refused(world, set, { displayName: "A", ...body }), code);
      assertEquals((await world.send("GET", `${set}/$count`)).text, "0");
    }),
);

Deno.test("businessCentral() takes any country while it has no list of them, and several e-mail addresses", () =>
  withBusinessCentral(async ({ create }) => {
    const [one] = await create("customers", { displayName: "A", country: "xx", email: "a@b.is; c@d.is" }) as [Body];
    assertEquals([one.country, one.email], ["XX", "a@b.is; c@d.is"]);
  }));

Deno.test("businessCentral() shows the local currency where none is set, and takes its code as none", () =>
  withBusinessCentral(async (world) => {
    await world.create("currencies", { code: "EUR" });
    const sent = [{}, { currencyCode: "" }, { currencyCode: "ISK" }, { currencyCode: "EUR" }];
    const created = await world.create("customers", ...sent.map((body) => ({ displayName: "A", ...body })));
    assertEquals(created.map((one) => one.currencyCode), ["ISK", "ISK", "ISK", "EUR"]);
    assertEquals(created.map((one) => one.currencyId === ZERO), [true, true, true, false]);
    const filtered = await world.send("GET", "customers?$filter=currencyCode eq 'ISK'&$select=number");
    assertEquals(filtered.body.value.length, 3);
    const setup = (await world.send("GET", "generalLedgerSetup")).body.value;
    assertEquals(setup.map((one: Body) => one.localCurrencyCode), ["ISK"]);
  }));

Deno.test("businessCentral() refuses an id and a code that name different records", () =>
  withBusinessCentral(async (world) => {
    const [box] = await world.create("unitsOfMeasure", { code: "BOX" }, { code: "PCS" }) as [Body];
    const body = { displayName: "A", baseUnitOfMeasureId: box.id };
    assertEquals(
      await refused(world, "items", { ...body, baseUnitOfMeasureCode: "PCS" }),
      "Application_DialogException",
    );
    const [item] = await world.create("items", body) as [Body];
    assertEquals(item.baseUnitOfMeasureCode, "BOX");
  }));

Deno.test("businessCentral() makes a company contact with every customer and keeps both alike", () =>
  withBusinessCentral(async (world) => {
    const sent = { displayName: "Kjöt hf", phoneNumber: "+354 555 0100", city: "Hella" };
    const [customer] = await world.create("customers", sent) as [Body];
    const contact = async () => (await world.send("GET", "contacts")).body.value[0];
    const made = await contact();
    assertEquals([made.type, made.contactBusinessRelation, made.number], ["Company", "Customer", "CT000001"]);
    assertEquals([made.displayName, made.phoneNumber, made.city], ["Kjöt hf", "+354 555 0100", "Hella"]);
    assertEquals([made.companyNumber, made.companyName], ["CT000001", "Kjöt hf"]);
    await patch(world, `customers(${customer.id})`, { displayName: "Kjöt og fiskur hf" });
    const renamed = await contact();
    assertEquals([renamed.displayName, renamed.searchName], ["Kjöt og fiskur hf", "KJÖT OG FISKUR HF"]);
    assertNotEquals(renamed["@odata.etag"], made["@odata.etag"]);
    await patch(world, `customers(${customer.id})`, { creditLimit: 5 });
    assertEquals((await contact())["@odata.etag"], renamed["@odata.etag"]); // nothing that they share
    await patch(world, `contacts(${made.id})`, { city: "Vík" });
    assertEquals((await world.send("GET", "customers")).body.value[0].city, "Vík");
    assertEquals((await world.send("DELETE", `contacts(${made.id})`)).status, 400);
    assertEquals((await world.send("DELETE", `customers(${customer.id})`)).status, 204);
    assertEquals((await contact()).contactBusinessRelation, "None");
  }));

Deno.test("businessCentral() puts a person under a company contact, not under a customer number", () =>
  withBusinessCentral(async (world) => {
    const [customer] = await world.create("customers", { displayName: "Móri ehf" }) as [Body];
    const person = { displayName: "Ása Björk Jónsdóttir", type: "Person", companyNumber: customer.number };
    assertEquals(await refused(world, "contacts", person), "Internal_InvalidTableRelation");
    const [made] = await world.create("contacts", { ...person, companyNumber: "CT000001" }) as [Body];
    assertEquals([made.companyName, made.contactBusinessRelation, made.number], ["Móri ehf", "Customer", "CT000002"]);
    const below = { displayName: "B", type: "Person", companyNumber: "CT000002" };
    assertEquals(await refused(world, "contacts", below), "Internal_InvalidTableRelation");
    const company = { displayName: "B", companyNumber: "CT000001" };
    assertEquals(await refused(world, "contacts", company), "Application_DialogException"); // Company by default
  }));

Deno.test.each([
  ["Ása", "Ása", "", "Ása"],
  ["Ása Jónsdóttir", "Ása", "Jónsdóttir", "Ása Jónsdóttir"],
  ["Ása Björk Jónsdóttir", "Ása", "Jónsdóttir", "Ása Björk Jónsdóttir"],
  ["Ms. Ása Björk  Jónsdóttir", "Ms. Ása", "Jónsdóttir", "Ms. Ása Björk Jónsdóttir"],
])(
  "businessCentral() splits %j into %j and %j",
  (name: string, first: string, last: string, joined: string) =>
    withBusinessCentral(async (world) => {
      const [{ id }] = await world.create("contacts", { displayName: name, type: "Person" }) as [Body];
      const page = `customerContacts(${id})`;
      const { firstName, lastName } = (await world.send("GET", page)).body;
      assertEquals([firstName, lastName], [first, last]);
      await patch(world, page, { firstName: first, lastName: last });
      assertEquals((await world.send("GET", `contacts(${id})`)).body.displayName, joined);
    }),
);

Deno.test("businessCentral() computes a person's name from parts written to customerContacts", () =>
  withBusinessCentral(async (world) => {
    const [customer] = await world.create("customers", { displayName: "Móri ehf" }) as [Body];
    const person = { displayName: "Ása Björk Jónsdóttir", type: "Person", companyNumber: "CT000001" };
    const [{ id }] = await world.create("contacts", person) as [Body];
    const { body } = await world.send("GET", "customerContacts");
    assertEquals(body.value.map((one: Body) => [one.id, one.customerId, one.customerName]), [
      [id, customer.id, "Móri ehf"],
    ]);
    const changes = { firstName: "Ásdís", lastName: "Jóns Dóttir", professionalTitle: "Stjóri", email: "a@b.is" };
    assertEquals((await patch(world, `customerContacts(${id})`, changes)).body.lastName, "Jóns Dóttir");
    const contact = (await world.send("GET", `contacts(${id})`)).body;
    assertEquals([contact.displayName, contact.jobTitle, contact.email], [
      "Ásdís Björk Jóns Dóttir",
      "Stjóri",
      "a@b.is",
    ]);
  }));

Deno.test("businessCentral() moves the whole company when a person's customer is written", () =>
  withBusinessCentral(async (world) => {
    const [from, to] = await world.create("customers", { displayName: "A" }, { displayName: "B" }) as [Body, Body];
    const persons = ["Jón Á", "Jón B"].map((displayName) => ({
      displayName,
      type: "Person",
      companyNumber: "CT000001",
    }));
    const [first] = await world.create("contacts", ...persons) as [Body];
    assertEquals((await patch(world, `customerContacts(${first.id})`, { customerId: to.id })).status, 200);
    assertEquals(values(await world.send("GET", "customerContacts"), "customerId"), [to.id, to.id]);
    assertEquals(values(await world.send("GET", `customers(${from.id})/contactsInformation`), "contactId"), []);
  }));

Deno.test("businessCentral() refuses to delete what others use", () =>
  withBusinessCentral(async (world) => {
    const [unit] = await world.create("unitsOfMeasure", { code: "PCS" }) as [Body];
    await world.create("items", { displayName: "A", baseUnitOfMeasureCode: "PCS" });
    assertEquals((await world.send("DELETE", `unitsOfMeasure(${unit.id})`)).status, 400);
  }));

Deno.test("businessCentral() changes the company's own data in place", () =>
  withBusinessCentral(async (world) => {
    const { body } = await world.send("GET", "companyInformation");
    assertEquals([body.value.length, body.value[0].currencyCode], [1, "ISK"]);
    const changed = await patch(world, `companyInformation(${body.value[0].id})`, { displayName: "Fyrirtækið" });
    assertEquals(changed.body.displayName, "Fyrirtækið");
    assertEquals(values(await world.send("GET", "companyInformation"), "displayName"), ["Fyrirtækið"]);
  }));

Deno.test("businessCentral() refuses settings that it doesn't know", () =>
  withBusinessCentral(async ({ configure }) => {
    for (const settings of [{ relative: true }, { relativeLinks: 1 }, { manualNumbers: { currencies: true } }]) {
      let failed = false;
      await configure(settings).catch(() => failed = true);
      assertEquals(failed, true, JSON.stringify(settings));
    }
  }));
