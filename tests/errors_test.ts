/** docs/errors.md has a line for each code, and the messages are of one style. Everything is found in the text. */
import { assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const folders = ["cli", "connectors", "engine", "reports", "sandbox", "server", "store"];

function filesUnder(folder: string): readonly string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, root))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesUnder(`${folder}/${name}`) : [`${folder}/${name}`]
  ).filter((path) => path.endsWith(".ts"));
}

const sources = new Map(
  folders.flatMap(filesUnder).map((path) => [path, Deno.readTextFileSync(new URL(path, root))] as const),
);
const document = Deno.readTextFileSync(new URL("docs/errors.md", root));

/** All first groups of a pattern, each once, in order. */
function found(text: string, pattern: RegExp): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1]!))].sort();
}
function textOf(folders: RegExp): string {
  return [...sources].filter(([path]) => folders.test(path)).map(([, text]) => text).join("\n");
}
/** The entries of a closed list. */
function listIn(path: string, name: string): readonly string[] {
  const list = sources.get(path)!.match(new RegExp(`${name} = \\[([\\s\\S]*?)\\] as const`))![1]!;
  return found(list, /^\s*"([a-z_]+)",/gm);
}
/** Literals that become the property `code` of an error or a reason. */
function codesIn(folders: RegExp): readonly string[] {
  const values = found(textOf(folders), /\bcode: ([^,\n}]*)/g).join("\n");
  return found(values, /(?:^|\? |\?\? | : )"([a-z_]{2,})"/gm);
}
function without(codes: readonly string[], ...others: readonly (readonly string[])[]): readonly string[] {
  return codes.filter((code) => !others.flat().includes(code));
}

const reasons = listIn("store/store.ts", "reasonCodes");
const problems = listIn("engine/problem.ts", "problemCodes");
/** Handles and schemas have fields that are called "code". */
const inConnectors = /^connectors\/(?!.*(entities|schemas)\.ts$)/;
const inStore = /^store\/(?!store\.ts$)/;
const stepErrors = found(textOf(/./), /new (?:StepError|RecordError)\(\s*"([a-z_]+)"/g);
const expected: Readonly<Record<string, readonly string[]>> = {
  "Command line, configuration and data": found(
    textOf(/./),
    /(?:new (?:DefinitionError|LoadError)|throw problem|\bproblem)\(\s*"([a-z_]+)"/g,
  ),
  "Steps, services and the store": [
    ...new Set([
      ...stepErrors,
      ...[inConnectors, inStore, /^cli\//].flatMap(codesIn),
      ...without(codesIn(/^engine\//), reasons, problems),
    ]),
  ].sort(),
  "Problems of a definition": problems,
  "Reasons": reasons,
  "Uncoupled without a reason": codesIn(/^reports\/coupling_report\.ts$/),
  "Status endpoint": found(textOf(/^server\//), /refuse\(\s*c,\s*\d{3},\s*"([a-z_]+)"/g),
  "Sandbox": codesIn(/^sandbox\/serve\.ts$/),
};

interface Section {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}
const sections: readonly Section[] = document.split(/^## /m).slice(1).map((text) => ({
  title: text.split("\n")[0]!,
  rows: text.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim())),
}));

Deno.test("docs/errors.md has a section for each kind of code", () => {
  assertEquals(sections.map((section) => section.title), Object.keys(expected));
  assertEquals(Object.entries(expected).filter(([, codes]) => codes.length === 0), []);
});

Deno.test.each(sections.map(({ title, rows }) => ({ title, rows })))(
  "docs/errors.md has one line for each code: $title",
  ({ title, rows }) => {
    assertEquals(rows.map(([code]) => code!.replaceAll("`", "")), expected[title]);
    assertEquals(rows.filter((cells) => cells.length !== 3 || cells.some((cell) => cell === "")), []);
  },
);

/** The text from an opening parenthesis to the one that closes it; quotes and templates are passed over as a whole. */
function callAt(text: string, open: number): string {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"' || character === "'") at = text.indexOf(character, at + 1);
    else if (character === "`") at = endOfTemplate(text, at);
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return text.slice(open, at + 1);
  }
  return text.slice(open);
}

function endOfTemplate(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "`") return at;
    else if (text[at] === "$" && text[at + 1] === "{") {
      for (let depth = 0; at < text.length; at++) {
        if (text[at] === "`") at = endOfTemplate(text, at);
        else if (text[at] === "{") depth++;
        else if (text[at] === "}" && --depth === 0) break;
      }
    }
  }
  return text.length;
}

/** What is wrong with the message of a call that makes an error; null where it is right, or made elsewhere. */
function flawOf(call: string): string | null {
  const start = call.search(/["`]Cannot\b/);
  if (start < 0) return /["`][A-Z][^"`]* [^"`]*["`]/.test(call) ? "does not begin with Cannot" : null;
  const message = call.slice(start);
  if (!/;|\$\{fault\.text\}/.test(message)) return "says nothing to do after a semicolon";
  return /\w\.["`]\s*,?\s*(\)|\{)/.test(message) ? "ends with a period" : null;
}

Deno.test("messages of errors say what can't be done and what to do", () => {
  const flaws = [...sources].flatMap(([path, text]) =>
    [...text.matchAll(/(new (Definition|Service|Step|Record|Load)Error|return refuse)\(/g)].flatMap((match) => {
      const flaw = flawOf(callAt(text, match.index + match[0].length - 1));
      const line = text.slice(0, match.index).split("\n").length;
      return flaw === null ? [] : [`${path}:${line} ${flaw}`];
    })
  );
  assertEquals(flaws, []);
});

Deno.test("a connector's texts about an answer say what to do", () => {
  const texts = found(sources.get("connectors/faults.ts")!, /(?:^const \w+ = |text:\s+)"([^"]+)"/gm);
  assertEquals(texts.length > 5, true);
  assertEquals(texts.filter((text) => !/^(?!Cannot).+; [a-z].+[^.]$/.test(text)), []);
});

Deno.test("flawOf() finds what it looks for", () => {
  assertEquals(flawOf('("code", "It failed here; mend it")'), "does not begin with Cannot");
  assertEquals(flawOf('("code", `Cannot go on: ${"x"} failed`)'), "says nothing to do after a semicolon");
  assertEquals(flawOf('("code", "Cannot go on: it failed; mend it.")'), "ends with a period");
  assertEquals(flawOf('("code", "Cannot go on: it failed; mend it")'), null);
  assertEquals(callAt('x("a)", `b${f(")")})`, (1)) + 1', 1), '("a)", `b${f(")")})`, (1))');
});
