/** Sends the intended changes of a step in batches and saves what came of them. */
import type { Outcome, Row, Write } from "../connectors/connector.ts";
import type { Change, Coupling, Pair, Reason, Settlement, Side, StoredRecord } from "../store/store.ts";
import { refreshed } from "./decide.ts";
import { readAgain } from "./find.ts";
import { recordOf } from "./record.ts";
import { isBlank, same } from "./reconcile.ts";
import { accessOf, writesTo } from "./rules.ts";
import { otherSide, type StepContext } from "./context.ts";

/** Changes are taken from the store in pages of this many, and sent in batches of `batch`. */
const page = 800;
const batch = 100;
/** How often a record is decided anew when it changed between the decision and the write. */
export const rounds = 3;

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
    const batches = batchesOf(sent).map((changes) => send(context, changes, round));
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

/** What a batch needs to settle its outcomes, read at once. */
interface Known {
  readonly sources: ReadonlyMap<string, StoredRecord>;
  readonly pairs: ReadonlyMap<string, Pair>;
}

async function send(context: StepContext, changes: readonly Change[], round: number): Promise<void> {
  const side = changes[0]!.side;
  const fields = context.compiled.fields[side];
  const outcomes = await context.opened[side].write(changes.map(writeOf), { fields });
  await settle(context, side, changes, await recalled(context, side, changes, outcomes), round);
  context.progress();
}

function writeOf(change: Change): Write {
  const op = change.op === "insert" ? "create" : "update";
  return { op, id: change.target, version: change.version, fields: change.after };
}

/** A creation whose outcome is unknown is looked for: what is there now decides. */
async function recalled(
  context: StepContext,
  side: Side,
  changes: readonly Change[],
  outcomes: readonly Outcome[],
): Promise<readonly Outcome[]> {
  const settled: Outcome[] = [];
  for (const [at, change] of changes.entries()) {
    const outcome = outcomes[at]!;
    if (outcome.kind !== "unknown" || change.op !== "insert") settled.push(outcome);
    else settled.push(await recall(context, side, change) ?? outcome);
  }
  return settled;
}

/** What an earlier attempt at a creation left: the record, a doubt that a person settles, or null for nothing. */
async function recall(context: StepContext, side: Side, change: Change): Promise<Outcome | null> {
  // The window is wide because the intent carries our clock and the services' clocks may differ; values decide.
  const since = new Date(Date.parse(change.at) - 24 * 3600 * 1000).toISOString();
  const options = { since, fields: context.compiled.fields[side] };
  const rows = await context.opened[side].recall(writeOf(change), options);
  const taken = await coupledIds(context, side, rows.map((row) => row.id));
  const free = rows.filter((row) => !taken.has(row.id));
  if (free.length === 0) return null;
  if (free.length === 1) return { kind: "ok", row: free[0]! };
  const message = `Cannot tell which record an interrupted creation left: ${free.length} have the same values ` +
    `(${free.map((row) => row.id).join(", ")}); delete the surplus ones, then synchronize again`;
  return { kind: "refused", code: "unknown_outcome", message };
}

async function coupledIds(context: StepContext, side: Side, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const found = await context.store.lookup(context.connection, context.step.name, side, "id", ids);
  return new Set(found.map(({ value }) => value));
}

/**
 * What an earlier run had intended or sent when it stopped. Updates are simply decided anew; a creation with a derived
 * id meets its own record again; any other creation is looked for before anything is decided.
 */
export async function resolveIntents(context: StepContext): Promise<void> {
  const { store, connection, step } = context;
  for (;;) {
    const filter = { step: step.name, states: ["intended", "sent"] as const };
    const left = await store.changes(connection, filter, { limit: page });
    if (left.length === 0) return;
    const closed: Change[] = [];
    for (const change of left) {
      const looked = change.op === "insert" && change.state === "sent" && change.target === null;
      const outcome = looked ? await recall(context, change.side, change) : null;
      if (outcome === null) closed.push({ ...change, state: "closed", at: context.now() });
      else await settle(context, change.side, [change], [outcome], rounds);
    }
    if (closed.length > 0) await store.save(connection, step.name, { changes: closed });
  }
}

