/** Which field a refusal of Business Central, or of Dataverse, is about. */
import { assertEquals } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import { namedField } from "../../connectors/business_central/named_field.ts";
import type { AnyEntity, Fields } from "../../connectors/connector.ts";
import { dv } from "../../connectors/dataverse/entities.ts";
import { creation, startWorld } from "./business_central_world.ts";
import { chosen, create, openWorld, writeOne } from "./dataverse_world.ts";

interface Case {
  readonly entity: AnyEntity;
  readonly sent: Fields;
  readonly message: string;
  readonly field: string | undefined;
}
const party = {
  number: "C1",
  displayName: "A",
  phoneNumber: "x",
  mobilePhoneNumber: "1",
  addressLine1: "B",
  country: "XX",
};
const cases: Case[] = [
  {
    entity: bc.customers,
    sent: party,
    message: "Phone No. must not contain letters in Customer No.='C1'.",
    field: "phoneNumber",
  },
  {
    entity: bc.customers,
    sent: party,
    message: "Mobile Phone No. must not contain letters in Customer No.='C1'.",
    field: "mobilePhoneNumber",
  },
  {
    entity: bc.persons,
    sent: party,
    message: "The field Country/Region Code of table Contact contains a value (XX) that cannot be found in the " +
      "related table (Country/Region).",
    field: "country",
  },
  {
    entity: bc.customers,
    sent: { ...party, currencyCode: "EUX", paymentTermsCode: "14D" },
    message: "The field Payment Terms Code of table Customer contains a value (14D) that cannot be found",
    field: "paymentTermsCode",
  },
  {
    entity: bc.customers,
    sent: { ...party, currencyCode: "EUX" },
    message: "The field Currency Code of table Customer contains a value (EUX) that cannot be found",
    field: "currencyCode",
  },
  { entity: bc.customers, sent: party, message: "The field Name of table Customer is wrong.", field: "displayName" },
  { entity: bc.customers, sent: party, message: "Somebody with this Name has another Address.", field: undefined },
  {
    entity: bc.customers,
    sent: party,
    message: "Blocked must be equal to 'No' in Customer: No.=C1.",
    field: undefined,
  },
  {
    entity: bc.customers,
    sent: { displayName: "A", email: "a b" },
    message: 'The email address "a b" is not valid.',
    field: "email",
  },
  {
    entity: bc.salespeople,
    sent: { email: "a@b.cz", email2: "a b" },
    message: 'The email address "a b" is not valid.',
    field: "email2",
  },
  {
    entity: bc.items,
    sent: { displayName: "Long name", displayName2: "Other" },
    message: "The length of the string is 9, but it must be less than or equal to 5 characters. Value: Long name",
    field: "displayName",
  },
  {
    entity: bc.salesOrders,
    sent: { customerId: "1", shipToAddressLine1: "a", shipToAddressLine2: "b" },
    message: "Ship-to Address 2 must not be that.",
    field: "shipToAddressLine2",
  },
];
for (const { entity, sent, message, field } of cases) {
  Deno.test(`namedField() finds ${field ?? "nothing"} of ${entity.name} in: ${message}`, () => {
    assertEquals(namedField(message, sent, entity), field);
  });
}

Deno.test("write() names the field that Business Central refuses, of customers and persons", async () => {
  await using world = await startWorld();
  await world.post("countriesRegions", { code: "IS", displayName: "Iceland" });
  const refused: [AnyEntity, Fields, string][] = [
    [bc.customers, { displayName: "A", phoneNumber: "555-CALL" }, "phoneNumber"],
    [bc.customers, { displayName: "A", phoneNumber: "555", email: "a at b" }, "email"],
    [bc.customers, { displayName: "A", city: "Vík", country: "XX" }, "country"],
    [bc.customers, { displayName: "A", currencyCode: "EUX" }, "currencyCode"],
    [bc.customers, { displayName: "A", salespersonCode: "NN" }, "salespersonCode"],
    [bc.customers, { displayName: "A", city: "x".repeat(31) }, "city"],
    [bc.persons, { firstName: "A", lastName: "B", mobilePhoneNumber: "call me" }, "mobilePhoneNumber"],
    [bc.persons, { firstName: "A", lastName: "B", email: "a@" }, "email"],
    [bc.items, { displayName: "A", baseUnitOfMeasureCode: "NONE" }, "baseUnitOfMeasureCode"],
  ];
  for (const [entity, fields, field] of refused) {
    const [outcome] = await world.connector.open(entity).write([creation(fields)], { fields: [] });
    assertEquals(outcome?.kind === "refused" ? outcome.field : outcome, field, Deno.inspect(outcome));
  }
});

Deno.test("write() names the field of an order that Business Central refuses", async () => {
  await using world = await startWorld();
  const customer = await world.post("customers", { displayName: "Sól ehf." });
  const orders = world.connector.open(bc.salesOrders, bc.salesOrderLines);
  const fields = { customerId: String(customer["id"]), externalDocumentNumber: "O-1", currencyCode: "EUX" };
  const [outcome] = await orders.write([creation(fields)], { fields: [] });
  assertEquals(outcome?.kind === "refused" ? outcome.field : outcome, "currencyCode", Deno.inspect(outcome));
});

Deno.test("write() names the field that Dataverse refuses: too long, or of another type", async () => {
  await using world = await openWorld();
  const refused: [Fields, string][] = [
    [{ name: "A", telephone1: "1".repeat(51) }, "telephone1"],
    [{ name: "A", customertypecode: 99 }, "customertypecode"],
    [{ name: "A", creditlimit: "-1" }, "creditlimit"],
  ];
  for (const [fields, field] of refused) {
    const outcome = await writeOne(world.crm, dv.accounts, create(chosen(1), fields), []);
    assertEquals(outcome.kind === "refused" ? outcome.field : outcome, field);
  }
});
