/** The shape of the project: who may import whom, and what stands where. */
import { assert, assertEquals } from "@std/assert";
import { dirname, join, normalize, relative } from "node:path/posix";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What git ignores: made by running, no part of the project. */
const made = [".git", "node_modules", ".tenging", "exports", "coverage", ".env"];
const topLevel = [
  ...["pipelines", "connectors", "transforms", "tests", "main.ts", "cli", "errors.ts", "engine", "matching", "store"],
  ...["server", "reports", "sandbox", "extension", "bench", "docs", "deno.json", "deno.lock", "tenging.json"],
  ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"],
];
const contracts = ["connectors/connector.ts", "store/store.ts", "transforms/transform.ts"];
const longest = 300;
/** Tests are tables and scenarios: length is no sign of too many tasks there. */
const longestTest = 600;
/** Files that may be longer, and why. */
const long: Readonly<Record<string, string>> = {
  "connectors/connector.ts": "the contract of a service: all that both have in common, most of it comments",
  "store/store.ts": "the contract of the store: all that is remembered, most of it comments",
  "sandbox/business_central/write.ts": "the rules of all writes, a function each; they call each other",
};
/** Where time, chance and new ids may come from; everybody else is given a Clock. */
const clocks = ["main.ts", "sandbox/mod.ts", "tests/", "bench/"];

/**
 * Who may import what of ours: the first line whose pattern fits the importing file counts. A folder's own files are
 * always allowed unless the line says `alone`; types of contracts and of errors are allowed to all but the sandbox.
 */
