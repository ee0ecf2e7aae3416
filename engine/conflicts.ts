/** The open conflicts of a record: what stands on each side and what both had when they last agreed. Pure. */
import type { Fields, Value } from "../connectors/connector.ts";
import type { Change, Reason, ReportRow, Side } from "../store/store.ts";
import { otherSide } from "./context.ts";
import { rulesNamed } from "./document.ts";
import type { Compiled } from "./compile.ts";
import type { FieldRule } from "./rules.ts";
import { same } from "./same.ts";

/** One field of a conflict, by its rule. */
export interface MetField {
  readonly rule: FieldRule;
  readonly erp: Value;
  readonly crm: Value;
  /** Null where the two sides never agreed on it. */
  readonly base: { readonly erp: Value; readonly crm: Value } | null;
  readonly changed: { readonly erp: boolean; readonly crm: boolean };
}

/**
 * fields: both sides changed the unit. record: one side's record was deleted and the other's changed. part: the same of
 * a document's part. unlike: two documents whose parts were never the same, which only their services can mend.
 */
export interface Conflict {
  readonly kind: "fields" | "record" | "part" | "unlike";
  /** The CRM field or "group <name>", of a part after its keys; "" for a whole record. */
  readonly unit: string;
  readonly reason: Reason;
  /** The open change that lists it. */
  readonly change: Change;
  /** The side whose record, or part, is gone. */
  readonly deleted: Side | null;
  /** The fields of the unit; of what was deleted on one side, the fields that changed on the other. */
  readonly fields: readonly MetField[];
}

/** The open conflicts of a pair, in the order in which they are listed. */
export function conflictsOf(compiled: Compiled, row: ReportRow): readonly Conflict[] {
  return row.open.filter((change) => change.state === "open").flatMap((change) =>
    change.reasons.filter((reason) => reason.code === "conflict")
      .map((reason): Conflict => ({ ...unitOf(compiled, row, reason), reason, change }))
  );
}

/** What a conflict's reason is about, also of one that was resolved. */
export function unitOf(
  compiled: Compiled,
  row: ReportRow,
  { field: unit = "", about = [] }: Reason,
): Pick<Conflict, "kind" | "unit" | "deleted" | "fields"> {
  if (unit === "") {
    const deleted = about[0] === row.coupling?.erpId ? "erp" : "crm";
    const fields = metFields(compiled, row).filter((one) => one.changed[otherSide(deleted)]);
    return { kind: "record", unit, deleted, fields };
  }
  const fields = metFields(compiled, row, unit);
  const own = fields.filter(({ rule }) => rule.unit === unit && rule.direction === "both");
  if (own.length > 0) return { kind: "fields", unit, deleted: null, fields: own };
  const part = partOf(unit);
  if (part === null) return { kind: "unlike", unit, deleted: null, fields: [] };
  const deleted = Object.hasOwn(row.erp?.data ?? {}, `${part.erp}/`) ? "crm" : "erp";
  const left = fields.filter(({ rule, changed }) => rule.name.startsWith(`${unit}/`) && changed[otherSide(deleted)]);
  return { kind: "part", unit, deleted, fields: left };
}

/** The two keys of a part that a reason is about; null where it is about something else. */
export function partOf(unit: string): { readonly erp: string; readonly crm: string } | null {
  const between = unit.indexOf("~");
  return between < 0 || unit.includes("/") ? null : { erp: unit.slice(0, between), crm: unit.slice(between + 1) };
}

/** Every rule with its values, those of a document's paired parts among them; `unit`: it and its part as well. */
export function metFields(compiled: Compiled, row: ReportRow, unit = ""): readonly MetField[] {
  const base = row.coupling?.base ?? null;
  const data: { erp: Fields; crm: Fields } = { erp: row.erp?.data ?? {}, crm: row.crm?.data ?? {} };
  const names = [...Object.keys(base?.crm ?? {}), ...(unit === "" ? [] : [unit, `${unit}/`])];
  const part = names.filter((name) => name.includes("~"));
  return rulesNamed(compiled, part).map((rule): MetField => {
    const erp = rule.erp === null ? rule.value : data.erp[rule.erp] ?? null;
    const crm = data.crm[rule.crm] ?? null;
    const known = base !== null && rule.name in base.erp && rule.name in base.crm;
    const before = known ? { erp: base.erp[rule.name] ?? null, crm: base.crm[rule.name] ?? null } : null;
    const changed = {
      erp: before !== null && !same(erp, before.erp),
      crm: before !== null && !same(crm, before.crm),
    };
    return { rule, erp, crm, base: before, changed };
  });
}
