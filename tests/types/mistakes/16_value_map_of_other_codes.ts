import { defineStep, mapped } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { terms } from "../fixtures/transforms.ts";

export const step = defineStep({
  name: "step",
  direction: "toCrm",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    terms: mapped("moneyCode", terms), // <-
  },
});
