import { assertEquals } from "@std/assert";
import { openLog } from "../../sandbox/log.ts";

const entry = {
  at: "2026-01-01T00:00:00.000Z",
  service: "dataverse",
  method: "GET",
  path: "/x",
  entity: "accounts",
  operation: "read",
  status: 200,
  rows: 1,
  innerReads: 0,
  innerWrites: 0,
} as const;

Deno.test("openLog() numbers on after a restart, a torn line and a clearing", () => {
  const dir = Deno.makeTempDirSync();
  const file = `${dir}/requests.jsonl`;
  const log = openLog(file);
  log.add(entry);
  log.add({ ...entry, fault: "503" });
  log.close();
  Deno.writeTextFileSync(file, '{"n":3,"at', { append: true });
  const again = openLog(file);
  again.add(entry);
  assertEquals(again.since(0).map(({ n }) => n), [1, 2, 3]);
  assertEquals(again.since(2), [{ n: 3, ...entry }]);
  assertEquals(again.since(3), []);
  assertEquals(Deno.readTextFileSync(file).trimEnd().split("\n").length, 3);
  again.clear();
  again.add(entry);
  assertEquals(again.since(0).map(({ n }) => n), [4]);
  assertEquals(JSON.parse(Deno.readTextFileSync(file)), { n: 4, ...entry });
  again.close();
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("openLog() numbers on after a log that was set aside", () => {
  const dir = Deno.makeTempDirSync();
  const file = `${dir}/requests.jsonl`;
  const log = openLog(file);
  log.add(entry);
  log.add({ ...entry, path: "/".repeat(16 * 1024 * 1024) });
  log.close();
  openLog(file).close();
  const again = openLog(file); // the new file has no entry yet
  again.add(entry);
  assertEquals(again.since(0).map(({ n }) => n), [3]);
  again.close();
  Deno.removeSync(dir, { recursive: true });
});
