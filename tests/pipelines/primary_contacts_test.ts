import { assertEquals } from "@std/assert";
import { customers } from "../../pipelines/customers.ts";
import { primaryContacts } from "../../pipelines/primary_contacts.ts";
import { agreedOn, merged } from "./rows.ts";

const coupled = { primarycontactid: { CT000293: "gosia-id", CT000294: "jan-id" } };
const erp = { primaryContactNumber: "CT000293" };
const crm = { primarycontactid: "gosia-id" };

Deno.test("primary contacts fills the blank side when two records first meet", () => {
  const toCrm = merged(primaryContacts, { erp, crm: { primarycontactid: null }, base: null, coupled });
  assertEquals([toCrm.crm, toCrm.erp], [crm, {}]);
  const toErp = merged(primaryContacts, { erp: { primaryContactNumber: null }, crm, base: null, coupled });
  assertEquals([toErp.crm, toErp.erp], [{}, erp]);
});

Deno.test("primary contacts takes a change to the other side, whichever side it is on", () => {
  const base = agreedOn(erp, crm);
  const toCrm = merged(primaryContacts, { erp: { primaryContactNumber: "CT000294" }, crm, base, coupled });
  assertEquals([toCrm.crm, toCrm.erp], [{ primarycontactid: "jan-id" }, {}]);
  const toErp = merged(primaryContacts, { erp, crm: { primarycontactid: "jan-id" }, base, coupled });
  assertEquals([toErp.crm, toErp.erp], [{}, { primaryContactNumber: "CT000294" }]);
});

Deno.test("primary contacts follows customers, in the same filter, and lets nobody who is uncoupled block them", () => {
  assertEquals([primaryContacts.of, primaryContacts.load], [customers, {}]);
  assertEquals(primaryContacts.extract.crm.filter, customers.extract.crm.filter);
  const rule = primaryContacts.transform["primarycontactid"] as { options: unknown };
  assertEquals(rule.options, { unresolved: "leave" });
});
