/** What every connector must do alike. Each test has a world of its own: a service, and a person who works in it. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  type AnyEntity,
  type Connector,
  type Fields,
  noRequests,
  type Outcome,
  type Page,
  type ReadOptions,
  type Row,
  type Write,
} from "../../connectors/connector.ts";
import { ServiceError } from "../../errors.ts";

export interface ConnectorWorld extends AsyncDisposable {
  /** Gives pages of two rows. */
  readonly connector: Connector;
  /** A handle with a filter. */
  readonly entity: AnyEntity;
  /** Fields of its: a text, a decimal, a text that nobody writes, and a day where it has one. */
  readonly fields: { readonly name: string; readonly amount: string; readonly blank: string; readonly day?: string };
  /** Whether a reading since a cursor brings changes alone, and tells what was deleted. */
  readonly tells: { readonly changes: boolean; readonly deletions: boolean };
  /** A person adds a record called "Name n" with the amount 1234567890.5, inside the filter or not. Returns its id. */
  add(n: number, isInside?: boolean): Promise<string>;
  rename(id: string, name: string): Promise<void>;
  /** A person changes the record so that it leaves the filter. */
  leave(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** What a person sees of it; null where there is none. */
  nameOf(id: string): Promise<string | null>;
  /** What creates the n-th record, inside the filter; its id is the one that add() would give where we choose it. */
  creation(n: number): Write;
  /** Values that the service refuses. */
  readonly bad: Fields;
  /** A handle whose records may be deleted, and what adds one; the same where nothing is said. */
  readonly deletable?: {
    readonly entity: AnyEntity;
    add(n: number): Promise<string>;
    rename(id: string): Promise<void>;
  };
}

const nobody = "ffffffff-ffff-4fff-8fff-ffffffffffff";

