import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { defineStep, optional } from "../engine/step.ts";

/**
 * Salespeople in Business Central are users of the CRM, found by their e-mail address. Neither side gets new ones: a
 * user is an administrator's decision, a salesperson the ERP's.
 */
export const salespeople = defineStep({
  name: "salespeople",
  direction: "fromCrm",
  extract: {
    erp: bc.salespeople,
    // Somebody who may own records: users that were switched off, lost their licence or are applications may not.
    crm: dv.systemusers.where({ isdisabled: false, islicensed: true, isintegrationuser: false }),
  },
  match: [["internalemailaddress"]],
  transform: {
    fullname: "displayName",
    internalemailaddress: "email",
    mobilephone: "phoneNo",
    jobtitle: optional("jobTitle"),
  },
  load: { fromCrm: { unmatched: "leave" } },
});
