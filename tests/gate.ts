/**
 * The gate, `deno task test`: format check, lint, type check and all tests with the documented examples. It changes no
 * file. Its last line is "N passed, N failed", where each of the three checks counts as one test; it exits with 1 when
 * something failed or no test ran.
 */
import { fileURLToPath } from "node:url";
import { findPrograms, startServer, type TestServer } from "./postgres_server.ts";

/** What one test file, or one example, reported. */
export interface Case {
  readonly file: string;
  readonly name: string;
  readonly result: "passed" | "failed" | "skipped";
}

const root = fileURLToPath(new URL("..", import.meta.url));
const checks = {
  "format check": ["fmt", "--check"],
  "lint": ["lint"],
  "type check": ["check", "--doc", "."],
};
/** The type check has just passed judgement on the same files. */
const test = ["test", "--allow-all", "--parallel", "--no-check", "--doc", "--ignore=**/*.md"];

/** Reads Deno's JUnit report. */
export function casesOf(report: string): readonly Case[] {
  const pattern = /<testcase name="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g;
  return [...report.matchAll(pattern)].map(([_, name, file, inside]) => ({
    name: unescape(name!),
    file: unescape(file!).replace(/^\.\//, ""),
    result: /<(failure|error)\b/.test(inside ?? "") ? "failed" : inside?.includes("<skipped") ? "skipped" : "passed",
  }));
}

function unescape(text: string): string {
  const entities = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#39;": "'", "&amp;": "&" };
  return text.replace(/&(lt|gt|quot|apos|#39|amp);/g, (entity) => entities[entity as keyof typeof entities]);
}

/**
 * What is said after the tests, its last line "N passed, N failed". `failedChecks` of `checkCount` checks failed and
 * the test run ended with `code`, which is not 0 too when a test file could not be loaded: no report names that.
 */
export function verdict(
  cases: readonly Case[],
  run: { readonly checkCount: number; readonly failedChecks: readonly string[]; readonly code: number },
): { readonly lines: readonly string[]; readonly failed: number } {
  const lines: string[] = [];
  let failed = run.failedChecks.length;
  function fail(line: string): void {
    failed++;
    lines.push(line);
  }
  for (const check of run.failedChecks) lines.push(`Failed: ${check}`);
  for (const { file, name, result } of cases) if (result === "failed") fail(`Failed: ${file}: ${name}`);
  if (run.code !== 0 && !cases.some((one) => one.result === "failed")) {
    fail(`Failed: the test run ended with exit code ${run.code}; see its output above`);
  }
  const passed = cases.filter((one) => one.result === "passed").length;
  if (passed === 0) fail("Failed: no test ran");
  for (const { file, name, result } of cases) {
    if (result !== "skipped") continue;
    if (/\[skipped: .+\]$/.test(name)) lines.push(`Skipped: ${name}`);
    else {fail(
        `Failed: ${file}: ${name}: skipped without a reason; use sharedTest() or postgresTest(), or take the test away`,
      );}
  }
  lines.push(`${passed + run.checkCount - run.failedChecks.length} passed, ${failed} failed`);
  return { lines, failed };
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function deno(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  const plain = Deno.env.has("CI") || !Deno.stdout.isTerminal();
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { DENO_NO_UPDATE_CHECK: "1", ...(plain ? { NO_COLOR: "1" } : {}), ...env },
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  });
  return (await command.spawn().status).code;
}

/** Deno writes no report when it could not even begin. */
async function reportAt(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** The server that the tests share, unless TEST_DATABASE_URL names one; null without, and then it says so. */
async function postgresForTests(): Promise<TestServer | null> {
  if (Deno.env.get("TEST_DATABASE_URL")) {
    say("PostgreSQL: the server that TEST_DATABASE_URL names");
    return null;
  }
  const programs = findPrograms();
  if (programs === null) {
    say("PostgreSQL: none found; what needs it is left out, and listed at the end");
    return null;
  }
  say(`PostgreSQL: started from ${programs}`);
  return await startServer(programs);
}

async function main(): Promise<number> {
  const failedChecks: string[] = [];
  for (const [name, args] of Object.entries(checks)) {
    say(`--- ${name}`);
    if (await deno(args) !== 0) failedChecks.push(name);
  }
  say("--- tests");
  const folder = await Deno.makeTempDir({ prefix: "tenging-gate-" });
  let postgres: TestServer | null = null;
  try {
    postgres = await postgresForTests();
    const path = `${folder}/report.xml`;
    // A database that somebody works with is none to test on.
    const env = {
      // Of most processes the database's second compilation takes longer than their work does.
      DENO_V8_FLAGS: "--liftoff-only",
      ...{ DATABASE_URL: "", DATABASE_URL_FILE: "" },
      ...(postgres === null ? {} : { TEST_DATABASE_URL: postgres.url }),
    };
    const code = await deno([...test, `--junit-path=${path}`], env);
    const cases = casesOf(await reportAt(path));
    const { lines, failed } = verdict(cases, { checkCount: Object.keys(checks).length, failedChecks, code });
    say("--- result");
    for (const line of lines) say(line);
    return failed === 0 ? 0 : 1;
  } finally {
    await postgres?.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
