/** docs/guarantees.md has every invariant and every fault, each with a test that there is or the reason why there is none. */
import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const document = Deno.readTextFileSync(new URL("docs/guarantees.md", root));

interface Row {
  readonly id: string;
  readonly says: readonly string[];
  readonly shown: string;
}
interface Named {
  readonly file: string;
  readonly name: string;
}

/** Rows of all tables whose first cell is a number, with or without an I before it. */
function rowsOf(text: string): readonly Row[] {
  return text.split("\n").flatMap((line) => {
    const [, id, ...cells] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    if (id === undefined || !/^I?\d+$/.test(id)) return [];
    return [{ id, says: cells.slice(0, -2), shown: cells.at(-2) ?? "" }];
  });
}

/** The tests that a cell names: a file in code, then the names of its tests in code. */
function namesIn(shown: string): readonly Named[] {
  let file = "";
  return [...shown.matchAll(/`([^`]*)`/g)].flatMap(([, code = ""]) => {
    if (!/^tests\/\S+\.ts$/.test(code)) return [{ file, name: code }];
    file = code;
    return [];
  });
}

/** What registers a test; test() is that of the suites which every store passes. */
const registers = String
  .raw`(?<![.\w])(?:Deno\.test(?:\.each\((?:(?!Deno\.test)[\s\S])*?\))?|postgresTest|sharedTest|test)`;
const declared = new RegExp(
  String.raw`^[^"'\`\n]*?${registers}\(\s*(?:\{\s*name:\s*)?(["'\`])((?:\\.|(?!\1)[\s\S])*)\1`,
  "gm",
);
const comments = /^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*)/gm;
/** Where the value of a case begins in the name of a test. */
const placeholder = /\$\{|\$[a-z]|%[a-z]/;

/** The names of a file's tests; of one that is made for each of several cases its beginning, and "…". */
function testsIn(source: string): readonly string[] {
  return [...source.replaceAll(comments, "").matchAll(declared)].map(([, , literal = ""]) => {
    const name = literal.replaceAll(/\\(.)/g, "$1");
    const at = name.search(placeholder);
    return at < 0 ? name : `${name.slice(0, at)}…`;
  });
}

const sources = new Map<string, readonly string[] | null>();
function testsOf(file: string): readonly string[] | null {
  if (!sources.has(file)) sources.set(file, read(file));
  return sources.get(file)!;
}
function read(file: string): readonly string[] | null {
  try {
    return testsIn(Deno.readTextFileSync(new URL(file, root)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** What is wrong with a row; null where nothing is. */
function flawOf({ id, says, shown }: Row, tests: (file: string) => readonly string[] | null): string | null {
  if (says.some((cell) => cell === "") || says.length === 0) return `${id} says nothing`;
  const named = namesIn(shown);
  if (named.length === 0) {
    return /^Not (tested|applicable): \S.{15,}\.$/.test(shown) ? null : `${id} names neither a test nor a reason`;
  }
  for (const { file, name } of named) {
    const known = tests(file);
    if (known === null || known.length === 0) return `${id}: there is no test in "${file}"`;
    if (!known.includes(name)) return `${id}: "${file}" has no test "${name}"`;
  }
  return null;
}

Deno.test("docs/guarantees.md has each invariant and each fault once, in order", () => {
  const numbers = (count: number, before: string) => Array.from({ length: count }, (_, at) => `${before}${at + 1}`);
  assertEquals(rowsOf(document).map(({ id }) => id), [...numbers(24, "I"), ...numbers(40, "")]);
});

Deno.test("docs/guarantees.md names tests that there are, or says why there is none", () => {
  assertEquals(rowsOf(document).flatMap((row) => flawOf(row, testsOf) ?? []), []);
});

Deno.test("flawOf() finds what it looks for", () => {
  const source = [
    '// Deno.test("f() is in a comment", () => {});',
    '/*\n Deno.test("f() is in another one", () => {});\n*/',
    'const said = "Deno.test(\\"f() is in a text\\")";',
    'Deno.test("f() does \\"this\\"", () => {});',
    "Deno.test(\n  `f() does ${what} and that`,\n  () => {},\n);",
    'Deno.test.each([\n  { what: g("x") },\n])(\n  "f() makes $what",\n  () => {},\n);',
    "for (const one of all) Deno.test(`f() takes 100% of ${one}`, () => {});",
    '  postgresTest("f() keeps it", () => {});',
    '  test("f() is in a suite", () => {});',
    'Deno.test({ name: "f() has options", fn });',
  ].join("\n");
  const tests = (file: string) => file === "tests/f_test.ts" ? testsIn(source) : file === "tests/g.ts" ? [] : null;
  const flaw = (shown: string, says = "It holds.") => flawOf(rowsOf(`| 7 | name | ${says} | ${shown} |`)[0]!, tests);
  for (
    const name of [
      ...['f() does "this"', "f() does …", "f() makes …", "f() takes 100% of …"],
      ...["f() keeps it", "f() is in a suite", "f() has options"],
    ]
  ) assertEquals(flaw(`\`tests/f_test.ts\` \`${name}\``), null);
  for (
    const name of [
      ...["f() is in a comment", "f() is in another one", "f() is in a text", "f() does", "f() …", "does …"],
      ...["f() does ${what} and that", "f() keeps", "TO BE NAMED", ""],
    ]
  ) {
    assertEquals(
      flaw(`\`tests/f_test.ts\` \`f() keeps it\`, \`${name}\``),
      `7: "tests/f_test.ts" has no test "${name}"`,
    );
  }
  assert(flaw("`tests/gone_test.ts` `f() keeps it`")?.includes("no test in"));
  assert(flaw("`tests/g.ts` `f() keeps it`")?.includes("no test in"));
  for (const shown of ["", "`tests/f_test.ts`", "Later.", "Not tested: no."]) {
    assertEquals(flaw(shown), "7 names neither a test nor a reason", shown);
  }
  assertEquals(flaw("Not applicable: the product has nothing of the kind."), null);
  assertEquals(flaw("`tests/f_test.ts` `f() keeps it`", " "), "7 says nothing");
});
