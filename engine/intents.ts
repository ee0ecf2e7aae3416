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
import { type Doubt, mayBeLost, recall, sourceOf, untilOf } from "./recall.ts";
import { stands } from "./record.ts";
import { refusal, settle } from "./settle.ts";

/** So many are found out about at once: a stop in between loses no more than that. */
const page = 200;

/**
 * Looks for what an earlier run had sent when it stopped, before anything is decided. What was only intended is
 * decided anew. A creation that nobody can tell about stays listed, and is not made again.
 */
export async function resolveIntents(context: StepContext): Promise<void> {
  const { store, connection, step } = context;
  const mayAsk = context.rehearsal === null && context.guard === null;
  for await (const changes of changesOf(context, ["intended", "sent", "open", "noted"])) {
    const saved: Change[] = [];
    const doubtful: Change[] = [];
    if (mayAsk) await readTargets(context, changes);
    for (const change of changes) {
      if (isHeld(change)) context.held.set(`${change.side} ${change.source}`, change);
      if (change.state === "open") context.listed.add(`${change.side} ${change.source}`);
      if (change.state === "noted") continue;
      if (change.state === "open" && !isInDoubt(change) && !mayBeLost(change)) continue;
      if (change.state === "intended") saved.push({ ...change, state: "closed", lost: [], at: context.now() });
      else if (!mayAsk) await leaveAlone(context, change);
      else if (change.state === "open" && change.op === "insert" && await isOver(context, change)) {
        saved.push({ ...change, state: "closed", at: context.now() });
      } else doubtful.push(change);
    }
    const outcomes = await outcomesOf(context, doubtful);
    const told = { erp: { changes: [], outcomes: [] }, crm: { changes: [], outcomes: [] } } as Told;
    for (const change of doubtful) {
      const outcome = outcomes.get(change) ?? null;
      // A document that has its state back is decided anew for what was not written: its open change brings it there.
      const isUnsent = outcome === null || outcome === "edited";
      if (isUnsent && change.state === "open" && change.op === "update") continue;
      if (outcome === null || outcome === "edited") {
        // Who edited the record since may have met what was written: then what it overwrote is gone.
        const lost = outcome === null ? [] : change.lost;
        saved.push({ ...change, state: "closed", lost, at: context.now() });
      } else if ("reason" in outcome) {
        saved.push(inDoubt(context, change, outcome.reason));
      } else if ("left" in outcome) {
        const left: Change = { ...change, run: context.run, state: "open", reasons: [outcome.left] };
        context.unrestored.set(`${change.side} ${change.source}`, left);
        saved.push(left);
      } else {
        told[change.side].changes.push(change);
        told[change.side].outcomes.push(outcome);
      }
    }
    for (const side of ["erp", "crm"] as const) {
      if (told[side].changes.length > 0) await settle(context, { side, ...told[side], round: 0 });
    }
    if (saved.length > 0) await store.save(connection, step.name, { changes: saved });
  }
}

type Told = Readonly<Record<Side, { readonly changes: Change[]; readonly outcomes: Outcome[] }>>;

/** The creation as it is listed while nobody can tell what it left. */
function inDoubt(context: StepContext, change: Change, reason: Reason): Change {
  context.unsettled.set(`${change.side} ${change.source}`, "failed");
  for (const id of reason.about ?? []) {
    context.unsettled.set(`${otherSide(change.side)} ${id}`, "blocked");
    context.suspects.set(`${otherSide(change.side)} ${id}`, { ...reason, about: [change.source] });
  }
  const not = change.reasons.flatMap(({ not }) => not ?? []);
  const lost = change.reasons.filter(({ code }) => code === "unconfirmed");
  const reasons = [not.length === 0 ? reason : { ...reason, not }, ...lost];
  return { ...change, run: context.run, state: "open", reasons };
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

/** A document that the change opened is open still. */
interface Unrestored {
  readonly left: Reason;
}

/** Null: nothing was written. edited: something else was, by others after what was sent, or instead of it. */
type Left = Outcome | Doubt | Unrestored | "edited" | null;

/** What became of changes that were sent, each service asked for as many at once as it answers for. */
async function outcomesOf(context: StepContext, changes: readonly Change[]): Promise<ReadonlyMap<Change, Left>> {
  const outcomes = new Map<Change, Left>();
  const next = () => {
    context.signal?.throwIfAborted();
    context.progress();
  };
  const inserts = changes.filter(({ op }) => op === "insert");
  for (const [change, left] of await recall(context, inserts, { next })) outcomes.set(change, left);
  for (const side of ["erp", "crm"] as const) {
    const own = changes.filter((change) => change.side === side);
    await settleDeletions(context, own.filter(({ op }) => op === "delete"), outcomes);
    await settleUpdates(context, own.filter(({ op }) => op === "update"), { outcomes, next });
  }
  return outcomes;
}

/** A deletion that was stopped is decided anew, unless the record is gone. */
async function settleDeletions(
  context: StepContext,
  changes: readonly Change[],
  outcomes: Map<Change, Left>,
): Promise<void> {
  if (changes.length === 0) return;
  const { store, connection, step } = context;
  const { side } = changes[0]!;
  const ids = changes.map(({ target }) => target!);
  await readAgain(context, side, ids);
  const records = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
  const gone = new Set(records.filter(({ state }) => state === "deleted").map(({ id }) => id));
  for (const change of changes) if (gone.has(change.target!)) outcomes.set(change, { kind: "deleted" });
}

async function settleUpdates(
  context: StepContext,
  changes: readonly Change[],
  { outcomes, next }: { readonly outcomes: Map<Change, Left>; readonly next: () => void },
): Promise<void> {
  if (changes.length === 0) return;
  const { store, connection, step } = context;
  const { side } = changes[0]!;
  const refused = await restore(context, changes, next);
  const found = await store.lookup(connection, step.name, side, "id", changes.map(({ target }) => target!));
  const records = new Map(found.map(({ value, pair }) => [value, pair[side]]));
  for (const change of changes) {
    const refusedBy = refused.get(change);
    if (refusedBy !== undefined) outcomes.set(change, { left: refusal(change, refusedBy) });
    else outcomes.set(change, updated(change, records.get(change.target!) ?? null));
  }
}

/** What became of an update, by the record as it is now. */
function updated(change: Change, record: StoredRecord | null): Outcome | "edited" | null {
  if (record === null) return null;
  if (!stands(record)) return "edited"; // nobody can tell any more
  if (record.version === change.version) return null;
  if (!tookEffect(change.after, record.data, stores)) return "edited";
  const { id, version, modifiedAt, data } = record;
  const parts = [...partsIn(data)].map(([key, fields]): Part => ({ key, data: fields }));
  return { kind: "ok", row: { id, version, modifiedAt, data: headOf(data), parts } };
}

/** Sequences of requests that were stopped may have left documents open for editing; those that stay so, and why. */
async function restore(
  context: StepContext,
  changes: readonly Change[],
  next: () => void,
): Promise<ReadonlyMap<Change, Outcome & { kind: "refused" }>> {
  const refused = new Map<Change, Outcome & { kind: "refused" }>();
  const { side } = changes[0]!;
  const opened = context.opened[side];
  if (opened.restore === undefined) return refused;
  const parts = context.compiled.parts?.step.extract[side] ?? null;
  const { signal } = context;
  for (const change of changes) {
    next();
    const answer = await opened.restore(writeOf(change, parts), signal === undefined ? {} : { signal });
    if (answer !== null) refused.set(change, answer);
  }
  await readAgain(context, side, changes.map(({ target }) => target!));
  return refused;
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
