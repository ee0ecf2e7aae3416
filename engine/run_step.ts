/** One step of a run: find updates, couple, decide, propagate. It knows no queue, no HTTP and no SQL. */
import type { Clock, Connector, Identity, Requests } from "../connectors/connector.ts";
import { StepError } from "../errors.ts";
import type { Counts, DirectionRun, DirectionStatus, Side, Spent, StepRun, StepState, Store } from "../store/store.ts";
import { applyBrakes, type Brake, refuseOtherFilter } from "./brakes.ts";
import { findCandidates } from "./candidates.ts";
import type { Guard, Rehearsal, StepContext } from "./context.ts";
import { coupleMatches } from "./couple.ts";
import { decidePairs, decideUncoupled } from "./decide.ts";
import { findUpdates, readElsewhere } from "./find.ts";
import { closeStale, resolveIntents } from "./intents.ts";
import { takeStep } from "./lease.ts";
import { mirrorCouplings } from "./follow_up.ts";
import { overlay } from "./overlay.ts";
import { propagate } from "./propagate.ts";
import { type Rebuild, restoreCouplings } from "./rebuild.ts";
import { recordOf } from "./record.ts";
import { cursorFor, isRedefined, knownBase, noteOf } from "./redefined.ts";
import { compile, type Compiled } from "./compile.ts";
import { rounds } from "./settle.ts";
import type { Step } from "./step.ts";
import { counted, noCounts, type Outcome } from "./tally.ts";

export interface StepOptions {
  readonly store: Store;
  readonly connection: string;
  readonly run: string;
  /** The number of the process, for whoever finds the step taken; absent where there is none to tell apart. */
  readonly process?: number;
  readonly erp: Connector;
  readonly crm: Connector;
  readonly outside: { readonly erp: Identity; readonly crm: Identity };
  readonly clock: Clock;
  readonly full: boolean;
  readonly onlyCoupled: boolean;
  readonly allow: ReadonlySet<Brake>;
  readonly rehearsal?: Rehearsal;
  readonly rebuild?: Rebuild;
  readonly guard?: Guard;
  /** Natural key or id of the one record that is wanted; null for all. */
  readonly record: string | null;
  readonly signal: AbortSignal | undefined;
  /** All steps of the pipeline that are on: a document's parts, and steps that share its entities, are among them. */
  readonly steps: readonly Step[];
  readonly onProgress: (step: StepProgress) => void;
}

/** What a step has come to; of a document, what became of its parts as well. */
export type StepProgress = Partial<StepRun> & {
  readonly parts?: { readonly toCrm: DirectionRun; readonly fromCrm: DirectionRun };
};

