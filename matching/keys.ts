import { type Kind, normal } from "./normal.ts";

/**
 * One record's key in a match group: equal text means that the records agree in all fields of the group. Null when any
 * part has nothing to compare, for blanks never match. `kinds[i]` says how `values[i]` is made comparable.
 */
export function matchKeys(
  values: readonly (string | number | boolean | null)[],
  kinds: readonly Kind[],
): string | null {
  const parts = kinds.map((kind, index) => normal(values[index] ?? null, kind));
  return parts.length === 0 || parts.includes(null) ? null : JSON.stringify(parts);
}
