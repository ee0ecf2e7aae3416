import type { OneWay } from "./transform.ts";

/** The CRM refuses a price or a quantity on hand below zero, which the ERP can have: that becomes "0". */
export const atLeastZero: OneWay<string | null, string | null> = {
  name: "atLeastZero",
  forward: (amount) => amount?.startsWith("-") ? "0" : amount,
};

/** A quantity that is still "0" says nothing: it is blank on the other side until it is more, and becomes blank again. */
export const aboveZero: OneWay<string | null, string | null> = {
  name: "aboveZero",
  forward: (quantity) => quantity === "0" ? null : quantity,
};
