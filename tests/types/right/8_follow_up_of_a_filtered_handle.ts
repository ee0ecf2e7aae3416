import { constant, defineStep, optional } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { customers } from "../fixtures/steps.ts";

export const step = defineStep({
  name: "step",
  direction: "toCrm",
  extract: { erp: erp.customers, crm: crm.accounts.where({ relation: 3 }) },
  transform: {
    person: optional(constant(null)),
  },
  of: customers,
});
