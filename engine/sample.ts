/** What a definition makes of real records, side by side, without writing anything. */
import type { Connector, Row, Value } from "../connectors/connector.ts";
import type { Side, Store } from "../store/store.ts";
import { readLookups } from "./lookups.ts";
import { recordOf } from "./record.ts";
import { type Looked, toCrm, toErp } from "./reconcile.ts";
import { compile, type Compiled, writesTo } from "./rules.ts";
import type { Step } from "./step.ts";

/** One rule for one record: the value as it is, and what the other side would be given. */
export interface SampledField {
  readonly erp: string | null;
  readonly crm: string;
  readonly from: Value;
  readonly to: Value;
  /** Why there is no value to give. */
  readonly reason?: string;
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
  readonly signal?: AbortSignal;
}

/** Reads the first records of the sides that the step reads from and shows what its rules make of them. */
export async function sampleStep(step: Step, options: SampleOptions): Promise<readonly SampledRecord[]> {
  const compiled = compile(step);
  const sides: Side[] = step.direction === "both" ? ["erp", "crm"] : [step.direction === "toCrm" ? "erp" : "crm"];
  const sampled: SampledRecord[] = [];
  for (const side of sides) {
    const rows = await firstRows(compiled, side, options);
    const records = rows.map((row) => recordOf(step.extract[side], compiled.fields[side], row));
    const data = records.map((record) => ({ erp: null, crm: null, [side]: record.data }));
    const lookups = await readLookups(options.store, options.connection, compiled, data);
    for (const record of records) {
      const fields = compiled.rules.filter((rule) => writesTo(rule, side === "erp" ? "crm" : "erp")).map((rule) => {
        const name = side === "erp" ? rule.erp : rule.crm;
        const from = name === null ? rule.value : record.data[name] ?? null;
        const looked = side === "erp" ? toCrm(rule, from, lookups) : toErp(rule, from, lookups);
        return { erp: rule.erp, crm: rule.crm, from, ...shown(looked) };
      });
      sampled.push({ side, id: record.id, key: record.key, label: record.label, fields });
    }
  }
  return sampled;
}

async function firstRows(compiled: Compiled, side: Side, options: SampleOptions): Promise<readonly Row[]> {
  const { signal, limit } = options;
  const opened = options[side].open(compiled.step.extract[side]);
  const wanted = { fields: compiled.fields[side], ...(signal === undefined ? {} : { signal }) };
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
