import type { OneWay } from "./transform.ts";

const longest = 100; // a price list's name in the CRM

/** Name of the company → name of the price list with the prices on its items' cards: "Business Central CRONUS". */
export const standardListName: OneWay<string | null, string> = {
  name: "standardListName",
  forward: (company) => `Business Central ${company ?? ""}`.trim().slice(0, longest).trimEnd(),
};

/** Status of a price list → its state in the CRM: 0 active, 1 inactive. A draft is not in use yet. */
export const priceListState: OneWay<"Draft" | "Active" | "Inactive", 0 | 1> = {
  name: "priceListState",
  forward: (status) => status === "Active" ? 0 : 1,
};
