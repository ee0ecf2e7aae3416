import { codeMap } from "./transform.ts";

/**
 * Codes of payment terms → choices of paymenttermscode: 1 net 30, 2 2 % 10 net 30, 3 net 45, 4 net 60. The codes are
 * those that companies usually give these terms; add your own. A code that is missing here leaves the field out and is
 * listed.
 */
export const paymentTerms = codeMap("paymentTerms", {
  "30 DAYS": 1,
  "30D": 1,
  "NET30": 1,
  "NET 30": 1,
  "2% 10 NET 30": 2,
  "2%10NET30": 2,
  "45 DAYS": 3,
  "45D": 3,
  "NET45": 3,
  "NET 45": 3,
  "60 DAYS": 4,
  "60D": 4,
  "NET60": 4,
  "NET 60": 4,
});

/**
 * The same for orders, which are written to the ERP by it: one code for each choice, the one that new orders get. Put
 * the codes of your company here.
 */
export const orderPaymentTerms = codeMap("paymentTerms", {
  "30 DAYS": 1,
  "2% 10 NET 30": 2,
  "45 DAYS": 3,
  "60 DAYS": 4,
});
