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

Deno.test("runPipeline() looks for what a service left out that tells of deletions", async () => {
  for (const [sweepEvery, pause] of [["day", 24 * hour], ["week", 7 * 24 * hour]] as const) {
    let now = Date.UTC(2026, 0, 1);
    const clock = { now: () => now, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run ${now}` };
    const erp = fakeService("business_central");
    const crm = fakeService("dataverse");
    const steps = [users, { ...customers, sweepEvery } as Step];
    const store = memoryStore();
    const swept = async () => Date.parse((await store.step("c", "customers")).swept.erp!);
    const sweeps = () => erp.sweeps.filter((entity) => entity === "customers").length;
    const sync = (later: number) => {
      now += later;
      return runPipeline({ connection: "c", kind: "sandbox", steps, store, erp, crm, clock });
    };
    for (const id of ["told", "untold"]) erp.put("customers", id, customer({ number: id, name: id }));
    await sync(0);
    erp.late.add("untold");
    for (const id of ["told", "untold"]) erp.remove("customers", id);
    await sync(pause - 1);
    const listed = async () => (await store.changes("c", { states: ["open"] }, { limit: 9 })).length;
    assertEquals([sweeps(), await swept(), await listed()], [0, now, 1]);
    await sync(1);
    assertEquals([sweeps(), await swept(), await listed()], [1, now, 2]);
    await sync(pause - 1);
    assertEquals([sweeps(), await swept()], [1, now]);
    await sync(1);
    assertEquals(sweeps(), 2);
  }
});

Deno.test("runPipeline() reads what a sweep meets otherwise than it is known, and nothing else", async () => {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now, sleep: () => Promise.resolve(), random: () => 0, uuid: () => `run ${now}` };
  const erp = fakeService("business_central", { silent: true });
  const crm = fakeService("dataverse", { silent: true });
  const store = memoryStore();
  async function sync(): Promise<void> {
    erp.asked.length = crm.asked.length = 0;
    now += 24 * hour;
    const steps = [users, customers as Step];
    await runPipeline({ connection: "c", kind: "sandbox", steps, store, erp, crm, clock });
  }
  const names = () =>
    crm.all("accounts").filter(({ data }) => data["kind"] === 3).map(({ data }) => data["name"]).sort();
  erp.modifiedAt = "2026-01-01T00:00:00.000Z";
  for (const id of ["still", "changed", "back"]) erp.put("customers", id, customer({ number: id, name: id }));
  await sync();
  const backId = crm.all("accounts").find(({ data }) => data["name"] === "back")!.id;
  erp.remove("customers", "back");
  await sync();
  assertEquals((await store.records("c", "customers", "erp", { ids: ["back"] }, { limit: 1 }))[0]?.state, "deleted");
  crm.put("accounts", backId, { kind: 1 });
  await sync();

  for (const id of ["new", "changed", "back", backId]) erp.late.add(id) && crm.late.add(id);
  erp.put("customers", "new", customer({ number: "new", name: "new" }));
  erp.put("customers", "changed", customer({ number: "changed", name: "changed late" }));
  erp.put("customers", "back", customer({ number: "back", name: "back" }));
  crm.put("accounts", backId, { kind: 3 }); // its service states no time
  erp.stamps.set("changed", "2026-01-02T00:00:00.000Z");
  await sync();
  const [newest, ...again] = erp.asked; // each run asks for the newest record first
  assertEquals([newest, again.sort(), crm.asked], ["still", ["back", "changed", "new"], [backId]]);
  assertEquals(names(), ["back", "changed late", "new", "still"]);
  await sync();
  assertEquals([erp.asked, crm.asked], [["changed"], []]);
});
