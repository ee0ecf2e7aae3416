import { bc } from "../connectors/business_central/entities.ts";
import { dv } from "../connectors/dataverse/entities.ts";
import { constant, convert, defineStep } from "../engine/step.ts";
import { currencyPrecision, currencySymbol } from "../transforms/currencies.ts";

/**
 * Currencies with the rate of the day; the local currency is a row like the others. The code must be the ISO code.
 * A currency without a rate today is not created and is listed: the CRM has none without a rate.
 */
export const currencies = defineStep({
  name: "currencies",
  direction: "toCrm",
  extract: { erp: bc.currencies, crm: dv.transactioncurrencies },
  match: [["isocurrencycode"]],
  transform: {
    isocurrencycode: "code",
    currencyname: "displayName",
    currencysymbol: "symbol",
    exchangerate: "exchangeRate",
  },
  create: {
    crm: {
      currencysymbol: convert("code", currencySymbol), // where the ERP's is blank: the CRM refuses a blank one
      currencyprecision: convert("amountDecimalPlaces", currencyPrecision),
      currencytype: constant(0), // a currency of the world, not one that somebody made up
    },
  },
  load: { toCrm: { unmatched: "insert" } },
});
