/** How stores couple records by their keys. */
import { assertEquals } from "@std/assert";
import { couple } from "../../matching/couple.ts";
import type {
  BaseField,
  Lease,
  Matched,
  Matching,
  PageSave,
  RecordKeys,
  Side,
  Store,
  StoredRecord,
} from "../../store/store.ts";
import { codeOf, idsOf, nothing, place, type StoreTest } from "./place.ts";
import { change, coupling, keysOf, record } from "./rows.ts";

const astral = "\u{1F600}"; // in UTF-16 it sorts before U+FF5E, by code point after it
const signs = "\x1b\x1c\x1d\x1e\x1f\0"; // what takes lists apart in a text is a text like any other
const lease = { number: 1, holder: "one" };

/** Declares them; part of the suite of every store. */
export function matchTests(test: StoreTest): void {
  test(
    "match() couples what has a key alone, keeps what others are, and asks no later group of it",
    async (store, connection) => {
      const { uncoupled } = place(store, connection);
      await keyed(store, connection, {
        erp: {
          a: ["k1", "n"],
          b: ["two", "n"],
          c: ["two", "lone"],
          d: [null, "late"],
          e: [null, null],
          f: ["only", "n"],
        },
        crm: { u: ["k1", "n"], v: ["two", "lone"], w: [null, "late"], x: [null, null], y: [null, "n"], z: [null, "n"] },
      });
      assertEquals(await match(store, connection, 0), { coupled: 1, agreed: 0, except: [] });
      assertEquals(await match(store, connection, 1), { coupled: 1, agreed: 0, except: [] });
      assertEquals(await pairsOf(store, connection), ["a u match 0", "d w match 1"]);
      assertEquals(await candidates(store, connection, "erp"), { b: ["v"], c: ["v"], e: null, f: ["y", "z"] });
      assertEquals(await candidates(store, connection, "crm"), { v: ["b", "c"], x: null, y: ["f"], z: ["f"] });
      assertEquals([await uncoupled("erp"), await uncoupled("crm")], [["b", "c", "e", "f"], ["v", "x", "y", "z"]]);
      const { coupled, uncoupled: left } = await store.step(connection, "s");
      assertEquals([coupled, left], [2, { erp: 4, crm: 4 }]);
      // What was unclear is asked anew, and is clear once the other one is gone.
      await store.savePage(connection, "s", "erp", { ...nothing, run: "r1", left: ["c"] });
      assertEquals((await match(store, connection, 0)).coupled, 1);
      assertEquals(await candidates(store, connection, "erp"), { e: null, f: null });
      assertEquals(await pairsOf(store, connection), ["a u match 0", "b v match 0", "d w match 1"]);
    },
  );

  test("match() couples with its base what agrees, unless something of it waits", async (store, connection) => {
    const { save, pairs } = place(store, connection);
    const agreeing = (...agrees: string[]) => ({ agrees });
    const name = `the "${astral}\x1c\\" name`;
    const data = { [name]: `"${signs}`, same: 1 };
    await place(store, connection).read("erp", ["a", "b", "c", "d", "e"].map((id) => record(id, { data })));
    await place(store, connection).read("crm", ["v", "w", "x", "y", "z"].map((id) => record(id)));
    await save({
      keys: {
        erp: [
          ...[keysOf("a", ["1"], agreeing("=")), keysOf("b", ["2"], agreeing("=")), keysOf("c", ["3"])],
          ...[keysOf("d", ["4"], agreeing("=")), keysOf("e", ["5"], agreeing("="))],
        ],
        crm: [
          ...[keysOf("v", ["1"], agreeing("~", "=")), keysOf("w", ["2"], agreeing("~"))],
          ...["3", "4", "5"].map((key, at) => keysOf("xyz"[at]!, [key], agreeing("="))),
        ],
      },
      changes: [change("1", "d", { state: "open" }), change("2", "z", { side: "erp", state: "sent" })],
    });
    const base = [
      { name, erp: name, value: null, crm: "name" },
      { name: "none", erp: "none", value: null, crm: "none" },
      { name: "kind", erp: null, value: "\x1c", crm: "state" },
    ];
    assertEquals(await match(store, connection, 0, { base }), { coupled: 5, agreed: 1, except: [] });
    assertEquals(await pairs(), ["b", "c", "d", "e"]);
    const own = { how: "match 0", written: null, resolution: null };
    const agreed = coupling("a", "v", {
      ...own,
      base: { erp: { [name]: data[name]!, none: null, kind: "\x1c" }, crm: { [name]: "v", none: null, kind: 3 } },
    });
    const couplings = async () =>
      (await store.lookup(connection, "s", "erp", "id", ["a", "b"])).map(({ pair }) => pair.coupling);
    const unseen = coupling("b", "w", { ...own, base: null, seen: { erp: null, crm: null } });
    assertEquals(await couplings(), [agreed, unseen]);
    // The base is what both had, whatever they have by now.
    const other = { data: { same: 2 }, fingerprint: "other" };
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r2", records: [record("a", other)] });
    await save({ definition: { hash: "d2", rules: {}, entities: { erp: "e", crm: "c" } } });
    await save({ records: [{ side: "crm", record: record("v", other) }] });
    assertEquals(await couplings(), [agreed, unseen]);
    assertEquals(await pairs(), ["a", "b", "c", "d", "e"]);
  });

  test("match() leaves out what is excepted, and what another step has coupled", async (store, connection) => {
    await keyed(store, connection, {
      erp: { a: ["1"], b: ["2", "9"], c: ["3"], d: ["4"] },
      crm: { w: ["1"], x: ["2", "9"], y: ["3"], z: ["4"] },
    });
    await store.savePage(connection, "t", "crm", { ...nothing, run: "r1", records: [record("z")] });
    await store.save(connection, "t", { couplings: [coupling("other", "z")] });
    const except = { erp: ["b", "nobody"], crm: ["y", "d"] };
    assertEquals(await match(store, connection, 0, { except }), {
      ...{ coupled: 1, agreed: 0 },
      except: [{ erp: "b", crm: "x" }, { erp: "c", crm: "y" }],
    });
    assertEquals(await match(store, connection, 1), { coupled: 0, agreed: 0, except: [] });
    assertEquals(await candidates(store, connection, "erp"), { b: null, c: null, d: null });
  });

  test(
    "match() knows no keys of a record that changed, left or was coupled since they were made",
    async (store, connection) => {
      const { read, save } = place(store, connection);
      const ids = ["a", "b", "c", "d", "e"];
      await keyed(store, connection, {
        erp: Object.fromEntries(ids.map((id) => [id, [id]])),
        crm: Object.fromEntries(ids.map((id) => [`${id}2`, [id]])),
      });
      await read("erp", [record("a", { fingerprint: "other" })]);
      await store.savePage(connection, "s", "crm", { ...nothing, run: "r1", deleted: ["b2"] });
      await save({ couplings: [coupling("c", "none")] });
      await save({ parted: ["c"] });
      await save({ keys: { erp: [keysOf("a", ["a"]), keysOf("d", ["new"], { fingerprint: "old" })] } }); // of other versions
      const unkeyed = async (side: Side, made = "d1") =>
        idsOf(await store.records(connection, "s", side, { unkeyed: { groups: 1, made } }, { limit: 9 }));
      assertEquals([await unkeyed("erp"), await unkeyed("crm")], [["a", "c"], []]);
      assertEquals(await unkeyed("erp", "d2"), ids);
      const more = await store.records(connection, "s", "crm", { unkeyed: { groups: 2, made: "d1" } }, { limit: 1 });
      assertEquals(idsOf(more), ["a2"]);
      assertEquals((await match(store, connection, 0)).coupled, 2);
      assertEquals(await pairsOf(store, connection), ["d d2 match 0", "e e2 match 0"]);
    },
  );

  test("savePage() takes the keys of a new side with its records, the last of each", async (store, connection) => {
    const page = { ...nothing, run: "r1", isNew: true as const };
    await store.save(connection, "s", { couplings: [coupling("c", "q")] });
    const erp = ["a", "b", "c"];
    await store.savePage(connection, "s", "erp", {
      ...page,
      records: erp.map((id) => record(id)),
      keys: erp.map((id) => keysOf(id, [id])),
    });
    await store.savePage(connection, "s", "erp", { ...page, records: [record("b")], keys: [keysOf("b", ["late"])] });
    await keyed(store, connection, { erp: {}, crm: { x: ["a"], y: ["b"], z: ["late"], w: ["c"] } });
    assertEquals((await match(store, connection, 0)).coupled, 2);
    assertEquals(await pairsOf(store, connection), ["a x match 0", "b z match 0", "c q match name"]);
    assertEquals((await store.step(connection, "s")).known, { erp: true, crm: true });
  });

  test(
    "savePage() of a new side lets nobody else save, tells what was modified last, and counts",
    async (store, connection) => {
      const page = { ...nothing, run: "r1", isNew: true as const, lease };
      await store.save(connection, "s", { lease });
      const save = (ids: readonly string[], more: Partial<PageSave> = {}) =>
        store.savePage(connection, "s", "erp", {
          ...page,
          records: ids.map((id) => record(id)),
          keys: ids.map((id) => keysOf(id, [id])),
          ...more,
        });
      await save(["a", "b", "a"]);
      const other = { lease: { number: 0, holder: "none" } };
      assertEquals((await codeOf(save(["z"], other))).code, "lease_lost");
      await store.savePage(connection, "s", "crm", { ...page, records: [record("x")], keys: [keysOf("x", ["a"])] });
      await store.save(connection, "s", { lease, couplings: [coupling("c", "y")] });
      await save(["c", "d"], { left: ["b"] });
      const newest = { id: "a", modifiedAt: "2026-01-02T03:04:06Z" };
      await store.savePage(connection, "s", "erp", {
        ...nothing,
        run: "r1",
        lease,
        whole: "2026-01-03T00:00:00Z",
        newest,
      });
      const state = await store.step(connection, "s");
      assertEquals([state.coupled, state.uncoupled, state.newest.erp], [1, { erp: 2, crm: 1 }, newest]);
      assertEquals(await place(store, connection).pairs(), ["c"]);
      const found = await store.records(connection, "s", "erp", { ids: [..."abcdz"] }, { limit: 9 });
      assertEquals(found.map(({ id, state }) => `${id} ${state}`), ["a present", "b left", "c present", "d present"]);
    },
  );

  test("savePage() of a new side takes a record that came in two pages as it came last", async (store, connection) => {
    const page = { ...nothing, run: "r1", isNew: true as const, lease };
    await store.save(connection, "s", { lease });
    const save = (side: Side, records: readonly StoredRecord[], keys: readonly RecordKeys[]) =>
      store.savePage(connection, "s", side, { ...page, records, keys });
    await save("erp", [record("a"), record("b")], [keysOf("a", ["1"]), keysOf("b", ["2"])]);
    const again = record("b", { fingerprint: "other", label: "B again" });
    const late = keysOf("b", ["3"], { fingerprint: "other" });
    await save("erp", [again, record("c")], [late, keysOf("c", ["4"])]);
    const crm = [["x", "2"], ["y", "3"], ["z", "4"]] as const;
    await save("crm", crm.map(([id]) => record(id)), crm.map(([id, key]) => keysOf(id, [key])));
    const found = await store.records(connection, "s", "erp", { uncoupled: true }, { limit: 9 });
    assertEquals(found.map(({ id, label }) => `${id} ${label}`), ["a Label a", "b B again", "c Label c"]);
    assertEquals((await match(store, connection, 0)).coupled, 2);
    assertEquals(await pairsOf(store, connection), ["b y match 0", "c z match 0"]);
  });

  test(
    "savePage() of a new side takes a record that came twice in a page as it came last",
    async (store, connection) => {
      const page = { ...nothing, run: "r1", isNew: true as const, lease };
      await store.save(connection, "s", { lease });
      const late = record("a", { fingerprint: "other", label: "A again" });
      await store.savePage(connection, "s", "erp", {
        ...page,
        records: [record("a"), record("b"), late],
        keys: [keysOf("a", ["1"]), keysOf("b", ["2"]), keysOf("a", ["3"], { fingerprint: "other" })],
      });
      const crm = [["x", "1"], ["y", "3"], ["z", "2"]] as const;
      await store.savePage(connection, "s", "crm", {
        ...page,
        records: crm.map(([id]) => record(id)),
        keys: crm.map(([id, key]) => keysOf(id, [key])),
      });
      assertEquals((await match(store, connection, 0)).coupled, 2);
      assertEquals(await pairsOf(store, connection), ["a y match 0", "b z match 0"]);
    },
  );

  for (const [what, way] of Object.entries(waysToMatch)) {
    test(
      `records of new sides are there for all who ask before they are matched, ${what}`,
      async (store, connection) => {
        const { uncoupled, report } = place(store, connection);
        await store.save(connection, "s", { lease });
        const read = (side: Side, keys: Readonly<Record<string, string | null>>) =>
          store.savePage(connection, "s", side, {
            ...{ ...nothing, run: "r1", isNew: true, lease },
            records: Object.keys(keys).map((id) => record(id)),
            keys: Object.entries(keys).map(([id, key]) => keysOf(id, [key])),
          });
        await Promise.all([read("erp", { a: "1" }), read("crm", { v: "1", w: "2" })]);
        await Promise.all([
          read("erp", { b: "2", c: null, d: "several" }),
          read("crm", { x: "several", y: "several", z: null }),
        ]);
        const standing = async () => [await uncoupled("erp"), await uncoupled("crm")];
        const all = [["a", "b", "c", "d"], ["v", "w", "x", "y", "z"]];
        assertEquals(await standing(), all);
        assertEquals((await store.step(connection, "s")).uncoupled, { erp: 4, crm: 5 });
        const second = await store.records(connection, "s", "crm", { uncoupled: true }, { after: "w", limit: 2 });
        assertEquals(idsOf(second), ["x", "y"]);
        const unkeyed = { unkeyed: { groups: 1, made: "d1" } };
        assertEquals(await store.records(connection, "s", "erp", unkeyed, { limit: 9 }), []);
        assertEquals((await report()).map(({ erp, crm }) => erp?.id ?? crm?.id), all.flat());
        assertEquals((await report()).flatMap((row) => row.blankKeys ? row.erp?.id ?? row.crm?.id : []), ["c", "z"]);
        assertEquals((await store.named(connection, "s", "b")).map(({ erp }) => erp?.id), ["b"]);
        assertEquals(await way(store, connection), 2);
        assertEquals(await pairsOf(store, connection), ["a v match 0", "b w match 0"]);
        assertEquals(await standing(), [["c", "d"], ["x", "y", "z"]]);
        assertEquals(await candidates(store, connection, "erp"), { c: null, d: ["x", "y"] });
        assertEquals((await store.step(connection, "s")).uncoupled, { erp: 2, crm: 3 });
        assertEquals(await match(store, connection, 0), { coupled: 0, agreed: 0, except: [] });
      },
    );
  }

  for (const how of ["left", "deleted", "merged"] as const) {
    for (const [when, first, more] of [["later", ["x"], ["y"]], ["at once", ["w"], ["x", "y"]]] as const) {
      test(`a record of a new side that is ${how} ${when} is not matched`, async (store, connection) => {
        await store.save(connection, "s", { lease });
        const page = { ...nothing, run: "r1", isNew: true as const, lease };
        const read = (side: Side, ids: readonly string[], gone: Partial<PageSave> = {}) =>
          store.savePage(connection, "s", side, {
            ...{ ...page, ...gone },
            records: ids.map((id) => record(id)),
            keys: ids.map((id) => keysOf(id, [{ w: "0", a: "1", x: "1", b: "2", y: "2" }[id]!])),
          });
        await read("erp", ["a", "b"]);
        await read("crm", first);
        await read("crm", more, how === "merged" ? { merged: [{ id: "x", into: "y" }] } : { [how]: ["x"] });
        assertEquals((await place(store, connection).uncoupled("crm")).includes("x"), false);
        assertEquals(await matchUnder(lease, store, connection), 1);
        assertEquals(await pairsOf(store, connection), ["b y match 0"]);
      });
    }
  }

  test("records of a new side that a coupling names are not matched, whatever its state", async (store, connection) => {
    await store.save(connection, "s", { lease, couplings: [coupling("a", "x", { state: "tombstone" })] });
    for (const [side, id] of [["erp", "a"], ["crm", "x"]] as const) {
      const read = { records: [record(id)], keys: [keysOf(id, ["1"])] };
      await store.savePage(connection, "s", side, { ...nothing, run: "r1", isNew: true, lease, ...read });
    }
    const { uncoupled } = place(store, connection);
    assertEquals([await uncoupled("erp"), await uncoupled("crm")], [[], []]);
    assertEquals(await matchUnder(lease, store, connection), 0);
  });

  test("records of a new side that finds no other one are there, in order", async (store, connection) => {
    await store.save(connection, "s", { lease });
    for (const ids of [["c", "d"], ["a", "b"]]) {
      const read = { records: ids.map((id) => record(id)), keys: ids.map((id) => keysOf(id, [id])) };
      await store.savePage(connection, "s", "erp", { ...nothing, run: "r1", isNew: true, lease, ...read });
    }
    await store.save(connection, "s", { lease, matching: { definition: "d1", base: [] } });
    assertEquals(await place(store, connection).uncoupled("erp"), ["a", "b", "c", "d"]);
    const after = await store.records(connection, "s", "erp", { uncoupled: true }, { after: "a", limit: 2 });
    assertEquals(idsOf(after), ["b", "c"]);
  });

  for (const shares of [1, 7]) {
    test(`match() decides as couple() does, in ${shares} share(s) side by side`, async (store, connection) => {
      let state = 7;
      const chance = (most: number) => (state = (state * 1103515245 + 12345) % 2147483648) % most;
      const words = [...Array.from({ length: 9 }, (_, n) => `k${n}`), astral, "\uFF5E", signs, "", "a\tb\\n"];
      const some = (prefix: string) =>
        Object.fromEntries(Array.from({ length: 40 }, (_, n) => [
          `${prefix}${n}`,
          Array.from({ length: 3 }, () => chance(4) === 0 ? null : `${words[chance(words.length)]}${chance(4)}`),
        ]));
      const all = { erp: some("e"), crm: some("c") };
      await keyed(store, connection, all);
      await begin(store, connection);
      const lease = { number: 9, holder: "one" };
      await store.save(connection, "s", { lease });
      let coupled = 0;
      for (let group = 0; group < 3; group++) {
        const all = Array.from({ length: shares }, (_, nth) => ({ nth, of: shares }));
        const matched = await Promise.all(all.map((share) => match(store, connection, group, { share, lease })));
        for (const one of matched) coupled += one.coupled;
      }
      assertEquals((await store.step(connection, "s")).coupled, coupled);
      const found: string[] = [];
      for (const side of ["erp", "crm"] as const) {
        for (const [id, ids] of Object.entries(await candidates(store, connection, side))) {
          if (ids !== null) found.push(`${side} ${id}: ${ids}`);
        }
      }
      const groups = [0, 1, 2].map((group) => {
        const byKey = new Map<string, { key: string; erp: string[]; crm: string[] }>();
        for (const side of ["erp", "crm"] as const) {
          for (const [id, keys] of Object.entries(all[side]).sort(([a], [b]) => a < b ? -1 : 1)) {
            const key = keys[group]!;
            if (key === null) continue;
            if (!byKey.has(key)) byKey.set(key, { key, erp: [], crm: [] });
            byKey.get(key)![side].push(id);
          }
        }
        return [...byKey.values()];
      });
      const expected = couple(groups);
      assertEquals(
        await pairsOf(store, connection),
        expected.pairs.map(({ erp, crm, group }) => `${erp} ${crm} match ${group}`).sort(),
      );
      assertEquals(
        found.sort(),
        expected.ambiguous.map(({ side, id, candidates }) => `${side} ${id}: ${candidates}`).sort(),
      );
    });
  }
}

