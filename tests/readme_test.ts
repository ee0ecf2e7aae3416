/** The README keeps its word: its commands run as they are printed, and what it shows is what there is. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Copy, project, withCopy } from "./e2e/program.ts";

const readme = await Deno.readTextFile(`${project}README.md`);

interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}
const blocks: readonly Block[] = [...readme.matchAll(/^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm)]
  .map(([, language, text]) => ({ language: language!, lines: text!.trimEnd().split("\n") }));
/** The output that stands right after a block of commands; null where none is shown. */
const shownAfter = (block: Block) => {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.language === "text" ? next.lines : null;
};
const theGate = "npx -y deno@2.9.6 task test";
/** Commands that run until they are stopped: the path that is asked meanwhile, and what says where. */
const servers: Readonly<Record<string, { readonly address: RegExp; readonly path: string; readonly status: number }>> =
  {
    "npx -y deno@2.9.6 task serve --port 0": { address: /Serving on (http:\S+);/, path: "/health", status: 200 },
    "npx -y deno@2.9.6 task sandbox": { address: /token\s+(http:\/\/[^/]+)/, path: "/sandbox/faults", status: 200 },
  };
/** What the README says of exit codes: sync of the demo lists something; all others end well. */
const exitCodes: Readonly<Record<string, number>> = { "npx -y deno@2.9.6 task sync": 3 };

/** A folder with `npx` and `deno`, which both are this Deno: nothing is fetched. */
async function shims(copy: Copy): Promise<string> {
  const dir = `${copy.dir}.bin`;
  await Deno.mkdir(dir);
  const deno = `exec '${Deno.execPath()}' "$@"\n`;
  await Deno.writeTextFile(`${dir}/deno`, `#!/bin/sh\n${deno}`, { mode: 0o755 });
  const npx = `#!/bin/sh\ntest "$1 $2" = "-y deno@2.9.6" || exit 127\nshift 2\n${deno}`;
  await Deno.writeTextFile(`${dir}/npx`, npx, { mode: 0o755 });
  return dir;
}

function shell(line: string, copy: Copy, bin: string): Deno.Command {
  const { TENGING_HOME: _, ...env } = Deno.env.toObject();
  return new Deno.Command("sh", {
    args: ["-c", `exec 2>&1\n${line}`],
    cwd: copy.dir,
    clearEnv: true,
    env: { ...env, PATH: `${bin}:${env.PATH}`, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    ...{ stdin: "null", stdout: "piped", stderr: "null" },
  });
}

/** Runs a command that ends by itself and returns all that it says. */
async function said(line: string, copy: Copy, bin: string): Promise<string> {
  const { code, stdout } = await shell(line, copy, bin).output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(code, exitCodes[line] ?? 0, `${line}\n${text}`);
  return text;
}

/** Runs a command that waits, asks it over HTTP and stops it. */
async function served(line: string, copy: Copy, bin: string): Promise<void> {
  const { address, path, status } = servers[line]!;
  const process = shell(line.replace(/^/, "exec "), copy, bin).spawn();
  let text = "";
  let isAsked = false;
  for await (const piece of process.stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const found = address.exec(text)?.[1];
    if (found === undefined || isAsked || !text.includes("Next: ")) continue;
    isAsked = true;
    const response = await fetch(new URL(path, found));
    await response.body?.cancel();
    assertEquals(response.status, status, line);
    process.kill("SIGINT"); // as Ctrl-C; `deno task` hands it on
  }
  const { code } = await process.status;
  assert(isAsked, `${line}\n${text}`);
  assertEquals(code, 130, `${line}\n${text}`);
}

/** Fails unless the output has these lines, in their order but for those of steps, which run side by side. */
function assertShown(output: string, shown: readonly string[]): void {
  const plain = (line: string) => line.replace(/ in \d+\.\d s \(/, " in N s (");
  const lines = output.trimEnd().split("\n").map(plain);
  const isStep = (line: string) => /^[\w ]+: (In Process|Finished)\b/.test(line);
  let at = 0;
  for (const line of shown.filter((line) => line !== "…").map(plain)) {
    const found = lines.indexOf(line, isStep(line) ? 0 : at);
    assert(found >= 0, `"${line}" is not said${lines.includes(line) ? " there" : ""}:\n${output}`);
    if (!isStep(line)) at = found + 1;
  }
}

Deno.test("the README has at most 150 lines and names the test command", () => {
  assert(readme.trimEnd().split("\n").length <= 150, String(readme.trimEnd().split("\n").length));
  assertEquals(blocks.filter((block) => block.lines.includes(theGate)).length, 1);
});

Deno.test("the definition in the README is the one of pipelines/customers.ts", async () => {
  const file = (await Deno.readTextFile(`${project}pipelines/customers.ts`)).split("\n");
  const shown = blocks.find((block) => block.language === "ts")!.lines;
  let at = file.indexOf(shown[0]!);
  for (const [index, line] of shown.entries()) {
    if (line.trim() === "// …") continue;
    if (shown[index - 1]?.trim() === "// …") at = file.indexOf(line, at + 1);
    assertEquals(file[at++], line);
  }
  assertEquals(file.slice(at).join(""), "");
});

Deno.test("every file that the README links to is there", async () => {
  for (const [, path, anchor] of readme.matchAll(/\]\(([^):#]+)(?:#([^)]+))?\)/g)) {
    const text = await Deno.readTextFile(`${project}${path}`);
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(" ", "-"));
    assert(anchor === undefined || headings.includes(anchor), `${path}#${anchor}`);
  }
});

Deno.test("the README's table of commands has every command with every option", async () => {
  const rows = readme.split("\n").filter((line) => /^\| `(\w+)( [[\]A-Z ]+)?` \|/.test(line));
  const help = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=graph", "main.ts", "help"],
    cwd: project,
  }).output();
  const names = [...new TextDecoder().decode(help.stdout).matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name!);
  assertEquals(rows.map((row) => /`(\w+)/.exec(row)![1]), names);
  for (const [index, name] of names.entries()) {
    const one = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-P=graph", "main.ts", "help", name],
      cwd: project,
    }).output();
    const options = [...new TextDecoder().decode(one.stdout).matchAll(/^ {2}(--[\w-]+)/gm)].map(([, option]) =>
      option!
    );
    const shown = [...rows[index]!.matchAll(/`(--[\w-]+)/g)].map(([, option]) => option!);
    assertEquals(shown.sort(), options.sort(), name);
  }
});

Deno.test("every command of the README runs as printed, and says what the README shows", () =>
  withCopy(async (copy) => {
    const bin = await shims(copy);
    for (const block of blocks.filter(({ language }) => language === "sh")) {
      let output = "";
      for (const line of block.lines) {
        if (line === theGate) continue;
        if (line in servers) await served(line, copy, bin);
        else output += await said(line, copy, bin);
      }
      const shown = shownAfter(block);
      if (shown === null) continue;
      assertShown(output, shown);
    }
    assertStringIncludes(await Deno.readTextFile(`${copy.dir}exports/couplings.csv`), "coupling_state");
  }, { isEmbedded: true }));
