import { assertEquals } from "@std/assert";
import { customers } from "../../pipelines/customers.ts";
import { agreedOn, created, merged } from "./rows.ts";

const erp = {
  number: "C00010",
  type: "Company",
  displayName: "Þörungaverksmiðjan ehf.",
  addressLine1: "Reykhólar 1",
  addressLine2: null,
  city: "Reykhólar",
  state: null,
  country: "IS",
  postalCode: "380",
  phoneNumber: "434 7740",
  email: "info@example.is",
  website: "www.example.is",
  salespersonCode: "JO",
  creditLimit: "500000",
  currencyCode: "ISK",
  paymentTermsCode: "30 DAYS",
  shipmentMethodCode: "FOB",
};
const crm = {
  accountnumber: "C00010",
  name: "Þörungaverksmiðjan ehf.",
  telephone1: "434 7740",
  emailaddress1: "info@example.is",
  websiteurl: "www.example.is",
  address1_line1: "Reykhólar 1",
  address1_city: "Reykhólar",
  address1_country: "Iceland",
  address1_postalcode: "380",
  creditlimit: "500000",
  paymenttermscode: 1,
  address1_freighttermscode: 1,
  transactioncurrencyid: "isk-id",
  ownerid: "jo-id",
  customertypecode: 3,
};
const coupled = { transactioncurrencyid: { ISK: "isk-id" }, ownerid: { JO: "jo-id", PA: "pa-id" } };

Deno.test("customers creates an account from a customer", () => {
  const { fields, reasons, stops } = created(customers, "crm", { source: erp, coupled });
  assertEquals(fields, crm);
  assertEquals([reasons, stops], [[], false]);
});

Deno.test("customers creates a company from an account, without what only the ERP decides", () => {
  const { fields, stops } = created(customers, "erp", { source: { ...crm, accountnumber: null }, coupled });
  assertEquals(fields, {
    type: "Company",
    displayName: "Þörungaverksmiðjan ehf.",
    phoneNumber: "434 7740",
    email: "info@example.is",
    website: "www.example.is",
    addressLine1: "Reykhólar 1",
    city: "Reykhólar",
    country: "IS",
    postalCode: "380",
  });
  assertEquals(stops, false);
});

Deno.test("customers sends an account without payment terms that have no choice, and lists the code", () => {
  const { fields, reasons, stops } = created(customers, "crm", {
    source: { ...erp, paymentTermsCode: "COD" },
    coupled,
  });
  assertEquals([fields.paymenttermscode, fields.accountnumber, stops], [undefined, "C00010", false]);
  assertEquals(reasons.map(({ code, field }) => [code, field]), [["unmapped", "paymenttermscode"]]);
});

Deno.test("customers waits for a salesperson who is not coupled, and lets a blank one leave the owner", () => {
  const waiting = created(customers, "crm", { source: { ...erp, salespersonCode: "XX" }, coupled });
  assertEquals([waiting.stops, waiting.reasons[0]!.code], [true, "waiting"]);
  const blank = created(customers, "crm", { source: { ...erp, salespersonCode: null }, coupled });
  assertEquals([blank.stops, blank.fields.ownerid], [false, undefined]);
});

Deno.test("customers leaves the owner when the salesperson is taken away", () => {
  const decided = merged(customers, { erp: { ...erp, salespersonCode: null }, crm, base: agreedOn(erp, crm), coupled });
  assertEquals([decided.crm, decided.erp], [{}, {}]);
});

Deno.test("customers merges fields that were changed on different sides", () => {
  const decided = merged(customers, {
    erp: { ...erp, email: "new@example.is", salespersonCode: "PA" },
    crm: { ...crm, telephone1: "434 7741" },
    base: agreedOn(erp, crm),
    coupled,
  });
  assertEquals(decided.crm, { emailaddress1: "new@example.is", ownerid: "pa-id" });
  assertEquals(decided.erp, { phoneNumber: "434 7741" });
});

Deno.test("customers treats an address changed on both sides as one conflict and writes none of it", () => {
  const decided = merged(customers, {
    erp: { ...erp, addressLine1: "Reykhólar 2" },
    crm: { ...crm, address1_city: "Króksfjarðarnes" },
    base: agreedOn(erp, crm),
    coupled,
  });
  assertEquals([decided.crm, decided.erp], [{}, {}]);
  assertEquals(decided.reasons.crm.map(({ code, field }) => [code, field]), [["conflict", "group address"]]);
});

Deno.test("customers finds no difference between a country's code and its name", () => {
  for (const address1_country of ["Iceland", "IS", "ICELAND", "Ísland"]) {
    const decided = merged(customers, { erp, crm: { ...crm, address1_country }, base: null, coupled });
    assertEquals([decided.crm, decided.erp, decided.reasons], [{}, {}, { crm: [], erp: [] }], address1_country);
  }
});

Deno.test("customers writes the code of a country that was named in the CRM", () => {
  const decided = merged(customers, {
    erp,
    crm: { ...crm, address1_country: "Polska", address1_city: "Łódź" },
    base: agreedOn(erp, crm),
    coupled,
  });
  assertEquals([decided.erp.country, decided.erp.city], ["PL", "Łódź"]);
});

Deno.test("customers puts back a number and a credit limit that were changed in the CRM", () => {
  const now = { ...crm, accountnumber: "X1", creditlimit: "9" };
  const decided = merged(customers, { erp, crm: now, base: agreedOn(erp, crm), coupled });
  assertEquals(decided.crm, { accountnumber: "C00010", creditlimit: "500000" });
  assertEquals(decided.erp, {});
});
