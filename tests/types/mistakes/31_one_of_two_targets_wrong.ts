import { coupled, defineStep } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";
import { articles, customers } from "../fixtures/steps.ts";

export const step = defineStep({
  name: "step",
  direction: "fromCrm",
  extract: { erp: erp.orderParts, crm: crm.salesOrderParts },
  transform: {
    product: coupled("thingNumber", articles, customers), // <-
  },
});