/** Runs one step to its end. Throws ServiceError and StepError; what was saved until then stands. */
export async function runStep(step: Step, given: StepOptions): Promise<StepProgress> {
  const { connection, run } = given;
  const holder = `run "${run}"${given.process === undefined ? "" : ` of process ${given.process}`}`;
  const store = await takeStep(given.store, { connection, step: step.name, holder });
  const options = { ...given, store };
  const compiled = compile(step, options.steps.find((one) => one.under?.name === step.name) ?? null);
  const state = await store.step(connection, step.name);
  const note = options.rebuild === undefined ? noteOf(state, compiled) : null;
  const entities = { erp: step.extract.erp.name, crm: step.extract.crm.name };
  const { context, tally } = contextOf(step, compiled, state, options);
  options.onProgress({ ...tally.snapshot("In Process"), ...(note === null ? {} : { note }) });
  refuseOtherFilter(context, state, compiled);
  await store.save(connection, step.name, {
    definition: { hash: compiled.hash, rules: compiled.ruleHashes, entities, alone: options.record !== null },
  });

  const cursors = {
    erp: options.full ? null : cursorFor(state.cursors.erp, compiled.hash),
    crm: options.full ? null : cursorFor(state.cursors.crm, compiled.hash),
  };
  const found = await Promise.allSettled((["erp", "crm"] as const).map(async (side) => {
    await findUpdates(context, side, { cursor: cursors[side], whole: state.whole[side] });
  }));
  for (const reading of found) if (reading.status === "rejected") throw reading.reason;
  if (options.rebuild !== undefined) {
    const restored = await restoreCouplings(context);
    options.rebuild.onRestored(step.name, restored);
    const { coupled, uncoupled, listed } = await store.step(connection, step.name);
    const asked = { ...tally.asked(), ...tally.snapshot("") }; // nothing goes in either direction
    return { ...asked, coupled, uncoupled: uncoupled.erp + uncoupled.crm, listed };
  }
  if (context.rehearsal !== null) {
    const { coupled, uncoupled } = await store.step(connection, step.name);
    const found = { erp: coupled + uncoupled.erp, crm: coupled + uncoupled.crm, coupled };
    context.rehearsal.onRead(step.name, found);
    for (const side of ["erp", "crm"] as const) await overlay(context, side);
  }
  await resolveIntents(context);
  if (cursors.erp !== null || cursors.crm !== null) await readElsewhere(context);
  const agreed = step.of === null ? await coupleMatches(context) : 0;
  if (step.of !== null) await mirrorCouplings(context, step.of);
  const coupledBefore = (await store.step(connection, step.name)).coupled;
  const looked = await decidePairs(context, false);
  for (const side of context.sides) {
    const untouched = options.full ? Math.max(0, coupledBefore - looked) : agreed;
    if (options.record === null) tally.add(side, "unchanged", untouched);
  }
  await decideAllUncoupled(false);
  if (options.record !== null && !tally.selected()) await wasFound(context, tally, options.record);
  if (state.ended !== null && state.coupled > 0) await findCandidates(context);
  applyBrakes(context, { coupled: state.coupled, isFirst: !state.loaded || state.coupled === 0 });
  await propagate(context, 1);
  if (options.record === null) await closeStale(context);
  for (let round = 2; round <= rounds; round++) {
    const again = await decidePairs(context, true);
    if (tally.pending.size > 0) await decideAllUncoupled(true);
    else if (again === 0) break;
    await propagate(context, round);
  }
  const ended = { definition: compiled.hash, loaded: !options.onlyCoupled };
  if (options.record === null) await store.save(connection, step.name, { ended });
  const after = await store.step(connection, step.name);
  return {
    ...tally.snapshot("Success"),
    ...tally.asked(),
    coupled: after.coupled,
    uncoupled: step.of === null ? after.uncoupled.erp + after.uncoupled.crm : 0, // those are the other step's
    listed: after.listed,
    ...(note === null ? {} : { note }),
  };

  async function decideAllUncoupled(again: boolean): Promise<void> {
    for (const side of context.sides) await decideUncoupled(context, side, { again });
  }
}

/** A record that was asked for and needed nothing counts as unchanged; one that neither side has is an error. */
async function wasFound(context: StepContext, tally: Tally, key: string): Promise<void> {
  const { store, connection, step } = context;
  for (const side of ["erp", "crm"] as const) {
    for (const by of ["key", "id"]) {
      if ((await store.lookup(connection, step.name, side, by, [key])).length === 0) continue;
      for (const written of context.sides) tally.add(written, "unchanged", 1);
      return;
    }
  }
  throw new StepError(
    "unknown_record",
    `Cannot synchronize "${step.name}/${key}": neither side has a record with this number or id in the step's filter; ` +
      `look its number up in the report`,
    step.name,
  );
}

interface Tally {
  /** Records that a later round decides. */
  readonly pending: ReadonlySet<string>;
  /** Whether the record that was asked for was met. */
  selected(): boolean;
  asked(): { readonly requests: StepRun["requests"]; readonly spent: Spent };
  add(side: Side, outcome: Outcome, records: number): void;
  snapshot(status: DirectionStatus): Pick<StepProgress, "toCrm" | "fromCrm" | "parts">;
}

