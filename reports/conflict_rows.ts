/** Open conflicts and values that lost one, with the records that they are about. */
import { type Conflict, conflictsOf } from "../engine/conflicts.ts";
import { compiledOf, type Place } from "../engine/find_record.ts";
import { pagesOf } from "../engine/paging.ts";
import type { Change, Lost, Pair, ReportRow } from "../store/store.ts";

/** Changes are read in pages of this many. */
const page = 500;

export interface ConflictRow {
  readonly row: ReportRow;
  readonly conflict: Conflict;
}
/** A value that lost a conflict. `row` has no records where they are no longer coupled. */
export interface LostRow {
  readonly row: ReportRow;
  readonly change: Change;
  readonly lost: Lost;
}

/** The open conflicts, one for each unit, in the order of the steps, then of the changes that list them. */
export async function* conflictRows(place: Place): AsyncGenerator<ConflictRow> {
  for (const { name, under } of place.steps) {
    if (under !== null) continue; // parts are listed with their heads
    const compiled = compiledOf(place.steps, name);
    for await (const { row } of changedRows(place, name, { states: ["open"] })) {
      for (const conflict of conflictsOf(compiled, row)) yield { row, conflict };
    }
  }
}

/** The values that lost, in the order of the steps, then of the changes that overwrote them. */
export async function* lostRows(place: Place): AsyncGenerator<LostRow> {
  for (const { name, under } of place.steps) {
    if (under !== null) continue;
    for await (const { row, change } of changedRows(place, name, { states: ["done", "open", "closed"], lost: true })) {
      if (change.op !== "none" && change.attempts === 0) continue; // it was never sent
      for (const lost of change.lost) yield { row, change, lost };
    }
  }
}

/** Changes of a step with their pairs; a pair that is no longer coupled, or not yet, has no records. */
export async function* changedRows(
  { store, connection }: Place,
  step: string,
  filter: { readonly states: readonly Change["state"][]; readonly lost?: true },
): AsyncGenerator<{ readonly row: ReportRow; readonly change: Change }> {
  const pages = pagesOf<Change>(
    page,
    (change) => change.id,
    (keyset) => store.changes(connection, { ...filter, step }, keyset),
  );
  for await (const changes of pages) {
    const pairs = new Map<string, Pair>();
    const records = new Map<string, Pick<ReportRow, "erp" | "crm">>();
    for (const from of ["erp", "crm"] as const) {
      const ids = changes.filter(({ side }) => side !== from).map(({ source }) => source);
      if (ids.length === 0) continue;
      for (const { value, pair } of await store.lookup(connection, step, from, "id", ids)) {
        pairs.set(`${from} ${value}`, pair);
      }
      for (const record of await store.records(connection, step, from, { ids }, { limit: ids.length })) {
        records.set(`${from} ${record.id}`, { erp: null, crm: null, [from]: record });
      }
    }
    for (const change of changes) {
      const source = `${change.side === "crm" ? "erp" : "crm"} ${change.source}`;
      const none = { coupling: null, erp: null, crm: null };
      const found = pairs.get(source) ?? { ...none, ...records.get(source) };
      yield { row: { step, ...found, open: [change], blankKeys: false }, change };
    }
  }
}
