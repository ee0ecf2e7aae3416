/** Who may write a step and a run. */
import { assertEquals } from "@std/assert";
import type { PageSave, StoredRecord } from "../../store/store.ts";
import { codeOf, nothing, place, type StoreTest } from "./place.ts";
import { change, coupling, keysOf, record, run } from "./rows.ts";

/** Declares them; part of the suite of every store. */
export function leaseTests(test: StoreTest): void {
  const first = { number: 1, holder: "one" };
  const second = { number: 2, holder: "two" };

  test("savePage() under a lease saves what differs, and counts everything as met", async (store, connection) => {
    const { save, records } = place(store, connection);
    await save({ lease: first });
    const page = (run: string, records: readonly StoredRecord[], more: Partial<PageSave> = {}) =>
      store.savePage(connection, "s", "erp", { ...nothing, run, records, lease: first, ...more });
    const unseen = async (run: string) =>
      (await store.records(connection, "s", "erp", { unseen: run }, { limit: 9 })).map(({ id }) => id);
    const early = { modifiedAt: "2026-01-01T00:00:00Z" };
    await page("r1", ["a", "b", "c"].map((id) => record(id, id === "a" ? {} : early)));
    await save({ rebase: true, lease: first });
    const changed = record("b", { ...early, label: "Other", fingerprint: "other", data: { name: "Other" } });
    await page("r2", [record("c", early), changed]);
    assertEquals((await store.step(connection, "s")).newest.erp, { id: "c", ...early });
    assertEquals([await unseen("r2"), await unseen("r1")], [["a"], ["a", "b", "c"]]);
    await page("r2", [record("a")], { left: ["c"] });
    assertEquals((await store.step(connection, "s")).newest.erp, { id: "a", modifiedAt: record("a").modifiedAt });
    assertEquals(await unseen("r2"), []);
    const kept = await records("erp");
    assertEquals(kept.map(({ id, state, label }) => [id, state, label]), [
      ["a", "present", "Label a"],
      ["b", "present", "Other"],
      ["c", "left", "Label c"],
    ]);
    assertEquals(kept[1], changed);
    await page("r3", [record("a")], { keys: [keysOf("a", ["k"])] });
    const unkeyed = { unkeyed: { groups: 1, made: "d1" } };
    assertEquals((await store.records(connection, "s", "erp", unkeyed, { limit: 9 })).map(({ id }) => id), ["b"]);
  });

  test("save() and savePage() let whoever took a step last write it, and nobody else", async (store, connection) => {
    const { save, records, states } = place(store, connection);
    const page = (lease: typeof first, id: string) =>
      store.savePage(connection, "s", "erp", { ...nothing, run: "r1", records: [record(id)], cursor: id, lease });
    await save({ lease: first });
    await page(first, "a");
    assertEquals((await store.step(connection, "s")).lease, first);
    await save({ lease: second });
    assertEquals((await codeOf(page(first, "b"))).code, "lease_lost");
    const refused = save({
      lease: first,
      couplings: [coupling("a", "x")],
      changes: [change("1", "a")],
      keys: { erp: [keysOf("a", ["k"])] },
    });
    const { code, message } = await codeOf(refused);
    assertEquals([code, message.includes('step "s"'), message.includes("two took it over")], [
      "lease_lost",
      true,
      true,
    ]);
    assertEquals([(await records("erp")).map(({ id }) => id), await states()], [["a"], {}]);
    const { lease, cursors, coupled } = await store.step(connection, "s");
    assertEquals([lease, cursors.erp, coupled], [second, "a", 0]);
    await page(second, "b");
    assertEquals((await store.step(connection, "s")).cursors.erp, "b");
    assertEquals((await codeOf(save({ lease: { number: 2, holder: "three" } }))).code, "lease_lost");
    await store.save(connection, "other", { lease: first });
    await store.save(`${connection} other`, "s", { lease: first });
  });

  test("save() without a lease takes the step from everybody", async (store, connection) => {
    const { save } = place(store, connection);
    await save({ lease: first });
    await save({ changes: [change("1", "a")] });
    assertEquals((await store.step(connection, "s")).lease?.number, 2);
    assertEquals((await codeOf(save({ lease: first }))).code, "lease_lost");
    await save({ lease: { number: 3, holder: "one" } });
  });

  test("saveRun() refuses to change how a run ended", async (store, connection) => {
    const at = "2026-01-02T03:04:05Z";
    const status = async () => (await store.runs(connection, { limit: 9 })).map((one) => one.status);
    await store.saveRun(connection, run("r1", at));
    await store.saveRun(connection, run("r1", at, "Cancelled"));
    const { code, message } = await codeOf(store.saveRun(connection, run("r1", at)));
    assertEquals([code, message.includes('run "r1"')], ["lease_lost", true]);
    assertEquals((await codeOf(store.saveRun(connection, run("r1", at, "Finished")))).code, "lease_lost");
    await store.saveRun(connection, run("r1", at, "Cancelled")); // the answer to the first time was lost
    assertEquals(await status(), ["Cancelled"]);
  });
}
