/** Rows that a user merged into another row: the service deactivates them and names the one that goes on. */
import type { AnyEntity, Merged } from "../connector.ts";
import { guid, type RawRow } from "../odata.ts";

const mergeable: ReadonlySet<string> = new Set(["accounts", "contacts"]);

/** The columns that tell; none where rows of the table can't be merged. */
export function mergeColumns({ name }: AnyEntity): readonly string[] {
  return mergeable.has(name) ? ["merged", "_masterid_value"] : [];
}

/** Rows that stand for themselves, and what became of the others. */
export function withoutMerged(
  raws: readonly RawRow[],
  idOf: (raw: RawRow) => string,
): { readonly own: readonly RawRow[]; readonly merged: readonly Merged[] } {
  const own = raws.filter((raw) => !isMerged(raw));
  const others = own.length === raws.length ? [] : raws.filter(isMerged);
  return { own, merged: others.map((raw) => ({ id: idOf(raw), into: guid(String(raw["_masterid_value"])) })) };
}

function isMerged(raw: RawRow): boolean {
  return raw["merged"] === true && typeof raw["_masterid_value"] === "string";
}
