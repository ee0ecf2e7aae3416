import { assertEquals } from "@std/assert";
import { memoryStore } from "../../store/memory.ts";
import { place } from "../conformance/place.ts";
import { change, coupling, keysOf, record, run } from "../conformance/rows.ts";
import { storeSuite } from "../conformance/store.ts";

const closes = { close: () => Promise.resolve() };
storeSuite("memoryStore()", () => Promise.resolve({ store: memoryStore(), ...closes }));
storeSuite("memoryStore().copy()", () => Promise.resolve({ store: memoryStore().copy(), ...closes }));

Deno.test("copy() begins with everything, and neither store sees what the other writes", async () => {
  const store = memoryStore();
  const page = { run: "r1", deleted: [], left: [], cursor: "c1", swept: "2026-01-02T00:00:00Z" };
  const identity = { service: "business_central", name: "Þ", parts: {} };
  await store.connection("c", { kind: "sandbox", erp: identity, crm: identity });
  await store.saveRun("c", run("r1", "2026-01-01T00:00:00Z"));
  await store.savePage("c", "s", "erp", { ...page, run: "r0", records: [record("e")] });
  await store.savePage("c", "s", "erp", { ...page, records: [record("a"), record("b")] });
  await store.savePage("c", "s", "crm", { ...page, records: [record("x"), record("y")] });
  await store.save("c", "s", { keys: { erp: [keysOf("b", ["k"])] } });
  await store.save("c", "s", { keys: { crm: [keysOf("y", ["k"])] } });
  await store.save("c", "s", {
    couplings: [coupling("a", "x")],
    changes: [change("1", "b", { state: "open" })],
    definition: { hash: "d1", rules: { name: "h" }, entities: { erp: "e", crm: "c" } },
  });
  await store.savePage("c", "t", "crm", { ...page, records: [record("x"), record("y")] });
  const seen = async (one: typeof store) => ({
    pin: await one.connection("c"),
    runs: await one.runs("c", { limit: 9 }),
    steps: [await one.step("c", "s"), await one.step("c", "t")],
    unseen: await one.records("c", "s", "erp", { unseen: "r1" }, { limit: 9 }),
    unkeyed: await one.records("c", "s", "erp", { unkeyed: { groups: 1, made: "d1" } }, { limit: 9 }),
    changes: await one.changes("c", { states: ["open", "closed"] }, { limit: 9 }),
    report: await place(one, "c").report(["s", "t"]),
  });
  const before = await seen(store);
  assertEquals([before.steps[1]?.uncoupled.crm, before.unseen], [1, [record("e")]]);
  const writeAll = async (one: typeof store) => {
    await one.connection("c", { kind: "real", erp: identity, crm: identity }, { anew: true });
    await one.saveRun("c", run("r2", "2026-01-02T00:00:00Z"));
    const now = { swept: "2026-01-03T00:00:00Z", whole: "2026-01-03T00:00:00Z" };
    await one.savePage("c", "s", "erp", { ...page, records: [record("c")], met: ["e"], ...now });
    await one.save("c", "s", { keys: { erp: [keysOf("b", ["other"])] } });
    await one.save("c", "s", {
      couplings: [coupling("b", "y")],
      close: [{ side: "crm", source: "b" }],
      definition: { hash: "d2", rules: { name: "i" }, entities: { erp: "e", crm: "c" } },
      rebase: true,
    });
    await one.save("c", "new", {});
  };
  const copy = store.copy();
  assertEquals(await seen(copy), before);
  await writeAll(copy);
  assertEquals(await seen(store), before);
  assertEquals(await store.steps("c"), ["s", "t"]);
  const after = await seen(copy);
  // Of the other step too: the copy's couplings count, not the original's.
  assertEquals(after.steps[1]?.uncoupled.crm, 0);
  await writeAll(store);
  assertEquals(await seen(store), after);
  assertEquals(await seen(copy), after);
});
