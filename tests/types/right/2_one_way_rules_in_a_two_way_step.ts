import { convert, coupled, defineStep, toCrm } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { agents } from "../fixtures/steps.ts";
import { onHoldOneWay } from "../fixtures/transforms.ts";

export const step = defineStep({
  name: "step",
  direction: "both",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    status: toCrm(convert("hold", onHoldOneWay)),
    credit: toCrm("balance"),
    owner: toCrm(coupled("agentCode", agents)),
  },
});
