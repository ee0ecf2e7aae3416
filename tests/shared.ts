/** Tests on the data sets that lie beside the project and are no part of it. */
import { fileURLToPath } from "node:url";

/** The folder with the data sets, which may not exist; without a slash at the end. */
export const sharedData = fileURLToPath(new URL("../../shared/data", import.meta.url));

/**
 * Registers a test that reads {@link sharedData}. Without that folder it is skipped and says so in its name: the gate
 * lists it. This and postgresTest() are the only ways in which a test may be skipped.
 */
export function sharedTest(name: string, fn: (t: Deno.TestContext) => void | Promise<void>): void {
  const absent = !exists(sharedData);
  const suffix = absent ? " [skipped: needs ../shared/data beside the project]" : "";
  Deno.test({ name: name + suffix, ignore: absent, fn });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
