import { type OneWay, valueMap } from "./transform.ts";

/** Types of items → choices of producttypecode: 1 sales inventory, 2 miscellaneous charges, 3 services. */
export const productType = valueMap({ "Inventory": 1, "Service": 3, "Non-Inventory": 2 });

/** Whether an item or a resource is blocked → the product's state: 0 active, 1 retired. */
export const productState: OneWay<boolean, 0 | 1> = {
  name: "productState",
  forward: (blocked) => blocked ? 1 : 0,
};
