/** In a rehearsal a step reads what the steps before it would have written, which no service has. */
import type { Fields } from "../connectors/connector.ts";
import type { Change, Side, StoredRecord } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { pagesOf } from "./paging.ts";
import { headOf } from "./parts.ts";
import { idOf, isInside, isSimulated, newRow } from "./simulate.ts";
import type { Step } from "./step.ts";

const page = 500;

/** Adds to the records of `side` what the steps that this one depends on would write to the same entity. */
export async function overlay(context: StepContext, side: Side): Promise<void> {
  const { store, connection, step, run } = context;
  if (context.compiled.parts !== null) return;
  for (const other of before(step).filter((one) => one.extract[side].name === step.extract[side].name)) {
    const filter = { step: other.name, run, side, states: ["done", "open"] as const };
    const changes = pagesOf<Change>(page, ({ id }) => id, (keyset) => store.changes(connection, filter, keyset));
    for await (const some of changes) {
      const written = some.filter((change) =>
        isSimulated(run, change) && (change.op === "insert" || change.op === "update")
      );
      const ids = [...new Set(written.map((change) => idOf(step.extract[side], change)))];
      if (ids.length === 0) continue;
      context.keyed[side] = null;
      const found = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
      const known = new Map(found.map((record) => [record.id, record]));
      for (const change of written) {
        const record = after(context, change, known);
        if (record !== null) known.set(record.id, record);
      }
      await store.savePage(connection, step.name, side, { run, records: [...known.values()], deleted: [], left: [] });
    }
  }
}

/** The record after the change; null where this step does not have it. */
function after(context: StepContext, change: Change, known: ReadonlyMap<string, StoredRecord>): StoredRecord | null {
  const entity = context.step.extract[change.side];
  const id = idOf(entity, change);
  const record = known.get(id);
  if (record === undefined && change.op !== "insert") return null;
  const data: Fields = record === undefined ? newRow(entity, change) : { ...record.data, ...headOf(change.after) };
  if (record === undefined && !isInside(entity, data)) return null;
  const row = { id, version: `planned ${change.id}`, modifiedAt: change.at, data };
  return { ...context.recordOf(change.side, row), frozen: record?.frozen ?? null };
}

/** All steps that come before this one, each once. */
function before(step: Step, found = new Set<Step>()): readonly Step[] {
  for (const needed of step.dependsOn) {
    if (found.has(needed)) continue;
    before(needed, found);
    found.add(needed);
  }
  return [...found];
}
