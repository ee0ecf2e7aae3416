import { defineStep, mapped } from "../../../engine/step.ts";
import { codeMap } from "../../../transforms/transform.ts";
import { crm, erp } from "../fixtures/entities.ts";

const longTerms = codeMap("terms", { NET30: 1, NET365: 365 });

export const step = defineStep({
  name: "step",
  direction: "toCrm",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    terms: mapped("termsCode", longTerms), // <-
  },
});
