import { coupled, defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { agents } from "../fixtures/steps.ts";

export const step = defineStep({
  name: "step",
  direction: "toCrm",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    owner: coupled("agentCode", agents, { blnak: "leave" }), // <-
  },
});
