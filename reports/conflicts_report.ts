/** The report of conflicts as CSV: open ones with all values, and values that lost one. */
import type { Value } from "../connectors/connector.ts";
import type { Place } from "../engine/find_record.ts";
import { conflictDocument, type LostDocument, lostDocument, recordDocument } from "./conflict_document.ts";
import { conflictRows, lostRows } from "./conflict_rows.ts";
import { type CsvColumn, csvHeader, csvLines } from "./csv.ts";

/** Raised when a column is added, renamed or means something else. */
const reportVersion = "1";

const columns: readonly CsvColumn[] = [
  { name: "report_version", kind: "plain" },
  { name: "exported_at", kind: "plain" },
  { name: "step", kind: "plain" },
  { name: "state", kind: "plain" },
  { name: "erp_id", kind: "plain" },
  { name: "erp_number", kind: "text" },
  { name: "erp_name", kind: "text" },
  { name: "crm_id", kind: "plain" },
  { name: "crm_name", kind: "text" },
  { name: "erp_modified_at", kind: "plain" },
  { name: "crm_modified_at", kind: "plain" },
  { name: "unit", kind: "text" },
  { name: "erp_field", kind: "plain" },
  { name: "crm_field", kind: "plain" },
  { name: "erp_before", kind: "text" },
  { name: "crm_before", kind: "text" },
  { name: "erp_value", kind: "text" },
  { name: "crm_value", kind: "text" },
  { name: "deleted_in", kind: "plain" },
  { name: "decided_by", kind: "plain" },
  { name: "decided_at", kind: "plain" },
  { name: "message", kind: "text" },
];

export interface InboxReportOptions extends Place {
  /** ISO 8601 in UTC; the same on every line. */
  readonly exportedAt: string;
  /** For spreadsheets: byte order mark and ";". */
  readonly excel?: boolean;
}

/**
 * Header first and always, then the open conflicts, a line for each field, then the values that lost: those stand under
 * the value of the side that they were lost on.
 */
export async function* conflictsReport(options: InboxReportOptions): AsyncGenerator<string, void, void> {
  const start = (step: string, state: string) => [reportVersion, options.exportedAt, step, state];
  yield csvHeader(columns, options);
  for await (const { row, conflict } of conflictRows(options)) {
    const { step, erp, crm, unit, fields, deleted, message } = conflictDocument(row, conflict);
    const records = [erp.id, erp.number, erp.name, crm.id, crm.name, erp.modifiedAt, crm.modifiedAt];
    const last = [deleted, null, null, message];
    const cells = fields.map(({ field, base, ...values }) => [
      ...[field.erp, field.crm, text(base?.erp), text(base?.crm), text(values.erp), text(values.crm)],
    ]);
    const none: (string | null)[][] = [[null, null, null, null, null, null]];
    const lines = (cells.length === 0 ? none : cells).map((
      own,
    ) => [...start(step, "open"), ...records, unit, ...own, ...last]);
    yield csvLines(columns, lines, options);
  }
  for await (const found of lostRows(options)) {
    const [erp, crm] = [recordDocument(found.row, "erp"), recordDocument(found.row, "crm")];
    const records = [erp.id, erp.number, erp.name, crm.id, crm.name, erp.modifiedAt, crm.modifiedAt];
    yield csvLines(columns, decided(lostDocument(found), [...start(found.row.step, "decided"), ...records]), options);
  }
}

function decided(lost: LostDocument, start: readonly (string | null)[]): (string | null)[][] {
  const isErp = lost.side === "erp";
  return Object.entries(lost.values).map(([field, value]) => [
    ...start,
    lost.unit,
    ...(isErp ? [field, null] : [null, field]),
    ...[null, null],
    ...(isErp ? [text(value), null] : [null, text(value)]),
    ...[null, lost.by, lost.at, null],
  ]);
}

function text(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
