import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, convert, coupled, defineStep, mapped, optional, toCrm } from "../engine/step.ts";
import { countryName } from "../transforms/countries.ts";
import { paymentTerms } from "../transforms/payment_terms.ts";
import { shipmentMethods } from "../transforms/shipment_methods.ts";
import { shippingAgents } from "../transforms/shipping_agents.ts";
import { currencies } from "./currencies.ts";
import { salespeople } from "./salespeople.ts";

/** Customers in Business Central are accounts in Dynamics 365 Sales. */
export const customers = defineStep({
  name: "customers",
  dependsOn: [salespeople, currencies],
  direction: "both",

  extract: {
    erp: bc.customers,
    crm: dv.accounts.where({ customertypecode: 3, statecode: 0 }), // active accounts of type customer
  },

  // Uncoupled records that agree in all fields of a group are the same record; groups in order of priority.
  match: [["accountnumber"], ["name", "address1_postalcode"], ["telephone1", "address1_postalcode"]],

  // CRM field: where its value comes from in the ERP.
  transform: {
    accountnumber: toCrm("number"), // a new number would rename the customer
    name: "displayName",
    telephone1: "phoneNumber",
    emailaddress1: "email",
    websiteurl: "website",
    fax: "faxNumber", // needs the extension
    telephone2: optional("mobilePhoneNumber"), // needs the extension
    address1_primarycontactname: "contactName", // needs the extension
    "group address": { // written, merged and in conflict as one
      address1_line1: "addressLine1",
      address1_line2: "addressLine2",
      address1_city: "city",
      address1_stateorprovince: "state",
      address1_postalcode: "postalCode",
      address1_country: convert("country", countryName),
    },
    creditlimit: toCrm("creditLimit"),
    paymenttermscode: toCrm(mapped("paymentTermsCode", paymentTerms)),
    address1_freighttermscode: toCrm(mapped("shipmentMethodCode", shipmentMethods)),
    address1_shippingmethodcode: toCrm(mapped("shippingAgentCode", shippingAgents)), // needs the extension
    transactioncurrencyid: toCrm(coupled("currencyCode", currencies)),
    tng_businesscentralid: toCrm("id"), // needs the link column
    ownerid: toCrm(coupled("salespersonCode", salespeople, { blank: "leave", unresolved: "wait" })),
    customertypecode: constant(3),
  },

  // Given once, when we create; never compared afterwards.
  create: { erp: { type: constant("Company") } },

  load: {
    toCrm: { unmatched: "insert" },
    fromCrm: { unmatched: "leave" }, // "insert": accounts become customers, with the number that the ERP gives them
  },
});
