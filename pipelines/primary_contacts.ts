import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { coupled, defineStep } from "../engine/step.ts";
import { contacts } from "./contacts.ts";
import { customers } from "./customers.ts";

/**
 * Whom one asks for first at a customer. A contact hangs under its account and the account names the contact: so this
 * follows when both stand. Somebody who is not coupled leaves the other side's primary contact as it is.
 */
export const primaryContacts = defineStep({
  name: "primary contacts",
  dependsOn: [customers, contacts],
  of: customers,
  direction: "both",
  extract: {
    erp: bc.customers,
    crm: dv.accounts.where({ customertypecode: 3, statecode: 0 }),
  },
  transform: {
    primarycontactid: coupled("primaryContactNumber", contacts, { unresolved: "leave" }), // needs the extension
  },
});
