/**
 * Days in columns of UserLocal behaviour: the service keeps the instant at which the day begins for the account's user
 * (Microsoft, "Behavior and format of the date and time column"). Every date of our handles is in such a column, unless
 * an administrator gave it the behaviour DateOnly: then it holds the day itself. A value that is read shows which; for
 * one that is written, {@link Environment.plainDays} says it. TimeZoneIndependent is not supported.
 */
import { DefinitionError } from "../../errors.ts";

/** A time zone by its IANA name; throws DefinitionError "configuration_invalid" for a name that is none. */
export function timeZoneOf(name: string): string {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch (error) {
    throw new DefinitionError(
      "configuration_invalid",
      `Cannot use the time zone "${name}" for "dataverse": it is not known; give an IANA name such as "Europe/Berlin"`,
      { cause: error },
    );
  }
}

/** Minutes that clocks of a zone are ahead of UTC in the course of a year, in ascending order. */
export function offsetsOf(timeZone: string, year: number): number[] {
  const first = Temporal.PlainDate.from({ year, month: 1, day: 1 });
  const offsets = Array.from({ length: first.daysInYear }, (_, day) => {
    return first.add({ days: day }).toZonedDateTime(timeZone).offsetNanoseconds / 60e9;
  });
  return [...new Set(offsets)].sort((one, other) => one - other);
}

/** The day in which an instant lies. A day stays what it is; so does what is neither: the row's check refuses it. */
export function dayOf(value: unknown, timeZone: string): unknown {
  if (typeof value !== "string" || !value.includes("T")) return value ?? null;
  const instant = Date.parse(value);
  if (Number.isNaN(instant)) return value;
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

/** The instant at which a day begins, "2026-01-30T23:00:00Z": the first one, where clocks skip midnight. */
export function beginningOf(day: string, timeZone: string): string {
  return Temporal.PlainDate.from(day).toZonedDateTime(timeZone).toInstant().toString({ smallestUnit: "second" });
}
