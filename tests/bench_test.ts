/** The benchmark's own judgement: what makes a line void, when a goal holds, how it is told. No time is measured here. */
import { assertEquals, assertThrows } from "@std/assert";
import { wrongCounts } from "../bench/product.ts";
import { failed, json, judged, median, type Result, table } from "../bench/results.ts";
import { changeCustomers, changedPhone, fillWorld } from "../bench/world.ts";
import { startSandbox } from "../sandbox/mod.ts";

const line = { name: "first sync", unit: "s", against: "limit 3 s", size: "200 customers" };

Deno.test.each(
  [
    { sign: ">=", value: 6, ratio: 0.5, of: 0.55, holds: false },
    { sign: ">=", value: 5, ratio: 0.55, of: 0.55, holds: true },
    { sign: "<=", value: 9, ratio: 1, of: 1, holds: true },
    { sign: "<=", value: 0.1, ratio: 1.01, of: 1, holds: false },
    { sign: "<=", value: 400, ratio: null, of: 400, holds: true },
    { sign: "<=", value: 401, ratio: null, of: 400, holds: false },
  ] as const,
)("judged() takes $value, ratio $ratio, $sign $of for $holds", ({ sign, value, ratio, of, holds }) => {
  const { holds: found, goal } = judged({ ...line, value, ratio }, { sign, of });
  assertEquals([found, goal], [holds, `${sign} ${of}`]);
});

Deno.test("judged() makes a line void where something was wrong, and where it has no number", () => {
  const goal = { sign: "<=", of: 1 } as const;
  assertEquals(judged({ ...line, value: 1, ratio: 0.5 }, goal, "9 couplings instead of 10").holds, null);
  const { holds, why } = judged({ ...line, value: 1, ratio: NaN }, goal);
  assertEquals([holds, why], [null, "it gave no number"]);
});

Deno.test("wrongCounts() names each count that is not what it must be", () => {
  assertEquals(wrongCounts([["couplings", 10, 10], ["records", 20, 20]]), null);
  assertEquals(
    wrongCounts([["couplings", 9, 10], ["records", 20, 20], ["changes", NaN, 0]]),
    "9 couplings instead of 10, NaN changes instead of 0",
  );
});

Deno.test("median() is the middle one, also of numbers that text would order otherwise", () => {
  assertEquals(median([100, 9, 20]), 20);
  assertEquals(median([4]), 4);
  assertThrows(() => median([]), RangeError);
});

const results: readonly Result[] = [
  judged({ ...line, value: 3.14159, ratio: 0.9549 }, { sign: ">=", of: 0.55 }),
  judged({ ...line, name: "report", value: 151.4, unit: "MB", against: "", ratio: null }, { sign: "<=", of: 150 }),
  judged({ ...line, name: "full run", value: 3, ratio: 1 }, { sign: "<=", of: 1 }, "9 records instead of 10"),
  failed("start", new Error("Cannot measure: it ended with 1")),
];

Deno.test("table() has a line for each result, and the reason of each that is void below", () => {
  assertEquals(table(results).split("\n"), [
    "name        size           value   against    ratio  goal     holds",
    "first sync  200 customers  3.14 s  limit 3 s  0.955  >= 0.55  yes",
    "report      200 customers  151 MB                    <= 150   NO",
    "full run    200 customers  3 s     limit 3 s  1      <= 1     VOID",
    "start                      –                                  VOID",
    "full run: 9 records instead of 10",
    "start: Cannot measure: it ended with 1",
  ]);
});

Deno.test("json() has the results as they are, and null for what is no number", () => {
  const [first, , third, last] = JSON.parse(json(results));
  assertEquals(first, { ...line, value: 3.14159, ratio: 0.9549, goal: ">= 0.55", holds: true });
  assertEquals([third.holds, third.why, last.value], [null, "9 records instead of 10", null]);
});

Deno.test("the world has a pair for each customer that says the same on both sides, and other values for another seed", async () => {
  const worlds: string[][] = [];
  for (const seed of [1, 1, 2]) {
    const dir = await Deno.makeTempDir();
    const sandbox = await startSandbox({ dir });
    try {
      fillWorld(sandbox, { customers: 300, seed });
      changeCustomers(sandbox, { count: 100, round: 7 });
      const customers = [...sandbox.erp.table("customers").all()];
      const accounts = [...sandbox.crm.table("accounts").all()];
      assertEquals(accounts.map((row) => row["accountnumber"]), customers.map((row) => row["number"]));
      assertEquals(accounts.map((row) => row["name"]), customers.map((row) => row["displayName"]));
      const changed = customers.filter((row) => String(row["phoneNumber"]).startsWith(changedPhone(7)));
      assertEquals(changed.length, 100);
      assertEquals(new Set(changed.map((row) => row["phoneNumber"])).size, 100);
      assertEquals(new Set([...customers, ...accounts].map(({ id }) => id)).size, 600);
      worlds.push(accounts.map(({ id, telephone1 }) => `${id} ${telephone1}`));
    } finally {
      await sandbox.stop();
      await Deno.remove(dir, { recursive: true });
    }
  }
  assertEquals(worlds[0], worlds[1]);
  assertEquals(worlds[0]!.filter((row, at) => row === worlds[2]![at]), []);
});
