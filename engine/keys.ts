/** What uncoupled records are matched by, and what tells beforehand that two of them agree. */
import type { Field, Fields, Value } from "../connectors/connector.ts";
import { matchKeys } from "../matching/keys.ts";
import type { RecordKeys, Side, StoredRecord } from "../store/store.ts";
import type { StepContext } from "./context.ts";
import { unfitField } from "./decide_pair.ts";
import { readLookups } from "./lookups.ts";
import { type Looked, type Lookups, toCrm } from "./reconcile.ts";
import { hashOf } from "./record.ts";
import type { FieldRule } from "./rules.ts";
import { isBlank } from "./same.ts";

/** Keys of uncoupled records of a side for the first `groups`. Those that the other side has no place for have none. */
export async function keysOf(
  context: StepContext,
  side: Side,
  { records, groups: count }: { readonly records: readonly StoredRecord[]; readonly groups: number },
): Promise<readonly RecordKeys[]> {
  const { store, connection, step, compiled, followed } = context;
  const rows = records.map((record) => ({ erp: null, crm: null, [side]: record.data }));
  const lookups = side === "erp" && records.length > 0
    ? await readLookups(store, connection, compiled, rows, followed)
    : null;
  const groups = step.match.map((fields) => ({
    rules: fields.map((field) => compiled.rules.find((rule) => rule.crm === field)!),
    kinds: fields.map((field) => kindOf(step.extract.crm.fields[field]!)),
  }));
  const isMeeting = agreesBeforehand(context);
  const made = madeBy(context, side);
  const agreesOf = agreeing(compiled.rules, side, lookups);
  return records.map((record): RecordKeys => {
    const { id, fingerprint, data } = record;
    // An expired price must not stand in the way of the one that counts.
    const isUnfit = side === "erp" && unfitField(step, record) !== null;
    const key = ({ rules, kinds }: typeof groups[number]) =>
      isUnfit ? null : matchKeys(rules.map((rule) => side === "crm" ? data[rule.crm] ?? null : valueOf(rule)), kinds);
    const keys: (string | null)[] = groups.slice(0, count).map(key);
    // That all are blank is said of all groups only.
    if (!keys.some((one) => one !== null)) keys.push(...groups.slice(count).map(key));
    const isTold = isMeeting && !isUnfit && record.frozen === null;
    return { id, fingerprint, keys, made, agrees: isTold ? agreesOf(data) : null };

    function valueOf(rule: FieldRule): Value {
      const looked = toCrm(rule, rule.erp === null ? rule.value : data[rule.erp] ?? null, lookups!);
      return "value" in looked ? looked.value : null;
    }
  });
}

/** How the values of a CRM field are made comparable. */
export function kindOf(field: Field): NonNullable<Field["match"]> {
  return field.match ?? (field.kind === "text" ? "name" : "exact");
}

/** What keys are made by; where lookups lead through other steps they can be others in each run. */
export function madeBy({ compiled, run }: StepContext, side: Side): string {
  return side === "erp" && compiled.rules.some((rule) => rule.lookup !== null) ? run : compiled.hash;
}

/** Whether nothing but the rules' values decides of a pair that meets for the first time. */
function agreesBeforehand({ step, compiled, selectsAll }: StepContext): boolean {
  return compiled.parts === null && selectsAll && step.authority.length === 0 &&
    Object.keys(step.control).length === 0 && !compiled.rules.some(isOneSided);
}

/** What such a rule makes of the ERP's value is not what the sides are compared by. */
function isOneSided({ kind, direction, transform }: FieldRule): boolean {
  return kind === "convert" && direction === "fromCrm" && !transform?.forward;
}

/** Whether a blank in the ERP asks for nothing, whatever the CRM has. */
function canLeave({ kind, direction, lookup }: FieldRule): boolean {
  return kind === "coupled" && direction === "toCrm" && lookup!.options.blank === "leave";
}

/**
 * What both sides of a pair that agrees have equal, in the CRM's domain, blanks alike; and without what the ERP leaves.
 * The CRM's record says both: it doesn't know the other one. What is the same for all records is found out once.
 */
function agreeing(
  rules: readonly FieldRule[],
  side: Side,
  lookups: Lookups | null,
): (data: Fields) => RecordKeys["agrees"] {
  const leavable = rules.flatMap((rule, at) => canLeave(rule) ? [at] : []);
  return (data) => {
    const common = new Array<Value | []>(rules.length);
    let left = 0;
    for (let at = 0; at < rules.length; at++) {
      const rule = rules[at]!;
      const own = side === "crm" ? data[rule.crm] ?? null : rule.erp === null ? rule.value : data[rule.erp] ?? null;
      const looked = side === "crm" ? own : commonOf(toCrm(rule, own, lookups!));
      if (looked !== undefined) common[at] = isBlank(looked) ? null : looked;
      else if (leavable.includes(at) && isBlank(own)) {
        common[at] = null;
        left++;
      } else return null;
    }
    const agrees: string[] = [];
    if (left === 0) agrees.push(hashOf(common));
    if (leavable.length > 0 && (side === "crm" || left === leavable.length)) {
      for (const at of leavable) common[at] = []; // a list is no value
      agrees.push(hashOf(common));
    }
    return agrees.length === 0 ? null : agrees;
  };
}

/** The value that a rule gives; undefined where it gives none. */
function commonOf(looked: Looked): Value | undefined {
  return "value" in looked ? looked.value : undefined;
}
