import { assertEquals, assertThrows } from "@std/assert";
import { createFaults } from "../../sandbox/faults.ts";

const request = (path: string, method = "GET", service = "dataverse") => ({ service, method, path });

Deno.test("Faults.strike() hits the requests that a rule means, after some and so many times", () => {
  const faults = createFaults();
  faults.add([{ kind: "503", service: "dataverse", method: "get", match: "accounts", after: 1, times: 2 }]);
  const hits = [
    request("/accounts"),
    request("/contacts"),
    request("/accounts", "POST"),
    request("/accounts", "GET", "business_central"),
    request("/accounts?$top=1"),
    request("/accounts"),
    request("/accounts"),
  ].map((target) => faults.strike(target).length);
  assertEquals(hits, [0, 0, 0, 0, 1, 1, 0]);
  assertEquals(faults.list().map(({ met, hit }) => [met, hit]), [[4, 2]]);
  faults.clear();
  assertEquals(faults.list(), []);
});

Deno.test("Faults.kills() counts writes, not requests", () => {
  const faults = createFaults();
  faults.add([{ kind: "kill", writes: 3 }, { kind: "kill", after: 4 }]);
  assertEquals(faults.strike(request("/accounts", "POST")), []);
  const killed = [1, 2, 3, 4, 5].map(() => faults.kills(request("/accounts", "POST")));
  assertEquals(killed, [false, false, true, false, true]);
});

for (const rules of [{}, [{}], [{ kind: "404" }], [{ kind: "503", retryAfter: "soon" }], [{ kind: "503", wait: 3 }]]) {
  Deno.test(`Faults.add() refuses ${JSON.stringify(rules)}`, () => {
    assertThrows(() => createFaults().add(rules), TypeError, "Cannot set fault");
  });
}
