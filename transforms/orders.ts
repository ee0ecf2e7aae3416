/** States of orders, and what their lines sell. */
import type { Key } from "../connectors/connector.ts";
import type { OneWay } from "./transform.ts";

type ErpState =
  | "Draft"
  | "In Review"
  | "Pending Prepayment"
  | "Released"
  | "Shipped"
  | "Partly Invoiced"
  | "Invoiced";

const states: Readonly<Record<ErpState, 1 | 3 | 4>> = {
  "Draft": 1,
  "In Review": 1,
  "Pending Prepayment": 1,
  "Released": 1,
  "Shipped": 3,
  "Partly Invoiced": 3,
  "Invoiced": 4,
};

/**
 * State of an order in the ERP → state in the CRM: 1 submitted, 3 fulfilled, 4 invoiced. What the ERP has is submitted
 * until all of it is shipped. Active (0) and canceled (2) are decided in the CRM.
 */
export const orderState: OneWay<ErpState, 1 | 3 | 4> = {
  name: "orderState",
  forward: (state) => states[state],
};

type LineType = "product" | "write-in" | "comment" | "freight";
/** What a line of the ERP sells: "Item 1896-S", "Resource LINA", "Account 6110". */
type LineObject = Key<"items" | "resources">;

/**
 * Type of an order's line in the CRM → what a line that sells no product is booked on in the ERP, given the numbers of
 * two accounts. A product has its own rule, and a comment nothing.
 */
export function bookedOn(accounts: { readonly writeIn: string; readonly freight: string }): OneWay<
  LineType | null,
  LineObject | null
> {
  return {
    name: "bookedOn",
    forward(type) {
      if (type !== "write-in" && type !== "freight") return null;
      // An account stands where an item's number could: it is no record of ours.
      return `Account ${type === "freight" ? accounts.freight : accounts.writeIn}` as LineObject;
    },
  };
}

/** Item or resource of a line of the ERP → whether it is written in by hand in the CRM: it has neither. */
export const isWriteIn: OneWay<string | null, boolean> = {
  name: "isWriteIn",
  forward: (product) => product === null,
};
