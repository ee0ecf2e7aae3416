/** `conflicts resolve` on a world of the engine's tests. */
import { changesOf, compiledOf, findRecord } from "../../engine/find_record.ts";
import { readLookups } from "../../engine/lookups.ts";
import { type Answer, resolveConflict } from "../../engine/resolve.ts";
import type { Step } from "../../engine/step.ts";
import type { World } from "./world.ts";

/** Gives the customer "e1" the answer to its one conflict. */
export async function resolve(w: World, steps: readonly Step[], answer: Answer): Promise<void> {
  const place = { store: w.store, connection: "c", steps };
  const row = await findRecord(place, "customers/e1");
  const compiled = compiledOf(steps, "customers");
  const data = [{ erp: row.erp?.data ?? null, crm: row.crm?.data ?? null }];
  const lookups = await readLookups(w.store, "c", compiled, data);
  const earlier = await changesOf(place, row, ["done"]);
  const given = { answer, field: null, lookups, earlier, now: "2026-02-01T00:00:00Z" };
  await w.store.save("c", "customers", resolveConflict(compiled, row, given).settlement!);
}
