/** The AL files: what the description generates stands in the repository, and the objects fit together. */
import { assert, assertEquals } from "@std/assert";
import { generate } from "../../extension/generate.ts";
import { recordedTables } from "../../extension/other_pages.ts";
import type { Page } from "../../extension/page.ts";
import { pages } from "../../extension/pages.ts";

const folder = new URL("../../extension/", import.meta.url);
const app = JSON.parse(Deno.readTextFileSync(new URL("app/app.json", folder)));
const paths = [...Deno.readDirSync(new URL("app/src/", folder))].map(({ name }) => `app/src/${name}`);
const files = new Map(paths.map((path) => [path, Deno.readTextFileSync(new URL(path, folder))]));
const objects = [...files].map(([path, text]) => {
  const [, kind = "", id, name = ""] = /^(page|query|table|codeunit|permissionset) (\d+) "([^"]+)"$/m.exec(text) ?? [];
  return { path, text, kind, id: Number(id), name };
});

Deno.test("generate() gives the files that stand under extension/app", () => {
  for (const [path, text] of generate()) {
    assertEquals(files.get(path), text, `${path} is not what the description gives: run extension/generate.ts`);
  }
  const written = [...files].filter(([, text]) => text.includes("Generated from the description"));
  assertEquals(written.map(([path]) => path).toSorted(), [...generate().keys()].toSorted(), "a file is left over");
});

Deno.test("AL objects have names and numbers of their own, within what the app may use", () => {
  const [{ from, to }] = app.idRanges;
  for (const { id, name, path, kind } of objects) {
    assert(id >= from && id <= to, `${path}: ${id}`);
    assert(name.length <= (kind === "permissionset" ? 20 : 30), `${path}: "${name}" is too long`);
  }
  assertEquals(new Set(objects.map(({ id }) => id)).size, objects.length);
  assertEquals(new Set(objects.map(({ kind, name }) => `${kind} ${name}`)).size, objects.length);
});

Deno.test("AL files have all their blocks closed", () => {
  for (const { path, text } of objects) {
    const code = text.replaceAll(/\/\/.*$/gm, "").replaceAll(/'(?:[^']|'')*'/g, "''").replaceAll(/"[^"]*"/g, '""');
    const count = (pattern: RegExp) => code.match(pattern)?.length ?? 0;
    assertEquals(count(/\{/g), count(/\}/g), path);
    assertEquals(count(/\b(?:begin|case)\b/g), count(/\bend\b/g), path);
    assertEquals(count(/^#if/gm), count(/^#endif/gm), path);
    assertEquals(count(/\(/g), count(/\)/g), path);
  }
});

Deno.test("AL code calls procedures that its own objects have, and names objects that exist", () => {
  for (const { path, text } of objects) {
    const variables = text.matchAll(/(\w+): (?:Codeunit|Record) "(Tenging [^"]+)"/g);
    for (const [, variable, name] of variables) {
      const target = objects.find((object) => object.name === name)?.text ?? "";
      assert(target !== "", `${path} uses "${name}"`);
      for (const [, procedure] of text.matchAll(new RegExp(`\\b${variable}\\.([A-Z]\\w+)\\(`, "g"))) {
        assert(target.includes(` procedure ${procedure}(`), `${path}: "${name}" has no ${procedure}`);
      }
    }
  }
});

Deno.test("subscribers, which run in everybody's session, write only what everybody may write", () => {
  const open = objects.filter(({ text }) => /InherentPermissions = R\w*I/.test(text)).map(({ name }) => name);
  assertEquals(open.toSorted(), ["Tenging Deleted Record", "Tenging Opened Order"]);
  const guard = "or not MayComplete() then\n            exit;";
  for (const { path, text } of objects) {
    for (const subscriber of text.split("[EventSubscriber(").slice(1)) {
      const body = subscriber.slice(0, subscriber.indexOf("\n    end;"));
      const calls = [...body.matchAll(/\b(\w+)\.(?:Note|Forget)\(/g)].map(([, variable]) => variable!);
      const isOpen = calls.length > 0 &&
        calls.every((variable) => open.some((name) => text.includes(`${variable}: Record "${name}"`)));
      assert(isOpen || body.includes(guard), `${path}: ${body}`);
    }
  }
});

Deno.test("computed fields are kept in variables that the page declares once", () => {
  for (const page of Object.values<Page>(pages)) {
    const { text } = objects.find(({ id }) => id === page.object)!;
    const declared = [...text.slice(text.lastIndexOf("\n    var\n")).matchAll(/^ {8}(\w+): /gm)].map(([, name]) =>
      name
    );
    assertEquals(new Set(declared).size, declared.length, page.name);
    for (const { computed, source } of Object.values(page.fields)) {
      if (computed === undefined) continue;
      assert(declared.includes(source), `${page.name}: ${source}`);
      for (const line of [...computed.get, ...computed.set ?? []]) {
        for (const [, used] of line.matchAll(/\b([A-Z]\w+)\.(?=[A-Z]\w+\()/g)) {
          assert(used === "Rec" || declared.includes(used), `${page.name}: ${used}`);
        }
      }
    }
  }
});

Deno.test("the permission set covers what the pages do with their objects and tables, and nothing more", () => {
  const { text } = objects.find(({ kind }) => kind === "permissionset")!;
  for (const page of Object.values<Page>(pages)) {
    assert(text.includes(`${page.query ? "query" : "page"} "${page.name}" = X`), page.name);
    const rights = new RegExp(`tabledata "${page.table.replaceAll(/[./]/g, "\\$&")}" = (\\w+)`).exec(text)?.[1] ?? "";
    const used = `${page.insert ? "I" : ""}${page.modify ? "M" : ""}${page.remove ? "D" : ""}`;
    assertEquals(rights, `R${page.completed !== undefined ? "IMD" : used}`, page.table);
    const keeps = objects.find(({ id }) => id === page.object)!.text.includes("DeleteAllowed = false;");
    if (!page.query) assertEquals(keeps, !page.remove, page.name);
  }
});

Deno.test("the deletions of every table that a handle reads are noted", () => {
  const tables = recordedTables.map(({ table }): string => table);
  const read = Object.values<Page>(pages).filter(({ query, set }) => query === undefined && set !== "deletedRecords");
  const unnoted = read.map(({ table }) => table).filter((table) => !tables.includes(table));
  assertEquals(unnoted, ["Sales Price"], "its table is gone from newer versions");
});

Deno.test("the app's README names every page and says that it was not compiled", () => {
  const readme = Deno.readTextFileSync(new URL("README.md", folder));
  for (const { set } of Object.values(pages)) assert(readme.includes(`\`${set}\``), set);
  assert(readme.includes("not compiled"));
});
