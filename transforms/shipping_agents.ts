import { codeMap } from "./transform.ts";

/**
 * Codes of shipping agents → choices of shippingmethodcode: 1 airborne, 2 DHL, 3 FedEx, 4 UPS, 5 postal mail, 6 full
 * load, 7 will call. Orders are written to the ERP by it, so each choice has one code. A code that is missing here
 * leaves the field out and is listed.
 */
export const shippingAgents = codeMap("shippingAgents", {
  "AIRBORNE": 1,
  "DHL": 2,
  "FEDEX": 3,
  "UPS": 4,
  "POSTALMAIL": 5,
  "FULLLOAD": 6,
  "WILLCALL": 7,
});
