import { assertEquals } from "@std/assert";
import { currencies } from "../../pipelines/currencies.ts";
import { agreedOn, created, merged } from "./rows.ts";

const krona = {
  code: "ISK",
  displayName: "Íslensk króna",
  symbol: null,
  amountDecimalPlaces: "0:0",
  exchangeRate: "137.25",
};

Deno.test("currencies creates a currency with its rate, a symbol and its decimals", () => {
  const { fields, stops, reasons } = created(currencies, "crm", { source: krona });
  assertEquals(fields, {
    isocurrencycode: "ISK",
    currencyname: "Íslensk króna",
    currencysymbol: "kr.",
    currencyprecision: 0,
    currencytype: 0,
    exchangerate: "137.25",
  });
  assertEquals([stops, reasons], [false, []]);
  assertEquals(created(currencies, "crm", { source: { ...krona, symbol: "ÍSK" } }).fields.currencysymbol, "ÍSK");
});

Deno.test("currencies creates none without a rate and says what to do", () => {
  const { stops, reasons } = created(currencies, "crm", { source: { ...krona, exchangeRate: null } });
  assertEquals(stops, true);
  assertEquals(reasons.map(({ code, field }) => [code, field]), [["required_blank", "exchangerate"]]);
  assertEquals(reasons[0]!.message.includes("no exchange rate is valid today"), true);
});

Deno.test("currencies writes a new rate and leaves a symbol alone that the ERP lacks", () => {
  const crm = {
    isocurrencycode: "ISK",
    currencyname: "Íslensk króna",
    exchangerate: "137.25",
    currencysymbol: "ISK",
    currencyprecision: 2,
  };
  const now = { ...krona, exchangeRate: "138.1" };
  assertEquals(merged(currencies, { erp: now, crm, base: agreedOn(krona, crm) }).crm, { exchangerate: "138.1" });
  assertEquals(merged(currencies, { erp: krona, crm, base: null }).crm, {});
});
