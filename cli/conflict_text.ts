/** Conflicts as people read them. Pure; texts end without a line break. */
import { shown } from "../engine/reconcile.ts";
import type { ConflictDocument, FieldDocument, LostDocument } from "../reports/conflict_document.ts";
import { table } from "./run_text.ts";

/** A line for each field that is in conflict. */
export function conflictTable(conflicts: readonly ConflictDocument[]): string {
  const rows = conflicts.flatMap(({ record, unit, deleted, kind, fields }) => {
    const gone = (side: "erp" | "crm") => deleted === side ? "deleted" : "changed";
    if (kind === "record" || kind === "part") return [[record, unit || "the record", gone("erp"), gone("crm"), ""]];
    if (fields.length === 0) return [[record, unit, "", "", ""]];
    return fields.map((one) => [record, nameOf(one, unit), shown(one.erp), shown(one.crm), agreed(one)]);
  });
  return table([["record", "field", "ERP", "CRM", "before"], ...rows], 5);
}

/** One conflict with all its values. */
export function conflictText(conflict: ConflictDocument): string {
  const { record, unit, deleted, fields, message } = conflict;
  const rows = fields.map((one) => [
    `  ${one.field.crm} ← ${one.field.erp ?? "constant"}`,
    `${shown(one.erp)}${mark(one.changed.erp)}`,
    `${shown(one.crm)}${mark(one.changed.crm)}`,
    agreed(one),
  ]);
  const sides = (["erp", "crm"] as const).map((side) => {
    const { number, name, id, modifiedAt } = conflict[side];
    const state = deleted === side && unit === ""
      ? "deleted"
      : `modified ${modifiedAt ?? "at a time that is not known"}`;
    return `  ${side.toUpperCase()} ${number ?? id ?? ""} ${name ?? ""}`.trimEnd() + `, ${state}`;
  });
  return [
    `${record}: ${unit || "the record"}`,
    ...sides,
    ...(rows.length === 0 ? [] : [table([["  field", "ERP", "CRM", "before"], ...rows], 4)]),
    `  ${message}`,
  ].join("\n");
}

/** A line for each value that lost a conflict. */
export function lostTable(lost: readonly LostDocument[]): string {
  const rows = lost.flatMap(({ record, unit, side, values, by, at }) =>
    Object.entries(values).map(([field, value]) => {
      const named = isGroup(unit) || unit === "record" ? `${unit}: ${field}` : unit;
      return [record, named, side.toUpperCase(), shown(value), by, at];
    })
  );
  return table([["record", "field", "lost in", "value", "by", "at"], ...rows], 6);
}

function nameOf({ field }: FieldDocument, unit: string): string {
  return isGroup(unit) ? `${unit}: ${field.crm.slice(field.crm.lastIndexOf("/") + 1)}` : unit;
}

function isGroup(unit: string): boolean {
  return unit.slice(unit.lastIndexOf("/") + 1).startsWith("group ");
}

function mark(changed: boolean): string {
  return changed ? " (changed)" : "";
}

/** What both sides had; both values where they were not the same text. */
function agreed({ base }: FieldDocument): string {
  if (base === null) return "never the same";
  const [erp, crm] = [shown(base.erp), shown(base.crm)];
  return erp === crm ? erp : `${erp} / ${crm}`;
}
