/** The worked example keeps its word: its commands run as they are printed, in one shell, and say what it shows. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Copy, project, withCopy } from "./program.ts";

const page = await Deno.readTextFile(`${project}docs/worked-example.md`);
/** Blocks of commands, each with the output that stands right after it; null where none is shown. */
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```\n(?:```text\n([\s\S]*?)^```\n)?/gm)]
  .map(([, commands, shown]) => ({ commands: commands!, shown: shown ?? null }));
const between = "----- the next block";

/** As curl, for the options that the page uses: nobody has to have it. */
const curl = `
const headers = {}, form = [];
let [method, isSilent, url] = [null, false, ""];
for (let at = 0; at < Deno.args.length; at++) {
  const option = Deno.args[at];
  if (option === "-s" || option === "-fsS") continue;
  if (option === "-X") method = Deno.args[++at];
  else if (option === "-d") form.push(Deno.args[++at]);
  else if (option === "-o") isSilent = Deno.args[++at] === "/dev/null";
  else if (option === "-H") {
    const [name, value] = Deno.args[++at].split(": ");
    headers[name] = value;
  } else if (option.startsWith("-") || url !== "") throw new Error(option);
  else url = option;
}
const body = form.length === 0 ? undefined : form.join("&");
if (body !== undefined) headers["Content-Type"] ??= "application/x-www-form-urlencoded";
const response = await fetch(url, { method: method ?? (body === undefined ? "GET" : "POST"), headers, body });
const text = await response.text();
if (!response.ok) throw new Error(response.status + " " + text);
if (!isSilent) await Deno.stdout.write(new TextEncoder().encode(text));
`;

/** A folder with `deno`, which is this one, and `curl`. */
async function commands(copy: Copy): Promise<string> {
  const dir = `${copy.dir}.bin`;
  await Deno.mkdir(dir);
  const deno = `'${Deno.execPath()}'`;
  await Deno.writeTextFile(`${dir}/curl.js`, curl);
  await Deno.writeTextFile(`${dir}/deno`, `#!/bin/sh\nexec ${deno} "$@"\n`, { mode: 0o755 });
  const run = `#!/bin/sh\nexec ${deno} run -q --allow-net=127.0.0.1 '${dir}/curl.js' "$@"\n`;
  await Deno.writeTextFile(`${dir}/curl`, run, { mode: 0o755 });
  return dir;
}

function window(text: string, copy: Copy, bin: string): Deno.ChildProcess {
  const { TENGING_HOME: _, DATABASE_URL: __, DATABASE_URL_FILE: ___, ...env } = Deno.env.toObject();
  const own = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_V8_FLAGS: "--liftoff-only" };
  return new Deno.Command("sh", {
    args: ["-c", `exec 2>&1\n${text}`],
    cwd: copy.dir,
    clearEnv: true,
    env: { ...env, ...own, PATH: `${bin}:${env.PATH}` },
    ...{ stdin: "null", stdout: "piped", stderr: "null" },
  }).spawn();
}

/** What is printed until the text has `end`, or all of it. */
async function said(process: Deno.ChildProcess, end?: string): Promise<string> {
  let text = "";
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value = "" } = await reader.read();
    text += value;
    if (done) return text;
    if (end !== undefined && text.includes(end)) {
      reader.releaseLock();
      return text;
    }
  }
}

/** A line "…" is any lines; "…" within a line is any text of that line. Blanks between columns are as wide as may be. */
function patternOf(shown: string): RegExp {
  const lines = shown.trimEnd().split("\n").map((line) =>
    line === "…" ? "(?:.*\\n)*?" : `${plain(line).split("…").map(RegExp.escape).join(".*")}\\n`
  );
  return new RegExp(`^${lines.join("")}$`);
}

/** Without the lines in which `deno task` names the command. */
function plain(text: string): string {
  return text.replaceAll(/^Task .*\n/gm, "").replaceAll(/(?<=\S) {2,}/g, "  ");
}

Deno.test("every command of the worked example runs as printed, and says what is shown", () =>
  withCopy(async (copy) => {
    const [first, ...rest] = blocks;
    assert(rest.length > 10, "the page has its blocks");
    const bin = await commands(copy);
    const sandbox = window(first!.commands.replace(/^deno /m, "exec deno "), copy, bin);
    assertStringIncludes(await said(sandbox, "Next: "), "The sandbox runs; its state is in .tenging/walk/sandbox");
    try {
      const script = rest.map(({ commands }) => commands).join(`echo '${between}'\n`);
      const outputs = (await said(window(script, copy, bin))).split(`${between}\n`);
      assertEquals(outputs.length, rest.length, outputs.join(between));
      for (const [at, { shown }] of rest.entries()) {
        const output = plain(outputs[at]!);
        if (shown === null) assertEquals(output, "");
        else assert(patternOf(shown).test(output), `It shows\n${shown}\nand says\n${output}`);
      }
    } finally {
      sandbox.kill("SIGINT"); // as Ctrl-C; `deno task` hands it on
      await sandbox.status;
    }
  }, { isEmbedded: true }));
