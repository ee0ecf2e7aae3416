import { defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";

export const step = defineStep({
  name: "step",
  direction: "toCrm",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    creditInBase: "limit", // <-
  },
});
