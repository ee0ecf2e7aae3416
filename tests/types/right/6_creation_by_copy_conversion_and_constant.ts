import { constant, convert, defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { noneIsZero } from "../fixtures/transforms.ts";

export const step = defineStep({
  name: "step",
  direction: "both",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    email: "mail",
  },
  create: {
    erp: { sort: constant("Company"), town: "city" },
    crm: { street: "street", credit: convert("balance", noneIsZero), relation: constant(3) },
  },
});
