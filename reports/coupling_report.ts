/** The coupling report: every record of both sides with what it is coupled to, or why it is not, as CSV. */
import type { Step } from "../engine/step.ts";
import type { Change, Coupling, Reason, ReasonCode, ReportLine, StepState, Store } from "../store/store.ts";
import { type CsvColumn, csvHeader, csvLines } from "./csv.ts";

/**
 * What a line can be. The list is closed.
 *
 * Coupled pairs: coupled (in step; `error_code` may still name a value that was left out), conflict (both sides
 * changed a field), missing (one side was deleted), merged (one side was merged into a record that is coupled as well),
 * left (one side left the step's filter), waiting, blocked, failed. Uncoupled records: only_in_erp and only_in_crm (no
 * candidate), ambiguous (several candidates), pending_create (a creation is under way), waiting (for another record),
 * blocked (a required value is blank), failed (the service refused it, or its outcome is unknown). Left alone: skipped
 * (a pair or a record, by a person), tombstone (uncoupled after a deletion).
 */
export const couplingStates = [
  "coupled",
  "conflict",
  "missing",
  "merged",
  "left",
  "waiting",
  "blocked",
  "failed",
  "ambiguous",
  "pending_create",
  "only_in_erp",
  "only_in_crm",
  "skipped",
  "tombstone",
] as const;
export type CouplingState = typeof couplingStates[number];
/** A state, or "listed": every line with a reason that wants a person or waits. */
export type ReportFilter = CouplingState | "listed";

/** True for the states and for "listed". */
export function isReportFilter(text: string): text is ReportFilter {
  return text === "listed" || (couplingStates as readonly string[]).includes(text);
}

/** Raised when a column is added, renamed or means something else. */
const reportVersion = "2";

const columns: readonly CsvColumn[] = [
  { name: "report_version", kind: "plain" },
  { name: "exported_at", kind: "plain" },
  { name: "step", kind: "plain" },
  { name: "erp_table", kind: "plain" },
  { name: "erp_id", kind: "plain" },
  { name: "erp_number", kind: "text" },
  { name: "erp_name", kind: "text" },
  { name: "crm_table", kind: "plain" },
  { name: "crm_id", kind: "plain" },
  { name: "crm_name", kind: "text" },
  { name: "coupling_state", kind: "plain" },
  { name: "direction_last", kind: "plain" },
  { name: "erp_modified_at", kind: "plain" },
  { name: "crm_modified_at", kind: "plain" },
  { name: "last_synced_at", kind: "plain" },
  { name: "last_run_id", kind: "plain" },
  { name: "last_result", kind: "plain" },
  { name: "error_code", kind: "plain" },
  { name: "error_message", kind: "text" },
  { name: "waiting_for", kind: "text" },
  { name: "conflict_fields", kind: "text" },
  { name: "matched_by", kind: "text" },
  { name: "created_by", kind: "plain" },
  { name: "definition_hash", kind: "plain" },
  { name: "erp_swept_at", kind: "plain" },
  { name: "crm_swept_at", kind: "plain" },
];

export interface ReportOptions {
  readonly store: Store;
  readonly connection: string;
  /** In the order of the report; steps that only the store still knows follow. */
  readonly steps: readonly Step[];
  /** ISO 8601 in UTC; the same on every line. */
  readonly exportedAt: string;
  readonly only?: ReportFilter;
  /** For spreadsheets: byte order mark and ";". */
  readonly excel?: boolean;
}

/**
 * The report in pieces of a page of lines, header first and always. One snapshot of the store: leaving the loop
 * early ends it. The same snapshot and time give the same bytes.
 */
export async function* couplingReport(options: ReportOptions): AsyncGenerator<string, void, void> {
  const { store, connection, steps, exportedAt } = options;
  const places = new Map<string, Place>();
  for (const { name, extract, of } of steps) {
    const { cursors, swept } = await store.step(connection, name);
    const entities = { erp: extract.erp.name, crm: extract.crm.name };
    places.set(name, { ...entities, swept, isRead: isRead(cursors), follows: of !== null });
  }
  for (const step of await store.steps(connection)) {
    if (places.has(step)) continue;
    const { cursors, swept, entities } = await store.step(connection, step);
    places.set(step, { erp: "", crm: "", ...entities, swept, isRead: isRead(cursors), follows: false });
  }
  yield csvHeader(columns, options);
  for await (const page of store.report(connection, [...places.keys()])) {
    let text = "";
    for (const row of page) {
      const place = places.get(row.step);
      if (place === undefined || (place.follows && row.coupling === null)) continue;
      const line = lineOf(row, place);
      if (!isWanted(line, options.only)) continue;
      text += csvLines(columns, [cellsOf(row, line, { place, exportedAt })], options);
    }
    if (text !== "") yield text;
  }
}

/** What the lines of a step have in common. */
interface Place {
  readonly erp: string;
  readonly crm: string;
  readonly swept: StepState["swept"];
  /** Both sides were read to the end, so counterparts were looked for. */
  readonly isRead: boolean;
  /** It follows another step, whose lines speak of uncoupled records. */
  readonly follows: boolean;
}
interface Line {
  readonly state: CouplingState;
  readonly code: string | null;
  readonly message: string | null;
  readonly reasons: readonly Reason[];
  /** Some of the reasons want a person or wait. */
  readonly isListed: boolean;
}

