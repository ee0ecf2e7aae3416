import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import postgres from "postgres";
import { takeStep } from "../../engine/lease.ts";
import { DefinitionError, ServiceError } from "../../errors.ts";
import { migrations } from "../../store/migrations/mod.ts";
import { openPostgres, openPostgresBeside, type PostgresAddress } from "../../store/postgres.ts";
import { refuseServer } from "../../store/postgres_refusals.ts";
import type { Store, StoredRecord } from "../../store/store.ts";
import { coupling } from "../conformance/rows.ts";
import { storeSuite } from "../conformance/store.ts";
import { addressOf, administer, createDatabase, postgresTest, type TestDatabase, withDatabase } from "../postgres.ts";

// One database for the suite: each test works in a connection of its own.
let shared: { readonly database: TestDatabase; readonly store: Store } | null = null;
Deno.test.afterAll(async () => {
  await shared?.store.close();
  await shared?.database.drop();
});

storeSuite("openPostgres()", async () => {
  if (shared === null) {
    const database = await createDatabase();
    shared = { database, store: await openPostgres(addressOf(database), "suite") };
  }
  return { store: shared.store, close: () => Promise.resolve() };
}, postgresTest);

const record: StoredRecord = {
  ...{ id: "a", key: null, label: null, data: { name: "Þórr" }, version: "1", modifiedAt: null, fingerprint: "f" },
  ...{ frozen: null, mergedInto: null, state: "present" },
};
const page = { run: "r1", records: [record], deleted: [], left: [], cursor: "c1" };

async function refused(work: Promise<unknown>): Promise<ServiceError> {
  const error = await assertRejects(() => work, ServiceError);
  assertEquals(error.service, "store");
  return error;
}

/** Runs statements in the database, beside the store; returns the rows of the last one. */
async function beside(address: PostgresAddress, ...statements: readonly string[]): Promise<readonly postgres.Row[]> {
  const { host, port, database, user, password } = address;
  const sql = postgres({ host, port, database, user, pass: password, max: 1, onnotice: () => {} });
  try {
    let rows: readonly postgres.Row[] = [];
    for (const statement of statements) rows = await sql.unsafe(statement);
    return rows;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

postgresTest(
  "openPostgres() keeps everything for the next one, in tables of its own",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      // Another program's table of the same name, as frameworks make it.
      await beside(address, "create table public.migrations (id int, migration text)");
      const store = await openPostgres(address, "default");
      await store.savePage("kept", "s", "erp", page);
      await store.close();
      const again = await openPostgres(address, "default");
      assertEquals(await again.records("kept", "s", "erp", { ids: ["a"] }, { limit: 1 }), [record]);
      assertEquals((await again.step("kept", "s")).cursors.erp, "c1");
      const broken = { ...page, records: [record, { ...record, id: "b", version: null as never }], cursor: "lost" };
      assertEquals((await refused(again.savePage("kept", "s", "erp", broken))).code, "store_failed");
      assertEquals((await again.step("kept", "s")).cursors.erp, "c1");
      await again.close();
    }),
);

postgresTest(
  "openPostgres() takes over from a process that gave no sign of life for a minute, which can save nothing more",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const stalled = await openPostgres(address, "default");
      const held = await takeStep(stalled, { connection: "default", step: "s", holder: "one" });
      await held.savePage("default", "s", "erp", page);
      await beside(address, "update tenging.holders set seen = clock_timestamp() - interval '50 seconds'");
      assertEquals((await refused(openPostgres(address, "default"))).code, "store_locked");
      await beside(address, "update tenging.holders set seen = clock_timestamp() - interval '61 seconds'");
      const next = await openPostgres(address, "default");
      const { lease, cursors } = await next.step("default", "s");
      assertEquals([lease, cursors.erp], [{ number: 1, holder: "one" }, "c1"]);
      assertEquals((await refused(held.savePage("default", "s", "erp", { ...page, cursor: "c2" }))).code, "store_lost");
      assertEquals((await refused(openPostgres(address, "default"))).code, "store_locked");
      assertEquals((await next.step("default", "s")).cursors.erp, "c1");
      await stalled.close();
      await next.close();
    }),
);

postgresTest(
  "the database itself refuses to couple a record twice within a step",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const store = await openPostgres(address, "default");
      await store.save("default", "s", { couplings: [coupling("a", "x"), coupling("b", "y")] });
      await store.save("default", "other", { couplings: [coupling("a", "x")] });
      const again = "update tenging.couplings set crm_id = 'x' where step = 's' and erp_id = 'b'";
      const error = await assertRejects(() => beside(address, again));
      assertEquals((error as { code?: string }).code, "23505");
      await beside(address, "update tenging.couplings set state = 'tombstone' where erp_id = 'a'", again);
      await store.close();
    }),
);

