/** Secrets: variables of the environment, or files that they name. */
import { DefinitionError } from "../errors.ts";

export interface SecretSources {
  readonly env: (name: string) => string | undefined;
  readonly readFile: (path: string) => string;
}

/**
 * A secret: the variable itself, or the text of the file that the variable of the same name with _FILE names, without
 * its last line break; null when there is neither. Throws DefinitionError "configuration_invalid".
 */
export function secretOf(
  name: string,
  { env, readFile }: SecretSources,
): string | null {
  const direct = env(name) || null;
  const path = env(`${name}_FILE`) || null;
  if (path === null) return direct;
  if (direct !== null) {
    throw new DefinitionError(
      "configuration_invalid",
      `Cannot choose a secret: both ${name} and ${name}_FILE are set; unset one of them`,
    );
  }
  let text: string;
  try {
    text = readFile(path).replace(/[\r\n]+$/, "");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DefinitionError(
      "configuration_invalid",
      `Cannot read the file that ${name}_FILE names: ${why}; name a file that can be read`,
    );
  }
  if (text !== "") return text;
  throw new DefinitionError(
    "configuration_invalid",
    `Cannot use the file that ${name}_FILE names: it is empty; fill it`,
  );
}
