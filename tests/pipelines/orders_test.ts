import { assertEquals } from "@std/assert";
import type { Fields } from "../../connectors/connector.ts";
import { authorityOf, controlled } from "../../engine/policy.ts";
import { orders } from "../../pipelines/orders.ts";
import { switchedOn } from "./mappings_world.ts";
import { agreedOn, created, merged } from "./rows.ts";

const crm = {
  ordernumber: "ORD-01002",
  name: "Chairs for the harbour office",
  customerid: "account-id",
  transactioncurrencyid: "eur-id",
  ownerid: "jo-id",
  statecode: 1,
  submitdate: "2026-03-02",
  requestdeliveryby: "2026-03-20",
  paymenttermscode: 4,
  freighttermscode: 1,
  shippingmethodcode: 2,
  description: "Call before delivery",
  shipto_name: "Harbour office",
  shipto_line1: "Hafnarstræti 5",
  shipto_line2: null,
  shipto_city: "Reykjavík",
  shipto_stateorprovince: null,
  shipto_postalcode: "101",
  shipto_country: "Iceland",
  totaldiscountamount: "25",
  totalexcludingtax: "1000",
};
const erp = {
  number: "SO-1001",
  externalDocumentNumber: "ORD-01002",
  yourReference: "ORD-01002",
  orderDate: "2026-03-02",
  customerId: "customer-id",
  currencyCode: "EUR",
  salespersonCode: "JO",
  requestedDeliveryDate: "2026-03-20",
  paymentTermsCode: "60 DAYS",
  shipmentMethodCode: "FOB",
  shippingAgentCode: "DHL",
  workDescription: "Call before delivery",
  shipToName: "Harbour office",
  shipToAddressLine1: "Hafnarstræti 5",
  shipToCity: "Reykjavík",
  shipToCountry: "IS",
  shipToPostCode: "101",
  discountAmount: "25",
};
/** What the ERP adds to an order that it got. */
const completed = {
  ...erp,
  shipToAddressLine2: null,
  shipToState: null,
  state: "Draft",
  lastShipmentDate: null,
  companyId: "company-id",
  totalAmountExcludingTax: "1000",
  billToName: "Höfn hf.",
  billToAddressLine1: "Bryggjan 1",
  billToAddressLine2: null,
  billToCity: "Akureyri",
  billToState: null,
  billToPostCode: "600",
  billToCountry: "IS",
};
const coupled = {
  customerid: { "customer-id": "account-id", "other-customer": "other-account" },
  transactioncurrencyid: { EUR: "eur-id", ISK: "isk-id" },
  ownerid: { JO: "jo-id", PA: "pa-id" },
  pricelevelid: { "company-id": "list-id" },
};
const billed = {
  billto_name: "Höfn hf.",
  billto_line1: "Bryggjan 1",
  billto_city: "Akureyri",
  billto_postalcode: "600",
  billto_country: "Iceland",
};

Deno.test("orders makes an ERP order of a submitted order, with the CRM's number by which it is found again", () => {
  const { fields, reasons, stops } = created(orders, "erp", { source: crm, coupled });
  const { number: _series, ...written } = erp;
  assertEquals(fields, written);
  assertEquals([reasons, stops], [[], false]);
});

Deno.test("orders makes ERP orders of submitted orders only, and none the other way unless the definition says so", () => {
  assertEquals(orders.load.fromCrm, { unmatched: "insert", when: { statecode: 1 } });
  assertEquals(orders.load.toCrm, { unmatched: "leave" });
  const { fields, stops } = created(orders, "crm", { source: { ...completed, externalDocumentNumber: null }, coupled });
  const { ordernumber, name, customerid, transactioncurrencyid } = fields;
  assertEquals([ordernumber, name, customerid, transactioncurrencyid], ["SO-1001", "SO-1001", "account-id", "eur-id"]);
  assertEquals(stops, false);
});

Deno.test("orders waits for its customer and lists an order of a person", () => {
  const waiting = created(orders, "erp", { source: { ...crm, customerid: "new-account" }, coupled });
  assertEquals([waiting.stops, waiting.reasons.map(({ code }) => code)], [true, ["waiting"]]);
  const person = created(orders, "erp", { source: { ...crm, customerid: null }, coupled });
  assertEquals([person.stops, person.reasons.map(({ code, field }) => [code, field])], [true, [[
    "required_blank",
    "customerId",
  ]]]);
});

Deno.test("orders leaves the salesperson to the ERP where the owner is none", () => {
  const { fields, stops } = created(orders, "erp", { source: { ...crm, ownerid: "application-user" }, coupled });
  assertEquals([fields["salespersonCode"], stops], [undefined, false]);
});

