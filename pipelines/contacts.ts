import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, convert, coupled, defineStep, toCrm } from "../engine/step.ts";
import { countryName } from "../transforms/countries.ts";
import { currencies } from "./currencies.ts";
import { customers } from "./customers.ts";
import { salespeople } from "./salespeople.ts";

/** Persons behind customers in Business Central are contacts of accounts in Dynamics 365 Sales. */
export const contacts = defineStep({
  name: "contacts",
  dependsOn: [customers, salespeople, currencies],
  direction: "both",

  extract: {
    erp: bc.persons,
    crm: dv.contacts.where({ statecode: 0, parentcustomeridtype: "account" }), // active, and of a company
  },

  // Under one company only: an address such as info@ is no person's own.
  match: [["parentcustomerid", "emailaddress1", "lastname"], ["parentcustomerid", "firstname", "lastname"]],

  transform: {
    "group name": { firstname: "firstName", middlename: "middleName", lastname: "lastName" },
    jobtitle: "jobTitle",
    telephone1: "phoneNumber",
    mobilephone: "mobilePhoneNumber",
    fax: "faxNumber", // needs the extension
    pager: "pager", // needs the extension
    emailaddress1: "email",
    websiteurl: "website",
    "group address": {
      address1_line1: "addressLine1",
      address1_line2: "addressLine2",
      address1_city: "city",
      address1_stateorprovince: "state",
      address1_postalcode: "postalCode",
      address1_country: convert("country", countryName),
    },
    parentcustomerid: coupled("customerId", customers),
    transactioncurrencyid: toCrm(coupled("currencyCode", currencies)), // needs the extension
    ownerid: toCrm(coupled("salespersonCode", salespeople, { blank: "leave" })), // needs the extension
    tng_businesscentralid: toCrm("id"), // needs the link column
  },

  create: { crm: { parentcustomeridtype: constant("account") } },

  load: {
    toCrm: { unmatched: "insert" },
    fromCrm: { unmatched: "leave" }, // "insert": contacts become persons as soon as their account is coupled
  },
});
