/** Filters by the service's time stamps, and what they leave out. Texts are as the service wrote them. */
import { later } from "../later.ts";

/** Whether `stamp` rules out that something with this time stamp came after it. */
export function isKnown(stamp: string | null, at: string | null): boolean {
  return stamp !== null && later(stamp, at) === stamp;
}

/** A filter for what changed since a stamp less the overlap: a row can appear behind a stamp that is set before commit. */
export function since(stamp: string, overlapMs: number): string {
  return `lastModifiedDateTime ge ${new Date(Date.parse(stamp) - overlapMs).toISOString()}`;
}
