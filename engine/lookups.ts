/** Lookups through the couplings of other steps, read in batches so that decisions stay pure. */
import type { Fields, Value } from "../connectors/connector.ts";
import type { Pair, Reason, Side, Store } from "../store/store.ts";
import { isBlank, type Looked, type Lookups } from "./reconcile.ts";
import { type Compiled, type FieldRule, writesTo } from "./rules.ts";
import type { Step } from "./step.ts";

/** Answers what the rules of `rows` need. Values that no coupling has are answered with the reason "waiting". */
export async function readLookups(
  store: Store,
  connection: string,
  compiled: Compiled,
  rows: readonly { readonly erp: Fields | null; readonly crm: Fields | null }[],
): Promise<Lookups> {
  const found = new Map<string, Pair>();
  for (const rule of compiled.rules) {
    if (rule.lookup === null) continue;
    // The CRM's value is followed only where the rule writes to the ERP; the ERP's always, since the sides meet there.
    const values = {
      erp: valuesOf(rows, "erp", rule.erp!),
      crm: writesTo(rule, "erp") ? valuesOf(rows, "crm", rule.crm) : [],
    };
    for (const side of ["erp", "crm"] as const) {
      for (const step of rule.lookup!.steps) {
        const by = byOf(compiled.step, rule, side);
        if (values[side].length === 0) continue;
        for (const { value, pair } of await store.lookup(connection, step.name, side, by, values[side])) {
          found.set(key(step, side, by, value), pair);
        }
      }
    }
  }
  return {
    forward: (rule, erp) => answer(rule, "erp", erp),
    backward: (rule, crm) => answer(rule, "crm", crm),
  };

  /** What the field of the other side holds for the record that `value` of `side` points at. */
  function answer(rule: FieldRule, side: Side, value: string): Looked {
    const other = side === "erp" ? "crm" : "erp";
    const by = byOf(compiled.step, rule, side);
    const wanted = byOf(compiled.step, rule, other);
    for (const step of rule.lookup!.steps) {
      const pair = found.get(key(step, side, by, value));
      const record = pair?.[other];
      if (pair === undefined || record === null || record === undefined || record.state !== "present") continue;
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
    const field = side === "erp" ? rule.erp : rule.crm;
    const where = steps.map((step) => `"${step}"`).join(" or ");
    const message = `Cannot follow "${field}": no record of step ${where} is coupled for "${value}"; ` +
      `it goes on in the run in which that record is coupled`;
    const reason: Reason = {
      code: unresolved === "fail" ? "refused" : "waiting",
      field: rule.crm,
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
function byOf(step: Step, rule: FieldRule, side: Side): string {
  const field = side === "erp" ? rule.erp! : rule.crm;
  const refs = step.extract[side].refs as Readonly<Record<string, { by: string } | undefined>>;
  return refs[field]?.by ?? "id";
}

function valuesOf(
  rows: readonly { readonly erp: Fields | null; readonly crm: Fields | null }[],
  side: Side,
  field: string,
): string[] {
  const values = rows.map((row): Value => row[side]?.[field] ?? null).filter((value) => !isBlank(value));
  return [...new Set(values.map(String))];
}
