/** The store of a home, for the one process that may have it. */
import { ServiceError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { addressOf, findServing } from "./serving.ts";

/** Opens it. Throws ServiceError "served_elsewhere" with what to do when `serve` has it, "store_locked" for others. */
export async function openStore(home: string): Promise<Store> {
  const serving = await findServing(home);
  if (serving !== null) {
    throw new ServiceError(
      `Cannot open the store: serve (process ${serving.pid}) holds it; start a run there with ` +
        `curl -X POST ${addressOf(serving)}/runs, or stop serve`,
      { service: "store", code: "served_elsewhere" },
    );
  }
  const { openPglite } = await import("../store/pglite.ts");
  return await openPglite(`${home}/store`);
}

/** The store if something was ever kept in it; null before the first run, and nothing is made then. */
export async function openStoreIfAny(home: string): Promise<Store | null> {
  try {
    await Deno.stat(`${home}/store`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return await openStore(home);
}
