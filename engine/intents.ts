/** What earlier runs left behind: writes whose answer was never saved, and listings that nothing renews. */
import type { Outcome, Part } from "../connectors/connector.ts";
import type { Change, Reason, Side, StoredRecord } from "../store/store.ts";
import { otherSide, type StepContext } from "./context.ts";
import { tookEffect, writeOf } from "./document.ts";
import { headOf, partsIn } from "./parts.ts";
import { stores } from "./coupled_by.ts";
import { readAgain } from "./find.ts";
import { isHeld } from "./held.ts";
import { pagesOf } from "./paging.ts";
import { authorityOf } from "./policy.ts";
import { nameOf } from "./reasons.ts";
import { stands } from "./record.ts";
import { isBlank } from "./same.ts";
import { lateUntil, refusal, settle } from "./settle.ts";

const page = 500;

/**
 * Looks for what an earlier run had sent when it stopped, before anything is decided. What was only intended is
 * decided anew. A creation that nobody can tell about stays listed, and is not made again.
 */
export async function resolveIntents(context: StepContext): Promise<void> {
  const { store, connection, step } = context;
  for await (const changes of changesOf(context, ["intended", "sent", "open", "noted"])) {
    const closed: Change[] = [];
    if (context.rehearsal === null && context.guard === null) await readTargets(context, changes);
    for (const change of changes) {
      context.signal?.throwIfAborted(); // each may ask a service
      if (isHeld(change)) context.held.set(`${change.side} ${change.source}`, change);
      if (change.state === "open") context.listed.add(`${change.side} ${change.source}`);
      if (change.state === "noted") continue;
      if (change.state === "open" && !isInDoubt(change) && !mayBeLost(change)) continue;
      if ((context.rehearsal !== null || context.guard !== null) && change.state !== "intended") {
        await leaveAlone(context, change);
        continue;
      }
      if (change.state === "open" && change.op === "insert" && await isOver(context, change)) {
        closed.push({ ...change, state: "closed", at: context.now() });
        continue;
      }
      const outcome = change.state === "intended" ? null : await outcomeOf(context, change);
      // A document that has its state back is decided anew for what was not written: its open change brings it there.
      const isUnsent = outcome === null || outcome === "edited";
      if (isUnsent && change.state === "open" && change.op === "update") continue;
      if (outcome === null || outcome === "edited") {
        // Who edited the record since may have met what was written: then what it overwrote is gone.
        const lost = outcome === null ? [] : change.lost;
        closed.push({ ...change, state: "closed", lost, at: context.now() });
      } else if ("reason" in outcome) {
        const { reason } = outcome;
        context.unsettled.set(`${change.side} ${change.source}`, "failed");
        for (const id of reason.about ?? []) {
          context.unsettled.set(`${otherSide(change.side)} ${id}`, "blocked");
          context.suspects.set(`${otherSide(change.side)} ${id}`, { ...reason, about: [change.source] });
        }
        const not = change.reasons.flatMap(({ not }) => not ?? []);
        const lost = change.reasons.filter(({ code }) => code === "unconfirmed");
        const reasons = [not.length === 0 ? reason : { ...reason, not }, ...lost];
        await store.save(connection, step.name, { changes: [{ ...change, run: context.run, state: "open", reasons }] });
      } else if ("left" in outcome) {
        const left: Change = { ...change, run: context.run, state: "open", reasons: [outcome.left] };
        context.unrestored.set(`${change.side} ${change.source}`, left);
        await store.save(connection, step.name, { changes: [left] });
      } else await settle(context, { side: change.side, changes: [change], outcomes: [outcome], round: 0 });
    }
    if (closed.length > 0) await store.save(connection, step.name, { changes: closed });
  }
}

/** What stands now where an update may have been written: of a deletion since then no reading of changes need tell. */
async function readTargets(context: StepContext, changes: readonly Change[]): Promise<void> {
  for (const side of ["erp", "crm"] as const) {
    const sent = changes.filter((change) => change.side === side && change.op === "update" && change.state === "sent");
    await readAgain(context, side, sent.flatMap(({ target }) => target ?? []));
  }
}

/** Nobody is asked where nothing but a plan may be written, since the answer may take a write: another run settles it. */
async function leaveAlone(context: StepContext, change: Change): Promise<void> {
  context.unsettled.set(`${change.side} ${change.source}`, "failed");
  const made = change.op === "insert" && change.target !== null ? [change.target] : [];
  for (const id of [...made, ...change.reasons.flatMap(({ about }) => about ?? [])]) {
    context.unsettled.set(`${otherSide(change.side)} ${id}`, "blocked");
  }
  await context.store.save(context.connection, context.step.name, { changes: [{ ...change, run: context.run }] });
}

