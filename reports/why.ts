/** Why a record is as it is: what the store has of it, and what decides. */
import type { Fields, Value } from "../connectors/connector.ts";
import { metFields } from "../engine/conflicts.ts";
import { changesOf, compiledOf, findRecord, type Place, selectorOf } from "../engine/find_record.ts";
import { readLookups } from "../engine/lookups.ts";
import { authorityOf } from "../engine/policy.ts";
import { remedyOf } from "../engine/remedy.ts";
import { isEqual } from "../engine/resolve.ts";
import { stands } from "../engine/record.ts";
import { isBlank } from "../engine/same.ts";
import { ruleText } from "../engine/rule_text.ts";
import type { Compiled } from "../engine/compile.ts";
import { DefinitionError } from "../errors.ts";
import type { Change, Coupling, Lost, ReasonCode, ReportRow, Side, StoredRecord } from "../store/store.ts";
import { type FieldDocument, fieldDocument, type RecordDocument, recordDocument } from "./conflict_document.ts";
import { isRead, stateOf, uncoupledReason } from "./coupling_report.ts";

export interface Why {
  /** As `--select` takes it. */
  readonly record: string;
  readonly step: string;
  /** As the coupling report has it. */
  readonly state: string;
  readonly erp: RecordDocument & { readonly state: StoredRecord["state"] | null };
  readonly crm: RecordDocument & { readonly state: StoredRecord["state"] | null };
  readonly coupling: Pick<Coupling, "how" | "state" | "written"> | null;
  /** The definition changed since the pair was decided: it is decided anew. */
  readonly redefined: boolean;
  /** Why nothing is coupled, where nobody has to see to it. */
  readonly uncoupled: { readonly code: string; readonly message: string } | null;
  readonly fields: readonly WhyField[];
  /** CRM field → the value for both sides that a person chose and no run has carried out yet. */
  readonly chosen: Fields;
  /** What keeps the next run from bringing the two sides together. */
  readonly blocks: readonly Block[];
  readonly waitsFor: readonly WaitedFor[];
  /** Newest first. */
  readonly writes: readonly Written[];
}
export interface WhyField extends FieldDocument {
  /** What decides: "address1_city ← city, both ways, conflict: stop". */
  readonly rule: string;
  readonly equal: boolean;
}
export interface Block {
  /** The side that is not written; null for both. */
  readonly side: Side | null;
  /** A reason's code, or what the pair's state is. */
  readonly code: ReasonCode | "authority" | "brake" | "completed" | "over" | "state" | "stopped_run";
  readonly field: string | null;
  readonly message: string;
  /** What ends it. */
  readonly remedy: string;
  readonly attempts: number;
  /** ISO 8601: not tried again before. */
  readonly retryAt: string | null;
  /** What was refused, and is left out until it is another value. */
  readonly sent: Fields;
}
export interface WaitedFor {
  readonly record: string;
  /** As the coupling report has it; null where neither side has it. */
  readonly state: string | null;
  readonly blocks: readonly Block[];
}
export interface Written {
  readonly at: string;
  readonly run: string;
  readonly side: Side;
  readonly op: Change["op"];
  readonly state: Change["state"];
  readonly attempts: number;
  readonly fields: readonly { readonly field: string; readonly before: Value; readonly after: Value }[];
  readonly answers: readonly { readonly code: ReasonCode; readonly message: string }[];
  readonly lost: readonly Lost[];
}

/** How many of its writes are told. */
const told = 10;

/** Throws as {@link findRecord} does. */
export async function whyOf(place: Place, selector: string): Promise<Why> {
  const { store, connection, steps } = place;
  const row = await findRecord(place, selector);
  const compiled = compiledOf(steps, row.step);
  const { erp, crm, coupling } = row;
  const lookups = await readLookups(store, connection, compiled, [{ erp: erp?.data ?? null, crm: crm?.data ?? null }]);
  const met = coupling === null ? [] : metFields(compiled, row);
  const fields = met.map((one): WhyField => ({
    ...fieldDocument(one),
    rule: ruleText(one.rule, one.base !== null),
    equal: isEqual(one, lookups) || (isBlank(one.erp) && isBlank(one.crm)),
  }));
  const state = stateNow(row);
  const { cursors } = await store.step(connection, row.step);
  const isAlone = state === "only_in_erp" || state === "only_in_crm";
  const changes = await changesOf(place, row, ["intended", "sent", "done", "open", "closed"]);
  const waited = row.open.flatMap(({ reasons }) => reasons).filter(({ code }) => code === "waiting");
  return {
    ...{ record: selectorOf(row), step: row.step, state },
    erp: { ...recordDocument(row, "erp"), state: erp?.state ?? null },
    crm: { ...recordDocument(row, "crm"), state: crm?.state ?? null },
    coupling: coupling && { how: coupling.how, state: coupling.state, written: coupling.written },
    redefined: coupling?.state === "coupled" && coupling.definition !== compiled.hash,
    uncoupled: isAlone ? uncoupledReason(row, isRead(cursors)) : null,
    fields,
    chosen: coupling?.resolution?.chosen ?? {},
    blocks: blocksOf(compiled, row, await brakeOf(place, row)),
    waitsFor: await Promise.all([...new Set(waited.flatMap(({ about = [] }) => about))].map(waitedFor)),
    writes: changes.filter((change) => change.op !== "none" || change.lost.length > 0)
      .sort((a, b) => a.at < b.at ? 1 : -1).slice(0, told).map(writtenOf),
  };

  async function waitedFor(record: string): Promise<WaitedFor> {
    try {
      const other = await findRecord(place, record);
      const blocks = blocksOf(compiledOf(steps, other.step), other, await brakeOf(place, other));
      return { record: selectorOf(other), state: stateNow(other), blocks };
    } catch (error) {
      if (error instanceof DefinitionError) return { record, state: null, blocks: [] };
      throw error;
    }
  }
}

