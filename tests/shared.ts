/** Tests on the data sets that lie beside the project and are no part of it. */
import { fileURLToPath } from "node:url";

/** The folder with the data sets, which may not exist; without a slash at the end. */
export const sharedData = fileURLToPath(new URL("../../shared/data", import.meta.url));

/**
 * Registers a test that reads {@link sharedData}. Without that folder it is skipped and says so in its name: the gate
 * lists it. One that `takesMinutes` is skipped where CI is true as well. This and postgresTest() are the only ways in
 * which a test may be skipped.
 */
export function sharedTest(
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
  { takesMinutes = false }: { readonly takesMinutes?: boolean } = {},
): void {
  const reasons = [
    ...exists(sharedData) ? [] : ["needs ../shared/data beside the project"],
    ...takesMinutes && Deno.env.get("CI") === "true" ? ["takes minutes, run it without CI=true"] : [],
  ];
  const suffix = reasons.length > 0 ? ` [skipped: ${reasons[0]}]` : "";
  Deno.test({ name: name + suffix, ignore: reasons.length > 0, fn });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