/** Declares the tests for one connector; `register` may leave them out. */
export function connectorSuite(
  name: string,
  open: () => Promise<ConnectorWorld>,
  register: (name: string, fn: () => Promise<void>) => void = (name, fn) => Deno.test(name, fn),
): void {
  function test(what: string, body: (world: ConnectorWorld) => Promise<void>): void {
    register(`${name}: ${what}`, async () => {
      await using world = await open();
      await body(world);
    });
  }

  test("read() gives pages of which the last one has a cursor, decimals exact, blanks null, days as text", async (world) => {
    const ids = [];
    for (let n = 1; n <= 5; n++) ids.push(await world.add(n));
    const outside = await world.add(6, false);
    const pages = await read(world, { fields: wanted(world) });
    assert(pages.length >= 3);
    assertEquals(pages.map(({ cursor }) => cursor !== null), pages.map((_, at) => at === pages.length - 1));
    assert(pages.every(({ kind, deleted }) => kind === "full" && deleted.length === 0));
    const rows = pages.flatMap((page) => page.rows);
    assertEquals(rows.map(({ id }) => id).toSorted(), ids.toSorted());
    assert(pages.flatMap(({ left }) => left).every((id) => id === outside));
    const { name, amount, blank, day } = world.fields;
    for (const [at, id] of ids.entries()) {
      const given = day === undefined ? {} : { [day]: "2026-02-28" };
      const row = rows.find((one) => one.id === id)!;
      assertEquals(row.data, { [name]: `Name ${at + 1}`, [amount]: "1234567890.5", [blank]: null, ...given });
      assertNotEquals(row.version, "");
    }
    const [only] = (await read(world, { fields: [name] })).flatMap((page) => page.rows);
    assertEquals(Object.keys(only!.data), [name]);
  });

  test("read() of a service with no records is one reading that ends", async (world) => {
    const pages = await read(world, { fields: wanted(world) });
    assertEquals(pages.flatMap(({ rows }) => rows), []);
    assertNotEquals(pages.at(-1)?.cursor ?? null, null);
  });

  test("read() since a cursor brings what changed, left and was deleted, or everything and says so", async (world) => {
    const ids: string[] = [];
    for (let n = 1; n <= 4; n++) ids.push(await world.add(n));
    const before = await read(world, { fields: wanted(world) });
    const cursor = before.at(-1)!.cursor!;
    await world.rename(ids[1]!, "Edited");
    await world.leave(ids[2]!);
    await world.remove(ids[3]!);
    const pages = await read(world, { fields: wanted(world), since: cursor });
    assertNotEquals(pages.at(-1)?.cursor ?? null, null);
    assert(pages.every(({ kind }) => kind === (world.tells.changes ? "delta" : "full")));
    const names = new Map(pages.flatMap(({ rows }) => rows).map(({ id, data }) => [id, data[world.fields.name]]));
    assertEquals(names.get(ids[1]!), "Edited");
    assertEquals([names.has(ids[2]!), names.has(ids[3]!)], [false, false]);
    if (world.tells.changes) assertEquals([...new Set(pages.flatMap((page) => page.left))], [ids[2]]);
    else assertEquals([...names.keys()].toSorted(), ids.slice(0, 2).toSorted());
    assertEquals(pages.flatMap(({ deleted }) => deleted), world.tells.deletions ? [ids[3]] : []);
    assertEquals(pages.every(({ tellsDeletions }) => tellsDeletions === true), world.tells.deletions);
    const versionOf = (all: readonly Page[], id: string) =>
      all.flatMap(({ rows }) => rows).findLast((row) => row.id === id)?.version;
    assertNotEquals(versionOf(pages, ids[1]!), versionOf(before, ids[1]!));
    const again = versionOf(pages, ids[0]!);
    if (again !== undefined) assertEquals(again, versionOf(before, ids[0]!)); // unchanged is unchanged
    const added = await world.add(5);
    const third = await read(world, { fields: wanted(world), since: pages.at(-1)!.cursor! });
    assert(third.flatMap(({ rows }) => rows).some(({ id }) => id === added));
  });

  test("read() of ids gives those in the filter, the others as left or deleted", async (world) => {
    const [one, two] = [await world.add(1), await world.add(2)];
    const [outside, other] = [await world.add(3, false), await world.add(4)];
    await world.remove(other);
    const pages = await read(world, { fields: wanted(world), ids: [two, nobody, outside, other, one] });
    assert(pages.every(({ kind, cursor }) => kind === "some" && cursor === null));
    assertEquals(pages.flatMap(({ rows }) => rows).map(({ id }) => id).toSorted(), [one, two].toSorted());
    assertEquals(pages.flatMap(({ left }) => left), [outside]);
    assertEquals(pages.flatMap(({ deleted }) => deleted).toSorted(), [nobody, other].toSorted());
  });

  test("read() of only ids gives what is in the filter, and nothing else", async (world) => {
    const ids = [await world.add(1), await world.add(2), await world.add(3)];
    await world.add(4, false);
    const pages = await read(world, { fields: [], only: "ids" });
    assertEquals(pages.flatMap(({ met }) => met!.map(({ id }) => id)).toSorted(), ids.toSorted());
    assert(
      pages.every(({ rows, deleted, left, kind, cursor }) =>
        rows.length + deleted.length + left.length === 0 && kind === "full" && cursor === null
      ),
    );
    const stamped = new Map(
      (await read(world, { fields: [] })).flatMap(({ rows }) => rows).map((row) => [row.id, row]),
    );
    for (const { id, modifiedAt } of pages.flatMap(({ met }) => met!)) {
      if (modifiedAt !== null) assertEquals(modifiedAt, stamped.get(id)!.modifiedAt);
    }
  });

  test("read() says cursor_expired of a cursor that nobody gave", async (world) => {
    await world.add(1);
    for (const since of ["nothing of the kind", "{}x"]) {
      const error = await assertRejects(() => read(world, { fields: wanted(world), since }), ServiceError);
      assertEquals(error.code, "cursor_expired");
    }
  });

  test("write() creates: each outcome in its place, one bad record refused alone, one that is there told", async (world) => {
    await world.add(1);
    const opened = world.connector.open(world.entity);
    const bad = world.creation(3);
    const writes = [
      ...[world.creation(1), world.creation(2), { ...bad, fields: { ...bad.fields, ...world.bad } }, world.creation(4)],
    ];
    const outcomes = await opened.write(writes, { fields: wanted(world) });
    assertEquals(kindsOf(outcomes), ["exists", "ok", "refused", "ok"]);
    const refused = outcomes[2]!;
    if (refused.kind !== "refused") throw new Error("a bad record was stored");
    assertEquals([refused.code === "", refused.message === "", refused.field], [
      false,
      false,
      Object.keys(world.bad)[0],
    ]);
    assertEquals(rowIn(outcomes[0]).data[world.fields.name], "Name 1");
    const [second, fourth] = [rowIn(outcomes[1]), rowIn(outcomes[3])];
    assertEquals([second, fourth].map(({ data }) => data[world.fields.name]), ["Name 2", "Name 4"]);
    assertEquals(second.data[world.fields.amount], "1234567890.5");
    assertEquals(second.data[world.fields.blank], null);
    assertEquals(await world.nameOf(fourth.id), "Name 4");
    // As the service has it now: what is read afterwards is the same to the version.
    const rows = (await read(world, { fields: wanted(world), ids: [second.id, fourth.id] })).flatMap(({ rows }) =>
      rows
    );
    assertEquals(byId(rows), byId([second, fourth]));
    assertEquals((await read(world, { fields: [] })).flatMap(({ rows }) => rows).length, 3);
  });

  test("write() updates by version: ok, moved, missing and refused, each for itself", async (world) => {
    const ids: string[] = [];
    for (let n = 1; n <= 5; n++) ids.push(await world.add(n));
    const rows = (await read(world, { fields: wanted(world), ids })).flatMap((page) => page.rows);
    await world.rename(ids[1]!, "Meanwhile");
    await world.remove(ids[2]!);
    const { name, amount } = world.fields;
    const writes = ids.map((id, at): Write => {
      const { version } = rows.find((row) => row.id === id)!;
      return {
        op: "update",
        id,
        version,
        fields: at === 3 ? { ...world.bad } : { [name]: `New ${at}`, [amount]: null },
      };
    });
    const changes = { ...writes[4]!, fields: { [name]: 'Ögmundur "Łódź", 1\u20AC', [amount]: "0.25" } };
    const outcomes = await world.connector.open(world.entity).write([...writes.slice(0, 4), changes], {
      fields: wanted(world),
    });
    assertEquals(kindsOf(outcomes), ["ok", "moved", "missing", "refused", "ok"]);
    assertEquals(await Promise.all(ids.map((id) => world.nameOf(id))), [
      ...["New 0", "Meanwhile", null, "Name 4", 'Ögmundur "Łódź", 1\u20AC'],
    ]);
    const after = rowIn(outcomes[4]);
    assertEquals([after.data[name], after.data[amount]], ['Ögmundur "Łódź", 1\u20AC', "0.25"]);
    assertNotEquals(after.version, writes[4]!.version);
    const now = (await read(world, { fields: wanted(world), ids: [ids[0]!, ids[4]!] })).flatMap((page) => page.rows);
    assertEquals(byId(now), byId([rowIn(outcomes[0]), after]));
    // The version that an outcome has is the one that the next write is made on.
    const [next] = await world.connector.open(world.entity).write(
      [{ op: "update", id: after.id, version: after.version, fields: { [name]: "Next" } }],
      { fields: [name] },
    );
    assertEquals(rowIn(next).data, { [name]: "Next" });
  });

  test("write() deletes what is as it was seen; what is gone is deleted, what changed moved", async (world) => {
    const { entity, add, rename } = world.deletable ??
      { ...world, rename: (id: string) => world.rename(id, "Meanwhile") };
    const [goes, moved, kept] = [await add(1), await add(2), await add(3)];
    const opened = world.connector.open(entity);
    const rows = (await Array.fromAsync(opened.read({ fields: [] }))).flatMap((page) => page.rows);
    await rename(moved);
    const deletion = (id: string): Write => {
      return { op: "delete", id, version: rows.find((row) => row.id === id)!.version, fields: {} };
    };
    const outcomes = await opened.write([deletion(moved), deletion(goes)], { fields: [] });
    assertEquals(kindsOf(outcomes), ["moved", "deleted"]);
    assertEquals(kindsOf(await opened.write([deletion(goes)], { fields: [] })), ["deleted"]);
    const left = (await Array.fromAsync(opened.read({ fields: [] }))).flatMap((page) => page.rows);
    assertEquals(left.map(({ id }) => id).toSorted(), [moved, kept].toSorted());
  });

  test("recall() finds what a creation left, and nothing where it left nothing", async (world) => {
    await world.add(1);
    const opened = world.connector.open(world.entity);
    const options = { fields: wanted(world), since: "2026-01-01T00:00:00Z" };
    const sent = [world.creation(2), world.creation(3), world.creation(4)];
    assertEquals(await opened.recall(sent, options), [[], [], []]);
    const [first, last] = await opened.write([sent[0]!, sent[2]!], { fields: wanted(world) });
    assertEquals(await opened.recall(sent, options), [[rowIn(first)], [], [rowIn(last)]]);
    assertEquals(await opened.recall([], options), []);
  });

  test("a signal that is aborted stops readings and writes, and nothing is written", async (world) => {
    for (const n of [1, 2, 3]) await world.add(n);
    const opened = world.connector.open(world.entity);
    const reason = new Error("stopped");
    const signal = AbortSignal.abort(reason);
    assertEquals(await assertRejects(() => read(world, { fields: wanted(world), signal })), reason);
    const creation = world.creation(4);
    assertEquals(await assertRejects(() => opened.write([creation], { fields: wanted(world), signal })), reason);
    const stop = new AbortController();
    const found = await assertRejects(async () => {
      for await (const _page of opened.read({ fields: wanted(world), signal: stop.signal })) stop.abort(reason);
    });
    assertEquals(found, reason);
    assertEquals((await read(world, { fields: [] })).flatMap(({ rows }) => rows).length, 3);
  });

  test("requests() counts what went out, for a handle and in all; cost() says more than nothing", async (world) => {
    const opened = world.connector.open(world.entity);
    assertEquals(opened.requests(), noRequests);
    await Array.fromAsync(opened.read({ fields: wanted(world) }));
    const { read: first, write } = opened.requests();
    assert(first > 0 && write === 0);
    const writes = [world.creation(1)];
    assert(opened.cost(writes).requests > 0);
    assertEquals(opened.requests().read, first); // it asked nobody
    await opened.write(writes, { fields: wanted(world) });
    assert(opened.requests().write > 0);
    const all = world.connector.requests();
    assert(all.read >= opened.requests().read && all.write >= opened.requests().write);
  });

  test("identity() is the same each time", async (world) => {
    const identity = await world.connector.identity();
    assertEquals(identity.service, world.connector.service);
    assert(Object.keys(identity.parts).length > 0 && Object.values(identity.parts).every((part) => part !== ""));
    assertEquals(await world.connector.identity(), identity);
  });
}

function read({ connector, entity }: ConnectorWorld, options: ReadOptions): Promise<Page[]> {
  return Array.fromAsync(connector.open(entity).read(options));
}
function wanted({ fields }: ConnectorWorld): string[] {
  return Object.values(fields);
}
function kindsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ kind }) => kind);
}
function rowIn(outcome: Outcome | undefined): Row {
  if (outcome !== undefined && "row" in outcome) return outcome.row;
  throw new Error(`no row: ${JSON.stringify(outcome)}`);
}
function byId(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => a.id < b.id ? -1 : 1);
}
