import { assertEquals } from "@std/assert";
import { contacts } from "../../pipelines/contacts.ts";
import { agreedOn, created, merged } from "./rows.ts";

const erp = {
  number: "CT000293",
  displayName: "Małgorzata M. Wiśniewska",
  firstName: "Małgorzata",
  middleName: "M.",
  lastName: "Wiśniewska",
  jobTitle: "Owner",
  phoneNumber: "747 555 0171",
  mobilePhoneNumber: "747 555 0172",
  email: "malgorzata@example.pl",
  website: null,
  addressLine1: "Piotrkowska 1",
  addressLine2: null,
  city: "Łódź",
  state: null,
  country: "PL",
  postalCode: "90-001",
  customerId: "customer-id",
  companyNumber: "CT000001",
};
const crm = {
  firstname: "Małgorzata",
  middlename: "M.",
  lastname: "Wiśniewska",
  jobtitle: "Owner",
  telephone1: "747 555 0171",
  mobilephone: "747 555 0172",
  emailaddress1: "malgorzata@example.pl",
  address1_line1: "Piotrkowska 1",
  address1_city: "Łódź",
  address1_country: "Poland",
  address1_postalcode: "90-001",
  parentcustomerid: "account-id",
};
const coupled = { parentcustomerid: { "customer-id": "account-id", "other-customer": "other-account" } };

Deno.test("contacts creates a contact under the account of its customer", () => {
  const { fields, reasons, stops } = created(contacts, "crm", { source: erp, coupled });
  assertEquals(fields, { ...crm, parentcustomeridtype: "account" });
  assertEquals([reasons, stops], [[], false]);
});

Deno.test("contacts creates a person under the customer of its account", () => {
  const { fields, stops } = created(contacts, "erp", { source: crm, coupled });
  const { number: _number, displayName: _name, companyNumber: _company, ...written } = erp;
  assertEquals(fields, Object.fromEntries(Object.entries(written).filter(([, value]) => value !== null)));
  assertEquals(stops, false);
});

Deno.test("contacts waits until the customer is coupled and lists a person without one", () => {
  assertEquals(created(contacts, "crm", { source: erp }).reasons.map((one) => one.code), ["waiting"]);
  const { reasons, stops } = created(contacts, "crm", { source: { ...erp, customerId: null }, coupled });
  assertEquals([reasons.map((one) => one.code), stops], [["required_blank"], true]);
});

Deno.test("contacts writes a name as one", () => {
  const now = { ...crm, lastname: "Kowalska" };
  const decided = merged(contacts, { erp, crm: now, base: agreedOn(erp, crm), coupled });
  assertEquals(decided.erp, { firstName: "Małgorzata", middleName: "M.", lastName: "Kowalska" });
  const both = { ...erp, firstName: "Maria" };
  const conflict = merged(contacts, { erp: both, crm: now, base: agreedOn(erp, crm), coupled });
  assertEquals(conflict.reasons.crm.map(({ code, field }) => [code, field]), [["conflict", "group name"]]);
});

Deno.test("contacts does not move a person to another customer and says so", () => {
  const now = { ...crm, parentcustomerid: "other-account" };
  const decided = merged(contacts, { erp, crm: now, base: agreedOn(erp, crm), coupled });
  assertEquals(decided.erp, {});
  assertEquals(decided.reasons.erp.map(({ code, field }) => [code, field]), [["not_writable", "parentcustomerid"]]);
});
