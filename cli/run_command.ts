/** One command from its arguments to its exit code. */
import { DefinitionError } from "../errors.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { commands, helpText } from "./commands.ts";
import { exitCodeOfError, explain } from "./exit_code.ts";
import type { Session } from "./session.ts";

type Run = (args: Arguments, session: Session) => Promise<number>;

/** Loaded when they are called for: `help` waits for nothing. */
const runners: Readonly<Record<string, () => Promise<Run>>> = {
  sync: async () => (await import("./sync.ts")).sync,
  plan: async () => (await import("./plan.ts")).plan,
  check: async () => (await import("./check.ts")).check,
  graph: async () => (await import("./graph.ts")).graph,
  status: async () => (await import("./status.ts")).status,
  report: async () => (await import("./report.ts")).report,
  why: async () => (await import("./why.ts")).why,
  conflicts: async () => (await import("./conflicts.ts")).conflicts,
  skip: async () => (await import("./skip.ts")).skip,
  retry: async () => (await import("./retry.ts")).retry,
  couple: async () => (await import("./couple.ts")).couple,
  uncouple: async () => (await import("./couple.ts")).uncouple,
  rebuild: async () => (await import("./rebuild.ts")).rebuild,
  serve: async () => (await import("./serve.ts")).serve,
  sandbox: async () => (await import("./sandbox.ts")).sandbox,
  help: () => Promise.resolve(help),
};

/** The name of the permission set (in deno.json) that a command runs with. */
export function permissionSetOf(args: readonly string[]): string {
  const first = args[0] ?? "help";
  if (first === "help" || !Object.hasOwn(commands, first)) return "graph";
  return commands[first]!.set ?? first;
}

/** Never throws: what goes wrong is explained on stderr and told by the exit code. */
export async function runCommand(args: readonly string[], session: Session): Promise<number> {
  try {
    const read = readArguments(args);
    const load = runners[read.command];
    if (load === undefined) throw new TypeError(`Command "${read.command}" has no runner`);
    return await (await load())(read, session);
  } catch (error) {
    session.output.keep();
    session.output.message(explain(error, session.project.set));
    if (error instanceof DefinitionError && error.next !== null) session.output.message(`Next: ${error.next}`);
    return exitCodeOfError(error);
  }
}

async function help(args: Arguments, session: Session): Promise<number> {
  if (args.word !== null) readArguments([args.word]); // names what may have been meant
  await session.output.data(`${helpText(args.word)}\n`);
  return 0;
}