type Keys = Readonly<Record<string, RecordKeys["keys"]>>;

/** Ways to match what was read for the first time; each gives how many pairs were coupled. */
const waysToMatch: Readonly<Record<string, (store: Store, connection: string) => Promise<number>>> = {
  "by the run that read them": (store, connection) => matchUnder(lease, store, connection),
  "in shares": (store, connection) => matchUnder(lease, store, connection, 7),
  "by the run after it": (store, connection) => matchUnder({ number: 2, holder: "two" }, store, connection),
  "by whoever takes the step": (store, connection) => match(store, connection, 0).then(({ coupled }) => coupled),
  "when one of them was read once more": async (store, connection) => {
    const again = { records: [record("a")], keys: [keysOf("a", ["1"])] };
    await store.savePage(connection, "s", "erp", { ...nothing, run: "r1", isNew: true, lease, ...again });
    return await matchUnder(lease, store, connection);
  },
  "when one was coupled and parted in between": async (store, connection) => {
    await store.save(connection, "s", { lease, couplings: [coupling("d", "z")] });
    await store.save(connection, "s", { lease, parted: ["d"] });
    const keys = { erp: [keysOf("d", ["several"])], crm: [keysOf("z", [null])] };
    await store.save(connection, "s", { lease, keys });
    return await matchUnder(lease, store, connection);
  },
};

