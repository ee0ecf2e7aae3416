/** The exact command that a person types next. */
import type { Arguments } from "./arguments.ts";

/** After a `sync` that ended with this exit code. */
export function nextAfterSync(exitCode: number, args: Arguments): string {
  if (exitCode === 0) return "deno task report --out exports/couplings.csv";
  if (exitCode === 2) return "deno task report"; // the record that was selected is nowhere: its number is looked up
  if (exitCode === 3) return "deno task report --only listed";
  if (exitCode === 7) return ["deno task plan", ...again(args).filter((option) => option !== "--yes")].join(" ");
  return ["deno task sync", ...again(args)].join(" ");
}

/** After a `plan` that ended with this exit code; `isInDoubt`: what earlier runs wrote is to be settled before it. */
export function nextAfterPlan(exitCode: number, args: Arguments, isInDoubt = false): string {
  const out = isInDoubt ? null : args.text("out");
  if (exitCode !== 0) return ["deno task plan", ...again(args)].join(" ");
  return out === null ? ["deno task sync", ...again(args)].join(" ") : `deno task sync ${quoted(out)}`;
}

/** The options that mean the same a second time: the sandbox is filled only once. */
function again(args: Arguments): string[] {
  const flags = ["full", "only-coupled", "json", "yes"].filter((name) => args.has(name)).map((name) => `--${name}`);
  const selectors = args.texts("select").flatMap((selector) => ["--select", quoted(selector)]);
  const allowed = args.texts("allow").flatMap((brake) => ["--allow", quoted(brake)]);
  return [...selectors, ...allowed, ...flags];
}

/** The text as a shell takes it for one word. */
export function quoted(text: string): string {
  return /^[\w+,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
