import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { convert, coupled, defineStep, fromCrm, mapped, optional, toCrm } from "../engine/step.ts";
import { countryName } from "../transforms/countries.ts";
import { orderState } from "../transforms/orders.ts";
import { orderPaymentTerms } from "../transforms/payment_terms.ts";
import { orderShipmentMethods } from "../transforms/shipment_methods.ts";
import { shippingAgents } from "../transforms/shipping_agents.ts";
import { currencies } from "./currencies.ts";
import { customers } from "./customers.ts";
import { salespeople } from "./salespeople.ts";
import { standardPriceList } from "./standard_price_list.ts";

const canceled =
  "it was canceled in the CRM; delete the order in the ERP, or go on with it there and order anew in the CRM";
const canceledLate =
  "it was canceled in the CRM, and the ERP delivered it all the same; settle that there, then delete the CRM's order";
const ahead = "the CRM says it is done and the ERP has not shipped it; ship it in the ERP, or look who closed it";
const invoiced = "the CRM says it is invoiced and the ERP has not; invoice it in the ERP, or look who closed it";

/** Submitted orders of the CRM become orders in Business Central; how far they are comes back. Nothing is posted. */
export const orders = defineStep({
  name: "orders",
  dependsOn: [customers, currencies, salespeople, standardPriceList],
  direction: "both",
  extract: { erp: bc.salesOrders, crm: dv.salesOrders },
  match: [["ordernumber", "customerid"]], // the number alone may be a customer's own
  transform: {
    ordernumber: "externalDocumentNumber", // by it a creation of ours is found again
    customerid: coupled("customerId", customers),
    transactioncurrencyid: coupled("currencyCode", currencies),
    ownerid: coupled("salespersonCode", salespeople, { blank: "leave", unresolved: "leave" }),
    pricelevelid: optional(toCrm(coupled("companyId", standardPriceList))), // for orders that the ERP begins
    requestdeliveryby: "requestedDeliveryDate",
    paymenttermscode: mapped("paymentTermsCode", orderPaymentTerms),
    freighttermscode: mapped("shipmentMethodCode", orderShipmentMethods),
    shippingmethodcode: mapped("shippingAgentCode", shippingAgents),
    description: "workDescription",
    "group ship to": {
      shipto_name: "shipToName",
      shipto_line1: "shipToAddressLine1",
      shipto_line2: "shipToAddressLine2",
      shipto_city: "shipToCity",
      shipto_stateorprovince: "shipToState",
      shipto_postalcode: "shipToPostCode",
      shipto_country: convert("shipToCountry", countryName),
    },
    // Chosen in the ERP. Switched on, every new order is opened for it once, and submitted again, in the CRM.
    "group bill to": {
      billto_name: optional(toCrm("billToName")),
      billto_line1: optional(toCrm("billToAddressLine1")),
      billto_line2: optional(toCrm("billToAddressLine2")),
      billto_city: optional(toCrm("billToCity")),
      billto_stateorprovince: optional(toCrm("billToState")),
      billto_postalcode: optional(toCrm("billToPostCode")),
      billto_country: optional(toCrm(convert("billToCountry", countryName))),
    },
    totaldiscountamount: fromCrm("discountAmount"), // of the whole order, by amount and by per cent
    datefulfilled: toCrm("lastShipmentDate"),
    statecode: toCrm(convert("state", orderState)),
  },
  control: { totalexcludingtax: "totalAmountExcludingTax" },
  create: {
    erp: { yourReference: "ordernumber", orderDate: "submitdate" },
    crm: { name: "number", ordernumber: "number", discountamount: "discountAmount" },
  },
  load: { fromCrm: { unmatched: "insert", when: { statecode: 1 } }, toCrm: { unmatched: "leave" } },
  authority: [
    { crm: { statecode: 0 }, who: "nobody" }, // somebody edits it and submits it again
    { erp: { state: "Invoiced" }, crm: { statecode: 2 }, who: "person", why: canceledLate, over: true },
    { erp: { state: "Partly Invoiced" }, crm: { statecode: 2 }, who: "person", why: canceledLate, over: true },
    { crm: { statecode: 2 }, who: "person", why: canceled, over: true },
    { erp: { state: "Invoiced" }, who: "erp" },
    { crm: { statecode: 4 }, who: "person", why: invoiced },
    { erp: { state: "Partly Invoiced" }, who: "erp" },
    { erp: { state: "Shipped" }, who: "erp" },
    { crm: { statecode: 3 }, who: "person", why: ahead },
    { erp: { state: "Draft" }, who: "crm" }, // until the order is released the CRM decides, then the ERP
    { who: "erp" },
  ],
});
