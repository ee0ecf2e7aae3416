/** When values are the same. */
import type { Value } from "../connectors/connector.ts";

export function isBlank(value: Value | undefined): boolean {
  return value === null || value === undefined || value === "";
}

/** Equal as both services would store them: blank is blank, all else to the letter. Decimals are canonical before. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  return a === b || (isBlank(a) && isBlank(b));
}
