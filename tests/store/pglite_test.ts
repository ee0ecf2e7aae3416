import { assert, assertEquals, assertRejects } from "@std/assert";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect } from "kysely";
import { ServiceError } from "../../errors.ts";
import { migrate, migrations } from "../../store/migrations/mod.ts";
import { openPglite } from "../../store/pglite.ts";
import { storeSuite } from "../conformance/store.ts";

// One database for all tests: each takes 300 MB and a second. It starts beside what a stopped first start left.
const root = await Deno.makeTempDir();
const dir = `${root}/home/store`;
await Deno.mkdir(`${dir}.new/base`, { recursive: true });
await Deno.writeTextFile(`${dir}.new/PG_VERSION`, "half");
let store = await openPglite(dir);
Deno.test.afterAll(async () => {
  await store.close();
  await Deno.remove(root, { recursive: true });
});

storeSuite("openPglite()", () => Promise.resolve({ store, close: () => Promise.resolve() }));

const record = {
  id: "a",
  key: null,
  label: null,
  data: { name: "Þórr" },
  version: "1",
  modifiedAt: null,
  fingerprint: "f",
  frozen: null,
  mergedInto: null,
  state: "present",
} as const;

Deno.test("openPglite() keeps neither records nor cursor of a page that the database refuses", async () => {
  const broken = { ...record, id: "b", version: null as never };
  const page = { run: "r1", records: [record, broken], deleted: [], left: [], cursor: "lost" };
  const error = await assertRejects(() => store.savePage("refused", "s", "erp", page), ServiceError);
  assertEquals([error.service, error.code], ["store", "store_failed"]);
  assertEquals(await store.records("refused", "s", "erp", { ids: ["a", "b"] }, { limit: 9 }), []);
  assertEquals(await store.steps("refused"), []);
});

Deno.test("openPglite() makes its folder whole or not at all", async () => {
  const names = (await Array.fromAsync(Deno.readDir(`${root}/home`))).map((entry) => entry.name).sort();
  assertEquals(names, ["store", "store.lock"]);
});

Deno.test("openPglite() refuses a folder that is open and names the process", async () => {
  const error = await assertRejects(() => openPglite(dir), ServiceError);
  assertEquals([error.service, error.code], ["store", "store_locked"]);
  assert(error.message.includes(`process ${Deno.pid} holds it`), error.message);
});

Deno.test("openPglite() finds everything after a stop without close, and after a close", async () => {
  await store.savePage("kept", "s", "erp", { run: "r1", records: [record], deleted: [], left: [], cursor: "c1" });
  const first = { number: 1, holder: "one" };
  await store.save("kept", "new", { lease: first });
  for (const id of ["a", "b"]) {
    const read = {
      records: [{ ...record, id }],
      keys: [{ id, fingerprint: "f", keys: [id], made: "d1", agrees: null }],
    };
    await store.savePage("kept", "new", "crm", {
      run: "r1",
      isNew: true,
      lease: first,
      ...read,
      deleted: [],
      left: [],
    });
  }
  // That a reading is complete waits for all that was written before it.
  const end = { records: [], deleted: [], left: [], swept: "2026-01-01T00:00:00.000Z" };
  await store.savePage("kept", "new", "crm", { run: "r1", isNew: true, lease: first, ...end });
  await copy(dir, `${root}/stopped`);
  await store.close();
  for (const folder of [`${root}/stopped`, dir]) {
    const again = await openPglite(folder);
    try {
      assertEquals(await again.records("kept", "s", "erp", { ids: ["a"] }, { limit: 1 }), [record]);
      assertEquals((await again.step("kept", "s")).cursors.erp, "c1");
      assertEquals((await again.records("kept", "new", "crm", { uncoupled: true }, { limit: 9 })).length, 2);
      // What they are matched by goes with a process that stops, and is made again.
      const unkeyed = { unkeyed: { groups: 1, made: "d1" } };
      const made = await again.records("kept", "new", "crm", unkeyed, { limit: 9 });
      assertEquals(made.length, folder === dir ? 0 : 2);
    } finally {
      await again.close();
    }
  }
  const db = new Kysely<unknown>({ dialect: new PGliteDialect({ pglite: await PGlite.create(dir) }) });
  try {
    const tooNew = await assertRejects(() => migrate(db, []), ServiceError);
    assertEquals(tooNew.code, "store_too_new");
    const next = {
      number: migrations.length + 1,
      name: "broken",
      statements: ["create table half (id int)", "nonsense"],
    };
    await assertRejects(() => migrate(db, [...migrations, next]));
    const good = { ...next, statements: ["create table half (id int)", "drop table half"] };
    await migrate(db, [...migrations, good]);
  } finally {
    await db.destroy();
  }
  const refused = await assertRejects(() => openPglite(dir), ServiceError);
  assertEquals(refused.code, "store_too_new");
  // The refusal gave the lock back.
  store = await openPglite(`${root}/stopped`);
});

Deno.test("migrations are numbered from 1 without gaps", () => {
  assertEquals(migrations.map((migration) => migration.number), migrations.map((_, index) => index + 1));
});

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
