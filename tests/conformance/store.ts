/** What every store must do alike. Each test works in a connection of its own, so one database serves them all. */
import { assert, assertEquals } from "@std/assert";
import type { Side, Store } from "../../store/store.ts";
import { aftermathTests } from "./aftermath.ts";
import { leaseTests } from "./leases.ts";
import { codeOf, idsOf, nothing, place } from "./place.ts";
import { matchTests } from "./matching.ts";
import { reportTests } from "./report.ts";
import { change, coupling, record, run } from "./rows.ts";

const astral = "\u{1F600}"; // in UTF-16 it sorts before U+FF5E, by code point after it
const odd = 'NUL \0, half \uD800, \uFFFF, \uFFFF0000, "\\u0000", \u{1F600}, Þórr, Łódź';

/** Declares the tests for one implementation; `open` is called once for each. `register` may leave them out. */
export function storeSuite(
  name: string,
  open: () => Promise<{ store: Store; close: () => Promise<void> }>,
  register: (name: string, fn: () => Promise<void>) => void = (name, fn) => Deno.test(name, fn),
): void {
  let count = 0;
  function test(what: string, body: (store: Store, connection: string) => Promise<void>): void {
    const connection = `connection ${++count}`;
    register(`${name}: ${what}`, async () => {
      const { store, close } = await open();
      try {
        await body(store, connection);
      } finally {
        await close();
      }
    });
  }

  test("connection() pins once, and anew when told to", async (store, connection) => {
    const pin = (tenant: string) => {
      const identity = { service: "business_central", name: "Þ", parts: { tenant, company: "Þ" } };
      return { kind: "sandbox" as const, erp: identity, crm: identity };
    };
    assertEquals(await store.connection(connection), null);
    assertEquals(await store.connection(connection, pin("one")), pin("one"));
    assertEquals(await store.connection(connection, pin("two")), pin("one"));
    assertEquals(await store.connection(connection), pin("one"));
    assertEquals(await store.connection(`${connection} other`), null);
    assertEquals(await store.connection(connection, pin("three"), { anew: false }), pin("one"));
    assertEquals(await store.connection(connection, pin("three"), { anew: true }), pin("three"));
    assertEquals(await store.connection(connection), pin("three"));
    assertEquals(await store.connection(connection, undefined, { anew: true }), pin("three"));
  });

  test("step() of an unknown step is empty and leaves it unknown", async (store, connection) => {
    assertEquals(await store.step(connection, "s"), {
      lease: null,
      definition: null,
      ended: null,
      loaded: false,
      rebuilt: false,
      restored: false,
      rules: {},
      cursors: { erp: null, crm: null },
      swept: { erp: null, crm: null },
      whole: { erp: null, crm: null },
      newest: { erp: null, crm: null },
      entities: null,
      known: { erp: false, crm: false },
      coupled: 0,
      uncoupled: { erp: 0, crm: 0 },
      listed: 0,
    });
    assertEquals(await store.pairs(connection, "s", { definition: "d1", limit: 5 }), []);
    assertEquals(await store.steps(connection), []);
  });

  test("steps() names what was saved, in order", async (store, connection) => {
    await store.savePage(connection, "\uFF5E", "erp", { ...nothing, run: "r1" });
    await store.save(connection, "b", {});
    await store.savePage(connection, `${astral}`, "crm", { ...nothing, run: "r1" });
    await store.save(connection, "a", {});
    assertEquals(await store.steps(connection), ["a", "b", "\uFF5E", astral]);
  });

  test("step() counts couplings, uncoupled records and listed changes", async (store, connection) => {
    const { read, save } = place(store, connection);
    await read("erp", [record("a"), record("b"), record("c"), record("d"), record("e")]);
    await read("crm", [record("x"), record("y"), record("z")]);
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r1", deleted: ["e"] });
    await save({
      couplings: [
        coupling("a", "x"),
        coupling("b", "y", { state: "tombstone" }),
        coupling("q", "q", { state: "skipped" }),
      ],
      changes: [
        change("1", "c", { state: "open", reasons: [{ code: "ambiguous", message: "Two" }] }),
        change("2", "d", { state: "open" }),
        change("3", "a", { state: "done", reasons: [{ code: "unmapped", message: "One" }] }),
      ],
    });
    await store.savePage(`${connection} other`, "s", "erp", { ...nothing, run: "r1", records: [record("a")] });
    const state = await store.step(connection, "s");
    assertEquals([state.coupled, state.uncoupled, state.listed], [1, { erp: 2, crm: 1 }, 1]);
  });

  test("saveRun() inserts and replaces; runs() gives the newest first", async (store, connection) => {
    await store.saveRun(connection, run("b", "2026-01-01T00:00:00Z"));
    await store.saveRun(connection, run("c", "2026-01-02T00:00:00Z"));
    await store.saveRun(connection, run("a", "2026-01-01T00:00:00Z"));
    await store.saveRun(connection, run("b", "2026-01-01T00:00:00Z", "Finished"));
    const runs = await store.runs(connection, { limit: 10 });
    assertEquals(runs.map((one) => one.runId), ["c", "b", "a"]);
    assertEquals(runs[1], run("b", "2026-01-01T00:00:00Z", "Finished"));
    assertEquals((await store.runs(connection, { limit: 1 })).map((one) => one.runId), ["c"]);
    assertEquals((await store.runs(connection, { limit: 9, runId: "a" })).map((one) => one.runId), ["a"]);
    assertEquals(await store.runs(connection, { limit: 9, runId: "d" }), []);
  });

  test("savePage() gives back what it took; the last of equal ids counts", async (store, connection) => {
    const { read, records } = place(store, connection);
    const full = record("a", { data: { name: "Þ", no: null, flag: true, n: -1.5, long: "9999999999999999.99" } });
    const bare = record("b", { key: null, label: null, modifiedAt: null, frozen: "posted", data: {} });
    await read("erp", [record("a", { version: "0" }), bare, full]);
    assertEquals(await records("erp"), [full, bare]);
    assertEquals(await records("crm"), []);
    const newer = record("a", { version: "2", label: "New", data: { name: "other" }, fingerprint: "f2" });
    await read("erp", [newer]);
    assertEquals(await records("erp"), [newer, bare]);
  });

  test("savePage() keeps records that left or were deleted, and passes over unknown ids", async (store, connection) => {
    const { read, records } = place(store, connection);
    await read("crm", [record("x"), record("y"), record("z")]);
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", left: ["y", "u"], deleted: ["z", "v"] });
    const gone = [record("x"), record("y", { state: "left" }), record("z", { state: "deleted" })];
    assertEquals(await records("crm"), gone);
  });

  test("savePage() makes a record that is read again present", async (store, connection) => {
    const { read, records } = place(store, connection);
    await read("erp", [record("a"), record("b")]);
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r1", left: ["a"], deleted: ["b"] });
    await read("erp", [record("a", { state: "left" }), record("b")]);
    assertEquals(await records("erp"), [record("a"), record("b")]);
  });

  test("savePage() saves the cursor with the records, and only when there is one", async (store, connection) => {
    const { read } = place(store, connection);
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", records: [record("x")], cursor: "c1" });
    await read("crm", [record("y")]);
    await read("erp", [record("a")]);
    assertEquals((await store.step(connection, "s")).cursors, { erp: null, crm: "c1" });
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", cursor: null });
    assertEquals((await store.step(connection, "s")).cursors, { erp: null, crm: null });
  });

  test("records() goes on after an id, in code point order", async (store, connection) => {
    const ids = ["A", "a", "Þ", "\uFF5E", astral];
    await place(store, connection).read("erp", [...ids].reverse().map((id) => record(id)));
    const found: string[] = [];
    let after: string | undefined;
    for (;;) {
      const keyset = { limit: 2, ...after === undefined ? {} : { after } };
      const page = await store.records(connection, "s", "erp", { uncoupled: true }, keyset);
      assert(page.length <= 2);
      found.push(...idsOf(page));
      after = page.at(-1)?.id;
      if (page.length < 2) break;
    }
    assertEquals(found, ids);
    const some = await store.records(connection, "s", "erp", { ids: [astral, "nobody", "a", "a"] }, { limit: 9 });
    assertEquals(idsOf(some), ["a", astral]);
  });

  test("records() knows what no coupling names and what a run did not meet", async (store, connection) => {
    const { read, save, uncoupled } = place(store, connection);
    await read("erp", ["a", "b", "c", "d", "e"].map((id) => record(id)), "r1");
    await save({ couplings: [coupling("a", "x"), coupling("b", "y", { state: "tombstone" })] });
    assertEquals(await uncoupled("erp"), ["c", "d", "e"]);
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r2", deleted: ["e"] });
    await read("erp", [record("b")], "r2");
    await read("erp", [record("d")], "r2");
    const unseen = (runId: string) => store.records(connection, "s", "erp", { unseen: runId }, { limit: 9 });
    assertEquals(idsOf(await unseen("r2")), ["a", "c"]);
    assertEquals(idsOf(await unseen("r3")), ["a", "b", "c", "d"]);
    assertEquals(await uncoupled("erp"), ["c", "d"]);
  });

  test("records() leaves a CRM record to the step that coupled it", async (store, connection) => {
    const first = place(store, connection);
    const other = { run: "r1", records: [record("a1"), record("a2")], deleted: [], left: [] };
    await store.savePage(connection, "other", "crm", other);
    const alone = async () => idsOf(await store.records(connection, "other", "crm", { uncoupled: true }, { limit: 9 }));
    assertEquals(await alone(), ["a1", "a2"]);
    await first.save({ couplings: [coupling("c1", "a1"), coupling("c2", "a2", { state: "tombstone" })] });
    assertEquals([await alone(), (await store.step(connection, "other")).uncoupled.crm], [["a2"], 1]);
    const rows = await place(store, connection).report(["other"]);
    assertEquals(rows.map((row) => row.crm?.id), ["a2"]);
    // As soon as both steps have told their entities, records of different ones may have equal ids.
    const told = (crm: string) => ({ definition: { hash: "d1", rules: {}, entities: { erp: "e", crm } } });
    await first.save(told("accounts"));
    assertEquals(await alone(), ["a2"]);
    await store.save(connection, "other", told("accounts"));
    assertEquals(await alone(), ["a2"]);
    await store.save(connection, "other", told("contacts"));
    assertEquals([await alone(), (await store.step(connection, "other")).uncoupled.crm], [["a1", "a2"], 2]);
    const all = await place(store, connection).report(["other"]);
    assertEquals(all.map((row) => row.crm?.id), ["a1", "a2"]);
  });
  test("save() parts a coupling, so that another record may have the counterpart", async (store, connection) => {
    const { read, save, uncoupled } = place(store, connection);
    await read("erp", [record("a"), record("b")]);
    await read("crm", [record("x")]);
    await save({ couplings: [coupling("a", "x")] });
    await save({ parted: ["a"], couplings: [coupling("b", "x")] });
    assertEquals([await uncoupled("erp"), await uncoupled("crm")], [["a"], []]);
  });
  test(
    "save() couples what it was given last, and leaves uncoupled what it names no more",
    async (store, connection) => {
      const { read, save, uncoupled, pairs } = place(store, connection);
      await read("erp", [record("a"), record("b")]);
      await read("crm", [record("x"), record("y"), record("z")]);
      await save({ couplings: [coupling("b", "y")] });
      const own = { side: "crm" as const, record: record("x", { fingerprint: "other" }) };
      await save({ records: [own], couplings: [coupling("a", "x"), coupling("b", "x"), coupling("a", "z")] });
      assertEquals([await uncoupled("erp"), await uncoupled("crm")], [[], ["y"]]);
      assertEquals(await pairs(), ["b"]);
      await save({ couplings: [coupling("b", "y"), coupling("b", "x", { state: "tombstone" })] });
      assertEquals([await uncoupled("erp"), await uncoupled("crm")], [[], ["y"]]);
      assertEquals([await pairs(), (await store.step(connection, "s")).coupled], [[], 1]);
    },
  );
  test("a completed document stays as it is and is not looked for again", async (store, connection) => {
    const { read, save, pairs } = place(store, connection);
    await read("erp", [record("a"), record("b")]);
    await read("crm", [record("x")]);
    await save({ couplings: [coupling("a", "x")] });
    await save({ records: [{ side: "erp", record: record("a", { state: "completed" }) }] });
    assertEquals(await pairs(), []);
    const unseen = await store.records(connection, "s", "erp", { unseen: "r2" }, { limit: 9 });
    assertEquals(idsOf(unseen), ["b"]);
    const [found] = await store.lookup(connection, "s", "erp", "id", ["a"]);
    assertEquals(found?.pair.erp?.state, "completed");
  });
  test("pairs() gives both records with the coupling, null for one that was never read", async (store, connection) => {
    const { read, save } = place(store, connection);
    await read("erp", [record("a")]);
    const first = coupling("a", "x", { base: null, seen: { erp: null, crm: null } });
    const written = coupling("b", "y", { written: { side: "crm", at: "2026-01-02T03:04:05Z", run: "r1" } });
    await save({ couplings: [written, first] });
    assertEquals(await store.pairs(connection, "s", { definition: "d1", limit: 9 }), [
      { coupling: first, erp: record("a"), crm: null },
      { coupling: written, erp: null, crm: null },
    ]);
  });

  test("pairs() leaves out what is settled, and sees each thing that unsettles it", async (store, connection) => {
    const { read, save, pairs } = place(store, connection);
    const letters = ["a", "b", "c", "d", "e"];
    await read("erp", letters.map((id) => record(id)));
    await read("crm", letters.map((id) => record(id)));
    await save({ couplings: letters.map((id) => coupling(id, id)) });
    assertEquals(await pairs(), []);
    await read("erp", [record("a", { version: "2", label: "Only the version differs" })]);
    assertEquals(await pairs(), []);
    await read("erp", [record("a", { fingerprint: "new" })]);
    await read("crm", [record("b", { fingerprint: "new" })]);
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", deleted: ["c"] });
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r1", left: ["d"] });
    assertEquals(await pairs(), ["a", "b", "c", "d"]);
    assertEquals(await pairs("d1", { after: "a", limit: 2 }), ["b", "c"]);
    await save({ couplings: [coupling("a", "a", { seen: { erp: "new", crm: "f-a" } })] });
    await read("crm", [record("b"), record("c")]);
    await save({ records: [{ side: "erp", record: record("d") }] });
    assertEquals(await pairs(), []);
    await save({ couplings: [coupling("e", "e", { seen: { erp: "f-e", crm: null } })] });
    assertEquals(await pairs(), ["e"]);
    await save({ couplings: [coupling("e", "e", { state: "tombstone", seen: { erp: null, crm: null } })] });
    assertEquals(await pairs(), []);
  });

  test("pairs() sees another definition and open changes of either side", async (store, connection) => {
    const { read, save, pairs } = place(store, connection);
    await read("erp", [record("a"), record("b"), record("c")]);
    await read("crm", [record("x"), record("y"), record("z")]);
    const older = coupling("c", "z", { definition: "d0" });
    await save({
      couplings: [coupling("a", "x"), coupling("b", "y"), older, coupling("t", "t", { state: "skipped" })],
    });
    assertEquals(await pairs(), ["c"]);
    assertEquals(await pairs("d0"), ["a", "b"]);
    assertEquals(await pairs("d2", { limit: 2 }), ["a", "b"]);
    assertEquals(await pairs("d2", { limit: 2, after: "b" }), ["c"]);
    await save({ couplings: [coupling("c", "z")] });
    await save({ changes: [change("1", "a", { state: "sent" }), change("2", "y", { side: "erp", state: "open" })] });
    assertEquals(await pairs(), ["a", "b"]);
    // The same ids on the sides where they are not sources.
    await save({ changes: [change("3", "c", { side: "erp" }), change("4", "z", { side: "crm" })] });
    assertEquals(await pairs(), ["a", "b"]);
    await save({ changes: [change("1", "a", { state: "done" })], close: [{ side: "erp", source: "y" }] });
    assertEquals(await pairs(), []);
  });

  test("save() turns changes of the step, and leaves the rest of them as it was", async (store, connection) => {
    const { read, save, pairs, states } = place(store, connection);
    await read("erp", [record("a"), record("b")]);
    await read("crm", [record("x"), record("y")]);
    await save({ couplings: [coupling("a", "x"), coupling("b", odd)] });
    const reason = { code: "waiting" as const, field: "ownerid", message: odd };
    const full = change(odd, "a", { op: "update", target: "x", version: "2", reasons: [reason], basis: { name: odd } });
    const other = change("2", odd, { side: "erp" });
    await save({ changes: [full, other] });
    await store.save(connection, "t", { changes: [change("3", "a")] });
    const at = "2026-01-02T04:00:00Z";
    const turned = (id: string, state: "sent" | "done") => ({ id, state, attempts: 1, at });
    await save({ turned: [turned(odd, "sent"), turned("3", "sent"), turned("unknown", "done")] });
    const [found] = await store.changes(connection, { states: ["sent"] }, { limit: 9 });
    assertEquals(found, { ...full, state: "sent", attempts: 1, at });
    assertEquals([await states(), await pairs()], [{ 2: "intended", 3: "intended", [odd]: "sent" }, ["a", "b"]]);
    await read("crm", [record(odd, { fingerprint: `f-${odd}` })]);
    await save({ turned: [turned(odd, "done"), turned("2", "done")] });
    assertEquals([await states(), await pairs()], [{ 2: "done", 3: "intended", [odd]: "done" }, []]);
  });

  test("lookup() finds coupled pairs by id, key and carried field", async (store, connection) => {
    const { read, save } = place(store, connection);
    const carrying = (id: string, number: string | number | null) => record(id, { data: { number } });
    await read("erp", [carrying("a", "N1"), carrying("b", "N1"), carrying("c", 7), carrying("d", null), record("e")]);
    await read("crm", [record("x", { key: odd }), record("y"), record("z")]);
    const couplings = [coupling("c", "z"), coupling("b", "y"), coupling("a", "x"), coupling("d", "never read")];
    await save({ couplings: [...couplings, coupling("e", "w", { state: "tombstone" })] });
    const lookup = async (side: Side, by: string, values: string[]) =>
      (await store.lookup(connection, "s", side, by, values)).map(({ value, pair }) => [value, pair.coupling.erpId]);
    assertEquals(await lookup("erp", "id", ["c", "a", "a", "nobody", "e"]), [["a", "a"], ["c", "c"]]);
    assertEquals(await lookup("crm", "id", ["never read", "x"]), [["never read", "d"], ["x", "a"]]);
    assertEquals(await lookup("crm", "key", ["K-y", odd, "K-nobody"]), [["K-y", "b"], [odd, "a"]]);
    assertEquals(await lookup("erp", "number", ["N1", "7", "null"]), [["7", "c"], ["N1", "a"], ["N1", "b"]]);
    assertEquals(await store.lookup(connection, "s", "crm", "key", ["K-z"]), [
      { value: "K-z", pair: { coupling: coupling("c", "z"), erp: carrying("c", 7), crm: record("z") } },
    ]);
  });

  test("save() keeps records, couplings and changes as given", async (store, connection) => {
    const { save, records, states } = place(store, connection);
    const reason = { code: "waiting" as const, field: "ownerid", message: "Cannot …", about: ["salespeople/JR"] };
    const full = change("1", "a", { op: "update", target: "x", version: "2", reasons: [reason], attempts: 2 });
    await save({
      records: [{ side: "crm", record: record("x", { state: "left" }) }, { side: "erp", record: record("a") }],
      couplings: [coupling("a", "x")],
      changes: [full],
    });
    assertEquals(await records("crm"), [record("x", { state: "left" })]);
    assertEquals(await records("erp"), [record("a")]);
    assertEquals(await store.changes(connection, { states: ["intended"] }, { limit: 9 }), [full]);
    await save({ changes: [{ ...full, state: "done" }] });
    assertEquals(await states(), { "1": "done" });
  });

  test("save() with a coupling that is taken leaves nothing", async (store, connection) => {
    const { save, records, states } = place(store, connection);
    await save({ couplings: [coupling("a", "x")] });
    const taking = {
      records: [{ side: "erp" as const, record: record("b") }],
      changes: [change("1", "b")],
      couplings: [coupling("c", "z"), coupling("b", "x")],
      definition: { hash: "d9", rules: {}, entities: { erp: "e", crm: "c" } },
    };
    const error = await codeOf(save(taking));
    assertEquals([error.service, error.code], ["store", "coupling_taken"]);
    assert(error.message.includes('CRM record "x"') && error.message.includes('ERP record "a"'), error.message);
    assert(error.message.includes('ERP record "b"') && error.message.includes('step "s"'), error.message);
    assertEquals([await records("erp"), await states()], [[], {}]);
    const state = await store.step(connection, "s");
    assertEquals([state.definition, state.coupled], [null, 1]);
    assertEquals((await codeOf(save({ couplings: [coupling("d", "y"), coupling("e", "y")] }))).code, "coupling_taken");
    assertEquals((await store.step(connection, "s")).coupled, 1);
  });

  test(
    "save() replaces couplings by ERP id, exchanges them, and frees what a tombstone held",
    async (store, connection) => {
      const { save, pairs } = place(store, connection);
      const coupled = async () =>
        (await store.pairs(connection, "s", { definition: "-", limit: 9 })).map((pair) => pair.coupling);
      await save({ couplings: [coupling("a", "x"), coupling("b", "y")] });
      await save({ couplings: [coupling("a", "y"), coupling("b", "x")] });
      assertEquals(await coupled(), [coupling("a", "y"), coupling("b", "x")]);
      await save({ couplings: [coupling("c", "y"), coupling("a", "y", { state: "tombstone" })] });
      assertEquals(await coupled(), [coupling("b", "x"), coupling("c", "y")]);
      assertEquals((await codeOf(save({ couplings: [coupling("a", "y")] }))).code, "coupling_taken");
      await save({ couplings: [coupling("a", "z")] });
      assertEquals(await pairs("-"), ["a", "b", "c"]);
      assertEquals(
        (await codeOf(save({ couplings: [coupling("e", "z", { state: "skipped" })] }))).code,
        "coupling_taken",
      );
    },
  );

  test("save() leaves one change open for a side and source", async (store, connection) => {
    const { save, states } = place(store, connection);
    await save({ changes: [change("1", "a", { state: "open" }), change("2", "a", { side: "erp" }), change("3", "b")] });
    await save({ changes: [change("4", "a", { state: "sent" })] });
    assertEquals(await states(), { "1": "closed", "2": "intended", "3": "intended", "4": "sent" });
    await save({ changes: [change("4", "a", { state: "open" }), change("5", "a", { state: "done" })] });
    await save({ close: [{ side: "crm", source: "b" }, { side: "crm", source: "nobody" }] });
    assertEquals(await states(), { "1": "closed", "2": "intended", "3": "closed", "4": "open", "5": "done" });
    const error = await codeOf(save({ changes: [change("6", "c"), change("7", "c", { state: "sent" })] }));
    assertEquals(error.code, "change_taken");
    assertEquals(Object.keys(await states()).length, 5);
    await store.save(connection, "t", { changes: [change("8", "a", { step: "t" })] });
    assertEquals((await states())["4"], "open");
  });

  test("save() with another definition forgets the cursors and the rules nobody uses", async (store, connection) => {
    const { save } = place(store, connection);
    const define = (hash: string, alone = false) =>
      save({ definition: { hash, rules: { name: hash }, entities: { erp: "e", crm: "c" }, alone } });
    const cursor = async () => {
      for (const side of ["erp", "crm"] as const) {
        await store.savePage(connection, "s", side, { ...nothing, run: "r1", cursor: "c1" });
      }
    };
    await define("d0");
    await define("d1");
    await cursor();
    await define("d1");
    assertEquals((await store.step(connection, "s")).cursors, { erp: "c1", crm: "c1" });
    await define("d9", true);
    const alone = await store.step(connection, "s");
    assertEquals([alone.definition, alone.cursors], ["d1", { erp: "c1", crm: "c1" }]);
    assertEquals(alone.rules, { d1: { name: "d1" }, d9: { name: "d9" } });
    await save({ couplings: [coupling("a", "x", { definition: "d1" })] });
    await define("d2");
    const state = await store.step(connection, "s");
    assertEquals([state.definition, state.cursors, state.entities], ["d2", { erp: null, crm: null }, {
      erp: "e",
      crm: "c",
    }]);
    assertEquals(state.rules, { d1: { name: "d1" }, d2: { name: "d2" } });
  });

  test("changes() filters and goes on after an id", async (store, connection) => {
    await store.save(connection, "s", { changes: [change("3", "a"), change("1", "b", { run: "r2", state: "done" })] });
    await store.save(connection, "t", { changes: [change("2", "a", { step: "t", side: "erp", state: "open" })] });
    const find = async (
      filter: { step?: string; run?: string; side?: Side },
      keyset: { after?: string; limit?: number } = {},
    ) => {
      const states = ["intended", "open", "done"] as const;
      return (await store.changes(connection, { states, ...filter }, { limit: 9, ...keyset })).map((one) => one.id);
    };
    assertEquals(await find({}), ["1", "2", "3"]);
    assertEquals(await find({}, { after: "1", limit: 1 }), ["2"]);
    assertEquals(await find({ step: "s" }), ["1", "3"]);
    assertEquals(await find({ run: "r1" }), ["2", "3"]);
    assertEquals(await find({ side: "erp" }), ["2"]);
    assertEquals((await store.changes(connection, { states: ["open"] }, { limit: 9 })).length, 1);
    assertEquals(await store.changes(connection, { states: [] }, { limit: 9 }), []);
  });

  test("calls side by side don't disturb each other", async (store, connection) => {
    const { save, records, states } = place(store, connection);
    await save({ couplings: [coupling("a", "x")] });
    const settle = (id: string, crmId: string) =>
      save({
        records: [{ side: "erp", record: record(id) }],
        changes: [change(id, id)],
        couplings: [coupling(id, crmId)],
      });
    const outcomes = await Promise.allSettled([settle("b", "x"), settle("c", "z"), settle("d", "x"), settle("e", "y")]);
    assertEquals(outcomes.map((one) => one.status), ["rejected", "fulfilled", "rejected", "fulfilled"]);
    assertEquals(idsOf(await records("erp")), ["c", "e"]);
    assertEquals(await states(), { c: "intended", e: "intended" });
  });

  test("text comes back as it went in, NUL and half surrogates too", async (store, connection) => {
    const { read, save, records } = place(store, connection);
    const strange = record("a", { key: odd, label: odd, version: odd, frozen: odd, data: { name: odd } });
    const why = { code: "refused" as const, message: odd };
    await store.saveRun(connection, run(odd, "2026-01-01T00:00:00.000Z"));
    assertEquals((await store.runs(connection, { limit: 9, runId: odd })).map((one) => one.runId), [odd]);
    assertEquals(await store.runs(connection, { limit: 9, runId: "\0" }), []);
    const strangeChange = change("1", "a", { after: { name: odd }, reasons: [why] });
    const strangeCoupling = coupling("a", "x", { how: odd, base: { erp: { name: odd }, crm: {} } });
    await read("erp", [strange]);
    await save({ changes: [strangeChange], couplings: [strangeCoupling] });
    assertEquals(await records("erp"), [strange]);
    assertEquals(await store.changes(connection, { states: ["intended"] }, { limit: 9 }), [strangeChange]);
    assertEquals((await store.pairs(connection, "s", { definition: "-", limit: 9 }))[0]?.coupling, strangeCoupling);
  });

  test("what a caller does to its values afterwards changes nothing", async (store, connection) => {
    const { read, records } = place(store, connection);
    const data: Record<string, string> = { name: "before" };
    await read("erp", [record("a", { data })]);
    data.name = "after";
    const [found] = await records("erp");
    assertEquals(found?.data, { name: "before" });
    try {
      (found?.data as Record<string, string>).name = "after";
    } catch (error) {
      assert(error instanceof TypeError);
    }
    assertEquals((await records("erp"))[0]?.data, { name: "before" });
  });

  aftermathTests(test);
  leaseTests(test);
  matchTests(test);
  reportTests(test);
}
