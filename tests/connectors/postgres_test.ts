/** Tables of PostgreSQL: what the database refuses, what it chooses itself, and connections that break. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { AnyEntity, Outcome, Write } from "../../connectors/connector.ts";
import { openPostgresTables } from "../../connectors/postgres/client.ts";
import { date, decimal, flag, integer, name, table, text } from "../../connectors/postgres/entities.ts";
import { ServiceError } from "../../errors.ts";
import { connectSocket } from "../../store/postgres_socket.ts";
import { addressOf, postgresTest } from "../postgres.ts";
import { cuttingProxy } from "../process/cutting_proxy.ts";
import { openPostgresWorld, type PostgresWorld } from "./postgres_world.ts";
import { testClock } from "./stub.ts";

const columns = { number: name(9), title: text(60), amount: decimal(2), count: integer(), day: date() };
const things = table("things", columns, { key: "number", deletable: true });
const fields = Object.keys(columns);
const make = `create table things (id text primary key, number varchar(9) not null unique, title varchar(20),
  amount numeric(10, 2), count smallint, day date)`;

function creation(n: number, more: Write["fields"] = {}): Write {
  return { op: "create", id: `id-${n}`, version: null, fields: { number: `N${n}`, title: `Title ${n}`, ...more } };
}
function said(outcome: Outcome | undefined): unknown {
  return outcome?.kind === "refused" ? [outcome.code, outcome.field] : outcome?.kind;
}
async function withTable(sql: string, work: (world: PostgresWorld) => Promise<void>): Promise<void> {
  await using world = await openPostgresWorld();
  for (const statement of sql.split(";;")) await world.sql(statement);
  await work(world);
}

postgresTest(
  "write() of a large batch refuses only what the table refuses, and names the field",
  () =>
    withTable(`${make};; alter table things add check (amount > 0), add check (title <> day::text)`, async (world) => {
      const bad: Readonly<Record<number, Write["fields"]>> = {
        3: { title: "x".repeat(21) },
        77: { count: 40_000 },
        78: { amount: "123456789.5" },
        200: { amount: "-1" },
        401: { title: "nothing \0 at all" },
        402: { title: "half a sign \uD800" },
        500: { number: null },
        777: { number: "N1" },
        998: { title: "2026-01-01", day: "2026-01-01" },
      };
      const writes = Array.from({ length: 1_000 }, (_, n) => creation(n, bad[n]));
      const outcomes = await world.connector.open(things).write(writes, { fields });
      const refused = [...outcomes.entries()].filter(([, { kind }]) => kind !== "ok");
      assertEquals(refused.map(([at, outcome]) => [at, said(outcome)]), [
        [3, ["22001", "title"]],
        [77, ["22003", "count"]],
        [78, ["22003", "amount"]],
        [200, ["23514", "amount"]],
        [401, ["22P05", "title"]],
        [402, ["22P02", "title"]],
        [500, ["23502", "number"]],
        [777, ["23505", "number"]],
        [998, ["23514", undefined]],
      ]);
      assertEquals((await world.sql("select count(*)::int as n from things"))[0]!["n"], 991);
      assertEquals(world.connector.requests().write, 1);
    }),
);

postgresTest("write() leaves to the table what it chooses: defaults, triggers and ids", () =>
  withTable(
    `create table things (id text primary key default gen_random_uuid()::text, number varchar(9) unique not null,
      title text default 'none', amount numeric(12, 4) default 1.5, count int generated always as (7) stored, day date);;
    create function shout() returns trigger language plpgsql as 'begin new.title := upper(new.title); return new; end';;
    create trigger shout before insert or update on things for each row execute function shout()`,
    async (world) => {
      const byKey = table("things", columns, { key: "number", creation: "natural key" });
      const opened = world.connector.open(byKey);
      const create = (number: string, more: Write["fields"] = {}): Write => {
        return { op: "create", id: null, version: null, fields: { number, ...more } };
      };
      const outcomes = await opened.write([
        create("A"),
        create("B", { title: "b", amount: "0.1234" }),
        create("A", { title: "again" }),
      ], { fields });
      assertEquals(outcomes.map(({ kind }) => kind), ["ok", "ok", "exists"]);
      assertEquals(outcomes.map((outcome) => "row" in outcome && outcome.row.data), [
        { number: "A", title: "NONE", amount: "1.5", count: 7, day: null },
        { number: "B", title: "B", amount: "0.1234", count: 7, day: null },
        { number: "A", title: "NONE", amount: "1.5", count: 7, day: null },
      ]);
      const ids = await world.sql("select id from things order by number");
      assertEquals(outcomes.slice(0, 2).map((outcome) => "row" in outcome && outcome.row.id), ids.map(({ id }) => id));
    },
  ));

postgresTest("write() says so where a trigger leaves a row out, and of a row outside the filter", () =>
  withTable(
    `${make};; insert into things (id, number, title) values ('id-9', 'N9', 'out');;
    create function never() returns trigger language plpgsql as
      'begin if new.title = ''never'' then return null; end if; return new; end';;
    create trigger never before insert or update on things for each row execute function never()`,
    async (world) => {
      const opened = world.connector.open(things.where({ title: "in" }));
      const writes = [creation(1, { title: "never" }), creation(2, { title: "in" }), creation(9, { title: "in" })];
      const outcomes = await opened.write(writes, { fields });
      assertEquals(outcomes.map(said), [["write_suppressed", undefined], "ok", ["outside_filter", "number"]]);
      const [, second] = outcomes;
      const row = second?.kind === "ok" ? second.row : null;
      const update: Write = { op: "update", id: "id-2", version: row!.version, fields: { title: "never" } };
      assertEquals(said((await opened.write([update], { fields }))[0]), ["write_suppressed", undefined]);
    },
  ));

postgresTest("write() refuses alone what a constraint would refuse at the commit", () =>
  withTable(
    `${make};; create table lines (thing text references things deferrable initially deferred);;
    alter table things add constraint one_title unique (title) deferrable initially deferred;;
    insert into things (id, number, title) values ('id-1', 'N1', 'a'), ('id-2', 'N2', 'b');; insert into lines values ('id-2')`,
    async (world) => {
      const opened = world.connector.open(things);
      const rows = (await Array.fromAsync(opened.read({ fields }))).flatMap((page) => page.rows);
      const deletions = rows.map(({ id, version }): Write => ({ op: "delete", id, version, fields: {} }));
      const writes = [creation(3, { title: "b" }), creation(4), ...deletions];
      assertEquals((await opened.write(writes, { fields })).map(said), [
        ...[["23505", "title"], "ok", "deleted", ["23503", undefined]],
      ]);
    },
  ));

postgresTest("write() tries a transaction again that met another one", () =>
  withTable(
    `${make};; create sequence tries;;
    create function collide() returns trigger language plpgsql as
      'begin if nextval(''tries'') < 3 then raise exception ''meet'' using errcode = ''40001''; end if; return new; end';;
    create trigger collide before insert on things for each row execute function collide()`,
    async (world) => {
      const outcomes = await world.connector.open(things).write([creation(1)], { fields });
      assertEquals([outcomes.map(said), world.clock.slept.length], [["ok"], 2]);
    },
  ));

postgresTest(
  "read() since a time brings what was committed late, and what has the very time of a page's end",
  () =>
    withTable(
      `create table things (id text primary key, number varchar(9) not null, title text, amount numeric, count int, day date,
      modified_at timestamptz not null);;
    insert into things select 'id-' || n, 'N' || n, 'x', n, n, null, '2026-01-01 10:00:00.123456+00'
      from generate_series(1, 5) n`,
      async (world) => {
        const opened = world.connector.open(things);
        const first = await Array.fromAsync(opened.read({ fields }));
        assertEquals(first.flatMap(({ rows }) => rows).map(({ modifiedAt }) => modifiedAt), [
          ...Array(5).fill("2026-01-01T10:00:00.123456Z"),
        ]);
        await world.sql("insert into things values ('late', 'L', 'x', 1, 1, null, '2026-01-01 09:55:00+00')");
        await world.sql("insert into things values ('gone', 'G', 'x', 1, 1, null, '2026-01-01 09:45:00+00')");
        const since = first.at(-1)!.cursor!;
        const ids = (await Array.fromAsync(opened.read({ fields, since }))).flatMap(({ rows }) =>
          rows.map(({ id }) => id)
        );
        assertEquals(ids, ["late", "id-1", "id-2", "id-3", "id-4", "id-5"]);
        const met = (await Array.fromAsync(opened.read({ fields: [], only: "ids" }))).flatMap((page) => page.met!);
        assert(met.some(({ id, modifiedAt }) => id === "gone" && modifiedAt === "2026-01-01T09:45:00.000000Z"));
        await world.sql("alter table things drop column modified_at");
        const lost = () => Array.fromAsync(openAgain(world).open(things).read({ fields, since }));
        assertEquals((await assertRejects(lost, ServiceError)).code, "cursor_expired");
      },
    ),
);

postgresTest(
  "read() since a reading goes by the database's clock where a row claims a later time",
  () =>
    withTable(
      `${make};; alter table things add modified_at timestamptz not null default clock_timestamp()`,
      async (world) => {
        await world.sql("insert into things (id, number, modified_at) values ('a', 'A', '2999-01-01')");
        const opened = world.connector.open(things);
        const first = await Array.fromAsync(opened.read({ fields }));
        await world.sql("insert into things (id, number) values ('b', 'B')");
        const second = await Array.fromAsync(opened.read({ fields, since: first.at(-1)!.cursor! }));
        assertEquals(second.flatMap(({ rows }) => rows.map(({ id }) => id)), ["b", "a"]);
        await world.sql("insert into things (id, number) values ('c', 'C')");
        const third = await Array.fromAsync(opened.read({ fields, since: second.at(-1)!.cursor! }));
        assertEquals(third.flatMap(({ rows }) => rows.map(({ id }) => id)), ["b", "c", "a"]);
      },
    ),
);

/** The same connector as in another process. */
function openAgain({ database, connector }: PostgresWorld) {
  const address = addressOf(database);
  const again = openPostgresTables({
    ...{ address, name: "it", schema: "public", clock: testClock() },
    socket: () => connectSocket(address, "database"),
  });
  const close = connector.close;
  connector.close = async () => {
    await again.close();
    await close();
  };
  return again;
}

