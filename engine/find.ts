/** Find updates: reads both sides of a step into the store, and finds what is gone after a full reading. */
import type { Field, Fields, Met, Opened, Page, Part } from "../connectors/connector.ts";
import { ServiceError } from "../errors.ts";
import type { Change, Newest, PageSave, Side, StoredRecord } from "../store/store.ts";
import { refuseEmpty } from "./brakes.ts";
import { keysOf } from "./keys.ts";
import { pagesOf } from "./paging.ts";
import { flatten } from "./parts.ts";
import { fingerprintOf } from "./record.ts";
import { type Add, queued } from "./side_by_side.ts";
import { otherSide, type StepContext } from "./context.ts";
import type { SweepEvery } from "./step.ts";

/** Ids are confirmed in chunks of this many. */
const confirmed = 500;
/** The most records of a page that are saved at once, new ones with all that they hold; no small rest is left over. */
const savedAtOnce = { new: 750, seen: 1500 };

export interface Finding {
  /** Where the last reading ended; null: everything is read. */
  readonly cursor: string | null;
  /** ISO 8601: when all records, or all ids, were last read; null: never. */
  readonly whole: string | null;
}

/**
 * Reads one side, and all of its ids as well where nobody did for so long as the step says: also where the service tells
 * what was deleted, since what it tells with may have been cleared, and a change may be committed behind the cursor. What
 * neither met is asked for by its id.
 */
export async function findUpdates(context: StepContext, side: Side, { cursor, whole }: Finding): Promise<void> {
  const at = context.now();
  let isWhole: boolean;
  try {
    isWhole = await read(context, side, cursor, at);
  } catch (error) {
    if (cursor === null || !(error instanceof ServiceError) || error.code !== "cursor_expired") throw error;
    isWhole = await read(context, side, null, at);
  }
  const isDue = whole === null || Date.parse(at) - Date.parse(whole) >= pauses[context.step.sweepEvery];
  if (!isWhole && isDue) await sweep(context, side, at);
}

/** Milliseconds between two sweeps. */
const pauses: Readonly<Record<SweepEvery, number>> = {
  run: 0,
  hour: 3_600_000,
  day: 24 * 3_600_000,
  week: 7 * 24 * 3_600_000,
};

/** Returns whether everything was read. */
async function read(context: StepContext, side: Side, since: string | null, at: string): Promise<boolean> {
  const { store, connection, step, run, compiled } = context;
  const options = { ...context.wanted(side), ...(since === null ? {} : { since }), ...signalOf(context) };
  let whole = since === null;
  let tells = since !== null;
  let met = 0;
  let end: string | null = null;
  let newest: Newest | null = null;
  const isNew = context.isNew[side] && since === null;
  await queued(async (saving) => {
    for await (const page of ahead(context.opened[side].read(options))) {
      context.signal?.throwIfAborted();
      whole ||= page.kind === "full";
      // Where a full reading ends is known when all that it did not meet was asked for: a stop in between loses no deletion.
      if (whole) end = page.cursor ?? end;
      await savePage(context, side, page, { cursor: whole ? null : page.cursor, isNew, saving });
      tells &&= page.tellsDeletions === true;
      met += page.rows.length;
      for (const { id, modifiedAt } of page.rows) {
        if (modifiedAt !== null && modifiedAt > (newest?.modifiedAt ?? "")) newest = { id, modifiedAt };
      }
    }
  });
  if (isNew && context.isFirst && isMatched(context)) context.keyed[side] = met;
  // Of a new side nothing can be unseen: all that is known of it was just read.
  if (whole && !isNew) await confirmUnseen(context, side, met);
  const cursor = end === null ? {} : { cursor: `${compiled.hash} ${end}` };
  const known = { swept: at, ...(whole ? { whole: at } : {}), ...(isNew && newest !== null ? { newest } : {}) };
  if (whole || tells) await store.savePage(connection, step.name, side, { ...nothing, run, ...cursor, ...known });
  return whole;
}

/**
 * Reads all ids of a side, and asks for each record that was not among them, or that is there otherwise than it is
 * known: a service may commit a change so late that no reading of changes brings it.
 */
async function sweep(context: StepContext, side: Side, at: string): Promise<void> {
  const { store, connection, step, run } = context;
  let count = 0;
  for await (const { met = [] } of context.opened[side].read({ fields: [], only: "ids", ...signalOf(context) })) {
    context.signal?.throwIfAborted();
    count += met.length;
    await store.savePage(connection, step.name, side, { ...nothing, run, met: met.map(({ id }) => id) });
    for (let from = 0; from < met.length; from += confirmed) {
      const unknown = await unknownOf(context, side, met.slice(from, from + confirmed));
      await readAgain(context, side, unknown);
    }
  }
  await confirmUnseen(context, side, count);
  await store.savePage(connection, step.name, side, { ...nothing, run, swept: at, whole: at });
}

/** Ids of those that were never read, count as gone, or were modified since they were read. */
async function unknownOf(context: StepContext, side: Side, met: readonly Met[]): Promise<string[]> {
  const { store, connection, step } = context;
  const ids = met.map(({ id }) => id);
  const known = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
  const byId = new Map(known.map((record) => [record.id, record]));
  return met.filter(({ id, modifiedAt }) => {
    const record = byId.get(id);
    if (record?.state !== "present") return true;
    return modifiedAt !== null && modifiedAt !== record.modifiedAt;
  }).map(({ id }) => id);
}

const nothing = { records: [], deleted: [], left: [] };