function isWanted(line: Line, only: ReportFilter | undefined): boolean {
  if (only === undefined) return true;
  return only === "listed" ? line.isListed : line.state === only;
}

const none: readonly never[] = [];

function lineOf(row: ReportLine, { isRead }: Place): Line {
  // A write that is under way has no reason that wants anybody yet.
  const reasonsOf = (kind: Change["state"]) =>
    row.open.filter((change) => change.state === kind).flatMap((change) => change.reasons);
  const listed = row.open.length === 0 ? none : reasonsOf("open"); // nearly all lines have none
  const reasons = row.open.length === 0 ? none : [...listed, ...reasonsOf("noted")];
  const line = { state: stateOf(row, reasons), reasons, isListed: listed.length > 0 };
  if (reasons.length > 0) {
    const code = joined(reasons.map((reason) => reason.code));
    return { ...line, code, message: joined(reasons.map((reason) => reason.message)) };
  }
  if (line.state !== "only_in_erp" && line.state !== "only_in_crm") return { ...line, code: null, message: null };
  return { ...line, ...uncoupledReason(row, isRead) };
}

/** Why a record is uncoupled that nobody has to see to; `isRead`: both sides were read to the end. */
export function uncoupledReason(
  row: Pick<ReportLine, "blankKeys">,
  isRead: boolean,
): { readonly code: string; readonly message: string } {
  if (!isRead) return { code: "not_compared", message: "The step has not read both sides to the end yet" };
  return row.blankKeys
    ? { code: "no_match_key", message: "It has no value in any of the fields it is matched by" }
    : { code: "no_candidate", message: "No record on the other side matches it" };
}

/** What each reason makes of a line; the first of this list that a line has decides. Others leave a pair coupled. */
const stateByReason: readonly (readonly [ReasonCode, CouplingState])[] = [
  ["missing", "missing"],
  ["merged", "merged"],
  ["conflict", "conflict"],
  ["ambiguous", "ambiguous"],
  ["refused", "failed"],
  ["not_restored", "failed"],
  ["moved", "failed"],
  ["unknown_outcome", "failed"],
  ["required_blank", "blocked"],
  ["waiting", "waiting"],
  ["skipped", "skipped"],
  ["left", "left"],
];

/** What a line's state follows from. */
interface Standing {
  readonly erp: unknown;
  readonly coupling: Pick<Coupling, "state"> | null;
  readonly open: readonly Pick<Change, "op" | "state">[];
}

/** What a line is; `reasons`: those of its open and noted changes. */
export function stateOf(row: Standing, reasons: readonly Reason[]): CouplingState {
  const kept = row.coupling?.state;
  if (kept === "skipped" || kept === "tombstone") return kept;
  if (reasons.length > 0) {
    const codes = new Set(reasons.map((reason) => reason.code));
    for (const [code, state] of stateByReason) if (codes.has(code)) return state;
  }
  if (row.coupling !== null) return "coupled";
  if (row.open.some(isCreation)) return "pending_create";
  return row.erp !== null ? "only_in_erp" : "only_in_crm";
}

function isCreation(change: Pick<Change, "op" | "state">): boolean {
  return change.op === "insert" && (change.state === "intended" || change.state === "sent");
}

/** Whether both sides were read to the end, so counterparts were looked for. */
export function isRead(cursors: StepState["cursors"]): boolean {
  return cursors.erp !== null && cursors.crm !== null;
}

/** The cells in the order of the columns. */
function cellsOf(
  row: ReportLine,
  line: Line,
  { place, exportedAt }: { readonly place: Place; readonly exportedAt: string },
): (string | null)[] {
  const { erp, crm, coupling } = row;
  const written = coupling?.written ?? null;
  const { reasons } = line;
  const about = reasons.length === 0 ? none : reasons.flatMap((reason) => reason.about ?? []);
  const conflicts = reasons.length === 0
    ? none
    : reasons.filter(({ code }) => code === "conflict").map(({ field = "" }) => field);
  return [
    reportVersion,
    exportedAt,
    row.step,
    place.erp,
    erp?.id ?? coupling?.erpId ?? null,
    erp?.key ?? null,
    erp?.label ?? null,
    place.crm,
    crm?.id ?? coupling?.crmId ?? null,
    crm?.label ?? null,
    line.state,
    written === null ? null : written.side === "crm" ? "toCrm" : "fromCrm",
    erp?.modifiedAt ?? null,
    crm?.modifiedAt ?? null,
    written?.at ?? null,
    written?.run ?? null,
    resultOf(coupling, line),
    line.code,
    line.message,
    joined(about),
    joined(conflicts),
    coupling?.how.startsWith("match ") ? coupling.how.slice("match ".length) : null,
    coupling === null ? null : coupling.how.startsWith("created") ? "us" : "user",
    coupling?.definition || null,
    place.swept.erp,
    place.swept.crm,
  ];
}

/** listed: something wants a person or waits; ok: both sides agreed; blank: nothing was decided yet. */
function resultOf(coupling: ReportLine["coupling"], line: Line): string | null {
  if (line.isListed) return "listed";
  return coupling?.isCompared === true ? "ok" : null;
}

/** Different texts, each once, in their order; null when there are none. */
function joined(texts: readonly string[]): string | null {
  if (texts.length === 0) return null;
  const different = [...new Set(texts.filter((text) => text !== ""))];
  return different.length === 0 ? null : different.join("; ");
}