const flags = { ...columns, on: flag() };
const unfit: readonly (readonly [what: string, sql: string, entity: AnyEntity, code: string, said: string])[] = [
  ["a table that is not there", "select 1", things, "table_missing", 'no such table in schema "public"'],
  [
    "a view",
    `${make};; alter table things rename to other;; create view things as select * from other`,
    things,
    "table_missing",
    "no such table",
  ],
  ["a table without a column", make, table("things", flags, { key: "number" }), "column_missing", 'no column "on"'],
  ["ids that are no key", make.replace("primary key", ""), things, "table_unfit", '"id" does not tell rows apart'],
  ["ids that are numbers", make.replace("id text", "id bigint"), things, "table_unfit", '"id" does not tell'],
  ["no ids to choose", make.replace("id text primary key,", ""), things, "table_unfit", 'no column "id"'],
  [
    "keys that can be there twice",
    make.replace("unique", ""),
    table("things", columns, { key: "number", creation: "natural key" }),
    "table_unfit",
    'the same "number"',
  ],
];
for (const [what, sql, entity, code, text] of unfit) {
  postgresTest(`read() refuses ${what}`, () =>
    withTable(sql, async (world) => {
      const read = () => Array.fromAsync(world.connector.open(entity).read({ fields }));
      const error = await assertRejects(read, ServiceError);
      assertEquals(error.code, code, error.message);
      assertStringIncludes(error.message, text);
    }));
}

