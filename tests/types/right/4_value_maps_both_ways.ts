import { defineStep, mapped } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { terms } from "../fixtures/transforms.ts";

export const step = defineStep({
  name: "step",
  direction: "both",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    terms: mapped("termsCode", terms),
  },
});
