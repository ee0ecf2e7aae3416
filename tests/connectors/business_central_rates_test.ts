import { assertEquals } from "@std/assert";
import { exchangeRates, type RateRow } from "../../connectors/business_central/rates.ts";

function rate(currencyCode: string, amount: string, worth: string, more: Partial<RateRow> = {}): RateRow {
  return {
    currencyCode,
    startingDate: "2026-01-01",
    exchangeRateAmount: amount,
    relationalCurrencyCode: null,
    relationalExchangeRateAmount: worth,
    ...more,
  };
}
function ratesOf(rows: RateRow[], against = "ISK", today = "2026-05-20"): (code: string) => string | null {
  return exchangeRates(rows, { local: "ISK", against, today });
}

Deno.test("exchangeRates() gives units of a currency for one of the currency counted in", () => {
  const rates = ratesOf([rate("EUR", "100", "15000"), rate("USD", "1", "125.5")]);
  assertEquals(rates("EUR"), "0.0066666667");
  assertEquals(rates("USD"), "0.0079681275");
  assertEquals(rates("ISK"), "1");
  assertEquals(rates("PLN"), null);
});

Deno.test("exchangeRates() converts when the CRM counts in another currency", () => {
  const rows = [rate("EUR", "1", "150"), rate("USD", "1", "125")];
  const rates = ratesOf(rows, "EUR");
  assertEquals([rates("EUR"), rates("USD"), rates("ISK")], ["1", "1.2", "150"]);
  assertEquals(ratesOf(rows, "PLN")("EUR"), null);
});

Deno.test("exchangeRates() takes the latest rate that has started", () => {
  const rows = [
    rate("EUR", "1", "100", { startingDate: null }),
    rate("EUR", "1", "160", { startingDate: "2026-05-21" }),
    rate("EUR", "1", "125", { startingDate: "2026-05-20" }),
    rate("EUR", "1", "200", { startingDate: "2026-05-19" }),
    rate("USD", "1", "100", { startingDate: "2027-01-01" }),
  ];
  assertEquals(ratesOf(rows)("EUR"), "0.008");
  assertEquals(ratesOf(rows, "ISK", "2026-05-21")("EUR"), "0.00625");
  assertEquals(ratesOf(rows, "ISK", "2020-01-01")("EUR"), "0.01");
  assertEquals(ratesOf(rows)("USD"), null);
});

Deno.test("exchangeRates() follows relational currencies and invents nothing in a circle", () => {
  const rows = [
    rate("EUR", "1", "150"),
    rate("DKK", "746", "100", { relationalCurrencyCode: "EUR" }),
    rate("AAA", "1", "2", { relationalCurrencyCode: "BBB" }),
    rate("BBB", "1", "2", { relationalCurrencyCode: "AAA" }),
    rate("CCC", "1", "2", { relationalCurrencyCode: "NONE" }),
    rate("DDD", "0", "2"),
    rate("EEE", "0.00000000001", "1000000"),
  ];
  const rates = ratesOf(rows);
  assertEquals(rates("DKK"), "0.0497333333");
  assertEquals(["AAA", "BBB", "CCC", "DDD", "EEE"].map(rates), [null, null, null, null, null]);
});
