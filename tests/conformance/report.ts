/** What the report says of a store, and the rows that a name finds. */
import { assertEquals } from "@std/assert";
import type { Change, ReasonCode, StoredRecord } from "../../store/store.ts";
import { idsOf, nothing, place, type StoreTest } from "./place.ts";
import { change, coupling, keysOf, record } from "./rows.ts";

const astral = "\u{1F600}"; // in UTF-16 it sorts before U+FF5E, by code point after it
const odd = 'NUL \0, half \uD800, \uFFFF, \uFFFF0000, "\\u0000", \u{1F600}, Þórr, Łódź';

/** Declares them; part of the suite of every store. */
export function reportTests(test: StoreTest): void {
  test("report() gives all couplings and uncoupled present records, in order", async (store, connection) => {
    const { read, save, report } = place(store, connection);
    const written = { side: "crm", at: "2026-01-02T03:04:05Z", run: "r1" } as const;
    await read("erp", [record("\uFF5E"), record(astral), record("b"), record("a"), record("gone")]);
    await read("crm", [record("z"), record("y"), record("x"), record("w")]);
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r1", deleted: ["gone", "b"] });
    await store.save(connection, "s", {
      keys: { erp: [keysOf("\uFF5E", [null, "k"]), keysOf(astral, [null])] },
    });
    await store.save(connection, "s", { keys: { crm: [keysOf("z", ["k"])] } });
    await save({
      couplings: [
        coupling("b", "y", { state: "tombstone", base: null }),
        coupling("a", "x", { written }),
        coupling("c", "y"),
      ],
      changes: [
        change("1", "a", { state: "open" }),
        change("2", "z", { side: "erp", state: "open" }),
        change("3", "y", { side: "erp", state: "open" }),
        change("4", astral, { state: "sent" }),
        change("5", "w", { side: "erp" }),
        change("6", "\uFF5E", { state: "done" }),
        change("7", "z", { state: "closed" }),
      ],
    });
    await store.savePage(connection, "t", "crm", { ...nothing, run: "r1", records: [record("other")] });
    const rows = await report(["t", "none", "s"]);
    const lines = rows.map((row) => [
      row.step,
      row.coupling?.erpId ?? row.erp?.id ?? null,
      row.coupling?.crmId ?? row.crm?.id ?? null,
      row.coupling?.state ?? null,
      row.open.map((one) => one.id).join(),
      row.blankKeys,
    ]);
    assertEquals(lines, [
      ["t", null, "other", null, "", false],
      ["s", "a", "x", "coupled", "1", false],
      ["s", "b", "y", "tombstone", "3", false],
      ["s", "c", "y", "coupled", "3", false],
      ["s", "\uFF5E", null, null, "", false],
      ["s", astral, null, null, "4", true],
      ["s", null, "w", null, "5", false],
      ["s", null, "z", null, "2", false],
    ]);
    const [, pair, tombstone, unread] = rows;
    const told = ({ id, key, label, modifiedAt }: StoredRecord) => ({ id, key, label, modifiedAt });
    const { base: _base, seen: _seen, resolution: _resolution, ...kept } = coupling("a", "x", { written });
    assertEquals(pair?.coupling, { ...kept, isCompared: true });
    assertEquals([pair?.erp, pair?.crm], [told(record("a")), told(record("x"))]);
    assertEquals([tombstone?.erp, tombstone?.coupling?.isCompared], [told(record("b")), false]);
    assertEquals(unread?.erp, null);
    assertEquals(pair?.open, [
      ...[{ id: "1", side: "crm", op: "insert", source: "a", target: null, state: "open", reasons: [] }] as const,
    ]);
  });

  test("report() shows one moment, whatever is saved meanwhile, and can be left", async (store, connection) => {
    const { read, report } = place(store, connection);
    const many = Array.from({ length: 2500 }, (_, i) => record(String(10000 + i)));
    await read("erp", many);
    const seen: string[] = [];
    let meanwhile: Promise<void> | undefined;
    for await (const lines of store.report(connection, ["s"])) {
      seen.push(...lines.map((line) => line.erp?.id ?? ""));
      meanwhile ??= read("erp", [record("99999"), record("12400", { label: "Later" })]);
    }
    assertEquals(seen, idsOf(many));
    await meanwhile;
    assertEquals((await report()).length, 2501);
    for await (const _ of store.report(connection, ["s"])) break;
    assertEquals((await store.step(connection, "s")).uncoupled.erp, 2501);
  });

  test("report() leaves a record to the step that coupled it, and out once it is gone", async (store, connection) => {
    const { save } = place(store, connection);
    const other = place(store, connection);
    const page = { ...nothing, run: "r1", records: ["a1", "a2", "a3", "a4"].map((id) => record(id)) };
    await store.savePage(connection, "other", "crm", page);
    await store.savePage(connection, "other", "crm", { ...nothing, run: "r1", left: ["a3"] });
    await save({ couplings: [coupling("c1", "a1"), coupling("c2", "a2", { state: "tombstone" })] });
    assertEquals((await other.report(["other"])).map(({ crm }) => crm?.id), ["a2", "a4"]);
  });

  test("report() gives text as it went in, NUL and half surrogates too", async (store, connection) => {
    const { read, save, report } = place(store, connection);
    const reasons = [{ code: "refused" as const, message: odd }];
    await read("erp", [record("a", { key: odd, label: "", modifiedAt: null })]);
    await read("crm", [record("x", { key: null, label: odd })]);
    const changes = [change("2", "a", { state: "open", reasons }), change("1", "x", { side: "erp", state: "noted" })];
    await save({ couplings: [coupling("a", "x", { how: odd })], changes });
    const [line] = await report();
    assertEquals(line?.erp, { id: "a", key: odd, label: "", modifiedAt: null });
    assertEquals([line?.crm?.key, line?.crm?.label, line?.coupling?.how], [null, odd, odd]);
    assertEquals(line?.open.map(({ id, reasons: [reason] }) => [id, reason?.message]), [["1", undefined], ["2", odd]]);
  });

  test("named() finds pairs and uncoupled records by id or key of either side", async (store, connection) => {
    const { read, save } = place(store, connection);
    const named = async (name: string) =>
      (await store.named(connection, "s", name)).map(({ coupling, erp, crm, open }) =>
        [coupling?.erpId ?? erp?.id, coupling?.crmId ?? crm?.id, coupling?.state, open.map(({ id }) => id).join()].join(
          " ",
        )
      );
    await read("erp", [record("a"), record("b"), record("c", { key: "twin" }), record("d"), record("e")]);
    await read("crm", [record("x"), record("y"), record("z", { key: "twin" }), record("K-a"), record("v")]);
    await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", deleted: ["v"] });
    await save({
      keys: { erp: [keysOf("c", [null])] },
      couplings: [
        ...[coupling("a", "x"), coupling("b", "y", { state: "tombstone" })],
        ...[coupling("d", "y", { state: "skipped" }), coupling("unread", "w")],
      ],
      changes: [change("2", "a", { state: "open" }), change("1", "x", { side: "erp", state: "noted" })],
    });
    await store.savePage(connection, "t", "erp", { ...nothing, run: "r1", records: [record("a")] });
    assertEquals(await named("a"), ["a x coupled 1,2"]);
    assertEquals(await named("x"), ["a x coupled 1,2"]);
    assertEquals(await named("K-x"), ["a x coupled 1,2"]);
    // What is the key of one record can be the id of another one.
    assertEquals(await named("K-a"), ["a x coupled 1,2", " K-a  "]);
    assertEquals(await named("y"), ["b y tombstone ", "d y skipped "]);
    assertEquals(await named("w"), ["unread w coupled "]);
    assertEquals(await named("twin"), ["c   ", " z  "]);
    assertEquals([await named("v"), await named("none"), await named(odd)], [[], [], []]);
    assertEquals(await store.named(connection, "s", "d"), [{
      ...{ step: "s", erp: record("d"), crm: record("y"), coupling: coupling("d", "y", { state: "skipped" }) },
      ...{ open: [], blankKeys: false },
    }]);
    const [alone] = await store.named(connection, "s", "c");
    assertEquals([alone?.erp, alone?.blankKeys], [record("c", { key: "twin" }), true]);
    assertEquals(
      (await store.named(connection, "s", "x"))[0]?.open[0],
      change("1", "x", { side: "erp", state: "noted" }),
    );
  });

  test(
    "listed() counts open changes by their reasons, and says when the first is tried again",
    async (store, connection) => {
      const { save } = place(store, connection);
      const open = (id: string, codes: readonly ReasonCode[], more: Partial<Change> = {}) =>
        change(id, `s${id}`, { state: "open", reasons: codes.map((code) => ({ code, message: "m" })), ...more });
      const aside = { code: "refused", message: "m", sent: { name: "x" } } as const;
      await save({
        changes: [
          ...[
            open("1", ["waiting", "conflict", "waiting"]),
            open("2", ["conflict", "waiting"], { retryAt: "2026-02-02" }),
          ],
          ...[open("3", ["refused"], { retryAt: "2026-03-03" }), open("4", ["refused"], { retryAt: "2026-02-02" })],
          open("5", [], { reasons: [aside] }),
          open("6", [], { reasons: [{ code: "unmapped", message: "m" }, aside], side: "erp" }),
          ...[open("7", []), open("8", ["left"], { state: "noted" }), open("9", ["moved"], { state: "closed" })],
        ],
      });
      await store.save(connection, "t", { changes: [open("10", ["moved"], { step: "t" })] });
      assertEquals(await store.listed(connection, "s"), [
        { codes: [], aside: ["refused"], changes: 1, retryAt: null },
        { codes: ["conflict", "waiting"], aside: [], changes: 2, retryAt: null },
        { codes: ["refused"], aside: [], changes: 2, retryAt: "2026-02-02" },
        { codes: ["unmapped"], aside: ["refused"], changes: 1, retryAt: null },
      ]);
      assertEquals([await store.listed(connection, "none"), (await store.step(connection, "s")).listed], [[], 6]);
    },
  );
}
