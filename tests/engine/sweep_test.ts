/** How a deletion is found where the service does not tell. */
import { assertEquals } from "@std/assert";
import { runPipeline } from "../../engine/run.ts";
import type { Step } from "../../engine/step.ts";
import { memoryStore } from "../../store/memory.ts";
import { fakeService } from "./fake_service.ts";
import { customer, customers, users } from "./world.ts";

const hour = 3_600_000;

Deno.test("runPipeline() looks for deletions in the first run, with full, and as often as the step says", async () => {
  for (const [sweepEvery, pause] of [["day", 24 * hour], ["hour", hour]] as const) {
    let now = Date.UTC(2026, 0, 1);
    const clock = { now: () => now, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run ${now}` };
    const erp = fakeService("business_central", { silent: true });
    const crm = fakeService("dataverse", { silent: true });
    const steps = [users, { ...customers, sweepEvery } as Step];
    const store = memoryStore();
    const sync = (full = false) =>
      runPipeline({ connection: "c", kind: "sandbox", steps, store, erp, crm, clock, full });
    const swept = async () => (await store.step("c", "customers")).swept.erp;
    const listed = async () =>
      (await store.changes("c", { states: ["open"] }, { limit: 9 })).flatMap(({ reasons }) =>
        reasons.map(({ code }) => code)
      );
    for (const id of ["e1", "e2"]) erp.put("customers", id, customer({ number: id, name: id }));
    const sweeps = () => erp.sweeps.filter((entity) => entity === "customers").length;

    await sync();
    assertEquals([sweeps(), await swept()], [0, "2026-01-01T00:00:00.000Z"]); // everything was read: nothing is hidden
    erp.remove("customers", "e1");
    now += pause - 1;
    await sync();
    assertEquals([sweeps(), await listed()], [0, []]);
    erp.asked.length = 0;
    now += 1;
    await sync();
    assertEquals([sweeps(), await listed(), erp.asked], [1, ["missing"], ["e1"]]);
    assertEquals(await swept(), new Date(now).toISOString());
    erp.remove("customers", "e2");
    now += 1;
    await sync();
    assertEquals(await listed(), ["missing"]);
    now += 1;
    await sync(true);
    assertEquals([sweeps(), await listed()], [1, ["missing", "missing"]]);
  }
});
