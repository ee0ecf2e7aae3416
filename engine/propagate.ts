/** Sends the intended changes of a step in batches. */
import type { Outcome } from "../connectors/connector.ts";
import { ServiceError } from "../errors.ts";
import type { Change, Reason } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { writeOf } from "./document.ts";
import { foundBefore, recalled } from "./recall.ts";
import { settle, type Settling } from "./settle.ts";
import { sideBySide } from "./side_by_side.ts";
import { simulate } from "./simulate.ts";

/** Changes are taken from the store in pages of this many, of services that take large batches of more. */
const page = 800;
/** How many batches are on their way at once; the connector's limiter may let through fewer. */
const atOnce = 4;
/** Milliseconds; a process that gives no sign of life is taken for hung after twice as long. */
const stale = 30_000;

/** Sends all intended changes of this run's step. `round` counts from 1. */
export async function propagate(context: StepContext, round: number): Promise<void> {
  const { store, connection, step, run } = context;
  // Batches are under way side by side; what comes of them is saved one after the other, since the two sides of a pair
  // share one coupling.
  let last: Promise<unknown> = Promise.resolve();
  // They set out in order, whatever the store does side by side: services number records as they come.
  let marked: Promise<unknown> = Promise.resolve();
  const limit = Math.max(page, ...context.sides.map((side) => atOnce * (context.opened[side].batchSize ?? 0)));
  for (;;) {
    context.signal?.throwIfAborted();
    const filter = { step: step.name, run, states: ["intended"] as const };
    const intended = await store.changes(connection, filter, { limit });
    if (intended.length === 0) return;
    await sideBySide(atOnce, batchesOf(context, intended), async (changes) => {
      context.signal?.throwIfAborted();
      await one(changes); // after an error what was not sent stays intended
    });
  }

  async function one(intended: readonly Change[]): Promise<void> {
    const changes = await unmade(context, await allowed(context, intended, round), round);
    if (changes.length === 0) return;
    // Only what is sent at once: a stop leaves all of it in doubt.
    const mark = marked.then(() => noteSent(context, changes));
    marked = mark.catch(() => {});
    const sent = await mark;
    const { told, fault } = await send(context, sent);
    const turn = last.then(() =>
      told.changes.length === 0 ? undefined : settle(context, { side: changes[0]!.side, ...told, round })
    );
    last = turn.catch(() => {});
    await turn;
    context.progress();
    if (fault !== null) throw fault;
  }
}

/**
 * Saves that these changes are sent. Once more where that took so long that somebody may have taken the step in between:
 * then it is refused, and nothing is sent.
 */
async function noteSent(context: StepContext, changes: readonly Change[]): Promise<readonly Change[]> {
  for (let again = false;; again = true) {
    const at = context.now();
    const sent = changes.map((change) => ({ ...change, state: "sent" as const, attempts: change.attempts + 1, at }));
    const turned = sent.map(({ id, state, attempts, at }) => ({ id, state, attempts, at }));
    await context.store.save(context.connection, context.step.name, { turned });
    if (again || Date.parse(context.now()) - Date.parse(at) < stale) return sent;
  }
}

/** The changes that the plan which is carried out has; the others are listed and not sent. */
async function allowed(context: StepContext, changes: readonly Change[], round: number): Promise<readonly Change[]> {
  const { guard, store, connection, step } = context;
  const foreign = new Set<Change>();
  if (guard === null) return changes;
  for (const change of changes) if (!await guard.allows(change, context)) foreign.add(change);
  if (foreign.size === 0) return changes;
  const reason: Reason = {
    code: "not_planned",
    message:
      "Cannot write the record: the plan that is carried out does not have this change; plan again, or synchronize",
  };
  const at = context.now();
  const listed = [...foreign].map((change): Change => ({
    ...change,
    state: "open",
    reasons: [...change.reasons, reason],
    lost: [],
    at,
  }));
  await store.save(connection, step.name, { changes: listed });
  for (const change of listed) context.settled(change.side, change, "blocked", round);
  return changes.filter((change) => !foreign.has(change));
}

