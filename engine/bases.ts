/** Bases: what both sides had when a rule's two fields last agreed. */
import type { Fields, Value } from "../connectors/connector.ts";
import type { Base, BaseField } from "../store/store.ts";
import { isAlive } from "./document.ts";
import type { Compiled } from "./compile.ts";
import type { FieldRule } from "./rules.ts";

/** Both sides' values of these rules, by name. */
export function valuesOf(
  rules: readonly FieldRule[],
  names: readonly string[],
  data: { readonly erp: Fields; readonly crm: Fields },
): Base {
  const wanted = new Set(names);
  const values = { erp: {} as Record<string, Value>, crm: {} as Record<string, Value> };
  for (const rule of rules.filter((one) => wanted.has(one.name))) {
    values.erp[rule.name] = rule.erp === null ? rule.value : data.erp[rule.erp] ?? null;
    values.crm[rule.name] = data.crm[rule.crm] ?? null;
  }
  return values;
}

/** Of which fields the base of a pair is made that agrees in all of them, as {@link valuesOf} would. */
export function baseFields({ rules }: Compiled): readonly BaseField[] {
  return rules.map(({ name, erp, value, crm }) => ({ name, erp, value: erp === null ? value : null, crm }));
}

/** The base with these values; what no rule and no part names any more is dropped. */
export function baseWith(
  compiled: Compiled,
  base: Base | null,
  values: Base,
  data: { readonly erp: Fields; readonly crm: Fields },
): Base {
  const keep = (fields: Fields) =>
    Object.fromEntries(
      Object.entries(fields).filter(([name]) => !(name in values.crm) && isAlive(compiled, name, data)),
    );
  return { erp: { ...keep(base?.erp ?? {}), ...values.erp }, crm: { ...keep(base?.crm ?? {}), ...values.crm } };
}

/** The base without these rules: for them the sides meet for the first time. */
export function without({ erp, crm }: Base, names: readonly string[]): Base {
  const rest = (fields: Fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
  return { erp: rest(erp), crm: rest(crm) };
}
