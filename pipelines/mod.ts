/** The pipeline: its steps in the order of declaration. What a step depends on decides when it runs. */
import type { Step } from "../engine/step.ts";
import { contacts } from "./contacts.ts";
import { currencies } from "./currencies.ts";
import { customers } from "./customers.ts";
import { items } from "./items.ts";
import { salespeople } from "./salespeople.ts";
import { units } from "./units.ts";

export { contacts, currencies, customers, items, salespeople, units };

/** All steps. A new step is added here. */
export const steps: readonly Step[] = [salespeople, currencies, units, customers, contacts, items];

/** Steps that are off unless tenging.json switches them on, and why. */
export const off: Readonly<Record<string, string>> = {};
