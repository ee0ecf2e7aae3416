import { constant, defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";

export const step = defineStep({
  name: "step",
  direction: "both",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {},
  create: {
    erp: {
      balance: constant("0"), // <-
    },
  },
});
