/** What a definition makes of real records, side by side, without writing anything. */
import type { Connector, Fields, Row, Value } from "../connectors/connector.ts";
import type { Side, Store } from "../store/store.ts";
import { headOf, partsIn } from "./parts.ts";
import { readLookups } from "./lookups.ts";
import { recordOf } from "./record.ts";
import { type Looked, type Lookups, toCrm, toErp } from "./reconcile.ts";
import { compile, type Compiled } from "./compile.ts";
import { givenOf, writesTo } from "./rules.ts";
import { isBlank } from "./same.ts";
import type { Step } from "./step.ts";

/** One rule for one record: the value as it is, and what the other side would be given. */
export interface SampledField {
  /** Of a field of a part: the part's key. */
  readonly part?: string;
  /** The fields; null on the side that it is read from for a constant. */
  readonly erp: string | null;
  readonly crm: string | null;
  readonly from: Value;
  readonly to: Value;
  /** Why there is no value to give. */
  readonly reason?: string;
  /** A new record alone is given this: what `create` of the definition says. */
  readonly created?: true;
}
export interface SampledRecord {
  /** The side that it was read from. */
  readonly side: Side;
  readonly id: string;
  readonly key: string | null;
  readonly label: string | null;
  readonly fields: readonly SampledField[];
}

export interface SampleOptions {
  readonly erp: Connector;
  readonly crm: Connector;
  readonly store: Store;
  readonly connection: string;
  /** Records of each side that the step reads from. */
  readonly limit: number;
  /** The step of its parts, where it couples documents. */
  readonly parts?: Step | null;
  readonly signal?: AbortSignal;
}

/**
 * Reads the first records of the sides that the step reads from and shows what its rules make of them; a document with
 * its parts.
 */
export async function sampleStep(step: Step, options: SampleOptions): Promise<readonly SampledRecord[]> {
  const compiled = compile(step, options.parts);
  const sides: Side[] = step.direction === "both" ? ["erp", "crm"] : [step.direction === "toCrm" ? "erp" : "crm"];
  const sampled: SampledRecord[] = [];
  for (const side of sides) {
    const rows = await firstRows(compiled, side, options);
    const records = rows.map((row) =>
      recordOf(step.extract[side], compiled.fields[side], row, compiled.parts?.fields[side])
    );
    const data = records.map((record) => ({ erp: null, crm: null, [side]: record.data }));
    const lookups = await readLookups(options.store, options.connection, compiled, data);
    for (const record of records) {
      const fields = [
        ...shownOf(compiled, side, headOf(record.data), lookups),
        ...[...partsIn(record.data)].flatMap(([part, data]) =>
          compiled.parts === null
            ? []
            : shownOf(compiled.parts, side, data, lookups).map((field) => ({ part, ...field }))
        ),
      ];
      sampled.push({ side, id: record.id, key: record.key, label: record.label, fields });
    }
  }
  return sampled;
}

function shownOf({ step, rules }: Compiled, side: Side, data: Fields, lookups: Lookups): SampledField[] {
  const other = side === "erp" ? "crm" : "erp";
  const fields = rules.filter((rule) => writesTo(rule, other)).map((rule): SampledField => {
    const name = rule.erp === null ? null : rule[side];
    const from = name === null ? rule.value : data[name] ?? null;
    const looked = side === "erp" ? toCrm(rule, from, lookups) : toErp(rule, from, lookups);
    return { erp: rule.erp, crm: rule.crm, from, ...shown(looked) };
  });
  const policy = side === "erp" ? step.load.toCrm : step.load.fromCrm;
  if (policy?.unmatched !== "insert") return fields;
  const filled = new Set(fields.filter(({ to }) => !isBlank(to)).map((field) => field[other]));
  const given = givenOf(step, other).filter(({ field }) => !filled.has(field)).map((rule): SampledField => {
    const from = rule.from === null ? rule.value : data[rule.from] ?? null;
    const to = rule.transform?.forward ? rule.transform.forward(from) : from;
    const names = side === "erp" ? { erp: rule.from, crm: rule.field } : { erp: rule.field, crm: rule.from };
    return { ...names, from, to, created: true };
  });
  return [...fields, ...given.filter(({ to }) => !isBlank(to))];
}

async function firstRows(compiled: Compiled, side: Side, options: SampleOptions): Promise<readonly Row[]> {
  const { signal, limit } = options;
  const parts = compiled.parts;
  const opened = options[side].open(compiled.step.extract[side], parts?.step.extract[side]);
  const wanted = {
    fields: compiled.fields[side],
    ...(parts === null ? {} : { partFields: parts.fields[side] }),
    ...(signal === undefined ? {} : { signal }),
  };
  const rows: Row[] = [];
  for await (const page of opened.read(wanted)) {
    rows.push(...page.rows);
    if (rows.length >= limit) break;
  }
  return rows.slice(0, limit);
}

function shown(looked: Looked): { to: Value; reason?: string } {
  if ("value" in looked) return { to: looked.value };
  return "leave" in looked ? { to: null, reason: "left as it is" } : { to: null, reason: looked.reason.message };
}
