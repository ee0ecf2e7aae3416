/** How a run is made, as `sync` and `plan` are told. */
import { type Brake, brakes } from "../engine/brakes.ts";
import { didYouMean } from "../engine/did_you_mean.ts";
import { DefinitionError } from "../errors.ts";
import type { Arguments } from "./arguments.ts";

export interface HowToRun {
  readonly full: boolean;
  readonly onlyCoupled: boolean;
  /** Brakes that may pass. */
  readonly allow: ReadonlySet<Brake>;
  readonly rebase: boolean;
}

/** Throws DefinitionError "bad_arguments" where --allow names no brake. */
export function howToRun(args: Arguments): HowToRun {
  return {
    full: args.has("full"),
    onlyCoupled: args.has("only-coupled"),
    allow: allowed(args.texts("allow")),
    rebase: args.has("rebase"),
  };
}

function allowed(texts: readonly string[]): ReadonlySet<Brake> {
  const words = texts.flatMap((text) => text.split(",")).map((word) => word.trim()).filter((word) => word !== "");
  return new Set(words.map((word) => {
    const brake = brakes.find((one) => one === word);
    if (brake !== undefined) return brake;
    const meant = didYouMean(word, brakes);
    const remedy = meant === null ? `write one of ${brakes.join(", ")}` : `did you mean "${meant}"?`;
    throw new DefinitionError("bad_arguments", `Cannot use --allow "${word}": no brake is called so; ${remedy}`);
  }));
}
