import { assertEquals, assertThrows } from "@std/assert";
import { minus, plus, rounded, times } from "../../connectors/dataverse/amounts.ts";
import { beginningOf, dayOf, timeZoneOf } from "../../connectors/dataverse/days.ts";
import { DefinitionError } from "../../errors.ts";

// Day, zone, and the instant at which the day begins there.
const days: readonly (readonly [string, string, string])[] = [
  ["2026-05-20", "UTC", "2026-05-20T00:00:00Z"],
  ["2026-05-20", "Europe/Berlin", "2026-05-19T22:00:00Z"],
  ["2026-01-15", "Europe/Berlin", "2026-01-14T23:00:00Z"],
  ["2026-05-20", "America/Los_Angeles", "2026-05-20T07:00:00Z"],
  ["2026-01-15", "America/Los_Angeles", "2026-01-15T08:00:00Z"],
  ["2026-05-20", "Asia/Kolkata", "2026-05-19T18:30:00Z"],
  ["2026-05-20", "Pacific/Kiritimati", "2026-05-19T10:00:00Z"],
  // Clocks go forward and back in the night after this midnight, and in the one before the next.
  ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00Z"],
  ["2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00Z"],
  ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00Z"],
  ["2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00Z"],
  ["2026-11-01", "America/New_York", "2026-11-01T04:00:00Z"],
  ["2026-11-02", "America/New_York", "2026-11-02T05:00:00Z"],
  // There is no midnight: the day begins at one o'clock.
  ["2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"],
  // Midnight comes twice: the day begins with the first.
  ["2026-11-01", "America/Havana", "2026-11-01T04:00:00Z"],
];
for (const [day, zone, instant] of days) {
  Deno.test(`beginningOf() and dayOf() agree on ${day} in ${zone}`, () => {
    assertEquals(beginningOf(day, zone), instant);
    assertEquals(dayOf(instant, zone), day);
  });
}

Deno.test("dayOf() takes any time of the day for the day in the zone, and leaves what is no instant", () => {
  assertEquals(dayOf("2026-05-20T21:59:59Z", "Europe/Berlin"), "2026-05-20");
  assertEquals(dayOf("2026-05-20T22:00:00Z", "Europe/Berlin"), "2026-05-21");
  assertEquals(dayOf("2026-05-20T06:59:59.999Z", "America/Los_Angeles"), "2026-05-19");
  assertEquals(["2026-05-20", null, "Tuesday"].map((value) => dayOf(value, "Asia/Tokyo")), [
    "2026-05-20",
    null,
    "Tuesday",
  ]);
});

Deno.test("timeZoneOf() refuses a name that is none", () => {
  assertEquals(timeZoneOf("Europe/Berlin"), "Europe/Berlin");
  const error = assertThrows(() => timeZoneOf("Berlin time"), DefinitionError);
  assertEquals(error.code, "configuration_invalid");
});

const sums: readonly (readonly [string, string])[] = [
  [plus("0.1", "0.2"), "0.3"],
  [plus("-5", "4.99"), "-0.01"],
  [minus("1000000000000.01", "0.02"), "999999999999.99"],
  [minus("5", "5.00"), "0"],
  [times("0.1", "0.2"), "0.02"],
  [times("-1.5", "2"), "-3"],
  [times("12345678.901", "0"), "0"],
  [rounded("1.005", 2), "1.01"],
  [rounded("-1.005", 2), "-1.01"],
  [rounded("1.00499", 2), "1"],
  [rounded("0.004", 2), "0"],
  [rounded("12", 2), "12"],
];
Deno.test("plus(), minus(), times() and rounded() are exact", () => {
  assertEquals(sums.map(([value]) => value), sums.map(([, expected]) => expected));
});
