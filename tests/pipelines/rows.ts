/** Rows in → rows out, as the engine would decide, with the couplings of other steps given by hand. */
import type { Fields, Value } from "../../connectors/connector.ts";
import { type Creation, creationOf } from "../../engine/creation.ts";
import { type Decision, type Looked, type Lookups, type Met, reconcile } from "../../engine/reconcile.ts";
import { compile } from "../../engine/compile.ts";
import { type FieldRule, rulesOf } from "../../engine/rules.ts";
import type { Step } from "../../engine/step.ts";

/** CRM field → value of the ERP field → value of the CRM field that it is coupled with. */
export type Coupled = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The record on `side` that is made for `source`. */
export function created(
  step: Step,
  side: "erp" | "crm",
  { source, coupled = {} }: { source: Fields; coupled?: Coupled },
): Creation {
  return creationOf(compile(step), side, source, lookups(coupled));
}

/** What a pair that was coupled already needs. */
export function merged(step: Step, { coupled = {}, ...met }: Met & { coupled?: Coupled }): Decision {
  const rules = rulesOf(step);
  const base = met.base === null ? null : {
    erp: Object.fromEntries(rules.flatMap((rule): [string, Value][] => {
      if (rule.erp === null) return [[rule.crm, rule.value]];
      return rule.erp in met.base!.erp ? [[rule.crm, met.base!.erp[rule.erp]!]] : [];
    })),
    crm: met.base.crm,
  };
  return reconcile(rules, { ...met, base }, lookups(coupled));
}

/** Both sides, by their own fields, as they were when they last agreed. */
export function agreedOn(erp: Fields, crm: Fields): NonNullable<Met["base"]> {
  return { erp, crm };
}

function lookups(coupled: Coupled): Lookups {
  return {
    forward: (rule, erp) => found(rule, coupled[rule.crm]?.[erp]),
    backward: (rule, crm) =>
      found(rule, Object.entries(coupled[rule.crm] ?? {}).find(([, other]) => other === crm)?.[0]),
  };
}
function found(rule: FieldRule, value: string | undefined): Looked {
  if (value !== undefined) return { value };
  const { unresolved } = rule.lookup!.options;
  if (unresolved === "leave") return { leave: true };
  if (unresolved === "clear") return { value: null };
  return { reason: { code: "waiting", field: rule.crm, message: "not coupled" } };
}