postgresTest(
  "a store whose disk is full says so, saves nothing of what it was given, and goes on when there is room",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const store = await openPostgres(address, "default");
      await store.savePage("default", "s", "erp", page);
      await beside(
        address,
        `create function tenging.fill() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`,
        "create trigger fill before insert or update on tenging.records for each row execute function tenging.fill()",
      );
      const other = { ...page, records: [{ ...record, id: "b" }], cursor: "c2" };
      const error = await refused(store.savePage("default", "s", "erp", other));
      assertEquals(error.code, "store_failed");
      assertStringIncludes(error.message, "the database's disk is full; make room there");
      assertEquals((await store.step("default", "s")).cursors.erp, "c1");
      await beside(address, "drop trigger fill on tenging.records");
      await store.savePage("default", "s", "erp", other);
      assertEquals((await store.step("default", "s")).cursors.erp, "c2");
      await store.close();
      await beside(
        address,
        "create trigger fill before insert or update on tenging.holders for each row execute function tenging.fill()",
      );
      const opening = await refused(openPostgres(address, "default"));
      assertEquals(opening.code, "store_failed");
      assertStringIncludes(opening.message, "the database's disk is full; make room there");
    }),
);

postgresTest(
  "openPostgres() ends a transaction that who gave no sign of life stands in, or the next save would wait for it",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const stalled = await openPostgres(address, "default");
      await stalled.savePage("default", "s", "erp", page);
      await beside(
        address,
        `create function tenging.hang() returns trigger language plpgsql as
        $$ begin if new.id = 'hangs' then perform pg_sleep(600); end if; return new; end $$`,
        "create trigger hang before insert on tenging.records for each row execute function tenging.hang()",
      );
      const hanging = refused(
        stalled.savePage("default", "s", "erp", { ...page, records: [{ ...record, id: "hangs" }], cursor: "c2" }),
      );
      const sleeping = "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
      while ((await beside(address, sleeping)).length === 0);
      await beside(address, "update tenging.holders set seen = clock_timestamp() - interval '61 seconds'");
      const next = await openPostgres(address, "default");
      assertEquals((await beside(address, sleeping)).length, 0);
      await next.savePage("default", "s", "erp", { ...page, cursor: "c3" });
      assertEquals((await next.step("default", "s")).cursors.erp, "c3");
      await hanging;
      await stalled.close();
      await next.close();
    }),
);

postgresTest(
  "openPostgres() is refused where another process works on the connection, and names it",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const store = await openPostgres(address, "default");
      const error = await refused(openPostgres(address, "default"));
      assertEquals(error.code, "store_locked");
      assertStringIncludes(error.message, `process ${Deno.pid} on 127.0.0.1 works on it`);
      const other = await openPostgres(address, "other");
      await other.close();
      await store.close();
      await (await openPostgres(address, "default")).close();
    }),
);

postgresTest("openPostgres() waits for one that only looks", () =>
  withDatabase(async (database) => {
    const address = addressOf(database);
    await (await openPostgres(address, "default")).close();
    let opening: Promise<Store> | null = null;
    const looking = await openPostgresBeside(address, "default", {
      whenAlone: async () => {
        opening = openPostgres(address, "default");
        // It is in line for the lock now, which is the only thing that anybody waits for.
        const waiting = "select 1 / count(*) from pg_locks where locktype = 'advisory' and not granted";
        while (!await beside(address, waiting).then(() => true, () => false));
      },
    });
    await (await opening!).close();
    await looking!.close();
  }));

postgresTest(
  "openPostgresBeside() reads while another process works, says whether it is alive, and makes nothing before that",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      assertEquals(await openPostgresBeside(address, "default"), null);
      await assertRejects(() => beside(address, "select from tenging.records"));

      const store = await openPostgres(address, "default");
      await store.savePage("default", "s", "erp", page);
      let wasAlone = 0;
      const whenAlone = () => Promise.resolve(void wasAlone++);
      const first = (await openPostgresBeside(address, "default", { whenAlone }))!;
      assertEquals((await first.step("default", "s")).cursors.erp, "c1");
      await store.savePage("default", "s", "erp", { ...page, cursor: "c2" });
      assertEquals((await first.step("default", "s")).cursors.erp, "c2");
      await first.close();
      assertEquals(wasAlone, 0);

      const lifelessSince = async () => {
        const looking = (await openPostgresBeside(address, "default", { whenAlone }))!;
        await looking.close();
        return looking.lifelessSince;
      };
      const [{ seen }] = await beside(
        address,
        "update tenging.holders set seen = clock_timestamp() - interval '61 seconds' returning seen",
      ) as [postgres.Row];
      assertEquals([await lifelessSince(), wasAlone], [seen.toISOString(), 0]);
      await beside(address, "update tenging.holders set session = 0"); // what a former holder left says nothing of this one
      assertEquals([await lifelessSince(), wasAlone], [null, 0]);

      await store.close();
      assertEquals([await lifelessSince(), wasAlone], [null, 1]);
    }),
);

