/** The exact command that a person types next. */
import { type Brake, brakesNamed } from "../engine/brakes.ts";
import type { PlanHeader } from "../reports/plan_file.ts";
import type { Why } from "../reports/why.ts";
import type { Arguments } from "./arguments.ts";

/**
 * After a `sync` that ended with this exit code; `stopped`: the brakes that stopped steps of it, `plan`: what the plan
 * that it carried out was made with.
 */
export function nextAfterSync(
  exitCode: number,
  args: Arguments,
  { stopped = [], plan }: { readonly stopped?: readonly Brake[]; readonly plan?: PlanHeader["options"] } = {},
): string {
  if (exitCode === 0) return "deno task report --out exports/couplings.csv";
  if (exitCode === 2) return "deno task report"; // the record that was selected is nowhere: its number is looked up
  if (exitCode === 3) return "deno task report --only listed";
  // What is left of a plan is another plan.
  if (plan !== undefined) return planAgain({ ...plan, allow: [...plan.allow, ...stopped] }, args.word!);
  if (exitCode === 7) return ["deno task plan", ...asked(args), ...passing(stopped)].join(" ");
  return ["deno task sync", ...again(args)].join(" ");
}

/**
 * After a `plan` that ended with this exit code; `stopped`: the brakes that stopped steps of it, `isInDoubt`: what earlier
 * runs wrote is to be settled before it.
 */
export function nextAfterPlan(
  exitCode: number,
  args: Arguments,
  { stopped = [], isInDoubt = false }: { readonly stopped?: readonly string[]; readonly isInDoubt?: boolean } = {},
): string {
  const out = isInDoubt ? null : args.text("out");
  if (stopped.length > 0) {
    const file = out === null ? [] : ["--out", quoted(out)];
    return ["deno task plan", ...again(args), ...passing(stopped), ...file].join(" ");
  }
  if (exitCode === 2) return "deno task report"; // the record that was selected is nowhere
  if (exitCode !== 0) return ["deno task plan", ...again(args)].join(" ");
  return out === null ? ["deno task sync", ...again(args)].join(" ") : `deno task sync ${quoted(out)}`;
}

/** Before a `sync` that nobody confirmed. */
export function planFirst(args: Arguments): string {
  return ["deno task plan", ...asked(args), "--out exports/plan.json"].join(" ");
}

/** After a plan that can't be carried out: the same plan, made anew. */
export function planAgain(
  { full, onlyCoupled, rebase, allow, select }: PlanHeader["options"],
  path: string,
): string {
  const flags = [[full, "--full"], [onlyCoupled, "--only-coupled"], [rebase, "--rebase"]] as const;
  const selected = select === null ? [] : ["--select", quoted(select)];
  const set = flags.flatMap(([isSet, flag]) => isSet ? [flag] : []);
  // Plans are read from anywhere and written to one folder.
  const out = /^(\.\/)?exports\//.test(path) ? path : `exports/${path.replace(/^.*[\\/]/, "")}`;
  return ["deno task plan", ...selected, ...passing(allow), ...set, "--out", quoted(out)].join(" ");
}

/** After `why`, asked about `record`. */
export function nextAfterWhy(
  { step, blocks, waitsFor }: Pick<Why, "step" | "blocks" | "waitsFor">,
  record: string,
): string {
  const codes = blocks.map(({ code }) => code);
  const waited = waitsFor.find(({ state }) => state !== null);
  if (codes.includes("over")) return "deno task report";
  if (codes.includes("conflict")) return `deno task conflicts show ${quoted(record)}`;
  if (waited !== undefined) return `deno task why ${quoted(waited.record)}`;
  if (codes.includes("brake")) {
    const words = passing(brakesNamed(blocks.map(({ message }) => message)));
    return ["deno task plan --select", quoted(step), ...words].join(" ");
  }
  const isHeld = codes.includes("refused") || codes.includes("skipped");
  return `deno task ${isHeld ? "retry" : "sync"} --select ${quoted(record)}`;
}

/** The words that let these brakes pass. */
export function passing(brakes: readonly string[]): string[] {
  return [...new Set(brakes)].flatMap((brake) => ["--allow", brake]);
}

/** The options that mean the same a second time: the sandbox is filled only once. */
function again(args: Arguments): string[] {
  const flags = ["full", "only-coupled", "rebase", "json", "yes"].filter((name) => args.has(name)).map((name) =>
    `--${name}`
  );
  const selectors = args.texts("select").flatMap((selector) => ["--select", quoted(selector)]);
  const allowed = args.texts("allow").flatMap((brake) => ["--allow", quoted(brake)]);
  return [...selectors, ...allowed, ...flags];
}

/** The same for a plan of it. */
function asked(args: Arguments): string[] {
  return again(args).filter((option) => option !== "--yes" && option !== "--json");
}

/** The text as a shell takes it for one word. */
export function quoted(text: string): string {
  return /^[\w+,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
