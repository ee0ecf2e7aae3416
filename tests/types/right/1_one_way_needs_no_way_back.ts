import { convert, defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { onHoldOneWay } from "../fixtures/transforms.ts";

export const step = defineStep({
  name: "step",
  direction: "toCrm",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    status: convert("hold", onHoldOneWay),
    credit: "balance",
  },
});
