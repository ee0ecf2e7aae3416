import type { OneWay } from "./transform.ts";

const symbols = new Map(Object.entries({
  "AUD": "$",
  "BRL": "R$",
  "CAD": "$",
  "CHF": "CHF",
  "CNY": "¥",
  "CZK": "Kč",
  "DKK": "kr.",
  "EUR": "€",
  "GBP": "£",
  "HKD": "$",
  "HUF": "Ft",
  "ILS": "₪",
  "INR": "₹",
  "ISK": "kr.",
  "JPY": "¥",
  "KRW": "₩",
  "MXN": "$",
  "NOK": "kr",
  "NZD": "$",
  "PHP": "₱",
  "PLN": "zł",
  "SEK": "kr",
  "SGD": "$",
  "THB": "฿",
  "TRY": "₺",
  "UAH": "₴",
  "USD": "$",
  "VND": "₫",
  "ZAR": "R",
}));

/** The usual symbol of a currency code; the code itself where it has none, for the CRM refuses a blank symbol. */
export const currencySymbol: OneWay<string, string> = {
  name: "currencySymbol",
  forward: (code) => symbols.get(code) ?? code,
};

/** Least and most decimals of amounts ("2:4", "2") → the most, up to the CRM's limit of 4; 2 where nothing is said. */
export const currencyPrecision: OneWay<string | null, number> = {
  name: "currencyPrecision",
  forward: (places) => Math.min(4, Number(places?.match(/\d+$/)?.[0] ?? 2)),
};
