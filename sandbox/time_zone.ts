/** Days in a zone. */

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
