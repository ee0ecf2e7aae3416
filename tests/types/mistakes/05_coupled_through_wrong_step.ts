import { coupled, defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { monies } from "../fixtures/steps.ts";

export const step = defineStep({
  name: "step",
  direction: "both",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    owner: coupled("agentCode", monies), // <-
  },
});
