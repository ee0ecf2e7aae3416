/** What came of writes: records, couplings with their bases, and the changes' ends, saved in one transaction. */
import type { Outcome, Row } from "../connectors/connector.ts";
import type { Change, Coupling, Pair, Reason, Settlement, Side, StoredRecord, Turned } from "../store/store.ts";
import { otherSide, type Settled, type StepContext } from "./context.ts";
import { coupledBy, isUntouched, type Known } from "./coupled_by.ts";
import { readAgain } from "./find.ts";
import { unfitField } from "./decide_pair.ts";
import { notRestored } from "./changes.ts";
import { retryAt, setAside } from "./held.ts";
import { nameOf } from "./reasons.ts";
import { same } from "./same.ts";

/** How often a record is decided anew when it changed between the decision and the write. */
export const rounds = 3;
/** Fields that a message names. */
const mostNamed = 5;

export interface Settling {
  readonly side: Side;
  readonly changes: readonly Change[];
  /** One for each change, in order. */
  readonly outcomes: readonly Outcome[];
  /** Of this run, from 1; 0 for what an earlier run left: such a record may have been edited since. */
  readonly round: number;
  /** Creations that were looked for when no answer came: these records may have been edited as well. */
  readonly recalled?: ReadonlySet<Change>;
}

/** Saves the outcomes; those that must be decided anew are read again after that. */
export async function settle(context: StepContext, settling: Settling): Promise<void> {
  const { side, changes, outcomes, round, recalled = new Set() } = settling;
  const { store, connection, step } = context;
  const known = await read(context, side, changes, outcomes);
  /** What was there before, or was looked for without regard to the filter. */
  const isFound = (change: Change, { kind }: Outcome) => kind === "exists" || round === 0 || recalled.has(change);
  const found = outcomes.flatMap((outcome, at): Row[] =>
    "row" in outcome && changes[at]!.op === "insert" && isFound(changes[at]!, outcome) && !outcome.row.frozen
      ? [outcome.row]
      : []
  );
  const gone = await goneSince(context, side, found);
  const again: string[] = [];
  const saved = {
    records: [] as NonNullable<Settlement["records"]>[number][],
    couplings: [] as Coupling[],
    parted: [] as string[],
    changes: [] as Change[],
    turned: [] as Turned[],
    close: [] as { side: Side; source: string }[],
  };
  const counts: (() => void)[] = [];
  const taken = new Set<string>();
  for (const [index, change] of changes.entries()) one(change, outcomes[index]!);
  await store.save(connection, step.name, saved);
  for (const count of counts) count();
  if (again.length > 0) await readAgain(context, side, again);

  function one(change: Change, outcome: Outcome): void {
    const at = context.now();
    const finished = (state: "open" | "closed" | "done") => {
      if (state === "done") saved.turned.push({ id: change.id, state, attempts: change.attempts, at });
      else saved.changes.push({ ...change, state, at });
    };
    // An earlier change left the document open, and this one did not close it.
    const stillOpen = ({ source }: Change) => notRestored(context, side, source);
    const count = (name: Settled) => void counts.push(() => context.settled(side, change, name, round));
    // Only what took effect, or may have, overwrote anything.
    const without = outcome.kind === "unknown" ? change : { ...change, lost: [] };
    const anew = () => {
      saved.changes.push({ ...without, state: "closed", at });
      counts.push(() => context.undecided(side, change.source));
    };
    if (outcome.kind === "ok" || outcome.kind === "exists") {
      context.unrestored.delete(`${side} ${change.source}`);
      const target = context.recordOf(side, outcome.row);
      const held = known.pairs.get(target.id);
      const yielding = change.op === "insert" && held !== undefined && yields(context, side, held, change);
      const holder = yielding ? undefined : held?.coupling[side === "crm" ? "erpId" : "crmId"];
      const isTaken = holder !== undefined
        ? holder !== change.source
        : taken.has(target.id) || known.elsewhere.has(target.id);
      if (change.op === "insert" && isTaken) {
        // What another creation left: of this one nobody knows yet.
        if (outcome.kind === "ok" && recalled.has(change) && change.target === null) {
          return one(change, { kind: "unknown", message: "what was found is what another creation left" });
        }
        saved.changes.push({
          ...without,
          state: "open",
          reasons: [...change.reasons, takenBy(context, side, target)],
          at,
        });
        return count("failed");
      }
      taken.add(target.id);
      const left = change.op === "insert" ? known.partners.get(change.source) : undefined;
      if (left !== undefined) saved.parted.push(left.erpId); // what it was coupled with was deleted
      if (yielding) {
        saved.parted.push(held.coupling.erpId);
        saved.close.push({ side, source: side === "crm" ? held.coupling.erpId : held.coupling.crmId });
      }
      const existed = isFound(change, outcome);
      saved.records.push({ side, record: { ...target, state: gone.get(target.id) ?? target.state } });
      const coupling = coupledBy(context, { side, change, target, known, existed });
      saved.couplings.push(coupling);
      if (round === 0) return finished("closed"); // it is decided, and counted, like any other pair
      if (outcome.kind === "exists" && round < rounds) return anew();
      const other = otherSide(side);
      if (change.op === "insert" && coupling.seen[side] === null && context.sides.includes(other)) {
        counts.push(() => context.undecided(other, target.id)); // the new record has something to say back
      }
      finished(change.reasons.length > 0 ? "open" : "done");
      return count(change.op === "insert" ? "inserted" : isUntouched(change, target) ? "unchanged" : "modified");
    }
    if (outcome.kind === "deleted" || (outcome.kind === "missing" && change.op === "delete")) {
      const pair = known.pairs.get(change.target!);
      const target = pair?.[side];
      if (pair !== undefined) saved.couplings.push({ ...pair.coupling, state: "tombstone", resolution: null });
      if (change.op === "delete" && target !== undefined && target !== null) {
        saved.records.push({ side, record: { ...target, state: "deleted" } });
      }
      if (round === 0) return finished("closed");
      finished("done");
      return count(change.op === "delete" ? "deleted" : "skipped");
    }
    if (outcome.kind === "refused") {
      const aside = outcome.unrestored ? null : setAside(context, change, outcome);
      const reason = aside ?? refusal(change, outcome);
      const reasons = [...change.reasons, ...(outcome.unrestored ? [] : stillOpen(change)), reason];
      if (aside !== null && round > 0 && round < rounds) {
        context.held.set(`${side} ${change.source}`, { ...change, state: "open", reasons, at });
        return anew(); // the rest is sent without it
      }
      saved.changes.push({ ...without, state: "open", reasons, at, retryAt: retryAt(change.attempts, at) });
      if (outcome.unrestored) {
        context.unrestored.set(`${side} ${change.source}`, { ...change, state: "open", reasons, at });
      }
      if (change.op === "update") saved.couplings.push(...leftAlone(change, side, known));
      return count("failed");
    }
    // Sent without an id of ours, it may still be under way: only the next run may look for it and send it again.
    const doubtful = outcome.kind === "unknown" && change.op === "insert" && change.target === null;
    if (round < rounds && !doubtful) {
      if (change.op !== "insert") again.push(change.target!);
      return anew();
    }
    if (doubtful) context.unsettled.set(`${side} ${change.source}`, "failed");
    const until = doubtful ? lateUntil(context, side) : undefined;
    const reason = { ...gaveUp(outcome), ...(until === undefined ? {} : { until }) };
    saved.changes.push({ ...without, state: "open", reasons: [...change.reasons, ...stillOpen(change), reason], at });
    if (change.op !== "insert") again.push(change.target!);
    return count("failed");
  }
}

