/** Who may write a step and a run. */
import { assertEquals } from "@std/assert";
import { codeOf, nothing, place, type StoreTest } from "./place.ts";
import { change, coupling, keysOf, record, run } from "./rows.ts";

/** Declares them; part of the suite of every store. */
export function leaseTests(test: StoreTest): void {
  const first = { number: 1, holder: "one" };
  const second = { number: 2, holder: "two" };

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
