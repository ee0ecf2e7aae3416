/** Conflicts as other programs read them: what `conflicts --json` prints. Pure. */
import type { Value } from "../connectors/connector.ts";
import type { Conflict, MetField } from "../engine/conflicts.ts";
import { idOf, selectorOf } from "../engine/find_record.ts";
import type { ReportRow, Side } from "../store/store.ts";
import type { LostRow } from "./conflict_rows.ts";

export interface RecordDocument {
  readonly id: string | null;
  readonly number: string | null;
  readonly name: string | null;
  readonly modifiedAt: string | null;
}
export interface FieldDocument {
  /** The fields, of a part with its key before it; null on the ERP's side for a constant. */
  readonly field: { readonly erp: string | null; readonly crm: string };
  /** What both had when they last agreed; null where they never did. */
  readonly base: { readonly erp: Value; readonly crm: Value } | null;
  readonly erp: Value;
  readonly crm: Value;
  readonly changed: { readonly erp: boolean; readonly crm: boolean };
}
export interface ConflictDocument {
  /** As `--select` takes it. */
  readonly record: string;
  readonly step: string;
  readonly erp: RecordDocument;
  readonly crm: RecordDocument;
  readonly kind: Conflict["kind"];
  readonly unit: string;
  readonly deleted: Side | null;
  readonly fields: readonly FieldDocument[];
  readonly message: string;
}

export function conflictDocument(row: ReportRow, conflict: Conflict): ConflictDocument {
  const { kind, unit, deleted, fields, reason } = conflict;
  return {
    ...{ record: selectorOf(row), step: row.step, erp: recordDocument(row, "erp"), crm: recordDocument(row, "crm") },
    ...{ kind, unit, deleted, fields: fields.map(fieldDocument), message: reason.message },
  };
}

export function recordDocument(row: ReportRow, side: Side): RecordDocument {
  const record = row[side];
  const { key: number = null, label: name = null, modifiedAt = null } = record ?? {};
  return { id: idOf(row, side), number, name, modifiedAt };
}

export function fieldDocument({ rule, base, erp, crm, changed }: MetField): FieldDocument {
  return { field: { erp: rule.erp, crm: rule.crm }, base, erp, crm, changed };
}

export interface LostDocument {
  readonly record: string;
  readonly step: string;
  readonly side: Side;
  readonly unit: string;
  readonly values: Readonly<Record<string, Value>>;
  readonly by: string;
  readonly at: string;
}

export function lostDocument({ row, change, lost }: LostRow): LostDocument {
  const { side, unit, values, by } = lost;
  const known = row.erp ?? row.crm;
  const record = known === null ? `${row.step}/${change.source}` : selectorOf(row);
  return { record, step: row.step, side, unit, values, by, at: change.at };
}
