/** Sends the intended changes of a step in batches. */
import type { Outcome } from "../connectors/connector.ts";
import { ServiceError } from "../errors.ts";
import type { Change } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { writeOf } from "./document.ts";
import { recalled } from "./intents.ts";
import { settle } from "./settle.ts";

/** Changes are taken from the store in pages of this many, and sent in batches of `batch`. */
const page = 800;
const batch = 100;

/** Sends all intended changes of this run's step. `round` counts from 1. */
export async function propagate(context: StepContext, round: number): Promise<void> {
  const { store, connection, step, run } = context;
  for (;;) {
    context.signal?.throwIfAborted();
    const filter = { step: step.name, run, states: ["intended"] as const };
    const intended = await store.changes(connection, filter, { limit: page });
    if (intended.length === 0) return;
    const at = context.now();
    const sent = intended.map((change): Change => ({ ...change, state: "sent", attempts: change.attempts + 1, at }));
    await store.save(connection, step.name, { changes: sent });
    // Batches are under way side by side; what comes of them is saved one after the other, since the two sides of a
    // pair share one coupling.
    let last: Promise<unknown> = Promise.resolve();
    const batches = batchesOf(sent).map(async (changes) => {
      const { told, fault } = await send(context, changes);
      const turn = last.then(() =>
        told.changes.length === 0 ? undefined : settle(context, { side: changes[0]!.side, ...told, round })
      );
      last = turn.catch(() => {});
      await turn;
      context.progress();
      if (fault !== null) throw fault;
    });
    for (const outcome of await Promise.allSettled(batches)) {
      if (outcome.status === "rejected") throw outcome.reason;
    }
  }
}

function batchesOf(changes: readonly Change[]): readonly (readonly Change[])[] {
  const batches: Change[][] = [];
  for (const side of ["erp", "crm"] as const) {
    const own = changes.filter((change) => change.side === side);
    for (let from = 0; from < own.length; from += batch) batches.push(own.slice(from, from + batch));
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
): Promise<{ told: { changes: Change[]; outcomes: Outcome[] }; fault: ServiceError | null }> {
  const side = changes[0]!.side;
  const opened = context.opened[side];
  const parts = context.compiled.parts?.step.extract[side] ?? null;
  const outcomes = await opened.write(changes.map((change) => writeOf(change, parts)), context.wanted(side));
  const told = { changes: [] as Change[], outcomes: [] as Outcome[] };
  let fault: ServiceError | null = null;
  for (const [at, change] of changes.entries()) {
    let outcome: Outcome | null = outcomes[at]!;
    if (outcome.kind === "unknown" && (change.op === "insert" || opened.restore !== undefined)) {
      try {
        if (fault !== null) outcome = null;
        else if (change.op === "insert") outcome = await recalled(context, change, outcome);
        else outcome = await opened.restore!(writeOf(change, parts)) ?? outcome;
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        fault = error;
        outcome = null;
      }
    }
    if (outcome === null) continue;
    told.changes.push(change);
    told.outcomes.push(outcome);
  }
  return { told, fault };
}
