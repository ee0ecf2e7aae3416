import { defineStep, mapped } from "../../../engine/step.ts";
import { valueMap } from "../../../transforms/transform.ts";
import { crm, erp } from "../fixtures/entities.ts";

const someSorts = valueMap({ Goods: 1, Work: 3 });

export const step = defineStep({
  name: "step",
  direction: "toCrm",
  extract: { erp: erp.articles, crm: crm.products },
  transform: {
    sort: mapped("sort", someSorts), // <-
  },
});
