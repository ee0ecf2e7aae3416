/** How the store in memory couples records by their keys: what the one in SQL does set by set. */
import { couple } from "../matching/couple.ts";
import { forgetKeys, keep, ordered, pairOf, type StepMemory, uncoupled } from "./memory_step.ts";
import type { Base, BaseField, Matched, Matching, Pair, RecordKeys, Settlement, Side } from "./store.ts";

/** Keys of uncoupled records as they are. */
export function putKeys(memory: StepMemory, side: Side, keys: readonly RecordKeys[]): void {
  if (keys.length === 0) return;
  const named = new Set([...memory.couplings.values()].map(({ erpId, crmId }) => side === "erp" ? erpId : crmId));
  for (const one of keys) {
    const record = memory.records[side].get(one.id);
    if (record?.state === "present" && record.fingerprint === one.fingerprint && !named.has(one.id)) {
      memory.keys[side].set(one.id, keep(one));
    }
  }
}

/** Forgets what was unclear, and keeps by which pairs get their bases. */
export function beginMatching(memory: StepMemory, { definition, base }: NonNullable<Settlement["matching"]>): void {
  for (const side of ["erp", "crm"] as const) memory.unclear[side].clear();
  memory.bases.set(definition, keep(base));
}

/** Store.match; `isUnsettled`: some change of a pair waits or is under way. */
export function match(memory: StepMemory, matching: Matching, isUnsettled: (pair: Pair) => boolean): Matched {
  const { group, share, except, definition, how } = matching;
  const { unclear } = memory;
  if (share.nth > 0) return { coupled: 0, agreed: 0, except: [] }; // the first share is all of it
  const byKey = new Map<string, { key: string; erp: string[]; crm: string[] }>();
  for (const side of ["erp", "crm"] as const) {
    for (const { id } of ordered(uncoupled(memory, side), (record) => record.id)) {
      const key = unclear[side].has(id) ? null : memory.keys[side].get(id)?.keys[group] ?? null;
      if (key === null) continue;
      const found = byKey.get(key) ?? { key, erp: [], crm: [] };
      byKey.set(key, found);
      found[side].push(id);
    }
  }
  const { pairs, ambiguous } = couple([ordered([...byKey.values()], ({ key }) => key)]);
  for (const { side, id, candidates } of ambiguous) unclear[side].set(id, keep(candidates));
  const matched = { coupled: 0, agreed: 0, except: [] as { erp: string; crm: string }[] };
  for (const { erp, crm } of ordered([...pairs], (pair) => pair.erp)) {
    if (except.erp.includes(erp) || except.crm.includes(crm)) {
      matched.except.push({ erp, crm });
      unclear.erp.set(erp, null);
      unclear.crm.set(crm, null);
      continue;
    }
    const met = { erp: memory.keys.erp.get(erp)!, crm: memory.keys.crm.get(crm)! };
    const own = { erpId: erp, crmId: crm, state: "coupled" as const, definition, how, written: null, resolution: null };
    const agrees = (met.erp.agrees ?? []).some((one) => met.crm.agrees?.includes(one)) &&
      !isUnsettled(pairOf(memory, { ...own, base: null, seen: { erp: null, crm: null } }));
    const base = agrees ? baseOf(memory, { erp, crm }, memory.bases.get(definition)!) : null;
    const seen = { erp: agrees ? met.erp.fingerprint : null, crm: agrees ? met.crm.fingerprint : null };
    memory.couplings.set(erp, keep({ ...own, base, seen }));
    forgetKeys(memory, "erp", erp);
    forgetKeys(memory, "crm", crm);
    matched.coupled++;
    if (agrees) matched.agreed++;
  }
  return matched;
}

function baseOf({ records }: StepMemory, ids: Readonly<Record<Side, string>>, fields: readonly BaseField[]): Base {
  const [erp, crm] = [records.erp.get(ids.erp)!.data, records.crm.get(ids.crm)!.data];
  return {
    erp: Object.fromEntries(fields.map((one) => [one.name, one.erp === null ? one.value : erp[one.erp] ?? null])),
    crm: Object.fromEntries(fields.map((one) => [one.name, crm[one.crm] ?? null])),
  };
}
