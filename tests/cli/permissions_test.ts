import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readConfiguration } from "../../cli/configuration.ts";
import { isInside, permissionLine } from "../../cli/permissions.ts";
import { refuseUnreachable } from "../../cli/services.ts";
import { DefinitionError } from "../../errors.ts";

const text = `{
  "tasks": {
    "sync": { "command": "deno run -P=sync main.ts sync" }
  },
  "permissions": {
    "check": { "read": true, "write": [".tenging"], "net": ["127.0.0.1"] },
    "sync": {
      "read": true,
      "write": [".tenging"]
    },
    "graph": { "read": true }
  }
}`;
const lines: readonly (readonly [set: string, permission: string, line: number | null])[] = [
  ["check", "write", 6],
  ["check", "net", 6],
  ["sync", "write", 9],
  ["sync", "net", 7],
  ["graph", "write", 11],
  ["status", "write", null],
];
for (const [set, permission, line] of lines) {
  Deno.test(`permissionLine() finds "${permission}" of "${set}"`, () => {
    assertEquals(permissionLine(text, set, permission), line);
  });
}

Deno.test("permissionLine() finds every set that a task of this project uses", async () => {
  const text = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  for (const set of ["sync", "check", "status", "report", "serve", "sandbox"]) {
    const line = permissionLine(text, set, "write");
    assertEquals(text.split("\n")[(line ?? 0) - 1]?.includes(`"write": [`), true);
  }
});

const paths: readonly (readonly [path: string, isIn: boolean])[] = [
  ["/a/.tenging", true],
  ["/a/.tenging/b/c", true],
  ["/a/.tenging-other", false],
  ["/a", false],
  ["/a/.tenging/..b", true],
];
for (const [path, isIn] of paths) {
  Deno.test(`isInside() takes "${path}" for ${isIn ? "a part" : "no part"} of "/a/.tenging"`, () => {
    assertEquals(isInside(path, "/a/.tenging"), isIn);
  });
}

Deno.test({
  name: "refuseUnreachable() names the database of a connection, and where to permit it",
  permissions: { net: ["127.0.0.1"], read: true },
  fn() {
    const project = { dir: new URL("../../", import.meta.url).pathname, set: "sync" };
    const reach = (host: string) => {
      const text = JSON.stringify({ connections: { default: { erp: { folder: "old" }, crm: { database: {} } } } });
      const url = `postgres://etl:hunter2@${host}/stage`;
      const env = (name: string) => name === "TENGING_CRM_DATABASE_URL" ? url : undefined;
      refuseUnreachable(readConfiguration({ text, env, readFile: () => "" }), project);
    };
    reach("localhost:5433");
    const error = assertThrows(() => reach("db.example:5433"), DefinitionError);
    assertEquals(error.code, "net_not_permitted");
    assertStringIncludes(error.message, 'add "db.example:5433" to "net" in line');
  },
});