/** Those of these records that have left the filter, or were deleted since they were found. */
async function goneSince(
  context: StepContext,
  side: Side,
  found: readonly Row[],
): Promise<ReadonlyMap<string, "left" | "deleted">> {
  const gone = new Map<string, "left" | "deleted">();
  if (found.length === 0) return gone;
  const { key } = context.step.extract[side];
  const keys = Object.fromEntries(found.flatMap(({ id, data }) => data[key] == null ? [] : [[id, String(data[key])]]));
  const ids = found.map(({ id }) => id);
  for await (const page of context.opened[side].read({ ...context.wanted(side), ids, keys })) {
    for (const id of page.left) gone.set(id, "left");
    for (const id of page.deleted) gone.set(id, "deleted");
  }
  return gone;
}

async function read(
  context: StepContext,
  side: Side,
  changes: readonly Change[],
  outcomes: readonly Outcome[],
): Promise<Known> {
  const { store, connection, step } = context;
  const sourceIds = [...new Set(changes.map((change) => change.source))];
  const rows = outcomes.flatMap((outcome): Row[] => "row" in outcome ? [outcome.row] : []);
  const targetIds = [...new Set([...changes.flatMap((change) => change.target ?? []), ...rows.map((row) => row.id)])];
  const limit = sourceIds.length;
  const sources = await store.records(connection, step.name, otherSide(side), { ids: sourceIds }, { limit });
  const found = await store.lookup(connection, step.name, side, "id", targetIds);
  const met = outcomes.flatMap((outcome): string[] => outcome.kind === "exists" ? [outcome.row.id] : []);
  return {
    elsewhere: await coupledElsewhere(context, side, met),
    sources: new Map(sources.map((record) => [record.id, record])),
    pairs: new Map(found.map(({ value, pair }) => [value, pair])),
    partners: await partnersOf(context, side, changes),
  };
}

