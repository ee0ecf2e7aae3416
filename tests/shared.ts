/** Tests on the data sets that lie beside the project and are no part of it. */
import { fileURLToPath } from "node:url";

/** The folder with the data sets, which may not exist; without a slash at the end. */
export const sharedData = fileURLToPath(new URL("../../shared/data", import.meta.url));

/**
 * Registers a test that reads {@link sharedData}. Without that folder, and where CI is true since these take minutes, it
 * is skipped and says so in its name: the gate lists it. This and postgresTest() are the only ways in which a test may
 * be skipped.
 */
export function sharedTest(name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void {
  const reason = !exists(sharedData)
    ? "needs ../shared/data beside the project"
    : isCi
    ? "left to runs without CI=true"
    : null;
  Deno.test({ name: reason === null ? name : `${name} [skipped: ${reason}]`, ignore: reason !== null, fn });
}

/** Whether the tests run unattended, in limited time. */
export const isCi = Deno.env.get("CI") === "true";

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
