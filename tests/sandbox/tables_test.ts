import { assertEquals, assertThrows } from "@std/assert";
import { openTables } from "../../sandbox/tables.ts";

function inFolder(test: (file: string) => void): () => void {
  return () => {
    const dir = Deno.makeTempDirSync();
    try {
      test(`${dir}/a.journal`);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  };
}

Deno.test(
  "openTables() gives back what was there, in order, after a reopening",
  inFolder((file) => {
    const tables = openTables(file);
    tables.table("a").put({ id: "1", n: 1 });
    tables.table("a").put({ id: "2", n: 2 });
    tables.table("a").put({ id: "3", n: 3 });
    tables.table("a").put({ id: "1", n: 10 });
    tables.table("a").delete("2");
    tables.table("b").put({ id: "x", text: "Þórður" });
    tables.close();
    const again = openTables(file);
    assertEquals([...again.table("a").all()], [{ id: "1", n: 10 }, { id: "3", n: 3 }]);
    assertEquals(again.table("b").get("x"), { id: "x", text: "Þórður" });
    assertEquals(again.table("a").get("2"), undefined);
    again.close();
  }),
);

Deno.test(
  "openTables() cuts off a torn last line and goes on behind it",
  inFolder((file) => {
    const tables = openTables(file);
    tables.table("a").put({ id: "1" });
    tables.close();
    Deno.writeTextFileSync(file, '{"changes":[["a",2,{"id":"2"', { append: true });
    const again = openTables(file);
    again.table("a").put({ id: "3" });
    again.close();
    const last = openTables(file);
    assertEquals([...last.table("a").all()].map((row) => row.id), ["1", "3"]);
    last.close();
  }),
);

Deno.test(
  "transaction() takes half a line away that a full disk leaves, or refuses what would come behind it",
  inFolder((file) => {
    const { writeSync, truncateSync } = Deno.FsFile.prototype;
    const full = (): never => {
      throw new Error("the disk is full");
    };
    const tables = openTables(file);
    const add = (id: string) => tables.table("a").put({ id });
    const ids = () => [...tables.table("a").all()].map((row) => row.id);
    add("1");
    try {
      Deno.FsFile.prototype.writeSync = function (bytes) {
        Deno.FsFile.prototype.writeSync = full;
        return writeSync.call(this, bytes.subarray(0, 5));
      };
      assertThrows(() => add("2"), Error, "disk is full");
      Deno.FsFile.prototype.writeSync = writeSync;
      add("3");
      assertEquals(ids(), ["1", "3"]);
      const before = Deno.readTextFileSync(file);
      const again = openTables(file);
      assertEquals([...again.table("a").all()].map((row) => row.id), ["1", "3"]);
      again.close();

      Deno.FsFile.prototype.writeSync = Deno.FsFile.prototype.truncateSync = full;
      assertThrows(() => add("4"), Error, "disk is full");
      [Deno.FsFile.prototype.writeSync, Deno.FsFile.prototype.truncateSync] = [writeSync, truncateSync];
      assertThrows(() => add("5"), Error, "an earlier one broke off");
      assertEquals([ids(), Deno.readTextFileSync(file)], [["1", "3"], before]);
    } finally {
      [Deno.FsFile.prototype.writeSync, Deno.FsFile.prototype.truncateSync] = [writeSync, truncateSync];
      tables.close();
    }
  }),
);

Deno.test(
  "openTables() drops a long transaction whose last line is missing",
  inFolder((file) => {
    const tables = openTables(file);
    tables.table("a").put({ id: "before" });
    tables.transaction(() => {
      for (let n = 0; n < 5000; n++) tables.table("a").put({ id: `row ${n}` });
    });
    tables.close();
    const lines = Deno.readTextFileSync(file).trimEnd().split("\n");
    assertEquals(lines.length, 4); // one change, then one transaction of 2,000 + 2,000 + 1,000
    Deno.writeTextFileSync(file, lines.slice(0, 3).join("\n") + "\n");
    const again = openTables(file);
    assertEquals([...again.table("a").all()], [{ id: "before" }]);
    again.close();
    assertEquals(Deno.readTextFileSync(file), lines[0] + "\n");
  }),
);

Deno.test(
  "Tables.transaction() undoes everything when it throws, and only the inner part of a nested one",
  inFolder((file) => {
    const tables = openTables(file);
    const table = tables.table("a");
    table.put({ id: "1", n: 1 });
    table.where("n", 1); // an index that has to follow
    assertThrows(() =>
      tables.transaction(() => {
        table.put({ id: "1", n: 2 });
        table.delete("1");
        table.put({ id: "2", n: 2 });
        throw new Error("no");
      })
    );
    tables.transaction(() => {
      table.put({ id: "3", n: 3 });
      assertThrows(() =>
        tables.transaction(() => {
          table.put({ id: "4", n: 4 });
          throw new Error("no");
        })
      );
      table.put({ id: "5", n: 3 });
    });
    const expected = [{ id: "1", n: 1 }, { id: "3", n: 3 }, { id: "5", n: 3 }];
    assertEquals([...table.all()], expected);
    assertEquals(table.where("n", 3).map((row) => row.id), ["3", "5"]);
    assertEquals(table.where("n", 2), []);
    tables.close();
    const again = openTables(file);
    assertEquals([...again.table("a").all()], expected);
    again.close();
  }),
);

Deno.test(
  "Tables.onCommit() is told once for each transaction, when its line is in the file",
  inFolder((file) => {
    const tables = openTables(file);
    const seen: number[] = [];
    tables.onCommit(() => seen.push(Deno.readTextFileSync(file).trimEnd().split("\n").length));
    tables.table("a").put({ id: "1" });
    tables.transaction(() => {
      tables.table("a").put({ id: "2" });
      tables.table("a").put({ id: "3" });
    });
    tables.transaction(() => {});
    assertEquals(seen, [1, 2]);
    tables.close();
  }),
);

Deno.test(
  "Table.where() finds text in any case, and follows changes",
  inFolder((file) => {
    const tables = openTables(file);
    const table = tables.table("a");
    table.put({ id: "1", code: "Box" });
    assertEquals(table.where("code", "BOX").length, 1);
    table.put({ id: "1", code: "Crate" });
    table.put({ id: "2", code: "box" });
    assertEquals(table.where("code", "BOX").map((row) => row.id), ["2"]);
    assertEquals(table.where("none", null).length, 2);
    tables.close();
  }),
);

Deno.test(
  "Table.after() goes on behind a place, whatever was changed or deleted meanwhile",
  inFolder((file) => {
    const tables = openTables(file);
    const table = tables.table("a");
    for (const id of ["1", "2", "3", "4"]) table.put({ id });
    const [place] = [...table.after(0)][1]!;
    table.put({ id: "1", changed: true });
    table.delete("2");
    table.delete("3");
    table.put({ id: "5" });
    assertEquals([...table.after(place)].map(([, row]) => row.id), ["4", "5"]);
    tables.close();
  }),
);

Deno.test(
  "openTables() rewrites a journal of mostly old changes, keeping places",
  inFolder((file) => {
    const tables = openTables(file);
    const table = tables.table("a");
    for (const id of ["1", "2", "3"]) table.put({ id });
    for (let n = 0; n < 1100; n++) table.put({ id: "2", n });
    table.delete("1");
    const places = [...table.after(0)];
    tables.close();
    const before = Deno.statSync(file).size;
    const again = openTables(file);
    assertEquals([...again.table("a").after(0)], places);
    again.close();
    assertEquals(Deno.statSync(file).size < before / 100, true);
  }),
);