/** Whether an earlier run left this change without an answer, so that the next run has to settle it first. */
export function isInDoubt({ op, state, reasons }: Change): boolean {
  const doubt = op === "insert" ? "unknown_outcome" : "not_restored";
  return state === "sent" || (state === "open" && reasons.some(({ code }) => code === doubt));
}

/** Whether a store that was lost may have known of what this creation made, nobody can say when. */
function mayBeLost({ op, reasons }: Change): boolean {
  return op === "insert" && reasons.some(({ code }) => code === "unconfirmed");
}

/**
 * Whether nobody wants any more what a creation in doubt was for: its source has come to its end. Where that was deleted,
 * what the creation left is looked for all the same, or it would bring back what was deleted; a document brings back none.
 */
async function isOver(context: StepContext, change: Change): Promise<boolean> {
  const { step } = context;
  if (untilOf(change) > context.now()) return false;
  const source = await sourceOf(context, change);
  if (source === null) return step.extract[change.side].creation === "correlation";
  return authorityOf(step, { erp: {}, crm: {}, [otherSide(change.side)]: source.data })?.over === true;
}

/** Null where it was deleted. */
async function sourceOf({ store, connection, step }: StepContext, change: Change): Promise<StoredRecord | null> {
  const ids = [change.source];
  const [source] = await store.records(connection, step.name, otherSide(change.side), { ids }, { limit: 1 });
  return source === undefined || source.state === "deleted" ? null : source;
}

function untilOf({ reasons }: Change): string {
  return reasons.find(({ until }) => until !== undefined)?.until ?? "";
}

/** A document that the change opened is open still. */
interface Unrestored {
  readonly left: Reason;
}

/** What a creation left can't be told, or not yet. */
export interface Doubt {
  readonly reason: Reason;
}

/** Null: nothing was written. edited: something else was, by others after what was sent, or instead of it. */
async function outcomeOf(
  context: StepContext,
  change: Change,
): Promise<Outcome | Doubt | Unrestored | "edited" | null> {
  if (change.op === "insert") return await recall(context, change);
  if (change.op === "delete" || change.op === "uncouple") return await wasDeleted(context, change);
  const refused = await restore(context, change);
  if (refused !== null) return { left: refusal(change, refused) };
  const found = await context.store.lookup(context.connection, context.step.name, change.side, "id", [change.target!]);
  const record = found[0]?.pair[change.side];
  if (record === null || record === undefined) return null;
  if (!stands(record)) return "edited"; // nobody can tell any more
  if (record.version === change.version) return null;
  if (!tookEffect(change.after, record.data, stores)) return "edited";
  const { id, version, modifiedAt, data } = record;
  const parts = [...partsIn(data)].map(([key, fields]): Part => ({ key, data: fields }));
  return { kind: "ok", row: { id, version, modifiedAt, data: headOf(data), parts } };
}

/** A deletion that was stopped is decided anew, unless the record is gone. */
async function wasDeleted(context: StepContext, change: Change): Promise<Outcome | null> {
  const { store, connection, step } = context;
  if (change.op === "uncouple") return null;
  const ids = [change.target!];
  await readAgain(context, change.side, ids);
  const [record] = await store.records(connection, step.name, change.side, { ids }, { limit: 1 });
  return record?.state === "deleted" ? { kind: "deleted" } : null;
}

/** A sequence of requests that was stopped may have left the document open for editing. */
async function restore(context: StepContext, change: Change): Promise<(Outcome & { kind: "refused" }) | null> {
  const opened = context.opened[change.side];
  if (opened.restore === undefined) return null;
  const parts = context.compiled.parts?.step.extract[change.side] ?? null;
  const { signal } = context;
  const refused = await opened.restore(writeOf(change, parts), signal === undefined ? {} : { signal });
  await readAgain(context, change.side, [change.target!]);
  return refused;
}

/** What an attempt at a creation left: the record, a doubt that a person settles, or null for nothing. */
async function recall(
  context: StepContext,
  change: Change,
  // The window is wide because the intent carries our clock and the services' clocks may differ; values decide.
  from = mayBeLost(change) ? 0 : Date.parse(change.at) - 24 * 3600 * 1000,
): Promise<Outcome | Doubt | null> {
  const since = new Date(from).toISOString();
  const parts = context.compiled.parts?.step.extract[change.side] ?? null;
  const options = { ...context.wanted(change.side), since };
  const rows = await context.opened[change.side].recall(writeOf({ ...change, version: null }, parts), options);
  const taken = await coupledIds(context, change.side, rows.map((row) => row.id));
  const free = rows.filter((row) => !taken.has(row.id));
  const sure = free.filter((row) => row.doubt === undefined);
  if (sure.length === 1) return { kind: "ok", row: sure[0]! };
  if (free.length === 0 && from === 0) return null; // sent by an earlier store, if at all
  if (free.length === 0) return await lookAlikes(context, change, since) ?? underWay(context, change);
  const about = free.map((row) => row.id);
  const message = sure.length === 0
    ? `Cannot tell what an interrupted creation left: ${free.map((row) => row.doubt).join("; ")}`
    : `Cannot tell which record an interrupted creation left: ${sure.length} have the same values ` +
      `(${sure.map((row) => row.id).join(", ")}); delete the surplus ones, then synchronize again`;
  const until = untilOf(change) || lateUntil(context, change.side);
  return { reason: { code: "unknown_outcome", message, about, ...(until === undefined ? {} : { until }) } };
}

