/** Decides what is to be done for the records of a step, and saves it as intended changes before anything is sent. */
import type { Merged } from "../connectors/connector.ts";
import type { Change, FoundRecord, Pair, Reason, Side, StoredRecord } from "../store/store.ts";
import { keepUnrestored, listing, nothingSaved, sourceOf } from "./changes.ts";
import { otherSide, type StepContext } from "./context.ts";
import { decideCreation } from "./decide_creation.ts";
import type { Winner } from "./decide_gone.ts";
import { decidePair } from "./decide_pair.ts";
import { isSkipped } from "./held.ts";
import { readLookups } from "./lookups.ts";
import { pagesOf } from "./paging.ts";
import { nameOf } from "./reasons.ts";
import { stands } from "./record.ts";
import { type Add, queued } from "./side_by_side.ts";
import { fits } from "./policy.ts";

/** Pairs and records are decided in pages of this many. */
const page = 500;

/**
 * Decides the coupled pairs that may need something. `again`: a later round of the same run, which decides only what
 * the round before left undecided. Returns how many pairs were looked at.
 */
export async function decidePairs(context: StepContext, again: boolean): Promise<number> {
  const { store, connection, step, compiled } = context;
  let looked = 0;
  const pages = pagesOf<Pair>(
    page,
    (pair) => pair.coupling.erpId,
    (keyset) => store.pairs(connection, step.name, { ...keyset, definition: compiled.hash }),
  );
  for await (const pairs of pages) {
    context.signal?.throwIfAborted();
    const wanted = pairs.filter((pair) =>
      context.selects(pair.erp, pair.crm) && (!again || !isSeen(pair)) && !isUnsettled(context, pair, again)
    );
    if (wanted.length > 0) {
      const rows = wanted.map((pair) => ({ erp: pair.erp?.data ?? null, crm: pair.crm?.data ?? null }));
      const lookups = await readLookups(store, connection, compiled, rows);
      const saved = nothingSaved();
      const winners = await readWinners(context, wanted);
      for (const pair of wanted) {
        decidePair(context, pair, { lookups, winners, saved, again });
        for (const side of context.sides) keepUnrestored(context, side, sourceOf(pair.coupling, side), saved);
      }
      await foresee(context, saved.changes);
      await store.save(connection, step.name, saved);
      context.progress();
    }
    looked += wanted.length;
  }
  return looked;
}

/** By id of what they were merged into: what goes on for the merged records of these pairs, after all further merges. */
async function readWinners(context: StepContext, pairs: readonly Pair[]): Promise<ReadonlyMap<string, Winner>> {
  const { store, connection, step } = context;
  const winners = new Map<string, Winner>();
  for (const side of ["erp", "crm"] as const) {
    // What goes on may have been merged into another one since; where it has a partner, that one goes along, not ours.
    const ends = new Map(pairs.flatMap((pair) => pair[side]?.mergedInto ?? []).map((id) => [id, id]));
    const known = new Map<string, StoredRecord>();
    const partners = new Map<string, Pair>();
    const asked = new Set<string>();
    for (let ids = [...ends.keys()]; ids.length > 0;) {
      for (const id of ids) asked.add(id);
      const records = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
      for (const record of records) known.set(record.id, record);
      for (const { value, pair } of await store.lookup(connection, step.name, side, "id", ids)) {
        partners.set(value, pair);
      }
      const merges = records.flatMap(({ id, state, mergedInto: into }) =>
        state === "merged" && into !== null && !partners.has(id) ? [{ id, into }] : []
      );
      // One that never was in the filter is known to its service alone.
      merges.push(...await askForMerged(context, side, ids.filter((id) => !known.has(id))));
      for (const { id, into } of merges) {
        for (const [from, end] of ends) if (end === id) ends.set(from, into);
      }
      ids = merges.map(({ into }) => into).filter((id) => !asked.has(id));
    }
    for (const [id, end] of ends) {
      const pair = partners.get(end) ?? null;
      winners.set(id, {
        id: end,
        record: known.get(end) ?? null,
        partner: pair === null ? null : nameOf(context.compiled, pair[otherSide(side)], pair[side]),
      });
    }
  }
  return winners;
}

async function askForMerged({ opened }: StepContext, side: Side, ids: readonly string[]): Promise<readonly Merged[]> {
  if (ids.length === 0) return [];
  const merged: Merged[] = [];
  for await (const page of opened[side].read({ fields: [], ids })) merged.push(...page.merged ?? []);
  return merged;
}

