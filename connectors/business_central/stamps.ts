/** The service's time stamps: their order, and filters by them. Texts are as the service wrote them. */

/** The later of two stamps; where their texts differ in form, they are compared as times. */
export function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  if (one.length === other.length && one.endsWith("Z") && other.endsWith("Z")) return other > one ? other : one;
  return Date.parse(other) > Date.parse(one) ? other : one;
}

/** Whether `stamp` rules out that something with this time stamp came after it. */
export function isKnown(stamp: string | null, at: string | null): boolean {
  return stamp !== null && later(stamp, at) === stamp;
}

/** A filter for what changed since a stamp less the overlap: a row can appear behind a stamp that is set before commit. */
export function since(stamp: string, overlapMs: number): string {
  return `lastModifiedDateTime ge ${new Date(Date.parse(stamp) - overlapMs).toISOString()}`;
}