/** A record that a full reading did not meet may be deleted, may have left the filter, or was only overlooked. */
async function confirmUnseen(context: StepContext, side: Side, met: number): Promise<void> {
  const { store, connection, step, run } = context;
  if (met === 0) await refuseEmpty(context, side);
  const unseen = pagesOf<StoredRecord>(
    confirmed,
    (record) => record.id,
    (keyset) => store.records(connection, step.name, side, { unseen: run }, keyset),
  );
  for await (const records of unseen) await readAgain(context, side, records.map((record) => record.id));
}

/**
 * Records that wait for a value which comes from other records: a change there doesn't touch their own time stamp, so
 * no reading of changes brings them.
 */
export async function readElsewhere(context: StepContext): Promise<void> {
  const { store, connection, step } = context;
  for (const side of context.sides) {
    const from = otherSide(side);
    const fields: readonly Field[] = Object.values(step.extract[from].fields);
    if (!fields.some((field) => field.elsewhere)) continue;
    const open = pagesOf<Change>(
      confirmed,
      (change) => change.id,
      (keyset) => store.changes(connection, { step: step.name, side, states: ["open"] }, keyset),
    );
    for await (const changes of open) {
      const waiting = changes.filter((change) => change.reasons.some((reason) => reason.code === "required_blank"));
      if (waiting.length > 0) await readAgain(context, from, waiting.map((change) => change.source));
    }
  }
}

/** Reads these records as they are now; not given up when the run is: what was written must be known. */
export async function readAgain(context: StepContext, side: Side, ids: readonly string[]): Promise<void> {
  const opened: Opened = context.opened[side];
  if (ids.length > 0) context.keyed[side] = null;
  for (let from = 0; from < ids.length; from += confirmed) {
    const some = ids.slice(from, from + confirmed);
    const keys = await numbersOf(context, side, some);
    await queued(async (saving) => {
      for await (const page of opened.read({ ...context.wanted(side), ids: some, keys })) {
        await savePage(context, side, page, { saving });
      }
    });
  }
}

/** The keys that records were last seen with, by id. */
async function numbersOf(context: StepContext, side: Side, ids: readonly string[]): Promise<Record<string, string>> {
  const { store, connection, step } = context;
  const known = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
  return Object.fromEntries(known.flatMap(({ id, key }) => key === null ? [] : [[id, key]]));
}

/** The next page is on its way while this one is worked on. */
async function* ahead(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  const reading = pages[Symbol.asyncIterator]();
  let next = reading.next();
  try {
    for (let got = await next; got.done !== true; got = await next) {
      next = reading.next();
      next.catch(() => {}); // told when it is asked for
      yield got.value;
    }
  } finally {
    await reading.return?.();
  }
}

interface Saving {
  /** Where a reading of changes goes on. */
  readonly cursor?: string | null;
  /** The page is of a reading of everything, and nothing was known of the side before. */
  readonly isNew?: boolean;
  readonly saving: Add;
}

/** Saves a page bit by bit; what is not about its rows with the last one. */
async function savePage(
  context: StepContext,
  side: Side,
  page: Page,
  { cursor = null, isNew = false, saving }: Saving,
): Promise<void> {
  const { store, connection, step, run, compiled } = context;
  const most = isNew ? savedAtOnce.new : savedAtOnce.seen;
  const size = Math.ceil(page.rows.length / Math.ceil(page.rows.length / most)) || most;
  for (let from = 0; from === 0 || from < page.rows.length; from += size) {
    const records = page.rows.slice(from, from + size).map((row) => context.recordOf(side, row));
    const keys = isNew && isMatched(context) ? { keys: await keysOf(context, side, { records, groups: 1 }) } : {};
    const own = { run, records, ...keys, ...(isNew ? { isNew: true as const } : {}) };
    const isLast = from + size >= page.rows.length;
    const save: PageSave = {
      ...own,
      deleted: isLast ? page.deleted : [],
      left: isLast ? page.left : [],
      ...(page.merged === undefined || !isLast ? {} : { merged: page.merged }),
      ...(cursor === null || !isLast ? {} : { cursor: `${compiled.hash} ${cursor}` }),
    };
    await saving(async () => {
      await store.savePage(connection, step.name, side, save);
      const records = isLast ? (await completed(context, side, page)).map((record) => ({ side, record })) : [];
      if (records.length > 0) await store.save(connection, step.name, { records });
      context.progress();
    });
  }
}

/** Whether records are coupled by their keys, which are made while they are read. */
function isMatched({ step }: StepContext): boolean {
  return step.of === null && step.match.length > 0;
}

/** Documents that their service completed, as they were last seen with what is known now. */
async function completed(context: StepContext, side: Side, { archived = [] }: Page): Promise<StoredRecord[]> {
  if (archived.length === 0) return [];
  const { store, connection, step } = context;
  const ids = archived.map(({ id }) => id);
  const known = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
  const { fields, partFields = [] } = context.wanted(side);
  return archived.flatMap(({ id, data: now, parts, frozen }): StoredRecord[] => {
    const before = known.find((record) => record.id === id);
    if (before === undefined) return [];
    const head = { ...before.data, ...now };
    const data = parts === undefined ? head : { ...head, ...mergedParts(before.data, parts, partFields) };
    return [{ ...before, data, fingerprint: fingerprintOf(fields, data), frozen, state: "completed" }];
  });
}

/** What is known now of the parts that were there: none is added, none goes. */
function mergedParts(before: StoredRecord["data"], parts: readonly Part[], fields: readonly string[]): Fields {
  const known = parts.filter(({ key }) => Object.hasOwn(before, `${key}/`));
  const named = flatten({}, known, fields);
  return Object.fromEntries(
    Object.entries(named).filter(([name, value]) => !name.endsWith("/") && value !== null),
  );
}

function signalOf(context: StepContext): { signal: AbortSignal } | Record<never, never> {
  return context.signal === undefined ? {} : { signal: context.signal };
}
