/** What an older version kept is still there after the next one has brought the tables up to date. */
import { assertEquals, assertRejects } from "@std/assert";
import { sql } from "kysely";
import { migrate, migrations } from "../../store/migrations/mod.ts";
import { openPostgres } from "../../store/postgres.ts";
import { openLink, schema } from "../../store/postgres_link.ts";
import { change, coupling, record } from "../conformance/rows.ts";
import { addressOf, postgresTest, withDatabase } from "../postgres.ts";

/** What {@link record}, {@link coupling} and {@link change} give, as the first version of the tables has it. */
const rows = [
  `insert into steps (connection, step, cursor_erp) values ('c', 's', 'c1')`,
  `insert into records (connection, step, side, id, key, label, data, version, modified_at, fingerprint, state)
    values ('c', 's', 'erp', 'a', 'K-a', 'Label a',
      '{"name": "a", "city": null, "amount": "12.50", "blocked": false, "state": 3}', '1', '2026-01-02T03:04:05Z',
      'f-a', 'present')`,
  `insert into couplings (connection, step, erp_id, crm_id, state, base, seen_erp, seen_crm, definition, how, dirty)
    values ('c', 's', 'a', 'x', 'coupled', '{"erp": {"name": "a"}, "crm": {"name": "x"}}', 'f-a', 'f-x', 'd1',
      'match name', true)`,
  `insert into changes (connection, id, run, step, side, op, source, after, before, basis, state, reasons, attempts, at)
    values ('c', '1', 'r1', 's', 'crm', 'insert', 'a', '{"name": "new"}', '{"name": null}', '{"name": "b"}',
      'intended', '[]', 0, '2026-01-02T03:04:05Z')`,
];

postgresTest(
  "a store of before sweeps, notes and decisions is brought up to date as it is",
  () =>
    withDatabase(async (database) => {
      const address = addressOf(database);
      const old = await openLink(address, { sessions: 1 });
      await sql`create schema ${sql.id(schema)}`.execute(old.db);
      await migrate(old.db, migrations.slice(0, 2));
      for (const row of rows) await sql.raw(row).execute(old.db);
      await old.close();

      const store = await openPostgres(address, "c");
      const { cursors, swept, whole } = await store.step("c", "s");
      assertEquals([cursors.erp, swept, whole], ["c1", { erp: null, crm: null }, { erp: null, crm: null }]);
      assertEquals(await store.pairs("c", "s", { definition: "d1", limit: 9 }), [
        { coupling: coupling("a", "x"), erp: record("a"), crm: null },
      ]);
      assertEquals(await store.changes("c", { states: ["intended"] }, { limit: 9 }), [change("1", "a")]);
      await store.save("c", "s", { changes: [change("2", "a", { state: "noted" })] });
      assertEquals((await store.changes("c", { states: ["closed"] }, { limit: 9 })).length, 1);
      await store.close();
    }),
);

postgresTest(
  "a migration that breaks off leaves the tables as they were, and is made whole the next time",
  () =>
    withDatabase(async (database) => {
      const link = await openLink(addressOf(database), { sessions: 1 });
      await sql`create schema ${sql.id(schema)}`.execute(link.db);
      const known = migrations.slice(0, 2);
      await migrate(link.db, known);
      const next = { number: 3, name: "next", statements: ["alter table steps add extra int", "select 1 / 0"] };
      await assertRejects(() => migrate(link.db, [...known, next]), Error, "division by zero");
      const columns = async () =>
        (await sql<{ at: number; extra: number }>`
          select (select max(number) from migrations) as at, (select count(*)::int from information_schema.columns
            where table_name = 'steps' and column_name = 'extra') as extra`.execute(link.db)).rows;
      assertEquals(await columns(), [{ at: 2, extra: 0 }]);
      await migrate(link.db, [...known, { ...next, statements: next.statements.slice(0, 1) }]);
      assertEquals(await columns(), [{ at: 3, extra: 1 }]);
      await link.close();
    }),
);