postgresTest(
  "a store has one id for good, and who refuses it by that makes nothing",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const seen: (string | null)[] = [];
      const refuse = (id: string | null) => {
        seen.push(id);
        throw new DefinitionError("other_store", "another one");
      };
      const looking = () => openPostgresBeside(address, "default", { verify: refuse });
      await assertRejects(() => openPostgres(address, "default", { verify: refuse }), DefinitionError);
      await assertRejects(looking, DefinitionError);
      await assertRejects(() => beside(address, "select from tenging.migrations"));
      const store = await openPostgres(address, "default", { verify: (id) => void seen.push(id) });
      await store.close();
      await assertRejects(looking, DefinitionError);
      const again = await openPostgres(address, "other");
      await again.close();
      assertEquals(seen, [null, null, null, store.id]);
      assertEquals([again.id, store.id.length], [store.id, 36]);
    }),
);

postgresTest(
  "openPostgres() does nothing more once the session with its lock has broken",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const store = await openPostgres(address, "default");
      await store.savePage("default", "s", "erp", page);
      await beside(
        address,
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objsubid = 2 and granted",
      );
      // The other sessions still work: it is the lock that ends it.
      const other = await openPostgres(address, "default");
      const error = await refused(store.savePage("default", "s", "erp", { ...page, cursor: "c2" }));
      assertEquals([error.code, error.retryable], ["store_lost", true]);
      assertEquals((await other.step("default", "s")).cursors.erp, "c1");
      await other.close();
      await store.close();
    }),
);

postgresTest(
  "a store that a newer version made is refused, to work and to look",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      await (await openPostgres(address, "default")).close();
      const next = migrations.length + 1;
      await beside(address, `insert into tenging.migrations (number, name) values (${next}, 'of the future')`);
      assertEquals((await refused(openPostgres(address, "default"))).code, "store_too_new");
      assertEquals((await refused(openPostgresBeside(address, "default"))).code, "store_too_new");
    }),
);

postgresTest(
  "what the server refuses is said with host and database, and never with the password",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const user = `tenging_${crypto.randomUUID().slice(0, 8)}`;
      await administer(`create role ${user} login password 'of-the-role'`);
      try {
        const cases: readonly (readonly [code: string, address: PostgresAddress])[] = [
          ["store_sign_in_refused", { ...address, password: "hunter2" }],
          ["store_database_missing", { ...address, database: "tenging_not_there" }],
          ["store_unreachable", { ...address, port: 1 }],
          ["store_forbidden", { ...address, user, password: "of-the-role" }],
          ["store_unreachable", { ...address, host: "/nowhere" }],
        ];
        for (const [code, wrong] of cases) {
          const error = await refused(openPostgres(wrong, "default"));
          assertEquals(error.code, code, error.message);
          assertEquals(error.retryable, code === "store_unreachable");
          assertStringIncludes(error.message, `database "${wrong.database}" on "${wrong.host}`);
          for (let one: unknown = error; one instanceof Error; one = one.cause) {
            const said = `${one.message} ${one.stack} ${JSON.stringify(one)}`;
            for (const secret of [wrong.password, database.password]) assert(!said.includes(secret), code);
          }
        }
        // Somebody who may make nothing in the database but owns a schema for it.
        await beside(address, `create schema tenging authorization ${user}`);
        await (await openPostgres({ ...address, user, password: "of-the-role" }, "default")).close();
      } finally {
        await beside(address, `drop owned by ${user}`);
        await administer(`drop role ${user}`);
      }
    }),
);

postgresTest(
  "a database that can't hold all text, or takes no writes, is refused",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const name = `${address.database}_latin`;
      await administer(`create database ${name} template template0 encoding 'LATIN1' locale 'C' locale_provider libc`);
      try {
        assertEquals((await refused(openPostgres({ ...address, database: name }, "default"))).code, "store_unfit");
      } finally {
        await administer(`drop database ${name} with (force)`);
      }
      await administer(`alter database ${address.database} set default_transaction_read_only = on`);
      assertEquals((await refused(openPostgres(address, "default"))).code, "store_unfit");
    }),
);

Deno.test("refuseServer() takes PostgreSQL 15 and later", () => {
  const address = { host: "db.example", port: 5432, database: "sync" } as PostgresAddress;
  refuseServer(address, { version: 150_000, encoding: "UTF8" });
  const error = (() => {
    try {
      refuseServer(address, { version: 140_012, encoding: "UTF8" });
    } catch (error) {
      return error as ServiceError;
    }
  })();
  assertEquals(error?.code, "store_server_too_old");
  assertStringIncludes(error?.message ?? "", "PostgreSQL 14");
});
