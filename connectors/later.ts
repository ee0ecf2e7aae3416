/** The order of time stamps, which are kept as their service wrote them. Imports nothing. */

/** The later of two stamps; where their texts differ in form, they are compared as times. */
export function later(one: string | null, other: string): string;
export function later(one: string | null, other: string | null): string | null;
export function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  if (one.length === other.length && one.endsWith("Z") && other.endsWith("Z")) return other > one ? other : one;
  return Date.parse(other) > Date.parse(one) ? other : one;
}
