/** The changes of a rehearsal as a plan lists them. */
import type { Fields } from "../connectors/connector.ts";
import type { Change, Lost, Pair, Side, Store, StoredRecord } from "../store/store.ts";
import { otherSide } from "./context.ts";
import { isInDoubt } from "./intents.ts";
import { pagesOf } from "./paging.ts";
import { headsOf, order } from "./plan.ts";
import { nameOf } from "./reasons.ts";
import { stands } from "./record.ts";
import { compile, type Compiled } from "./compile.ts";
import { type FieldRule, givenOf, writesTo } from "./rules.ts";
import { isSimulated } from "./simulate.ts";
import type { Step } from "./step.ts";

const page = 500;

/** One write that the next run makes, if nothing moves until then. */
export interface PlanLine {
  readonly step: string;
  /** The side that is written. */
  readonly side: Side;
  readonly op: Exclude<Change["op"], "none">;
  readonly source: string;
  readonly target: string | null;
  /** What people call the record, and the number of the one that it comes from. */
  readonly name: string;
  readonly key: string | null;
  readonly after: Fields;
  readonly before: Fields;
  /** Field → the rule that decided it. */
  readonly rules: Readonly<Record<string, string>>;
  /** What decided that a pair ends or a record is put out of use, since its counterpart is gone: "missing.erp: delete". */
  readonly policy: string | null;
  readonly lost: readonly Lost[];
  /** What is listed beside the write: fields that it leaves out. */
  readonly left: readonly { readonly code: string; readonly field: string | null }[];
}

export interface PlannedOptions {
  readonly store: Store;
  readonly connection: string;
  readonly steps: readonly Step[];
  /** The rehearsal. */
  readonly run: string;
}

/** Steps in the order of their dependencies, parts with their heads. */
export function plannedSteps(steps: readonly Step[]): readonly Compiled[] {
  return headsOf(order(steps)).map((step) => compile(step, steps.find((one) => one.under?.name === step.name) ?? null));
}

/** In order of step, then of decision. */
export async function* plannedLines(options: PlannedOptions): AsyncGenerator<PlanLine> {
  for (const compiled of plannedSteps(options.steps)) yield* linesOf(compiled, options);
}

/** The lines of one step, in order of decision. */
export async function* linesOf(
  compiled: Compiled,
  { store, connection, run }: Omit<PlannedOptions, "steps">,
): AsyncGenerator<PlanLine> {
  const { step } = compiled;
  const rules = { erp: ruleTexts(compiled, "erp"), crm: ruleTexts(compiled, "crm") };
  const pages = pagesOf<Change>(
    page,
    ({ id }) => id,
    (keyset) => store.changes(connection, { step: step.name, run, states: ["done", "open"] }, keyset),
  );
  for await (const changes of pages) {
    const written = changes.filter((change) => isSimulated(run, change));
    const known = { erp: await recordsOf("erp", written), crm: await recordsOf("crm", written) };
    for (const change of written) {
      const on = (side: Side) => known[side].get(change.side === side ? change.target ?? "" : change.source) ?? null;
      yield lineOf(change, { erp: on("erp"), crm: on("crm") });
    }
  }

  async function recordsOf(side: Side, changes: readonly Change[]): Promise<ReadonlyMap<string, StoredRecord>> {
    // Only of a pair that parts it matters how both stand.
    const ids = [
      ...new Set(
        changes.flatMap((change) =>
          change.side !== side ? change.source : change.op === "uncouple" ? change.target ?? [] : []
        ),
      ),
    ];
    if (ids.length === 0) return new Map();
    const records = await store.records(connection, step.name, side, { ids }, { limit: ids.length });
    return new Map(records.map((record) => [record.id, record]));
  }

  function lineOf(change: Change, pair: Pick<Pair, Side>): PlanLine {
    const source = pair[otherSide(change.side)];
    const { side, op, target, after, before, lost } = change;
    const texts = rules[side];
    const policy = policyOf(step, change, pair);
    const named = Object.keys(after).map((field) => [field, policy ?? texts.get(baseOf(field)) ?? "create"]);
    return {
      ...{ step: step.name, side, op: op as PlanLine["op"], source: change.source, target },
      ...{ name: nameOf(compiled, source) || change.source, key: source?.key ?? null },
      ...{ after, before, rules: Object.fromEntries(named.filter(([field]) => !field!.endsWith("/"))) },
      ...{ policy, lost },
      left: change.reasons.map(({ code, field = null }) => ({ code, field })),
    };
  }
}

/** Of a pair whose records both stand the rules decide, and that two part where no policy says so a person has. */
function policyOf({ load }: Step, { op, side }: Change, pair: Pick<Pair, Side>): string | null {
  const said = op === "update" ? "deactivate" : op;
  for (const gone of op === "uncouple" ? ["erp", "crm"] as const : [otherSide(side)]) {
    if (op === "insert" || stands(pair[gone])) continue;
    const section = pair[gone]?.state === "left" ? "left" : "missing";
    if (load[section]?.[gone] === said) return `${section}.${gone}: ${said}`;
  }
  return null;
}

/** A field without the key of a part before it, which is "/field" then. */
function baseOf(field: string): string {
  return field.slice(Math.max(0, field.lastIndexOf("/")));
}

function ruleTexts({ step, rules, parts }: Compiled, side: Side): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { field, from } of givenOf(step, side)) {
    texts.set(field, `create ${field}${from === null ? "" : ` ← ${from}`}`);
  }
  for (const rule of rules) {
    const field = rule[side];
    if (field !== null && writesTo(rule, side)) texts.set(field, ruleText(rule, side));
  }
  if (parts !== null) { for (const [field, text] of ruleTexts(parts, side)) texts.set(`/${field}`, text); }
  return texts;
}

function ruleText(rule: FieldRule, side: Side): string {
  const from = rule[otherSide(side)] ?? JSON.stringify(rule.value);
  const group = rule.unit === rule.name ? "" : `${rule.unit}: `;
  const how = rule.transform?.name ??
    (rule.lookup === null ? "" : rule.lookup.steps.map(({ name }) => name).join(" or "));
  return `${group}${side === "crm" ? "toCrm" : "fromCrm"} ${rule[side]} ← ${from}${how === "" ? "" : ` (${how})`}`;
}

/**
 * How many changes of a step will be listed for each reason, those of fields of a change that is written among them, and how
 * many pairs lie outside the filter.
 */
export async function listedOf(step: Step, { store, connection }: Omit<PlannedOptions, "steps" | "run">): Promise<{
  readonly byReason: Readonly<Record<string, number>>;
  readonly left: number;
  readonly inDoubt: readonly Change[];
}> {
  const counts: Record<string, number> = {};
  const inDoubt: Change[] = [];
  let left = 0;
  const pages = pagesOf<Change>(
    page,
    ({ id }) => id,
    (keyset) => store.changes(connection, { step: step.name, states: ["sent", "open", "noted"] }, keyset),
  );
  for await (const changes of pages) {
    for (const change of changes) {
      const codes = new Set(change.reasons.map(({ code }) => code));
      if (change.state === "noted") left += codes.has("left") ? 1 : 0;
      else if (isInDoubt(change)) inDoubt.push(change);
      else for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
    }
  }
  return { byReason: counts, left, inDoubt };
}
