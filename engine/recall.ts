/** What attempts at creations left whose answer nobody has: looked for in the service, many at once. */
import type { Outcome, Recalled } from "../connectors/connector.ts";
import type { Change, Reason, Side, StoredRecord } from "../store/store.ts";
import { otherSide, type StepContext } from "./context.ts";
import { stores } from "./coupled_by.ts";
import { writeOf } from "./document.ts";
import { pagesOf } from "./paging.ts";
import { nameOf } from "./reasons.ts";
import { isBlank } from "./same.ts";
import { lateUntil } from "./settle.ts";

/** Records are compared with what was sent in pages of this many. */
const page = 500;
/** Milliseconds. */
const hour = 3_600_000;

/** What a creation left can't be told, or not yet. */
export interface Doubt {
  readonly reason: Reason;
}

export interface RecallOptions {
  /** Look at all that is there, whenever it was modified last. */
  readonly ever?: true;
  /** Called before each time that a service is asked. */
  readonly next?: () => void;
}

/** What each of these creations left: the record, a doubt that a person settles, or null for nothing. */
export async function recall(
  context: StepContext,
  changes: readonly Change[],
  { ever, next }: RecallOptions = {},
): Promise<ReadonlyMap<Change, Outcome | Doubt | null>> {
  const left = new Map<Change, Outcome | Doubt | null>();
  const unmet: Change[] = [];
  const claimed = { erp: new Set<string>(), crm: new Set<string>() };
  const groups = Map.groupBy(changes, (change) => `${change.side} ${ever ? 0 : sinceOf(change)}`);
  for (const group of groups.values()) {
    next?.();
    const found = await candidatesOf(context, group, ever ? 0 : sinceOf(group[0]!));
    for (const [at, change] of group.entries()) {
      const taken = claimed[change.side];
      const outcome = judged(context, change, found[at]!.filter((row) => !taken.has(row.id)));
      if (outcome !== null && "kind" in outcome && outcome.kind === "ok") taken.add(outcome.row.id);
      left.set(change, outcome);
      // Sent by an earlier store, if at all: nobody waits for it.
      if (outcome === null && !ever && sinceOf(change) !== 0) unmet.push(change);
    }
  }
  for (const [change, alike] of await lookAlikes(context, unmet, claimed)) {
    left.set(change, alike.length > 0 ? await resembles(context, change, alike) : underWay(context, change));
  }
  return left;
}

/**
 * From when on a creation can have left anything, in milliseconds; 0: nobody knows. The window is wide because the intent
 * carries our clock and the services' clocks may differ, values decide; whole hours, so that many have the same one.
 */
function sinceOf(change: Change): number {
  return mayBeLost(change) ? 0 : Math.floor(Date.parse(change.at) / hour) * hour - 24 * hour;
}

/** The records that these creations of one side may have left, as far as they are coupled with nothing. */
async function candidatesOf(
  context: StepContext,
  changes: readonly Change[],
  from: number,
): Promise<readonly (readonly Recalled[])[]> {
  const { side } = changes[0]!;
  const parts = context.compiled.parts?.step.extract[side] ?? null;
  const writes = changes.map((change) => writeOf({ ...change, version: null }, parts));
  const options = { ...context.wanted(side), since: new Date(from).toISOString() };
  const found = await context.opened[side].recall(writes, options);
  const coupled = await coupledIds(context, side, found.flat().map((row) => row.id));
  return found.map((rows) => rows.filter((row) => !coupled.has(row.id)));
}

async function coupledIds(context: StepContext, side: Side, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const found = await context.store.lookup(context.connection, context.step.name, side, "id", [...new Set(ids)]);
  return new Set(found.map(({ value }) => value));
}

function judged(context: StepContext, change: Change, free: readonly Recalled[]): Outcome | Doubt | null {
  const sure = free.filter((row) => row.doubt === undefined);
  if (sure.length === 1) return { kind: "ok", row: sure[0]! };
  if (free.length === 0) return null;
  const about = free.map((row) => row.id);
  const message = sure.length === 0
    ? `Cannot tell what an interrupted creation left: ${free.map((row) => row.doubt).join("; ")}`
    : `Cannot tell which record an interrupted creation left: ${sure.length} have the same values ` +
      `(${sure.map((row) => row.id).join(", ")}); delete the surplus ones, then synchronize again`;
  return doubtOf(context, change, { message, about });
}

function doubtOf(context: StepContext, change: Change, said: Pick<Reason, "message" | "about">): Doubt {
  const until = untilOf(change) || lateUntil(context, change.side);
  return { reason: { code: "unknown_outcome", ...said, ...(until === undefined ? {} : { until }) } };
}

/**
 * By creation, the records that have half of what was sent: people may have edited it since, and a second one would be
 * made beside it. Not those that a person said are others, and none that another creation left.
 */
