/** Match-based coupling: uncoupled records of both sides that have the same keys are the same record. */
import type { Coupling, Matched, Side, StoredRecord } from "../store/store.ts";
import { nothingSaved } from "./changes.ts";
import { otherSide, type StepContext } from "./context.ts";
import { isSkipped } from "./held.ts";
import { baseFields } from "./bases.ts";
import { keysOf, madeBy } from "./keys.ts";
import { pagesOf } from "./paging.ts";
import { sideBySide } from "./side_by_side.ts";

/** Records are read, and their keys saved, in pages of this many. */
const page = 1000;
/** How many shares are matched side by side. */
const atOnce = 2;
/** How many uncoupled records of a side make a share at most: each looks through all of them. */
const share = 200_000;
/** Fewer are not shared. */
const alone = 50_000;

/** Couples what matches. Returns how many of these pairs agree in everything. */
export async function coupleMatches(context: StepContext): Promise<number> {
  const { store, connection, step, compiled } = context;
  const uncoupled = await uncoupledIn(context);
  const most = Math.max(uncoupled.erp, uncoupled.crm);
  if (step.match.length === 0 || most === 0) return 0;
  await store.save(connection, step.name, { matching: { definition: compiled.hash, base: baseFields(compiled) } });
  let isPossible = uncoupled.erp > 0 && uncoupled.crm > 0;
  const except = exceptions(context);
  const of = most <= alone ? 1 : atOnce * Math.ceil(most / (atOnce * share));
  let agreed = 0;
  for (const [group, fields] of step.match.entries()) {
    const how = `match ${fields.join(" + ")}`;
    // The first group leaves few for the others, as a rule: what those are matched by is made then.
    const groups = group === 0 ? 1 : step.match.length;
    if (group === 1) isPossible = await areLeft(context);
    if (!isPossible) break;
    for (const side of group < 2 ? ["erp", "crm"] as const : []) {
      if (group > 0 || context.keyed[side] === null) await saveKeys(context, side, groups);
    }
    const shares = Array.from({ length: of }, (_, nth) => ({ nth, of }));
    await sideBySide(atOnce, shares, async (share) => {
      context.signal?.throwIfAborted();
      const matching = { group, share, definition: compiled.hash, how, except };
      const matched = await store.match(connection, step.name, matching);
      agreed += matched.agreed;
      await coupleExcepted(context, matched.except, how);
      context.progress();
    });
  }
  return agreed;
}

/** How many records no coupling names; of a step that nothing was known of, what was read of it. */
async function uncoupledIn({ store, connection, step, keyed }: StepContext): Promise<Readonly<Record<Side, number>>> {
  const { erp, crm } = keyed;
  return erp !== null && crm !== null ? { erp, crm } : (await store.step(connection, step.name)).uncoupled;
}

async function areLeft({ store, connection, step }: StepContext): Promise<boolean> {
  const { uncoupled } = await store.step(connection, step.name);
  return uncoupled.erp > 0 && uncoupled.crm > 0;
}

/** Keys of those that have none, or none that count any more. */
async function saveKeys(context: StepContext, side: Side, groups: number): Promise<void> {
  const { store, connection, step } = context;
  const unkeyed = { groups, made: madeBy(context, side) };
  const pages = pagesOf<StoredRecord>(
    page,
    (record) => record.id,
    (keyset) => store.records(connection, step.name, side, { unkeyed }, keyset),
  );
  for await (const records of pages) {
    context.signal?.throwIfAborted();
    await store.save(connection, step.name, { keys: { [side]: await keysOf(context, side, { records, groups }) } });
  }
}

/** Records that are not coupled before somebody looked why they must not be, or that they may again. */
function exceptions({ unsettled, held }: StepContext): Readonly<Record<Side, readonly string[]>> {
  const sources = new Set([...unsettled.keys(), ...held.keys()]);
  const of = (side: Side) => {
    const written = `${otherSide(side)} `;
    return [...sources].filter((key) => key.startsWith(written)).map((key) => key.slice(written.length));
  };
  return { erp: of("erp"), crm: of("crm") };
}

/** Couples the pairs that nothing stands against after all. */
async function coupleExcepted(context: StepContext, met: Matched["except"], how: string): Promise<void> {
  if (met.length === 0) return;
  const { store, connection, step, compiled, unsettled } = context;
  await leaveAlone(context, met);
  const couplings: Coupling[] = [];
  for (const { erp, crm } of met) {
    const keys = [`crm ${erp}`, `erp ${crm}`];
    if (!keys.some((key) => unsettled.has(key))) {
      const unseen = { erp: null, crm: null };
      const own = { erpId: erp, crmId: crm, state: "coupled" as const, definition: compiled.hash, how };
      couplings.push({ ...own, base: null, seen: unseen, written: null, resolution: null });
      continue;
    }
    // One may be what a creation in doubt left: only a person tells, equal keys are no proof. Nor is the other one made,
    // it would stand twice.
    for (const key of keys) if (!unsettled.has(key)) unsettled.set(key, "blocked");
  }
  await store.save(connection, step.name, { couplings });
}

/** A record that a person leaves alone until it changes is not coupled, and its counterpart is not made a second time. */
async function leaveAlone(context: StepContext, met: Matched["except"]): Promise<void> {
  const { store, connection, step, held, unsettled } = context;
  const saved = nothingSaved(); // what has changed is released
  for (const side of ["erp", "crm"] as const) {
    const from = otherSide(side);
    const pairs = new Map(met.filter((pair) => held.has(`${side} ${pair[from]}`)).map((pair) => [pair[from], pair]));
    const ids = [...pairs.keys()];
    for (const record of await store.records(connection, step.name, from, { ids }, { limit: ids.length })) {
      const alone = { erp: null, crm: null, [from]: record };
      if (!isSkipped(context, alone, saved)) continue;
      const pair = pairs.get(record.id)!;
      for (const [written, source] of [["crm", pair.erp], ["erp", pair.crm]]) {
        unsettled.set(`${written} ${source}`, "skipped");
      }
    }
  }
  await store.save(connection, step.name, saved);
}