/**
 * The changes without the creations that an earlier store made: where couplings were restored once, a document that is
 * found by its correlation is looked for before it is made, whatever was told of it in between.
 */
async function unmade(context: StepContext, changes: readonly Change[], round: number): Promise<readonly Change[]> {
  const { store, connection, step, restored, rehearsal } = context;
  const side = changes[0]?.side;
  if (!restored || rehearsal !== null || side === undefined) return changes;
  if (step.extract[side].creation !== "correlation") return changes;
  const found = await foundBefore(context, changes.filter(({ op }) => op === "insert"));
  const told = { changes: [] as Change[], outcomes: [] as Outcome[] };
  for (const [change, before] of found) {
    if ("reason" in before) {
      const open: Change = { ...change, state: "open", reasons: [...change.reasons, before.reason], at: context.now() };
      await store.save(connection, step.name, { changes: [open] });
      context.unsettled.set(`${side} ${change.source}`, "failed");
      context.settled(side, change, "failed", round);
    } else {
      told.changes.push(change);
      told.outcomes.push(before);
    }
  }
  if (told.changes.length > 0) await settle(context, { side, ...told, round });
  return changes.filter((change) => !found.has(change));
}

/**
 * Changes of one side, as many in a batch as its service takes, else 100; documents that could come late 20, as many as a
 * service takes in a request.
 */
function batchesOf({ opened, compiled }: StepContext, changes: readonly Change[]): Change[][] {
  const batches: Change[][] = [];
  for (const side of ["erp", "crm"] as const) {
    const size = compiled.parts !== null && opened[side].lateFor !== undefined ? 20 : opened[side].batchSize ?? 100;
    const own = changes.filter((change) => change.side === side);
    for (const some of [own.filter(({ op }) => op !== "uncouple"), own.filter(({ op }) => op === "uncouple")]) {
      for (let from = 0; from < some.length; from += size) batches.push(some.slice(from, from + size));
    }
  }
  return batches;
}

/**
 * Sends a batch. A creation without an answer is looked for; where the service can't be asked (`fault`), it stays sent,
 * and the next run looks for it.
 */
async function send(
  context: StepContext,
  changes: readonly Change[],
): Promise<{ told: Omit<Settling, "side" | "round">; fault: ServiceError | null }> {
  const side = changes[0]!.side;
  const opened = context.opened[side];
  const parts = context.compiled.parts?.step.extract[side] ?? null;
  if (changes[0]!.op === "uncouple") { // nothing is sent: the pair parts here
    const outcomes = changes.map((): Outcome => ({ kind: "deleted" }));
    return { told: { changes: [...changes], outcomes }, fault: null };
  }
  const { rehearsal } = context;
  if (rehearsal !== null) {
    rehearsal.onCost(context.step.name, side, opened.cost(changes.map((change) => writeOf(change, parts))));
    return { told: { changes: [...changes], outcomes: await simulate(context, changes) }, fault: null };
  }
  const outcomes = await opened.write(changes.map((change) => writeOf(change, parts)), context.wanted(side));
  const told = { changes: [] as Change[], outcomes: [] as Outcome[], recalled: new Set<Change>() };
  let fault: ServiceError | null = null;
  let left: ReadonlyMap<Change, Outcome> = new Map();
  const asking = async (ask: () => Promise<void>) => {
    try {
      await ask();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      fault = error;
    }
  };
  const unanswered = changes.filter(({ op }, at) => op === "insert" && outcomes[at]!.kind === "unknown");
  await asking(async () => void (left = await recalled(context, unanswered)));
  for (const [at, change] of changes.entries()) {
    let outcome: Outcome | null = outcomes[at]!;
    if (outcome.kind === "unknown" && (change.op === "insert" || opened.restore !== undefined)) {
      if (fault === null && change.op === "insert") {
        outcome = left.get(change) ?? outcome;
        told.recalled.add(change);
      } else if (fault === null) {
        await asking(async () => void (outcome = await opened.restore!(writeOf(change, parts)) ?? outcome));
      }
      if (fault !== null) outcome = null;
    }
    if (outcome === null) continue;
    told.changes.push(change);
    told.outcomes.push(outcome);
  }
  return { told, fault };
}