/**
 * The doubt about a creation that its values alone would show, where a record has half of them: people may have edited it
 * since, and a second one would be made beside it. Null where there is none, or a person said that it is another one.
 */
async function lookAlikes(context: StepContext, change: Change, since: string): Promise<Doubt | null> {
  const { store, connection, step, compiled } = context;
  const { side } = change;
  if (step.extract[side].creation !== "lookup") return null;
  // What many records share, such as a salesperson or terms of payment, tells nothing.
  const own = compiled.rules.filter(({ kind }) => kind === "copy" || kind === "convert");
  const told = own.flatMap((rule) => rule[side] ?? []);
  const sent = told.filter((field) => !isBlank(change.after[field]));
  const others = new Set(change.reasons.flatMap(({ not }) => not ?? []));
  const alike: StoredRecord[] = [];
  const pages = pagesOf<StoredRecord>(
    page,
    ({ id }) => id,
    (keyset) => store.records(connection, step.name, side, { uncoupled: true }, keyset),
  );
  for await (const records of pages) {
    for (const record of records) {
      if (others.has(record.id) || (record.modifiedAt ?? since) < since) continue;
      const equal = sent.filter((field) => stores(change.after[field], record.data[field]));
      if (equal.length > 0 && equal.length * 2 >= sent.length) alike.push(record);
    }
  }
  if (alike.length === 0) return null;
  const names = alike.map((record) => `"${nameOf(compiled, record)}"`).join(", ");
  const message = `Cannot tell whether an interrupted creation left ${names}: at least half of what was sent stands ` +
    `there, and the rest was changed since; ` +
    (await sourceOf(context, change) === null
      ? "the record that it was created for was deleted: delete this one as well, or let it go its own way (retry)"
      : "couple the two if it is so, or try the creation again if it is not (retry)");
  const until = untilOf(change) || lateUntil(context, side);
  const about = alike.map(({ id }) => id);
  return { reason: { code: "unknown_outcome", message, about, ...(until === undefined ? {} : { until }) } };
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
 * What an earlier store may have left of a creation that is found again by its correlation; null where nothing is found.
 * Nothing but its service may know of it: a completed document is in no reading.
 */
export async function foundBefore(context: StepContext, change: Change): Promise<Outcome | Doubt | null> {
  const left = await recall(context, change, 0);
  return left === null || "reason" in left || left.kind !== "ok" ? left : { kind: "exists", row: left.row };
}

/** As {@link recall}, for the answer that a creation of this run lacks. A doubt is told by the next run, which looks again. */
export async function recalled(context: StepContext, change: Change, outcome: Outcome): Promise<Outcome> {
  const left = await recall(context, change);
  if (left === null || !("kind" in left)) return outcome;
  // Who has the key may be somebody else's record, with other values.
  const isByKey = context.step.extract[change.side].creation === "natural key";
  return isByKey && left.kind === "ok" ? { kind: "exists", row: left.row } : left;
}

async function coupledIds(context: StepContext, side: Side, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const found = await context.store.lookup(context.connection, context.step.name, side, "id", ids);
  return new Set(found.map(({ value }) => value));
}

/** Closes what this run did not list anew: its record is gone, or the definition no longer asks for it. */
export async function closeStale(context: StepContext): Promise<void> {
  for await (const changes of changesOf(context, ["open"])) {
    const stale = changes.filter((change) => change.run !== context.run);
    const closed = stale.map((change): Change => ({ ...change, state: "closed", at: context.now() }));
    if (closed.length > 0) await context.store.save(context.connection, context.step.name, { changes: closed });
  }
}

function changesOf(context: StepContext, states: readonly Change["state"][]): AsyncIterable<readonly Change[]> {
  const { store, connection, step } = context;
  return pagesOf<Change>(
    page,
    (change) => change.id,
    (keyset) => store.changes(connection, { step: step.name, states }, keyset),
  );
}
