/** The time zone of the account's user against the one of the connection. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ServiceError } from "../../errors.ts";
import { openWorld } from "./dataverse_world.ts";

// The user's zone, the connection's, and what the warning names; null where there is none. It is May 2026.
const zones: readonly (readonly [string, string, readonly string[] | null])[] = [
  ["UTC", "UTC", null],
  ["Europe/Berlin", "Europe/Copenhagen", null],
  ["Europe/Dublin", "Europe/London", null],
  ["Asia/Kolkata", "Asia/Calcutta", null],
  ["America/New_York", "America/Toronto", null],
  ["UTC", "Europe/Berlin", ["is UTC+00:00,", '("Europe/Berlin") is UTC+01:00 and UTC+02:00:']],
  ["America/New_York", "America/Los_Angeles", ["is UTC-05:00 and UTC-04:00,", "is UTC-08:00 and UTC-07:00:"]],
  ["Europe/London", "UTC", ["is UTC+00:00 and UTC+01:00,", "is UTC+00:00:"]],
  ["Asia/Kolkata", "Asia/Karachi", ["is UTC+05:30,", "is UTC+05:00:"]],
];
for (const [user, timeZone, expected] of zones) {
  Deno.test(`zoneWarning() of a user in ${user} and a connection in ${timeZone}`, async () => {
    await using world = await openWorld();
    await world.set("dataverse", { timeZone: user });
    const crm = world.connect({ timeZone });
    const warning = await crm.zoneWarning();
    if (expected === null) assertEquals(warning, null);
    else for (const part of [...expected, 'set "timeZone" in tenging.json']) assertStringIncludes(warning!, part);
    const { read, lookups } = crm.requests();
    await crm.identity();
    // Who the user is was asked already.
    assertEquals([read, lookups, crm.requests().read, crm.requests().lookups], [2, 0, 2, 1]);
  });
}

Deno.test("zoneWarning() says that it can't tell, where the account may not read its settings", async () => {
  await using world = await openWorld();
  await world.set("faults", [{ service: "dataverse", match: "usersettings", kind: "forbidden" }]);
  assertStringIncludes((await world.crm.zoneWarning())!, "the service does not tell it");
});

Deno.test("zoneWarning() hides no fault of another kind", async () => {
  await using world = await openWorld();
  await world.set("faults", [{ service: "dataverse", match: "usersettings", kind: "503", times: 9 }]);
  const error = await assertRejects(() => world.crm.zoneWarning(), ServiceError);
  assertEquals(error.code, "unavailable");
});