postgresTest(
  "read() names the record and the field that hold no value of theirs",
  () =>
    withTable(
      `${make.replace("numeric(10, 2)", "text")};; insert into things values ('a', 'N1', '', 'a secret', 1)`,
      async (world) => {
        const error = await assertRejects(
          () => Array.fromAsync(world.connector.open(things).read({ fields })),
          ServiceError,
        );
        assertEquals(error.code, "bad_row");
        assertStringIncludes(error.message, 'record "a" of "public"."things": field "amount" holds no decimal');
        assert(!error.message.includes("secret"));
      },
    ),
);

postgresTest("a connector whose connection breaks says so to all who wait, and goes on with another", () =>
  withTable(
    `${make};; create function die() returns trigger language plpgsql as
      'begin if new.title = ''die'' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end';;
    create trigger die before insert on things for each row execute function die()`,
    async (world) => {
      const opened = world.connector.open(things);
      const lost = await Promise.allSettled([
        opened.write([creation(1), creation(2, { title: "die" })], { fields }),
        ...[3, 4, 5, 6, 7].map((n) => opened.write([creation(n, { title: "die" })], { fields })),
      ]);
      for (const one of lost) {
        if (one.status === "fulfilled") throw new Error(JSON.stringify(one.value));
        assertEquals([one.reason.code, one.reason.retryable], ["database_unreachable", true]);
      }
      assertEquals(await world.sql("select id from things"), []); // nothing was committed
      const outcomes = await opened.write([creation(1), creation(3)], { fields });
      assertEquals(outcomes.map(said), ["ok", "ok"]);
    },
  ));

