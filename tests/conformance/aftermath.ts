/** What becomes of records, pairs and changes later: swept, merged, set aside, overruled, decided anew. */
import { assertEquals } from "@std/assert";
import type { Change, Side } from "../../store/store.ts";
import { codeOf, idsOf, nothing, place, type StoreTest } from "./place.ts";
import { change, coupling, record } from "./rows.ts";

/** Declares them; part of the suite of every store. */
export function aftermathTests(test: StoreTest): void {
  test("savePage() keeps what a record was merged into, until it is present again", async (store, connection) => {
    const { read, records, save, uncoupled } = place(store, connection);
    await read("crm", [record("x"), record("y"), record("z")]);
    const merged = [{ id: "x", into: "z" }, { id: "u", into: "z" }, { id: "y", into: "elsewhere" }];
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", merged });
    const gone = record("x", { state: "merged", mergedInto: "z" });
    assertEquals(await records("crm"), [
      gone,
      record("y", { state: "merged", mergedInto: "elsewhere" }),
      record("z"),
    ]);
    assertEquals(await uncoupled("crm"), ["z"]);
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", merged: [{ id: "x", into: "y" }] });
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", left: ["y"] });
    assertEquals(await records("crm"), [{ ...gone, mergedInto: "y" }, record("y", { state: "left" }), record("z")]);
    await read("crm", [gone]);
    await save({ records: [{ side: "crm", record: { ...gone, id: "z" } }] });
    assertEquals(await records("crm"), [record("x"), record("y", { state: "left" }), { ...gone, id: "z" }]);
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", deleted: ["z"] });
    assertEquals((await records("crm"))[2], { ...gone, id: "z" });
  });

  test(
    "savePage() remembers the record that was modified last, until all is decided anew",
    async (store, connection) => {
      const { read, save } = place(store, connection);
      const newest = async () => (await store.step(connection, "s")).newest;
      await read("erp", [record("a", { modifiedAt: "2026-01-02T00:00:00Z" }), record("b", { modifiedAt: null })]);
      assertEquals(await newest(), { erp: { id: "a", modifiedAt: "2026-01-02T00:00:00Z" }, crm: null });
      await read("erp", [
        record("c", { modifiedAt: "2026-01-04T00:00:00Z" }),
        record("a", { modifiedAt: "2026-01-01T00:00:00Z" }),
      ]);
      await read("erp", [record("d", { modifiedAt: "2026-01-03T00:00:00Z" })]);
      assertEquals(await newest(), { erp: { id: "c", modifiedAt: "2026-01-04T00:00:00Z" }, crm: null });
      await save({ rebase: true });
      assertEquals(await newest(), { erp: null, crm: null });
    },
  );

  test(
    "savePage() lets merged come after left, and stay when the record is deleted as well",
    async (store, connection) => {
      const { records } = place(store, connection);
      const merged = [{ id: "x", into: "z" }, { id: "y", into: "z" }];
      const page = { run: "r1", records: [record("x"), record("y")], left: ["x"], merged, deleted: ["y"] };
      await store.savePage(connection, "s", "crm", page);
      assertEquals(await records("crm"), [
        record("x", { state: "merged", mergedInto: "z" }),
        record("y", { state: "merged", mergedInto: "z" }),
      ]);
    },
  );

  test("pairs() sees a record that was merged, and no longer once it is back", async (store, connection) => {
    const { read, save, pairs } = place(store, connection);
    await read("erp", [record("a"), record("b")]);
    await read("crm", [record("x"), record("y")]);
    await save({ couplings: [coupling("a", "x"), coupling("b", "y")] });
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", merged: [{ id: "x", into: "y" }] });
    const [pair, ...others] = await store.pairs(connection, "s", { definition: "d1", limit: 9 });
    assertEquals([pair?.crm, others], [record("x", { state: "merged", mergedInto: "y" }), []]);
    await read("crm", [record("x")]);
    assertEquals(await pairs(), []);
  });

  test("savePage() counts what a sweep met as met", async (store, connection) => {
    const { read } = place(store, connection);
    await read("erp", ["a", "b", "c", "d"].map((id) => record(id)));
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r2", met: ["a", "never read"] });
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r2", records: [record("d")], met: ["b"] });
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r2", met: ["c"] });
    const unseen = async (run: string) =>
      idsOf(await store.records(connection, "s", "erp", { unseen: run }, { limit: 9 }));
    assertEquals(await unseen("r2"), ["c"]);
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r3", met: ["b", "c"] });
    assertEquals([await unseen("r3"), await unseen("r2")], [["a", "d"], ["a", "b", "c", "d"]]);
  });

  test("save() keeps with which definition a step ended, and that it was loaded once", async (store, connection) => {
    const { save } = place(store, connection);
    const ended = async () => {
      const { ended, loaded } = await store.step(connection, "s");
      return [ended, loaded];
    };
    await save({ ended: { definition: "d1", loaded: true } });
    assertEquals(await ended(), ["d1", true]);
    await save({ ended: { definition: "d2", loaded: false } });
    assertEquals(await ended(), ["d2", true]);
  });

  test(
    "save() keeps that a step was rebuilt until it says otherwise, and that it ever was",
    async (store, connection) => {
      const { save } = place(store, connection);
      const standing = async (step = "s") => {
        const { rebuilt, restored } = await store.step(connection, step);
        return [rebuilt, restored];
      };
      await save({ rebuilt: true });
      await save({ ended: { definition: "d1", loaded: true } });
      assertEquals([await standing(), await standing("other")], [[true, true], [false, false]]);
      await save({ rebuilt: false });
      assertEquals(await standing(), [false, true]);
    },
  );

  test("savePage() saves when a side was last swept, and when it was read as a whole", async (store, connection) => {
    const sweep = (side: Side, swept: string) =>
      store.savePage(connection, "s", side, { ...nothing, run: "r1", met: ["a"], swept });
    const swept = async () => (await store.step(connection, "s")).swept;
    await sweep("crm", "2026-01-02T00:00:00Z");
    assertEquals(await swept(), { erp: null, crm: "2026-01-02T00:00:00Z" });
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", whole: "2026-01-05T00:00:00Z" });
    await sweep("erp", "2026-01-03T00:00:00Z");
    await sweep("crm", "2026-01-04T00:00:00Z");
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", cursor: null });
    await store.save(connection, "s", {
      definition: { hash: "d9", rules: {}, entities: { erp: "e", crm: "c" } },
      rebase: true,
    });
    assertEquals(await swept(), { erp: "2026-01-03T00:00:00Z", crm: "2026-01-04T00:00:00Z" });
    assertEquals((await store.step(connection, "s")).whole, { erp: null, crm: "2026-01-05T00:00:00Z" });
  });

  test("save() keeps resolutions, lost values, retries and deletions as given", async (store, connection) => {
    const { save } = place(store, connection);
    const resolved = coupling("a", "x", {
      resolution: { chosen: { name: "Þ", "group address": null, n: 1.5, blank: "" }, keep: "erp" },
    });
    const blank = coupling("b", "y", { resolution: { chosen: {}, keep: null } });
    const lost = [{ side: "crm" as const, unit: "name", values: { name: "Old", n: 2 }, by: "policy of the step" }];
    const sent = { tel: "+1", address: null };
    const whole = change("1", "a", {
      op: "delete",
      lost,
      retryAt: "2026-02-03T04:05:06Z",
      reasons: [{ code: "refused", message: "No", sent }],
    });
    await save({ couplings: [resolved, blank, coupling("c", "z")], changes: [whole] });
    const coupled = async () =>
      (await store.pairs(connection, "s", { definition: "-", limit: 9 })).map((pair) => pair.coupling);
    assertEquals(await coupled(), [resolved, blank, coupling("c", "z")]);
    assertEquals(await store.changes(connection, { states: ["intended"] }, { limit: 9 }), [whole]);
    await save({
      couplings: [{ ...resolved, resolution: null }],
      changes: [{ ...whole, lost: [], retryAt: null, state: "done" }],
    });
    assertEquals((await coupled())[0]?.resolution, null);
    const [done] = await store.changes(connection, { states: ["done"] }, { limit: 9 });
    assertEquals([done?.lost, done?.retryAt], [[], null]);
  });

  test("a noted change is one of its side and source, and makes nothing of its pair", async (store, connection) => {
    const { read, save, pairs, states, report } = place(store, connection);
    await read("erp", [record("a"), record("b"), record("c")]);
    await read("crm", [record("x"), record("y")]);
    const noted = (id: string, source: string, more: Partial<Change> = {}) =>
      change(id, source, { op: "none", state: "noted", reasons: [{ code: "left", message: "It left" }], ...more });
    await save({ couplings: [coupling("a", "x"), coupling("b", "y")], changes: [change("1", "a", { state: "open" })] });
    await save({ changes: [noted("2", "a"), noted("3", "y", { side: "erp" }), noted("4", "c")] });
    assertEquals(await states(), { "1": "closed", "2": "noted", "3": "noted", "4": "noted" });
    assertEquals(await pairs(), []);
    assertEquals((await store.step(connection, "s")).listed, 0);
    assertEquals((await report()).map((row) => row.open.map((one) => one.id)), [["2"], ["3"], ["4"]]);
    // Records and couplings that are saved again don't make them candidates either.
    await read("erp", [record("a", { version: "2" }), record("b", { fingerprint: "new" })]);
    await save({ couplings: [coupling("a", "x"), coupling("b", "y", { seen: { erp: "new", crm: "f-y" } })] });
    assertEquals(await pairs(), []);
    await save({ changes: [change("5", "a", { state: "sent" })], close: [{ side: "erp", source: "y" }] });
    assertEquals(await states(), { "1": "closed", "2": "closed", "3": "closed", "4": "noted", "5": "sent" });
    assertEquals(await pairs(), ["a"]);
    await save({ changes: [noted("6", "a")] });
    assertEquals([(await states())["5"], await pairs()], ["closed", []]);
    assertEquals((await codeOf(save({ changes: [change("7", "c"), noted("8", "c")] }))).code, "change_taken");
  });

  test("changes() finds those of some sources, and those that overwrote a value", async (store, connection) => {
    const lost = [{ side: "erp" as const, unit: "name", values: { displayName: "Old" }, by: "authority" }];
    await store.save(connection, "s", {
      changes: [
        change("1", "a", { state: "done", lost }),
        change("2", "b", { state: "done" }),
        change("3", "c", { state: "done", lost, run: "r2" }),
        change("4", "a", { side: "erp", state: "closed", lost }),
      ],
    });
    await store.save(connection, "t", { changes: [change("5", "a", { step: "t", state: "done", lost })] });
    const find = async (
      filter: { step?: string; run?: string; sources?: string[]; lost?: true; side?: Side },
      keyset: { after?: string; limit: number } = { limit: 9 },
    ) => {
      const states = ["done", "closed"] as const;
      return (await store.changes(connection, { states, ...filter }, keyset)).map((one) => one.id);
    };
    assertEquals(await find({ sources: ["a", "c", "nobody", "a"] }), ["1", "3", "4", "5"]);
    assertEquals(await find({ step: "s", side: "crm", sources: ["a"] }), ["1"]);
    assertEquals(await find({ sources: [] }), []);
    assertEquals(await find({ lost: true }), ["1", "3", "4", "5"]);
    assertEquals(await find({ lost: true, step: "s", run: "r1" }), ["1", "4"]);
    assertEquals(await find({ lost: true }, { after: "1", limit: 2 }), ["3", "4"]);
    assertEquals(await find({ lost: true, sources: ["b", "c"] }), ["3"]);
    assertEquals((await store.changes(connection, { states: ["closed"], lost: true }, { limit: 9 })).length, 1);
  });

  test("save() decides the pairs of a step anew when told to rebase", async (store, connection) => {
    const { read, save, pairs } = place(store, connection);
    const couplingOf = async (id: string) => (await store.named(connection, "s", id))[0]?.coupling;
    const ids = ["a", "b", "c"];
    const definition = { hash: "d1", rules: { name: "h" }, entities: { erp: "e", crm: "c" } };
    await save({ definition });
    for (const side of ["erp", "crm"] as const) {
      await read(side, ids.map((id) => record(id)));
      await store.savePage(connection, "s", side, { ...nothing, run: "r1", cursor: "c1" });
      await store.savePage(connection, "t", side, { ...nothing, run: "r1", cursor: "c1", records: [record("o")] });
    }
    const written = { side: "crm" as const, at: "2026-01-02T03:04:05Z", run: "r1" };
    const pair = coupling("a", "a", { resolution: { chosen: { name: "x" }, keep: null }, written });
    const others = [coupling("b", "b", { state: "tombstone" }), coupling("c", "c", { state: "skipped" })];
    await save({ couplings: [pair, ...others], definition });
    assertEquals((await store.step(connection, "s")).cursors, { erp: "c1", crm: "c1" });
    await store.save(connection, "t", { couplings: [coupling("o", "o")] });
    await save({ couplings: [coupling("d", "d")], rebase: true, definition });
    const forgotten = { base: null, seen: { erp: null, crm: null }, resolution: null };
    assertEquals(await Promise.all([...ids, "d"].map(couplingOf)), [
      { ...pair, ...forgotten },
      ...others,
      { ...coupling("d", "d"), ...forgotten },
    ]);
    assertEquals(await pairs(), ["a", "d"]);
    const state = await store.step(connection, "s");
    assertEquals([state.cursors, state.definition, state.rules], [
      { erp: null, crm: null },
      "d1",
      { d1: { name: "h" } },
    ]);
    assertEquals((await store.step(connection, "t")).cursors, { erp: "c1", crm: "c1" });
    assertEquals(await store.pairs(connection, "t", { definition: "d1", limit: 9 }), []);
  });
}