async function lookAlikes(
  context: StepContext,
  changes: readonly Change[],
  claimed: Readonly<Record<Side, ReadonlySet<string>>>,
): Promise<ReadonlyMap<Change, readonly StoredRecord[]>> {
  const { store, connection, step, compiled } = context;
  const alike = new Map(changes.map((change) => [change, [] as StoredRecord[]]));
  // What many records share, such as a salesperson or terms of payment, tells nothing.
  const own = compiled.rules.filter(({ kind }) => kind === "copy" || kind === "convert");
  for (const side of ["erp", "crm"] as const) {
    if (step.extract[side].creation !== "lookup") continue;
    const told = own.flatMap((rule) => rule[side] ?? []);
    const sought = changes.filter((change) => change.side === side).map((change) => ({
      ...{ change, since: new Date(sinceOf(change)).toISOString() },
      sent: told.filter((field) => !isBlank(change.after[field])),
      others: new Set(change.reasons.flatMap(({ not }) => not ?? [])),
    }));
    if (sought.length === 0) continue;
    const pages = pagesOf<StoredRecord>(
      page,
      ({ id }) => id,
      (keyset) => store.records(connection, step.name, side, { uncoupled: true }, keyset),
    );
    for await (const records of pages) {
      for (const record of records) {
        if (claimed[side].has(record.id)) continue;
        for (const { change, since, sent, others } of sought) {
          if (others.has(record.id) || (record.modifiedAt ?? since) < since) continue;
          const equal = sent.filter((field) => stores(change.after[field], record.data[field]));
          if (equal.length > 0 && equal.length * 2 >= sent.length) alike.get(change)!.push(record);
        }
      }
    }
  }
  return alike;
}

async function resembles(context: StepContext, change: Change, alike: readonly StoredRecord[]): Promise<Doubt> {
  const names = alike.map((record) => `"${nameOf(context.compiled, record)}"`).join(", ");
  const message = `Cannot tell whether an interrupted creation left ${names}: at least half of what was sent stands ` +
    `there, and the rest was changed since; ` +
    (await sourceOf(context, change) === null
      ? "the record that it was created for was deleted: delete this one as well, or let it go its own way (retry)"
      : "couple the two if it is so, or try the creation again if it is not (retry)");
  return doubtOf(context, change, { message, about: alike.map(({ id }) => id) });
}

/** The doubt about a creation that was not found while its service may still be at work on it; null after that. */
function underWay(context: StepContext, change: Change): Doubt | null {
  const until = untilOf(change) || lateUntil(context, change.side);
  if (until === undefined || until <= context.now()) return null;
  const message =
    `Cannot tell yet whether the record was created: no answer came, and the service may be at work on it ` +
    `until ${until}; synchronize again after that, nothing is sent before`;
  return { reason: { code: "unknown_outcome", message, until } };
}

/**
 * What an earlier store may have left of creations that are found again by their correlation; not those of which nothing
 * is found. Nothing but their service may know of it: a completed document is in no reading.
 */
export async function foundBefore(
  context: StepContext,
  changes: readonly Change[],
): Promise<ReadonlyMap<Change, Outcome | Doubt>> {
  const found = new Map<Change, Outcome | Doubt>();
  for (const [change, left] of await recall(context, changes, { ever: true })) {
    if (left === null) continue;
    found.set(change, "reason" in left || left.kind !== "ok" ? left : { kind: "exists", row: left.row });
  }
  return found;
}

/**
 * As {@link recall}, for the answers that creations of this run lack; those of which it is told. A doubt is told by the
 * next run, which looks again.
 */
export async function recalled(
  context: StepContext,
  changes: readonly Change[],
): Promise<ReadonlyMap<Change, Outcome>> {
  const told = new Map<Change, Outcome>();
  for (const [change, left] of await recall(context, changes)) {
    if (left === null || !("kind" in left)) continue;
    // Who has the key may be somebody else's record, with other values.
    const isByKey = context.step.extract[change.side].creation === "natural key";
    told.set(change, isByKey && left.kind === "ok" ? { kind: "exists", row: left.row } : left);
  }
  return told;
}

/** Whether a store that was lost may have known of what this creation made, nobody can say when. */
export function mayBeLost({ op, reasons }: Change): boolean {
  return op === "insert" && reasons.some(({ code }) => code === "unconfirmed");
}

/** Until when nobody can tell, as the creation is listed; blank where nothing was said. */
export function untilOf({ reasons }: Change): string {
  return reasons.find(({ until }) => until !== undefined)?.until ?? "";
}

/** The record that a creation was made for; null where it was deleted. */
export async function sourceOf({ store, connection, step }: StepContext, change: Change): Promise<StoredRecord | null> {
  const ids = [change.source];
  const [source] = await store.records(connection, step.name, otherSide(change.side), { ids }, { limit: 1 });
  return source === undefined || source.state === "deleted" ? null : source;
}