postgresTest(
  "write() whose commit has no answer is unknown, and recall() tells whether it took effect",
  () =>
    withTable(make, async (world) => {
      const address = addressOf(world.database);
      const proxy = cuttingProxy({ hostname: address.host, port: address.port });
      const through = { ...address, port: proxy.port };
      const connector = openPostgresTables({
        ...{ address: through, name: "the table", schema: "public", clock: testClock() },
        socket: () => connectSocket(through, "database"),
      });
      try {
        const opened = connector.open(things);
        const options = { fields, since: "2026-01-01T00:00:00Z" };
        for (const [n, when] of [[1, "after"], [2, "before"]] as const) {
          proxy.cut(1, when);
          const outcomes = await opened.write([creation(n), creation(n + 10)], { fields });
          assertEquals([outcomes.map(({ kind }) => kind), proxy.hasCut()], [["unknown", "unknown"], true]);
          proxy.rest();
          const [left] = await opened.recall([creation(n)], options);
          assertEquals(left!.map(({ id }) => id), when === "after" ? ["id-1"] : []);
        }
      } finally {
        await connector.close();
        proxy.stop();
      }
    }),
);

postgresTest("a connector that is not let in says why, and shows no password", () =>
  withTable(make, async (world) => {
    const address = addressOf(world.database);
    const cases = [
      [{ ...address, password: "hunter2" }, "sign_in_refused"],
      [{ ...address, port: 1 }, "database_unreachable"],
      [{ ...address, database: "nowhere" }, "sign_in_refused"],
    ] as const;
    for (const [wrong, code] of cases) {
      const connector = openPostgresTables({
        ...{ address: wrong, name: "the table", schema: "public", clock: testClock() },
        socket: () => connectSocket(wrong, "database"),
      });
      const error = await assertRejects(() => connector.identity(), ServiceError);
      assertEquals([error.code, error.service], [code, "postgres"]);
      assert(!error.message.includes("hunter2"));
      await connector.close();
    }
    const role = `reader_${world.database.password.slice(0, 8).replace(/\W/g, "")}`;
    await world.sql(`create role ${role} login password 'reader'`);
    try {
      await world.sql(`grant select on things to ${role}`);
      const reader = { ...address, user: role, password: "reader" };
      const connector = openPostgresTables({
        ...{ address: reader, name: "the table", schema: "public", clock: testClock() },
        socket: () => connectSocket(reader, "database"),
      });
      const opened = connector.open(things);
      assertEquals((await Array.fromAsync(opened.read({ fields }))).flatMap(({ rows }) => rows), []);
      const error = await assertRejects(() => opened.write([creation(1)], { fields }), ServiceError);
      assertEquals(error.code, "database_forbidden");
      await connector.close();
    } finally {
      await world.sql(`drop owned by ${role}`);
      await world.sql(`drop role ${role}`);
    }
  }));
