import { codeMap } from "./transform.ts";

/**
 * Codes of shipment methods → choices of address1_freighttermscode: 1 FOB, 2 no charge. A code that is missing here
 * leaves the field out and is listed.
 */
export const shipmentMethods = codeMap("shipmentMethods", { "FOB": 1, "NOCHARGE": 2, "NO CHARGE": 2 });

/** The same for orders, which are written to the ERP by it: one code for each choice of freighttermscode. */
export const orderShipmentMethods = codeMap("shipmentMethods", { "FOB": 1, "NOCHARGE": 2 });