const rules: readonly { readonly from: RegExp; readonly to: RegExp; readonly alone?: true; readonly rule: string }[] = [
  { from: /^tests\//, to: /./, rule: "tests import anything" },
  {
    from: /^bench\//,
    to: /^(?!main\.ts|tests\/)|^tests\/postgres_server\.ts$/,
    rule: "bench imports all but main and tests, of which it may have the server",
  },
  {
    from: /^(main\.ts|cli\/)/,
    to: /^(?!main\.ts|tests\/|bench\/)/,
    rule: "main and cli import all but main, tests and bench",
  },
  { from: /^errors\.ts$/, to: /^$/, alone: true, rule: "errors import nothing" },
  {
    from: /^(connectors\/connector|store\/store|transforms\/transform)\.ts$/,
    to: /^$/,
    alone: true,
    rule: "contracts import nothing but types of other contracts",
  },
  {
    from: /^connectors\/[^/]+\/(entities|extension)\.ts$/,
    to: /^connectors\/(connector|fields|[^/]+\/((\w+_)?schemas|extension))\.ts$/,
    alone: true,
    rule: "entities are data: they import schemas, fields and the contract, and no client",
  },
  {
    from: /^connectors\/[^/]+\/(\w+_)?schemas\.ts$/,
    to: /^(connectors\/(connector|fields|[^/]+\/((\w+_)?schemas|extension_fields))|extension\/pages)\.ts$/,
    alone: true,
    rule: "schemas import schemas, fields, the contract and the extension's description",
  },
  {
    from: /^connectors\/business_central\/extension_fields\.ts$/,
    to: /^(connectors\/(connector|fields)|extension\/page)\.ts$/,
    alone: true,
    rule: "it turns the extension's description into fields, and knows nothing else",
  },
  {
    from: /^connectors\/business_central\/named_field\.ts$/,
    to: /^(connectors\/connector|extension\/pages?)\.ts$/,
    alone: true,
    rule: "it knows the captions of fields by the extension's description, and nothing else",
  },
  {
    from: /^connectors\//,
    to: /^(connectors\/[^/]+\.ts|errors\.ts)$/,
    rule: "a connector imports its own folder, connectors/*.ts and errors",
  },
  { from: /^transforms\//, to: /^(transforms\/|errors\.ts$)/, rule: "transforms import transforms and errors" },
  { from: /^store\//, to: /^(store\/|errors\.ts$)/, rule: "the store imports its own folder and errors" },
  { from: /^matching\//, to: /^$/, rule: "matching imports nothing of ours" },
  {
    from: /^engine\//,
    to: /^(engine\/|matching\/|errors\.ts$|connectors\/connector\.ts$|store\/store\.ts$|transforms\/transform\.ts$)/,
    rule: "the engine imports contracts, errors and matching, never an implementation",
  },
  {
    from: /^pipelines\//,
    to: /^(pipelines\/|engine\/step\.ts$|connectors\/[^/]+\/entities\.ts$|transforms\/)/,
    rule: "pipelines import engine/step.ts, entities and transforms",
  },
  {
    from: /^(reports|server)\//,
    to: /^(reports\/|engine\/|store\/store\.ts$|errors\.ts$)/,
    rule: "reports and server import the engine, the store's contract, errors and reports",
  },
  { from: /^extension\//, to: /^$/, rule: "the extension imports nothing of ours: it is the other side of a contract" },
  { from: /^sandbox\//, to: /^$/, rule: "the sandbox imports nothing of ours: a shared mistake would hide itself" },
];

interface Import {
  readonly file: string;
  /** Path from the project's folder, or the bare name of a package. */
  readonly target: string;
  readonly ours: boolean;
  readonly typesOnly: boolean;
}

function filesUnder(folder: string): readonly string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap((entry) => {
    const path = join(folder, entry.name);
    if (made.includes(entry.name)) return [];
    return entry.isDirectory ? filesUnder(path) : [path];
  });
}

/** A file without its comments, and on demand without what stands in strings; line breaks stay. */
function codeOf(text: string, options: { strings: "kept" | "blanked" }): string {
  const tokens =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|(?<=[=(,:!&|?{};\[]\s*)\/(?:\\.|\[(?:\\.|[^\]\n])*\]|[^/\n\\])+\//g;
  return text.replace(tokens, (token) => {
    if (!/^\/[/*]/.test(token) && options.strings === "kept") return token;
    return token.replace(/[^\n]/g, " ");
  });
}

function importsOf(file: string, text: string): readonly Import[] {
  const code = codeOf(text, { strings: "kept" });
  const stated = code.matchAll(/^(import|export)( type)?\b(?:[^;"'`=()]*?\bfrom)?\s*["']([^"']+)["']/gm);
  const dynamic = code.matchAll(/\b(import)(\s*)\(\s*["']([^"']+)["']/g);
  return [...stated, ...dynamic].map(([, , types, target]) => {
    const ours = /^\.{1,2}\//.test(target!);
    const path = ours ? normalize(join(dirname(file), target!)) : target!;
    return { file, target: path, ours, typesOnly: types?.trim() === "type" };
  });
}

/** The folder that a file belongs to: a service's, or the one at the top; null for a file at the top. */
function homeOf(file: string): string | null {
  return (/^connectors\/[^/]+\//.exec(file) ?? /^[^/]+\//.exec(file))?.[0] ?? null;
}

/** Why an import is not allowed, or null. */
function refusal({ file, target, ours, typesOnly }: Import): string | null {
  const rule = rules.find(({ from }) => from.test(file));
  if (rule === undefined) return "no rule says what this file may import";
  if (!ours) {
    const data = /^pipelines\/|^connectors\/[^/]+\/entities\.ts$/.test(file) && !typesOnly;
    return data || /^(https?|jsr|npm):/.test(target)
      ? "packages are named in deno.json and imported by their bare name, by code only"
      : null;
  }
  const [home, theirs] = [homeOf(file), homeOf(target)];
  const otherService = home !== theirs && [home, theirs].every((one) => /^connectors\/./.test(one ?? ""));
  if (rule.to.test(target) && !otherService) return null;
  if (home !== null && home === theirs && !rule.alone) return null;
  const harmless = contracts.includes(target) || target === "errors.ts";
  if (harmless && typesOnly && !file.startsWith("sandbox/") && file !== "errors.ts") return null;
  return rule.rule;
}

/** The first circle of imports, as paths; imports of types count, for two files that need each other are one. */
function circleOf(imports: readonly Import[]): readonly string[] {
  const edges = new Map<string, string[]>();
  for (const { file, target, ours } of imports) {
    if (ours) edges.set(file, [...(edges.get(file) ?? []), target]);
  }
  const clear = new Set<string>();
  function visit(file: string, path: readonly string[]): readonly string[] {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (clear.has(file)) return [];
    for (const target of edges.get(file) ?? []) {
      const circle = visit(target, [...path, file]);
      if (circle.length > 0) return circle;
    }
    clear.add(file);
    return [];
  }
  for (const file of edges.keys()) {
    const circle = visit(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

/** What a definition may not contain, being data. */
function actionsIn(text: string): readonly string[] {
  const code = codeOf(text, { strings: "blanked" });
  return [...code.matchAll(/\b(await|async|for|while|do|fetch|function|if|try|new)\b|\.(map|forEach|reduce)\b/g)]
    .map((match) => match[0]);
}

function clocksIn(text: string): readonly string[] {
  const code = codeOf(text, { strings: "kept" });
  const sources =
    /\bDate\.now\b|\bnew Date(?:\(\s*\)|(?!\s*\()\b)|\bDate\(\)|\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/g;
  return [...code.matchAll(sources)].map((match) => match[0]);
}

const all = filesUnder(".");
const sources = all.filter((file) => file.endsWith(".ts") || file.endsWith(".tsx") || file.endsWith(".js"))
  .filter((file) => !file.startsWith("tests/types/mistakes/"));
const texts = new Map(sources.map((file) => [file, Deno.readTextFileSync(join(root, file))]));
assert(sources.length > 20 && sources.includes("engine/step.ts"));
const imports = [...texts].flatMap(([file, text]) => importsOf(file, text));

Deno.test("imports follow the dependency rule", () => {
  const refused = imports.flatMap((one) => {
    const why = refusal(one);
    return why === null ? [] : [`${one.file} imports ${one.target}: ${why}`];
  });
  assertEquals(refused, []);
});

Deno.test("imports form no circle", () => {
  assertEquals(circleOf(imports).join(" → "), "");
});

Deno.test("pipelines are data only", () => {
  const found = [...texts].filter(([file]) => file.startsWith("pipelines/"))
    .flatMap(([file, text]) => actionsIn(text).map((word) => `${file} contains "${word}": pipelines are data only`));
  assertEquals(found, []);
});

Deno.test("time, chance and ids come from the Clock", () => {
  const found = [...texts].filter(([file]) => !clocks.some((place) => file === place || file.startsWith(place)))
    .flatMap(([file, text]) => clocksIn(text).map((source) => `${file} uses ${source}: take a Clock`));
  assertEquals(found, []);
});

Deno.test("folders and files stand where the layout has them", () => {
  const entries = [...Deno.readDirSync(root)].map((entry) => entry.name);
  const strange = entries.filter((name) => !name.startsWith(".") && !made.includes(name) && !topLevel.includes(name));
  assertEquals(strange, [], "the layout has no such top-level entry");
  const named = all.filter((file) => /(^|\/)(utils?|lib|common|helpers?)(\/|\.ts$)|(^|\/)types\.ts$/.test(file));
  assertEquals(named, [], "a file is called after what it does");
  const cased = sources.filter((file) => !/^[a-z0-9_/]+\.(ts|tsx|js)$/.test(relative(".", file)));
  assertEquals(cased, [], "names are in snake_case");
});

Deno.test("long files are named with a reason", () => {
  const lengths = [...texts].map(([file, text]) => ({ file, lines: text.split("\n").length - 1 }));
  const tooLong = lengths.filter(({ file, lines }) =>
    lines > (file.startsWith("tests/") ? longestTest : longest) && !(file in long)
  );
  assertEquals(tooLong, [], `split it, or name it with a reason in tests/architecture_test.ts`);
  const needless = Object.keys(long).filter((file) => !lengths.some((one) => one.file === file && one.lines > longest));
  assertEquals(needless, [], "these are short enough: take them off the list");
});

// The rules above can fail: each line is an import, or a text, that they must refuse or accept.

Deno.test.each([
  { file: "errors.ts", code: 'import { x } from "./engine/step.ts";', refused: true },
  { file: "store/store.ts", code: 'import type { Fields } from "../connectors/connector.ts";', refused: false },
  { file: "store/store.ts", code: 'import { entity } from "../connectors/connector.ts";', refused: true },
  { file: "store/pglite.ts", code: 'import { x } from "./sql.ts";\nexport * from "../errors.ts";', refused: false },
  { file: "store/pglite.ts", code: 'import { x } from "../engine/rules.ts";', refused: true },
  { file: "connectors/dataverse/client.ts", code: 'import { x } from "../http.ts";', refused: false },
  { file: "connectors/dataverse/client.ts", code: 'import { x } from "./tables.ts";', refused: false },
  {
    file: "connectors/dataverse/client.ts",
    code: 'import { x } from "../business_central/schemas.ts";',
    refused: true,
  },
  { file: "connectors/dataverse/entities.ts", code: 'import { x } from "./client.ts";', refused: true },
  { file: "connectors/dataverse/entities.ts", code: 'import { x } from "./schemas.ts";', refused: false },
  {
    file: "connectors/dataverse/entities.ts",
    code: 'import { x } from "../business_central/schemas.ts";',
    refused: true,
  },
  { file: "connectors/dataverse/entities.ts", code: 'import { z } from "zod";', refused: true },
  { file: "connectors/dataverse/entities.ts", code: 'import type { z } from "zod";', refused: false },
  { file: "connectors/http.ts", code: 'import { x } from "./dataverse/client.ts";', refused: true },
  {
    file: "connectors/business_central/order_schemas.ts",
    code: 'import { x } from "../../extension/pages.ts";',
    refused: false,
  },
  {
    file: "connectors/business_central/client.ts",
    code: 'import { x } from "../../extension/pages.ts";',
    refused: true,
  },
  { file: "extension/generate.ts", code: 'import { x } from "../connectors/fields.ts";', refused: true },
  { file: "sandbox/demo.ts", code: 'import { x } from "../extension/pages.ts";', refused: true },
  { file: "transforms/countries.ts", code: 'import { x } from "../engine/step.ts";', refused: true },
  { file: "matching/keys.ts", code: 'import { x } from "./normal.ts";', refused: false },
  { file: "matching/keys.ts", code: 'import { x } from "../engine/step.ts";', refused: true },
  { file: "engine/run.ts", code: 'import {\n  a,\n  b,\n} from "../store/memory.ts";', refused: true },
  { file: "engine/run.ts", code: 'const x = await import("../connectors/http.ts");', refused: true },
  { file: "engine/run.ts", code: 'import { entity } from "../connectors/connector.ts";', refused: false },
  { file: "pipelines/items.ts", code: 'import { x } from "../engine/run.ts";', refused: true },
  { file: "pipelines/items.ts", code: 'import { z } from "zod";', refused: true },
  { file: "pipelines/items.ts", code: 'import { x } from "../connectors/dataverse/entities.ts";', refused: false },
  { file: "reports/csv.ts", code: 'import { x } from "../store/pglite.ts";', refused: true },
  { file: "sandbox/serve.ts", code: 'import type { Fields } from "../connectors/connector.ts";', refused: true },
  { file: "sandbox/dataverse/write.ts", code: 'import { x } from "../odata.ts";', refused: false },
  { file: "cli/sync.ts", code: 'import { x } from "../main.ts";', refused: true },
  { file: "cli/sync.ts", code: 'import { x } from "../store/pglite.ts";', refused: false },
  { file: "cli/sync.ts", code: 'import { x } from "npm:zod";', refused: true },
  { file: "cli/sync.ts", code: 'import { x } from "../bench/world.ts";', refused: true },
  { file: "bench/server.ts", code: 'import { x } from "../tests/postgres_server.ts";', refused: false },
  { file: "bench/server.ts", code: 'import { x } from "../tests/e2e/program.ts";', refused: true },
  { file: "cli/sync.ts", code: '// import { x } from "../main.ts";', refused: false },
])("the dependency rule judges $code in $file", ({ file, code, refused }) => {
  assertEquals(importsOf(file, code).some((one) => refusal(one) !== null), refused);
});

Deno.test("circleOf() finds a circle of any length, of types as well", () => {
  const a = importsOf("engine/a.ts", 'import { b } from "./b.ts";');
  const b = importsOf("engine/b.ts", 'export { c } from "./c.ts";\nimport { d } from "./d.ts";');
  const c = importsOf("engine/c.ts", 'import type { A } from "./a.ts";');
  const d = importsOf("engine/d.ts", 'import { z } from "zod";');
  assertEquals(circleOf([...a, ...b, ...c, ...d]), ["engine/a.ts", "engine/b.ts", "engine/c.ts", "engine/a.ts"]);
  assertEquals(circleOf([...a, ...b, ...d]), []);
});

Deno.test("actionsIn() and clocksIn() look at code, not at words", () => {
  assertEquals(actionsIn('/* await for it */ const x = "for a while"; // if\nawait y; for (;;);'), ["await", "for"]);
  const code = "new Date(now); new Date(); Date.now; `${Math.random()}`; // Date.now()\ncrypto.randomUUID()";
  assertEquals(clocksIn(code), ["new Date()", "Date.now", "Math.random", "randomUUID"]);
});
