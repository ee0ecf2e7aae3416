/**
 * The first load of a step: creations whose ids we chose go many in a message, which tells nothing of what the service
 * made of them. They stay sent until they were read together; a stop before that leaves them to the next run, as any
 * that was not answered.
 */
import type { Outcome, Page, Row } from "../connectors/connector.ts";
import { ServiceError } from "../errors.ts";
import type { Change, Side, StoredRecord } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { isAllAsSent } from "./coupled_by.ts";
import { writeOf } from "./document.ts";
import { ahead } from "./find.ts";
import { pagesOf } from "./paging.ts";
import { recalled } from "./recall.ts";
import { cursorFor } from "./redefined.ts";
import { settle } from "./settle.ts";

/** Changes are settled in pages of this many. */
const page = 500;
/** Records of a page that are saved at once. */
const savedAtOnce = 2500;

export interface Load {
  /** Whether a creation goes this way. */
  takes(change: Change): boolean;
  /** Sends such creations of one side, at most a batch; false where nothing was done: they are to go the usual way. */
  send(changes: readonly Change[]): Promise<boolean>;
  /** Reads what the messages made, and settles it; nothing else of this run may be on its way. */
  settle(): Promise<void>;
}

/** Only in the first round: what a message did not do is done in the usual way after that. */
export function loadOf(context: StepContext, round: number): Load {
  const { isFirstLoad, selectsAll, rehearsal, guard, compiled, opened } = context;
  const isLoad = round === 1 && isFirstLoad && selectsAll && rehearsal === null && guard === null &&
    compiled.parts === null;
  const sides = new Set<Side>();
  /** Ids of changes; an earlier attempt may have made their records, with other values. */
  const unanswered = new Set<string>();
  const own = new Set<string>();
  return {
    takes: ({ op, side, target }) =>
      isLoad && op === "insert" && target !== null && opened[side].createMany !== undefined,
    async send(changes) {
      const { side } = changes[0]!;
      const answer = await opened[side].createMany!(changes.map((change) => writeOf(change, null)));
      if (answer === "refused") return false;
      sides.add(side);
      if (context.siblings[side].length > 0) { for (const { target } of changes) own.add(target!); }
      if (answer === "unknown") { for (const { id } of changes) unanswered.add(id); }
      return true;
    },
    async settle() {
      for (const side of sides) await settleSent(context, side, { round, unanswered, own });
    },
  };
}

interface Sent {
  readonly round: number;
  readonly unanswered: ReadonlySet<string>;
  /** Ids of their records, where other steps make records of the same kind: those are none of this step's. */
  readonly own: ReadonlySet<string>;
}

async function settleSent(context: StepContext, side: Side, { round, unanswered, own }: Sent): Promise<void> {
  const { store, connection, step, run } = context;
  const marks = await readNew(context, side, own);
  const pages = pagesOf<Change>(
    page,
    (change) => change.id,
    (keyset) => store.changes(connection, { step: step.name, run, side, states: ["sent"] }, keyset),
  );
  for await (const changes of pages) {
    context.signal?.throwIfAborted();
    const ids = changes.map(({ target }) => target!);
    const records = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
    const made = new Map(records.filter(({ state }) => state === "present").map((record) => [record.id, record]));
    // Other values than were sent are what the service made of them, or people's since.
    const odd = changes.filter((change) => !isAllAsSent(context, change, made.get(change.target!) ?? null));
    const isSure = ({ id, target }: Change) => made.has(target!) && !unanswered.has(id);
    const looked = await recalled(
      context,
      odd.filter((change) => !made.has(change.target!) || (isSure(change) && marks.get(change.target!) === "untold")),
    );
    const outcomes = changes.map((change): Outcome => {
      const record = made.get(change.target!);
      return looked.get(change) ?? (record === undefined ? nothingThere : { kind: "ok", row: rowOf(record) });
    });
    const isEdited = (change: Change) => {
      const outcome = looked.get(change);
      if (outcome !== undefined) return outcome.kind !== "ok" || !outcome.row.untouched;
      return marks.has(change.target!);
    };
    await settle(context, {
      ...{ side, changes, outcomes, round },
      recalled: new Set(odd.filter((change) => !isSure(change))),
      edited: new Set(odd.filter((change) => isSure(change) && isEdited(change))),
    });
    context.progress();
  }
}

const nothingThere: Outcome = { kind: "unknown", message: "there is no record with its id" };

function rowOf({ id, version, modifiedAt, data, frozen }: StoredRecord): Extract<Outcome, { kind: "ok" }>["row"] {
  return { id, version, modifiedAt, data, ...(frozen === null ? {} : { frozen }) };
}

/** By id of records that were modified since they were created, or of which that is not told. */
type Marks = ReadonlyMap<string, "edited" | "untold">;

/**
 * Saves the records that are new since the step's reading of this side. What became of others meanwhile is left to the
 * next run, which decides it under the brakes: the cursor goes on only as far as nothing did. Where there is no cursor,
 * or none that is known any more, nothing is read: records are asked for by their ids.
 */
async function readNew(context: StepContext, side: Side, own: ReadonlySet<string>): Promise<Marks> {
  const { store, connection, step, run, compiled, opened, signal } = context;
  const since = cursorFor((await store.step(connection, step.name)).cursors[side], compiled.hash);
  const marks = new Map<string, "edited" | "untold">();
  if (since === null) return marks;
  const options = { ...context.wanted(side), since, ...(signal === undefined ? {} : { signal }) };
  let isAllNew = true;
  try {
    for await (const read of ahead(opened[side].read(options))) {
      signal?.throwIfAborted();
      const { fresh, others } = await parted(context, side, read, own);
      for (const { id, untouched } of fresh) {
        if (!untouched) marks.set(id, untouched === undefined ? "untold" : "edited");
      }
      isAllNew &&= !others && read.kind === "delta";
      for (let from = 0; from === 0 || from < fresh.length; from += savedAtOnce) {
        const isLast = from + savedAtOnce >= fresh.length;
        const cursor = isAllNew && isLast && read.cursor !== null ? { cursor: `${compiled.hash} ${read.cursor}` } : {};
        const records = fresh.slice(from, from + savedAtOnce).map((row) => context.recordOf(side, row));
        await store.savePage(connection, step.name, side, { run, records, deleted: [], left: [], ...cursor });
      }
      context.progress();
    }
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== "cursor_expired") throw error;
  }
  return marks;
}

/** Of a page what was not known before; `others`: there is something else that the next run has to know of. */
async function parted(
  context: StepContext,
  side: Side,
  { rows, deleted, left, merged = [] }: Page,
  own: ReadonlySet<string>,
): Promise<{ readonly fresh: readonly Row[]; readonly others: boolean }> {
  const { store, connection, step, siblings } = context;
  const gone = [...deleted, ...left, ...merged.map(({ id }) => id)];
  const ids = [...rows.map(({ id }) => id), ...gone];
  const found = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
  const known = new Map(found.filter(({ state }) => state === "present").map((record) => [record.id, record]));
  const fresh = rows.filter(({ id }) => !known.has(id) && (siblings[side].length === 0 || own.has(id)));
  const taken = new Set(fresh);
  const others = gone.some((id) => known.has(id)) ||
    rows.some((row) => !taken.has(row) && known.get(row.id)?.version !== row.version);
  return { fresh, others };
}
