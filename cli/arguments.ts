/** Reads the command line. */
import { parseArgs } from "node:util";
import { didYouMean } from "../engine/did_you_mean.ts";
import { DefinitionError } from "../errors.ts";
import { commands } from "./commands.ts";

export interface Arguments {
  readonly command: string;
  /** The word after the command, where it takes one. */
  readonly word: string | null;
  /** What the word is about, where it is about something. */
  readonly object: string | null;
  /** The third word, where the command takes one. */
  readonly partner: string | null;
  /** True when the option was given. */
  has(option: string): boolean;
  /** The option's value (the last one given); null when it was not given. */
  text(option: string): string | null;
  /** All values of an option, in order. */
  texts(option: string): readonly string[];
  /** The option's value as a whole number from `least` to `most`; null when it was not given. */
  number(option: string, range: { readonly least: number; readonly most: number }): number | null;
}

/**
 * Throws DefinitionError "unknown_command", "unknown_option" or "bad_arguments", with what may have been meant.
 * No command at all, and `--help` anywhere, mean `help`.
 */
export function readArguments(args: readonly string[]): Arguments {
  const [first = "help", ...rest] = args;
  const isHelp = (arg: string) => arg === "--help" || arg === "-h";
  if (isHelp(first)) return readArguments(["help"]);
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (command === undefined) {
    throw problem("unknown_command", `Cannot run "${first}": there is no such command`, first, Object.keys(commands));
  }
  if (first !== "help" && rest.some(isHelp)) return readArguments(["help", first]);

  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, multiple }]) => [name, { type, multiple: multiple ?? false }]),
  );
  const loose = parseArgs({ args: rest, options, strict: false, tokens: true, allowPositionals: true });
  for (const token of loose.tokens) {
    if (token.kind !== "option" || Object.hasOwn(options, token.name)) continue;
    const names = Object.keys(options).map((name) => `--${name}`);
    throw problem(
      "unknown_option",
      `Cannot run ${first}: it has no option "${token.rawName}"`,
      token.rawName,
      names,
      first,
    );
  }
  const { values, positionals } = strictly(first, () => parseArgs({ args: rest, options, allowPositionals: true }));
  const surplus =
    positionals[[command.word, command.object, command.partner].filter((word) => word !== undefined).length];
  if (surplus !== undefined) {
    throw problem("bad_arguments", `Cannot run ${first}: it takes no word "${surplus}"`, surplus, [], first);
  }

  const texts = (option: string) => [values[option] ?? []].flat().filter((value) => typeof value === "string");
  const text = (option: string) => texts(option).at(-1) ?? null;
  return {
    command: first,
    word: positionals[0] ?? null,
    object: positionals[1] ?? null,
    partner: positionals[2] ?? null,
    has: (option) => values[option] !== undefined,
    text,
    texts,
    number: (option, range) => {
      const written = text(option);
      if (written === null) return null;
      const number = /^\d{1,9}$/.test(written) ? Number(written) : NaN;
      if (number >= range.least && number <= range.most) return number;
      const wanted = `a whole number from ${range.least} to ${range.most}`;
      throw new DefinitionError("bad_arguments", `Cannot use --${option} "${written}": it is not ${wanted}; give one`);
    },
  };
}

function strictly<T>(command: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const said = error instanceof Error ? error.message.split(/[\n.]/)[0] ?? "" : String(error);
    throw new DefinitionError(
      "bad_arguments",
      `Cannot run ${command}: ${said}; deno task help ${command} lists its options`,
      {
        cause: error,
      },
    );
  }
}

function problem(code: string, what: string, written: string, known: readonly string[], command?: string): Error {
  const meant = didYouMean(written, known);
  const help = `deno task help${command === undefined ? "" : ` ${command}`}`;
  const remedy = meant === null
    ? `${help} lists what there is`
    : `did you mean "${meant}"? ${help} lists what there is`;
  return new DefinitionError(code, `${what}; ${remedy}`);
}
