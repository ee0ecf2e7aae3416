/** Short words for what the tests of stores do. */
import { assertRejects } from "@std/assert";
import { ServiceError } from "../../errors.ts";
import type { Settlement, Side, Store, StoredRecord } from "../../store/store.ts";

/** Declares a test of a store, in a connection of its own. */
export type StoreTest = (what: string, body: (store: Store, connection: string) => Promise<void>) => void;

/** What a page has besides its run. */
export const nothing = { records: [], deleted: [], left: [] };

/** Where a test works, with the calls that most tests need. */
export function place(store: Store, connection: string) {
  return {
    read: (side: Side, records: readonly StoredRecord[], runId = "r1") =>
      store.savePage(connection, "s", side, { ...nothing, run: runId, records }),
    save: (settlement: Settlement) => store.save(connection, "s", settlement),
    records: async (side: Side) => {
      const all = ["a", "b", "c", "d", "e", "x", "y", "z"];
      return await store.records(connection, "s", side, { ids: all }, { limit: 100 });
    },
    uncoupled: async (side: Side) => {
      return idsOf(await store.records(connection, "s", side, { uncoupled: true }, { limit: 100 }));
    },
    pairs: async (definition = "d1", more: { after?: string; limit?: number } = {}) => {
      const pairs = await store.pairs(connection, "s", { definition, limit: 100, ...more });
      return pairs.map(({ coupling }) => coupling.erpId);
    },
    states: async () => {
      const states = ["intended", "sent", "done", "open", "noted", "closed"] as const;
      const changes = await store.changes(connection, { states }, { limit: 100 });
      return Object.fromEntries(changes.map(({ id, state }) => [id, state]));
    },
    report: async (steps = ["s"]) => (await Array.fromAsync(store.report(connection, steps))).flat(),
  };
}
/** Their ids, in their order. */
export function idsOf(records: readonly StoredRecord[]): string[] {
  return records.map((one) => one.id);
}
/** What it was refused with. */
export async function codeOf(work: Promise<unknown>): Promise<ServiceError> {
  return await assertRejects(() => work, ServiceError);
}
