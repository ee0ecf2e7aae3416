/** The store of a command by which a person decides: held alone, as `sync` does, with the definitions. */
import type { Place } from "../engine/find_record.ts";
import { DefinitionError } from "../errors.ts";
import { pipelinesOf, settingsOf } from "./files.ts";
import { endInterrupted } from "./interrupted_runs.ts";
import { loadPipeline } from "./pipeline.ts";
import type { Session } from "./session.ts";
import { hasStore, openStore } from "./store.ts";

export interface Held extends Place {
  /** ISO 8601. */
  now(): string;
}

/** Works on the store and closes it. Throws as {@link openStore} does, and "nothing_run" before the first run. */
export async function withStore<T>(session: Session, work: (held: Held) => Promise<T>): Promise<T> {
  const settings = settingsOf(session);
  const { connection } = settings;
  const { steps } = await loadPipeline(settings, pipelinesOf(session));
  if (!await hasStore(session, connection)) {
    throw new DefinitionError(
      "nothing_run",
      "Cannot look anything up: nothing has run yet; deno task sync makes the first run",
    );
  }
  const store = await openStore(session, connection);
  try {
    await endInterrupted(store, connection);
    return await work({ store, connection, steps, now: () => new Date(session.clock.now()).toISOString() });
  } finally {
    await store.close();
  }
}

/** The words that a command can't do without. Throws DefinitionError "bad_arguments". */
export function needed(words: readonly (string | null)[], usage: string): readonly string[] {
  if (words.every((word) => word !== null)) return words;
  throw new DefinitionError("bad_arguments", `Cannot run it: something is missing; write deno task ${usage}`);
}
