import { valueMap } from "./transform.ts";

/** Types of items → choices of producttypecode: 1 sales inventory, 2 miscellaneous charges, 3 services. */
export const productType = valueMap({ "Inventory": 1, "Service": 3, "Non-Inventory": 2 });