async function matchUnder(lease: Lease, store: Store, connection: string, shares = 1): Promise<number> {
  await store.save(connection, "s", { lease, matching: { definition: "d1", base: [] } });
  const all = Array.from(
    { length: shares },
    (_, nth) => match(store, connection, 0, { lease, share: { nth, of: shares } }),
  );
  return (await Promise.all(all)).reduce((sum, { coupled }) => sum + coupled, 0);
}

/** Reads records with these keys. */
async function keyed(store: Store, connection: string, keys: Readonly<Record<Side, Keys>>): Promise<void> {
  for (const side of ["erp", "crm"] as const) {
    await place(store, connection).read(side, Object.keys(keys[side]).map((id) => record(id)));
    const own = Object.entries(keys[side]).map(([id, list]) => keysOf(id, list));
    await store.save(connection, "s", { keys: { [side]: own } });
  }
}

/** With group 0 matching begins anew, unless a share is given. */
async function match(
  store: Store,
  connection: string,
  group: number,
  { base = [], ...more }: Partial<Matching> & { readonly base?: readonly BaseField[] } = {},
): Promise<Matched> {
  if (group === 0 && more.share === undefined) await begin(store, connection, base);
  const own = {
    group,
    share: { nth: 0, of: 1 },
    definition: "d1",
    how: `match ${group}`,
    except: { erp: [], crm: [] },
  };
  return await store.match(connection, "s", { ...own, ...more });
}

function begin(store: Store, connection: string, base: readonly BaseField[] = []): Promise<void> {
  return store.save(connection, "s", { matching: { definition: "d1", base } });
}

async function pairsOf(store: Store, connection: string): Promise<string[]> {
  const rows = await place(store, connection).report();
  return rows.flatMap(({ coupling }) =>
    coupling === null ? [] : [`${coupling.erpId} ${coupling.crmId} ${coupling.how}`]
  )
    .sort();
}

async function candidates(
  store: Store,
  connection: string,
  side: Side,
): Promise<Record<string, readonly string[] | null | undefined>> {
  const records = await store.records(connection, "s", side, { uncoupled: true }, { limit: 100 });
  return Object.fromEntries(records.map(({ id, candidates }) => [id, candidates]));
}
