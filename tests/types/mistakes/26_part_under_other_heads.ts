import { defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { customers } from "../fixtures/steps.ts";

export const step = defineStep({
  name: "step",
  direction: "fromCrm",
  extract: { erp: erp.orderParts, crm: crm.salesOrderParts },
  transform: {
    quantity: "count",
  },
  under: customers, // <-
});