function stateNow(row: ReportRow): string {
  const said = row.open.filter(({ state }) => state === "open" || state === "noted");
  return stateOf(row, said.flatMap(({ reasons }) => reasons));
}

/** The message of the brake that kept what was decided of a record from being sent; null where none did. */
async function brakeOf({ store, connection }: Place, { step, open }: ReportRow): Promise<string | null> {
  const intended = open.find(({ state }) => state === "intended");
  if (intended === undefined || open.some(({ state }) => state === "sent")) return null;
  const [run] = await store.runs(connection, { limit: 1, runId: intended.run });
  const error = run?.steps.find((one) => one.step === step)?.error;
  return error?.code === "brake" ? error.message : null;
}

function blocksOf({ step, parts }: Compiled, row: ReportRow, brake: string | null): readonly Block[] {
  const { erp, crm, coupling } = row;
  const none = { side: null, field: null, attempts: 0, retryAt: null, sent: {} };
  const record = selectorOf(row);
  const blocks: Block[] = row.open.flatMap((change) =>
    change.reasons.map((reason): Block => ({
      ...{ side: change.side, code: reason.code, field: reason.field ?? null, message: reason.message },
      ...{ remedy: remedyOf(reason, { record, step: row.step, retryAt: change.retryAt }) },
      ...{ attempts: change.attempts, retryAt: change.retryAt, sent: reason.sent ?? {} },
    }))
  );
  const add = (code: Block["code"], message: string, remedy: string) => blocks.push({ ...none, code, message, remedy });
  if (brake !== null) {
    add("brake", brake, "what the message says");
  } else if (row.open.some(({ state }) => state === "intended" || state === "sent")) {
    add("stopped_run", "A run was stopped while it wrote it", "deno task sync finds out what became of it");
  }
  if (coupling?.state === "tombstone") add("over", ...overOf(row, coupling, parts !== null));
  if (coupling?.state !== "coupled") return blocks;
  for (const [side, one] of [["ERP", erp], ["CRM", crm]] as const) {
    if (one?.state === "left") {
      add(
        "state",
        `The ${side}'s record is outside the step's filter`,
        "change it there so that it fits the filter again",
      );
    }
    if (one?.frozen != null) {
      add("completed", `The ${side}'s record is completed: ${one.frozen}`, "nothing, it stays as it is");
    }
  }
  const line = erp === null || crm === null ? null : authorityOf(step, { erp: erp.data, crm: crm.data });
  if (line?.who === "nobody") {
    add(
      "authority",
      line.why ?? "The definition leaves a pair in this state alone",
      "it goes on when its state changes",
    );
  }
  return blocks;
}

/** Why a pair is over, as far as its records say it, and what would change that. */
function overOf(row: ReportRow, { erpId, crmId }: Coupling, isDocument: boolean): [message: string, remedy: string] {
  const sides = (["erp", "crm"] as const).map((side) => ({ name: side.toUpperCase(), record: row[side] }));
  const isGone = ({ record }: typeof sides[number]) => record === null || ["deleted", "merged"].includes(record.state);
  const gone = sides.filter(isGone);
  if (gone.length === 2) return ["The pair is over: both records are gone", "nothing"];
  const left = sides.filter((one) => !isGone(one) && !stands(one.record));
  const outside = left.length === 0
    ? ""
    : `; the ${left.map(({ name }) => `${name}'s`).join(" and the ")} lies outside the step's filter`;
  const couple = `deno task couple '${row.step}'`;
  const then = left.length === 0 ? "" : ", once it fits the filter again,";
  if (gone.length === 0) {
    const remedy = isDocument ? "nothing" : `${couple} ${erpId} ${crmId}${then} couples them again`;
    return [`The two are uncoupled, and neither is created again${outside}`, remedy];
  }
  const side = gone[0]!.name;
  const named = side === "ERP" ? `ERP ${crmId}` : `${erpId} CRM`;
  const remedy = isDocument ? "nothing" : `${couple} ${named}${then} gives it another record of the ${side}`;
  return [`The pair is over: the ${side}'s record is gone, and it is not created again${outside}`, remedy];
}

function writtenOf(change: Change): Written {
  const { at, run, side, op, state, attempts, after, before, reasons, lost } = change;
  const fields = Object.entries(after).map(([field, value]) => ({
    field,
    before: before[field] ?? null,
    after: value,
  }));
  const answers = reasons.map(({ code, message }) => ({ code, message }));
  return { at, run, side, op, state, attempts, fields, answers, lost };
}
