/** Lookups through the couplings of other steps, read in batches so that decisions stay pure. */
import type { Fields, Value } from "../connectors/connector.ts";
import type { Pair, Reason, Side, Store } from "../store/store.ts";
import type { Looked, Lookups } from "./reconcile.ts";
import { isBlank } from "./same.ts";
import { partsIn } from "./parts.ts";
import { stands } from "./record.ts";
import type { Compiled } from "./compile.ts";
import { fieldOf, type FieldRule, writesTo } from "./rules.ts";
import type { Step } from "./step.ts";

type Rows = readonly { readonly erp: Fields | null; readonly crm: Fields | null }[];

/** What was asked of other steps, by step, side, field and value; null: no coupled pair has the value. */
export type Followed = Map<string, Pair | null>;
/** Where there are more, all are forgotten before the next question. */
const mostFollowed = 2_000;

/**
 * Answers what the rules of `rows` need, and those of their parts. Values that no coupling has are answered with the
 * reason "waiting". What is in `found` is not asked again, unless it is of the step itself, whose couplings still come.
 */
export async function readLookups(
  store: Store,
  connection: string,
  compiled: Compiled,
  rows: Rows,
  found: Followed = new Map(),
): Promise<Lookups> {
  if (found.size > mostFollowed) found.clear();
  await follow(compiled.rules, rows);
  if (compiled.parts !== null) {
    const parts = (["erp", "crm"] as const).flatMap((side) =>
      rows.flatMap((row) => [...partsIn(row[side] ?? {}).values()]).map((part) => ({
        erp: null,
        crm: null,
        [side]: part,
      }))
    );
    await follow(compiled.parts.rules, parts);
  }
  return {
    forward: (rule, erp) => answer(rule, "erp", erp),
    backward: (rule, crm) => answer(rule, "crm", crm),
  };

  async function follow(rules: readonly FieldRule[], rows: Rows): Promise<void> {
    for (const rule of rules) if (rule.lookup !== null) await read(rule, rows);
  }

  async function read(rule: FieldRule, rows: Rows): Promise<void> {
    // The CRM's value is followed only where the rule writes to the ERP; the ERP's always, since the sides meet there.
    const values = {
      erp: valuesOf(rows, "erp", rule.erp!),
      crm: writesTo(rule, "erp") ? valuesOf(rows, "crm", rule.crm) : [],
    };
    for (const side of ["erp", "crm"] as const) {
      for (const step of rule.lookup!.steps) {
        const by = byOf(rule, side);
        const isOwn = step.name === compiled.step.name;
        const asked = values[side].filter((value) => isOwn || !found.has(key(step, side, by, value)));
        if (asked.length === 0) continue;
        for (const value of asked) found.set(key(step, side, by, value), null);
        for (const { value, pair } of await store.lookup(connection, step.name, side, by, asked)) {
          found.set(key(step, side, by, value), pair);
        }
      }
    }
  }

  /** What the field of the other side holds for the record that `value` of `side` points at. */
  function answer(rule: FieldRule, side: Side, value: string): Looked {
    const other = side === "erp" ? "crm" : "erp";
    const by = byOf(rule, side);
    const wanted = byOf(rule, other);
    for (const step of rule.lookup!.steps) {
      const pair = found.get(key(step, side, by, value));
      const record = pair?.[other];
      if (record === null || record === undefined || !stands(record)) continue;
      const answered = wanted === "id" ? record.id : wanted === "key" ? record.key : record.data[wanted] ?? null;
      if (!isBlank(answered)) return { value: answered };
    }
    return unresolved(rule, side, value);
  }

  function unresolved(rule: FieldRule, side: Side, value: string): Looked {
    const { unresolved } = rule.lookup!.options;
    if (unresolved === "leave") return { leave: true };
    if (unresolved === "clear") return { value: null };
    const steps = rule.lookup!.steps.map((step) => step.name);
    const field = fieldOf(rule, side);
    const where = steps.map((step) => `"${step}"`).join(" or ");
    const message = `Cannot follow "${field}": no record of step ${where} is coupled for "${value}"; ` +
      `it goes on in the run in which that record is coupled`;
    const reason: Reason = {
      code: unresolved === "fail" ? "refused" : "waiting",
      field: rule.name,
      message,
      about: steps.map((step) => `${step}/${value}`),
    };
    return { reason };
  }
}

function key(step: Step, side: Side, by: string, value: string): string {
  return `${step.name} ${side} ${by} ${value}`;
}

/** Whether the field holds the id, the key or another carried field of the record that it points at. */
export function byOf(rule: FieldRule, side: Side): string {
  const refs = rule.of.extract[side].refs as Readonly<Record<string, { by: string } | undefined>>;
  return refs[fieldOf(rule, side)!]?.by ?? "id";
}

function valuesOf(
  rows: Rows,
  side: Side,
  field: string,
): string[] {
  const values = rows.map((row): Value => row[side]?.[field] ?? null).filter((value) => !isBlank(value));
  return [...new Set(values.map(String))];
}
