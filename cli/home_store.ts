/**
 * Which store a home is used with: the one in its folder `store`, or the database that its file `database.json` names.
 * A home that lost sight of its store would couple and decide everything anew, so another one is refused.
 */
import { z } from "zod";
import type { Clock } from "../connectors/connector.ts";
import { DefinitionError } from "../errors.ts";
import { writeFileAtomically } from "../reports/atomic_file.ts";
import { isThere, jsonOf, textOf } from "./files.ts";

/** `database` is what messages call it, without a secret; `id` is kept in the database as well. */
const note = z.object({ database: z.string(), id: z.string() });
type Note = z.infer<typeof note>;

/**
 * Throws DefinitionError "other_store" where the home is used with a database and `database` (its name, null: the
 * store in the home) is none, or the other way round.
 */
export function refuseOtherStore(home: string, database: string | null): void {
  const noted = noteOf(home);
  if (database === null && noted !== null) {
    throw otherStore(
      `"${home}" is used with the ${noted.database}, and DATABASE_URL is not set`,
      `set it, or delete "${fileOf(home)}" to begin anew with a store in the home`,
    );
  }
  if (database !== null && isThere(`${home}/store`)) {
    throw otherStore(
      `"${home}" is used with the store in its folder "store", and DATABASE_URL names the ${database}`,
      `unset DATABASE_URL, or move "${home}/store" away to begin anew in the database`,
    );
  }
}

/** Refuses a database that holds another store than the one that the home is used with, or none any more. */
export function verifierOf(home: string, database: string): (id: string | null) => void {
  const noted = noteOf(home);
  return (id) => {
    if (noted === null || noted.id === id) return;
    throw otherStore(
      `the ${database} holds ${
        id === null ? "no store" : "another store"
      }, and "${home}" is used with the one that was ` +
        `in the ${noted.database}`,
      `correct DATABASE_URL, or put a copy back; or delete "${fileOf(home)}" to go on with what is there`,
    );
  };
}

/** Remembers the database that the home is used with. */
export async function noteDatabase(home: string, used: Note, clock: Pick<Clock, "uuid">): Promise<void> {
  const noted = noteOf(home);
  if (noted?.id === used.id && noted.database === used.database) return;
  await writeFileAtomically(fileOf(home), once(`${JSON.stringify(used, null, 2)}\n`), { id: clock.uuid() });
}

function fileOf(home: string): string {
  return `${home}/database.json`;
}

function noteOf(home: string): Note | null {
  const text = textOf(fileOf(home));
  if (text === null) return null;
  const parsed = note.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw otherStore(
    `"${fileOf(home)}" does not say which database the home is used with`,
    "put a copy of the file back; or delete it to go on with what DATABASE_URL names, or anew without it",
  );
}

async function* once(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}

function otherStore(state: string, remedy: string): DefinitionError {
  return new DefinitionError("other_store", `Cannot open the store: ${state}; ${remedy}`);
}
