import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { openTables, type Row } from "../../sandbox/tables.ts";

const rank = (row: Row) => Number(row["n"]);

Deno.test("from() finds the rows of that rank and above as looking at all of them does, whatever changed", () => {
  const change = fc.record({ id: fc.integer({ min: 0, max: 30 }), n: fc.option(fc.integer({ min: 0, max: 9 })) });
  const dir = Deno.makeTempDirSync();
  const tables = openTables(`${dir}/a.journal`);
  let round = 0;
  fc.assert(fc.property(fc.array(fc.array(change)), (steps) => {
    const table = tables.table(`t${++round}`);
    for (const step of steps) {
      for (const { id, n } of step) {
        if (n === null) table.delete(String(id));
        else table.put({ id: String(id), n });
      }
      for (const least of [0, 5, 9, 10]) {
        const all = [...table.after(0)].filter(([, row]) => rank(row) >= least);
        assertEquals(table.from(rank, least), all);
      }
    }
  }));
  tables.close();
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("from() follows so many changes that all are put in order anew, and rows without a rank", () => {
  const dir = Deno.makeTempDirSync();
  const tables = openTables(`${dir}/a.journal`);
  const table = tables.table("t");
  const put = (add: number) =>
    tables.transaction(() => {
      for (let at = 0; at < 5000; at++) table.put({ id: String(at), n: at + add });
    });
  put(0);
  table.put({ id: "none" });
  assertEquals(table.from(rank, 4998).map(([, { id }]) => id), ["4998", "4999"]);
  put(5000);
  assertEquals(table.from(rank, 9998).map(([, { id }]) => id), ["4998", "4999"]);
  assertEquals(table.from(rank, 5000).length, 5000);
  tables.close();
  Deno.removeSync(dir, { recursive: true });
});
