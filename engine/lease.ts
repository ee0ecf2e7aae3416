/** Who may write a step. */
import type { Store } from "../store/store.ts";

export interface Taking {
  readonly connection: string;
  readonly step: string;
  /** Names the run and its process, for whoever is refused later. */
  readonly holder: string;
}

/**
 * Takes a step from whoever had it, and returns the store to work on it with: once somebody else takes the step, nothing
 * more is saved there (ServiceError "lease_lost"). A change is saved as sent before it is sent, so only what was saved so
 * before, and is on its way, still takes effect.
 */
export async function takeStep(store: Store, { connection, step, holder }: Taking): Promise<Store> {
  const last = (await store.step(connection, step)).lease;
  const lease = { number: (last?.number ?? 0) + 1, holder };
  await store.save(connection, step, { lease });
  return {
    ...store,
    save: (connection, name, settlement) =>
      store.save(connection, name, name === step ? { ...settlement, lease } : settlement),
    savePage: (connection, name, side, page) =>
      store.savePage(connection, name, side, name === step ? { ...page, lease } : page),
    match: (connection, name, matching) =>
      store.match(connection, name, name === step ? { ...matching, lease } : matching),
  };
}
