/** The record that a person names as `step/key`, with all that the store has of it. */
import { DefinitionError } from "../errors.ts";
import type { Change, ReportRow, Side, Store } from "../store/store.ts";
import { otherSide } from "./context.ts";
import { didYouMean } from "./did_you_mean.ts";
import { isInDoubt } from "./intents.ts";
import { pagesOf } from "./paging.ts";
import { select } from "./plan.ts";
import { compile, type Compiled } from "./compile.ts";
import type { Step } from "./step.ts";

export interface Place {
  readonly store: Store;
  readonly connection: string;
  /** The steps of the pipeline. */
  readonly steps: readonly Step[];
}

/** The step of this name with what follows from its definition; a document with its parts. */
export function compiledOf(steps: readonly Step[], name: string): Compiled {
  return compile(steps.find((step) => step.name === name)!, steps.find((step) => step.under?.name === name) ?? null);
}

/**
 * Finds a record by number or id of either side: a coupled pair before records that are not coupled. Throws
 * DefinitionError "unknown_step", "no_such_record" or "several_records", with what may have been meant.
 */
export async function findRecord({ store, connection, steps }: Place, selector: string): Promise<ReportRow> {
  const { record } = selector.includes("/") ? select(steps, selector) : { record: null };
  if (record === null) throw await namesNone({ store, connection, steps }, selector);
  const { step, key } = record;
  const named = await store.named(connection, step, key);
  const pairs = named.filter(({ coupling }) => coupling?.state === "coupled");
  const found = pairs.length > 0 ? pairs : [...named];
  if (found.length === 0) found.push(...await gone({ store, connection, steps }, step, key));
  if (found.length > 1) {
    const ids = found.map((row) => row.coupling?.erpId ?? (row.erp ?? row.crm)!.id).join(", ");
    throw new DefinitionError(
      "several_records",
      `Cannot tell which record "${selector}" is: ${found.length} have this number; name one by its id: ${ids}`,
    );
  }
  const [row] = found;
  if (row !== undefined) return row;
  const meant = await nearest({ store, connection }, step, key);
  throw new DefinitionError(
    "no_such_record",
    `Cannot find "${selector}": neither side has a record with this number or id in the step's filter; ` +
      (meant === null ? "deno task report has them all" : `did you mean "${step}/${meant}"?`),
  );
}

/** The key of the step that is nearest to one that is none. */
async function nearest(
  { store, connection }: Pick<Place, "store" | "connection">,
  step: string,
  key: string,
): Promise<string | null> {
  let best: string | null = null;
  for await (const lines of store.report(connection, [step])) {
    const keys = lines.flatMap(({ erp, crm }) => [erp?.key ?? [], crm?.key ?? []].flat());
    best = didYouMean(key, best === null ? keys : [best, ...keys]);
  }
  return best;
}

/** The error for a word without a step; a number or id that steps have is named with them. */
async function namesNone({ store, connection, steps }: Place, word: string): Promise<DefinitionError> {
  const found: string[] = [];
  for (const { name, of } of steps) {
    if (of !== null) continue; // it has the same records as the other one
    if ((await store.named(connection, name, word)).length > 0) found.push(`"${name}/${word}"`);
  }
  const meant = found.length === 0 ? "" : `; did you mean ${found.join(" or ")}?`;
  return new DefinitionError(
    "bad_arguments",
    `Cannot find a record by "${word}" alone: its step is missing; write the step, a slash, and a number or an id${meant}`,
  );
}

/** Records that nobody couples and that are not there any more, by id. */
async function gone({ store, connection }: Place, step: string, id: string): Promise<readonly ReportRow[]> {
  const rows: ReportRow[] = [];
  for (const side of ["erp", "crm"] as const) {
    for (const record of await store.records(connection, step, side, { ids: [id] }, { limit: 1 })) {
      const row = { step, erp: null, crm: null, [side]: record, coupling: null, open: [], blankKeys: false };
      rows.push({ ...row, open: await changesOf({ store, connection }, row, ["intended", "sent", "open", "noted"]) });
    }
  }
  return rows;
}

/** Whether a change is about this pair, or this record. */
export function isAbout(change: Pick<Change, "side" | "source">, row: Pick<ReportRow, "erp" | "crm" | "coupling">) {
  return change.source === idOf(row, otherSide(change.side));
}

/** The id of a side's record; null where there is none. */
export function idOf({ coupling, ...records }: Pick<ReportRow, "erp" | "crm" | "coupling">, side: Side): string | null {
  const coupled = coupling?.[side === "erp" ? "erpId" : "crmId"];
  return coupled ?? records[side]?.id ?? null;
}

/** All changes of a pair or record in these states, in order of id. */
export async function changesOf(
  { store, connection }: Pick<Place, "store" | "connection">,
  row: ReportRow,
  states: readonly Change["state"][],
): Promise<readonly Change[]> {
  const sources = (["erp", "crm"] as const).flatMap((side) => idOf(row, side) ?? []);
  const found: Change[] = [];
  const pages = pagesOf<Change>(
    500,
    (change) => change.id,
    (keyset) => store.changes(connection, { step: row.step, sources, states }, keyset),
  );
  for await (const changes of pages) found.push(...changes.filter((change) => isAbout(change, row)));
  return found;
}

/** Throws DefinitionError "write_unsettled" where a run left a write whose answer nobody knows yet. */
export function refuseUnsettled(row: ReportRow, action: string): void {
  if (!row.open.some((change) => change.state === "intended" || isInDoubt(change))) return;
  throw new DefinitionError(
    "write_unsettled",
    `Cannot ${action} "${selectorOf(row)}": a run left a write of it unanswered; ` +
      "deno task sync finds out what became of it",
  );
}

/** How messages name the record: `step/number`, or its id where it has no number. */
export function selectorOf(row: ReportRow): string {
  return `${row.step}/${row.erp?.key ?? row.crm?.key ?? idOf(row, "erp") ?? idOf(row, "crm")}`;
}
