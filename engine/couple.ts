/** Match-based coupling: uncoupled records of both sides that have the same keys are the same record. */
import type { Field, Fields, Value } from "../connectors/connector.ts";
import { type Candidates, couple, type Unclear } from "../matching/couple.ts";
import { matchKeys } from "../matching/keys.ts";
import type { Coupling, Side, StoredRecord } from "../store/store.ts";
import { nothingSaved } from "./changes.ts";
import { readLookups } from "./lookups.ts";
import { pagesOf } from "./paging.ts";
import { type Lookups, toCrm } from "./reconcile.ts";
import { otherSide, type StepContext } from "./context.ts";
import { unfitField } from "./decide_pair.ts";
import { isSkipped } from "./held.ts";

/** Records are read, and couplings saved, in pages of this many. */
const page = 1000;

/** Couples what matches and returns the records that several others have the keys of. */
export async function coupleMatches(context: StepContext): Promise<readonly Unclear[]> {
  const { store, connection, step } = context;
  const { uncoupled } = await store.step(connection, step.name);
  if (step.match.length === 0 || uncoupled.erp === 0 || uncoupled.crm === 0) return [];
  const unfit = await saveKeys(context, "erp");
  await saveKeys(context, "crm");
  const groups: Candidates[][] = [];
  for (let group = 0; group < step.match.length; group++) groups.push(await readMatches(context, group, unfit));
  const { pairs: met, ambiguous } = couple(groups);
  // A record may be what a creation in doubt left: only a person tells, equal keys are no proof.
  const inDoubt = (side: Side, source: string) => context.unsettled.has(`${side} ${source}`);
  await leaveAlone(context, met);
  const pairs = met.filter(({ erp, crm }) => !inDoubt("erp", crm) && !inDoubt("crm", erp));
  // Nor is the other one made: it would stand twice.
  for (const { erp, crm } of met) {
    const keys = [`crm ${erp}`, `erp ${crm}`];
    if (!keys.some((key) => context.unsettled.has(key))) continue;
    for (const key of keys) if (!context.unsettled.has(key)) context.unsettled.set(key, "blocked");
  }
  for (let from = 0; from < pairs.length; from += page) {
    const couplings = pairs.slice(from, from + page).map(({ erp, crm, group }): Coupling => ({
      erpId: erp,
      crmId: crm,
      state: "coupled",
      base: null,
      seen: { erp: null, crm: null },
      definition: context.compiled.hash,
      how: `match ${step.match[group]!.join(" + ")}`,
      written: null,
      resolution: null,
    }));
    await store.save(connection, step.name, { couplings });
  }
  return ambiguous;
}

/** A record that a person leaves alone until it changes is not coupled, and its counterpart is not made a second time. */
async function leaveAlone(
  context: StepContext,
  met: readonly { readonly erp: string; readonly crm: string }[],
): Promise<void> {
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

/** Returns the ids of the ERP records that the CRM can't hold. */
async function saveKeys(context: StepContext, side: Side): Promise<ReadonlySet<string>> {
  const { store, connection, step, compiled } = context;
  const unfit = new Set<string>();
  const pages = pagesOf<StoredRecord>(
    page,
    (record) => record.id,
    (keyset) => store.records(connection, step.name, side, { uncoupled: true }, keyset),
  );
  for await (const records of pages) {
    const rows = records.map((record) => ({ erp: null, crm: null, [side]: record.data }));
    const lookups = side === "erp" ? await readLookups(store, connection, compiled, rows) : null;
    const keys = records.map((record) => ({ id: record.id, keys: keysOf(context, record, lookups) }));
    await store.save(connection, step.name, { keys: { [side]: keys } });
    if (side === "erp") {
      for (const record of records) if (unfitField(step, record) !== null) unfit.add(record.id);
    }
  }
  return unfit;
}

/** One key for each group, in the CRM's domain; null where a part is blank. */
function keysOf(context: StepContext, record: StoredRecord, lookups: Lookups | null): readonly (string | null)[] {
  const { step } = context;
  return step.match.map((group) => {
    const values = group.map((field) => lookups === null ? record.data[field] ?? null : valueOf(field, record.data));
    return matchKeys(values, group.map((field) => kindOf(step.extract.crm.fields[field]!)));
  });

  function valueOf(field: string, data: Fields): Value {
    const rule = context.compiled.rules.find((one) => one.crm === field)!;
    const looked = toCrm(rule, rule.erp === null ? rule.value : data[rule.erp] ?? null, lookups!);
    return "value" in looked ? looked.value : null;
  }
}

/** How the values of a CRM field are made comparable. */
export function kindOf(field: Field): NonNullable<Field["match"]> {
  return field.match ?? (field.kind === "text" ? "name" : "exact");
}

/** The records of `unfit` are nobody's candidates: an expired price must not stand in the way of the one that counts. */
async function readMatches(context: StepContext, group: number, unfit: ReadonlySet<string>): Promise<Candidates[]> {
  const { store, connection, step } = context;
  const all: Candidates[] = [];
  const pages = pagesOf<Candidates>(
    page,
    (match) => match.key,
    (keyset) => store.matches(connection, step.name, group, keyset),
  );
  for await (const matches of pages) {
    for (const match of matches) all.push({ ...match, erp: match.erp.filter((id) => !unfit.has(id)) });
  }
  return all;
}
