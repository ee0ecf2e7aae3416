import { defineStep, fromCrm, onConflict, optional } from "../../../engine/step.ts";
import { crm, erp } from "../fixtures/entities.ts";

export const step = defineStep({
  name: "step",
  direction: "both",
  extract: { erp: erp.customers, crm: crm.accounts },
  transform: {
    "group address": {
      street: "street",
      city: optional("town"),
      zip: onConflict("erp", "postcode"),
    },
    phone: optional(onConflict("crm", "phone")),
    creditInBase: fromCrm("limit"),
  },
});