async function partnersOf(
  { store, connection, step }: StepContext,
  side: Side,
  changes: readonly Change[],
): Promise<ReadonlyMap<string, Coupling>> {
  const ids = changes.filter(({ op }) => op === "insert").map(({ source }) => source);
  if (ids.length === 0) return new Map();
  const found = await store.lookup(connection, step.name, otherSide(side), "id", ids);
  return new Map(found.map(({ value, pair }) => [value, pair.coupling]));
}

/** Whether a record gives its counterpart up to the one that has its key: it was deleted, or can't be held any more. */
function yields(context: StepContext, side: Side, { coupling, erp, crm }: Pair, change: Change): boolean {
  const source = side === "crm" ? erp : crm;
  if (change.source === (side === "crm" ? coupling.erpId : coupling.crmId)) return false;
  return source?.state === "deleted" || (side === "crm" && unfitField(context.step, erp) !== null);
}

/** Which of these records another step has coupled: with a record of another entity, so it is none of ours. */
async function coupledElsewhere(
  context: StepContext,
  side: Side,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { store, connection, siblings } = context;
  const taken = new Set<string>();
  for (const sibling of ids.length === 0 ? [] : siblings[side]) {
    for (const { value } of await store.lookup(connection, sibling, side, "id", ids)) taken.add(value);
  }
  return taken;
}

/** A refused record is not sent again in this run: its open change brings it back in the next one. */
function leftAlone(change: Change, side: Side, known: Known): readonly Coupling[] {
  const pair = known.pairs.get(change.target!);
  const record = pair?.[side];
  if (pair === undefined || record === null || record === undefined) return [];
  return [{ ...pair.coupling, seen: { ...pair.coupling.seen, [side]: record.fingerprint } }];
}

/** With the field that the service names, else with what an update was to write: of a line with its key. */
export function refusal(change: Change, outcome: Outcome & { kind: "refused" }): Reason {
  const { message, field } = outcome;
  const told = `${message} (${outcome.code})`;
  if (outcome.unrestored) return { code: "not_restored", ...(field === undefined ? {} : { field }), message: told };
  if (field !== undefined) return { code: "refused", field, message: `${told}; field "${field}"` };
  const fields = Object.entries(change.after)
    .filter(([name, value]) => change.op === "update" && !name.endsWith("/") && !same(value, change.before[name]))
    .map(([name]) => name).sort();
  const named = fields.slice(0, mostNamed).map((name) => `"${name}"`).join(", ");
  const more = fields.length > mostNamed ? ` and ${fields.length - mostNamed} more` : "";
  return { code: "refused", message: fields.length === 0 ? told : `${told}; it was to write ${named}${more}` };
}

function takenBy(context: StepContext, side: Side, target: StoredRecord): Reason {
  const message =
    `Cannot create the record: "${nameOf(context.compiled, target)}" of "${context.step.extract[side].name}" has ` +
    `its key already and is coupled with another record; give one of the two another key`;
  return { code: "ambiguous", message, about: [target.id] };
}

/**
 * Until when the service may be at work on a creation whose connection is known to be broken; undefined where that makes
 * no difference. Counted from now, not from when it was saved as sent: requests wait for their turn after that.
 */
export function lateUntil(context: StepContext, side: Side): string | undefined {
  const { lateFor } = context.opened[side];
  return lateFor === undefined ? undefined : new Date(Date.parse(context.now()) + lateFor).toISOString();
}

function gaveUp(outcome: Outcome): Reason {
  if (outcome.kind === "unknown") {
    const message = `Cannot tell whether the record was written: ${outcome.message}; synchronize again, ` +
      `the record is looked for before anything is sent`;
    return { code: "unknown_outcome", message };
  }
  const message = `Cannot write the record: it changed ${rounds} times while it was being written; synchronize again`;
  return { code: "moved", message };
}
