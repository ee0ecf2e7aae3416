/** Days in a zone. */

/** Minutes that clocks of a zone are ahead of UTC at the beginning of each month of a year, without repeats, ascending. */
export function offsetsIn(timeZone: string, year: number): number[] {
  const offsets = Array.from({ length: 12 }, (_, month) => {
    const day = `${year}-${String(month + 1).padStart(2, "0")}-01`;
    return (Date.parse(`${day}T00:00:00Z`) - Date.parse(midnightIn(timeZone, day))) / 60_000;
  });
  return [...new Set(offsets)].sort((a, b) => a - b);
}

/** The instant at which a day ("2026-01-31") begins in a zone ("Europe/Paris"), "2026-01-30T23:00:00Z". */
export function midnightIn(timeZone: string, day: string): string {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  const wanted = Date.parse(`${day}T00:00:00Z`);
  let at = wanted;
  // The zone's offset is that of an instant near by at first, and of the right one then.
  for (let round = 0; round < 2; round++) {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const shown = `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}Z`;
    at += wanted - Date.parse(shown);
  }
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}