async function settle(
  context: StepContext,
  side: Side,
  changes: readonly Change[],
  outcomes: readonly Outcome[],
  round: number,
): Promise<void> {
  const { store, connection, step } = context;
  const known = await read(context, side, changes, outcomes);
  const again: string[] = [];
  const saved = {
    records: [] as NonNullable<Settlement["records"]>[number][],
    couplings: [] as Coupling[],
    changes: [] as Change[],
  };
  const counts: (() => void)[] = [];
  for (const [index, change] of changes.entries()) one(change, outcomes[index]!);
  if (again.length > 0) await readAgain(context, side, again);
  await store.save(connection, step.name, saved);
  for (const count of counts) count();

  function one(change: Change, outcome: Outcome): void {
    const at = context.now();
    const finished = (state: Change["state"], reasons = change.reasons) => {
      saved.changes.push({ ...change, state, reasons, at });
    };
    const count = (name: "inserted" | "modified" | "failed") =>
      void counts.push(() => context.settled(side, change, name, round));
    const anew = () => {
      finished("closed");
      counts.push(() => context.undecided(side, change.source));
    };
    if (outcome.kind === "ok" || outcome.kind === "exists") {
      const target = recordOf(step.extract[side], context.compiled.fields[side], outcome.row);
      const holder = known.pairs.get(target.id);
      if (change.op === "insert" && holder !== undefined && holder.coupling[idOf(otherSide(side))] !== change.source) {
        finished("open", [...change.reasons, taken(context, side, target)]);
        return count("failed");
      }
      saved.records.push({ side, record: target });
      const coupling = coupled(context, side, change, target, known, outcome.kind === "exists");
      saved.couplings.push(coupling);
      const other = otherSide(side);
      if (change.op === "insert" && coupling.seen[side] === null && context.sides.includes(other)) {
        counts.push(() => context.undecided(other, target.id)); // the new record has something to say back
      }
      if (outcome.kind === "exists") return anew();
      finished(change.reasons.length > 0 ? "open" : "done");
      return count(change.op === "insert" ? "inserted" : "modified");
    }
    if (outcome.kind === "moved" || outcome.kind === "missing" || outcome.kind === "unknown") {
      const lost = outcome.kind === "unknown" && change.op === "insert";
      if (round < rounds && (!lost || change.target !== null)) {
        if (change.target !== null && change.op === "update") again.push(change.target);
        return anew();
      }
      if (round < rounds) return anew();
      finished("open", [...change.reasons, gaveUp(outcome)]);
      return count("failed");
    }
    const code = outcome.code === "unknown_outcome" ? "unknown_outcome" : "refused";
    const message = code === "refused" ? `${outcome.message} (${outcome.code})` : outcome.message;
    const reason: Reason = { code, message, ...(outcome.field === undefined ? {} : { field: outcome.field }) };
    finished("open", [...change.reasons, reason]);
    count("failed");
  }
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
  const sources = await store.records(connection, step.name, otherSide(side), { ids: sourceIds }, {
    limit: sourceIds.length,
  });
  const found = await store.lookup(connection, step.name, side, "id", targetIds);
  return {
    sources: new Map(sources.map((record) => [record.id, record])),
    pairs: new Map(found.map(({ value, pair }) => [value, pair])),
  };
}

/** The coupling after a write that took effect, with the base for what was written. */
function coupled(
  context: StepContext,
  side: Side,
  change: Change,
  target: StoredRecord,
  known: Known,
  existed: boolean,
): Coupling {
  const { rules, hash } = context.compiled;
  const source = known.sources.get(change.source)!;
  const [erp, crm] = side === "crm" ? [source, target] : [target, source];
  const listed = new Set(change.reasons.map((reason) => reason.field));
  const field = (rule: typeof rules[number]) => side === "crm" ? rule.crm : rule.erp;
  const own = rules.filter((rule) => writesTo(rule, side) && field(rule) !== null && !listed.has(rule.unit));
  const written = { side, at: context.now(), run: context.run };
  if (change.op === "update") {
    const pair = known.pairs.get(target.id)!;
    const before = side === "crm" ? pair.crm : pair.erp;
    const changed = own.filter((rule) => field(rule)! in change.after);
    // The service changed more than it was asked to: that is decided at once, not at the next edit.
    const beside = rules.some((rule) => {
      const name = field(rule);
      return name !== null && !(name in change.after) && !same(before?.data[name], target.data[name]);
    });
    const base = refreshed(context, context.knownBase(pair.coupling), changed.map((rule) => rule.crm), erp, crm);
    const seen = { ...pair.coupling.seen, [side]: beside ? null : target.fingerprint };
    return { ...pair.coupling, base, seen, definition: hash, written };
  }
  const given = own.filter((rule) => {
    const access = accessOf(context.step.extract[side], field(rule)!);
    if (access === "update" || access === "never") return false;
    // A record that was there before has what it was given then, or what somebody made of it since.
    return !existed || same(change.after[field(rule)!], target.data[field(rule)!]);
  });
  const done = !existed && given.length === rules.filter((rule) => !listed.has(rule.unit)).length;
  const name = context.step.extract[side].name;
  return {
    erpId: erp.id,
    crmId: crm.id,
    state: "coupled",
    base: refreshed(context, null, given.map((rule) => rule.crm), erp, crm),
    seen: done ? { erp: erp.fingerprint, crm: crm.fingerprint } : { erp: null, crm: null },
    definition: hash,
    how: existed && target.id !== change.target
      ? `found in ${name} by its key`
      : `created in the ${side === "crm" ? "CRM" : "ERP"}`,
    written,
  };
}

function idOf(side: Side): "erpId" | "crmId" {
  return side === "erp" ? "erpId" : "crmId";
}

function taken(context: StepContext, side: Side, target: StoredRecord): Reason {
  const name = isBlank(target.label) ? target.id : target.label!;
  const message =
    `Cannot create the record: "${name}" of "${context.step.extract[side].name}" has its key already and ` +
    `is coupled with another record; give one of the two another key`;
  return { code: "ambiguous", message, about: [target.id] };
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
