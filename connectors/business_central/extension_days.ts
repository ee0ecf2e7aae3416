/** Rows that become valid, or expire, on a day: nobody touches them then, so no time stamp tells of it. */

/** A field of the handle that follows from the day, and the page's properties that it follows from. */
export interface Days {
  readonly field: string;
  readonly starts: string;
  readonly ends: string;
}

/**
 * Filters for the rows that became valid or expired since the day of the last reading: two, for the service takes no
 * "or" between two properties. A row expires after its last day.
 */
export function dayFilters({ starts, ends }: Days, last: string, today: string): string[] {
  if (last >= today) return [];
  return [`${starts} gt ${last} and ${starts} le ${today}`, `${ends} ge ${last} and ${ends} lt ${today}`];
}

/** A cursor that remembers the day of its reading. */
export function withDay(cursor: string, day: string): string {
  return JSON.stringify({ ...JSON.parse(cursor) as object, day });
}

/** The day of the reading that a cursor ended; the first of all days where it doesn't say. */
export function dayIn(cursor: string): string {
  try {
    const { day } = JSON.parse(cursor) as { day?: unknown };
    if (typeof day === "string" && /^\d{4}-\d{2}-\d{2}$/.test(day)) return day;
  } catch {
    // no cursor of ours: whoever reads by it says so
  }
  return "0001-01-01";
}
