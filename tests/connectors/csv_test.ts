/** A folder of CSV files: what files look like, what is wrong with them, and what a write leaves. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { bc } from "../../connectors/business_central/entities.ts";
import type { AnyEntity, Fields, Write } from "../../connectors/connector.ts";
import { openCsvFolder } from "../../connectors/csv/client.ts";
import { decimal, name, table, text } from "../../connectors/postgres/entities.ts";
import { ServiceError } from "../../errors.ts";
import { type CsvWorld, openCsvWorld } from "./csv_world.ts";
import { testClock } from "./stub.ts";

const columns = { number: name(10), title: text(60), limit: decimal(2) };
const things = table("things", columns, { key: "number", creation: "natural key" });
const fields = Object.keys(columns);

async function rows(world: CsvWorld, entity: AnyEntity = things, wanted = fields): Promise<readonly Fields[]> {
  const pages = await Array.fromAsync(world.connector.open(entity).read({ fields: wanted }));
  return pages.flatMap((page) => page.rows.map(({ data }) => data));
}
function put(world: CsvWorld, text: string, file = "things"): Promise<void> {
  return Deno.writeTextFile(`${world.dir}/${file}.csv`, text);
}
function creation(number: string, title: string): Write {
  return { op: "create", id: null, version: null, fields: { number, title } };
}

const texts: Readonly<Record<string, string>> = {
  "a byte order mark, CR LF and no end": "\uFEFFtitle,number,limit\r\nÞórr,1,1.50\r\nb,2,",
  "LF, empty lines and a column that is not known": "number,more,title,limit\n\n1,?,Þórr,1.5\n\n2,,b,\n\n",
  "quotes that nobody needs": '"number","title","limit"\n"1","Þórr","1.5"\n"2","b",""\n',
};
for (const [what, text] of Object.entries(texts)) {
  Deno.test(`read() takes a file with ${what}`, async () => {
    await using world = await openCsvWorld();
    await put(world, text);
    assertEquals(await rows(world), [
      { number: "1", title: "Þórr", limit: "1.5" },
      { number: "2", title: "b", limit: null },
    ]);
  });
}

Deno.test("read() takes cells with commas, quotes and line breaks, and columns that are not there for blank", async () => {
  await using world = await openCsvWorld();
  await put(world, 'title,number\r\n"a, ""b""\r\n\r\nc",1\r\n"""",2\r\n');
  assertEquals(await rows(world), [
    { number: "1", title: 'a, "b"\r\n\r\nc', limit: null },
    { number: "2", title: '"', limit: null },
  ]);
});

const faults: Readonly<Record<string, readonly [text: string | null, code: string, said: string]>> = {
  "a value that its field does not take": ["number,limit\n1,2\n\n2,much\n", "bad_row", 'line 4: field "limit"'],
  "a blank id": ["number,limit\n1,2\n,3\n", "bad_row", 'line 3: field "number" is blank'],
  "an id that is there twice": ['number,title\n1,"a\nb"\n1,c\n', "bad_row", 'line 4: field "number" is that of a line'],
  "a line that is too short": ["number,limit\n1,2\n2\n", "file_malformed", "line 3: it has 1 cells under 2 columns"],
  "a quote in a bare cell": ['number,title\n1,a"b"c\n', "file_malformed", "line 2: a quote"],
  "a quote that is not closed": ['number,title\n1,"a\n2,b\n', "file_malformed", "line 2: a quote is never closed"],
  "a column twice": ["number,title,title\n", "file_malformed", 'its header has "title" twice'],
  "neither ids nor keys": ["title\na\n", "column_missing", 'no column "number"'],
  "nothing in it": ["", "column_missing", 'no column "number"'],
  "no file": [null, "file_missing", "there is no such file"],
};
for (const [what, [text, code, said]] of Object.entries(faults)) {
  Deno.test(`read() refuses ${what}, and names file and line`, async () => {
    await using world = await openCsvWorld();
    if (text !== null) await put(world, text);
    const error = await assertRejects(() => rows(world), ServiceError);
    assertEquals(error.code, code);
    assertStringIncludes(error.message, `${world.dir}/things.csv"`);
    assertStringIncludes(error.message, said);
    assert(!error.message.includes("much"), "it shows no value");
  });
}

Deno.test("read() gives Business Central's own handles from an export", async () => {
  await using world = await openCsvWorld();
  await put(world, "code,displayName,email\nHJ,Hulda,hj@company.example\n", "salespeoplePurchasers");
  await put(world, "number,displayName,creditLimit,currencyCode\nK1,Árvakur,1.50,\n", "customers");
  assertEquals(await rows(world, bc.salespeople.where({ blocked: false }), ["code", "email", "phoneNo", "blocked"]), [
    { code: "HJ", email: "hj@company.example", phoneNo: null, blocked: false },
  ]);
  assertEquals(await rows(world, bc.customers, ["displayName", "creditLimit", "currencyCode", "blocked"]), [
    { displayName: "Árvakur", creditLimit: "1.5", currencyCode: null, blocked: " " },
  ]);
  assertEquals(
    assertThrows(() => world.connector.open(bc.salesOrders, bc.salesOrderLines), ServiceError).code,
    "no_documents",
  );
});

Deno.test("write() keeps what it does not know, and leaves nothing beside the file", async () => {
  await using world = await openCsvWorld();
  await put(world, 'more,number,title\r\n"x, y",1,a\r\n,2,b\r\n');
  const opened = world.connector.open(things);
  const [first] = (await Array.fromAsync(opened.read({ fields }))).flatMap((page) => page.rows);
  const outcomes = await opened.write([
    { op: "update", id: "1", version: first!.version, fields: { title: 'new "one"' } },
    creation("3", "line\nbreak"),
  ], { fields });
  assertEquals(outcomes.map(({ kind }) => kind), ["ok", "ok"]);
  const text = await Deno.readTextFile(`${world.dir}/things.csv`);
  assertEquals(text, 'more,number,title\r\n"x, y",1,"new ""one"""\r\n,2,b\r\n,3,"line\nbreak"\r\n');
  const names = [...Deno.readDirSync(world.dir)].map((entry) => entry.name).toSorted();
  assertEquals(names, ["things.csv", "things.csv.lock"]);
  const before = (await Deno.stat(`${world.dir}/things.csv`)).ino;
  await opened.write([creation("1", "is there")], { fields });
  assertEquals((await Deno.stat(`${world.dir}/things.csv`)).ino, before); // nothing to write: the file stays
});

Deno.test("write() of many at once, through two connectors, loses nothing", async () => {
  await using world = await openCsvWorld();
  await put(world, "number,title\r\n");
  const other = openCsvFolder({ dir: world.dir, clock: testClock() });
  const batches = Array.from({ length: 8 }, (_, at) =>
    (at % 2 === 0 ? world.connector : other).open(things)
      .write(Array.from({ length: 20 }, (_, n) => creation(`${at}-${n}`, "x")), { fields }));
  assertEquals((await Promise.all(batches)).flat().filter(({ kind }) => kind === "ok").length, 160);
  assertEquals((await rows(world)).length, 160);
});

Deno.test("write() refuses an id that would change, a key that is blank, and what has no column", async () => {
  await using world = await openCsvWorld();
  await put(world, "number,title\r\n1,a\r\n");
  const opened = world.connector.open(things);
  const [row] = (await Array.fromAsync(opened.read({ fields }))).flatMap((page) => page.rows);
  const outcomes = await opened.write([
    { op: "update", id: "1", version: row!.version, fields: { number: "2" } },
    { op: "create", id: null, version: null, fields: { title: "no number" } },
    creation("4", "first"),
    creation("4", "second"),
  ], { fields });
  assertEquals(outcomes.map((one) => one.kind === "refused" ? one.field : one.kind), [
    "number",
    "number",
    "ok",
    "exists",
  ]);
  const wide: Write = { ...creation("5", "e"), fields: { number: "5", limit: "1" } };
  const error = await assertRejects(() => opened.write([wide], { fields }), ServiceError);
  assertEquals([error.code, (await rows(world)).map(({ number }) => number)], ["column_missing", ["1", "4"]]);
  const chosen = world.connector.open(table("things", columns, { key: "number" }));
  const byId: Write = { ...creation("6", "f"), id: "some-id" };
  assertEquals((await assertRejects(() => chosen.write([byId], { fields }), ServiceError)).code, "column_missing");
});

Deno.test("write() tells a record outside the filter that has the key", async () => {
  await using world = await openCsvWorld();
  await put(world, "number,title\r\n1,out\r\n");
  const [outcome] = await world.connector.open(things.where({ title: "in" })).write([creation("1", "in")], { fields });
  assertEquals(outcome?.kind === "refused" && [outcome.code, outcome.field], ["outside_filter", "number"]);
});

Deno.test({
  name: "write() says which permission a folder lacks",
  permissions: { read: true, write: false },
  async fn() {
    const connector = openCsvFolder({ dir: "/exports", clock: testClock() });
    const error = await assertRejects(
      () => connector.open(things).write([creation("1", "a")], { fields }),
      ServiceError,
    );
    assertEquals(error.code, "file_unusable");
    assertStringIncludes(error.message, 'deno.json does not permit it; add the folder to "read" and "write"');
  },
});
