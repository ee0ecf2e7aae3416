/** The report of failures as CSV: what is listed as failed or blocked, with what was sent and when it is tried again. */
import { resultOf } from "../engine/retry.ts";
import { recordDocument } from "./conflict_document.ts";
import { changedRows } from "./conflict_rows.ts";
import type { InboxReportOptions } from "./conflicts_report.ts";
import { type CsvColumn, csvHeader, csvLines } from "./csv.ts";

/** Raised when a column is added, renamed or means something else. */
const reportVersion = "1";

const columns: readonly CsvColumn[] = [
  { name: "report_version", kind: "plain" },
  { name: "exported_at", kind: "plain" },
  { name: "step", kind: "plain" },
  { name: "result", kind: "plain" },
  { name: "written_side", kind: "plain" },
  { name: "operation", kind: "plain" },
  { name: "erp_id", kind: "plain" },
  { name: "erp_number", kind: "text" },
  { name: "erp_name", kind: "text" },
  { name: "crm_id", kind: "plain" },
  { name: "crm_name", kind: "text" },
  { name: "error_code", kind: "plain" },
  { name: "error_message", kind: "text" },
  { name: "waiting_for", kind: "text" },
  { name: "fields_sent", kind: "text" },
  { name: "attempts", kind: "plain" },
  { name: "next_attempt", kind: "plain" },
  { name: "last_run_id", kind: "plain" },
  { name: "changed_at", kind: "plain" },
];

/** Header first and always, then a line for each change, in the order of the steps. `fields_sent` is JSON. */
export async function* failuresReport(options: InboxReportOptions): AsyncGenerator<string, void, void> {
  yield csvHeader(columns, options);
  for (const { name, under } of options.steps) {
    if (under !== null) continue; // parts are listed with their heads
    for await (const { row, change } of changedRows(options, name, { states: ["open"] })) {
      const result = resultOf(change);
      if (result !== "failed" && result !== "blocked") continue;
      const { side, op, reasons, after, attempts, retryAt, run, at } = change;
      const [erp, crm] = [recordDocument(row, "erp"), recordDocument(row, "crm")];
      // What was set aside is not among what the change writes now.
      const fields = Object.assign({}, after, ...reasons.map(({ sent = {} }) => sent));
      const sent = Object.keys(fields).length === 0 ? null : JSON.stringify(fields);
      const line = [
        ...[reportVersion, options.exportedAt, name, result, side, op === "none" ? null : op],
        ...[erp.id, erp.number, erp.name, crm.id, crm.name],
        ...[joined(reasons.map(({ code }) => code)), joined(reasons.map(({ message }) => message))],
        ...[joined(reasons.flatMap(({ about = [] }) => about)), sent, String(attempts), retryAt, run, at],
      ];
      yield csvLines(columns, [line], options);
    }
  }
}

/** Different texts, each once, in their order; null when there are none. */
function joined(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : [...new Set(texts)].join("; ");
}