function contextOf(
  step: Step,
  compiled: Compiled,
  state: StepState,
  options: StepOptions,
): { context: StepContext; tally: Tally } {
  const { clock, run, record } = options;
  const sides: Side[] = step.direction === "both" ? ["crm", "erp"] : [step.direction === "toCrm" ? "crm" : "erp"];
  const counts: Record<Side, Counts> = { crm: noCounts, erp: noCounts };
  const pending = new Set<string>();
  /** What sides of a pair count as that a later round may write: by a write, or without one beside the other side's. */
  const beside = new Map<string, Outcome>();
  let changes = 0;
  let selected = false;
  const add = (side: Side, outcome: Outcome, records = 1) => {
    counts[side] = counted(counts[side], outcome, records);
  };
  const direction = (side: Side, status: DirectionStatus): DirectionRun => {
    if (!sides.includes(side)) return { status: "", counts: noCounts };
    const failed = counts[side].failed > 0;
    return { status: status === "Success" && failed ? "Error" : status, counts: counts[side] };
  };
  const partCounts: Record<Side, Counts> = { crm: noCounts, erp: noCounts };
  const snapshot = (status: DirectionStatus) => {
    const own = { toCrm: direction("crm", status), fromCrm: direction("erp", status) };
    if (compiled.parts === null) return own;
    const toCrm = { status: own.toCrm.status, counts: partCounts.crm };
    return { ...own, parts: { toCrm, fromCrm: { status: own.fromCrm.status, counts: partCounts.erp } } };
  };
  const parts = compiled.parts?.step.extract;
  const opened = {
    erp: options.erp.open(step.extract.erp, parts?.erp),
    crm: options.crm.open(step.extract.crm, parts?.crm),
  };
  const wanted = (side: Side) => ({
    fields: compiled.fields[side],
    ...(compiled.parts === null ? {} : { partFields: compiled.parts.fields[side] }),
  });
  const asked = () => {
    const spent = { erp: opened.erp.requests(), crm: opened.crm.requests() };
    return { requests: { erp: own(spent.erp), crm: own(spent.crm) }, spent };
  };
  const context: StepContext = {
    store: options.store,
    connection: options.connection,
    run,
    step,
    compiled,
    opened,
    outside: options.outside,
    sides,
    isFirst: state.entities === null,
    isNew: { erp: !state.known.erp, crm: !state.known.crm },
    keyed: { erp: null, crm: null },
    followed: new Map(),
    selectsAll: record === null,
    onlyCoupled: options.onlyCoupled,
    allow: options.allow,
    rehearsal: options.rehearsal ?? null,
    guard: options.guard ?? null,
    siblings: { erp: siblingsOf(step, "erp", options.steps), crm: siblingsOf(step, "crm", options.steps) },
    recordOf: (side, row) => recordOf(step.extract[side], compiled.fields[side], row, compiled.parts?.fields[side]),
    wanted,
    redefined: isRedefined(state, compiled),
    ...{ rebuilt: state.rebuilt, restored: state.restored },
    signal: options.signal,
    now: () => new Date(clock.now()).toISOString(),
    changeId: () => `${run} ${step.name} ${String(++changes).padStart(9, "0")}`,
    selects: (one, other) => {
      if (record === null) return true;
      const met = [one, other].some((side) => side !== null && (side.key === record || side.id === record));
      selected ||= met;
      return met;
    },
    knownBase: (coupling) => knownBase(compiled, state, coupling),
    ...{ unsettled: new Map(), suspects: new Map(), foreseen: new Set() },
    unrestored: new Map(),
    held: new Map(),
    ...{ moved: new Set(), listed: new Set() },
    intended: { creations: 0, deletions: 0, changes: 0, candidates: [] },
    count: (side, source, outcome, { again, revisited }) => {
      const key = `${side} ${source}`;
      if (again && !pending.has(key)) return;
      pending.delete(key);
      if (revisited) beside.set(key, outcome);
      add(side, outcome);
    },
    settled: (side, change, outcome, round) => {
      const key = `${side} ${change.source}`;
      pending.delete(key);
      const before = round > 1 ? beside.get(key) : undefined;
      if (before !== undefined) add(side, before, -1); // it counts once, as what it came to
      if (outcome === "inserted" || outcome === "modified") {
        for (const [name, word] of Object.entries(change.after)) {
          if (!name.endsWith("/")) continue;
          const became = word === "create" ? "inserted" : word === "delete" ? "deleted" : "modified";
          partCounts[side] = counted(partCounts[side], became);
        }
      }
      const conflict = change.reasons.some((reason) => reason.code === "conflict");
      const now = outcome === "failed" || !conflict ? outcome : "conflict";
      const counts = before === "inserted" && now === "modified" ? before : now;
      beside.set(key, counts);
      add(side, counts);
    },
    undecided: (side, source) => void pending.add(`${side} ${source}`),
    isUndecided: (side, source) => pending.has(`${side} ${source}`),
    progress: () => options.onProgress({ ...snapshot("In Process"), ...asked() }),
  };
  return { context, tally: { pending, selected: () => selected, asked, add, snapshot } };
}

/** What is read for safety's sake, or because other pages have what rows lack, is counted apart. */
function own({ read, write }: Requests): number {
  return read + write;
}

function siblingsOf(step: Step, side: Side, steps: readonly Step[]): readonly string[] {
  return steps.filter((one) =>
    one.name !== step.name && one.of === null && one.extract[side].name === step.extract[side].name
  )
    .filter((one) =>
      one.extract[side === "erp" ? "crm" : "erp"].name !== step.extract[side === "erp" ? "crm" : "erp"].name
    )
    .map((one) => one.name);
}
