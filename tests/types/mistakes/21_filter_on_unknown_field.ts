import { defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";

const buyers = crm.accounts.where({
  realtion: 3, // <-
});

export const step = defineStep({
  name: "step",
  direction: "toCrm",
  extract: { erp: erp.customers, crm: buyers },
  transform: {
    name: "displayName",
  },
});
