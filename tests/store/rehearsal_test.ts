/** Stores that are opened for a rehearsal: they do all that a store does, and leave nothing. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { PGlite } from "@electric-sql/pglite";
import postgres from "postgres";
import { ServiceError } from "../../errors.ts";
import { openPglite } from "../../store/pglite.ts";
import { openPostgres, openPostgresBeside } from "../../store/postgres.ts";
import type { Store } from "../../store/store.ts";
import { nothing } from "../conformance/place.ts";
import { record, run } from "../conformance/rows.ts";
import { storeSuite } from "../conformance/store.ts";
import { addressOf, postgresTest, type TestDatabase, withDatabase } from "../postgres.ts";

const rehearsal = { rehearsal: true };
const page = { ...nothing, run: "r1", records: [record("a")], cursor: "c1" };
const tables = [
  "connections",
  "steps",
  "records",
  "met",
  "uncoupled",
  "fresh",
  "unclear",
  "couplings",
  "changes",
  "runs",
];

/** Whatever a store must do, as steps of a test, since all of them work in the one transaction that this store is. */
async function suite(t: Deno.TestContext, store: Store): Promise<void> {
  const tests: { readonly name: string; readonly fn: () => Promise<void> }[] = [];
  storeSuite(
    "for a rehearsal",
    () => Promise.resolve({ store, close: () => Promise.resolve() }),
    (name, fn) => tests.push({ name, fn }),
  );
  assert(tests.length > 40);
  for (const { name, fn } of tests) await t.step(name, fn);
  await t.step("what the database refuses undoes that call, and nothing before it", async () => {
    await store.savePage("refused", "s", "erp", page);
    const broken = { ...page, records: [record("b"), record("c", { version: null as never })], cursor: "lost" };
    const error = await assertRejects(() => store.savePage("refused", "s", "erp", broken), ServiceError);
    assertEquals(error.code, "store_failed");
    assertEquals((await store.step("refused", "s")).cursors.erp, "c1");
    assertEquals(await store.records("refused", "s", "erp", { ids: ["a", "b"] }, { limit: 9 }), [record("a")]);
    // Reading can be refused as well.
    await assertRejects(() => store.records("refused", "s", "erp", { ids: [] }, { limit: -1 }), ServiceError);
    const report = async () => (await Array.fromAsync(store.report("refused", ["s"]))).flat();
    const [rows] = await Promise.all([report(), store.savePage("refused", "t", "erp", page)]);
    assertEquals([rows.length, await store.steps("refused")], [1, ["s", "t"]]);
  });
}

Deno.test("openPglite() makes no store for a rehearsal where there is none", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/store.rehearsal/base`, { recursive: true }); // one that was killed left it
    const store = await openPglite(`${home}/store`, rehearsal);
    await store.savePage("c", "s", "erp", page);
    assertEquals(await store.steps("c"), ["s"]);
    await store.close();
    assertEquals([...Deno.readDirSync(home)].map(({ name }) => name), ["store.lock"]);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("openPglite() for a rehearsal sees what is there, and leaves nothing", async (t) => {
  const root = await Deno.makeTempDir();
  const dir = `${root}/store`;
  try {
    const first = await openPglite(dir, rehearsal);
    await first.savePage("kept", "s", "erp", page);
    await first.close();

    const working = await openPglite(dir);
    assertEquals(await working.steps("kept"), []);
    await working.savePage("kept", "s", "erp", page);
    await working.close();

    const store = await openPglite(dir, rehearsal);
    assertEquals((await store.step("kept", "s")).cursors.erp, "c1");
    await store.savePage("kept", "s", "erp", { ...page, deleted: ["a"], cursor: "c2" });
    await store.saveRun("kept", run("r1", "2026-01-01T00:00:00Z", "Finished"));
    assertEquals((await store.step("kept", "s")).uncoupled.erp, 0);
    await suite(t, store);
    await store.close();
    assertEquals((await assertRejects(() => store.steps("kept"), ServiceError)).code, "store_failed");

    const pglite = await PGlite.create(dir);
    try {
      const counts = await Promise.all(tables.map(async (table) => {
        const { rows } = await pglite.query<{ n: number }>(`select count(*)::int as n from ${table}`);
        return [table, rows[0]?.n];
      }));
      const left = { steps: 1, records: 1, met: 1, uncoupled: 1 } as Readonly<Record<string, number>>;
      assertEquals(counts, tables.map((table) => [table, left[table] ?? 0]));
      const { rows: [room] } = await pglite.query<{ size: number }>("select pg_relation_size('records')::int as size");
      assertEquals(room?.size, 8192, "the room of what was written is given back");
      const { rows } = await pglite.query("select state from records");
      assertEquals(rows, [{ state: "present" }]);
    } finally {
      await pglite.close();
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

/** Runs a statement in the database, beside the store. */
async function beside(database: TestDatabase, statement: string): Promise<readonly postgres.Row[]> {
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

postgresTest(
  "openPostgres() for a rehearsal shows its work to nobody, and leaves nothing",
  (t) =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      // A server that ends sessions which do nothing, inside a transaction or outside.
      await beside(database, `alter database ${address.database} set idle_in_transaction_session_timeout = '300ms'`);
      await beside(database, `alter database ${address.database} set idle_session_timeout = '300ms'`);
      const store = await openPostgres(address, "default", rehearsal);
      await store.savePage("kept", "s", "erp", page);
      const locked = await assertRejects(() => openPostgres(address, "default"), ServiceError);
      assertEquals(locked.code, "store_locked"); // after two seconds, in which the transaction stood idle
      const looking = (await openPostgresBeside(address, "default"))!;
      assertEquals([await looking.steps("kept"), await store.steps("kept")], [[], ["s"]]);
      await suite(t, store);
      // Who works on another connection goes on, statistics included.
      const other = await openPostgres(address, "other");
      const records = Array.from({ length: 600 }, (_, at) => record(String(at)));
      await other.savePage("other", "s", "erp", { ...page, records });
      assertEquals((await other.step("other", "s")).uncoupled.erp, 600);
      await other.close();
      await store.close();
      for (const table of tables) {
        const left = await beside(database, `select connection from tenging.${table} where connection <> 'other'`);
        assertEquals([table, [...left]], [table, []]);
      }
      await looking.close();
      await (await openPostgres(address, "default")).close();
    }),
);

for (
  const [lost, sessions] of [
    ["the session with its lock", "query like '%holders%'"],
    ["the session with its transaction", "state like 'idle in transaction%'"],
  ] as const
) {
  postgresTest(
    `openPostgres() for a rehearsal does nothing more once ${lost} has broken`,
    () =>
      withDatabase(async (database) => {
        const address = addressOf(database);
        const store = await openPostgres(address, "default", rehearsal);
        await store.savePage("default", "s", "erp", page);
        const ended = await beside(
          database,
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and ${sessions}
          and pid <> pg_backend_pid()`,
        );
        assertEquals(ended.length, 1);
        // By the time that another one works, this process has been told that the session is gone.
        await (await openPostgres(address, "other")).close();
        const error = await assertRejects(() => store.steps("default"), ServiceError);
        assertEquals([error.code, error.retryable], ["store_lost", true]);
        await store.close();
        await (await openPostgres(address, "default")).close();
      }),
  );
}