Deno.test("orders sends an order without a name that is too long for the ERP, and lists it", () => {
  const { fields, reasons, stops } = created(orders, "erp", {
    source: { ...crm, shipto_name: "x".repeat(101) },
    coupled,
  });
  assertEquals([fields["shipToCity"], fields["customerId"], stops], [undefined, "customer-id", false]);
  assertEquals(reasons.map(({ code, field }) => [code, field]), [["too_long", "group ship to"]]);
});

Deno.test("orders needs nothing more of a new order, and whom the ERP bills where that rule is switched on", () => {
  const met = {
    erp: completed,
    crm,
    base: agreedOn({ ...erp, shipToAddressLine2: null, shipToState: null }, crm),
    coupled,
  };
  const shipped = merged(orders, met);
  assertEquals([present(shipped.crm), shipped.erp], [{}, {}]);
  const on = merged(switchedOn(orders), { ...met, erp: { ...completed, companyId: null } });
  assertEquals([present(on.crm), on.erp], [billed, {}]);
});

Deno.test("orders follows the ERP: released, shipped, invoiced in part and in full", () => {
  const before = { ...crm, datefulfilled: null };
  const after = (state: string, statecode: number) => {
    const now = { ...completed, state, lastShipmentDate: state === "Released" ? null : "2026-03-18" };
    const decided = merged(orders, {
      erp: now,
      crm: { ...before, statecode },
      base: agreedOn(completed, before),
      coupled,
    });
    assertEquals(decided.erp, {});
    return decided.crm;
  };
  assertEquals(after("Released", 1), {});
  assertEquals(after("Shipped", 1), { datefulfilled: "2026-03-18", statecode: 3 });
  assertEquals(after("Partly Invoiced", 1), { datefulfilled: "2026-03-18", statecode: 3 });
  assertEquals(after("Invoiced", 3), { datefulfilled: "2026-03-18", statecode: 4 });
});

Deno.test("orders takes a whole new address and a new day to the ERP", () => {
  const now = { ...crm, shipto_line1: "Hafnarstræti 7", requestdeliveryby: "2026-03-27" };
  const decided = merged(orders, {
    erp: completed,
    crm: now,
    base: agreedOn(completed, crm),
    coupled,
  });
  assertEquals(decided.crm, {});
  assertEquals(present(decided.erp), {
    requestedDeliveryDate: "2026-03-27",
    shipToName: "Harbour office",
    shipToAddressLine1: "Hafnarstræti 7",
    shipToCity: "Reykjavík",
    shipToPostCode: "101",
    shipToCountry: "IS",
  });
});

const inWhoseHands: readonly (readonly [string, number, string])[] = [
  ["Draft", 0, "nobody"],
  ["Released", 0, "nobody"],
  ["Draft", 1, "crm"],
  ["In Review", 1, "erp"],
  ["Pending Prepayment", 1, "erp"],
  ["Released", 1, "erp"],
  ["Shipped", 1, "erp"],
  ["Invoiced", 1, "erp"],
  ["Draft", 2, "person"],
  ["Released", 2, "person"],
  ["Invoiced", 2, "person"],
  ["Draft", 3, "person"],
  ["In Review", 3, "person"],
  ["Released", 3, "person"],
  ["Shipped", 3, "erp"],
  ["Partly Invoiced", 3, "erp"],
  ["Invoiced", 3, "erp"],
  ["Draft", 4, "person"],
  ["Released", 4, "person"],
  ["Shipped", 4, "person"],
  ["Partly Invoiced", 4, "person"],
  ["Invoiced", 4, "erp"],
];
for (const [state, statecode, who] of inWhoseHands) {
  Deno.test(`orders: ${state} in the ERP and ${statecode} in the CRM is in the hands of ${who}`, () => {
    const line = authorityOf(orders, { erp: { state }, crm: { statecode } });
    assertEquals(line?.who, who);
    assertEquals(line?.why !== undefined, who === "person");
  });
}

Deno.test("orders lists totals that rounding can't explain", () => {
  const controlledAt = (total: string) => {
    const erp = { totalAmountExcludingTax: total, currencyCode: "EUR" };
    return controlled(orders, { erp, crm: { totalexcludingtax: "1000" } }, {
      name: "S-7",
      isFrozen: false,
      differing: [],
    });
  };
  assertEquals(controlledAt("1000.01"), []);
  assertEquals(controlledAt("999.5"), [{
    code: "totals_differ",
    field: "totalexcludingtax",
    message: 'Cannot confirm "S-7": its total is 999.5 EUR in the ERP and 1000 EUR in the CRM ' +
      '("totalAmountExcludingTax", "totalexcludingtax"); look which of the two is wrong and correct it there',
  }]);
});

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