/** A pair with a creation whose end nobody knows yet, or, where nobody may ask, any write, is left alone. */
function isUnsettled(context: StepContext, { coupling }: Pair, again: boolean): boolean {
  const outcomes = context.sides.flatMap((side) => {
    const source = sourceOf(coupling, side);
    const outcome = context.unsettled.get(`${side} ${source}`);
    return outcome === undefined ? [] : [{ side, source, outcome }];
  });
  if (!again) { for (const { side, source, outcome } of outcomes) context.count(side, source, outcome, { again }); }
  return outcomes.length > 0;
}

/** Nothing about it changed since the last complete decision: it is only here because something waits. */
function isSeen({ coupling, erp, crm }: Pair): boolean {
  return erp?.fingerprint === coupling.seen.erp && crm?.fingerprint === coupling.seen.crm &&
    stands(erp) && stands(crm);
}

/** Decides the uncoupled records whose counterpart would stand on `side`; `again` as for {@link decidePairs}. */
export async function decideUncoupled(
  context: StepContext,
  side: Side,
  { again }: { again: boolean },
): Promise<void> {
  const { store, connection, step, compiled } = context;
  const from = otherSide(side);
  const load = side === "crm" ? step.load.toCrm : step.load.fromCrm;
  const inserts = load?.unmatched === "insert" && !context.onlyCoupled;
  const pages = pagesOf<FoundRecord>(
    page,
    (record) => record.id,
    (keyset) => store.records(connection, step.name, from, { uncoupled: true }, keyset),
  );
  // What is decided of one page changes nothing of those that follow, which can be read meanwhile.
  await queued(async (saving) => {
    for await (const records of pages) await decide(records, saving);
  });

  async function decide(records: readonly FoundRecord[], saving: Add): Promise<void> {
    context.signal?.throwIfAborted();
    const wanted = records.filter((record) =>
      context.selects(record, null) && (!again || context.isUndecided(side, record.id))
    );
    const rows = wanted.map((record) => ({ erp: null, crm: null, [from]: record.data }));
    const lookups = inserts && wanted.length > 0 ? await readLookups(store, connection, compiled, rows) : null;
    const saved = nothingSaved();
    for (const record of wanted) {
      const several = record.candidates ?? undefined;
      const unsettled = context.unsettled.get(`${side} ${record.id}`);
      const alone = { erp: null, crm: null, [from]: record };
      if (isSkipped(context, alone, saved)) context.count(side, record.id, "skipped", { again });
      else if (context.foreseen.has(record.id)) context.count(side, record.id, "skipped", { again });
      else if (unsettled !== undefined) {
        const suspect = context.suspects.get(`${side} ${record.id}`);
        // Its source may be in no report any more.
        if (suspect !== undefined) saved.changes.push(listing(context, side, record.id, [suspect]));
        context.count(side, record.id, unsettled, { again });
      } else if (several !== undefined) {
        saved.changes.push(listing(context, side, record.id, [ambiguity(context, side, record, several)]));
        context.count(side, record.id, "blocked", { again });
      } else if (lookups === null || record.frozen !== null || !fits(load?.when, record.data)) {
        saved.close.push({ side, source: record.id });
        context.count(side, record.id, "skipped", { again });
      } else decideCreation(context, side, record, { lookups, saved, again, replaces: null });
    }
    await foresee(context, saved.changes);
    await saving(async () => {
      await store.save(connection, step.name, saved);
      context.progress();
    });
  }
}

/** A record under the id that a creation chooses is what an earlier attempt left late: it is no source of its own. */
async function foresee({ store, connection, step, foreseen }: StepContext, changes: readonly Change[]): Promise<void> {
  for (const side of ["erp", "crm"] as const) {
    const made = changes.filter((change) => change.side === side && change.op === "insert");
    const ids = made.flatMap(({ target }) => target ?? []);
    if (ids.length === 0) continue;
    const found = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
    for (const { id, state } of found) if (state === "present") foreseen.add(id);
  }
}

function ambiguity(context: StepContext, side: Side, record: StoredRecord, candidates: readonly string[]): Reason {
  const name = nameOf(context.compiled, record);
  const { name: entity } = context.step.extract[side];
  const why = candidates.length === 1
    ? `the one record of "${entity}" with its keys is that of others too`
    : `${candidates.length} records of "${entity}" have its keys`;
  const message =
    `Cannot couple "${name}": ${why}; make the keys of the right one unique, or couple the two by hand (couple)`;
  return { code: "ambiguous", message, about: candidates };
}
